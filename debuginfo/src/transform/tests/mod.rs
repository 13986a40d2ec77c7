//! What debug info becomes, for each debugger.

mod calls;
mod code;
mod locations;
mod macros;
mod types;

use crate::code::Flavor;
use crate::handmade::{Handmade, Shown, code};

const FLAVORS: [Flavor; 2] = [Flavor::Gdb, Flavor::Lldb];

/// Transforms it for each debugger, and asserts that the tested part is the same.
fn in_both(info: Handmade) -> [Shown; 2] {
    let written = info.write();
    FLAVORS.map(|flavor| written.transformed(&code(flavor)))
}

fn in_gdb(info: Handmade) -> Shown {
    info.write().transformed(&code(Flavor::Gdb))
}

fn in_lldb(info: Handmade) -> Shown {
    info.write().transformed(&code(Flavor::Lldb))
}

//! Wasm DWARF → native DWARF 5. The passes, in order: [`live`] finds the entries that describe something that exists;
//! [`unit`] makes each unit anew, its [`line`] table first, then its entries with their [`attribute`]s by class and
//! [`pointer`]s that the debugger can follow.

mod attribute;
mod base;
mod callable;
mod line;
mod live;
mod pointee;
mod pointer;
mod unit;
mod wrapper;

use crate::address::HostAddress;
use crate::code::CodeMap;
use crate::lookup::Lookup;
use crate::source::{Warning, Warnings, WasmDwarf};
use gimli::write::{Dwarf, EndianVec, Sections};
use gimli::{LittleEndian, SectionId};
use std::collections::HashMap;

/// Native DWARF, and the names that it gives to functions.
#[derive(Default)]
pub(crate) struct Native {
    /// Sections that are not empty, by name.
    pub sections: Vec<(&'static str, Vec<u8>)>,
    /// The linkage name, or the name, of functions that are described: by their number.
    pub names: HashMap<usize, String>,
    /// Static variables: linkage name or name, and where they are.
    pub objects: Vec<(String, HostAddress)>,
    /// What could not be used.
    pub warnings: Vec<Warning>,
}

/// Transforms a module's DWARF for code that is placed.
pub(crate) fn transform(dwarf: &WasmDwarf<'_>, code: &CodeMap<'_>) -> Native {
    let mut warnings = Warnings::default();
    let mut native = Native::default();
    if !dwarf.is_empty() {
        let read = dwarf.read();
        let lookup = Lookup::new(code);
        let mut out = Dwarf::new();
        if let Some(live) = live::find(&read, &lookup, &mut warnings) {
            unit::convert(live, &lookup, &mut out, &mut native, &mut warnings);
        }
        native.sections = write(&mut out, &mut warnings);
    }
    native.warnings = warnings.finish();
    native
}

fn write(dwarf: &mut Dwarf, warnings: &mut Warnings) -> Vec<(&'static str, Vec<u8>)> {
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    if let Err(error) = dwarf.write(&mut sections) {
        warnings.add(format!("native DWARF cannot be written: {error}"), 0);
        return Vec::new();
    }
    let mut written = Vec::new();
    let collect = |id: SectionId, data: &mut EndianVec<LittleEndian>| {
        if !data.slice().is_empty() {
            written.push((id.name(), data.take()));
        }
        Ok::<_, std::convert::Infallible>(())
    };
    match sections.for_each_mut(collect) {
        Ok(()) => written,
    }
}

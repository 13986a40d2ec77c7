//! From the DWARF of a WebAssembly module to native DWARF that gdb and lldb read, and from wasm addresses to source lines.
//! Bytes in, bytes out: nothing here compiles, runs or registers anything.
//!
//! ```
//! use dwalin_debuginfo::address::WasmPc;
//! use dwalin_debuginfo::container::{self, Container};
//! use dwalin_debuginfo::{Symbolizer, WasmDwarf};
//!
//! /// The functions and lines at an offset of a module's code section.
//! fn places(module: &[u8], offset: u32) -> Option<Vec<String>> {
//!     let container = Container::parse(module).ok()?;
//!     let dwarf = WasmDwarf::new(container.sections.iter().copied());
//!     let code = container.code.unwrap_or_default();
//!     let symbolizer = Symbolizer::new(&dwarf, code, container::bodies(code));
//!     let frames = symbolizer.frames(WasmPc(offset)).into_iter();
//!     Some(frames.map(|it| format!("{:?} at {:?}:{:?}", it.function, it.file, it.line)).collect())
//! }
//! # assert_eq!(places(b"\0asm\x01\0\0\0", 0), Some(vec![]));
//! ```
//!
//! # From section to section
//!
//! ```text
//! .debug_* custom sections ─questions→ locals and statements that code must keep
//! .debug_* + CodeMap (placed code, homes, bases) ─transform→ native DWARF 5 ─image→ ELF
//! .debug_* + image ─check→ what of it a debugger gets, and what not
//! .debug_* ─symbolize→ functions, files and lines of wasm addresses
//! text, source map, names of a module without .debug_* ─outline→ .debug_*
//! ```

pub mod address;
mod budget;
pub mod check;
pub mod code;
pub mod container;
mod demangle;
mod dies;
pub mod elf;
pub mod embedded;
mod expr;
mod files;
mod function_count;
#[cfg(test)]
mod handmade;
mod image;
pub mod locals;
mod lookup;
mod macros;
pub mod merge;
mod nearest;
mod offset_set;
pub mod outline;
mod prevailing;
mod questions;
mod ranges;
mod skip;
mod source;
pub mod source_map;
mod stale;
mod symbolize;
mod transform;
mod units;
pub mod values;
pub mod windows;
mod write;

pub use demangle::demangle;
pub use files::files;
pub use function_count::with_function_count;
pub use gimli::{CloneStableDeref, StableDeref};
pub use image::{Image, set_link_path};
pub use locals::numbering::{Renumbered, renumbered};
pub use nearest::nearest;
pub use questions::questions;
pub use source::{Warning, WarningKind, WasmDwarf};
pub use stale::{Stale, stale};
pub use symbolize::{SourceFrame, Symbolizer};

use code::{CodeMap, Contents};

/// The ELF image that shows code to a debugger. It is made of whatever can be used: without usable DWARF, functions still have
/// names and can be unwound. `file` is where a debugger is going to find it, if not in memory alone.
pub fn image(dwarf: &WasmDwarf<'_>, code: &CodeMap<'_>, file: Option<&str>) -> Image {
    let native = transform::transform(dwarf, code);
    image::write(code, native, &Contents::default(), file)
}

/// An ELF image that shows code to a debugger that does not read all of it in a process: it has contents of memory too.
pub fn image_with_contents(
    dwarf: &WasmDwarf<'_>,
    code: &CodeMap<'_>,
    contents: &Contents<'_>,
    file: Option<&str>,
) -> Image {
    let native = transform::transform(dwarf, code);
    image::write(code, native, contents, file)
}

//! Wasm addresses → functions, files and lines, from the wasm's own DWARF.

use crate::address::WasmPc;
use crate::source::WasmDwarf;
use gimli::{CloneStableDeref, EndianReader, LittleEndian};
use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// One function at an address, and where in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFrame {
    /// Its name, demangled.
    pub function: Option<String>,
    /// The source file, as the compiler was given it, with the directory that it ran in.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// Where a unit is in .debug_info.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnitPlace(pub(crate) gimli::DebugInfoOffset);

/// Bytes that stay where they are for as long as this or a clone of it lives.
pub trait Section: CloneStableDeref<Target = [u8]> + Debug + Send + Sync + 'static {}

impl<S: CloneStableDeref<Target = [u8]> + Debug + Send + Sync + 'static> Section for S {}

type Context<S> = addr2line::Context<EndianReader<LittleEndian, S>>;

/// Finds places in the source. Its tables are built as they are needed, and kept.
pub struct Symbolizer {
    /// `None`: there is no DWARF that can be used.
    context: Option<Mutex<Box<dyn Find + Send>>>,
}

impl Symbolizer {
    /// For a module's DWARF, which is copied.
    pub fn new(dwarf: &WasmDwarf<'_>) -> Symbolizer {
        Symbolizer::over(dwarf, |section| Arc::<[u8]>::from(section))
    }

    /// For a module's DWARF, of which `share` gives a section's bytes that can be kept.
    pub fn over<S: Section>(dwarf: &WasmDwarf<'_>, share: impl Fn(&[u8]) -> S) -> Symbolizer {
        let load = |id| {
            let bytes = share(dwarf.section(id));
            Ok::<_, std::convert::Infallible>(EndianReader::new(bytes, LittleEndian))
        };
        let Ok(read) = gimli::read::Dwarf::load(load);
        let context = (!dwarf.is_empty())
            .then(|| Context::<S>::from_dwarf(read).ok())
            .flatten();
        Symbolizer {
            context: context.map(|context| Mutex::new(Box::new(context) as Box<dyn Find + Send>)),
        }
    }

    /// The unit that has code at an address; `None` where none is found.
    pub fn unit(&self, pc: WasmPc) -> Option<UnitPlace> {
        let context = self.context.as_ref()?.lock();
        context
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .unit(pc)
    }

    /// The functions at an address, the innermost inlined one first; empty where nothing says.
    pub fn frames(&self, pc: WasmPc) -> Vec<SourceFrame> {
        let Some(context) = &self.context else {
            return Vec::new();
        };
        let context = context.lock();
        context
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .frames(pc)
    }
}

/// A context, whatever its sections are kept in.
trait Find {
    fn unit(&self, pc: WasmPc) -> Option<UnitPlace>;
    fn frames(&self, pc: WasmPc) -> Vec<SourceFrame>;
}

impl<S: Section> Find for Context<S> {
    fn unit(&self, pc: WasmPc) -> Option<UnitPlace> {
        let unit = self.find_dwarf_and_unit(u64::from(pc.0)).skip_all_loads()?;
        unit.header.debug_info_offset().map(UnitPlace)
    }

    fn frames(&self, pc: WasmPc) -> Vec<SourceFrame> {
        let Ok(mut frames) = self.find_frames(u64::from(pc.0)).skip_all_loads() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            let name = frame
                .function
                .as_ref()
                .and_then(|function| function.raw_name().ok());
            let place = frame.location.as_ref();
            found.push(SourceFrame {
                function: name.map(|name| demangle(&name).into_owned()),
                file: place
                    .and_then(|place| place.file)
                    .map(|file| whole(file).to_owned()),
                line: place.and_then(|place| place.line),
                column: place
                    .and_then(|place| place.column)
                    .filter(|column| *column != 0),
            });
        }
        found
    }
}

/// A path without the directory that was put before it, where it is a URL and so needs none: wasi-sdk's own.
fn whole(path: &str) -> &str {
    let Some(scheme) = path.rfind("://") else {
        return path;
    };
    let start = path[..scheme].rfind('/').map_or(0, |slash| slash + 1);
    &path[start..]
}

/// A name as its language writes it: Rust's and C++'s mangled names are undone.
pub fn demangle(name: &str) -> Cow<'_, str> {
    if name.starts_with('_')
        && let Ok(rust) = rustc_demangle::try_demangle(name)
    {
        return format!("{rust:#}").into();
    }
    if name.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::Symbol::new(name)
        && let Ok(text) = symbol.demangle()
    {
        return text.into();
    }
    name.into()
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn a_url_needs_no_directory() {
        assert_eq!(whole("/home/me/a.c"), "/home/me/a.c");
        assert_eq!(whole("sdk://build/x/sdk://src/a.c"), "sdk://src/a.c");
        assert_eq!(whole("/home/me/sdk://src/a.c"), "sdk://src/a.c");
        assert_eq!(whole("sdk://src/a.c"), "sdk://src/a.c");
    }
}

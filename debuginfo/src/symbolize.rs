//! Wasm addresses → functions, files and lines, from the wasm's own DWARF.

use crate::address::WasmPc;
use crate::outline::is_mapped;
use crate::source::WasmDwarf;
use crate::stale;
use crate::units::Units;
use crate::values::{self, Expression, Found, FrameAt, Machine, NotFound, Variable};
use gimli::{CloneStableDeref, SectionId};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

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

/// Bytes that stay where they are for as long as this or a clone of it lives.
pub trait Section: CloneStableDeref<Target = [u8]> + Debug + Send + Sync + 'static {}

impl<S: CloneStableDeref<Target = [u8]> + Debug + Send + Sync + 'static> Section for S {}

/// Finds places in the source, and variables. Its tables are built as they are needed, and kept.
pub struct Symbolizer {
    /// `None`: there is no DWARF that can be used.
    units: Option<Mutex<Units<'static>>>,
    /// The sections that `units` borrows from, dropped after it.
    _sections: Vec<Box<dyn Debug + Send + Sync>>,
}

impl Symbolizer {
    /// For a module's DWARF and the contents of its code section, which are copied, and the bodies of its functions, sorted.
    pub fn new(dwarf: &WasmDwarf<'_>, code: &[u8], bodies: Vec<Range<WasmPc>>) -> Symbolizer {
        Symbolizer::over(dwarf, code, bodies, |section| Arc::<[u8]>::from(section))
    }

    /// The same, where `share` gives a section's bytes that can be kept.
    pub fn over<S: Section>(
        dwarf: &WasmDwarf<'_>,
        code: &[u8],
        bodies: Vec<Range<WasmPc>>,
        share: impl Fn(&[u8]) -> S,
    ) -> Symbolizer {
        let mut kept: Vec<Box<dyn Debug + Send + Sync>> = Vec::new();
        let mut keep = |section| {
            let section = Box::new(share(section));
            let bytes: &[u8] = &section;
            // SAFETY: `StableDeref`: they stay where they are for as long as the section lives, which is dropped after what
            // borrows them, and nobody gets them with this lifetime.
            let bytes = unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
            kept.push(section);
            bytes
        };
        let sections = SECTIONS.map(|id| (id.name(), keep(dwarf.section(id))));
        let dwarf = WasmDwarf::new(sections.into_iter());
        let code = match dwarf.is_empty() {
            true => &[],
            false => keep(code),
        };
        Symbolizer {
            units: (!dwarf.is_empty()).then(|| Mutex::new(Units::new(&dwarf, code, bodies))),
            _sections: kept,
        }
    }

    fn units(&self) -> Option<MutexGuard<'_, Units<'static>>> {
        let units = self.units.as_ref()?.lock();
        Some(units.unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Returns true if there is debug info and all of it is here, certainly of the module's code, and without the text of sources, which
    /// may have to become files.
    pub fn is_whole(&self) -> bool {
        let units = self.units();
        units.is_some_and(|units| {
            !units.roots.partial && stale::is_of(&units) && !units.have_sources()
        })
    }

    /// The functions at an address, the innermost inlined one first; empty where none is known.
    pub fn frames(&self, pc: WasmPc) -> Vec<SourceFrame> {
        let Some(units) = self.units() else {
            return Vec::new();
        };
        let found = units.at(pc).find_map(|unit| frames(&units, unit, pc));
        found.unwrap_or_default()
    }

    /// The variables in scope at an address: of the innermost inlined function first, as [`Symbolizer::frames`] has them. `lines`
    /// are the lines that these functions are at: a local that is declared further on has no value yet.
    pub fn variables(
        &self,
        pc: WasmPc,
        lines: &[Option<u32>],
        machine: &dyn Machine,
    ) -> Vec<Vec<Variable>> {
        let units = self.units();
        units.map_or(Vec::new(), |units| {
            values::variables(&units, pc, lines, machine)
        })
    }
}

impl Symbolizer {
    /// Finds what an expression names: a variable of these frames, innermost first, or of none, and what is reached from it. `machine` is a
    /// frame of the same guest, or stands for none.
    ///
    /// # Errors
    /// An expression that names no place in memory.
    pub fn find(
        &self,
        expression: &Expression,
        frames: &[FrameAt<'_>],
        machine: &dyn Machine,
    ) -> Result<Found, NotFound> {
        self.with_units(|units| values::find(units, expression, frames, machine))
    }

    /// The text of a value that was found, of these bytes.
    pub fn text(&self, found: &Found, bytes: &[u8], machine: &dyn Machine) -> String {
        self.with_units(|units| values::text(units, found, bytes, machine))
    }

    /// Calls a function with the units; with none where there is no debug info.
    fn with_units<R>(&self, call: impl FnOnce(&Units<'_>) -> R) -> R {
        match self.units() {
            Some(units) => call(&units),
            None => call(&Units::new(&WasmDwarf::default(), &[], Vec::new())),
        }
    }
}

/// The sections that anything is read of.
const SECTIONS: [SectionId; 11] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
];

/// The functions of a unit at an address; `None` where it has neither a function nor a line.
fn frames(units: &Units<'_>, unit: usize, pc: WasmPc) -> Option<Vec<SourceFrame>> {
    let lines = units.lines(unit);
    let read = units.get(unit)?;
    let file = |index| {
        let path = lines?.file(read, index)?;
        Some(whole(&path).to_owned())
    };
    let row = lines.and_then(|lines| lines.at(pc));
    // A source map says of such code that it is of no file, and a row must name one.
    let unmapped = row.is_some_and(|row| row.line == 0) && is_mapped(read);
    let mut place = SourceFrame {
        function: None,
        file: row.filter(|_| !unmapped).and_then(|row| file(row.file)),
        line: row.and_then(|row| (row.line != 0).then_some(row.line)),
        column: row.and_then(|row| (row.line != 0 && row.column != 0).then_some(row.column)),
    };
    let Some(function) = units.function(unit, pc) else {
        return row.is_some().then(|| vec![place]);
    };
    let mut found = Vec::new();
    for scope in function.scopes_at(pc).into_iter().rev() {
        // The last one is the function's own.
        let is_function = scope.place == function.place;
        if !is_function && scope.inlined.is_none() {
            continue;
        }
        place.function = scope
            .name(|place| units.linkage_name(place))
            .map(str::to_owned);
        let call = scope.inlined.unwrap_or_default();
        let caller = SourceFrame {
            function: None,
            file: call.file.and_then(file),
            line: call.line,
            column: call.column,
        };
        found.push(std::mem::replace(&mut place, caller));
    }
    Some(found)
}

/// A path without the directory that was put before it, where it is a URL and so needs none: wasi-sdk's own.
fn whole(path: &str) -> &str {
    let Some(scheme) = path.rfind("://") else {
        return path;
    };
    let start = path[..scheme].rfind('/').map_or(0, |slash| slash + 1);
    &path[start..]
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

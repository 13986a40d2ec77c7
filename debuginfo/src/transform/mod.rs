//! Wasm DWARF → native DWARF 5. The passes, in order: [`live`] reads each unit and finds the entries that describe something
//! that exists; [`filter`] finds what these need, in all units; [`unit`] makes each unit anew, its [`line`] table first, then its
//! entries with their [`attribute`]s by class and [`pointer`]s that the debugger can follow; [`write`](crate::write) puts them
//! together. Units are read, and made anew, in parallel: a unit's tree is there only while it is made.

mod attribute;
mod base;
mod c_types;
mod callable;
mod convert;
mod dimension;
mod filter;
mod function;
mod line;
mod live;
mod location;
mod macros;
mod member;
mod member_pointer;
mod number;
mod object;
mod part;
mod passing;
mod pointee;
mod pointer;
mod reference;
mod unit;
mod variant;
mod virtual_end;
mod wrapper;

#[cfg(test)]
mod tests;

use crate::address::HostAddress;
use crate::code::CodeMap;
use crate::locals::numbering;
use crate::lookup::Lookup;
use crate::macros::Room;
use crate::prevailing::Prevailing;
use crate::source::{ReadDwarf, Reader, Warning, Warnings, WasmDwarf, headers};
use crate::write::{Section, Strings, assemble};
use gimli::SectionId;
use gimli::read::Unit;
use live::Live;
use rayon::prelude::*;
use std::collections::HashMap;

/// Native DWARF, and the names that it gives to functions.
#[derive(Default)]
pub(crate) struct Native<'d> {
    /// Sections that are not empty, by name, in pieces.
    pub sections: Vec<Section>,
    /// Its strings.
    pub strings: Strings<'d>,
    /// The linkage name, or the name, of functions that are described: by their number.
    pub names: HashMap<usize, String>,
    /// Static variables.
    pub objects: Vec<Object>,
    /// The parts of the debug info that could not be used.
    pub warnings: Vec<Warning>,
}

/// A static variable.
pub(crate) struct Object {
    /// The linkage name, or the name.
    pub name: String,
    pub address: HostAddress,
    /// Its bytes; 0 where its type does not say so.
    pub size: u64,
    /// True if other files may mean it by its name.
    pub is_external: bool,
}

/// Transforms a module's DWARF for code that is placed.
pub(crate) fn transform<'d>(dwarf: &WasmDwarf<'d>, code: &CodeMap<'_>) -> Native<'d> {
    let mut warnings = Warnings::default();
    let mut native = Native::default();
    if !dwarf.is_empty() {
        let read = dwarf.read();
        dwarf.warn_of_cut(&read, &mut warnings);
        let units = units(&read, &mut warnings);
        let all = units.iter().map(|unit| unit.unit_ref(&read));
        let prevailing = Prevailing::of(all, code);
        let mut live = live_units(units, &read, (code, &prevailing), &mut warnings);
        live::share_declarations(&mut live);
        let (graphs, live): (Vec<_>, Vec<Live<'d>>) = live
            .into_iter()
            .map(|mut live| (std::mem::take(&mut live.graph), live))
            .unzip();
        let kept = filter::kept(&graphs);
        drop(graphs);
        let bodies: Vec<_> = code.functions.iter().map(|it| it.wasm.clone()).collect();
        let shared = unit::Shared {
            code,
            prevailing: &prevailing,
            room: &Room::new([&read]),
            renumbered: numbering::of_read(&read, code.wasm, &bodies).is_some(),
        };
        let converted: Vec<_> = (0..live.len())
            .into_par_iter()
            .map(|number| unit::convert(&read, &live, number, &kept, &shared))
            .collect();
        let mut encoded = Vec::new();
        let has_function_pointers = converted.iter().any(|unit| unit.has_function_pointers);
        for unit in converted {
            encoded.push(unit.encoded);
            for (index, name) in unit.names {
                native.names.entry(index).or_insert(name);
            }
            native.objects.extend(unit.objects);
            warnings.extend(unit.warnings);
        }
        if has_function_pointers {
            encoded.push(function::unit(code));
        }
        (native.sections, native.strings) = assemble(encoded, dwarf.section(SectionId::DebugStr));
    }
    native.warnings = warnings.finish();
    native
}

/// All units that can be read, with what they ask for.
fn live_units<'d>(
    units: Vec<Unit<Reader<'d>>>,
    read: &ReadDwarf<'d>,
    (code, prevailing): (&CodeMap<'_>, &Prevailing),
    warnings: &mut Warnings,
) -> Vec<Live<'d>> {
    let find = |unit: Unit<Reader<'d>>, warnings: &mut Warnings| {
        let lookup = Lookup::of_unit(code, prevailing, &unit.header);
        live::find(read, unit, &lookup, warnings)
    };
    readable(units, |unit| unit.header.offset().0, find, warnings)
}

/// All units that can be read.
fn units<'d>(read: &ReadDwarf<'d>, warnings: &mut Warnings) -> Vec<Unit<Reader<'d>>> {
    let headers = headers(read, warnings);
    let unit = |header, _: &mut Warnings| read.unit(header);
    readable(headers, |header| header.offset().0, unit, warnings)
}

/// Reads each unit in parallel, and warns of those that cannot be read.
fn readable<T: Send, R: Send>(
    units: Vec<T>,
    offset: impl Fn(&T) -> usize + Sync,
    read: impl Fn(T, &mut Warnings) -> gimli::Result<R> + Sync,
    warnings: &mut Warnings,
) -> Vec<R> {
    let found: Vec<_> = units
        .into_par_iter()
        .map(|unit| {
            let (mut warnings, offset) = (Warnings::default(), offset(&unit));
            let found = read(unit, &mut warnings);
            if let Err(error) = &found {
                warnings.add(format!("a unit cannot be read: {error}"), offset);
            }
            (found.ok(), warnings)
        })
        .collect();
    let mut all = Vec::new();
    for (one, more) in found {
        all.extend(one);
        warnings.extend(more);
    }
    all
}

//! Wasm DWARF → native DWARF 5. The passes, in order: [`live`] reads each unit and finds the entries that describe something
//! that exists; [`filter`] finds what these need, in all units; [`unit`] converts each unit, its [`line`] table first, then its
//! entries with their [`attribute`]s by class and [`pointers`] that the debugger can follow; [`write`](crate::write) puts them
//! together. Units are read and converted in parallel: a unit's tree is there only while it is converted.
//!
//! A conversion reads a [`context`], keeps the [`scopes`] around the entry, and writes an [`output`]. Locations are computed from the
//! first two ([`location`]).

mod attribute;
mod availability;
mod callable;
mod callable_gdb;
mod code_range;
mod context;
mod convert;
mod declared;
mod expression;
mod filter;
mod fragment;
mod language;
mod line;
mod live;
mod location;
mod macros;
mod number;
mod object;
mod output;
mod passing;
mod pointers;
mod request;
mod scopes;
mod type_name;
mod unit;
mod variant;

#[cfg(test)]
mod tests;

use crate::code::CodeMap;
use crate::dies::Units;
use crate::locals::numbering;
use crate::lookup::Lookup;
use crate::macros::Room;
use crate::prevailing::Prevailing;
use crate::source::{ReadDwarf, Reader, Warning, Warnings, WasmDwarf, headers};
use crate::write::{Section, Strings, assemble};
use context::Shared;
use gimli::SectionId;
use gimli::read::Unit;
use live::Live;
pub(crate) use output::Object;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

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
        let mut live = live_units(units, &read, code, &prevailing, &mut warnings);
        live::share_declarations(&mut live);
        let (graphs, live): (Vec<_>, Vec<Live<'d>>) = live
            .into_iter()
            .map(|mut live| (std::mem::take(&mut live.graph), live))
            .unzip();
        let globals = live.iter().flat_map(|live| live.globals.iter().copied());
        let globals: HashSet<_> = globals.collect();
        let kept = filter::kept(&graphs);
        drop(graphs);
        let bodies: Vec<_> = code.functions.iter().map(|it| it.wasm.clone()).collect();
        let all = live.iter().map(|live| live.unit.unit_ref(&read)).collect();
        let shared = Shared {
            code,
            units: &Units::new(all),
            prevailing: &prevailing,
            globals: &globals,
            room: &Room::new([&read]),
            renumbered: numbering::of_read(&read, code.wasm, &bodies).is_some(),
        };
        let converted: Vec<_> = (0..live.len())
            .into_par_iter()
            .map(|number| {
                let live = &live[number];
                unit::convert(live.unit.unit_ref(&read), live, number, &kept, &shared)
            })
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
            encoded.push(pointers::function_unit(code));
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
    code: &CodeMap<'_>,
    prevailing: &Prevailing,
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

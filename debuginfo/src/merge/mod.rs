//! Debug info of several files and kinds → one section of compilation units, as if it had been compiled so.
//!
//! Debuggers look for packages beside files, and an image in memory has none beside it. So units of split DWARF take the place
//! of their skeletons (`find.rs`), and types of type units (`sources.rs`) go into each unit that refers to them. All who read debug
//! info here then meet nothing but units that are whole. What is neither split nor has type units stays as it is, unless its paths
//! (`table.rs`) are to be others.
//!
//! ```text
//! skeletons ─find→ package, .dwo files ─sources→ units by identifier, types by signature
//!    ─unit→ entry by entry, each attribute made to stand on its own (attribute, expression, files, lists, line) ─stream→ sections
//! ```

mod attribute;
mod expression;
mod files;
mod find;
mod line;
mod lists;
mod macros;
mod sources;
mod table;
#[cfg(test)]
mod tests;
mod unit;

pub use find::Companions;
pub use table::PathMap;

use crate::macros::Room;
use crate::source::{ReadDwarf, Reader, Warning, Warnings, WasmDwarf};
use find::Skeleton;
use gimli::read::{Unit, UnitType};
use gimli::{DwoId, SectionId};
use sources::{SourceUnit, Sources};
use std::collections::HashSet;
use typed_arena::Arena;
use unit::Merged;

/// Debug info that was merged.
#[derive(Clone, Default, Debug)]
pub struct MergedDwarf {
    /// Its sections, by name.
    pub sections: Vec<(&'static str, Vec<u8>)>,
    /// The files and units that could not be found, or not be read.
    pub warnings: Vec<Warning>,
}

/// Returns true if a module's debug info is in other files too.
pub fn is_split(dwarf: &WasmDwarf<'_>) -> bool {
    let read = dwarf.read();
    units(&read, &mut Warnings::default())
        .iter()
        .any(|unit| Skeleton::of(&read, unit).is_some())
}

/// Merges a module's debug info; `None` where it is whole as it is.
pub fn merge(dwarf: &WasmDwarf<'_>, companions: &Companions<'_>) -> Option<MergedDwarf> {
    if dwarf.is_empty() {
        return None;
    }
    let mut warnings = Warnings::default();
    let read = dwarf.read();
    let units = units(&read, &mut warnings);
    let skeletons: Vec<_> = units
        .iter()
        .filter_map(|unit| Skeleton::of(&read, unit))
        .collect();
    let has_types =
        !dwarf.section(SectionId::DebugTypes).is_empty() || units.iter().any(|unit| is_type(unit));
    if skeletons.is_empty() && !has_types && companions.paths.0.is_empty() {
        return None;
    }
    let package = find::open_package(companions, &mut warnings);
    let in_package = |id: &DwoId| {
        let index = package.as_ref().map(|package| &package.cu_index);
        index.is_some_and(|index| index.find(id.0).is_some())
    };
    let mut found: HashSet<u64> = skeletons
        .iter()
        .filter(|it| in_package(&it.id))
        .map(|it| it.id.0)
        .collect();
    let arena = Arena::new();
    let files = find::read_files(&arena, &skeletons, &found, companions);
    let mut sources = Sources::new(dwarf, companions.paths);
    sources.add_main_types(&mut warnings);
    if let Some(package) = &package {
        let ids = skeletons.iter().map(|it| it.id).filter(in_package);
        sources.add_package(package, ids, &mut warnings);
    }
    for file in &files {
        sources.add_file(file, &mut warnings);
    }
    // With -gsplit-dwarf=single the linker puts the split sections into the module.
    if dwarf.named(".debug_info.dwo").is_some() {
        sources.add_dwo(&|name| dwarf.named(name), &mut warnings);
    }
    sources.relocate_split_units(&units);
    found.extend(sources.split.keys());
    let package = package.and(companions.package).map(|(name, _)| name);
    find::warn_of_missing(
        &skeletons,
        &found,
        &files,
        package,
        companions,
        &mut warnings,
    );
    let sections = assemble(&sources, units, dwarf, &mut warnings);
    Some(MergedDwarf {
        sections,
        warnings: warnings.finish(),
    })
}

fn is_type(unit: &Unit<Reader<'_>>) -> bool {
    matches!(
        unit.header.type_(),
        UnitType::Type { .. } | UnitType::SplitType { .. }
    )
}

/// The units of a module, up to one that cannot be passed.
fn units<'a>(read: &ReadDwarf<'a>, warnings: &mut Warnings) -> Vec<Unit<Reader<'a>>> {
    let mut headers = read.units();
    let mut units = Vec::new();
    loop {
        match headers.next() {
            Ok(Some(header)) => match read.unit(header) {
                Ok(unit) => units.push(unit),
                Err(error) => {
                    warnings.add(format!("a unit is damaged: {error}"), header.offset().0);
                }
            },
            Ok(None) => return units,
            Err(error) => {
                warnings.add(format!("the units from here on cannot be read: {error}"), 0);
                return units;
            }
        }
    }
}

fn assemble<'a>(
    sources: &Sources<'a>,
    units: Vec<Unit<Reader<'a>>>,
    dwarf: &WasmDwarf<'a>,
    warnings: &mut Warnings,
) -> Vec<(&'static str, Vec<u8>)> {
    let mut merged = Merged::new(dwarf.section(SectionId::DebugLine), sources.paths);
    let room = Room::new(sources.list.iter().map(|source| &source.dwarf));
    for unit in units.into_iter().filter(|unit| !is_type(unit)) {
        let split = unit.dwo_id.and_then(|id| sources.split.get(&id.0));
        let unit = SourceUnit { source: 0, unit };
        unit::assemble(sources, &room, &unit, split, &mut merged, warnings);
    }
    let lines = std::mem::take(&mut merged.lines);
    let macros = std::mem::take(&mut merged.macros);
    let out = merged.finish(warnings);
    let kept = |id| dwarf.section(id).to_vec();
    let mut sections = vec![
        (SectionId::DebugInfo.name(), out.info),
        (SectionId::DebugAbbrev.name(), out.abbrev),
        (SectionId::DebugLocLists.name(), out.loclists),
        (SectionId::DebugRngLists.name(), out.rnglists),
        (SectionId::DebugStr.name(), sources.strings.clone()),
        (SectionId::DebugLine.name(), lines),
        (SectionId::DebugMacro.name(), macros),
        (
            SectionId::DebugLineStr.name(),
            kept(SectionId::DebugLineStr),
        ),
    ];
    sections.retain(|(_, bytes)| !bytes.is_empty());
    sections
}

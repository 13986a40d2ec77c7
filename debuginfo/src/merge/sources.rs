//! What is read: the module's debug info, and that of packages and `.dwo` files, with their units by identifier and signature.

use super::table::PathMap;
use crate::budget::Budget;
use crate::container::Container;
use crate::source::{ReadDwarf, ReadUnit, Reader, WarningKind, Warnings, WasmDwarf};
use gimli::Section as _;
use gimli::read::{Dwarf, DwarfPackage, Unit, UnitType};
use gimli::{EndianSlice, LittleEndian, SectionId, UnitOffset};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// A file that was read.
pub struct DwoFile {
    /// For messages.
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// Debug info of one file, or one unit of a package.
pub struct Source<'a> {
    pub dwarf: ReadDwarf<'a>,
    /// The offset of its strings in the merged ones.
    pub strings: usize,
    /// True if it is the module's.
    pub main: bool,
}

/// A unit, and the number of its source.
pub struct SourceUnit<'a> {
    pub source: usize,
    pub unit: Unit<Reader<'a>>,
}

/// A type unit (DWARF 5, section 3.1.4).
pub struct TypeUnit<'a> {
    pub unit: SourceUnit<'a>,
    /// The type.
    pub offset: UnitOffset,
}

/// The bytes that rows of a package's index may still say are units'. An index is free to say that each has all of the file.
struct PackageRoom {
    entries: Budget,
    /// That of tables of abbreviations, which the units of one object file share.
    abbreviations: Budget,
}

/// The bytes of abbreviations for each of the package's: many type units have the table of one compile unit, and few entries.
const ABBREVIATIONS_OF_BYTE: usize = 64;

impl PackageRoom {
    fn of(package: &DwarfPackage<Reader<'_>>) -> PackageRoom {
        let entries = package.debug_info.reader().len() + package.debug_types.reader().len();
        let all = entries + package.debug_abbrev.reader().len();
        PackageRoom {
            entries: Budget::new(entries),
            abbreviations: Budget::of_bytes(all, ABBREVIATIONS_OF_BYTE, 0),
        }
    }

    /// Takes a unit's; `false` where there are not so many.
    fn take(&self, unit: &ReadDwarf<'_>) -> bool {
        let entries = unit.debug_info.reader().len() + unit.debug_types.reader().len();
        let abbreviations = unit.debug_abbrev.reader().len();
        let taken = self.entries.take(entries);
        taken
            .and_then(|()| self.abbreviations.take(abbreviations))
            .is_some()
    }
}

/// All sources. The first is the module's own.
pub struct Sources<'a> {
    pub list: Vec<Source<'a>>,
    /// Split units by identifier.
    pub split: HashMap<u64, SourceUnit<'a>>,
    /// Type units by signature.
    pub types: HashMap<u64, TypeUnit<'a>>,
    /// All strings, the module's first: lines name files by them.
    pub strings: Vec<u8>,
    /// The new names of directories.
    pub paths: &'a PathMap,
}

impl<'a> Sources<'a> {
    /// The module's debug info.
    pub fn new(dwarf: &WasmDwarf<'a>, paths: &'a PathMap) -> Sources<'a> {
        let main = Source {
            dwarf: dwarf.read(),
            strings: 0,
            main: true,
        };
        Sources {
            list: vec![main],
            split: HashMap::new(),
            types: HashMap::new(),
            strings: dwarf.section(SectionId::DebugStr).to_vec(),
            paths,
        }
    }

    /// The module's own.
    pub fn main(&self) -> &ReadDwarf<'a> {
        &self.list[0].dwarf
    }

    /// A unit, to read.
    pub fn read<'s>(&'s self, unit: &'s SourceUnit<'a>) -> ReadUnit<'s, 'a> {
        ReadUnit::new(&self.list[unit.source].dwarf, &unit.unit)
    }

    fn add_strings(&mut self, bytes: &[u8]) -> usize {
        let base = self.strings.len();
        self.strings.extend(bytes);
        // Not every producer ends the last one.
        self.strings.push(0);
        base
    }

    /// Adds the type units of the module.
    pub fn add_main_types(&mut self, warnings: &mut Warnings) {
        self.add_units(0, warnings);
    }

    /// Adds the units of a package that skeletons ask for, and all its type units.
    pub fn add_package(
        &mut self,
        package: &DwarfPackage<Reader<'a>>,
        ids: impl Iterator<Item = gimli::DwoId>,
        warnings: &mut Warnings,
    ) {
        let strings = self.add_strings(package.debug_str.reader().slice());
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for id in ids.filter(|id| seen.insert(id.0)) {
            found.extend(package.find_cu(id, self.main()).transpose());
        }
        for row in 1..=package.tu_index.unit_count() {
            found.push(package.tu_sections(row, self.main()));
        }
        let room = PackageRoom::of(package);
        for dwarf in found {
            match dwarf {
                Ok(dwarf) if room.take(&dwarf) => self.add(dwarf, strings, warnings),
                Ok(_) => warnings.add("units of the package are in each other", 0),
                Err(error) => warnings.add(format!("a unit of the package is damaged: {error}"), 0),
            }
        }
    }

    /// Adds a `.dwo` file's units.
    pub fn add_file(&mut self, file: &'a DwoFile, warnings: &mut Warnings) {
        match Container::parse(&file.bytes) {
            Ok(container) => self.add_dwo(&|name| container.section(name), warnings),
            Err(error) => {
                let what = format!("{}: {error}", file.path.display());
                warnings.other(WarningKind::Missing, what, 0, 1);
            }
        }
    }

    /// Adds the units of sections with `.dwo` at the end of their names.
    pub fn add_dwo(&mut self, section: &dyn Fn(&str) -> Option<&'a [u8]>, warnings: &mut Warnings) {
        let Ok(mut dwarf) = Dwarf::load(|id| load(section, id));
        dwarf.make_dwo(self.main());
        let strings = self.add_strings(dwarf.debug_str.reader().slice());
        self.add(dwarf, strings, warnings);
    }

    /// Has the indices of split units count from where their skeletons say (DWARF 5, section 3.1.2).
    pub fn relocate_split_units(&mut self, skeletons: &[Unit<Reader<'a>>]) {
        for skeleton in skeletons {
            let split = skeleton.dwo_id.and_then(|id| self.split.get_mut(&id.0));
            if let Some(split) = split {
                split.unit.copy_relocated_attributes(skeleton);
            }
        }
    }

    fn add(&mut self, dwarf: ReadDwarf<'a>, strings: usize, warnings: &mut Warnings) {
        self.list.push(Source {
            dwarf,
            strings,
            main: false,
        });
        self.add_units(self.list.len() - 1, warnings);
    }

    /// Finds the units of the source with this number.
    fn add_units(&mut self, source: usize, warnings: &mut Warnings) {
        let dwarf = &self.list[source].dwarf;
        let mut types = dwarf.type_units();
        let mut units = dwarf.units();
        loop {
            let next = match types.next() {
                Ok(None) => units.next(),
                other => other,
            };
            let header = match next {
                Ok(Some(header)) => header,
                Ok(None) => return,
                // That of the module is warned of when its units are read.
                Err(_) if source == 0 => return,
                Err(error) => {
                    return warnings.add(format!("split units cannot be read: {error}"), 0);
                }
            };
            let is_type = matches!(
                header.type_(),
                UnitType::Type { .. } | UnitType::SplitType { .. }
            );
            if source == 0 && !is_type {
                continue;
            }
            match dwarf.unit(header) {
                Ok(unit) => add_unit(&mut self.split, &mut self.types, source, unit),
                Err(error) => warnings.add(format!("a unit is damaged: {error}"), 0),
            }
        }
    }
}

fn add_unit<'a>(
    split: &mut HashMap<u64, SourceUnit<'a>>,
    types: &mut HashMap<u64, TypeUnit<'a>>,
    source: usize,
    unit: Unit<Reader<'a>>,
) {
    let id = unit.dwo_id;
    let kind = unit.header.type_();
    let unit = SourceUnit { source, unit };
    match (kind, id) {
        (
            UnitType::Type {
                type_signature,
                type_offset: offset,
            }
            | UnitType::SplitType {
                type_signature,
                type_offset: offset,
            },
            _,
        ) => {
            types
                .entry(type_signature.0)
                .or_insert(TypeUnit { unit, offset });
        }
        (_, Some(id)) => {
            split.entry(id.0).or_insert(unit);
        }
        _ => {}
    }
}

/// A package, for gimli to read.
///
/// # Errors
/// Where an index is damaged.
pub fn package<'a>(container: &Container<'a>) -> gimli::Result<DwarfPackage<Reader<'a>>> {
    let section = |name: &str| container.section(name);
    let load = |id| load(&section, id).map_err(|never| match never {});
    DwarfPackage::load(load, EndianSlice::new(&[], LittleEndian))
}

fn load<'a>(
    section: &dyn Fn(&str) -> Option<&'a [u8]>,
    id: SectionId,
) -> Result<Reader<'a>, std::convert::Infallible> {
    let bytes = id.dwo_name().and_then(section).unwrap_or(&[]);
    Ok(EndianSlice::new(bytes, LittleEndian))
}

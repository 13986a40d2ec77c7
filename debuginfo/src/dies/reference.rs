//! References between entries: of one unit, or to another one, as link-time optimisation has types and inlined functions.

use super::{Die, MAX_DEPTH, is_alias};
use crate::demangle::host_name;
use crate::source::{ReadUnit, Reader, StringRoom, attr_string, entry_at};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;
use gimli::{DebugInfoOffset, DwAt, UnitOffset};

/// Attributes with the name that linkers know: of DWARF 4 and later, and one that compilers wrote before.
pub(crate) const LINKAGE_NAMES: [DwAt; 2] = [dw::DW_AT_linkage_name, dw::DW_AT_MIPS_linkage_name];

/// Bytes of a name that names of other types are made of.
pub(crate) const MAX_NAME: usize = 4096;

/// An entry, and the unit that its references count from.
#[derive(Clone)]
pub(crate) struct DieRef<'a, 'd> {
    pub unit: ReadUnit<'a, 'd>,
    pub entry: Die<'d>,
}

/// The name and declaration of a variable.
pub(crate) struct Declared<'d> {
    pub name: Reader<'d>,
    pub line: Option<u64>,
    /// True if the compiler made it up: lldb does not show those.
    pub is_artificial: bool,
}

impl DieRef<'_, '_> {
    /// Its offset in `.debug_info`.
    pub fn offset(&self) -> Option<DebugInfoOffset> {
        self.entry.offset().to_debug_info_offset(&self.unit.header)
    }

    /// The entry's own name.
    pub fn name(&self) -> Option<String> {
        let name = self.entry.attr_value(dw::DW_AT_name)?;
        let name = attr_string(self.unit, name).ok()?;
        // Many types can share a name that is as long as the input.
        let name = name.slice().get(..MAX_NAME).unwrap_or(name.slice());
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// The linkage name of the entry as the host has it, or its name.
    pub fn linkage_name(&self) -> Option<String> {
        if is_main(self.unit, &self.entry) {
            return self.name();
        }
        let names = LINKAGE_NAMES.iter().chain([&dw::DW_AT_name]);
        names.copied().find_map(|name| {
            let text = attr_string(self.unit, self.entry.attr_value(name)?).ok()?;
            let text = text.to_string_lossy();
            Some(host_name(&text).unwrap_or_else(|| text.into_owned()))
        })
    }
}

/// Returns true if an entry is C's or C++'s `main` with arguments, which clang gives a linkage name for WebAssembly alone (basic C ABI of
/// the tool conventions, "Program entry").
pub(crate) fn is_main<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> bool {
    let is = |attribute: DwAt, expected: &str| {
        let text = entry.attr_value(attribute);
        let text = text.and_then(|text| attr_string(unit, text).ok());
        text.is_some_and(|text| text.slice() == expected.as_bytes())
    };
    let is_named = LINKAGE_NAMES.iter().any(|it| is(*it, "__main_argc_argv"));
    is_named && is(dw::DW_AT_name, "main")
}

/// The units of a module, sorted by their offsets.
pub(crate) struct Units<'a, 'd> {
    units: Vec<ReadUnit<'a, 'd>>,
    /// The strings of entries that others refer to which may still be read.
    referred: StringRoom,
}

impl<'a, 'd> Units<'a, 'd> {
    /// Units in the order of their offsets.
    pub fn new(units: Vec<ReadUnit<'a, 'd>>) -> Units<'a, 'd> {
        let bytes = units.iter().map(|unit| unit.header.unit_length()).sum();
        Units {
            units,
            referred: StringRoom::of_bytes(bytes),
        }
    }

    /// The unit that a place in `.debug_info` is in, and the distance from its start.
    fn find(&self, offset: DebugInfoOffset) -> Option<(ReadUnit<'a, 'd>, UnitOffset)> {
        let start = |unit: &ReadUnit<'_, '_>| unit.header.offset().0;
        let behind = self.units.partition_point(|unit| start(unit) <= offset.0);
        let unit = self.units[behind.checked_sub(1)?];
        Some((unit, UnitOffset(offset.0 - start(&unit))))
    }

    /// Returns the entry at an offset of a unit.
    pub fn entry_at(&self, unit: ReadUnit<'a, 'd>, offset: UnitOffset) -> Option<Die<'d>> {
        entry_at(unit, offset, &self.referred)
    }

    /// Returns the target of a reference in a unit.
    pub fn resolve(
        &self,
        unit: ReadUnit<'a, 'd>,
        value: Read<Reader<'d>>,
    ) -> Option<DieRef<'a, 'd>> {
        let (unit, offset) = match value {
            Read::UnitRef(offset) => (unit, offset),
            Read::DebugInfoRef(offset) => self.find(offset)?,
            _ => return None,
        };
        Some(DieRef {
            unit,
            entry: self.entry_at(unit, offset)?,
        })
    }

    /// The type of an entry.
    pub fn type_of(&self, die: &DieRef<'a, 'd>) -> Option<DieRef<'a, 'd>> {
        self.type_at(die.unit, &die.entry)
    }

    /// The type that an entry of a unit refers to, or that what it is a concrete instance of does.
    pub fn type_at(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<DieRef<'a, 'd>> {
        if let Some(ty) = entry.attr_value(dw::DW_AT_type) {
            return self.resolve(unit, ty);
        }
        let origin = self.origin_at(unit, entry)?;
        self.resolve(origin.unit, origin.entry.attr_value(dw::DW_AT_type)?)
    }

    /// The type of an entry, without its other names and qualifiers.
    pub fn bare_type(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<DieRef<'a, 'd>> {
        let mut ty = self.type_at(unit, entry)?;
        for _ in 0..MAX_DEPTH {
            match ty.entry.tag() {
                tag if is_alias(tag) => ty = self.type_at(ty.unit, &ty.entry)?,
                _ => return Some(ty),
            }
        }
        None
    }

    /// Returns the entry that this one is a concrete instance of.
    fn origin_at(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<DieRef<'a, 'd>> {
        self.resolve(unit, entry.attr_value(dw::DW_AT_abstract_origin)?)
    }

    /// Returns the declaration of a variable, its own or that of its abstract instance.
    pub fn declared(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<Declared<'d>> {
        declared(unit, entry).or_else(|| {
            let origin = self.origin_at(unit, entry)?;
            declared(origin.unit, &origin.entry)
        })
    }
}

/// The declaration that an entry itself has.
fn declared<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Option<Declared<'d>> {
    let line = entry.attr(dw::DW_AT_decl_line);
    Some(Declared {
        name: attr_string(unit, entry.attr_value(dw::DW_AT_name)?).ok()?,
        line: line.and_then(|line| line.udata_value()),
        is_artificial: entry.attr(dw::DW_AT_artificial).is_some(),
    })
}

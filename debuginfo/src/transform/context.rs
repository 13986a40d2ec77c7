//! The facts that the conversion of a unit reads: the module's entries, the unit, the code, and the numbers of what is written.

use super::convert::EntryIds;
use super::language::is_c;
use super::type_name::TypeNames;
use crate::address::AddressSize;
use crate::budget::Budget;
use crate::code::{CodeMap, Flavor};
use crate::dies::{Die, DieRef, Types, Units};
use crate::expr::unlocatable::Unlocatable;
use crate::lookup::Lookup;
use crate::macros::Room;
use crate::outline;
use crate::prevailing::Prevailing;
use crate::ranges::ListRoom;
use crate::source::{ReadUnit, Reader, StringRoom};
use crate::write::AttributeValue;
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};
use std::collections::HashSet;

/// The budget of members visited and named for all of a unit's variables, per byte and in addition: far more than compilers need.
/// Members that lie in each other would be without end, and paths longer than the input.
const MEMBERS_OF_BYTE: usize = 16;
const MEMBERS_BESIDE: usize = 1 << 16;

/// The bytes of a unit for each type that its pointers are of, and such types in addition. Each becomes up to six entries; compilers' units
/// have a pointer in 150 bytes or more.
const POINTEE: usize = 80;
const POINTEES_BESIDE: usize = 8000;

/// The facts that all units' conversions share.
pub(super) struct Shared<'s, 'a, 'd> {
    pub code: &'s CodeMap<'s>,
    pub units: &'s Units<'a, 'd>,
    pub prevailing: &'s Prevailing,
    /// Hashes of the names of variables that all files may mean.
    pub globals: &'s HashSet<u64>,
    /// The budget of macros that all units share.
    pub room: &'s Room,
    /// True if the module's locals have other numbers than in its debug info.
    pub renumbered: bool,
}

/// The facts about one unit, with the budgets for what is computed of it.
pub(super) struct Context<'u, 'a, 'd> {
    pub types: Types<'u, 'a, 'd>,
    pub unit: ReadUnit<'a, 'd>,
    /// The numbers of its entries.
    pub ids: EntryIds<'a>,
    pub lookup: Lookup<'u>,
    pub room: &'u Room,
    /// True if the module's locals have other numbers than in its debug info.
    pub renumbered: bool,
    /// The functions whose result debuggers would look for in the wrong place.
    returns_in_memory: &'u HashSet<DebugInfoOffset>,
    /// Hashes of the names of variables that all files may mean.
    pub globals: &'u HashSet<u64>,
    names: TypeNames,
    /// The number of files in its line table, where it has one.
    pub line_files: Option<u64>,
    /// True if it is of an outline: its pointers and structures are references and objects of WebAssembly then.
    pub is_outline: bool,
    /// The language of its root.
    pub language: Option<Read<Reader<'d>>>,
    /// The range lists that are read beside those that are converted.
    pub listed: ListRoom,
    /// The strings that may still be copied for its entries.
    copied: StringRoom,
    /// The members that may still be visited, with the bytes of their paths.
    members_left: Budget,
    /// The bytes for which types that pointers are of may still be made.
    pointees_left: Budget,
}

impl<'u, 'a, 'd> Context<'u, 'a, 'd> {
    pub fn new(
        shared: &Shared<'u, 'a, 'd>,
        unit: ReadUnit<'a, 'd>,
        ids: EntryIds<'a>,
        lookup: Lookup<'u>,
        line_files: Option<u64>,
        root: &Die<'d>,
        returns_in_memory: &'u HashSet<DebugInfoOffset>,
    ) -> Context<'u, 'a, 'd> {
        let language = root.attr_value(dw::DW_AT_language);
        let bytes = unit.header.unit_length();
        Context {
            types: Types::new(shared.units),
            unit,
            ids,
            lookup,
            room: shared.room,
            renumbered: shared.renumbered,
            returns_in_memory,
            globals: shared.globals,
            names: TypeNames::new(shared.code, is_c(language)),
            line_files,
            is_outline: outline::kind_of(unit).is_some(),
            language,
            listed: ListRoom::of(unit),
            copied: StringRoom::of(unit),
            members_left: Budget::of_bytes(bytes, MEMBERS_OF_BYTE, MEMBERS_BESIDE),
            pointees_left: Budget::of_bytes(bytes, 1, POINTEES_BESIDE * POINTEE),
        }
    }

    pub fn code(&self) -> &'u CodeMap<'u> {
        self.lookup.code
    }

    /// The debugger that the DWARF is for.
    pub fn flavor(&self) -> Flavor {
        self.lookup.code.flavor
    }

    /// The size of the guest's addresses, and of its pointers.
    pub fn address_size(&self) -> AddressSize {
        AddressSize::of(self.unit.encoding())
    }

    /// An entry of this unit.
    pub fn own(&self, entry: &Die<'d>) -> DieRef<'a, 'd> {
        DieRef {
            unit: self.unit,
            entry: entry.clone(),
        }
    }

    /// Returns true if an entry is of this unit.
    pub fn is_own(&self, die: &DieRef<'a, 'd>) -> bool {
        die.unit.header.offset() == self.unit.header.offset()
    }

    /// The offset of an entry of this unit in `.debug_info`.
    pub fn offset(&self, entry: &Die<'_>) -> usize {
        self.unit.header.offset().0 + entry.offset().0
    }

    /// The type of an entry of this unit.
    pub fn type_of(&self, entry: &Die<'d>) -> Option<DieRef<'a, 'd>> {
        self.types.type_at(self.unit, entry)
    }

    /// The type of an entry of this unit, without its other names and qualifiers.
    pub fn bare_type(&self, entry: &Die<'d>) -> Option<DieRef<'a, 'd>> {
        self.types.bare_type(self.unit, entry)
    }

    /// The name of a type as the debugger is to see it; `void` without one.
    pub fn type_name(&self, ty: Option<&DieRef<'a, 'd>>) -> String {
        self.names.name(&self.types, ty, 0)
    }

    /// Returns true if the target of a pointer type of this unit is a function.
    pub fn is_function(&self, pointer: &Die<'d>) -> bool {
        self.types.is_function(&self.own(pointer))
    }

    /// Returns true if an entry is of a function whose result debuggers would look for in the wrong place.
    pub fn returns_in_memory(&self, entry: &Die<'d>) -> bool {
        let offset = entry.offset().to_debug_info_offset(&self.unit.header);
        entry.tag() == dw::DW_TAG_subprogram
            && offset.is_some_and(|offset| self.returns_in_memory.contains(&offset))
    }

    /// A reference to an entry.
    pub fn reference_to(&self, die: &DieRef<'a, 'd>) -> Result<AttributeValue, Unlocatable> {
        self.reference(die.unit, Read::UnitRef(die.entry.offset()))
    }

    /// A reference in a unit, as one from an entry of this unit.
    pub fn reference(
        &self,
        unit: ReadUnit<'a, 'd>,
        value: Read<Reader<'d>>,
    ) -> Result<AttributeValue, Unlocatable> {
        let own = self.unit.header.offset();
        let far = match value {
            Read::UnitRef(offset) if unit.header.offset() == own => {
                let id = self.ids.convert_unit_ref(offset)?;
                return Ok(AttributeValue::UnitRef(id));
            }
            Read::UnitRef(offset) => offset.to_debug_info_offset(&unit.header),
            Read::DebugInfoRef(offset) => Some(offset),
            _ => None,
        };
        let far = far.ok_or("a pointer to a type of another kind of unit")?;
        let reference = self.ids.convert_debug_info_ref(far)?;
        Ok(AttributeValue::DebugInfoRef(reference))
    }

    /// The value of an attribute of this unit that is neither code nor an expression.
    pub fn attribute_value(
        &self,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<AttributeValue, Unlocatable> {
        // A file's number in an abbreviation is one as well.
        if attr.form() == dw::DW_FORM_implicit_const
            && let (dw::DW_AT_decl_file | dw::DW_AT_call_file, Some(index)) =
                (attr.name(), attr.udata_value())
        {
            let file = self.ids.convert_file_index(self.unit, index)?;
            return Ok(AttributeValue::Udata(file));
        }
        self.ids
            .convert_attribute_value(self.unit, attr, &self.copied)
    }

    /// Takes members or bytes of their paths from the unit's budget; `None` where there are not so many.
    pub fn spend_members(&self, count: usize) -> Option<()> {
        self.members_left.take(count)
    }

    /// Takes a type that pointers are of from the unit's budget.
    pub fn take_pointee(&self) -> Result<(), Unlocatable> {
        let taken = self.pointees_left.take(POINTEE);
        taken
            .ok_or_else(|| "pointers are of more types than the size of their unit explains".into())
    }

    /// Ends the budget of members.
    pub fn spend_all_members(&self) {
        self.members_left.exhaust();
    }
}

//! The results of a unit's conversion.

use crate::address::HostAddress;
use crate::source::Warnings;
use crate::write::{AttributeValue, Location, LocationList, MacroTable, Unit, UnitEntryId};
use gimli::constants as dw;
use gimli::{DwAt, DwTag};
use std::ops::Range;

/// The bytes of names that symbols of a unit may have: for each byte of the unit, and beside these.
const NAMES_OF_BYTE: usize = 16;
const NAMES_BESIDE: usize = 1 << 13;

/// A static variable.
pub(crate) struct Object {
    /// The linkage name, or the name.
    pub name: String,
    pub address: HostAddress,
    /// Its size in bytes; 0 if its type has none.
    pub size: u64,
    /// True if other files may mean it by its name.
    pub is_external: bool,
}

/// A unit as it is written, and what else its conversion finds.
pub(super) struct Output {
    pub unit: Unit,
    pub macro_table: Option<MacroTable>,
    /// Names of functions: the linkage name, or the name, by number.
    pub names: Vec<(usize, String)>,
    /// The bytes that names may still have that are made for the unit's entries.
    name_room: usize,
    /// Static variables.
    pub objects: Vec<Object>,
    /// Declarations of methods that return in memory.
    pub methods_in_memory: Vec<UnitEntryId>,
    /// True if the unit refers to the functions of the table.
    pub has_function_pointers: bool,
    /// All code that the unit describes.
    pub code: Vec<Range<HostAddress>>,
    pub warnings: Warnings,
}

impl Output {
    /// Nothing yet, of a unit of so many bytes.
    pub fn new(unit: Unit, bytes: usize, warnings: Warnings) -> Output {
        Output {
            unit,
            macro_table: None,
            names: Vec::new(),
            name_room: NAMES_BESIDE.saturating_add(bytes.saturating_mul(NAMES_OF_BYTE)),
            objects: Vec::new(),
            methods_in_memory: Vec::new(),
            has_function_pointers: false,
            code: Vec::new(),
            warnings,
        }
    }

    /// Names a function by its number.
    pub fn name_function(&mut self, index: usize, name: String) {
        if self.has_room(&name) {
            self.names.push((index, name));
        }
    }

    /// Names a static variable.
    pub fn name_object(&mut self, object: Object) {
        if self.has_room(&object.name) {
            self.objects.push(object);
        }
    }

    /// Takes the bytes of a name that is made for an entry; `false` where there are too many: entries may share a string that is as
    /// long as the input.
    pub fn has_room(&mut self, name: &str) -> bool {
        let rest = self.name_room.checked_sub(name.len());
        self.name_room = rest.unwrap_or(self.name_room);
        rest.is_some()
    }

    /// Sets an attribute of an entry.
    pub fn set(&mut self, id: UnitEntryId, name: DwAt, value: AttributeValue) {
        self.unit.get_mut(id).set(name, value);
    }

    /// Adds an entry with a name.
    pub fn add_named(&mut self, parent: UnitEntryId, tag: DwTag, name: &str) -> UnitEntryId {
        let id = self.unit.add(parent, tag);
        self.set(id, dw::DW_AT_name, AttributeValue::string(name));
        id
    }

    /// A location list; `None` for an empty one.
    pub fn location_list(&mut self, list: Vec<Location>) -> Option<AttributeValue> {
        if list.is_empty() {
            return None;
        }
        let list = self.unit.locations.add(LocationList(list));
        Some(AttributeValue::LocationListRef(list))
    }
}

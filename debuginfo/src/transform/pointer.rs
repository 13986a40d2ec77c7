//! Guest pointers, 4 bytes (8 with memory64) that are offsets in linear memory, for debuggers that believe in 8-byte addresses.
//!
//! gdb honours a pointer type's size. lldb does not: to it, a pointer in memory is a number of 4 bytes (or, with
//! formatters to show it, a [`super::wrapper`]), and a variable that is a pointer is one of 8 bytes whose value is computed.

use super::convert::ConvertUnitEntry;
use super::member::bounds;
use super::reference::There;
use super::unit::UnitTransform;
use crate::address::AddressSize;
use crate::code::{CodeMap, Flavor};
use crate::dies::{Die, MAX_DEPTH, is_pointer, is_reference};
use crate::expr::unlocatable::Unlocatable;
use crate::source::{ReadUnit, Reader};
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};
use gimli::{DebugInfoOffset, DwTag};
use std::cell::RefCell;
use std::collections::HashMap;

/// Bytes of a name that names of other types are made of.
pub(super) const MAX_NAME: usize = 4096;

/// The pointer types made for a unit.
pub(super) struct Pointers {
    flavor: Flavor,
    /// True if pointers in memory are classes.
    wraps: bool,
    /// The integer that pointers in memory are otherwise.
    number: Option<UnitEntryId>,
    /// True if classes have virtual bases, as far as that was asked.
    pub(super) virtual_bases: RefCell<HashMap<DebugInfoOffset, bool>>,
    /// True if types have variants, as far as that was asked.
    pub(super) variants: RefCell<HashMap<DebugInfoOffset, bool>>,
    /// Enumerations of classes' members, for pointers to them, and those that are dynamic.
    pub(super) fields: HashMap<(DebugInfoOffset, bool), Option<UnitEntryId>>,
}

impl Pointers {
    pub(super) fn new(code: &CodeMap<'_>) -> Pointers {
        Pointers {
            flavor: code.flavor,
            wraps: code.flavor == Flavor::Lldb && code.pointer_code.is_some(),
            number: None,
            virtual_bases: RefCell::default(),
            variants: RefCell::default(),
            fields: HashMap::new(),
        }
    }

    /// Returns true if types of this tag are replaced: both debuggers take pointers to members to be of the host's sizes.
    pub(super) fn is_replaced(&self, tag: DwTag) -> bool {
        tag == dw::DW_TAG_ptr_to_member_type || self.flavor == Flavor::Lldb && is_pointer(tag)
    }
}

/// The names that compilers of C++ and of C give the type of `nullptr`.
const NULL_TYPES: [&str; 2] = ["decltype(nullptr)", "nullptr_t"];

/// A qualifier goes before a name and behind a star.
fn qualified(qualifier: &str, name: &str) -> String {
    if name.ends_with(['*', '&']) {
        format!("{name}{qualifier}")
    } else {
        format!("{qualifier} {name}")
    }
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Attributes that a type needs beyond its own.
    pub(super) fn finish_type(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) {
        if is_pointer(entry.tag()) && entry.tag() != dw::DW_TAG_ptr_to_member_type {
            let size = self.address_size().bytes();
            self.unit
                .unit
                .get_mut(id)
                .set(dw::DW_AT_byte_size, AttributeValue::Data1(size));
        }
        if entry.tag() == dw::DW_TAG_base_type {
            self.finish_number(id, entry);
        }
        self.finish_pointee(id, entry);
        if self.pointers.flavor == Flavor::Lldb {
            // Or lldb looks for tables of virtual functions, of 8-byte addresses.
            let entry = self.unit.unit.get_mut(id);
            for name in [
                dw::DW_AT_virtuality,
                dw::DW_AT_containing_type,
                dw::DW_AT_vtable_elem_location,
            ] {
                entry.delete(name);
            }
        }
    }

    /// A pointer type as the debugger is to see it in memory: a number with the pointer's name.
    pub(super) fn pointer(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let parent = entry.parent.unwrap_or(self.unit.unit.root());
        let name = AttributeValue::String(self.type_name(Some(&self.here(entry)), 0).into_bytes());
        let is_function = self.is_function(entry);
        if entry.tag() == dw::DW_TAG_ptr_to_member_type {
            if is_function {
                return self.method_pointer(id, parent, name);
            }
        } else if self.pointers.wraps && !is_function && self.wrapper(id, parent, entry).is_ok() {
            return;
        }
        let shown = if entry.tag() == dw::DW_TAG_ptr_to_member_type {
            AttributeValue::UnitRef(self.field_type(&self.here(entry), false))
        } else if self.is_function_pointer(entry) {
            self.functions()
        } else {
            AttributeValue::UnitRef(self.number_type())
        };
        self.unit.unit.add_reserved(id, parent, dw::DW_TAG_typedef);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_name, name);
        entry.set(dw::DW_AT_type, shown);
        self.finish_replaced(id);
    }

    /// Returns true if a type is that of `nullptr`, and the debugger's own is as wide as the host's addresses.
    pub(super) fn is_null_type(&self, entry: &Die<'d>) -> bool {
        self.pointers.flavor == Flavor::Lldb
            && entry.tag() == dw::DW_TAG_unspecified_type
            && self.address_size().bytes() < 8
            && self
                .name(&self.here(entry))
                .is_some_and(|name| NULL_TYPES.contains(&name.as_str()))
    }

    /// The type of `nullptr`: a number with its name.
    pub(super) fn null_type(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let parent = entry.parent.unwrap_or(self.unit.unit.root());
        let name = self.name(&self.here(entry)).unwrap_or_default();
        let number = self.number_type();
        self.unit.unit.add_reserved(id, parent, dw::DW_TAG_typedef);
        let entry = self.unit.unit.get_mut(id);
        entry.set(dw::DW_AT_name, AttributeValue::String(name.into_bytes()));
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(number));
        self.finish_replaced(id);
    }

    /// The size of the guest's addresses, and of its pointers.
    pub(super) fn address_size(&self) -> AddressSize {
        AddressSize::of(self.unit.read_unit.encoding())
    }

    pub(super) fn number_type(&mut self) -> UnitEntryId {
        if let Some(number) = self.pointers.number {
            return number;
        }
        let id = self.new_number_type();
        self.pointers.number = Some(id);
        id
    }

    /// Another one.
    pub(super) fn new_number_type(&mut self) -> UnitEntryId {
        let size = self.address_size();
        let name = match size {
            AddressSize::Four => "unsigned int",
            AddressSize::Eight => "unsigned long long",
        };
        let root = self.unit.unit.root();
        let id = self.unit.unit.add(root, dw::DW_TAG_base_type);
        let entry = self.unit.unit.get_mut(id);
        let (name, unsigned) = (name.into(), dw::DW_ATE_unsigned);
        entry.set(dw::DW_AT_name, AttributeValue::String(name));
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(size.bytes()));
        entry.set(dw::DW_AT_encoding, AttributeValue::Encoding(unsigned));
        id
    }

    /// Returns true if a variable is a pointer that the debugger is to have as one of its own: a local or a parameter, to data.
    pub(super) fn takes_native_pointer(&self, entry: &ConvertUnitEntry<'a, Reader<'d>>) -> bool {
        self.may_take_native(entry)
            && self
                .pointer_type(self.unit.read_unit, entry)
                .is_some_and(|ty| self.is_native_to(&ty))
    }

    /// Returns true if an entry is a variable whose value may be another one than what the guest has in memory. Of an inlined function,
    /// what all its instances are of says the type; of a method, its class, by which lldb calls it.
    pub(super) fn may_take_native(&self, entry: &ConvertUnitEntry<'a, Reader<'d>>) -> bool {
        let says_value = [
            dw::DW_AT_location,
            dw::DW_AT_const_value,
            dw::DW_AT_artificial,
        ];
        matches!(
            entry.tag(),
            dw::DW_TAG_formal_parameter | dw::DW_TAG_variable
        ) && (self.function().is_some_and(|it| it.is_abstract)
            || self.is_parameter_for_calls(entry)
            || says_value.iter().any(|name| entry.attr(*name).is_some()))
    }

    /// Returns true if lldb passes an argument by what an entry says.
    fn is_parameter_for_calls(&self, entry: &Die<'d>) -> bool {
        self.pointers.flavor == Flavor::Lldb
            && entry.tag() == dw::DW_TAG_formal_parameter
            && self
                .function()
                .is_some_and(|it| it.depth + 1 == entry.depth())
    }

    /// Returns true if variables of a pointer's or reference's type are the debugger's own. gdb's references are: where one of the guest's
    /// is of an object that has to be found at the memory's base, it takes the address of one (`&reference`) for 8 bytes.
    fn is_native_to(&self, ty: &There<'a, 'd>) -> bool {
        match self.pointers.flavor {
            Flavor::Lldb => true,
            Flavor::Gdb => self.has_copies() && is_reference(ty.entry.tag()),
        }
    }

    /// The pointer or reference to data that an entry's type is, behind typedefs and qualifiers.
    pub(super) fn pointer_type(
        &self,
        unit: ReadUnit<'a, 'd>,
        entry: &Die<'d>,
    ) -> Option<There<'a, 'd>> {
        let ty = self.bare_type(unit, entry)?;
        let is_data = matches!(
            ty.entry.tag(),
            dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type
        ) && !self.is_function_at(&ty);
        is_data.then_some(ty)
    }

    /// Returns true if a type is a pointer to a method, which is shown as a structure.
    pub(super) fn is_method_pointer(&self, ty: &There<'a, 'd>) -> bool {
        ty.entry.tag() == dw::DW_TAG_ptr_to_member_type && self.is_function_at(ty)
    }

    /// Returns true if what a type is of is a function: its pointers are indices of a table, not addresses.
    pub(super) fn is_function(&self, pointer: &Die<'d>) -> bool {
        self.is_of_function(self.type_at(self.unit.read_unit, pointer))
    }

    pub(super) fn is_function_at(&self, pointer: &There<'a, 'd>) -> bool {
        self.is_of_function(self.type_at(pointer.unit, &pointer.entry))
    }

    fn is_of_function(&self, mut ty: Option<There<'a, 'd>>) -> bool {
        for _ in 0..MAX_DEPTH {
            match ty {
                Some(found) if found.entry.tag() == dw::DW_TAG_subroutine_type => return true,
                Some(found)
                    if matches!(
                        found.entry.tag(),
                        dw::DW_TAG_typedef | dw::DW_TAG_const_type
                    ) =>
                {
                    ty = self.type_at(found.unit, &found.entry);
                }
                _ => return false,
            }
        }
        false
    }

    /// The type of a variable that is a pointer of lldb's own.
    pub(super) fn native_pointer_type(
        &mut self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let pointer = self.field_pointer(entry);
        let pointer = pointer.or_else(|| self.pointer_type(self.unit.read_unit, entry));
        let pointer = pointer.ok_or("its type is not there")?;
        self.native_pointer(&pointer)
            .map(|id| Some(AttributeValue::UnitRef(id)))
    }

    /// The constant that such a variable is, as the host has it: null, or at the memory's base.
    pub(super) fn native_pointer_value(
        &self,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let guest = match attr.value() {
            Read::Sdata(value) => value as u64,
            _ => attr.udata_value().ok_or("it is no number")?,
        };
        let guest = match self.address_size() {
            AddressSize::Four => u64::from(guest as u32),
            AddressSize::Eight => guest,
        };
        let base = self.lookup.code.memories.first();
        let base = base.ok_or("an address in a module without a memory")?;
        let value = if guest == 0 {
            0
        } else {
            base.0.wrapping_add(guest)
        };
        Ok(Some(AttributeValue::Data8(value)))
    }

    /// A type as C++ writes it, but for pointers: lldb knows `char *` by its name, and would look for a string.
    pub(super) fn type_name(&self, ty: Option<&There<'a, 'd>>, depth: usize) -> String {
        let Some(ty) = ty else {
            return "void".to_owned();
        };
        if depth > MAX_DEPTH {
            return "?".to_owned();
        }
        let inner = || self.type_name(self.type_of(ty).as_ref(), depth + 1);
        match ty.entry.tag() {
            dw::DW_TAG_ptr_to_member_type if !self.is_function_at(ty) => {
                format!("{} {}", inner(), self.member_sign(ty))
            }
            tag if is_pointer(tag) && self.is_function_at(ty) => {
                let own = self.name(ty);
                own.unwrap_or_else(|| self.function_pointer_name(ty, depth))
            }
            tag if is_pointer(tag) => match (self.pointers.flavor, tag) {
                (Flavor::Gdb, dw::DW_TAG_pointer_type) => inner() + " *",
                (Flavor::Gdb, _) => inner() + " &",
                (Flavor::Lldb, _) if self.pointers.wraps => match self.name(ty) {
                    // Rust names its pointers.
                    Some(name) => name,
                    None if tag == dw::DW_TAG_pointer_type => self.pointer_name(ty, '*', depth),
                    None => self.pointer_name(ty, '&', depth),
                },
                (Flavor::Lldb, dw::DW_TAG_pointer_type) => format!("wasm32_ptr<{}>", inner()),
                (Flavor::Lldb, _) => format!("wasm32_ref<{}>", inner()),
            },
            dw::DW_TAG_const_type => qualified("const", &inner()),
            dw::DW_TAG_volatile_type => qualified("volatile", &inner()),
            dw::DW_TAG_subroutine_type => inner() + "()",
            dw::DW_TAG_array_type if self.pointers.flavor == Flavor::Gdb => {
                format!("{} {}", inner(), bounds(ty))
            }
            dw::DW_TAG_array_type => inner() + "[]",
            tag => match self.name(ty) {
                Some(name) => self.tag_name(tag).to_owned() + &name,
                None => "(anonymous)".to_owned(),
            },
        }
    }

    /// A pointer's or reference's type as C++ writes it, `int(*)[3]`, without spaces.
    fn pointer_name(&self, ty: &There<'a, 'd>, sign: char, depth: usize) -> String {
        let inner = self.type_of(ty);
        if let Some(array) = &inner
            && array.entry.tag() == dw::DW_TAG_array_type
        {
            let element = self.type_name(self.type_of(array).as_ref(), depth + 2);
            return format!("{element}({sign}){}", bounds(array));
        }
        let mut name = self.type_name(inner.as_ref(), depth + 1);
        // Behind the sign of a pointer to an array or a function: `int(**)[3]`.
        let end = match inner {
            Some(inner) if is_pointer(inner.entry.tag()) => name.find("*)").map(|at| at + 1),
            _ => None,
        };
        name.insert(end.unwrap_or(name.len()), sign);
        name
    }

    /// An entry's own name.
    pub(super) fn name(&self, there: &There<'a, 'd>) -> Option<String> {
        let name = there.entry.attr_value(dw::DW_AT_name)?;
        let name = there.unit.attr_string(name).ok()?;
        // Many types can share a name that is as long as the input.
        let name = name.slice().get(..MAX_NAME).unwrap_or(name.slice());
        Some(String::from_utf8_lossy(name).into_owned())
    }
}

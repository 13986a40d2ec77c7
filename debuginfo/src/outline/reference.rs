//! The types of references and objects, written into a unit.

use super::dwarf::UnitWriter;
use super::object::{
    Contents, LENGTH_OFFSET, OBJECT_PREFIX, ObjectType, REFERENCE_BYTES, TYPE_PREFIX, Type,
};
use gimli::constants as dw;
use gimli::write::{AttributeValue, UnitEntryId};

impl UnitWriter<'_> {
    /// Writes all types that objects of the module may have.
    pub(super) fn all_objects(&mut self) {
        for index in self.objects.iter().map(|it| it.index) {
            self.object(index);
        }
    }

    /// Writes the contents of the types that were named, and of those that these name: one after another, as each may name the next.
    pub(super) fn finish_objects(&mut self) {
        while let Some((id, object)) = self.unfinished.pop() {
            self.contents(id, object);
        }
    }

    /// The type of a reference; in an object, where functions are numbers.
    pub(super) fn reference(&mut self, ty: Type, is_field: bool) -> Option<UnitEntryId> {
        match ty {
            Type::Object(index) => Some(match self.object(index) {
                Some((_, pointer)) => pointer,
                // What it is of says the object.
                None => self.word("anyref", if is_field { REFERENCE_BYTES } else { 8 }),
            }),
            Type::Reference(ty) => {
                let bytes = if is_field { ty.bytes } else { 8 };
                Some(self.word(ty.name, bytes))
            }
            Type::Value(_) | Type::Packed(_) => None,
        }
    }

    /// A word of the runtime's, by the name of its type: lldb knows types by the names of typedefs, not by those of base types.
    fn word(&mut self, name: &'static str, bytes: u8) -> UnitEntryId {
        if let Some(id) = self.words.get(&(name, bytes)) {
            return *id;
        }
        let number = match bytes {
            REFERENCE_BYTES => self.base_type("unsigned int", 4, dw::DW_ATE_unsigned),
            _ => self.base_type("unsigned long", 8, dw::DW_ATE_unsigned),
        };
        let id = self.named(dw::DW_TAG_typedef, name);
        self.set_type(id, number);
        self.words.insert((name, bytes), id);
        id
    }

    /// The type with an index, and that of references to its objects; made where it is not there yet, and there is room.
    fn object(&mut self, index: u32) -> Option<(UnitEntryId, UnitEntryId)> {
        if let Some(known) = self.made_objects.get(&index) {
            return Some(*known);
        }
        if self.made_objects.len() >= self.most_objects {
            return None;
        }
        let objects = self.objects;
        let found = objects.binary_search_by_key(&index, |it| it.index).ok()?;
        let object = &objects[found];
        let id = self.named(dw::DW_TAG_structure_type, &object.name);
        let pointer = self.unit.add(self.unit.root(), dw::DW_TAG_pointer_type);
        self.set_type(pointer, id);
        self.set_size(pointer, REFERENCE_BYTES.into());
        self.made_objects.insert(index, (id, pointer));
        for name in [
            format!("{TYPE_PREFIX}{index}"),
            format!("{OBJECT_PREFIX}{}", object.name),
            object.name.clone(),
        ] {
            let alias = self.named(dw::DW_TAG_typedef, &name);
            self.set_type(alias, id);
        }
        self.unfinished.push((id, object));
        Some((id, pointer))
    }

    fn contents(&mut self, id: UnitEntryId, object: &ObjectType) {
        match &object.contents {
            Contents::Fields { fields, bytes } => {
                self.set_size(id, (*bytes).into());
                for field in fields {
                    let ty = self.field_type(field.ty);
                    self.member(id, &field.name, field.offset, ty);
                }
            }
            Contents::Elements { element, offset } => {
                self.set_size(id, (*offset).into());
                let number = self.base_type("unsigned int", 4, dw::DW_ATE_unsigned);
                self.member(id, "length", LENGTH_OFFSET as u32, Some(number));
                if let Some(element) = self.field_type(*element) {
                    let elements = self.elements(element, u64::from(*offset) - LENGTH_OFFSET);
                    self.member(id, "elements", *offset, Some(elements));
                }
            }
        }
    }

    /// The type of an array's elements together. How far they are from the length tells where their number is.
    fn elements(&mut self, element: UnitEntryId, from_length: u64) -> UnitEntryId {
        let id = self.unit.add(self.unit.root(), dw::DW_TAG_array_type);
        self.set_type(id, element);
        let range = self.unit.add(id, dw::DW_TAG_subrange_type);
        let distance = AttributeValue::Udata(from_length);
        self.unit.get_mut(range).set(dw::DW_AT_alignment, distance);
        id
    }

    fn field_type(&mut self, ty: Type) -> Option<UnitEntryId> {
        match ty {
            Type::Value(ty) => self.ty(ty),
            Type::Packed(1) => Some(self.base_type("i8", 1, dw::DW_ATE_signed)),
            Type::Packed(_) => Some(self.base_type("i16", 2, dw::DW_ATE_signed)),
            ty => self.reference(ty, true),
        }
    }

    fn member(&mut self, object: UnitEntryId, name: &str, offset: u32, ty: Option<UnitEntryId>) {
        let Some(ty) = ty else { return };
        let member = self.unit.add(object, dw::DW_TAG_member);
        self.text(member, dw::DW_AT_name, name);
        self.set_type(member, ty);
        let offset = AttributeValue::Udata(offset.into());
        self.unit
            .get_mut(member)
            .set(dw::DW_AT_data_member_location, offset);
    }

    fn named(&mut self, tag: gimli::DwTag, name: &str) -> UnitEntryId {
        let id = self.unit.add(self.unit.root(), tag);
        self.text(id, dw::DW_AT_name, name);
        id
    }

    fn set_type(&mut self, id: UnitEntryId, ty: UnitEntryId) {
        let entry = self.unit.get_mut(id);
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
    }

    fn set_size(&mut self, id: UnitEntryId, bytes: u64) {
        let entry = self.unit.get_mut(id);
        entry.set(dw::DW_AT_byte_size, AttributeValue::Udata(bytes));
    }
}

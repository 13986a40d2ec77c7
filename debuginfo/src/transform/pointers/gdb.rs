//! gdb's model: pointers have the guest's size, which gdb honours, and their targets say [where the objects are](super::pointee). Pointers
//! to members are of the host's size to gdb, so they are replaced.

use super::c_types::{is_char, name_types};
use super::dimension::nest_dimensions;
use super::dynamic::{at_base, count_before};
use super::function::{functions, is_function_pointer};
use super::made::{native_type, set_alias};
use super::member_pointer::native_field_pointer;
use super::model::{PointerModel, has_value};
use super::pointee::Pointees;
use crate::address::AddressSize;
use crate::dies::{Die, DieRef, Kind, is_pointer, is_reference, kind};
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::outline::object::REFERENCE_BYTES;
use crate::transform::context::Context;
use crate::transform::convert::Entry;
use crate::transform::language::{is_c, is_cpp};
use crate::transform::output::Output;
use crate::transform::scopes::Scopes;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;

/// The types that gdb needs in a unit.
pub(super) struct Gdb {
    pointees: Pointees,
    /// True if there is a type `char`.
    has_char: bool,
    /// Array types.
    arrays: Vec<UnitEntryId>,
}

impl Gdb {
    pub fn new(cx: &Context<'_, '_, '_>) -> Gdb {
        Gdb {
            pointees: Pointees::new(cx),
            has_char: false,
            arrays: Vec::new(),
        }
    }

    /// The pointer to a data member that a variable is, where gdb is given its value: its type's size is not the guest's.
    fn field_pointer<'a, 'd>(
        &self,
        cx: &Context<'_, 'a, 'd>,
        entry: &Die<'d>,
    ) -> Option<DieRef<'a, 'd>> {
        let ty = cx.bare_type(entry)?;
        (self.pointees.has_base() && cx.types.is_field_pointer(&ty)).then_some(ty)
    }

    /// Completes the type of an object of WebAssembly, or of references to them: they are found at the heap's base.
    fn finish_object(
        &mut self,
        cx: &Context<'_, '_, '_>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Die<'_>,
    ) {
        let Some(heap) = &cx.code().heap else { return };
        match entry.tag() {
            dw::DW_TAG_pointer_type => {
                let size = AttributeValue::Data1(REFERENCE_BYTES);
                out.set(id, dw::DW_AT_byte_size, size);
            }
            dw::DW_TAG_structure_type => {
                let place = AttributeValue::exprloc(at_base(heap.base, AddressSize::Four));
                out.set(id, dw::DW_AT_data_location, place);
                // For casts.
                self.pointees.add_pointer(out, AddressSize::Four, id);
            }
            dw::DW_TAG_subrange_type => {
                let distance = entry.attr(dw::DW_AT_alignment);
                let distance = distance.and_then(|distance| distance.udata_value());
                if let Some(distance) = distance {
                    out.unit.get_mut(id).delete(dw::DW_AT_alignment);
                    let count = AttributeValue::exprloc(count_before(heap.base, distance));
                    out.set(id, dw::DW_AT_count, count);
                }
            }
            _ => {}
        }
    }

    /// Adds what a type needs for casts to pointers to it, and for addresses of its objects.
    fn finish_target<'d>(
        &mut self,
        cx: &Context<'_, '_, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Die<'d>,
    ) {
        if !self.pointees.has_base() {
            return;
        }
        self.has_char |= is_char(cx, entry);
        match kind(entry.tag()) {
            Kind::Array => self.arrays.push(id),
            // An address of a reference is that of what it refers to.
            Kind::Scalar if is_reference(entry.tag()) => return,
            // Programs name these in casts.
            Kind::Named | Kind::Class if is_c(cx.language) || is_cpp(cx.language) => {
                return self.pointees.add_pointers(out, cx.address_size(), id);
            }
            Kind::Named | Kind::Class | Kind::Scalar => {}
            Kind::Other => return,
        }
        self.pointees.add_pointer(out, cx.address_size(), id);
    }
}

impl<'a, 'd> PointerModel<'a, 'd> for Gdb {
    fn replaces(&self, cx: &Context<'_, 'a, 'd>, entry: &Entry<'a, 'd>) -> bool {
        if cx.is_outline {
            // A reference is a number where it is not known to which heap.
            return cx.code().heap.is_none() && is_pointer(entry.tag());
        }
        entry.tag() == dw::DW_TAG_ptr_to_member_type || is_function_pointer(cx, entry)
    }

    fn replace(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    ) {
        let parent = entry.parent.unwrap_or(out.unit.root());
        let die = cx.own(entry);
        let name = AttributeValue::string(cx.type_name(Some(&die)));
        if cx.is_outline {
            let number = self.pointees.made.number_type(cx, out);
            return set_alias(out, id, parent, name, AttributeValue::UnitRef(number));
        }
        if cx.types.is_method_pointer(&die) {
            let made = &mut self.pointees.made;
            return made.method_pointer(cx, out, id, parent, name);
        }
        let shown = match entry.tag() {
            dw::DW_TAG_ptr_to_member_type => {
                let made = &mut self.pointees.made;
                AttributeValue::UnitRef(made.field_type(cx, out, &die, false))
            }
            _ => functions(cx, out),
        };
        set_alias(out, id, parent, name, shown);
        if self.pointees.has_base() {
            self.pointees.add_pointer(out, cx.address_size(), id);
        }
    }

    /// References are of the host's size, if objects have to be found at the memory's base: gdb takes the address of one of the guest's
    /// (`&reference`) for 8 bytes.
    fn purpose(&self, cx: &Context<'_, 'a, 'd>, scopes: &Scopes, entry: &Entry<'a, 'd>) -> Purpose {
        if cx.is_outline || !has_value(scopes, entry, false) {
            return Purpose::Location;
        }
        let pointer = || cx.types.pointer_type(cx.unit, entry);
        let is_reference = |ty: DieRef<'a, 'd>| is_reference(ty.entry.tag());
        if self.pointees.has_copies() && pointer().is_some_and(is_reference) {
            Purpose::Pointer
        } else if self.field_pointer(cx, entry).is_some() {
            Purpose::FieldPointer
        } else {
            Purpose::Location
        }
    }

    fn variable_type(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        entry: &Entry<'a, 'd>,
    ) -> Result<AttributeValue, Unlocatable> {
        let pointer = self.field_pointer(cx, entry);
        let pointer = pointer.or_else(|| cx.types.pointer_type(cx.unit, entry));
        let pointer = pointer.ok_or("its type is not there")?;
        self.native_pointer(cx, out, &pointer)
            .map(AttributeValue::UnitRef)
    }

    fn native_pointer(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &DieRef<'a, 'd>,
    ) -> Result<UnitEntryId, Unlocatable> {
        let key = pointer.offset().ok_or("a pointer that is in no unit")?;
        if let Some(known) = self.pointees.made.native.get(&key) {
            return Ok(*known);
        }
        let id = if cx.types.is_field_pointer(pointer) {
            native_field_pointer(cx, out, pointer, |out, member| {
                self.pointees.target(cx, out, member)
            })?
        } else {
            let to = self.pointees.native_target(cx, out, pointer)?;
            native_type(out, pointer.entry.tag(), to)
        };
        self.pointees.made.native.insert(key, id);
        Ok(id)
    }

    fn target(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &Entry<'a, 'd>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        if cx.is_outline || !self.pointees.has_base() || !is_pointer(pointer.tag()) {
            return Ok(None);
        }
        match cx.type_of(pointer) {
            Some(target) if self.pointees.is_copied(cx, &target) => {
                self.pointees.target(cx, out, &target).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn finish_entry(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    ) {
        if cx.is_outline {
            return self.finish_object(cx, out, id, entry);
        }
        if is_pointer(entry.tag()) {
            let size = AttributeValue::Data1(cx.address_size().bytes());
            out.set(id, dw::DW_AT_byte_size, size);
        }
        self.finish_target(cx, out, id, entry);
    }

    fn finish_unit(&mut self, cx: &Context<'_, 'a, 'd>, out: &mut Output) {
        if cx.is_outline {
            return;
        }
        let (pointees, size) = (&mut self.pointees, cx.address_size());
        pointees.make_foreign(cx, out);
        nest_dimensions(out, pointees, size, std::mem::take(&mut self.arrays));
        if pointees.has_base() && (is_c(cx.language) || is_cpp(cx.language)) {
            name_types(out, pointees, size, self.has_char);
        }
        pointees.make_copies(out, size);
    }
}

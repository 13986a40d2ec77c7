//! What guest pointers are of, for gdb: it takes the 4 bytes of a pointer for an address, and DW_AT_data_location tells it where
//! the object at that address really lies.
//!
//! Objects that are found otherwise keep their types, so what only pointers refer to are copies of these. gdb 13 has rules of
//! its own here:
//! * A class has the attribute itself: the target of `this` must be a class. On the type of a member it fails an assertion
//!   (`value_primitive_field`).
//! * On a scalar's type it is not looked at, so it is on a typedef; and counts there only if the scalar's type is dynamic for
//!   another reason. DW_AT_associated, always true, is one that changes nothing.
//! * An array's is behind a typedef without the attribute: `whatis *rows + 1` takes the address of an array that is not anywhere, and
//!   fails an assertion if what it is has the attribute itself (`value_coerce_array`).
//! * The length of a typedef is computed when an array of it is made; strings divide by it.
//! * A pointer type has the size that DWARF gave to the first pointer to its target, else the host's. A cast between pointers of
//!   different sizes reads the operand's memory anew, with 4 bytes of something else. So each type has a pointer.
//!
//! The copy of a type is made in the type's unit, once for all units whose pointers are of it; which have its number from
//! [`filter`](super::filter), as units are made in parallel.
//!
//! Types that no symbol refers to are never read, so they are parameters of a function type that a typedef without a name is of;
//! and in there they have no symbols of their own.

use super::dynamic::{always, at_base};
use super::function::{functions_at_base, is_function_pointer};
use super::made::MadeTypes;
use super::virtual_end::virtual_end;
use crate::address::{AddressSize, HostAddress};
use crate::dies::{DieRef, Kind, MAX_DEPTH, kind};
use crate::expr::unlocatable::Unlocatable;
use crate::transform::context::Context;
use crate::transform::output::Output;
use crate::write::{AttributeValue, Expression, UnitEntryId};
use gimli::constants as dw;
use gimli::{DwAt, DwTag, UnitOffset};
use std::collections::HashMap;

/// The types made for what a unit's pointers are of.
pub(super) struct Pointees {
    /// The base of the first memory.
    base: Option<HostAddress>,
    /// True if gdb has to be told where objects lie: what pointers are of are copies then.
    are_copies: bool,
    pub made: MadeTypes,
    /// By the guest's type.
    known: HashMap<UnitOffset, UnitEntryId>,
    /// The number of copies that are being made, each for another one.
    depth: usize,
    copies: Vec<Copy>,
    /// The stand-in for types without objects, if it was needed.
    void: Option<UnitEntryId>,
    /// The function type whose parameters gdb reads.
    anchor: Option<UnitEntryId>,
}

/// A copy of a type, made when all of the original is there.
struct Copy {
    original: UnitEntryId,
    id: UnitEntryId,
    /// Its DW_AT_type, where that is not the original's.
    target: Option<AttributeValue>,
    /// Its DW_AT_byte_size, where virtual bases may lie beyond the original's.
    size: Option<Expression>,
    /// An additional attribute.
    attribute: Option<(DwAt, Expression)>,
    /// Its bases that are not there, as others have them too.
    left_out: Vec<UnitEntryId>,
}

/// Returns true for children that a type's copy has. Nested types are the original's only.
fn is_part(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_subprogram
            | dw::DW_TAG_formal_parameter
            | dw::DW_TAG_unspecified_parameters
            | dw::DW_TAG_member
            | dw::DW_TAG_variable
            | dw::DW_TAG_inheritance
            | dw::DW_TAG_variant_part
            | dw::DW_TAG_variant
            | dw::DW_TAG_template_type_parameter
            | dw::DW_TAG_template_value_parameter
            | dw::DW_TAG_enumerator
            | dw::DW_TAG_subrange_type
    )
}

impl Pointees {
    pub fn new(cx: &Context<'_, '_, '_>) -> Pointees {
        Pointees {
            base: cx.code().dwarf_memory().map(|it| it.base),
            are_copies: !cx.code().at_own_addresses,
            made: MadeTypes::default(),
            known: HashMap::new(),
            depth: 0,
            copies: Vec::new(),
            void: None,
            anchor: None,
        }
    }

    /// Returns true if pointers are followed to a memory's base.
    pub fn has_base(&self) -> bool {
        self.base.is_some()
    }

    /// Returns true if what pointers are of are copies of the types.
    pub fn has_copies(&self) -> bool {
        self.has_base() && self.are_copies
    }

    /// Returns true if what pointers are of is a copy of this type: also of classes whose virtual bases may lie beyond their ends.
    fn needs_copy<'a, 'd>(
        &self,
        cx: &Context<'_, 'a, 'd>,
        ty: &DieRef<'a, 'd>,
        depth: usize,
    ) -> bool {
        match kind(ty.entry.tag()) {
            _ if self.are_copies => true,
            Kind::Class => cx.types.has_virtual_bases(ty, 0),
            Kind::Named if depth < MAX_DEPTH => {
                let inner = cx.types.type_of(ty);
                inner.is_some_and(|inner| self.needs_copy(cx, &inner, depth + 1))
            }
            _ => false,
        }
    }

    pub fn is_copied<'a, 'd>(&self, cx: &Context<'_, 'a, 'd>, pointee: &DieRef<'a, 'd>) -> bool {
        self.has_base() && self.needs_copy(cx, pointee, 0) && self.is_object(cx, pointee, 0)
    }

    /// Returns the target of pointers to a type.
    pub fn target<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointee: &DieRef<'a, 'd>,
    ) -> Result<AttributeValue, Unlocatable> {
        match self.base {
            Some(base) if self.is_copied(cx, pointee) => self.relocated(cx, out, pointee, base),
            _ => cx.reference_to(pointee),
        }
    }

    /// Returns true if a type is of objects in memory, whatever it is called.
    fn is_object<'a, 'd>(
        &self,
        cx: &Context<'_, 'a, 'd>,
        ty: &DieRef<'a, 'd>,
        depth: usize,
    ) -> bool {
        match kind(ty.entry.tag()) {
            Kind::Named => {
                let inner = cx.types.type_of(ty);
                depth < MAX_DEPTH
                    && inner.is_some_and(|inner| self.is_object(cx, &inner, depth + 1))
            }
            Kind::Other => false,
            // gdb finds the definition by its name, and what it has found is not what has the attribute: it would fail an assertion
            // (`value_address`).
            Kind::Class | Kind::Array | Kind::Scalar => {
                ty.entry.attr(dw::DW_AT_declaration).is_none()
            }
        }
    }

    /// Returns the target of a pointer or reference of the host's size: in gdb too the type itself, as its objects are where it says.
    /// Except where only their copies know where they end.
    pub fn native_target<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        pointer: &DieRef<'a, 'd>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let bare = cx.types.bare_type(pointer.unit, &pointer.entry);
        if let (Some(base), Some(ty)) = (self.base, cx.types.type_of(pointer))
            && self.are_copies
            && bare.is_some_and(|it| cx.types.has_virtual_bases(&it, 0))
            && self.is_object(cx, &ty, 0)
        {
            return self.relocated(cx, out, &ty, base).map(Some);
        }
        let to = pointer.entry.attr_value(dw::DW_AT_type);
        to.map(|to| cx.reference(pointer.unit, to)).transpose()
    }

    /// A type whose objects are found at the memory's base: of one that [`Self::is_object`].
    fn relocated<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        ty: &DieRef<'a, 'd>,
        base: HostAddress,
    ) -> Result<AttributeValue, Unlocatable> {
        let requested = ty.offset().and_then(|place| cx.ids.pointee(place));
        if !cx.is_own(ty) {
            return match requested {
                Some(requested) => Ok(AttributeValue::DebugInfoRef(requested)),
                None => cx.reference_to(ty),
            };
        }
        let offset = ty.entry.offset();
        if let Some(known) = self.known.get(&offset) {
            return Ok(AttributeValue::UnitRef(*known));
        }
        if self.depth > MAX_DEPTH {
            return cx.reference_to(ty);
        }
        if let Err(reason) = cx.take_pointee() {
            out.warnings.add(reason.to_string(), cx.offset(&ty.entry));
            return Err(reason);
        }
        let id = requested.map(|requested| requested.entry);
        let id = id.unwrap_or_else(|| out.unit.reserve());
        // Before it is made, as a type may be made of itself.
        self.known.insert(offset, id);
        self.depth += 1;
        let made = self.make_relocated(cx, out, id, ty, base);
        self.depth -= 1;
        if made.is_err() {
            self.known.remove(&offset);
        }
        made.map(|()| AttributeValue::UnitRef(id))
    }

    /// Makes the types that pointers of other units are of. Where one cannot be made, the original stands for it.
    pub fn make_foreign(&mut self, cx: &Context<'_, '_, '_>, out: &mut Output) {
        let Some(base) = self.base else {
            return;
        };
        for offset in cx.ids.foreign_pointees() {
            let Ok(entry) = cx.unit.entry(*offset) else {
                continue;
            };
            let ty = cx.own(&entry);
            let is_copied = self.needs_copy(cx, &ty, 0) && self.is_object(cx, &ty, 0);
            if !is_copied || self.relocated(cx, out, &ty, base).is_ok() {
                continue;
            }
            let requested = ty.offset().and_then(|place| cx.ids.pointee(place));
            if let Some(requested) = requested.filter(|requested| !out.unit.has(requested.entry)) {
                let name = cx.type_name(Some(&ty));
                let original = cx.reference_to(&ty).ok();
                self.typedef(
                    out,
                    cx.address_size(),
                    requested.entry,
                    name,
                    original,
                    None,
                );
            }
        }
    }

    fn make_relocated<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        id: UnitEntryId,
        ty: &DieRef<'a, 'd>,
        base: HostAddress,
    ) -> Result<(), Unlocatable> {
        let tag = ty.entry.tag();
        match (kind(tag), cx.types.type_of(ty)) {
            (Kind::Named, Some(inner)) => {
                let of_array = Self::is_array(cx, &inner, 0);
                let inner = self.relocated(cx, out, &inner, base)?;
                if tag == dw::DW_TAG_typedef {
                    let name = cx.type_name(Some(ty));
                    let base = (!of_array && self.are_copies).then_some(base);
                    self.typedef(out, cx.address_size(), id, name, Some(inner), base);
                } else {
                    self.add_reserved_type(out, id, tag, Some(inner));
                }
                self.add_pointer(out, cx.address_size(), id);
            }
            (Kind::Scalar, target) if !cx.types.is_method_pointer(ty) => {
                let scalar = self.dynamic_scalar(cx, out, ty, target.as_ref(), base)?;
                self.typedef(
                    out,
                    cx.address_size(),
                    id,
                    cx.type_name(Some(ty)),
                    Some(scalar),
                    Some(base),
                );
                let sized = self.add_type(out, dw::DW_TAG_array_type, id);
                self.anchor_type(out, sized);
                self.add_pointer(out, cx.address_size(), id);
            }
            (Kind::Array, _) => {
                let array = out.unit.reserve();
                let place = at_base(base, cx.address_size());
                self.copy(cx, array, ty, None, Some((dw::DW_AT_data_location, place)))?;
                let array = AttributeValue::UnitRef(array);
                let name = cx.type_name(Some(ty));
                self.typedef(out, cx.address_size(), id, name, Some(array), None);
                self.add_pointer(out, cx.address_size(), id);
            }
            // Of its size alone it is dynamic: with another attribute gdb would work the type out once more, and without the size.
            _ if !self.are_copies => self.copy(cx, id, ty, None, None)?,
            _ => {
                let place = at_base(base, cx.address_size());
                self.copy(cx, id, ty, None, Some((dw::DW_AT_data_location, place)))?;
            }
        }
        Ok(())
    }

    /// Returns true if a type is an array's, whatever it is called.
    fn is_array<'a, 'd>(cx: &Context<'_, 'a, 'd>, ty: &DieRef<'a, 'd>, depth: usize) -> bool {
        match kind(ty.entry.tag()) {
            Kind::Array => true,
            Kind::Named if depth < MAX_DEPTH => {
                let inner = cx.types.type_of(ty);
                inner.is_some_and(|inner| Self::is_array(cx, &inner, depth + 1))
            }
            _ => false,
        }
    }

    /// A copy of a scalar type that is dynamic; and of what stands for it, where that is another type.
    fn dynamic_scalar<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        ty: &DieRef<'a, 'd>,
        target: Option<&DieRef<'a, 'd>>,
        base: HostAddress,
    ) -> Result<AttributeValue, Unlocatable> {
        let tag = ty.entry.tag();
        if is_function_pointer(cx, &ty.entry) {
            return Ok(functions_at_base(cx, out));
        }
        if tag == dw::DW_TAG_ptr_to_member_type {
            return Ok(AttributeValue::UnitRef(
                self.made.field_type(cx, out, ty, true),
            ));
        }
        let target = match tag {
            dw::DW_TAG_pointer_type => Some(AttributeValue::UnitRef(
                self.distinct_target(cx, out, target, base)?,
            )),
            _ => None,
        };
        let scalar = out.unit.reserve();
        self.copy(
            cx,
            scalar,
            ty,
            target,
            Some((dw::DW_AT_associated, always())),
        )?;
        Ok(AttributeValue::UnitRef(scalar))
    }

    /// Another target for a copied pointer: to gdb, two pointers to one type are one, with the attributes of both. And to gdb 18 a
    /// pointer is dynamic if its target is.
    fn distinct_target<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        out: &mut Output,
        target: Option<&DieRef<'a, 'd>>,
        base: HostAddress,
    ) -> Result<UnitEntryId, Unlocatable> {
        let name = cx.type_name(target);
        let (inner, base) = match target {
            Some(target) if self.is_object(cx, target, 0) => {
                (self.relocated(cx, out, target, base)?, Some(base))
            }
            _ => (AttributeValue::UnitRef(self.dynamic_void(out)), None),
        };
        let id = out.unit.reserve();
        self.typedef(out, cx.address_size(), id, name, Some(inner), base);
        Ok(id)
    }

    /// Returns the stand-in for a type that has no objects, and is dynamic.
    fn dynamic_void(&mut self, out: &mut Output) -> UnitEntryId {
        if let Some(void) = self.void {
            return void;
        }
        let void = out.unit.reserve();
        self.add_reserved_type(out, void, dw::DW_TAG_unspecified_type, None);
        let mut entry = out.unit.get_mut(void);
        let always = AttributeValue::exprloc(always());
        entry.set(dw::DW_AT_name, AttributeValue::string(b"void"));
        entry.set(dw::DW_AT_associated, always);
        self.void = Some(void);
        void
    }

    /// A typedef without a symbol. gdb looks for data location at the outermost one.
    fn typedef(
        &mut self,
        out: &mut Output,
        size: AddressSize,
        id: UnitEntryId,
        name: String,
        inner: Option<AttributeValue>,
        base: Option<HostAddress>,
    ) {
        self.add_reserved_type(out, id, dw::DW_TAG_typedef, inner);
        let mut typedef = out.unit.get_mut(id);
        let name = AttributeValue::string(name);
        typedef.set(dw::DW_AT_name, name);
        if let Some(base) = base {
            let place = AttributeValue::exprloc(at_base(base, size));
            typedef.set(dw::DW_AT_data_location, place);
        }
    }

    /// Makes a type's copy, with another attribute where it needs one, when all of the type is there.
    fn copy<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        id: UnitEntryId,
        ty: &DieRef<'a, 'd>,
        target: Option<AttributeValue>,
        attribute: Option<(DwAt, Expression)>,
    ) -> Result<(), Unlocatable> {
        let original = cx.ids.convert_unit_ref(ty.entry.offset());
        let size = match kind(ty.entry.tag()) {
            Kind::Class => virtual_end(cx, ty)?,
            _ => None,
        };
        let left_out = match size {
            Some(_) => Self::repeated_bases(cx, ty),
            None => Vec::new(),
        };
        self.copies.push(Copy {
            original: original?,
            id,
            target,
            size,
            attribute,
            left_out,
        });
        Ok(())
    }

    /// Virtual bases that another base of a class has too. In a copy a base of its own is not virtual, and gdb would take the two for
    /// different ones, so that their members are ambiguous.
    fn repeated_bases<'a, 'd>(
        cx: &Context<'_, 'a, 'd>,
        class: &DieRef<'a, 'd>,
    ) -> Vec<UnitEntryId> {
        let repeated = cx.types.repeated_bases(class).into_iter();
        repeated
            .filter_map(|base| cx.ids.convert_unit_ref(base).ok())
            .collect()
    }

    /// Makes the copies. A class's and an enumeration's are in the same scope, which is part of the names; others have no
    /// symbol.
    pub fn make_copies(&mut self, out: &mut Output, size: AddressSize) {
        for copy in std::mem::take(&mut self.copies) {
            let anchor = self.anchor(out);
            let original = out.unit.get(copy.original);
            let tag = original.tag();
            let parent = match (kind(tag), original.parent()) {
                (Kind::Class, Some(parent)) => parent,
                _ if tag == dw::DW_TAG_enumeration_type => original.parent().unwrap_or(anchor),
                _ => anchor,
            };
            out.unit.add_reserved(copy.id, parent, tag);
            let fixes_bases = copy.size.is_some();
            Self::copy_parts(out, copy.original, copy.id, fixes_bases, &copy.left_out);
            let mut entry = out.unit.get_mut(copy.id);
            if let Some((attribute, value)) = copy.attribute {
                entry.set(attribute, AttributeValue::exprloc(value));
            }
            if let Some(size) = copy.size {
                entry.set(dw::DW_AT_byte_size, AttributeValue::exprloc(size));
            }
            if let Some(target) = copy.target {
                entry.set(dw::DW_AT_type, target);
            }
            if matches!(kind(tag), Kind::Class | Kind::Array) {
                self.add_pointer(out, size, copy.id);
            }
        }
    }

    fn copy_parts(
        out: &mut Output,
        original: UnitEntryId,
        copy: UnitEntryId,
        fixes_bases: bool,
        left_out: &[UnitEntryId],
    ) {
        let children: Vec<_> = out.unit.children(original).collect();
        out.unit.share_attrs(original, copy);
        out.unit.get_mut(copy).delete(dw::DW_AT_sibling);
        for child in children {
            let tag = out.unit.get(child).tag();
            if is_part(tag) && !left_out.contains(&child) {
                let id = out.unit.add(copy, tag);
                Self::copy_parts(out, child, id, false, &[]);
                if fixes_bases && tag == dw::DW_TAG_inheritance {
                    // gdb works out where it is for the copy's one object, and would not expect it to be virtual then.
                    out.unit.get_mut(id).delete(dw::DW_AT_virtuality);
                }
            }
        }
    }

    /// A pointer to a type, of the guest's size, that gdb reads.
    pub fn add_pointer(&mut self, out: &mut Output, size: AddressSize, to: UnitEntryId) {
        let pointer = self.new_pointer(out, size, to);
        self.anchor_type(out, pointer);
    }

    /// Adds a pointer to a type, and one to that: gdb reads the first with the second.
    pub fn add_pointers(&mut self, out: &mut Output, size: AddressSize, to: UnitEntryId) {
        let pointer = self.new_pointer(out, size, to);
        self.add_pointer(out, size, pointer);
    }

    fn new_pointer(&mut self, out: &mut Output, size: AddressSize, to: UnitEntryId) -> UnitEntryId {
        let pointer = self.add_type(out, dw::DW_TAG_pointer_type, to);
        let size = AttributeValue::Data1(size.bytes());
        let mut entry = out.unit.get_mut(pointer);
        entry.set(dw::DW_AT_byte_size, size);
        pointer
    }

    /// A new type where it has no symbol.
    fn add_type(&mut self, out: &mut Output, tag: DwTag, inner: UnitEntryId) -> UnitEntryId {
        let id = out.unit.reserve();
        self.add_reserved_type(out, id, tag, Some(AttributeValue::UnitRef(inner)));
        id
    }

    pub fn add_reserved_type(
        &mut self,
        out: &mut Output,
        id: UnitEntryId,
        tag: DwTag,
        inner: Option<AttributeValue>,
    ) {
        let anchor = self.anchor(out);
        out.unit.add_reserved(id, anchor, tag);
        if let Some(inner) = inner {
            out.unit.get_mut(id).set(dw::DW_AT_type, inner);
        }
    }

    /// Makes gdb read a type.
    fn anchor_type(&mut self, out: &mut Output, ty: UnitEntryId) {
        self.add_type(out, dw::DW_TAG_formal_parameter, ty);
    }

    fn anchor(&mut self, out: &mut Output) -> UnitEntryId {
        if let Some(anchor) = self.anchor {
            return anchor;
        }
        let root = out.unit.root();
        let anchor = out.unit.add(root, dw::DW_TAG_subroutine_type);
        let typedef = out.unit.add(root, dw::DW_TAG_typedef);
        out.unit
            .get_mut(typedef)
            .set(dw::DW_AT_type, AttributeValue::UnitRef(anchor));
        self.anchor = Some(anchor);
        anchor
    }
}

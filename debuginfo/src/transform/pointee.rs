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

use super::c_types::{is_c, is_cpp};
use super::convert::ConvertUnitEntry;
use super::reference::There;
use super::unit::UnitTransform;
use crate::address::{AddressSize, HostAddress};
use crate::code::{CodeMap, Flavor};
use crate::dies::{Die, Kind, MAX_DEPTH, is_pointer, is_reference, kind};
use crate::expr::unlocatable::Unlocatable;
use crate::source::Reader;
use crate::write::{AttributeValue, Expression, UnitEntryId};
use gimli::constants as dw;
use gimli::read::Attribute;
use gimli::{DwAt, DwTag, UnitOffset};
use std::collections::HashMap;

/// The types made for what a unit's pointers are of.
pub(super) struct Pointees {
    /// The base of the first memory, for gdb.
    base: Option<HostAddress>,
    /// True if gdb has to be told where objects lie: what pointers are of are copies then.
    are_copies: bool,
    /// True if classes are named by their tags, as in C.
    pub(super) tags: bool,
    /// True if expressions name C's types.
    names_types: bool,
    /// True if there is a type `char`.
    pub(super) has_char: bool,
    /// By the guest's type.
    known: HashMap<UnitOffset, UnitEntryId>,
    /// The number of copies that are being made, each for another one.
    depth: usize,
    copies: Vec<Copy>,
    /// The stand-in for types without objects, if it was needed.
    void: Option<UnitEntryId>,
    /// Array types.
    pub(super) arrays: Vec<UnitEntryId>,
    /// The function type whose parameters gdb reads.
    holder: Option<UnitEntryId>,
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
}

impl Pointees {
    pub(super) fn new(code: &CodeMap<'_>) -> Pointees {
        Pointees {
            base: code
                .memories
                .first()
                .copied()
                .filter(|_| code.flavor == Flavor::Gdb),
            are_copies: !code.at_own_addresses,
            tags: false,
            names_types: false,
            has_char: false,
            known: HashMap::new(),
            depth: 0,
            copies: Vec::new(),
            void: None,
            arrays: Vec::new(),
            holder: None,
        }
    }
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

/// Returns the address of an object that gdb expects at a guest's address: at the memory's base, unless the address is the host's already.
/// The host's are beyond 32 bits; and none of a guest's of 64 bits is as far as the base of its own memory.
fn at_base(base: HostAddress, size: AddressSize) -> Expression {
    let mut expression = Expression::new();
    expression.op(dw::DW_OP_push_object_address);
    expression.op(dw::DW_OP_dup);
    match size {
        AddressSize::Four => {
            expression.op_constu(32);
            expression.op(dw::DW_OP_shr);
        }
        AddressSize::Eight => {
            expression.op_constu(base.0);
            expression.op(dw::DW_OP_ge);
        }
    }
    let hosts = expression.op_bra();
    expression.op_constu(base.0);
    expression.op(dw::DW_OP_plus);
    let end = expression.next_index();
    expression.set_target(hosts, end);
    expression
}

/// An attribute that makes a type dynamic, and otherwise changes nothing, where it is DW_AT_associated.
pub(super) fn always() -> Expression {
    let mut expression = Expression::new();
    expression.op(dw::DW_OP_lit1);
    expression
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Returns true if pointers are followed to a memory's base.
    pub(super) fn has_base(&self) -> bool {
        self.pointees.base.is_some()
    }

    /// Returns true if what pointers are of are copies of the types.
    pub(super) fn has_copies(&self) -> bool {
        self.has_base() && self.pointees.are_copies
    }

    /// Returns true if what pointers are of is a copy of this type: also of classes whose virtual bases may lie beyond their ends.
    fn needs_copy(&self, ty: &There<'a, 'd>, depth: usize) -> bool {
        match kind(ty.entry.tag()) {
            _ if self.pointees.are_copies => true,
            Kind::Class => self.has_virtual_bases(ty, 0),
            Kind::Named if depth < MAX_DEPTH => {
                let inner = self.type_of(ty);
                inner.is_some_and(|inner| self.needs_copy(&inner, depth + 1))
            }
            _ => false,
        }
    }

    /// Returns true if an entry's DW_AT_type is what a pointer is of, and gdb is to find it.
    pub(super) fn has_pointee(&self, entry: &Die<'d>) -> bool {
        self.pointees.base.is_some() && is_pointer(entry.tag())
    }

    /// Returns the target of a pointer, as gdb is to find it.
    pub(super) fn pointee_type(
        &mut self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        match self.type_at(self.unit.read_unit, entry) {
            Some(pointee) if self.is_copied(&pointee) => self.target(&pointee).map(Some),
            _ => self.other(entry, attr),
        }
    }

    fn is_copied(&self, pointee: &There<'a, 'd>) -> bool {
        self.has_base() && self.needs_copy(pointee, 0) && self.is_object(pointee, 0)
    }

    /// Returns the target of pointers to a type.
    pub(super) fn target(
        &mut self,
        pointee: &There<'a, 'd>,
    ) -> Result<AttributeValue, Unlocatable> {
        match self.pointees.base {
            Some(base) if self.is_copied(pointee) => self.at_base(pointee, base),
            _ => self.reference_to(pointee),
        }
    }

    /// Returns true if a type is of objects in memory, whatever it is called.
    fn is_object(&self, ty: &There<'a, 'd>, depth: usize) -> bool {
        match kind(ty.entry.tag()) {
            Kind::Named => {
                let inner = self.type_of(ty);
                depth < MAX_DEPTH && inner.is_some_and(|inner| self.is_object(&inner, depth + 1))
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
    pub(super) fn native_target(
        &mut self,
        pointer: &There<'a, 'd>,
    ) -> Result<Option<AttributeValue>, Unlocatable> {
        let bare = self.bare_type(pointer.unit, &pointer.entry);
        if let (Some(base), Some(ty)) = (self.pointees.base, self.type_of(pointer))
            && self.pointees.are_copies
            && bare.is_some_and(|it| self.has_virtual_bases(&it, 0))
            && self.is_object(&ty, 0)
        {
            return self.at_base(&ty, base).map(Some);
        }
        let to = pointer.entry.attr_value(dw::DW_AT_type);
        to.map(|to| self.converted(pointer.unit, to)).transpose()
    }

    /// A type whose objects are found at the memory's base: of one that [`Self::is_object`].
    fn at_base(
        &mut self,
        ty: &There<'a, 'd>,
        base: HostAddress,
    ) -> Result<AttributeValue, Unlocatable> {
        let wanted = ty.offset().and_then(|place| self.unit.pointee(place));
        if !self.is_own(ty) {
            return match wanted {
                Some(wanted) => Ok(AttributeValue::DebugInfoRef(wanted)),
                None => self.reference_to(ty),
            };
        }
        let offset = ty.entry.offset();
        if let Some(known) = self.pointees.known.get(&offset) {
            return Ok(AttributeValue::UnitRef(*known));
        }
        if self.pointees.depth > MAX_DEPTH {
            return self.reference_to(ty);
        }
        let id = wanted.map(|wanted| wanted.entry);
        let id = id.unwrap_or_else(|| self.unit.unit.reserve());
        // Before it is made, as a type may be made of itself.
        self.pointees.known.insert(offset, id);
        self.pointees.depth += 1;
        let made = self.make_at_base(id, ty, base);
        self.pointees.depth -= 1;
        if made.is_err() {
            self.pointees.known.remove(&offset);
        }
        made.map(|()| AttributeValue::UnitRef(id))
    }

    /// Makes the types that pointers of other units are of. Where one cannot be made, the original stands for it.
    fn foreign_pointees(&mut self) {
        let Some(base) = self.pointees.base else {
            return;
        };
        for offset in self.unit.foreign_pointees() {
            let Ok(entry) = self.unit.read_unit.entry(*offset) else {
                continue;
            };
            let ty = self.here(&entry);
            let is_copied = self.needs_copy(&ty, 0) && self.is_object(&ty, 0);
            if !is_copied || self.at_base(&ty, base).is_ok() {
                continue;
            }
            let wanted = ty.offset().and_then(|place| self.unit.pointee(place));
            if let Some(wanted) = wanted.filter(|wanted| !self.unit.unit.has(wanted.entry)) {
                let name = self.type_name(Some(&ty), 0);
                let original = self.reference_to(&ty).ok();
                self.typedef(wanted.entry, name, original, None);
            }
        }
    }

    fn make_at_base(
        &mut self,
        id: UnitEntryId,
        ty: &There<'a, 'd>,
        base: HostAddress,
    ) -> Result<(), Unlocatable> {
        let tag = ty.entry.tag();
        match (kind(tag), self.type_of(ty)) {
            (Kind::Named, Some(inner)) => {
                let of_array = self.is_array(&inner, 0);
                let inner = self.at_base(&inner, base)?;
                if tag == dw::DW_TAG_typedef {
                    let name = self.type_name(Some(ty), 0);
                    let base = (!of_array && self.pointees.are_copies).then_some(base);
                    self.typedef(id, name, Some(inner), base);
                } else {
                    self.add_reserved_type(id, tag, Some(inner));
                }
                self.add_pointer(id);
            }
            (Kind::Scalar, target) if !self.is_method_pointer(ty) => {
                let scalar = self.dynamic_scalar(ty, target.as_ref(), base)?;
                self.typedef(id, self.type_name(Some(ty), 0), Some(scalar), Some(base));
                let sized = self.add_type(dw::DW_TAG_array_type, id);
                self.hold(sized);
                self.add_pointer(id);
            }
            (Kind::Array, _) => {
                let array = self.unit.unit.reserve();
                let place = at_base(base, self.address_size());
                self.copy(array, ty, None, Some((dw::DW_AT_data_location, place)))?;
                let array = AttributeValue::UnitRef(array);
                let name = self.type_name(Some(ty), 0);
                self.typedef(id, name, Some(array), None);
                self.add_pointer(id);
            }
            // Of its size alone it is dynamic: with another attribute gdb would work the type out once more, and without the size.
            _ if !self.pointees.are_copies => self.copy(id, ty, None, None)?,
            _ => {
                let place = at_base(base, self.address_size());
                self.copy(id, ty, None, Some((dw::DW_AT_data_location, place)))?;
            }
        }
        Ok(())
    }

    /// Returns true if a type is an array's, whatever it is called.
    fn is_array(&self, ty: &There<'a, 'd>, depth: usize) -> bool {
        match kind(ty.entry.tag()) {
            Kind::Array => true,
            Kind::Named if depth < MAX_DEPTH => {
                let inner = self.type_of(ty);
                inner.is_some_and(|inner| self.is_array(&inner, depth + 1))
            }
            _ => false,
        }
    }

    /// A copy of a scalar type that is dynamic; and of what stands for it, where that is another type.
    fn dynamic_scalar(
        &mut self,
        ty: &There<'a, 'd>,
        target: Option<&There<'a, 'd>>,
        base: HostAddress,
    ) -> Result<AttributeValue, Unlocatable> {
        let tag = ty.entry.tag();
        if self.is_function_pointer(&ty.entry) {
            return Ok(self.functions_at_base());
        }
        if tag == dw::DW_TAG_ptr_to_member_type {
            return Ok(AttributeValue::UnitRef(self.field_type(ty, true)));
        }
        let target = match tag {
            dw::DW_TAG_pointer_type => Some(AttributeValue::UnitRef(self.twin(target, base)?)),
            _ => None,
        };
        let scalar = self.unit.unit.reserve();
        self.copy(scalar, ty, target, Some((dw::DW_AT_associated, always())))?;
        Ok(AttributeValue::UnitRef(scalar))
    }

    /// Another target for a copied pointer: to gdb, two pointers to one type are one, with the attributes of both. And to gdb 18 a
    /// pointer is dynamic if its target is.
    fn twin(
        &mut self,
        target: Option<&There<'a, 'd>>,
        base: HostAddress,
    ) -> Result<UnitEntryId, Unlocatable> {
        let name = self.type_name(target, 0);
        let (inner, base) = match target {
            Some(target) if self.is_object(target, 0) => (self.at_base(target, base)?, Some(base)),
            _ => (AttributeValue::UnitRef(self.dynamic_void()), None),
        };
        let id = self.unit.unit.reserve();
        self.typedef(id, name, Some(inner), base);
        Ok(id)
    }

    /// Returns the stand-in for a type that has no objects, and is dynamic.
    fn dynamic_void(&mut self) -> UnitEntryId {
        if let Some(void) = self.pointees.void {
            return void;
        }
        let void = self.unit.unit.reserve();
        self.add_reserved_type(void, dw::DW_TAG_unspecified_type, None);
        let entry = self.unit.unit.get_mut(void);
        let always = AttributeValue::Exprloc(always());
        entry.set(dw::DW_AT_name, AttributeValue::String(b"void".to_vec()));
        entry.set(dw::DW_AT_associated, always);
        self.pointees.void = Some(void);
        void
    }

    /// A typedef without a symbol. gdb looks for data location at the outermost one.
    fn typedef(
        &mut self,
        id: UnitEntryId,
        name: String,
        inner: Option<AttributeValue>,
        base: Option<HostAddress>,
    ) {
        self.add_reserved_type(id, dw::DW_TAG_typedef, inner);
        let size = self.address_size();
        let typedef = self.unit.unit.get_mut(id);
        let name = AttributeValue::String(name.into_bytes());
        typedef.set(dw::DW_AT_name, name);
        if let Some(base) = base {
            let place = AttributeValue::Exprloc(at_base(base, size));
            typedef.set(dw::DW_AT_data_location, place);
        }
    }

    /// Makes a type's copy, with another attribute where it needs one, when all of the type is there.
    fn copy(
        &mut self,
        id: UnitEntryId,
        ty: &There<'a, 'd>,
        target: Option<AttributeValue>,
        attribute: Option<(DwAt, Expression)>,
    ) -> Result<(), Unlocatable> {
        let original = self.unit.convert_unit_ref(ty.entry.offset());
        let mut ends = Expression::new();
        let size = ty.entry.attr(dw::DW_AT_byte_size);
        ends.op_constu(size.and_then(|it| it.udata_value()).unwrap_or(0));
        let is_class = matches!(kind(ty.entry.tag()), Kind::Class);
        let mut bases = 0;
        let has_virtual_bases = is_class && self.virtual_ends(ty, 0, &mut bases, &mut ends)?;
        self.pointees.copies.push(Copy {
            original: original?,
            id,
            target,
            size: has_virtual_bases.then_some(ends),
            attribute,
        });
        Ok(())
    }

    /// Returns the tag's keyword before a type's name, where types are named by their tags.
    pub(super) fn tag_name(&self, tag: DwTag) -> &'static str {
        match tag {
            _ if !self.pointees.tags => "",
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type => "struct ",
            dw::DW_TAG_union_type => "union ",
            dw::DW_TAG_enumeration_type => "enum ",
            _ => "",
        }
    }

    /// Notes how a unit's types are named.
    pub(super) fn begin_pointees(&mut self, root: &Die<'d>) {
        let language = root.attr_value(dw::DW_AT_language);
        // lldb names no type of C by its tag.
        self.pointees.tags = is_c(language) && self.lookup.code.flavor == Flavor::Gdb;
        self.pointees.names_types = self.has_base() && (is_c(language) || is_cpp(language));
    }

    /// Makes the copies. A class's and an enumeration's are in the same scope, which is part of the names; others have no
    /// symbol.
    pub(super) fn finish_pointees(&mut self) {
        self.foreign_pointees();
        self.nest_dimensions();
        if self.pointees.names_types {
            self.name_types();
        }
        for copy in std::mem::take(&mut self.pointees.copies) {
            let holder = self.holder();
            let original = self.unit.unit.get(copy.original);
            let tag = original.tag();
            let parent = match (kind(tag), original.parent()) {
                (Kind::Class, Some(parent)) => parent,
                _ if tag == dw::DW_TAG_enumeration_type => original.parent().unwrap_or(holder),
                _ => holder,
            };
            self.unit.unit.add_reserved(copy.id, parent, tag);
            self.copy_parts(copy.original, copy.id, copy.size.is_some());
            let entry = self.unit.unit.get_mut(copy.id);
            if let Some((attribute, value)) = copy.attribute {
                entry.set(attribute, AttributeValue::Exprloc(value));
            }
            if let Some(size) = copy.size {
                entry.set(dw::DW_AT_byte_size, AttributeValue::Exprloc(size));
            }
            if let Some(target) = copy.target {
                entry.set(dw::DW_AT_type, target);
            }
            if matches!(kind(tag), Kind::Class | Kind::Array) {
                self.add_pointer(copy.id);
            }
        }
    }

    fn copy_parts(&mut self, original: UnitEntryId, copy: UnitEntryId, fixes_bases: bool) {
        let entry = self.unit.unit.get(original);
        let attributes: Vec<_> = entry
            .attrs()
            .map(|it| (it.name(), it.get().clone()))
            .collect();
        let children: Vec<_> = entry.children().copied().collect();
        for (name, value) in attributes {
            if name != dw::DW_AT_sibling {
                self.unit.unit.get_mut(copy).set(name, value);
            }
        }
        for child in children {
            let tag = self.unit.unit.get(child).tag();
            if is_part(tag) {
                let id = self.unit.unit.add(copy, tag);
                self.copy_parts(child, id, false);
                if fixes_bases && tag == dw::DW_TAG_inheritance {
                    // gdb works out where it is for the copy's one object, and would not expect it to be virtual then.
                    self.unit.unit.get_mut(id).delete(dw::DW_AT_virtuality);
                }
            }
        }
    }

    /// Adds what a type needs for casts to pointers to it, and for addresses of its objects.
    pub(super) fn finish_pointee(&mut self, id: UnitEntryId, entry: &Die<'d>) {
        if self.pointees.base.is_none() {
            return;
        }
        self.pointees.has_char |= self.is_char(entry);
        match kind(entry.tag()) {
            Kind::Array => self.pointees.arrays.push(id),
            // An address of a reference is that of what it refers to.
            Kind::Scalar if is_reference(entry.tag()) => return,
            Kind::Named | Kind::Class | Kind::Scalar => {}
            Kind::Other => return,
        }
        self.add_pointer(id);
    }

    /// The same for what stands for another type.
    pub(super) fn finish_replaced(&mut self, id: UnitEntryId) {
        if self.pointees.base.is_some() {
            self.add_pointer(id);
        }
    }

    /// A pointer to a type, of the guest's size, that gdb reads.
    pub(super) fn add_pointer(&mut self, to: UnitEntryId) {
        let pointer = self.add_type(dw::DW_TAG_pointer_type, to);
        let size = AttributeValue::Data1(self.address_size().bytes());
        let entry = self.unit.unit.get_mut(pointer);
        entry.set(dw::DW_AT_byte_size, size);
        self.hold(pointer);
    }

    /// A new type where it has no symbol.
    fn add_type(&mut self, tag: DwTag, inner: UnitEntryId) -> UnitEntryId {
        let id = self.unit.unit.reserve();
        self.add_reserved_type(id, tag, Some(AttributeValue::UnitRef(inner)));
        id
    }

    pub(super) fn add_reserved_type(
        &mut self,
        id: UnitEntryId,
        tag: DwTag,
        inner: Option<AttributeValue>,
    ) {
        let holder = self.holder();
        self.unit.unit.add_reserved(id, holder, tag);
        if let Some(inner) = inner {
            self.unit.unit.get_mut(id).set(dw::DW_AT_type, inner);
        }
    }

    /// Makes gdb read a type.
    fn hold(&mut self, ty: UnitEntryId) {
        self.add_type(dw::DW_TAG_formal_parameter, ty);
    }

    fn holder(&mut self) -> UnitEntryId {
        if let Some(holder) = self.pointees.holder {
            return holder;
        }
        let root = self.unit.unit.root();
        let holder = self.unit.unit.add(root, dw::DW_TAG_subroutine_type);
        let typedef = self.unit.unit.add(root, dw::DW_TAG_typedef);
        self.unit
            .unit
            .get_mut(typedef)
            .set(dw::DW_AT_type, AttributeValue::UnitRef(holder));
        self.pointees.holder = Some(holder);
        holder
    }
}

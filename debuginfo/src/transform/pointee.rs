//! What guest pointers are of, for gdb: it takes the 4 bytes of a pointer for an address, and DW_AT_data_location tells it where
//! the object at that address really lies.
//!
//! Objects that are found otherwise keep their types, so what only pointers refer to are copies of these. gdb 13 has rules of
//! its own here:
//! * A class has the attribute itself: the target of `this` must be a class. On the type of a member it fails an assertion
//!   (`value_primitive_field`).
//! * On a scalar's type it is not looked at, so it is on a typedef; and counts there only if the scalar's type is dynamic for
//!   another reason. DW_AT_associated, always true, is one that changes nothing.
//! * The length of a typedef is computed when an array of it is made; strings divide by it.
//! * A pointer type has the size that DWARF gave to the first pointer to its target, else the host's. A cast between pointers of
//!   different sizes reads the operand's memory anew, with 4 bytes of something else. So each type that has a name has a pointer.
//!
//! The copy of a type is made in the type's unit, once for all units whose pointers are of it; which have its number from
//! [`filter`](super::filter), as units are made in parallel.
//!
//! Types that no symbol refers to are never read, so they are parameters of a function type that a typedef without a name is of;
//! and in there they have no symbols of their own.

use super::convert::ConvertUnitEntry;
use super::pointer::{Die, MAX_DEPTH, is_pointer};
use super::reference::There;
use super::unit::UnitTransform;
use crate::address::{AddressSize, HostAddress};
use crate::code::{CodeMap, Flavor};
use crate::expr::decode::member_offset;
use crate::expr::emit::Purpose;
use crate::source::Reader;
use crate::write::{AttributeValue, Expression, UnitEntryId};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};
use gimli::{DwAt, DwTag, UnitOffset};
use std::collections::HashMap;

/// The types made for what a unit's pointers are of.
pub(super) struct Pointees {
    /// Where the first memory lies, for gdb.
    base: Option<HostAddress>,
    /// Whether classes are named by their tags, as in C.
    tags: bool,
    /// By the guest's type.
    known: HashMap<UnitOffset, UnitEntryId>,
    /// How many of them are being made, each for another one.
    depth: usize,
    copies: Vec<Copy>,
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
    attribute: DwAt,
    value: Expression,
}

impl Pointees {
    pub(super) fn new(code: &CodeMap<'_>) -> Pointees {
        Pointees {
            base: code
                .memories
                .first()
                .copied()
                .filter(|_| code.flavor == Flavor::Gdb),
            tags: false,
            known: HashMap::new(),
            depth: 0,
            copies: Vec::new(),
            holder: None,
        }
    }
}

/// What a type is of.
pub(super) enum Kind {
    Class,
    Array,
    Scalar,
    /// Another type, by another name or with a qualifier.
    Named,
    /// Nothing that lies in memory.
    Other,
}

pub(super) fn kind(tag: DwTag) -> Kind {
    match tag {
        dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type => Kind::Class,
        dw::DW_TAG_array_type => Kind::Array,
        dw::DW_TAG_base_type | dw::DW_TAG_enumeration_type => Kind::Scalar,
        tag if is_pointer(tag) => Kind::Scalar,
        dw::DW_TAG_typedef
        | dw::DW_TAG_const_type
        | dw::DW_TAG_volatile_type
        | dw::DW_TAG_restrict_type
        | dw::DW_TAG_atomic_type => Kind::Named,
        _ => Kind::Other,
    }
}

/// What of a type's children its copy has. Nested types are the original's only.
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

/// Where an object is that gdb believes at a guest's address: at the memory's base, if its address is not the host's already.
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

/// Of two values on the stack leaves the larger.
fn larger(out: &mut Expression) {
    out.op(dw::DW_OP_over);
    out.op(dw::DW_OP_over);
    out.op(dw::DW_OP_gt);
    let first = out.op_bra();
    out.op(dw::DW_OP_swap);
    let end = out.next_index();
    out.set_target(first, end);
    out.op(dw::DW_OP_drop);
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Whether an entry's DW_AT_type is what a pointer is of, and gdb is to find it.
    pub(super) fn has_pointee(&self, entry: &Die<'d>) -> bool {
        self.pointees.base.is_some() && is_pointer(entry.tag())
    }

    /// What a pointer is of, as gdb is to find it.
    pub(super) fn pointee_type(
        &mut self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<AttributeValue>, String> {
        let pointee = self.type_at(self.unit.read_unit, entry);
        match (self.pointees.base, pointee) {
            (Some(base), Some(pointee)) if self.is_object(&pointee, 0) => {
                self.at_base(&pointee, base).map(Some)
            }
            _ => self.other(entry, attr),
        }
    }

    /// Whether a type is of objects in memory, whatever it is called.
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

    /// A type whose objects are found at the memory's base: of one that [`Self::is_object`].
    fn at_base(&mut self, ty: &There<'a, 'd>, base: HostAddress) -> Result<AttributeValue, String> {
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
            if !self.is_object(&ty, 0) || self.at_base(&ty, base).is_ok() {
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
    ) -> Result<(), String> {
        let tag = ty.entry.tag();
        match (kind(tag), self.type_of(ty)) {
            (Kind::Named, Some(inner)) => {
                let inner = self.at_base(&inner, base)?;
                if tag == dw::DW_TAG_typedef {
                    let name = self.type_name(Some(ty), 0);
                    self.typedef(id, name, Some(inner), Some(base));
                } else {
                    self.add_reserved_type(id, tag, Some(inner));
                    self.add_pointer(id);
                }
            }
            (Kind::Scalar, target) => {
                let mut always = Expression::new();
                always.op(dw::DW_OP_lit1);
                let target = if tag == dw::DW_TAG_pointer_type {
                    Some(AttributeValue::UnitRef(self.twin(target.as_ref(), base)?))
                } else {
                    None
                };
                let scalar = self.unit.unit.reserve();
                self.copy(scalar, ty, target, (dw::DW_AT_associated, always))?;
                let scalar = AttributeValue::UnitRef(scalar);
                self.typedef(id, self.scalar_name(ty), Some(scalar), Some(base));
                let sized = self.add_type(dw::DW_TAG_array_type, id);
                self.hold(sized);
            }
            _ => {
                let place = at_base(base, self.address_size());
                self.copy(id, ty, None, (dw::DW_AT_data_location, place))?;
            }
        }
        Ok(())
    }

    /// Where the virtual bases of a class end, from the object's start, if that is beyond what is on the stack of `out`: gdb reads
    /// no further than the class is long, and the object may be of a class derived from it. Whether there are any.
    fn virtual_ends(
        &self,
        class: &There<'a, 'd>,
        offset: u64,
        bases: &mut usize,
        out: &mut Expression,
    ) -> Result<bool, String> {
        let mut any = false;
        let error = |error: gimli::Error| error.to_string();
        let tree = class.unit.entries_tree(Some(class.entry.offset()));
        let mut tree = tree.map_err(error)?;
        let mut children = tree.root().map_err(error)?.children();
        while let Some(child) = children.next().map_err(error)? {
            let entry = child.entry();
            if entry.tag() != dw::DW_TAG_inheritance {
                continue;
            }
            *bases += 1;
            if *bases > MAX_DEPTH {
                return Err("a class of too many bases".to_owned());
            }
            let Some(base) = self.type_at(class.unit, entry) else {
                continue;
            };
            let place = entry.attr_value(dw::DW_AT_data_member_location);
            let constant = place.and_then(|place| member_offset(place, class.unit));
            let found = match (place, constant) {
                (_, Some(at)) => {
                    let at = offset.wrapping_add(at);
                    self.virtual_ends(&base, at, bases, out)?
                }
                (Some(Read::Exprloc(place)), None) => {
                    let size = base
                        .entry
                        .attr(dw::DW_AT_byte_size)
                        .and_then(|it| it.udata_value());
                    out.op(dw::DW_OP_push_object_address);
                    out.op_plus_uconst(offset);
                    let before = std::mem::replace(out, Expression::new());
                    *out = self.expression_onto(before, (place, class.unit), Purpose::Member)?;
                    out.op(dw::DW_OP_push_object_address);
                    out.op(dw::DW_OP_minus);
                    out.op_plus_uconst(size.unwrap_or(0));
                    larger(out);
                    true
                }
                _ => false,
            };
            any |= found;
        }
        Ok(any)
    }

    /// Another target for a copied pointer: to gdb, two pointers to one type are one, with the attributes of both.
    fn twin(
        &mut self,
        target: Option<&There<'a, 'd>>,
        base: HostAddress,
    ) -> Result<UnitEntryId, String> {
        let name = self.type_name(target, 0);
        let (inner, base) = match target {
            None => (None, None),
            Some(target) if self.is_object(target, 0) => {
                (Some(self.at_base(target, base)?), Some(base))
            }
            Some(target) => (Some(self.reference_to(target)?), None),
        };
        let id = self.unit.unit.reserve();
        self.typedef(id, name, inner, base);
        Ok(id)
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

    /// Makes a type's copy, with an attribute more, when all of the type is there.
    fn copy(
        &mut self,
        id: UnitEntryId,
        ty: &There<'a, 'd>,
        target: Option<AttributeValue>,
        (attribute, value): (DwAt, Expression),
    ) -> Result<(), String> {
        let original = self.unit.convert_unit_ref(ty.entry.offset());
        let mut ends = Expression::new();
        let size = ty.entry.attr(dw::DW_AT_byte_size);
        ends.op_constu(size.and_then(|it| it.udata_value()).unwrap_or(0));
        let is_class = matches!(kind(ty.entry.tag()), Kind::Class);
        let mut bases = 0;
        let has_virtual_bases = is_class && self.virtual_ends(ty, 0, &mut bases, &mut ends)?;
        self.pointees.copies.push(Copy {
            original: original.map_err(|error| error.to_string())?,
            id,
            target,
            size: has_virtual_bases.then_some(ends),
            attribute,
            value,
        });
        Ok(())
    }

    /// The name of a scalar type as gdb shows it.
    fn scalar_name(&self, ty: &There<'a, 'd>) -> String {
        let name = self.type_name(Some(ty), 0);
        if self.pointees.tags && ty.entry.tag() == dw::DW_TAG_enumeration_type {
            return format!("enum {name}");
        }
        name
    }

    /// How a unit's types are named.
    pub(super) fn begin_pointees(&mut self, root: &Die<'d>) {
        self.pointees.tags = matches!(
            root.attr_value(dw::DW_AT_language),
            Some(Read::Language(
                dw::DW_LANG_C89
                    | dw::DW_LANG_C
                    | dw::DW_LANG_C99
                    | dw::DW_LANG_C11
                    | dw::DW_LANG_C17
            ))
        );
    }

    /// Makes the copies. A class's and an enumeration's are in the same scope, which is part of the names; others have no
    /// symbol.
    pub(super) fn finish_pointees(&mut self) {
        self.foreign_pointees();
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
            entry.set(copy.attribute, AttributeValue::Exprloc(copy.value));
            if let Some(size) = copy.size {
                entry.set(dw::DW_AT_byte_size, AttributeValue::Exprloc(size));
            }
            if let Some(target) = copy.target {
                entry.set(dw::DW_AT_type, target);
            }
            if matches!(kind(tag), Kind::Class) {
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

    /// What a type needs for casts to pointers to it.
    pub(super) fn finish_pointee(&mut self, id: UnitEntryId, entry: &Die<'d>) {
        let has_pointer = match kind(entry.tag()) {
            Kind::Named => true,
            Kind::Class | Kind::Scalar => entry.attr(dw::DW_AT_name).is_some(),
            Kind::Array | Kind::Other => false,
        };
        if self.pointees.base.is_some() && has_pointer && !is_pointer(entry.tag()) {
            self.add_pointer(id);
        }
    }

    /// A pointer to a type, of the guest's size, that gdb reads.
    fn add_pointer(&mut self, to: UnitEntryId) {
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

    fn add_reserved_type(&mut self, id: UnitEntryId, tag: DwTag, inner: Option<AttributeValue>) {
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

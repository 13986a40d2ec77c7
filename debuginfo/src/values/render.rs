//! A type and bytes → text, shortly: a line at most, one level of what pointers point to.

use super::evaluate::Location;
use super::machine::Machine;
use super::shown::Shown;
use crate::demangle::demangle;
use crate::dies::{is_address, is_alias, pointer_size};
use crate::expr::decode::member_offset;
use crate::units::{Place, Units};
use gimli::constants as dw;
use gimli::read::AttributeValue;
use std::cell::Cell;
use std::fmt::Write;

/// The most members and elements that are shown.
pub(super) const MEMBERS: usize = 8;
/// The most characters of a string that are shown.
pub(super) const STRING: usize = 80;
/// The depth to which structures are shown in structures.
pub(super) const DEPTH: usize = 3;
/// The depth to which types nest at all.
const NESTING: usize = 24;
/// The largest variable that is read.
const LARGEST: u64 = 64 << 10;

/// The elements of an array.
struct Elements {
    ty: Place,
    /// Bytes of one, and from one to the next.
    size: usize,
    stride: usize,
    /// The depth of values that they are in.
    depth: usize,
}

/// Renders values in one frame.
pub(super) struct Renderer<'r, 'a> {
    pub(super) units: &'r Units<'a>,
    pub(super) machine: &'r dyn Machine,
    /// The depth of the value that is being shown, hidden wrappers included.
    nesting: Cell<usize>,
}

impl<'r, 'a> Renderer<'r, 'a> {
    pub fn new(units: &'r Units<'a>, machine: &'r dyn Machine) -> Renderer<'r, 'a> {
        Renderer {
            units,
            machine,
            nesting: Cell::new(0),
        }
    }

    /// A type without names and qualifiers; `None` is void, or damage.
    pub(super) fn bare(&self, mut ty: Place) -> Option<(Place, gimli::DwTag)> {
        for _ in 0..32 {
            let tag = self.units.tag(ty)?;
            match tag {
                tag if is_alias(tag) => ty = self.units.ty(ty)?,
                tag => return Some((ty, tag)),
            }
        }
        None
    }

    /// A type, as its language writes it.
    pub fn type_name(&self, ty: Place) -> String {
        self.named(ty, 0)
    }

    fn named(&self, ty: Place, depth: usize) -> String {
        if let Some(name) = self.units.name(ty) {
            return demangle(&name).into_owned();
        }
        let inner = || match self.units.ty(ty) {
            Some(inner) if depth < 8 => self.named(inner, depth + 1),
            Some(_) => "…".to_owned(),
            None => "void".to_owned(),
        };
        match self.units.tag(ty) {
            Some(dw::DW_TAG_pointer_type) => match inner() {
                name if name.ends_with('*') => format!("{name}*"),
                name => format!("{name} *"),
            },
            Some(dw::DW_TAG_reference_type) => format!("{} &", inner()),
            Some(dw::DW_TAG_rvalue_reference_type) => format!("{} &&", inner()),
            Some(dw::DW_TAG_const_type) => {
                match self.units.ty(ty).and_then(|it| self.units.tag(it)) {
                    Some(dw::DW_TAG_pointer_type) => format!("{}const", inner()),
                    _ => format!("const {}", inner()),
                }
            }
            Some(dw::DW_TAG_volatile_type) => format!("volatile {}", inner()),
            Some(dw::DW_TAG_array_type) => match self.dimensions(ty) {
                Some(counts) => counts
                    .iter()
                    .fold(inner(), |name, count| format!("{name}[{count}]")),
                None => format!("{}[]", inner()),
            },
            Some(dw::DW_TAG_subroutine_type) => format!("{} (…)", inner()),
            Some(dw::DW_TAG_structure_type) => "struct {…}".to_owned(),
            Some(dw::DW_TAG_union_type) => "union {…}".to_owned(),
            Some(dw::DW_TAG_enumeration_type) => "enum {…}".to_owned(),
            _ => inner(),
        }
    }

    /// A type's size in bytes.
    pub(super) fn size(&self, ty: Place) -> Option<u64> {
        self.size_within(ty, NESTING)
    }

    /// An array of arrays of so many levels at most: damaged input could have a circle.
    fn size_within(&self, ty: Place, levels: usize) -> Option<u64> {
        let (ty, tag) = self.bare(ty)?;
        if let Some(size) = self.units.number(ty, dw::DW_AT_byte_size) {
            return Some(size);
        }
        match tag {
            // A range of another type's values.
            dw::DW_TAG_subrange_type => {
                self.size_within(self.units.ty(ty)?, levels.checked_sub(1)?)
            }
            // C++'s type of nullptr.
            dw::DW_TAG_unspecified_type => Some(self.units.address_size(ty.unit).bytes().into()),
            dw::DW_TAG_array_type => {
                let element = self.size_within(self.units.ty(ty)?, levels.checked_sub(1)?)?;
                let stride = self.stride(ty, element)?;
                let mut counts = self.dimensions(ty)?.into_iter();
                counts.try_fold(stride, u64::checked_mul)
            }
            tag => {
                let addresses = self.units.address_size(ty.unit);
                pointer_size(tag, self.is_function(ty), addresses)
            }
        }
    }

    /// The number of elements of an array in each dimension.
    pub(super) fn dimensions(&self, array: Place) -> Option<Vec<u64>> {
        let children = self.units.children(array).into_iter();
        let dimensions = children.filter(|(_, tag)| *tag == dw::DW_TAG_subrange_type);
        let counts = dimensions.map(|(dimension, _)| {
            let own = self.units.number(dimension, dw::DW_AT_count);
            own.or_else(|| self.elements_of(dimension))
        });
        counts.collect()
    }

    /// Bytes from one element of an array to the next (DWARF 5, section 5.5); `None` where they do not begin at bytes, or where
    /// dimensions have strides of their own.
    pub(super) fn stride(&self, array: Place, element: u64) -> Option<u64> {
        let number = |place, name| self.units.number(place, name);
        let has = |place| {
            [dw::DW_AT_byte_stride, dw::DW_AT_bit_stride]
                .into_iter()
                .any(|name| self.units.attr(place, name).is_some())
        };
        let children = self.units.children(array);
        if children.iter().any(|(dimension, _)| has(*dimension)) {
            return None;
        }
        if !has(array) {
            return Some(element);
        }
        let bits = || number(array, dw::DW_AT_bit_stride).filter(|bits| bits % 8 == 0);
        let bytes = number(array, dw::DW_AT_byte_stride).or_else(|| Some(bits()? / 8))?;
        (bytes >= element).then_some(bytes)
    }

    /// Returns the number of elements of a dimension by its bounds: C's have no lower one, which is 0 then.
    fn elements_of(&self, dimension: Place) -> Option<u64> {
        let bound = |name| {
            let (_, attr) = self.units.attr(dimension, name)?;
            let signed = attr.sdata_value();
            signed.or_else(|| attr.udata_value().and_then(|it| i64::try_from(it).ok()))
        };
        let upper = bound(dw::DW_AT_upper_bound)?;
        let lower = bound(dw::DW_AT_lower_bound).unwrap_or(0);
        u64::try_from(upper.checked_sub(lower)?.checked_add(1)?).ok()
    }

    /// The bytes of a variable of a type.
    pub fn bytes(&self, ty: Place, location: &Location) -> Option<Vec<u8>> {
        let size = self.size(ty).filter(|size| *size <= LARGEST)? as usize;
        match location {
            Location::Memory(address) => Some(self.machine.memory(*address, size)?.to_vec()),
            Location::Bytes(bytes) => Some(bytes.get(..size)?.to_vec()),
        }
    }

    /// Returns the address that a pointer or reference to data holds.
    pub fn pointer(&self, ty: Place, bytes: &[u8]) -> Option<u64> {
        if self.is_reference(ty) {
            return None;
        }
        let (ty, tag) = self.bare(ty)?;
        (is_address(tag) && !self.is_function(ty)).then(|| address(bytes))?
    }

    pub(super) fn is_function(&self, pointer: Place) -> bool {
        let target = self.units.ty(pointer).and_then(|target| self.bare(target));
        target.is_some_and(|(_, tag)| tag == dw::DW_TAG_subroutine_type)
    }

    /// A variable's value; `concrete`: its type is not one that something generic was made for.
    pub fn variable(&self, ty: Place, bytes: &[u8], concrete: bool) -> Option<String> {
        match concrete && self.is_function_of_rust(ty) {
            true => self.function_value(number(bytes)? as u32),
            false => self.value(ty, bytes, 0),
        }
    }

    /// A function, by its element of the table.
    pub(super) fn function_value(&self, element: u32) -> Option<String> {
        if element == 0 {
            return Some("0 (null)".to_owned());
        }
        Some(match self.machine.function(element) {
            Some(name) => format!("{element} ({name})"),
            None => element.to_string(),
        })
    }

    /// Returns true if a type is what rustc describes pointers to functions by, and the types of functions themselves, which have no size:
    /// they can only be told apart by where they are.
    pub(super) fn is_function_of_rust(&self, ty: Place) -> bool {
        let bare = self.bare(ty);
        bare.is_some_and(|(ty, tag)| {
            tag == dw::DW_TAG_pointer_type && self.is_function(ty) && self.is_rust(ty)
        })
    }

    /// A value; `None` where its type is not understood.
    pub fn value(&self, ty: Place, bytes: &[u8], depth: usize) -> Option<String> {
        if self.nesting.get() > NESTING {
            return None;
        }
        self.nesting.set(self.nesting.get() + 1);
        let shown = self.shown(ty, bytes, depth);
        self.nesting.set(self.nesting.get() - 1);
        shown
    }

    fn shown(&self, ty: Place, bytes: &[u8], depth: usize) -> Option<String> {
        if let Some(shown) = self.reference(ty, bytes, depth) {
            return Some(shown);
        }
        let (ty, tag) = self.bare(ty)?;
        match tag {
            dw::DW_TAG_base_type => self.base(ty, bytes),
            dw::DW_TAG_enumeration_type => self.enumerator(ty, bytes),
            dw::DW_TAG_pointer_type => self.pointer_value(ty, bytes, depth),
            dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type => {
                let address = address(bytes)?;
                let target = self.units.ty(ty)?;
                let shown = self.at(target, address, depth + 1);
                Some(shown.map_or_else(
                    || format!("@{address:#x}"),
                    |shown| format!("@{address:#x} {shown}"),
                ))
            }
            dw::DW_TAG_structure_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_interface_type
            | dw::DW_TAG_union_type => self.structure(ty, bytes, depth),
            dw::DW_TAG_ptr_to_member_type => self.member_pointer(ty, bytes),
            dw::DW_TAG_subrange_type => self.value(self.units.ty(ty)?, bytes, depth),
            dw::DW_TAG_unspecified_type => Some("nullptr".to_owned()),
            dw::DW_TAG_array_type => self.array(ty, bytes, depth),
            _ => None,
        }
    }

    /// Renders the value in memory.
    pub(super) fn at(&self, ty: Place, address: u64, depth: usize) -> Option<String> {
        let bytes = self.bytes(ty, &Location::Memory(address))?;
        self.value(ty, &bytes, depth)
    }

    fn pointer_value(&self, ty: Place, bytes: &[u8], depth: usize) -> Option<String> {
        let value = address(bytes)?;
        if self.is_function(ty) {
            let element = u32::try_from(value).ok()?;
            return (!self.is_rust(ty)).then(|| self.function_value(element))?;
        }
        if value == 0 {
            return Some("0x0 (null)".to_owned());
        }
        let mut text = format!("{value:#x}");
        let Some(target) = self.units.ty(ty) else {
            return Some(text);
        };
        if self.machine.memory(value, 1).is_none() {
            text.push_str(match self.machine.is_left_out(value) {
                true => " (not in the core dump)",
                false => " (outside the memory)",
            });
        } else if self.is_char(target) {
            if let Some(string) = self.string(value) {
                let _ = write!(text, " {string}");
            }
        } else if depth == 0
            && let Some(shown) = self.at(target, value, DEPTH - 1)
        {
            let _ = write!(text, " → {shown}");
        }
        Some(text)
    }

    pub(super) fn is_char(&self, ty: Place) -> bool {
        let Some((ty, dw::DW_TAG_base_type)) = self.bare(ty) else {
            return false;
        };
        self.size(ty) == Some(1)
            && matches!(
                self.units
                    .attr(ty, dw::DW_AT_encoding)
                    .map(|(_, attr)| attr.value()),
                Some(AttributeValue::Encoding(
                    dw::DW_ATE_signed_char | dw::DW_ATE_unsigned_char
                ))
            )
            && self
                .units
                .name(ty)
                .is_some_and(|name| name.contains("char"))
    }

    /// The characters from an address to a NUL; `None` where there is none in the memory.
    fn string(&self, address: u64) -> Option<String> {
        let mut bytes = Vec::new();
        for i in 0..=STRING as u64 {
            match self.machine.memory(address.checked_add(i)?, 1)?[0] {
                0 => return Some(quote(&bytes, false)),
                byte => bytes.push(byte),
            }
        }
        bytes.pop();
        Some(quote(&bytes, true))
    }

    fn array(&self, ty: Place, bytes: &[u8], depth: usize) -> Option<String> {
        let element = self.units.ty(ty)?;
        let size = self.size(element).filter(|size| *size > 0)?;
        let stride = self.stride(ty, size)?;
        let counts = self.dimensions(ty)?;
        if self.units.attr(ty, dw::DW_AT_GNU_vector).is_some() {
            return self.lanes(element, bytes);
        }
        let elements = Elements {
            ty: element,
            size: usize::try_from(size).ok()?,
            stride: usize::try_from(stride).ok()?,
            depth,
        };
        self.dimension(&elements, &counts, bytes)
    }

    /// A vector's lanes: numbers, also those of one byte.
    fn lanes(&self, lane: Place, bytes: &[u8]) -> Option<String> {
        let size = usize::try_from(self.size(lane)?).ok()?;
        let (bare, _) = self.bare(lane)?;
        let text = |bytes: &[u8]| match bytes.len() {
            1 if self.is_signed(bare) => Some(signed(bytes)?.to_string()),
            1 => Some(number(bytes)?.to_string()),
            _ => self.value(lane, bytes, DEPTH),
        };
        let lanes: Option<Vec<_>> = bytes.chunks_exact(size.max(1)).map(text).collect();
        Some(format!("[{}]", lanes?.join(", ")))
    }

    /// An array's elements, or its rows, as far as there are bytes of them.
    fn dimension(&self, elements: &Elements, counts: &[u64], bytes: &[u8]) -> Option<String> {
        let inner = counts.get(1..).unwrap_or(&[]);
        if inner.is_empty() && elements.stride == 1 && self.is_char(elements.ty) {
            let end = bytes.iter().position(|byte| *byte == 0);
            let shown = &bytes[..end.unwrap_or(bytes.len()).min(STRING)];
            return Some(quote(shown, shown.len() < end.unwrap_or(bytes.len())));
        }
        if elements.depth > DEPTH && !inner.is_empty() {
            return Some("[…]".to_owned());
        }
        let elements = Elements {
            depth: elements.depth + 1,
            ..*elements
        };
        let row = inner
            .iter()
            .try_fold(1, |all: u64, it| all.checked_mul(*it))?;
        let row = usize::try_from(row).ok()?.checked_mul(elements.stride)?;
        if row == 0 {
            return Some("[]".to_owned());
        }
        let shown: Option<Vec<_>> = bytes
            .chunks(row)
            .take(MEMBERS)
            .map(|bytes| match inner {
                [] => self.value(elements.ty, bytes.get(..elements.size)?, elements.depth),
                inner => self.dimension(&elements, inner, bytes),
            })
            .collect();
        let more = if bytes.len().div_ceil(row) > MEMBERS {
            ", …"
        } else {
            ""
        };
        Some(format!("[{}{more}]", shown?.join(", ")))
    }

    fn structure(&self, ty: Place, bytes: &[u8], depth: usize) -> Option<String> {
        let children = self.units.children(ty);
        if self.is_rust(ty) {
            return self.rust(Shown { ty, bytes, depth }, &children);
        }
        let value = Shown { ty, bytes, depth };
        if let Some(text) = self.libcxx(value).or_else(|| self.zig(value)) {
            return Some(text);
        }
        if depth >= DEPTH {
            return Some("{…}".to_owned());
        }
        let mut shown = Vec::new();
        for (child, tag) in children {
            if !matches!(tag, dw::DW_TAG_member | dw::DW_TAG_inheritance) || self.is_static(child) {
                continue;
            }
            if shown.len() == MEMBERS {
                shown.push("…".to_owned());
                break;
            }
            let value = self
                .member(child, bytes)
                .and_then(|(ty, bytes)| self.value(ty, &bytes, depth + 1))
                .unwrap_or_else(|| "?".to_owned());
            match self.units.name(child) {
                Some(name) => shown.push(format!("{name} = {value}")),
                None => shown.push(value),
            }
        }
        Some(format!("{{{}}}", shown.join(", ")))
    }

    pub(super) fn is_static(&self, member: Place) -> bool {
        self.units.attr(member, dw::DW_AT_external).is_some()
            || self.units.attr(member, dw::DW_AT_declaration).is_some()
    }

    /// A member's type and bytes, those of a bit-field moved to their place.
    pub(super) fn member(&self, member: Place, bytes: &[u8]) -> Option<(Place, Vec<u8>)> {
        let ty = self.units.ty(member)?;
        let size = self.size(ty)? as usize;
        let offset = self.member_start(member)?;
        if let Some(bits) = self.units.number(member, dw::DW_AT_bit_size) {
            let start = self.bit_offset(member, ty, offset, bits)?;
            return Some((ty, self.bit_field(ty, bytes, start, bits)?));
        }
        let offset = usize::try_from(offset).ok()?;
        let end = offset.checked_add(size)?;
        Some((ty, bytes.get(offset..end)?.to_vec()))
    }

    /// The byte that a member begins at.
    pub(super) fn member_start(&self, member: Place) -> Option<u64> {
        match self.units.attr(member, dw::DW_AT_data_member_location) {
            Some((unit, attr)) => member_offset(attr.value(), self.units.get(unit)?),
            None => Some(0),
        }
    }

    /// The bit that a bit field begins at, the lowest of the first byte being the first. Before DWARF 4 it was counted from the highest
    /// of the unit of storage (DWARF 3, section 5.6.6).
    pub(super) fn bit_offset(
        &self,
        member: Place,
        ty: Place,
        offset: u64,
        bits: u64,
    ) -> Option<u64> {
        if let Some(start) = self.units.number(member, dw::DW_AT_data_bit_offset) {
            return Some(start);
        }
        let own = self.units.number(member, dw::DW_AT_byte_size);
        let storage = own.or_else(|| self.size(ty))?;
        let above = self.units.number(member, dw::DW_AT_bit_offset)?;
        let end = offset.checked_add(storage)?.checked_mul(8)?;
        end.checked_sub(above)?.checked_sub(bits)
    }

    pub(super) fn bit_field(
        &self,
        ty: Place,
        bytes: &[u8],
        start: u64,
        bits: u64,
    ) -> Option<Vec<u8>> {
        if bits == 0 || bits > 64 {
            return None;
        }
        let mut value = 0u64;
        for bit in 0..bits {
            let at = start.checked_add(bit)?;
            let byte = *bytes.get(usize::try_from(at / 8).ok()?)?;
            value |= u64::from(byte >> (at % 8) & 1) << bit;
        }
        let (bare, _) = self.bare(ty)?;
        if self.is_signed(bare) && bits < 64 && value >> (bits - 1) & 1 == 1 {
            value |= u64::MAX << bits;
        }
        Some(value.to_le_bytes().get(..self.size(ty)? as usize)?.to_vec())
    }
}

/// The bytes as an unsigned number.
pub(super) fn number(bytes: &[u8]) -> Option<u128> {
    let mut wide = [0; 16];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u128::from_le_bytes(wide))
}

/// The bytes as an address.
pub(super) fn address(bytes: &[u8]) -> Option<u64> {
    u64::try_from(number(bytes)?).ok()
}

/// The bytes as a signed number.
pub(super) fn signed(bytes: &[u8]) -> Option<i128> {
    let shift = 128u32
        .checked_sub(8 * bytes.len() as u32)
        .filter(|it| *it < 128)?;
    Some((number(bytes)? << shift) as i128 >> shift)
}

/// A string between quotes, what is not printable escaped.
pub(super) fn quote(bytes: &[u8], cut: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    format!("{text:?}{}", if cut { "…" } else { "" })
}

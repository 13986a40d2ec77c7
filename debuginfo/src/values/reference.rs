//! References of WebAssembly, and the objects that they are of: by the types that an [outline](crate::outline) has of them. What an object is
//! says the object itself; the type of the variable may be one above it.
//!
//! ```text
//! 0                       null
//! ...........1            a number of 31 bits, above the lowest bit
//! ........000             an object, by its distance from the heap's base
//! ........010             an object of the host, by its number
//! ```

use super::render::{DEPTH, MEMBERS, Renderer, address};
use crate::outline::object::{
    ARRAY, KIND_MASK, KIND_OFFSET, LENGTH_OFFSET, REFERENCE_BYTES, STRUCTURE, TYPE_OFFSET,
};
use crate::units::Place;
use gimli::constants as dw;

/// Bytes of the largest structure: 10,000 fields of 16 bytes.
const LARGEST: u64 = 160 << 10;
/// Bytes of the largest element.
const LARGEST_ELEMENT: u64 = 16;

/// The kind of a reference, by its type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An internal or external reference.
    Word,
    /// A function, by the runtime's address of it; in objects by its number.
    Function,
    /// A handle.
    Exception,
}

impl Renderer<'_, '_> {
    /// Returns true if a type is that of references.
    pub(super) fn is_reference(&self, ty: Place) -> bool {
        self.reference_kind(ty).is_some()
    }

    fn reference_kind(&self, ty: Place) -> Option<Kind> {
        let tag = self.units.tag(ty)?;
        if !matches!(tag, dw::DW_TAG_pointer_type | dw::DW_TAG_typedef) {
            return None;
        }
        let unit = self.units.get(ty.unit)?;
        crate::outline::kind_of(unit)?;
        if tag == dw::DW_TAG_pointer_type {
            return Some(Kind::Word);
        }
        Some(match self.units.name(ty)?.as_str() {
            "anyref" | "eqref" | "i31ref" | "structref" | "arrayref" | "nullref" | "externref" => {
                Kind::Word
            }
            "funcref" => Kind::Function,
            "exnref" => Kind::Exception,
            _ => return None,
        })
    }

    /// The value of a reference; `None` for other types.
    pub(super) fn reference(&self, ty: Place, bytes: &[u8], depth: usize) -> Option<String> {
        let kind = self.reference_kind(ty)?;
        let word = address(bytes)?;
        if word == 0 {
            return Some("null".to_owned());
        }
        Some(match kind {
            Kind::Word => self.word(word as u32, depth),
            Kind::Function => {
                let is_number = bytes.len() == usize::from(REFERENCE_BYTES);
                let function = self.machine.function_reference(word, is_number);
                function.unwrap_or_else(|| "a function".to_owned())
            }
            Kind::Exception => {
                let exception = self.machine.exception(word);
                exception.unwrap_or_else(|| "an exception".to_owned())
            }
        })
    }

    fn word(&self, word: u32, depth: usize) -> String {
        match word & 7 {
            0 => match self.object(word, depth) {
                Ok(shown) => format!("{word:#x} → {shown}"),
                Err(why) => format!("{word:#x} ({why})"),
            },
            2 => format!("host object {}", word >> 3),
            tag if tag & 1 == 1 => format!("{} (i31)", word.cast_signed() >> 1),
            _ => format!("{word:#x} (no reference)"),
        }
    }

    /// An object in the heap, or why it cannot be shown.
    fn object(&self, object: u32, depth: usize) -> Result<String, &'static str> {
        let read = |offset: u64, len: usize| {
            let at = u32::try_from(u64::from(object) + offset).ok();
            let bytes = at.and_then(|at| self.machine.heap(at, len));
            bytes.ok_or("outside the heap, or not known")
        };
        let number = |offset| Ok(address(&read(offset, 4)?).unwrap_or(0));
        let kind = number(KIND_OFFSET)? & KIND_MASK;
        let id = number(TYPE_OFFSET)? as u32;
        let index = self.machine.object_type(id);
        let index = index.ok_or("of a type that the module does not have")?;
        let ty = self.units.object_type(index);
        let ty = ty.ok_or("of a type without a description")?;
        let name = self.type_name(ty);
        if depth >= DEPTH {
            return Ok(format!("{name} {{…}}"));
        }
        let elements = self.units.children(ty).into_iter().find_map(|(child, _)| {
            let array = self.units.ty(child)?;
            let is_open = self.units.tag(array) == Some(dw::DW_TAG_array_type)
                && self.units.attr(array, dw::DW_AT_GNU_vector).is_none();
            is_open.then(|| Some((self.member_start(child)?, self.units.ty(array)?)))?
        });
        let expected = if elements.is_some() { ARRAY } else { STRUCTURE };
        if kind != expected {
            return Err("no object");
        }
        let Some((offset, element)) = elements else {
            let size = self.size(ty).filter(|size| *size <= LARGEST);
            let bytes = read(0, size.ok_or("of a damaged type")? as usize)?;
            let shown = self.value(ty, &bytes, depth + 1);
            let shown = shown.unwrap_or_else(|| "{…}".to_owned());
            return Ok(format!("{name} {shown}"));
        };
        let len = number(LENGTH_OFFSET)?;
        let size = self.size(element);
        let size = size.filter(|size| (1..=LARGEST_ELEMENT).contains(size));
        let size = size.ok_or("of a damaged type")?;
        let mut shown = Vec::new();
        for number in 0..len.min(MEMBERS as u64) {
            let bytes = read(offset + number * size, size as usize)?;
            let value = self.value(element, &bytes, depth + 1);
            shown.push(value.unwrap_or_else(|| "?".to_owned()));
        }
        let more = if len > MEMBERS as u64 { ", …" } else { "" };
        Ok(format!("{name}[{len}] [{}{more}]", shown.join(", ")))
    }
}

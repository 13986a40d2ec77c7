//! Pointers to members, of which the debug info says only what they are of (Itanium C++ ABI, section 2.3; of methods as on ARM, which
//! LLVM has for wasm, too).

use super::render::{Renderer, number, signed};
use crate::units::Place;
use gimli::constants as dw;

/// The depth of a class in another one whose member is named: a base class's, or an unnamed structure's.
const AROUND: usize = 4;

impl Renderer<'_, '_> {
    /// A pointer to a member: its name, as debuggers show it, or its offset in the class; or a method.
    pub(super) fn member_pointer(&self, ty: Place, bytes: &[u8]) -> Option<String> {
        if self.is_function(ty) {
            return self.method_pointer(bytes);
        }
        // Null is -1 (Itanium C++ ABI, section 2.3.1).
        if bytes.iter().all(|byte| *byte == 0xff) {
            return Some("NULL".to_owned());
        }
        let offset = u64::try_from(number(bytes)?).ok()?;
        let class = || {
            let (unit, attr) = self.units.attr(ty, dw::DW_AT_containing_type)?;
            self.units.reference(unit, attr.value())
        };
        let name = class().and_then(|class| self.member_at(class, offset, AROUND, ""));
        Some(name.unwrap_or_else(|| offset.to_string()))
    }

    /// The element of the table, and twice what to add to `this`; with the lowest bit set, the offset in the virtual table instead.
    fn method_pointer(&self, bytes: &[u8]) -> Option<String> {
        let (function, adjustment) = bytes.split_at_checked(bytes.len() / 2)?;
        let (function, adjustment) = (number(function)?, signed(adjustment)?);
        let method = match adjustment & 1 {
            0 => self.function_value(u32::try_from(function).ok()?)?,
            _ => format!("virtual, at byte {function} of the virtual table"),
        };
        Some(match adjustment >> 1 {
            0 => method,
            more => format!("{method}, this {more:+}"),
        })
    }

    /// The name of the member that begins at a byte of a class, after that of the class that has it.
    fn member_at(&self, class: Place, offset: u64, around: usize, outer: &str) -> Option<String> {
        let (class, _) = self.bare(class)?;
        let own = self.units.name(class);
        let owner = own.as_deref().unwrap_or(outer);
        for (child, tag) in self.units.children(class) {
            if !matches!(tag, dw::DW_TAG_member | dw::DW_TAG_inheritance) || self.is_static(child) {
                continue;
            }
            let start = self.member_start(child)?;
            let name = self.units.name(child);
            if let Some(name) = name
                .as_ref()
                .filter(|_| start == offset && tag == dw::DW_TAG_member)
            {
                return Some(format!("&{owner}::{name}"));
            }
            let inner = (tag == dw::DW_TAG_inheritance || name.is_none()) && around > 0;
            let rest = offset.checked_sub(start).filter(|_| inner);
            let found = rest
                .and_then(|rest| self.member_at(self.units.ty(child)?, rest, around - 1, owner));
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

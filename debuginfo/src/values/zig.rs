//! Values of Zig's types as its `{any}` prints them: slices, optionals and error unions. Their names are what Zig's sources say,
//! `[]const u8`, `?usize` or `error{Full}!i32`, which is no other language's name of a structure. Its compilers call the members
//! otherwise from version to version.

use super::render::{DEPTH, Renderer, address, number};
use super::shown::Shown;

impl Renderer<'_, '_> {
    /// A structure that Zig made of one of these types; `None` for any other.
    pub(super) fn zig(&self, value: Shown<'_>) -> Option<String> {
        // A hostile optional is its own payload.
        let name = self.units.name(value.ty).filter(|_| value.depth < DEPTH)?;
        match name.as_bytes().first()? {
            b'[' => self.zig_slice(value),
            b'?' => self.optional(value),
            _ if name.contains('!') => self.error_union(value),
            _ => None,
        }
    }

    /// A pointer with a length: text where it is to bytes.
    fn zig_slice(&self, value: Shown<'_>) -> Option<String> {
        let (pointer, bytes) = self.field(value, "ptr")?;
        let (pointer, _) = self.bare(pointer)?;
        let element = self.units.ty(pointer)?;
        let (address, len) = (address(&bytes)?, self.len(value, "len")?);
        match self.units.name(element).as_deref() {
            Some("u8") => self.text(address, len),
            _ => self.elements(element, address, len, value.depth),
        }
    }

    fn optional(&self, value: Shown<'_>) -> Option<String> {
        let (_, some) = self.field(value, "some")?;
        match number(&some)? {
            0 => Some("null".to_owned()),
            _ => self.one_of(value, ["payload", "data"]),
        }
    }

    /// The error, or what is there without one.
    fn error_union(&self, value: Shown<'_>) -> Option<String> {
        let error = self.field(value, "error");
        let (ty, bytes) = error.or_else(|| self.field(value, "tag"))?;
        match number(&bytes)? {
            0 => self.one_of(value, ["payload", "value"]),
            _ => self.value(ty, &bytes, value.depth + 1),
        }
    }

    fn one_of(&self, value: Shown<'_>, names: [&str; 2]) -> Option<String> {
        let found = names.iter().find_map(|name| self.field(value, name));
        let (ty, bytes) = found?;
        self.value(ty, &bytes, value.depth + 1)
    }
}

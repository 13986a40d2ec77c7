//! An exception → what its language's runtime would say of it if nobody handled it, from the guest's memory: the type and the message of
//! a C++ exception, in the layout that libc++abi gives it where pointers have 4 bytes (cxa_exception.h, private_typeinfo.h).

use super::exception::ThrownException;
use super::instance::InstanceData;
use super::store::StoreCore;
use super::value::Val;
use crate::index::FuncIndex;
use crate::module::elements::lasting_elements;
use crate::printable::Printable;
use dwalin_debuginfo::code::DWARF_MEMORY;
use dwalin_debuginfo::demangle;
use std::borrow::Cow;

/// The class of exceptions that libc++abi throws, `CLNGC++\0`. One that `std::rethrow_exception` throws has a 1 at the end.
const CPP: u64 = u64::from_be_bytes(*b"CLNGC++\0");
/// That of Rust's panics.
const RUST: u64 = u64::from_be_bytes(*b"MOZ\0RUST");

/// From the unwinder's header of an exception down to the `std::type_info *`, and to the exception that is thrown again.
const TYPE: u32 = 48;
const PRIMARY: u32 = 4;
/// The size of that header, which the object is after.
const HEADER: u32 = 32;

/// The position of `what` in the table of virtual functions of a `std::exception`, and that of the text in those that have one.
const WHAT: u32 = 8;
const TEXT: u32 = 4;

/// The classes of the standard library that have a text, by the names in their types, and their `what`.
const WITH_TEXT: [(&str, &str); 2] = [
    ("St13runtime_error", "std::runtime_error::what() const"),
    ("St11logic_error", "std::logic_error::what() const"),
];

/// Exceptions in exceptions that are shown.
const CARRIED: usize = 3;

/// The longest name or message that is read, and the longest chain of bases.
const LONGEST: usize = 4096;
const DEEPEST: usize = 32;

/// The memory of a guest, from which up to so many bytes are read at an address.
struct Guest<'m> {
    read: &'m dyn Fn(u32, usize) -> Vec<u8>,
}

impl Guest<'_> {
    fn word(&self, at: u32) -> Option<u32> {
        let bytes = (self.read)(at, 4);
        Some(u32::from_le_bytes(*bytes.first_chunk()?))
    }

    fn text(&self, at: u32) -> Option<String> {
        let mut bytes = (self.read)(at, LONGEST);
        let end = bytes.iter().position(|byte| *byte == 0)?;
        bytes.truncate(end);
        String::from_utf8(bytes).ok()
    }

    /// The words of the runtime of its language for an exception, by the address that it throws. `function` gives the names of functions by
    /// their addresses.
    fn describe(&self, thrown: u32, function: impl Fn(u32) -> Option<String>) -> Option<String> {
        let class = (self.read)(thrown, 8);
        let class = u64::from_le_bytes(*class.first_chunk()?);
        if class == RUST {
            return Some("Rust panic".to_owned());
        }
        if class & !1 != CPP {
            return None;
        }
        let object = match class == CPP {
            true => thrown.checked_add(HEADER)?,
            false => self.word(thrown.checked_sub(PRIMARY)?)?,
        };
        let ty = self.word(thrown.checked_sub(TYPE)?)?;
        let name = self.type_name(ty)?;
        let symbol = format!("_ZTS{name}");
        let readable = demangle(&symbol);
        let readable = readable.strip_prefix("typeinfo name for ").unwrap_or(&name);
        let said = format!("exception of type {readable}");
        Some(match self.message(ty, object, function) {
            Some(message) => format!("{said}: {message}"),
            None => said,
        })
    }

    fn type_name(&self, ty: u32) -> Option<String> {
        self.text(self.word(ty.checked_add(4)?)?)
            .filter(|name| !name.is_empty())
    }

    /// The result of `what()`, where that is the function of a class that keeps the text. Such a class's type is a
    /// `__si_class_type_info`, and so are those of the classes on the way to it, if they have the same table of virtual functions: then
    /// each has one base, at its beginning, and its type follows its name.
    fn message(
        &self,
        ty: u32,
        object: u32,
        function: impl Fn(u32) -> Option<String>,
    ) -> Option<String> {
        let kind = self.word(ty)?;
        let mut class = ty;
        for _ in 0..DEEPEST {
            if self.word(class)? != kind {
                return None;
            }
            let name = self.type_name(class)?;
            if let Some((_, what)) = WITH_TEXT.iter().find(|(it, _)| *it == name) {
                let functions = self.word(object)?;
                let called = function(self.word(functions.checked_add(WHAT)?)?)?;
                return match called == *what {
                    true => self.text(self.word(object.checked_add(TEXT)?)?),
                    false => None,
                };
            }
            class = self.word(class.checked_add(8)?)?;
        }
        None
    }
}

impl StoreCore {
    /// The words of its language's runtime for an exception; `None` of what no language is known to throw.
    pub(crate) fn language_text(&self, exception: &ThrownException) -> Option<String> {
        let [Val::I32(thrown)] = exception.values[..] else {
            return None;
        };
        let mut instances = self.instances.iter();
        let instance = instances.find(|it| it.tags.contains(&exception.kept.tag))?;
        let memory = self.memory(*instance.memories.get(DWARF_MEMORY)?);
        let read = |at: u32, len: usize| {
            let at = at as usize;
            let len = len.min((memory.len() as usize).saturating_sub(at));
            // SAFETY: no guest of the store runs, and the host that borrowed the store waits for us.
            let bytes = unsafe { memory.get(at, len) };
            bytes.map_or_else(Vec::new, Cow::into_owned)
        };
        let function = |address| function_name(instance, address);
        Guest { read: &read }.describe(thrown as u32, function)
    }

    /// An exception by its handle, which may be any: its tag and values, and what it is to its language.
    pub(crate) fn exception_text(&self, handle: u64) -> Option<String> {
        self.carried_text(handle, 0)
    }

    fn carried_text(&self, handle: u64, depth: usize) -> Option<String> {
        let exception = self.thrown(handle)?;
        if depth >= CARRIED {
            return Some("…".to_owned());
        }
        let text = |value: &Val| match value {
            Val::ExnRef(Some(carried)) => self.carried_text(carried.handle, depth + 1),
            _ => Some(value.to_string()),
        };
        let values: Vec<_> = exception.values.iter().filter_map(text).collect();
        let shown = format!("{}({})", Printable(&exception.tag), values.join(", "));
        Some(match self.language_text(&exception) {
            Some(text) => format!("{shown} → {text}"),
            None => shown,
        })
    }
}

/// The name of the function that a guest's function pointer is.
fn function_name(instance: &InstanceData, address: u32) -> Option<String> {
    let artifact = instance.module.artifact();
    let elements = lasting_elements(instance.module.info(), artifact.wasm());
    let function: FuncIndex = *elements.get(&address)?;
    Some(demangle(artifact.function_name(function)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const THROWN: u32 = 112;

    /// An exception at [`THROWN`], of a class `E` that is derived from `std::runtime_error`: types at 0x10 and 0x20 with tables of virtual
    /// functions at `tables`, names from 200 on, the object's table at 0x30 and its text at 240.
    fn memory(tables: [u32; 2]) -> Vec<u8> {
        let mut memory = vec![0; 320];
        let mut word = |at: u32, value: u32| {
            memory[at as usize..at as usize + 4].copy_from_slice(&value.to_le_bytes());
        };
        for (at, table, name, base) in [(0x10, tables[0], 200, 0x20), (0x20, tables[1], 210, 9999)]
        {
            word(at, table);
            word(at + 4, name);
            word(at + 8, base);
        }
        word(0x30 + WHAT, 7);
        word(THROWN - TYPE, 0x10);
        word(THROWN + HEADER, 0x30);
        word(THROWN + HEADER + TEXT, 240);
        memory[THROWN as usize..][..8].copy_from_slice(&CPP.to_le_bytes());
        for (at, text) in [
            (200, "1E\0"),
            (210, "St13runtime_error\0"),
            (240, "no such file\0"),
        ] {
            memory[at..at + text.len()].copy_from_slice(text.as_bytes());
        }
        memory
    }

    fn describe(memory: &[u8], what: &str) -> Option<String> {
        let function = |address| (address == 7).then(|| what.to_owned());
        let read = |at: u32, len: usize| {
            let bytes = memory.get(at as usize..).unwrap_or_default();
            bytes[..len.min(bytes.len())].to_vec()
        };
        Guest { read: &read }.describe(THROWN, function)
    }

    #[test]
    fn the_message_is_that_of_the_class_that_keeps_one() {
        let what = "std::runtime_error::what() const";
        let said = describe(&memory([77, 77]), what).unwrap();
        assert_eq!(said, "exception of type E: no such file");
        // `E::what` may say anything; a type with another table may have its bases elsewhere.
        for (tables, what) in [([77, 77], "E::what() const"), ([77, 78], what)] {
            let said = describe(&memory(tables), what).unwrap();
            assert_eq!(said, "exception of type E");
        }
    }

    #[test]
    fn memory_that_ends_or_goes_round_says_nothing() {
        let what = "std::runtime_error::what() const";
        let mut round = memory([77, 77]);
        round[0x18..0x1c].copy_from_slice(&0x10_u32.to_le_bytes());
        let said = describe(&round, what).unwrap();
        assert_eq!(said, "exception of type E");
        let whole = memory([77, 77]);
        for len in 0..whole.len() {
            let said = describe(&whole[..len], what);
            assert!(said.is_none_or(|said| said.starts_with("exception of type")));
        }
        assert_eq!(describe(&[0; 320], what), None);
    }
}

//! References in a core dump, whose format has none: lines of the section with its other notes, and the heap as one more
//! memory, which no instance has.
//!
//! ```text
//! heap MEMORY BYTES              the memory that has the heap, and how much of it is used
//! reference THREAD FRAME LOCAL WORD
//! global WORD INDEX              a global that is a reference
//! type MODULE ID INDEX           the number that objects have for an entry of a module's type section
//! function KIND WORD NAME        a function, by its address (a) or as in objects by its number (n)
//! exception HANDLE TEXT          an exception
//! ```

use crate::module::types::ValType;
use crate::report::trap::Trap;
use crate::vm::store::StoreCore;
use dwalin_debuginfo::values::WasmValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A local: its thread, frame and number.
pub type Place = (usize, usize, u32);

/// The references of a core dump.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct References {
    /// The memory that has the heap, and the bytes of it that are used.
    pub heap: Option<(u32, u64)>,
    /// By thread, frame and local.
    pub locals: BTreeMap<Place, u64>,
    /// By the global's index.
    pub globals: BTreeMap<u32, u64>,
    /// Indices of types, by module and number.
    pub types: BTreeMap<(u32, u32), u32>,
    /// Names of functions: by number, or else by address.
    pub functions: BTreeMap<(bool, u64), String>,
    /// Texts of exceptions, by handle.
    pub exceptions: BTreeMap<u64, String>,
}

impl References {
    /// Of a store and the locals of a trap's frames: `places` has the frame of each that is written.
    pub fn of(core: &StoreCore, trap: &Trap, memory: u32) -> References {
        let mut found = References::default();
        let used = core.objects.used();
        if used > 0 {
            found.heap = Some((memory, u64::from(used)));
            for (number, instance) in (0..).zip(&core.instances) {
                let ids = instance.module.type_ids().iter().enumerate();
                let types = ids.map(|(index, id)| ((number, id.as_u32()), index as u32));
                found.types.extend(types);
            }
            for (number, function) in core.objects.functions() {
                let name = core.function_name(function as u64);
                let named = name.map(|name| ((true, u64::from(number)), name));
                found.functions.extend(named);
            }
        }
        let frames = trap.backtrace().frames().iter();
        let written = frames.filter(|it| !it.host && core.instances.get(it.instance).is_some());
        for (number, frame) in written.enumerate() {
            for (local, value) in &frame.locals {
                if let WasmValue::Ref(word) = *value {
                    found.locals.insert((0, number, *local), word);
                    found.name(core, word);
                }
            }
        }
        found
    }

    /// Adds a global.
    pub fn add_global(&mut self, core: &StoreCore, index: u32, word: u64) {
        self.globals.insert(index, word);
        self.name(core, word);
    }

    /// Keeps what is at a word, if that is not in the heap.
    fn name(&mut self, core: &StoreCore, word: u64) {
        let function = core.function_name(word);
        self.functions
            .extend(function.map(|name| ((false, word), name)));
        let exception = core.exception_text(word);
        self.exceptions.extend(exception.map(|text| (word, text)));
    }

    /// Reads a line; one that is not understood is left out.
    pub fn add(&mut self, line: &str) {
        let words: Vec<_> = line.splitn(6, ' ').collect();
        let hex = |i: usize| u64::from_str_radix(words[i], 16).ok();
        let number = |i: usize| words[i].parse::<u32>().ok();
        match words[..] {
            ["heap", ..] if words.len() == 3 => self.heap = number(1).zip(hex(2)),
            ["reference", ..] if words.len() == 5 => {
                let frame = number(1).zip(number(2)).zip(number(3));
                let local = frame.zip(hex(4)).map(|(((thread, frame), local), word)| {
                    ((thread as usize, frame as usize, local), word)
                });
                self.locals.extend(local);
            }
            ["global", ..] if words.len() == 3 => self.globals.extend(number(2).zip(hex(1))),
            ["type", ..] if words.len() == 4 => {
                let ty = number(1).zip(number(2)).zip(number(3));
                self.types.extend(ty);
            }
            ["function", kind @ ("a" | "n"), ..] => {
                let mut words = line.splitn(4, ' ').skip(2);
                let word = words.next().and_then(|it| u64::from_str_radix(it, 16).ok());
                let named = word.zip(words.next());
                let named = named.map(|(word, name)| ((kind == "n", word), name.to_owned()));
                self.functions.extend(named);
            }
            ["exception", ..] => {
                let mut words = line.splitn(3, ' ').skip(1);
                let handle = words.next().and_then(|it| u64::from_str_radix(it, 16).ok());
                let text = words.next().map(str::to_owned);
                self.exceptions.extend(handle.zip(text));
            }
            _ => {}
        }
    }

    /// Appends the lines.
    pub fn write(&self, text: &mut String) {
        if let Some((memory, used)) = self.heap {
            let _ = writeln!(text, "heap {memory} {used:x}");
        }
        for ((thread, frame, local), word) in &self.locals {
            let _ = writeln!(text, "reference {thread} {frame} {local} {word:x}");
        }
        for (index, word) in &self.globals {
            let _ = writeln!(text, "global {word:x} {index}");
        }
        for ((module, id), index) in &self.types {
            let _ = writeln!(text, "type {module} {id} {index}");
        }
        for ((is_number, word), name) in &self.functions {
            let kind = if *is_number { "n" } else { "a" };
            let _ = writeln!(text, "function {kind} {word:x} {}", one_line(name));
        }
        for (handle, shown) in &self.exceptions {
            let _ = writeln!(text, "exception {handle:x} {}", one_line(shown));
        }
    }

    /// The references in the locals of a frame.
    pub fn of_frame(&self, thread: usize, frame: usize) -> impl Iterator<Item = (u32, u64)> {
        let places = (thread, frame, 0)..=(thread, frame, u32::MAX);
        let found = self.locals.range(places);
        found.map(|((_, _, local), word)| (*local, *word))
    }
}

/// A name is in a line of its own.
fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(['\n', '\r']) {
        true => text.replace(['\n', '\r'], "\u{fffd}").into(),
        false => text.into(),
    }
}

/// Returns true if a global is a reference.
pub fn is_reference(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_back_and_strange_lines_are_left_out() {
        let references = References {
            heap: Some((1, 0x40)),
            locals: BTreeMap::from([((0, 2, 1), 8), ((0, 3, 0), u64::MAX)]),
            globals: BTreeMap::from([(3, 0x10)]),
            types: BTreeMap::from([((0, 7), 1)]),
            functions: BTreeMap::from([
                ((true, 1), "a b(c) d e f g".to_owned()),
                ((false, 0x7f00), "f".to_owned()),
            ]),
            exceptions: BTreeMap::from([(2, "$oops(1, 2)".to_owned())]),
        };
        let mut text = String::new();
        references.write(&mut text);
        let mut read = References::default();
        text.lines().for_each(|line| read.add(line));
        assert_eq!(read, references);
        assert_eq!(read.of_frame(0, 2).collect::<Vec<_>>(), [(1, 8)]);
        let mut strange = References::default();
        for line in [
            "heap",
            "heap 1",
            "heap x 8",
            "heap 1 8 9",
            "reference 1 2 3",
            "reference -1 2 3 4",
            "global",
            "global 1",
            "type 1 2",
            "type a b c",
            "function",
            "function a",
            "function x 1 f",
            "function a g f",
            "exception",
            "exception g h",
            "exception 1",
        ] {
            strange.add(line);
        }
        assert_eq!(strange, References::default());
    }
}

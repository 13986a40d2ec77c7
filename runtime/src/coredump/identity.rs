//! Which build of a module a core dump is of, which of its frames were left out, and vectors in locals: these have no place in the
//! format, so they are lines of a custom section of their own.
//!
//! ```text
//! module IDENTITY                one for each of the modules, in their order
//! left_out THREAD BEFORE COUNT   so many frames after the first so many of a thread's
//! vector THREAD FRAME LOCAL BITS a local of type v128, which the stack section says to be missing
//! memory INDEX END               a memory whose bytes from an address on are left out
//! ```
//! Those of [references](super::references) are beside them.

use super::references::{Place, References};
use crate::inspect::file::ModuleFile;
use std::collections::BTreeMap;
use std::fmt::Write;
use wasmparser::{CoreDumpStackFrame, Operator};

/// The section's name.
pub const SECTION: &str = "dwalin.core";

/// The number of frames of a core dump without identities that are compared with a module.
const COMPARED: usize = 64;

/// The contents of the section.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Notes {
    /// The identity of each module.
    pub modules: Vec<u64>,
    /// For a thread, how many frames are before a gap, and how many are left out.
    pub left_out: Vec<(usize, usize, usize)>,
    /// By thread, frame and local.
    pub vectors: BTreeMap<Place, u128>,
    /// For a memory, the address from which on its bytes are left out.
    pub memory_ends: BTreeMap<u32, u64>,
    /// The references.
    pub references: References,
}

impl Notes {
    /// Reads the section; what is not understood is left out.
    pub fn parse(data: &[u8]) -> Notes {
        let mut notes = Notes::default();
        for line in String::from_utf8_lossy(data).lines() {
            let words: Vec<_> = line.split(' ').collect();
            let number = |i: usize| words[i].parse::<usize>().ok();
            match words[..] {
                ["module", identity] => {
                    // Zero is no module's, and keeps the others in their places.
                    let identity = u64::from_str_radix(identity, 16);
                    notes.modules.push(identity.unwrap_or(0));
                }
                ["left_out", ..] if words.len() == 4 => {
                    let numbers = number(1).zip(number(2)).zip(number(3));
                    let gap = numbers.map(|((thread, before), count)| (thread, before, count));
                    notes.left_out.extend(gap);
                }
                ["vector", _, _, local, bits] => {
                    let place = number(1).zip(number(2)).zip(local.parse::<u32>().ok());
                    let bits = u128::from_str_radix(bits, 16).ok();
                    let vector = place.zip(bits);
                    let vector = vector
                        .map(|(((thread, frame), local), bits)| ((thread, frame, local), bits));
                    notes.vectors.extend(vector);
                }
                ["memory", index, end] => {
                    let end = index.parse().ok().zip(u64::from_str_radix(end, 16).ok());
                    notes.memory_ends.extend(end);
                }
                _ => notes.references.add(line),
            }
        }
        notes
    }

    /// The contents of the section.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for identity in &self.modules {
            let _ = writeln!(text, "module {identity:016x}");
        }
        for (thread, before, count) in &self.left_out {
            let _ = writeln!(text, "left_out {thread} {before} {count}");
        }
        for ((thread, frame, local), bits) in &self.vectors {
            let _ = writeln!(text, "vector {thread} {frame} {local} {bits:032x}");
        }
        for (memory, end) in &self.memory_ends {
            let _ = writeln!(text, "memory {memory} {end:x}");
        }
        self.references.write(&mut text);
        text
    }

    /// The vectors in the locals of a frame.
    pub fn vectors(&self, thread: usize, frame: usize) -> impl Iterator<Item = (u32, u128)> {
        let of_frame = (thread, frame, 0)..=(thread, frame, u32::MAX);
        let vectors = self.vectors.range(of_frame);
        vectors.map(|((_, _, local), bits)| (*local, *bits))
    }
}

/// Returns true if frames can be of a module: it has calls at the frames' offsets.
pub fn is_plausible<'f>(
    frames: impl Iterator<Item = (&'f CoreDumpStackFrame, bool)>,
    module: &ModuleFile,
) -> bool {
    frames
        .take(COMPARED)
        .all(|(frame, innermost)| fits(frame, innermost, module).unwrap_or(false))
}

/// Returns true if a frame can be of a module; `None` where its function has no such place.
fn fits(frame: &CoreDumpStackFrame, innermost: bool, module: &ModuleFile) -> Option<bool> {
    let range = module.body(frame.funcidx)?;
    let at = frame.codeoffset as usize;
    if at >= range.len() {
        return None;
    }
    let bytes = module.wasm().get(range)?;
    let body = wasmparser::FunctionBody::new(wasmparser::BinaryReader::new(bytes, 0));
    let mut locals = 0_u32;
    for group in body.get_locals_reader().ok()? {
        locals = locals.checked_add(group.ok()?.0)?;
    }
    // Its parameters are locals too. A writer need not know any.
    if !frame.locals.is_empty() && (frame.locals.len() as u64) < u64::from(locals) {
        return Some(false);
    }
    let operators = body.get_operators_reader().ok()?;
    // Where there is no position, writers give the function's start.
    if innermost || at == 0 {
        return Some(true);
    }
    // Some writers give the call, and some where it returns to.
    let mut last_was_call = false;
    for operator in operators.into_iter_with_offsets() {
        let (operator, start) = operator.ok()?;
        let is_call = matches!(
            operator,
            Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
        );
        if start as usize >= at {
            return Some(start as usize == at && (is_call || last_was_call));
        }
        last_was_call = is_call;
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_back_and_strange_ones_are_left_out() {
        let notes = Notes {
            modules: vec![1, u64::MAX],
            left_out: vec![(0, 96, 34_830)],
            vectors: BTreeMap::from([((0, 3, 1), u128::MAX - 4), ((0, 4, 0), 7)]),
            memory_ends: BTreeMap::from([(1, 1 << 31)]),
            references: References::default(),
        };
        assert_eq!(Notes::parse(notes.text().as_bytes()), notes);
        assert_eq!(
            notes.vectors(0, 3).collect::<Vec<_>>(),
            [(1, u128::MAX - 4)]
        );
        let strange = b"vector 1 2 3\nvector 1 2 -3 4\nvector 1 2 3 g\nleft_out 1 2\nleft_out a 2 3\nmodule x\n\xff\nmodule 2 3\nmemory 1\nmemory 1 g";
        let modules = vec![0];
        assert_eq!(
            Notes::parse(strange),
            Notes {
                modules,
                ..Notes::default()
            }
        );
    }
}

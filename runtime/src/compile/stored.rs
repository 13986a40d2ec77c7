//! Compiled functions as bytes, wherever they are in their module: addresses are distances from the function's body, and functions that it
//! calls are numbers among [those that its key names](super::key::Key::callees).
//!
//! All numbers are little-endian, of 4 bytes. Lists have their length before them.

use super::env::CallTarget;
use super::observe::{Call, CompiledFunction};
use crate::abi::builtin::Builtin;
use crate::abi::handlers::{
    CALLEE_SAVED, HandledCall, Handler, Place as HandlerPlace, SavedRegisters,
};
use crate::abi::slots;
use crate::abi::trap::TrapKind;
use crate::abi::word::Word;
use crate::index::*;
use cranelift_codegen::binemit::Reloc;
use dwalin_debuginfo::address::{CodeOffset, WasmPc};
use std::collections::HashMap;

/// The references that code has.
const RELOCS: [Reloc; 3] = [Reloc::X86CallPCRel4, Reloc::X86PCRel4, Reloc::X86GOTPCRel4];

/// A function's place in its module.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The start of its body.
    pub start: WasmPc,
    /// The functions that it calls, by number.
    pub callees: &'a [DefinedFuncIndex],
}

/// Writes a function; `None` for one with a reference of a kind that is not expected.
pub fn write(function: &CompiledFunction, place: Place<'_>) -> Option<Vec<u8>> {
    let CompiledFunction {
        code,
        alignment,
        rows,
        traps,
        calls,
        frame_size,
        unwind,
        slots,
        saved,
        handled_calls,
        returns,
    } = function;
    let distance = |pc: WasmPc| pc.0.wrapping_sub(place.start.0);
    let mut out = Writer(Vec::with_capacity(code.len() * 2));
    let [b, c, d, e] = saved.0;
    out.words([*alignment, *frame_size, u32::from_le_bytes([b, c, d, e])]);
    out.bytes(code);
    out.bytes(unwind);
    // An address of none is no distance: one is less than the size of a module.
    let row = |(offset, pc): &(CodeOffset, Option<WasmPc>)| {
        [offset.0, u32::from(pc.is_some()), pc.map_or(0, distance)]
    };
    out.list(rows, row);
    out.list(traps, |(offset, kind)| [offset.0, *kind as u32]);
    let callees = place.callees.iter().zip(0..);
    let callees: HashMap<_, u32> = callees.map(|(func, number)| (*func, number)).collect();
    let records = calls.iter().map(|call| call_record(call, &callees));
    let records = records.collect::<Option<Vec<_>>>()?;
    out.list(&records, |record| *record);
    out.list(&slots::words(slots, distance), |word| [*word]);
    out.list(returns, |offset| [offset.0]);
    out.list(handled_calls, |call| [call.returns.0, call.sp_to_fp]);
    for call in handled_calls {
        out.list(&call.handlers, |handler| handler_record(*handler));
    }
    Some(out.0)
}

fn call_record(call: &Call, callees: &HashMap<DefinedFuncIndex, u32>) -> Option<[u32; 5]> {
    let (kind, number) = match call.target {
        CallTarget::Function(func) => (0, *callees.get(&func)?),
        CallTarget::Builtin(builtin) => (1, builtin as u32),
        CallTarget::Word(word) => (2, word as u32),
    };
    let reloc = RELOCS.iter().position(|it| *it == call.reloc)? as u32;
    let addend = i32::try_from(call.addend).ok()?;
    Some([call.offset.0, reloc, addend as u32, kind, number])
}

fn handler_record(handler: Handler) -> [u32; 3] {
    match handler {
        Handler::Context(HandlerPlace::Stack(offset)) => [0, offset, 0],
        Handler::Context(HandlerPlace::Register(register)) => [1, register, 0],
        Handler::Cleanup(code) => [4, code.0, 0],
        Handler::Tag(tag, code) => [2, tag, code.0],
        Handler::All(code) => [3, code.0, 0],
    }
}

fn handler([kind, number, code]: [u32; 3]) -> Option<Handler> {
    Some(match kind {
        0 => Handler::Context(HandlerPlace::Stack(number)),
        1 if (number as usize) < CALLEE_SAVED.len() => {
            Handler::Context(HandlerPlace::Register(number))
        }
        2 => Handler::Tag(number, CodeOffset(code)),
        3 => Handler::All(CodeOffset(number)),
        4 => Handler::Cleanup(CodeOffset(number)),
        _ => return None,
    })
}

fn call(
    [offset, reloc, addend, kind, number]: [u32; 5],
    callees: &[DefinedFuncIndex],
) -> Option<Call> {
    let target = match kind {
        0 => CallTarget::Function(*callees.get(number as usize)?),
        1 => CallTarget::Builtin(*Builtin::ALL.get(number as usize)?),
        2 => CallTarget::Word(*Word::ALL.get(number as usize)?),
        _ => return None,
    };
    Some(Call {
        offset: CodeOffset(offset),
        reloc: *RELOCS.get(reloc as usize)?,
        addend: i64::from(addend as i32),
        target,
    })
}

/// Reads a function; `None` where the bytes are damaged.
pub fn read(bytes: &[u8], place: Place<'_>) -> Option<CompiledFunction> {
    let mut bytes = Reader(bytes);
    let pc = |distance: u32| WasmPc(place.start.0.wrapping_add(distance));
    let [alignment, frame_size, saved] = bytes.words()?;
    let mut function = CompiledFunction {
        alignment,
        frame_size,
        code: bytes.bytes()?.to_vec(),
        unwind: bytes.bytes()?.to_vec(),
        rows: bytes
            .list(|[offset, known, at]| Some((CodeOffset(offset), (known != 0).then(|| pc(at)))))?,
        traps: bytes.list(|[offset, kind]| {
            let kind = TrapKind::from_code(u8::try_from(kind).ok()?)?;
            Some((CodeOffset(offset), kind))
        })?,
        calls: bytes.list(|record| call(record, place.callees))?,
        slots: slots::read(bytes.list(|[word]| Some(word))?, pc)?,
        saved: SavedRegisters(saved.to_le_bytes()),
        returns: bytes.list(|[offset]| Some(CodeOffset(offset)))?,
        handled_calls: bytes.list(|[returns, sp_to_fp]| {
            Some(HandledCall {
                returns: CodeOffset(returns),
                sp_to_fp,
                handlers: Vec::new(),
            })
        })?,
    };
    for call in &mut function.handled_calls {
        call.handlers = bytes.list(handler)?;
    }
    Some(function)
}

struct Writer(Vec<u8>);

impl Writer {
    fn words<const N: usize>(&mut self, words: [u32; N]) {
        for word in words {
            self.0.extend(word.to_le_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.words([bytes.len() as u32]);
        self.0.extend(bytes);
    }

    fn list<T, const N: usize>(&mut self, list: &[T], record: impl Fn(&T) -> [u32; N]) {
        self.words([list.len() as u32]);
        for item in list {
            self.words(record(item));
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn words<const N: usize>(&mut self) -> Option<[u32; N]> {
        let (words, _) = self.take(4 * N)?.as_chunks();
        let mut out = [0; N];
        for (out, word) in out.iter_mut().zip(words) {
            *out = u32::from_le_bytes(*word);
        }
        Some(out)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let [len] = self.words()?;
        self.take(len as usize)
    }

    fn list<T, const N: usize>(&mut self, item: impl Fn([u32; N]) -> Option<T>) -> Option<Vec<T>> {
        let [len] = self.words()?;
        // Not more than there is.
        let mut list = Vec::with_capacity((len as usize).min(self.0.len() / (4 * N)));
        for _ in 0..len {
            list.push(item(self.words()?)?);
        }
        Some(list)
    }
}

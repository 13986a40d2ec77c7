//! Operations → where a variable is, or its bytes. Guest arithmetic is of 32 bits unless addresses have 64, or an i64 local is in it.

use super::machine::{Machine, WasmValue};
use crate::address::{AddressSize, WasmPc};
use crate::code::KeptValue;
use crate::expr::decode::Op;
use gimli::constants as dw;

/// The location of a variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Location {
    /// In the first memory.
    Memory(u64),
    /// Here: its bytes, little-endian.
    Bytes(Vec<u8>),
}

/// The most operations that are executed, so that a damaged expression's loop ends.
const LIMIT: usize = 10_000;

/// A value on the stack: its bits, and what they are.
#[derive(Clone, Copy, Debug)]
struct Word {
    bits: u64,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// An i32, or an address of 32 bits.
    Narrow,
    /// A constant of either width.
    Constant,
    /// An i64, or an address of 64 bits.
    Wide,
    /// A float of so many bytes, with which nothing can be computed.
    Float(usize),
    /// A vector, and its upper 64 bits: nothing can be computed with it either.
    Vector(u64),
}

impl Word {
    fn of_address(bits: u64, size: AddressSize) -> Word {
        match size {
            AddressSize::Four => Word {
                bits: bits & 0xffff_ffff,
                kind: Kind::Narrow,
            },
            AddressSize::Eight => Word {
                bits,
                kind: Kind::Wide,
            },
        }
    }

    fn of(value: WasmValue) -> Word {
        let (bits, kind) = match value {
            WasmValue::I32(bits) => (u64::from(bits), Kind::Narrow),
            WasmValue::I64(bits) => (bits, Kind::Wide),
            WasmValue::F32(bits) => (u64::from(bits), Kind::Float(4)),
            WasmValue::F64(bits) => (bits, Kind::Float(8)),
            WasmValue::Ref(bits) => (bits, Kind::Wide),
            WasmValue::V128(bits) => (bits as u64, Kind::Vector((bits >> 64) as u64)),
        };
        Word { bits, kind }
    }

    /// At most 8 bytes, little-endian.
    fn of_bytes(bytes: &[u8]) -> Word {
        let mut bits = [0; 8];
        bits[..bytes.len()].copy_from_slice(bytes);
        Word {
            bits: u64::from_le_bytes(bits),
            kind: match bytes.len() {
                0..=4 => Kind::Narrow,
                _ => Kind::Wide,
            },
        }
    }

    fn bytes(self) -> Vec<u8> {
        let len = match self.kind {
            Kind::Narrow => 4,
            Kind::Constant | Kind::Wide => 8,
            Kind::Float(len) => len,
            Kind::Vector(high) => return [self.bits.to_le_bytes(), high.to_le_bytes()].concat(),
        };
        self.bits.to_le_bytes()[..len].to_vec()
    }

    /// The address that it is, of a size.
    fn address(self, size: AddressSize) -> Option<u64> {
        let word = Word::of_address(self.bits, size);
        self.is_integer().then_some(word.bits)
    }

    fn is_integer(self) -> bool {
        !matches!(self.kind, Kind::Float(_) | Kind::Vector(_))
    }
}

/// The environment that expressions are evaluated in.
#[derive(Clone, Copy)]
pub(super) struct Context<'m> {
    /// The frame.
    pub machine: &'m dyn Machine,
    /// The address that DW_OP_fbreg counts from.
    pub frame_base: Option<u64>,
    /// The size of addresses.
    pub addresses: AddressSize,
    /// The address at which the expression becomes valid, by which kept operands are known.
    pub from: Option<WasmPc>,
}

/// Evaluates a location; `None` where it is not available.
pub(super) fn evaluate(ops: &[Op], context: Context<'_>) -> Option<Location> {
    if !ops.iter().any(|op| matches!(op, Op::Piece(..))) {
        return whole(ops, context);
    }
    let mut bytes = Vec::new();
    let mut rest = ops;
    while let Some(end) = rest.iter().position(|op| matches!(op, Op::Piece(..))) {
        let Op::Piece(bits, offset) = rest[end] else {
            return None;
        };
        // A piece that is not there makes the whole unavailable.
        if end == 0 || bits % 8 != 0 || offset.is_some_and(|offset| offset != 0) {
            return None;
        }
        let len = usize::try_from(bits / 8).ok()?;
        match whole(&rest[..end], context)? {
            Location::Memory(address) => {
                bytes.extend_from_slice(&context.machine.memory(address, len)?);
            }
            Location::Bytes(piece) => bytes.extend_from_slice(piece.get(..len)?),
        }
        rest = &rest[end + 1..];
    }
    rest.is_empty().then_some(Location::Bytes(bytes))
}

fn whole(ops: &[Op], context: Context<'_>) -> Option<Location> {
    let mut stack: Vec<Word> = Vec::new();
    let mut next = 0;
    for _ in 0..LIMIT {
        let Some(op) = ops.get(next) else {
            let address = stack.pop()?.address(context.addresses)?;
            return Some(Location::Memory(address));
        };
        next += 1;
        match op {
            Op::StackValue if next == ops.len() => {
                return Some(Location::Bytes(stack.pop()?.bytes()));
            }
            Op::Implicit(bytes) if next == ops.len() => {
                return Some(Location::Bytes(bytes.clone()));
            }
            Op::Branch(target) => {
                if stack.pop()?.bits != 0 {
                    next = *target;
                }
            }
            Op::Skip(target) => next = *target,
            op => step(op, &mut stack, context)?,
        }
    }
    None
}

fn step(op: &Op, stack: &mut Vec<Word>, context: Context<'_>) -> Option<()> {
    let machine = context.machine;
    let constant = |bits| Word {
        bits,
        kind: Kind::Constant,
    };
    let word = match op {
        Op::Local(index) => Word::of(machine.local(*index)?),
        Op::Global(index) => {
            let kept = machine.kept(KeptValue::Global(*index), None);
            Word::of(kept.or_else(|| machine.global(*index))?)
        }
        Op::Stack(place) => Word::of(machine.kept(KeptValue::Operand(*place), context.from)?),
        Op::EntryLocal(index) => Word::of(machine.kept(KeptValue::Entry(*index), None)?),
        Op::FrameOffset(offset) => {
            let address = context.frame_base?.wrapping_add(*offset as u64);
            Word::of_address(address, context.addresses)
        }
        Op::Address(address) => {
            let word = Word::of_address(*address, context.addresses);
            (word.bits == *address).then_some(word)?
        }
        Op::Unsigned(value) => constant(*value),
        Op::Signed(value) => constant(*value as u64),
        Op::Pick(depth) => *stack.get(stack.len().checked_sub(1 + usize::from(*depth))?)?,
        Op::PlusConstant(more) => {
            let word = stack.pop()?;
            binary(dw::DW_OP_plus, word, constant(*more))?
        }
        Op::Deref(len) if *len <= 8 => {
            let address = stack.pop()?.address(context.addresses)?;
            let bytes = machine.memory(address, usize::from(*len))?;
            Word::of_bytes(&bytes)
        }
        Op::Plain(dw::DW_OP_nop) => return Some(()),
        Op::Plain(dw::DW_OP_drop) => return stack.pop().map(drop),
        Op::Plain(dw::DW_OP_swap) => {
            let (b, a) = (stack.pop()?, stack.pop()?);
            stack.push(b);
            a
        }
        Op::Plain(op @ (dw::DW_OP_neg | dw::DW_OP_not)) => {
            let word = stack.pop()?;
            match *op {
                dw::DW_OP_neg => binary(dw::DW_OP_minus, Word { bits: 0, ..word }, word)?,
                _ => binary(dw::DW_OP_xor, word, constant(u64::MAX))?,
            }
        }
        Op::Plain(op) => {
            let (b, a) = (stack.pop()?, stack.pop()?);
            binary(*op, a, b)?
        }
        _ => return None,
    };
    stack.push(word);
    Some(())
}

fn binary(op: gimli::DwOp, a: Word, b: Word) -> Option<Word> {
    if !a.is_integer() || !b.is_integer() {
        return None;
    }
    let wide = a.kind == Kind::Wide || b.kind == Kind::Wide;
    let fit = |bits: u64| if wide { bits } else { bits & 0xffff_ffff };
    let signed = |bits: u64| {
        if wide {
            bits as i64
        } else {
            i64::from(bits as u32 as i32)
        }
    };
    let (x, y) = (fit(a.bits), fit(b.bits));
    let width = if wide { 64 } else { 32 };
    let bits = match op {
        dw::DW_OP_plus => x.wrapping_add(y),
        dw::DW_OP_minus => x.wrapping_sub(y),
        dw::DW_OP_mul => x.wrapping_mul(y),
        dw::DW_OP_and => x & y,
        dw::DW_OP_or => x | y,
        dw::DW_OP_xor => x ^ y,
        dw::DW_OP_div => signed(x).checked_div(signed(y))? as u64,
        dw::DW_OP_mod => x.checked_rem(y)?,
        dw::DW_OP_shl if y < width => x << y,
        dw::DW_OP_shr if y < width => x >> y,
        dw::DW_OP_shra if y < width => (signed(x) >> y) as u64,
        dw::DW_OP_eq => u64::from(x == y),
        dw::DW_OP_ne => u64::from(x != y),
        dw::DW_OP_lt => u64::from(signed(x) < signed(y)),
        dw::DW_OP_le => u64::from(signed(x) <= signed(y)),
        dw::DW_OP_gt => u64::from(signed(x) > signed(y)),
        dw::DW_OP_ge => u64::from(signed(x) >= signed(y)),
        _ => return None,
    };
    Some(Word {
        bits: fit(bits),
        kind: if wide { Kind::Wide } else { Kind::Narrow },
    })
}

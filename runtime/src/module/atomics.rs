//! Atomic operators (the threads proposal): what each does, in one table for the compiler and for reports.

use wasmparser::{MemArg, Operator};

/// The operation of an atomic operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `atomic.load`.
    Load,
    /// `atomic.store`.
    Store,
    /// `atomic.rmw` of an operation: returns the value before.
    Modify(Op),
    /// `atomic.rmw.cmpxchg`.
    CompareExchange,
    /// `memory.atomic.notify`.
    Notify,
    /// `memory.atomic.wait32` or `memory.atomic.wait64`.
    Wait,
}

/// The operation of `atomic.rmw`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Addition.
    Add,
    /// Subtraction.
    Sub,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Exchange.
    Xchg,
}

/// An atomic operator that accesses memory.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Atomic {
    /// The address.
    pub memarg: MemArg,
    /// The operation.
    pub kind: Kind,
    /// The bytes that it accesses.
    pub bytes: u32,
    /// True if its value is an i64.
    pub is_wide: bool,
}

impl Atomic {
    /// The number of operands above the address.
    pub fn above_address(&self) -> usize {
        match self.kind {
            Kind::Load => 0,
            Kind::Store | Kind::Modify(_) | Kind::Notify => 1,
            Kind::CompareExchange | Kind::Wait => 2,
        }
    }

    /// Returns the description of an operator; `None` for those that are not atomic, and for `atomic.fence`.
    #[rustfmt::skip] // a table
    pub fn of(operator: &Operator<'_>) -> Option<Atomic> {
        macro_rules! table {
            ($($name:ident $kind:expr, $bytes:literal $is_wide:literal;)*) => {
                match operator {
                    $(Operator::$name { memarg } => Some(Atomic { memarg: *memarg, kind: $kind, bytes: $bytes, is_wide: $is_wide }),)*
                    _ => None,
                }
            };
        }
        table! {
            MemoryAtomicNotify Kind::Notify, 4 false;
            MemoryAtomicWait32 Kind::Wait, 4 false;
            MemoryAtomicWait64 Kind::Wait, 8 false;
            I32AtomicLoad Kind::Load, 4 false;
            I64AtomicLoad Kind::Load, 8 true;
            I32AtomicLoad8U Kind::Load, 1 false;
            I32AtomicLoad16U Kind::Load, 2 false;
            I64AtomicLoad8U Kind::Load, 1 true;
            I64AtomicLoad16U Kind::Load, 2 true;
            I64AtomicLoad32U Kind::Load, 4 true;
            I32AtomicStore Kind::Store, 4 false;
            I64AtomicStore Kind::Store, 8 true;
            I32AtomicStore8 Kind::Store, 1 false;
            I32AtomicStore16 Kind::Store, 2 false;
            I64AtomicStore8 Kind::Store, 1 true;
            I64AtomicStore16 Kind::Store, 2 true;
            I64AtomicStore32 Kind::Store, 4 true;
            I32AtomicRmwAdd Kind::Modify(Op::Add), 4 false;
            I64AtomicRmwAdd Kind::Modify(Op::Add), 8 true;
            I32AtomicRmw8AddU Kind::Modify(Op::Add), 1 false;
            I32AtomicRmw16AddU Kind::Modify(Op::Add), 2 false;
            I64AtomicRmw8AddU Kind::Modify(Op::Add), 1 true;
            I64AtomicRmw16AddU Kind::Modify(Op::Add), 2 true;
            I64AtomicRmw32AddU Kind::Modify(Op::Add), 4 true;
            I32AtomicRmwSub Kind::Modify(Op::Sub), 4 false;
            I64AtomicRmwSub Kind::Modify(Op::Sub), 8 true;
            I32AtomicRmw8SubU Kind::Modify(Op::Sub), 1 false;
            I32AtomicRmw16SubU Kind::Modify(Op::Sub), 2 false;
            I64AtomicRmw8SubU Kind::Modify(Op::Sub), 1 true;
            I64AtomicRmw16SubU Kind::Modify(Op::Sub), 2 true;
            I64AtomicRmw32SubU Kind::Modify(Op::Sub), 4 true;
            I32AtomicRmwAnd Kind::Modify(Op::And), 4 false;
            I64AtomicRmwAnd Kind::Modify(Op::And), 8 true;
            I32AtomicRmw8AndU Kind::Modify(Op::And), 1 false;
            I32AtomicRmw16AndU Kind::Modify(Op::And), 2 false;
            I64AtomicRmw8AndU Kind::Modify(Op::And), 1 true;
            I64AtomicRmw16AndU Kind::Modify(Op::And), 2 true;
            I64AtomicRmw32AndU Kind::Modify(Op::And), 4 true;
            I32AtomicRmwOr Kind::Modify(Op::Or), 4 false;
            I64AtomicRmwOr Kind::Modify(Op::Or), 8 true;
            I32AtomicRmw8OrU Kind::Modify(Op::Or), 1 false;
            I32AtomicRmw16OrU Kind::Modify(Op::Or), 2 false;
            I64AtomicRmw8OrU Kind::Modify(Op::Or), 1 true;
            I64AtomicRmw16OrU Kind::Modify(Op::Or), 2 true;
            I64AtomicRmw32OrU Kind::Modify(Op::Or), 4 true;
            I32AtomicRmwXor Kind::Modify(Op::Xor), 4 false;
            I64AtomicRmwXor Kind::Modify(Op::Xor), 8 true;
            I32AtomicRmw8XorU Kind::Modify(Op::Xor), 1 false;
            I32AtomicRmw16XorU Kind::Modify(Op::Xor), 2 false;
            I64AtomicRmw8XorU Kind::Modify(Op::Xor), 1 true;
            I64AtomicRmw16XorU Kind::Modify(Op::Xor), 2 true;
            I64AtomicRmw32XorU Kind::Modify(Op::Xor), 4 true;
            I32AtomicRmwXchg Kind::Modify(Op::Xchg), 4 false;
            I64AtomicRmwXchg Kind::Modify(Op::Xchg), 8 true;
            I32AtomicRmw8XchgU Kind::Modify(Op::Xchg), 1 false;
            I32AtomicRmw16XchgU Kind::Modify(Op::Xchg), 2 false;
            I64AtomicRmw8XchgU Kind::Modify(Op::Xchg), 1 true;
            I64AtomicRmw16XchgU Kind::Modify(Op::Xchg), 2 true;
            I64AtomicRmw32XchgU Kind::Modify(Op::Xchg), 4 true;
            I32AtomicRmwCmpxchg Kind::CompareExchange, 4 false;
            I64AtomicRmwCmpxchg Kind::CompareExchange, 8 true;
            I32AtomicRmw8CmpxchgU Kind::CompareExchange, 1 false;
            I32AtomicRmw16CmpxchgU Kind::CompareExchange, 2 false;
            I64AtomicRmw8CmpxchgU Kind::CompareExchange, 1 true;
            I64AtomicRmw16CmpxchgU Kind::CompareExchange, 2 true;
            I64AtomicRmw32CmpxchgU Kind::CompareExchange, 4 true;
        }
    }
}

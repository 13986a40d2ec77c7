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
        // Of i32, i64, and their low 8, 16, 8, 16 and 32 bits.
        macro_rules! table {
            ($($kind:expr => $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident;)*) => {
                match operator {
                    $(Operator::$a { memarg } => ($kind, memarg, 4, false),
                    Operator::$b { memarg } => ($kind, memarg, 8, true),
                    Operator::$c { memarg } => ($kind, memarg, 1, false),
                    Operator::$d { memarg } => ($kind, memarg, 2, false),
                    Operator::$e { memarg } => ($kind, memarg, 1, true),
                    Operator::$f { memarg } => ($kind, memarg, 2, true),
                    Operator::$g { memarg } => ($kind, memarg, 4, true),)*
                    Operator::MemoryAtomicNotify { memarg } => (Kind::Notify, memarg, 4, false),
                    Operator::MemoryAtomicWait32 { memarg } => (Kind::Wait, memarg, 4, false),
                    Operator::MemoryAtomicWait64 { memarg } => (Kind::Wait, memarg, 8, false),
                    _ => return None,
                }
            };
        }
        let (kind, memarg, bytes, is_wide) = table! {
            Kind::Load => I32AtomicLoad I64AtomicLoad I32AtomicLoad8U I32AtomicLoad16U I64AtomicLoad8U I64AtomicLoad16U I64AtomicLoad32U;
            Kind::Store => I32AtomicStore I64AtomicStore I32AtomicStore8 I32AtomicStore16 I64AtomicStore8 I64AtomicStore16 I64AtomicStore32;
            Kind::Modify(Op::Add) => I32AtomicRmwAdd I64AtomicRmwAdd I32AtomicRmw8AddU I32AtomicRmw16AddU I64AtomicRmw8AddU I64AtomicRmw16AddU I64AtomicRmw32AddU;
            Kind::Modify(Op::Sub) => I32AtomicRmwSub I64AtomicRmwSub I32AtomicRmw8SubU I32AtomicRmw16SubU I64AtomicRmw8SubU I64AtomicRmw16SubU I64AtomicRmw32SubU;
            Kind::Modify(Op::And) => I32AtomicRmwAnd I64AtomicRmwAnd I32AtomicRmw8AndU I32AtomicRmw16AndU I64AtomicRmw8AndU I64AtomicRmw16AndU I64AtomicRmw32AndU;
            Kind::Modify(Op::Or) => I32AtomicRmwOr I64AtomicRmwOr I32AtomicRmw8OrU I32AtomicRmw16OrU I64AtomicRmw8OrU I64AtomicRmw16OrU I64AtomicRmw32OrU;
            Kind::Modify(Op::Xor) => I32AtomicRmwXor I64AtomicRmwXor I32AtomicRmw8XorU I32AtomicRmw16XorU I64AtomicRmw8XorU I64AtomicRmw16XorU I64AtomicRmw32XorU;
            Kind::Modify(Op::Xchg) => I32AtomicRmwXchg I64AtomicRmwXchg I32AtomicRmw8XchgU I32AtomicRmw16XchgU I64AtomicRmw8XchgU I64AtomicRmw16XchgU I64AtomicRmw32XchgU;
            Kind::CompareExchange => I32AtomicRmwCmpxchg I64AtomicRmwCmpxchg I32AtomicRmw8CmpxchgU I32AtomicRmw16CmpxchgU I64AtomicRmw8CmpxchgU I64AtomicRmw16CmpxchgU I64AtomicRmw32CmpxchgU;
        };
        Some(Atomic { memarg: *memarg, kind, bytes, is_wide })
    }
}

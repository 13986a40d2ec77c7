//! Why guest code stopped (WebAssembly 2.0, section 4: the conditions under which execution traps).

use std::fmt;

macro_rules! trap_kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal $message:literal;)*) => {
        /// Why guest code trapped. The number is what the artifact's trap table holds.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum TrapKind { $($(#[$doc])* $name = $code,)* }

        impl TrapKind {
            /// The kind with this number.
            pub fn from_code(code: u8) -> Option<TrapKind> {
                match code { $($code => Some(TrapKind::$name),)* _ => None }
            }
        }

        impl fmt::Display for TrapKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(TrapKind::$name => $message,)* })
            }
        }
    };
}

trap_kinds! {
    /// A load, store or bulk operation beyond the end of its memory.
    MemoryOutOfBounds = 1 "out of bounds memory access";
    /// An access beyond the end of a table.
    TableOutOfBounds = 2 "out of bounds table access";
    /// `call_indirect` through a null element.
    IndirectCallToNull = 3 "uninitialized element";
    /// `call_indirect` of a function of another type.
    BadSignature = 4 "indirect call type mismatch";
    /// The quotient does not fit its type.
    IntegerOverflow = 5 "integer overflow";
    /// Division or remainder by zero.
    IntegerDivisionByZero = 6 "integer divide by zero";
    /// A number too large, or not a number, converted to an integer.
    BadConversionToInteger = 7 "invalid conversion to integer";
    /// `unreachable` was executed.
    UnreachableCodeReached = 8 "wasm `unreachable` instruction executed";
    /// No stack left.
    StackOverflow = 9 "call stack exhausted";
    /// A reference that must not be null was.
    NullReference = 10 "null reference";
    /// An atomic access at an address that is not a multiple of its size.
    UnalignedAtomic = 11 "unaligned atomic";
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory = 12 "expected shared memory";
    /// An exception that no handler takes.
    UncaughtException = 13 "uncaught exception";
    /// An access beyond the end of an array.
    ArrayOutOfBounds = 14 "out of bounds array access";
    /// `ref.cast` of a reference to something else.
    CastFailure = 15 "cast failure";
    /// No room for a new structure or array.
    HeapFull = 16 "the heap is full";
    /// The store's last epoch has begun.
    Interrupt = 17 "interrupt";
    /// Nothing was left of the store's fuel.
    OutOfFuel = 18 "all fuel consumed by WebAssembly";
    /// A memory or table did not grow, and the embedder wants the guest to end for that.
    GrowthRefused = 19 "a memory or table may not grow";
    /// The write that the embedder waits for is next.
    WatchedWrite = 20 "a watched place is written";
}

//! The runtime functions that compiled code may call: one table that the compiler makes trampolines from and the runtime
//! fills with addresses.
//!
//! Each takes the VmContext first. Integers go as the C ABI has them; a `Fallible` function returns 0, or 1 where the
//! calling instruction is to trap: code then traps itself, at the guest's own instruction.

/// The type of a parameter of a runtime function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Param {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

use Param::{I32, I64};

/// The kind of result of a runtime function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returns {
    /// Nothing.
    Nothing,
    /// A 64-bit value.
    Value,
    /// An i32: 0, or 1 for a trap.
    Fallible,
    /// It does not return.
    Never,
}

/// The size before, of a memory or table that did not grow.
pub const NOT_GROWN: u64 = u64::MAX;

/// The same where the embedder wants the guest to end.
pub const REFUSED: u64 = u64::MAX - 1;

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident $symbol:literal ($($param:ident),*) $returns:ident;)*) => {
        /// A runtime function.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        pub enum Builtin { $($(#[$doc])* $name,)* }

        impl Builtin {
            /// All of them, in the order of the table in memory.
            pub const ALL: &[Builtin] = &[$(Builtin::$name,)*];

            /// The name of its trampoline, as a debugger shows it.
            pub fn symbol(self) -> &'static str {
                match self { $(Builtin::$name => $symbol,)* }
            }

            /// The types of its parameters after the VmContext.
            pub fn params(self) -> &'static [Param] {
                match self { $(Builtin::$name => &[$($param),*],)* }
            }

            /// The kind of its result.
            pub fn returns(self) -> Returns {
                match self { $(Builtin::$name => Returns::$returns,)* }
            }
        }
    };
}

builtins! {
    /// (memory, pages) -> the size before in pages, [`NOT_GROWN`] or [`REFUSED`].
    MemoryGrow "wasm::memory.grow" (I32, I64) Value;
    /// (to memory, from memory, to, from, length)
    MemoryCopy "wasm::memory.copy" (I32, I32, I64, I64, I64) Fallible;
    /// (memory, to, byte, length)
    MemoryFill "wasm::memory.fill" (I32, I64, I32, I64) Fallible;
    /// (memory, segment, to, from, length)
    MemoryInit "wasm::memory.init" (I32, I32, I64, I32, I32) Fallible;
    /// (segment)
    DataDrop "wasm::data.drop" (I32) Nothing;
    /// (table, first value, elements) -> the size before in elements, [`NOT_GROWN`] or [`REFUSED`].
    TableGrow "wasm::table.grow" (I32, I64, I64) Value;
    /// (table, to, value, length)
    TableFill "wasm::table.fill" (I32, I64, I64, I64) Fallible;
    /// (to table, from table, to, from, length)
    TableCopy "wasm::table.copy" (I32, I32, I64, I64, I64) Fallible;
    /// (table, segment, to, from, length)
    TableInit "wasm::table.init" (I32, I32, I64, I32, I32) Fallible;
    /// (segment)
    ElemDrop "wasm::elem.drop" (I32) Nothing;
    /// (table, index below its length) -> the element, given its first value now.
    TableGetLazy "wasm::table.get" (I32, I64) Value;
    /// (function) -> its VmFuncRef.
    RefFunc "wasm::ref.func" (I32) Value;
    /// (tag, address of the values) Continues where the exception is handled; comes back where nobody does.
    Throw "wasm::throw" (I32, I64) Nothing;
    /// (exception, not null) As the one before.
    ThrowRef "wasm::throw_ref" (I64) Nothing;
    /// (type) -> a structure of zeros; null where the heap is full.
    NewStruct "wasm::struct.new" (I32) Value;
    /// (type, length) -> an array of zeros; null where the heap is full.
    NewArray "wasm::array.new" (I32, I32) Value;
    /// (type, segment, from, length) -> an array of a data segment's bytes; null beyond its end, -1 where the heap is full.
    NewArrayOfData "wasm::array.new_data" (I32, I32, I32, I32) Value;
    /// (type, segment, from, length) -> an array of an element segment's; null beyond its end, -1 where the heap is full.
    NewArrayOfElements "wasm::array.new_elem" (I32, I32, I32, I32) Value;
    /// (array, index, length) Gives elements the value of the first of them. They are there.
    ArrayRepeat "wasm::array.fill" (I64, I32, I32) Nothing;
    /// (to array, to, from array, from, length) All elements are there.
    ArrayCopy "wasm::array.copy" (I64, I32, I64, I32, I32) Nothing;
    /// (segment, array, to, from, length) The array's elements are there.
    ArrayInitData "wasm::array.init_data" (I32, I64, I32, I32, I32) Fallible;
    /// (segment, array, to, from, length) The array's elements are there.
    ArrayInitElem "wasm::array.init_elem" (I32, I64, I32, I32, I32) Fallible;
    /// (function) -> its number among those that objects refer to.
    FunctionNumber "wasm::function_number" (I64) Value;
    /// (number) -> the function.
    FunctionOf "wasm::function_of" (I64) Value;
    /// () Leaves guest code for the error that the host left with the store.
    Raise "wasm::raise" () Never;
    /// (memory, address, expected value, nanoseconds or less than 0 for ever, bytes of the value) -> 0 if it was notified, 1 if the value is
    /// another, 2 if the time is over. Only for shared memories.
    MemoryWait "wasm::memory.atomic.wait" (I32, I64, I64, I64, I32) Value;
    /// (memory, address, number of threads) -> how many were notified. Only for shared memories.
    MemoryNotify "wasm::memory.atomic.notify" (I32, I64, I32) Value;
    /// (host address, length) Bytes are about to be written, in code that watches; a trap where the embedder waits for that.
    WatchedWrite "wasm::watched_write" (I64, I64) Fallible;
}

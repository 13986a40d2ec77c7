//! A stopped frame, as values are read from it, and the values of its variables.

use crate::address::WasmPc;
use crate::code::KeptValue;
use std::borrow::Cow;
use std::fmt;

/// A wasm value's bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WasmValue {
    /// An i32.
    I32(u32),
    /// An i64.
    I64(u64),
    /// An f32's bits.
    F32(u32),
    /// An f64's bits.
    F64(u64),
    /// A v128's, its first lane in the lowest.
    V128(u128),
    /// A reference's, a word of the runtime's.
    Ref(u64),
}

/// One frame of a guest, stopped.
pub trait Machine {
    /// A local's value; `None` where it is not known.
    fn local(&self, index: u32) -> Option<WasmValue>;
    /// A global's value in this frame; `None` where it is not known: a callee may have changed it.
    fn global(&self, index: u32) -> Option<WasmValue>;
    /// A value that the frame keeps besides its locals, as it is here; of an operand: one that is kept from this address on.
    fn kept(&self, what: KeptValue, from: Option<WasmPc>) -> Option<WasmValue>;
    /// Bytes of the first memory; `None` where they are not all in it.
    fn memory(&self, address: u64, len: usize) -> Option<Cow<'_, [u8]>>;
    /// Returns true if the memory has an address, and nobody knows what is there: core dumps leave out what there is no room for.
    fn is_left_out(&self, _address: u64) -> bool {
        false
    }
    /// Returns true if this is the innermost frame: it may be in the middle of anything, and others are in a call.
    fn innermost(&self) -> bool;
    /// Returns the name of the function in an element of the first table; `None` where that is not known.
    fn function(&self, element: u32) -> Option<String>;
    /// Bytes of the heap of objects; `None` where they are not all in it, or there is none.
    fn heap(&self, _offset: u32, _len: usize) -> Option<Cow<'_, [u8]>> {
        None
    }
    /// The index in the module of the type that objects have by a number.
    fn object_type(&self, _id: u32) -> Option<u32> {
        None
    }
    /// Returns the name of a function that is referred to by the runtime's address of it, or as in objects by its number.
    fn function_reference(&self, _word: u64, _is_number: bool) -> Option<String> {
        None
    }
    /// Returns an exception by its handle: its tag and values.
    fn exception(&self, _handle: u64) -> Option<String> {
        None
    }
}

/// Why a variable has no value that is certain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unavailable {
    /// The compiler has no location for it here.
    OptimisedOut,
    /// The same, of a part of it.
    PartlyOptimisedOut,
    /// The value was not kept: an operand, or a global that a callee has changed since.
    NotKept,
    /// Its place holds something else by now: compilers use a local for another value where a variable is not needed any longer, and
    /// go on to name it.
    Overwritten,
    /// Its location cannot be right: a tool that changed the code left the debug info as it was.
    Misplaced,
    /// The function has only begun, and not stored it yet.
    NotStored,
    /// It is where there is no memory, or of a type that is not understood.
    Unreadable,
    /// In Rust: a pointer to a function or the type of a function itself, which has no size and no place. rustc describes both alike.
    Function,
    /// The compiler says that it is this constant in all of its scope. LLVM says so, too, of what a loop that it unrolled changes
    /// (`validThroughout` in its DwarfDebug.cpp: "not necessarily correct").
    Constant(String),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unavailable::OptimisedOut => f.write_str("optimised out"),
            Unavailable::PartlyOptimisedOut => f.write_str("optimised out in part"),
            Unavailable::NotKept => f.write_str("not kept"),
            Unavailable::Overwritten => f.write_str("overwritten"),
            Unavailable::Misplaced => f.write_str("the debug info is of other code"),
            Unavailable::NotStored => f.write_str("not stored yet"),
            Unavailable::Unreadable => f.write_str("cannot be read"),
            Unavailable::Function => f.write_str("a function, or a pointer to one"),
            Unavailable::Constant(value) => write!(f, "always {value}, says the compiler"),
        }
    }
}

/// A variable in scope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// True if it is an argument.
    pub argument: bool,
    /// Its type, as its language writes it.
    pub ty: String,
    /// Its value, shortly, or why it is not available.
    pub value: Result<String, Unavailable>,
    /// The address, where it is a pointer or reference to data.
    pub pointer: Option<u64>,
}

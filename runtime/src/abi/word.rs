//! The words after all code: addresses of the instance that the code is placed for.

/// The words after all code, which the runtime fills in: where the parts of the instance are that the code is placed for. To the code
/// generator each is what a global offset table has for a symbol, so one instruction loads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// The instance's VmContext.
    Context,
    /// The VmStoreContext.
    Store,
    /// The base of memory 0, where there is one.
    Memory,
}

impl Word {
    /// All, in their order after the code.
    pub const ALL: [Word; 3] = [Word::Context, Word::Store, Word::Memory];

    /// Bytes of each.
    pub const SIZE: usize = 8;

    /// Bytes of all, which end the text.
    pub const ALL_SIZE: usize = Word::ALL.len() * Word::SIZE;
}

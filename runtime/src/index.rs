//! The index spaces of a module, a type each, and the addresses and offsets that the runtime shares with `debuginfo`.

use cranelift_entity::entity_impl;

macro_rules! index {
    ($(#[$doc:meta] $name:ident $prefix:literal;)*) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);
        entity_impl!($name, $prefix);
    )*};
}

index! {
    /// A function of the module, imports first.
    FuncIndex "func";
    /// A function that the module defines, counted from 0.
    DefinedFuncIndex "defined";
    /// An entry of the type section.
    TypeIndex "type";
    /// A memory, imports first.
    MemoryIndex "memory";
    /// A table, imports first.
    TableIndex "table";
    /// A global, imports first.
    GlobalIndex "global";
    /// A tag, imports first.
    TagIndex "tag";
    /// A data segment.
    DataIndex "data";
    /// An element segment.
    ElemIndex "elem";
    /// A type, the same in all modules of an engine: what `call_indirect` compares.
    SharedTypeId "sig";
}

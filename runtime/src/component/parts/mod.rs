//! A component taken apart: core modules, and the steps that make an instance of them. The tables are ours; who fills them is in
//! `environ.rs` alone.

mod adapter;
mod crossings;
mod environ;
mod lifted;

pub(super) use environ::{rule, take_apart};

use super::types::{FuncType, Handle};
use crate::module::types::FuncType as CoreType;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A component taken apart. Numbers are positions in the lists of this.
#[derive(Default)]
pub struct Parts {
    /// The core modules, in their binary form.
    pub modules: Vec<Vec<u8>>,
    /// The number of those that are in the file: behind them are adapters.
    pub modules_in_file: usize,
    pub initializers: Vec<Initializer>,
    /// Core functions of the border, with their types.
    pub trampolines: Vec<(CoreType, Trampoline)>,
    pub options: Vec<Options>,
    /// The functions and resources that the component takes from outside, each by the names that lead to it.
    pub imports: Vec<Vec<String>>,
    /// The resources that are imported: which import each of the first resources is.
    pub imported_resources: Vec<u32>,
    /// The component instance that defines each of the other resources.
    pub defined_resources: Vec<u32>,
    /// The types of handles by the numbers that adapters have for them; `None` of resources that nobody defines.
    pub tables: Vec<Option<Handle>>,
    pub exports: BTreeMap<String, Export>,
    /// The adapters, by their modules and the indices of their functions: those of which it is known what they are in WIT.
    pub crossings: HashMap<u32, HashMap<u32, Crossing>>,
    /// The number of component instances, of memories that options name, and of functions of each kind.
    pub instances: usize,
    pub memories: usize,
    pub reallocs: usize,
    pub post_returns: usize,
}

impl Parts {
    /// The component instance that defines a resource.
    pub fn definer(&self, resource: u32) -> Option<u32> {
        let defined = (resource as usize).checked_sub(self.imported_resources.len())?;
        self.defined_resources.get(defined).copied()
    }

    pub fn resources(&self) -> usize {
        self.imported_resources.len() + self.defined_resources.len()
    }
}

/// A step of instantiation.
pub enum Initializer {
    /// A core module gets its next instance, with imports in the module's order.
    Instantiate { module: u32, imports: Vec<Def> },
    /// A memory is what options mean by a number.
    Memory {
        index: u32,
        instance: u32,
        item: u32,
    },
    /// A function is what options mean by a number.
    Realloc { index: u32, def: Def },
    /// As `Realloc`.
    PostReturn { index: u32, def: Def },
    /// A resource is defined.
    Resource {
        resource: u32,
        destructor: Option<Def>,
    },
}

/// A core item.
#[derive(Clone, Copy)]
pub enum Def {
    /// An item of a core instance, by its place in the module's index space.
    Item { instance: u32, item: Item },
    /// A function of the border.
    Trampoline(u32),
    /// The global that says whether a component instance may call out.
    MayLeave(u32),
}

/// The kind and number of a core item.
#[derive(Clone, Copy)]
pub enum Item {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
    Tag(u32),
}

/// A core function of the border.
pub enum Trampoline {
    /// An import of the component, lowered.
    Lower {
        import: u32,
        ty: Arc<FuncType>,
        options: u32,
    },
    /// `resource.new`, `resource.rep` and `resource.drop`.
    ResourceNew(Handle),
    ResourceRep(Handle),
    ResourceDrop(Handle),
    /// A function for adapters between components.
    Fused(Fused),
}

/// A function that adapters between components call.
#[derive(Clone, Copy)]
pub enum Fused {
    /// A step of passing a string from a memory to another.
    Transcode {
        op: Transcode,
        from: u32,
        to: u32,
    },
    /// A handle goes from one table to another.
    TransferOwn,
    /// A handle is lent for the innermost call.
    TransferBorrow,
    /// A call that passes handles begins, and ends.
    EnterCall,
    ExitCall,
    /// A rule was broken, which a number says.
    Trap,
}

/// A call that an adapter passes on, as WIT has it.
pub struct Crossing {
    pub name: String,
    pub ty: Arc<FuncType>,
    pub arguments: Source,
    pub returned: Option<Returned>,
}

/// The place of what the callee returned, from the offset of its call on.
pub struct Returned {
    pub from: usize,
    /// The adapter's locals that hold it.
    pub locals: Vec<u32>,
    pub source: Source,
}

/// The place of values that an adapter reads: what is not there is of no matter to them.
#[derive(Default)]
pub struct Source {
    pub memory: Option<SourceMemory>,
    pub encoding: Option<Encoding>,
}

/// A memory that an adapter reads.
#[derive(Clone, Copy)]
pub enum SourceMemory {
    /// By its index among those that it imports.
    Imported(u32),
    /// By the number that options have for it.
    Numbered(u32),
}

/// A step of passing a string from one memory to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transcode {
    CopyUtf8,
    CopyUtf16,
    CopyLatin1,
    Latin1ToUtf16,
    Latin1ToUtf8,
    Utf8ToUtf16,
    Utf16ToUtf8,
    /// As Latin-1 as far as that goes.
    Utf8ToLatin1,
    Utf16ToLatin1,
    /// The rest as UTF-16, with what was Latin-1 before.
    Utf8ToCompactUtf16,
    Utf16ToCompactUtf16,
    /// As Latin-1 if all of it can be, else as it is.
    Utf16ToCompact,
}

/// Options of a function that is lifted or lowered.
#[derive(Clone, Copy)]
pub struct Options {
    /// The component instance.
    pub instance: u32,
    pub encoding: Encoding,
    pub memory: Option<u32>,
    pub realloc: Option<u32>,
    pub post_return: Option<u32>,
}

/// The encoding of strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Utf8,
    Utf16,
    /// Latin-1, or UTF-16 where the length has its highest bit set.
    Compact,
}

/// An export of the component.
pub enum Export {
    /// A function that is lifted.
    Func {
        def: Def,
        ty: Arc<FuncType>,
        options: u32,
    },
    Instance(BTreeMap<String, Export>),
}

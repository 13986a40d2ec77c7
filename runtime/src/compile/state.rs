//! The state of a function's translation, by the kind of operators that keeps it.

use super::cleanup::Tries;
use crate::abi::builtin::Builtin;
use crate::abi::word::Word;
use crate::index::*;
use cranelift_codegen::ir::{Block, FuncRef, GlobalValue, SigRef, StackSlot, Value};
use cranelift_codegen::isa::CallConv;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{KeptValue, OperandQuestion, Statement, ValueType};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

/// The construct that opened a frame.
pub(super) enum Kind {
    /// The function's body: its end returns.
    Function,
    /// `block`, or an `if` whose `else` has begun.
    Block,
    /// `loop`: branches go to its head.
    Loop { head: Block },
    /// `if`, before `else`: where the condition goes when false, and the operands that the other arm begins with.
    If {
        otherwise: Block,
        params: Box<[Value]>,
    },
    /// A legacy `try`, in its body or a clause.
    Try(OpenTry),
    /// Opened where nothing is reachable.
    Dead,
}

/// One entry of the control stack.
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// The block at its end. For [`Kind::Dead`] meaningless.
    pub(super) end: Block,
    pub(super) params: usize,
    pub(super) results: usize,
    /// Operands below the frame's own.
    pub(super) height: usize,
    /// The clauses that are in force around it.
    pub(super) handlers: InForce,
    /// True if something branches to it: how many values were kept for locations before the first that does.
    pub(super) branched_to: Option<usize>,
    /// True if the innermost loop calls nobody.
    pub(super) is_quiet: bool,
}

impl Frame {
    /// Returns the target of a branch to the frame, and the number of its values.
    pub(super) fn target(&self) -> (Block, usize) {
        match self.kind {
            Kind::Loop { head } => (head, self.params),
            _ => (self.end, self.results),
        }
    }
}

/// Functions and signatures that the function being compiled has named so far.
#[derive(Default)]
pub(super) struct Callees {
    pub(super) functions: HashMap<(DefinedFuncIndex, CallConv), FuncRef>,
    pub(super) builtins: HashMap<Builtin, FuncRef>,
    pub(super) signatures: HashMap<(TypeIndex, CallConv), SigRef>,
    /// The symbols of the words after the code, in their order: one symbol is one value to the code generator.
    pub(super) words: [Option<GlobalValue>; Word::ALL.len()],
}

impl Callees {
    /// Returns true if the function has no calls, of the runtime neither.
    pub(super) fn is_empty(&self) -> bool {
        self.signatures.is_empty() && self.builtins.is_empty()
    }
}

/// A clause: exceptions with its tag, or all of them, go to its landing.
#[derive(Clone, Copy)]
pub(super) struct Clause {
    pub(super) tag: Option<TagIndex>,
    pub(super) landing: Block,
    /// True if it only throws on.
    pub(super) is_cleanup: bool,
    /// The one that is asked next.
    pub(super) outer: InForce,
}

/// The innermost of the clauses that are in force, by number; `None` where there are none.
pub(super) type InForce = Option<usize>;

/// A legacy `try` that is open.
pub(super) struct OpenTry {
    /// The landings of the clauses that have not begun.
    pub(super) landings: VecDeque<Block>,
    /// The value of the pinned register in the function.
    pub(super) pinned: Value,
    /// In a clause, the exception that it handles.
    pub(super) exception: Option<Value>,
}

/// The handlers of a function, as far as translation has come.
#[derive(Default)]
pub(super) struct Handlers {
    pub(super) clauses: Vec<Clause>,
    pub(super) in_force: InForce,
    /// The `try`s that have not begun, in order; known when the first begins.
    pub(super) tries: Option<Tries>,
    /// The number of handlers in tables.
    pub(super) written: usize,
    /// The slots for the values of exceptions, by size.
    pub(super) slots: HashMap<u32, StackSlot>,
}

impl Handlers {
    /// The clauses in force.
    pub(super) fn in_force(&self) -> InForce {
        self.in_force
    }

    /// Puts clauses in force, as they are at the border of a frame.
    pub(super) fn restore(&mut self, in_force: InForce) {
        self.in_force = in_force;
    }

    /// Puts the clauses of one `try` in force, the first of them first.
    pub(super) fn add(
        &mut self,
        clauses: impl DoubleEndedIterator<Item = (Option<TagIndex>, Block, bool)>,
    ) {
        for (tag, landing, is_cleanup) in clauses.rev() {
            let outer = self.in_force.replace(self.clauses.len());
            self.clauses.push(Clause {
                tag,
                landing,
                is_cleanup,
                outer,
            });
        }
    }
}

/// The values that are known in a block.
#[derive(Default)]
pub(super) struct BlockValues {
    /// The VmContext, for the whole function: a value of its own, through which loads are the same wherever they are.
    pub(super) context: Option<Value>,
    /// The same, found again.
    pub(super) own_context: Option<Value>,
    /// The block that the rest is valid in; in another one nothing is.
    pub(super) block: Option<Block>,
    pub(super) base: Option<(MemoryIndex, Value)>,
    /// The values in the homes of locals, and the operand as an index of 64 bits, once that was needed.
    pub(super) locals: Vec<(u32, Value, Option<Value>)>,
    /// The locals whose homes were compared with registers since they were set.
    pub(super) compared: Vec<u32>,
}

/// The loops of a function that call nobody.
#[derive(Default)]
pub(super) struct QuietLoops {
    /// The places in the file behind the operators that begin them; known when the first loop begins.
    pub(super) found: Option<HashSet<usize>>,
    /// True if the present operator begins one.
    pub(super) begins: bool,
}

/// The frame of a leaf function that does not move `__stack_pointer`.
pub(super) struct LeafFrame {
    pub(super) global: GlobalIndex,
    /// The global's value at entry.
    pub(super) callers: Value,
    pub(super) is_known: bool,
}

/// The statements of a function, as far as translation has come.
pub(super) struct Statements<'a> {
    pub(super) all: &'a [Statement],
    /// The number of statements that have begun.
    pub(super) begun: usize,
    /// The one that has begun and has no code yet.
    pub(super) waiting: Option<Statement>,
    /// True if a basic block of the source's begins here: nothing has run since control came in or went out.
    pub(super) at_block: bool,
    /// True if each is one instruction of wasm's.
    pub(super) instructions: bool,
    /// The number of `nop`s before the next operator.
    pub(super) nops: usize,
    /// The line of the last that has begun.
    pub(super) line: u32,
    /// The value of the last code so far, if that is a load, which an instruction that follows could take in.
    pub(super) loaded: Option<Value>,
    /// True if nothing of the operator before can become a part of the instruction that follows, where each is a statement.
    pub(super) apart: bool,
    /// The branches that close loops, by the places of the loops' first operators; known when first asked for.
    pub(super) closing: Option<HashMap<usize, usize>>,
}

impl<'a> Statements<'a> {
    /// Of a function: sorted by address. Each may be one instruction of wasm's.
    pub(super) fn new(all: &'a [Statement], instructions: bool) -> Statements<'a> {
        Statements {
            all,
            begun: 0,
            waiting: None,
            at_block: false,
            instructions,
            nops: 0,
            line: 0,
            loaded: None,
            apart: false,
            closing: None,
        }
    }

    /// Returns true if a statement of this line begins at an address.
    pub(super) fn begins(&self, pc: WasmPc, line: u32) -> bool {
        let from = self.all.partition_point(|statement| statement.pc < pc);
        self.all[from..]
            .iter()
            .take_while(|it| it.pc == pc)
            .any(|it| it.line == line)
    }
}

/// A value that is in a slot for locations.
pub(super) struct KeptSlot {
    pub(super) slot: StackSlot,
    pub(super) what: KeptValue,
    pub(super) ty: ValueType,
    /// The range in which the slot holds it.
    pub(super) at: Range<WasmPc>,
}

/// An operand in its slot, on all ways to where control is.
pub(super) struct LiveOperand {
    /// Among the kept.
    pub(super) index: usize,
    /// The number of control frames that were open.
    pub(super) depth: usize,
    /// The place in the operand stack.
    pub(super) place: usize,
    /// The address up to which it is named.
    pub(super) until: WasmPc,
    /// The value in the slot.
    pub(super) value: Value,
    /// True if several locations name it.
    pub(super) is_shared: bool,
    /// True if it was taken off the stack.
    pub(super) is_off: bool,
    /// True if the slot was compared with a register since it was written to.
    pub(super) is_compared: bool,
    /// True if a debugger may have written to the slot since.
    pub(super) may_differ: bool,
}

/// The operands of a function that are asked for, as far as translation has come.
pub(super) struct Operands<'a> {
    pub(super) rest: &'a [OperandQuestion],
    pub(super) live: Vec<LiveOperand>,
    /// Slots, their sizes, and from where on they are free.
    pub(super) slots: Vec<(StackSlot, u32, WasmPc)>,
}

impl<'a> Operands<'a> {
    /// Of a function: sorted by address.
    pub(super) fn new(all: &'a [OperandQuestion]) -> Operands<'a> {
        Operands {
            rest: all,
            live: Vec::new(),
            slots: Vec::new(),
        }
    }
}

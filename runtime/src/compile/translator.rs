//! The translation of a function: what all kinds of operators share.

use super::env::Env;
use super::settable::Settable;
use super::signature::{POINTER, V128, clif_type};
use super::state::{
    BlockValues, Callees, Frame, Handlers, KeptSlot, LeafFrame, Operands, QuietLoops, Statements,
};
use super::unseen::Unseen;
use crate::abi::settings::OptLevel;
use crate::index::{DefinedFuncIndex, GlobalIndex};
use crate::module::types::ValType;
use cranelift_codegen::ir::{
    AliasRegionData, Block, InstBuilder, MemFlagsData, SourceLoc, StackSlot, Value,
};
use cranelift_frontend::{FunctionBuilder, Variable};
use dwalin_debuginfo::address::WasmPc;
use std::ops::Range;

/// The storage of one of a function's locals in its code.
#[derive(Clone, Copy)]
pub enum Local {
    /// Wherever the code generator likes.
    Variable(Variable),
    /// In its home: code reads and writes the slot, so that a debugger can too.
    Home(Home),
    /// Wherever the code generator likes, and each value is copied to the home for a debugger to read.
    Shadowed(Variable, StackSlot),
}

/// A local in its home.
#[derive(Clone, Copy)]
pub struct Home {
    /// The slot.
    pub slot: StackSlot,
    /// The local's type.
    pub ty: ValType,
    /// In place of the slot, for values that nobody can see.
    pub unseen: Option<Variable>,
    /// The value that was last stored to the slot or loaded from it, where code compares.
    pub known: Option<Variable>,
}

/// The translation of one function's operators. Operands are CLIF values, the control stack is `Frame`s.
pub struct Translator<'a, 'f> {
    pub(super) env: &'a Env<'a>,
    pub(super) builder: FunctionBuilder<'f>,
    pub(super) locals: Vec<Local>,
    pub(super) stack: Vec<Value>,
    pub(super) control: Vec<Frame>,
    /// True if the next operator can be executed; what cannot is not translated.
    pub(super) reachable: bool,
    pub(super) callees: Callees,
    pub(super) handlers: Handlers,
    pub(super) block_values: BlockValues,
    pub(super) leaf_frame: Option<LeafFrame>,
    /// The blocks by which branches leave the function, and the operators that branch.
    pub(super) exits: Vec<(Block, SourceLoc)>,
    /// The targets of tables so far.
    pub(super) table_targets: usize,
    /// The slot for a word of a packed table.
    pub(super) word_slot: Option<StackSlot>,
    /// The fuel that operators took since it was last subtracted.
    pub(super) fuel_owed: i64,
    pub(super) statements: Statements<'a>,
    pub(super) operands: Operands<'a>,
    pub(super) kept: Vec<KeptSlot>,
    /// Globals that are kept, and have not been set yet.
    pub(super) frame_globals: Vec<(GlobalIndex, StackSlot)>,
    /// The addresses of the present operator, if it is a set of a local whose code belongs to the operator before.
    pub(super) sets_early: Option<Range<WasmPc>>,
    /// The local that the present operator sets, if its home has the value already.
    pub(super) already_set: Option<u32>,
    pub(super) settable: Settable,
    pub(super) quiet_loops: QuietLoops,
    pub(super) unseen: Unseen,
    /// Slots that were written to together with the next one.
    pub(super) slot_pairs: Vec<StackSlot>,
}

impl<'a, 'f> Translator<'a, 'f> {
    /// At the beginning of a function, before its locals are known.
    pub(super) fn new(
        env: &'a Env<'a>,
        func: DefinedFuncIndex,
        body: &[u8],
        builder: FunctionBuilder<'f>,
    ) -> Translator<'a, 'f> {
        let settable = Settable::new(env.wanted(func));
        Translator {
            env,
            builder,
            locals: Vec::new(),
            stack: Vec::new(),
            control: Vec::new(),
            reachable: true,
            callees: Callees::default(),
            handlers: Handlers::default(),
            block_values: BlockValues::default(),
            leaf_frame: None,
            exits: Vec::new(),
            table_targets: 0,
            word_slot: None,
            fuel_owed: 0,
            statements: Statements::new(env.statements(func), env.stops_at_instructions(func)),
            operands: Operands::new(env.operands(func)),
            kept: Vec::new(),
            frame_globals: Vec::new(),
            sets_early: None,
            already_set: None,
            unseen: Unseen::new(env, func, body, &settable),
            settable,
            quiet_loops: QuietLoops::default(),
            slot_pairs: Vec::new(),
        }
    }
}

impl Translator<'_, '_> {
    pub(super) fn get_local(&mut self, index: u32) -> Value {
        match self.locals[index as usize] {
            Local::Variable(variable) | Local::Shadowed(variable, _) => {
                self.builder.use_var(variable)
            }
            Local::Home(home) => {
                if let Some(variable) = self.unseen_variable(index, home) {
                    return self.builder.use_var(variable);
                }
                if let Some(value) = self.known_home(index) {
                    return value;
                }
                self.get_home(index, home, clif_type(home.ty))
            }
        }
    }

    pub(super) fn set_local(&mut self, index: u32, value: Value) {
        let is_seen = !self.unseen.is_accessed(index) && self.already_set != Some(index);
        if let Local::Home(Home { slot, .. }) | Local::Shadowed(_, slot) =
            self.locals[index as usize]
            && is_seen
        {
            self.show(value, slot);
        }
        self.block_values.compared.retain(|it| *it != index);
        self.note_local(index, value);
    }

    /// Writes a value to a slot that debuggers read. An optimizer drops a store that another one follows before anybody reads: a load
    /// of which no code is made says that somebody does. It need not read guests' memory again behind the store, which is elsewhere.
    pub(super) fn show(&mut self, value: Value, slot: StackSlot) {
        if self.env.settings.opt_level == OptLevel::None {
            self.builder.ins().stack_store(POINTER, value, slot, 0);
            return;
        }
        let region = self.builder.func.dfg.alias_regions.insert(AliasRegionData {
            user_id: 0,
            description: "what debuggers read".into(),
        });
        let flags = MemFlagsData::trusted().with_alias_region(Some(region));
        let address = self.builder.ins().stack_addr(POINTER, slot, 0);
        self.builder.ins().store(flags, value, address, 0);
        let ty = self.builder.func.dfg.value_type(value);
        self.builder.ins().load(ty, flags, address, 0);
    }

    /// A local was set to a value, its home too if it can be seen there.
    pub(super) fn note_local(&mut self, index: u32, value: Value) {
        match self.locals[index as usize] {
            Local::Variable(variable) | Local::Shadowed(variable, _) => {
                self.builder.def_var(variable, value);
            }
            Local::Home(home) => match self.unseen_variable(index, home) {
                Some(variable) => {
                    self.builder.def_var(variable, value);
                    self.forget_home(index);
                }
                None => {
                    if let Some(known) = home.known {
                        self.builder.def_var(known, value);
                    }
                    self.note_home(index, value, None);
                }
            },
        }
    }

    /// The variable that has a local's value in place of its home, where nobody can see that.
    fn unseen_variable(&self, index: u32, home: Home) -> Option<Variable> {
        home.unseen.filter(|_| self.unseen.is_accessed(index))
    }

    /// Returns true if a local's present value is written to its home.
    pub(super) fn has_home(&self, index: u32) -> bool {
        !matches!(self.locals[index as usize], Local::Variable(_))
            && !self.unseen.is_accessed(index)
    }

    /// The first value of a local: zero or null.
    pub(super) fn zero(&mut self, ty: ValType) -> Value {
        match ty {
            ValType::F32 => self.builder.ins().f32const(0.0),
            ValType::F64 => self.builder.ins().f64const(0.0),
            ValType::V128 => self.vector_constant(V128, [0; 16]),
            _ => self.builder.ins().iconst(clif_type(ty), 0),
        }
    }

    /// The topmost operand.
    pub(super) fn top(&self) -> Value {
        *self.stack.last().expect("validated: operands are there")
    }

    pub(super) fn pop(&mut self) -> Value {
        self.stack.pop().expect("validated: operands are there")
    }

    pub(super) fn pop2(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    pub(super) fn pop3(&mut self) -> (Value, Value, Value) {
        let third = self.pop();
        let (first, second) = self.pop2();
        (first, second, third)
    }

    pub(super) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }
}

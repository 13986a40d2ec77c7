//! One function: its locals and their homes, then its operators, each translated by the file of its kind.

use super::codegen::codegen;
use super::confirmed::is_compared;
use super::context::word_symbol;
use super::env::{Env, Wanted};
use super::observe::{self, CompiledFunction, HomeOf, LocationTag, source_location};
use super::prefixed;
use super::signature::{POINTER, V128, clif_type, guest_signature};
use super::state::KeptSlot;
use super::translator::{Home, Local, Translator};
use crate::abi::frame::value_type;
use crate::abi::layout::{VmContextHead, VmStoreContext};
use crate::abi::settings::OptLevel;
use crate::abi::trap::TrapKind;
use crate::abi::word::Word;
use crate::compile_error::CompileError;
use crate::index::*;
use crate::module::section_types::val_type;
use crate::module::types::ValType;
use crate::module::validate::ModuleError;
use cranelift_codegen::Context;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    InstBuilder, MemFlagsData, StackSlot, StackSlotData, StackSlotKind, Value,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_entity::EntityRef;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use dwalin_debuginfo::address::WasmPc;
use std::mem::offset_of;
use std::ops::Range;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// Compiles functions one after the other, keeping what it allocated.
#[derive(Default)]
pub struct FunctionCompiler {
    builder_context: FunctionBuilderContext,
    context: Option<Context>,
}

impl FunctionCompiler {
    /// Compiles the function whose body is `body`.
    ///
    /// # Errors
    /// What the code generator refuses.
    pub fn compile(
        &mut self,
        env: &Env<'_>,
        func: DefinedFuncIndex,
        body: &[u8],
    ) -> Result<CompiledFunction, CompileError> {
        let function = self.compile_for(env.isa, env, func, body)?;
        match env.without_avx {
            Some(isa) if prefixed::reads_constants(&function.code) => {
                self.compile_for(isa, env, func, body)
            }
            _ => Ok(function),
        }
    }

    fn compile_for(
        &mut self,
        isa: &dyn TargetIsa,
        env: &Env<'_>,
        func: DefinedFuncIndex,
        body: &[u8],
    ) -> Result<CompiledFunction, CompileError> {
        let (function, checks_stack) = self.compile_with(isa, env, func, body, false)?;
        if checks_stack || function.frame_size <= LEAF_FRAME {
            return Ok(function);
        }
        Ok(self.compile_with(isa, env, func, body, true)?.0)
    }

    /// Compiles a function, and returns whether it checks the stack: where it calls others, or must check.
    fn compile_with(
        &mut self,
        isa: &dyn TargetIsa,
        env: &Env<'_>,
        func: DefinedFuncIndex,
        body: &[u8],
        must_check: bool,
    ) -> Result<(CompiledFunction, bool), CompileError> {
        let context = self.context.get_or_insert_with(Context::new);
        context.clear();
        let ty = env.module.func_type(env.module.func_index(func));
        let convention = env
            .conventions
            .of_function(func, env.module.functions[env.module.func_index(func)]);
        context.func.signature = guest_signature(ty, convention);
        let index = env.module.func_index(func).index() as u32;
        let builder = FunctionBuilder::new(&mut context.func, &mut self.builder_context);
        let translated = translate(env, func, body, builder, must_check).map_err(|error| {
            CompileError::Function {
                index,
                reason: error.to_string(),
            }
        })?;
        let mut function = codegen(isa, env.optimizer, context, index)?;
        let has_call_sites = env.has_call_sites(func);
        if !observe::are_adjacent(context, &translated.slot_pairs) {
            let reason = "stack slots are not in their order".to_owned();
            return Err(CompileError::Function { index, reason });
        }
        function.slots.gaps = translated.gaps;
        observe::finish(&mut function, context, &translated.kept, has_call_sites);
        Ok((function, translated.checks_stack))
    }
}

/// Bytes that a function's frame may have below the limit of the stack where it calls nobody: far less than the room that is kept for
/// the host's functions there.
const LEAF_FRAME: u32 = 1024;

/// The facts about a function after its translation.
struct Translated {
    kept: Vec<KeptSlot>,
    /// The ranges in which homes do not have their locals' values.
    gaps: Vec<(u32, Range<WasmPc>)>,
    /// Slots that one instruction writes to together with the next one, which has to be behind it.
    slot_pairs: Vec<StackSlot>,
    checks_stack: bool,
}

fn translate(
    env: &Env<'_>,
    func: DefinedFuncIndex,
    bytes: &[u8],
    builder: FunctionBuilder<'_>,
    must_check: bool,
) -> Result<Translated, ModuleError> {
    let file_offset = env.module.bodies[func].start;
    let body = FunctionBody::new(BinaryReader::new(bytes, file_offset as u64));
    let mut translator = Translator::new(env, func, bytes, builder);
    translator.enter(func, &body)?;
    let mut operators = body.get_operators_reader()?;
    translator.find_leaf_frame(&operators);
    while !operators.eof() {
        let pc = env.pc(operators.original_position() as usize);
        let operator = operators.read()?;
        let next = env.pc(operators.original_position() as usize);
        translator.unseen.go_on_to(pc);
        translator.find_early_set(&operator, pc..next);
        translator.save_operands(&operator, pc..next);
        translator.note_cost(&operator);
        translator.merge_at_label(pc, &operator);
        translator.find_clauses(&operator, &operators);
        translator.find_quiet_loop(&operator, &operators);
        translator.statement_and_operator(pc, &operator, &operators)?;
        translator.note_leaf_frame(&operator);
        if translator.has_too_many_handlers() {
            return Err(ModuleError::Invalid {
                message: "more exception handlers around calls than the compiler takes".to_owned(),
                offset: operators.original_position() as usize,
                excerpt: None,
            });
        }
    }
    let checks_stack = must_check || !translator.callees.is_empty();
    if checks_stack {
        translator.check_stack();
    }
    translator.builder.seal_all_blocks();
    translator.builder.finalize(env.isa.frontend_config());
    Ok(Translated {
        kept: translator.kept,
        gaps: translator.unseen.into_gaps(),
        slot_pairs: translator.slot_pairs,
        checks_stack,
    })
}

impl Translator<'_, '_> {
    /// The code before the first operator: the context, and locals with their first values in their homes.
    fn enter(
        &mut self,
        func: DefinedFuncIndex,
        body: &FunctionBody<'_>,
    ) -> Result<(), ModuleError> {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.set_srcloc(source_location(
            self.env.body_start(func),
            LocationTag::Instruction,
        ));
        self.find_context();
        let module = self.env.module;
        let ty = module.func_type(module.func_index(func));
        let wanted = self.env.wanted(func);
        for (index, ty) in ty.params().iter().enumerate() {
            let value = self.builder.block_params(entry)[index];
            let local = self.add_local(*ty, wanted);
            self.set_local(local, value);
        }
        let mut zeros = Vec::new();
        for declaration in body.get_locals_reader()? {
            let (count, ty) = declaration?;
            let ty = val_type(ty)?;
            let zero = self.zero(ty);
            for _ in 0..count {
                zeros.push((self.add_local(ty, wanted), zero));
            }
        }
        self.set_to_zero(&zeros);
        self.keep_values(self.env.kept(func), self.env.body(func));
        self.interrupt_at_entry();
        self.push_function_frame(ty);
        self.find_ticks();
        self.tick();
        Ok(())
    }

    /// Traps where the stack pointer is below the store's limit: as soon as the function has its context.
    fn check_stack(&mut self) {
        let context = self.first_context();
        let dfg = &self.builder.func.dfg;
        let found = dfg.value_def(context).inst().expect("loaded or read");
        let location = self.builder.func.srcloc(found);
        // The builder's own cursor is in the last block, which may have its end already.
        let code = FuncCursor::new(self.builder.func).with_srcloc(location);
        let mut code = code.after_inst(found);
        let trusted = MemFlagsData::trusted();
        let store = if self.env.is_one_instances() {
            let symbol = word_symbol(code.func, Word::Store);
            code.ins().symbol_value(POINTER, symbol)
        } else {
            let offset = offset_of!(VmContextHead, store) as i32;
            code.ins().load(POINTER, trusted, context, offset)
        };
        let offset = offset_of!(VmStoreContext, stack_limit) as i32;
        let limit = code.ins().load(POINTER, trusted, store, offset);
        let pointer = code.ins().get_stack_pointer(POINTER);
        let below = code.ins().icmp(IntCC::UnsignedLessThan, pointer, limit);
        code.ins().trapnz(below, TrapKind::StackOverflow.clif());
    }

    /// A stack slot that is the home of a local.
    fn home(&mut self, local: u32, ty: ValType) -> StackSlot {
        let size = clif_type(ty).bytes();
        let ty = value_type(ty);
        let data = StackSlotData {
            key: Some(HomeOf { local, ty }.key()),
            ..StackSlotData::new(
                StackSlotKind::ExplicitSlot,
                size,
                size.trailing_zeros() as u8,
            )
        };
        self.builder.create_sized_stack_slot(data)
    }

    fn add_local(&mut self, ty: ValType, wanted: Wanted<'_>) -> u32 {
        let index = self.locals.len() as u32;
        let local = if !wanted.contains(index) {
            Local::Variable(self.builder.declare_var(clif_type(ty)))
        } else {
            let slot = self.home(index, ty);
            let is_read_back =
                self.env.settings.opt_level == OptLevel::None && self.settable.contains(index);
            if is_read_back {
                let has_unseen = self.unseen.may_be_in(index);
                let unseen = has_unseen.then(|| self.builder.declare_var(clif_type(ty)));
                let compared = is_compared(clif_type(ty));
                let known = compared.then(|| self.builder.declare_var(clif_type(ty)));
                Local::Home(Home {
                    slot,
                    ty,
                    unseen,
                    known,
                })
            } else {
                Local::Shadowed(self.builder.declare_var(clif_type(ty)), slot)
            }
        };
        self.locals.push(local);
        index
    }

    /// Sets declared locals to zero: homes by twos, as each call of the function does it.
    fn set_to_zero(&mut self, zeros: &[(u32, Value)]) {
        let mut rest = zeros;
        while let Some(((index, zero), others)) = rest.split_first() {
            rest = others;
            let pair = others.first().and_then(|(next, _)| {
                let first = self.small_home(*index)?;
                let second = self.small_home(*next)?;
                (second.as_u32() == first.as_u32() + 1).then_some((first, others[0]))
            });
            let Some((home, (next, next_zero))) = pair else {
                self.set_local(*index, *zero);
                continue;
            };
            // Slots are next to each other in their order, 8 bytes each: `observe` compares.
            let both = self.vector_constant(V128, [0; 16]);
            self.show(both, home);
            self.slot_pairs.push(home);
            self.note_local(*index, *zero);
            self.note_local(next, next_zero);
            rest = &others[1..];
        }
    }

    /// The home of a local, of at most 8 bytes.
    fn small_home(&self, local: u32) -> Option<StackSlot> {
        match self.locals[local as usize] {
            Local::Home(Home { slot, .. }) | Local::Shadowed(_, slot) if self.has_home(local) => {
                (self.builder.func.sized_stack_slots[slot].size <= 8).then_some(slot)
            }
            _ => None,
        }
    }

    pub(super) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), ModuleError> {
        if self.control_operator(operator)? || !self.reachable {
            return Ok(());
        }
        let _ = self.numeric_operator(operator)
            || self.memory_operator(operator)
            || self.call_operator(operator)
            || self.table_operator(operator)
            || self.vector_operator(operator)
            || self.wide_operator(operator)
            || self.atomic_operator(operator)
            || self.gc_operator(operator)?
            || unreachable!("validated: {operator:?} is of a proposal that is off");
        Ok(())
    }
}

//! Exceptions: `throw` and `throw_ref` call the runtime, which searches a handler and continues there; what may throw within a
//! `try_table` or a legacy `try` becomes a `try_call` with the handlers in force, so that code that throws nothing has no more
//! instructions than without.
//!
//! ```text
//! try_call callee(args), normal, [context vmctx, tag a: landing a, …, default: landing]
//! landing(exception, values): the pinned register; loads the values that the tag has → the label of the clause
//! ```
//! The runtime finds handlers by the return address (`code/handlers.rs`) and enters landings with the exception's handle and the
//! address of its values (`unwind/exception.rs`).

use super::cleanup::{Tries, cleanup_tag};
use super::control::args;
use super::signature::{POINTER, clif_type};
use super::state::{Frame, Kind, OpenTry};
use super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::trap::TrapKind;
use crate::index::*;
use crate::module::validate::ModuleError;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, ExceptionTableData, ExceptionTableItem, ExceptionTag, FuncRef, InstBuilder,
    MemFlagsData, SigRef, StackSlotData, StackSlotKind, Value,
};
use cranelift_entity::EntityRef;
use std::collections::{HashSet, VecDeque};
use wasmparser::{BlockType, Catch, Operator, OperatorsReader, TryTable};

/// Bytes of a value of an exception, as in the array convention.
const SLOT: i32 = 16;

/// The number of handlers in the tables of one function. Each call in a `try` has those of all around it, and hostile nesting has
/// the square of its size.
const MOST_HANDLERS: usize = 1 << 18;

/// The number of cleanups around a call that handlers are looked for beyond; the next one is taken for a handler.
const MOST_CLEANUPS: usize = 64;

/// The target of a call.
#[derive(Clone, Copy)]
pub(super) enum Callee {
    /// A function of the module or the runtime.
    Direct(FuncRef),
    /// Code at an address, of a signature.
    Indirect(SigRef, Value),
}

impl Translator<'_, '_> {
    /// Translates an operator that throws or opens or ends a `try`, reachable or not; `false` for all others.
    pub(super) fn exception_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<bool, ModuleError> {
        match operator {
            Operator::TryTable { try_table } => self.open_try_table(try_table)?,
            Operator::Try { blockty } => self.open_try(blockty)?,
            Operator::Catch { tag_index } => self.begin_catch(Some(*tag_index)),
            Operator::CatchAll => self.begin_catch(None),
            Operator::Delegate { .. } => self.end(),
            _ if !self.reachable => return Ok(false),
            Operator::Throw { tag_index } => self.throw(TagIndex::from_u32(*tag_index)),
            Operator::ThrowRef => {
                let exception = self.pop();
                let null = TrapKind::NullReference.clif();
                self.builder.ins().trapz(exception, null);
                self.throw_reference(exception);
            }
            Operator::Rethrow { relative_depth } => {
                let index = self.control.len() - 1 - *relative_depth as usize;
                let Kind::Try(OpenTry {
                    exception: Some(exception),
                    ..
                }) = self.control[index].kind
                else {
                    unreachable!("validated: rethrow names a catch block")
                };
                self.throw_reference(exception);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Before an operator: at the first `try`, reads the clauses of all of them. `rest` is the code after the operator.
    pub(super) fn find_clauses(&mut self, operator: &Operator<'_>, rest: &OperatorsReader<'_>) {
        let begins = matches!(operator, Operator::Try { .. } | Operator::TryTable { .. });
        if begins && self.handlers.tries.is_none() {
            self.handlers.tries = Some(Tries::read(operator, rest, self.control.len()));
        }
    }

    /// The results of a call, which goes to the handlers in force where the callee throws.
    pub(super) fn call_with_handlers(&mut self, callee: Callee, args: &[Value]) -> Vec<Value> {
        if self.handlers.in_force().is_none() {
            let call = match callee {
                Callee::Direct(function) => self.builder.ins().call(function, args),
                Callee::Indirect(signature, code) => {
                    self.builder.ins().call_indirect(signature, code, args)
                }
            };
            return self.builder.inst_results(call).to_vec();
        }
        let signature = match callee {
            Callee::Direct(function) => self.builder.func.dfg.ext_funcs[function].signature,
            Callee::Indirect(signature, _) => signature,
        };
        let returns = self.builder.func.dfg.signatures[signature].returns.clone();
        let normal = self.builder.create_block();
        let mut results = Vec::with_capacity(returns.len());
        for result in &returns {
            results.push(self.builder.append_block_param(normal, result.value_type));
        }
        let returned: Vec<_> = (0..results.len() as u32)
            .map(BlockArg::TryCallRet)
            .collect();
        let normal_call = self.builder.func.dfg.block_call(normal, &returned);
        let items = self.table_items();
        let table = ExceptionTableData::new(signature, normal_call, items);
        let table = self.builder.func.dfg.exception_tables.push(table);
        match callee {
            Callee::Direct(function) => self.builder.ins().try_call(function, args, table),
            Callee::Indirect(_, code) => self.builder.ins().try_call_indirect(code, args, table),
        };
        self.builder.switch_to_block(normal);
        results
    }

    /// The handlers in force, innermost first; those that another one comes before are left out, but for those behind a cleanup, which may
    /// be why an exception is not the end of the program.
    fn table_items(&mut self) -> Vec<ExceptionTableItem> {
        let mut items = vec![ExceptionTableItem::Context(self.context())];
        let mut seen = HashSet::new();
        let caught = [BlockArg::TryCallExn(0), BlockArg::TryCallExn(1)];
        let mut next = self.handlers.in_force;
        let mut cleanups = 0;
        while let Some(number) = next {
            let clause = self.handlers.clauses[number];
            next = clause.outer;
            if clause.is_cleanup && cleanups < MOST_CLEANUPS {
                if cleanups == 0 {
                    let target = self.builder.func.dfg.block_call(clause.landing, &caught);
                    items.push(ExceptionTableItem::Tag(cleanup_tag(), target));
                }
                cleanups += 1;
                continue;
            }
            let Some(tag) = clause.tag else {
                let target = self.builder.func.dfg.block_call(clause.landing, &caught);
                items.push(ExceptionTableItem::Default(target));
                break;
            };
            if seen.insert(tag) {
                let target = self.builder.func.dfg.block_call(clause.landing, &caught);
                let tag = ExceptionTag::from_u32(tag.as_u32());
                items.push(ExceptionTableItem::Tag(tag, target));
            }
        }
        self.handlers.written += items.len();
        items
    }

    /// Returns true if the function has more handlers than are taken.
    pub(super) fn has_too_many_handlers(&self) -> bool {
        self.handlers.written > MOST_HANDLERS
    }

    fn throw(&mut self, tag: TagIndex) {
        let count = self.env.module.tag_type(tag).params().len();
        let values = self.stack.split_off(self.stack.len() - count);
        let size = (count.max(1) * SLOT as usize) as u32;
        let builder = &mut self.builder;
        let slot = *self.handlers.slots.entry(size).or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 4);
            builder.create_sized_stack_slot(data)
        });
        for (i, value) in values.iter().enumerate() {
            self.builder
                .ins()
                .stack_store(POINTER, *value, slot, i as i32 * SLOT);
        }
        let tag = self.builder.ins().iconst(I32, tag.index() as i64);
        let address = self.builder.ins().stack_addr(POINTER, slot, 0);
        self.call_to_throw(Builtin::Throw, &[tag, address]);
    }

    fn throw_reference(&mut self, exception: Value) {
        self.call_to_throw(Builtin::ThrowRef, &[exception]);
    }

    /// Calls the runtime, which comes back where nobody handles the exception: then the instruction traps.
    fn call_to_throw(&mut self, builtin: Builtin, args: &[Value]) {
        let callee = self.builtin(builtin);
        let context = self.context();
        self.lend_pinned(context);
        self.call_with_handlers(Callee::Direct(callee), args);
        self.invalidate();
        self.builder.ins().trap(TrapKind::UncaughtException.clif());
        self.reachable = false;
    }

    /// The value of the pinned register that code in handlers has to set: what it is in the function, whoever threw.
    fn pinned_for_handlers(&mut self) -> Value {
        match self.env.is_one_instances() {
            true => self.builder.ins().get_pinned_reg(POINTER),
            false => self.context(),
        }
    }

    fn landing(&mut self) -> Block {
        let landing = self.builder.create_block();
        self.builder.append_block_param(landing, I64);
        self.builder.append_block_param(landing, POINTER);
        landing
    }

    /// Begins the code of a landing: the exception, and the values that it carries for a clause with this tag.
    fn enter_landing(
        &mut self,
        landing: Block,
        pinned: Value,
        tag: Option<TagIndex>,
    ) -> (Value, Vec<Value>) {
        self.builder.switch_to_block(landing);
        let [exception, values] = self.builder.block_params(landing)[..] else {
            unreachable!("a landing has two parameters")
        };
        if self.counts_in_register() {
            self.read_ticks();
        } else {
            self.builder.ins().set_pinned_reg(pinned);
        }
        let types = tag.map_or(&[][..], |tag| self.env.module.tag_type(tag).params());
        let load = |(i, ty): (usize, &_)| {
            let (flags, offset) = (MemFlagsData::trusted(), i as i32 * SLOT);
            self.builder
                .ins()
                .load(clif_type(*ty), flags, values, offset)
        };
        let carried = types.iter().enumerate().map(load).collect();
        self.tick();
        (exception, carried)
    }

    fn open_try_table(&mut self, table: &TryTable) -> Result<(), ModuleError> {
        let tries = self.handlers.tries.as_mut();
        let cleanups = tries.and_then(|tries| tries.tables.pop_front());
        let cleanups = cleanups.expect("all of them were read at the first");
        if !self.reachable {
            self.open_dead();
            return Ok(());
        }
        let outer = self.handlers.in_force();
        let pinned = self.pinned_for_handlers();
        let body = self.builder.create_block();
        self.builder.ins().jump(body, &[]);
        let mut clauses = Vec::with_capacity(table.catches.len());
        for (catch, is_cleanup) in table.catches.iter().zip(cleanups) {
            let (tag, label, with_reference) = match *catch {
                Catch::One { tag, label } => (Some(tag), label, false),
                Catch::OneRef { tag, label } => (Some(tag), label, true),
                Catch::All { label } => (None, label, false),
                Catch::AllRef { label } => (None, label, true),
            };
            let tag = tag.map(TagIndex::from_u32);
            let landing = self.landing();
            let (exception, mut values) = self.enter_landing(landing, pinned, tag);
            values.extend(with_reference.then_some(exception));
            let (target, _) = self.target(label);
            self.builder.ins().jump(target, &args(&values));
            clauses.push((tag, landing, is_cleanup));
        }
        self.builder.switch_to_block(body);
        self.open(&table.ty, |_, _, _| Kind::Block)?;
        self.innermost().handlers = outer;
        self.handlers.add(clauses.into_iter());
        Ok(())
    }

    fn open_try(&mut self, ty: &BlockType) -> Result<(), ModuleError> {
        let tries = self.handlers.tries.as_mut();
        let legacy = tries.and_then(|tries| tries.legacy.pop_front());
        let legacy = legacy.expect("all of them were read at the first");
        if !self.reachable {
            self.open_dead();
            return Ok(());
        }
        let pinned = self.pinned_for_handlers();
        let outer = self.handlers.in_force();
        if let Some(depth) = legacy.delegate {
            // As if thrown in the target: outside of the frame within it.
            let within = self.control.get(self.control.len() - depth as usize);
            let in_target = within.map_or(outer, |frame| frame.handlers);
            self.handlers.restore(in_target);
        }
        let landings: VecDeque<_> = legacy.tags.iter().map(|_| self.landing()).collect();
        let clauses = legacy.tags.into_iter().zip(landings.clone());
        let clauses = clauses.map(|(tag, landing)| {
            let is_cleanup = tag.is_none() && legacy.is_cleanup;
            (tag, landing, is_cleanup)
        });
        let clauses: Vec<_> = clauses.collect();
        self.open(ty, |_, _, _| {
            Kind::Try(OpenTry {
                landings,
                pinned,
                exception: None,
            })
        })?;
        self.innermost().handlers = outer;
        self.handlers.add(clauses.into_iter());
        Ok(())
    }

    fn innermost(&mut self) -> &mut Frame {
        self.control.last_mut().expect("a frame is open")
    }

    /// A clause of a legacy `try` begins; the body or the clause before ends.
    fn begin_catch(&mut self, tag: Option<u32>) {
        self.fall_through();
        let frame = self.innermost();
        let (height, outer) = (frame.height, frame.handlers);
        let Kind::Try(open) = &mut frame.kind else {
            return;
        };
        let landing = open.landings.pop_front();
        let landing = landing.expect("as many as there are clauses");
        let pinned = open.pinned;
        self.handlers.restore(outer);
        self.stack.truncate(height);
        let (exception, values) = self.enter_landing(landing, pinned, tag.map(TagIndex::from_u32));
        self.stack.extend(values);
        if let Kind::Try(open) = &mut self.innermost().kind {
            open.exception = Some(exception);
        }
        self.reachable = true;
    }
}

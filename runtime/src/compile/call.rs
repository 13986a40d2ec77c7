//! Calls: to functions of the module directly; by import and through a table by reference, with the pinned register set to
//! the callee's context and back; to the runtime through its trampolines. Tail calls are the first two without a way back.

use super::control::args as block_args;
use super::convention::is_alike;
use super::env::CallTarget;
use super::exception::Callee;
use super::observe::{LocationTag, source_location, wasm_pc};
use super::signature::{POINTER, c_signature, guest_signature};
use super::target::GUEST_CALL_CONV;
use super::translator::Translator;
use crate::abi::builtin::{Builtin, Param, Returns};
use crate::abi::layout::{VmContextHead, VmFuncRef, VmStoreContext};
use crate::abi::trap::TrapKind;
use crate::index::*;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, ExtFuncData, ExternalName, FuncRef, InstBuilder, MemFlagsData, SigRef, Value,
};
use cranelift_codegen::isa::CallConv;
use std::mem::offset_of;
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates a call; `false` for all other operators.
    pub(super) fn call_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::Call { function_index } => self.call(FuncIndex::from_u32(*function_index)),
            Operator::CallIndirect {
                type_index,
                table_index,
            } => {
                self.call_indirect(
                    TypeIndex::from_u32(*type_index),
                    TableIndex::from_u32(*table_index),
                );
            }
            Operator::ReturnCall { function_index } => {
                self.return_call(FuncIndex::from_u32(*function_index));
            }
            Operator::ReturnCallIndirect {
                type_index,
                table_index,
            } => {
                let ty = TypeIndex::from_u32(*type_index);
                let reference = self.indirect_callee(ty, TableIndex::from_u32(*table_index));
                self.return_call_reference(ty, reference);
            }
            Operator::CallRef { type_index } => {
                let reference = self.pop();
                self.trap_if_null(reference);
                self.call_reference(TypeIndex::from_u32(*type_index), reference);
            }
            Operator::ReturnCallRef { type_index } => {
                let reference = self.pop();
                self.trap_if_null(reference);
                self.return_call_reference(TypeIndex::from_u32(*type_index), reference);
            }
            _ => return false,
        }
        true
    }

    fn call(&mut self, func: FuncIndex) {
        let ty = self.env.module.functions[func];
        let Some(defined) = self.env.module.defined(func) else {
            let reference = self.imported_function(func);
            return self.call_reference(ty, reference);
        };
        let convention = self.env.conventions.of_type(ty);
        let callee = self.function(defined, ty, convention);
        let args = self.pop_args(ty);
        let results = self.call_with_handlers(Callee::Direct(callee), &args);
        if self.env.conventions.makes_tail_calls(defined) {
            // It may have been left for a function of another instance.
            if self.counts_in_register() {
                self.read_ticks();
            } else if !self.env.is_one_instances() {
                let context = self.context();
                self.builder.ins().set_pinned_reg(context);
            }
        }
        self.invalidate();
        self.stack.extend_from_slice(&results);
        if results.is_empty() && self.env.returns_small_structure(defined) {
            // In place of the code that stores the result: out of the function, a debugger comes to the line of the call.
            let here = wasm_pc(self.builder.srcloc());
            self.no_operation(source_location(here, LocationTag::Nothing));
        }
    }

    /// Leaves the function for another one, whose results are its own: no handler is in force in the callee.
    fn return_call(&mut self, func: FuncIndex) {
        let ty = self.env.module.functions[func];
        let Some(defined) = self.env.module.defined(func) else {
            let reference = self.imported_function(func);
            return self.return_call_reference(ty, reference);
        };
        let callee = self.function(defined, ty, CallConv::Tail);
        let args = self.pop_args(ty);
        self.builder.ins().return_call(callee, &args);
        self.reachable = false;
    }

    /// The reference to an imported function.
    pub(super) fn imported_function(&mut self, func: FuncIndex) -> Value {
        let context = self.context();
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        let offset = self.env.layout.imported_function(func) as i32;
        self.builder.ins().load(POINTER, flags, context, offset)
    }

    /// Calls through a table.
    fn call_indirect(&mut self, ty: TypeIndex, table: TableIndex) {
        let reference = self.indirect_callee(ty, table);
        self.call_reference(ty, reference);
    }

    /// The reference that a call through a table is to: the table's bounds, null and the type are checked, in this order.
    fn indirect_callee(&mut self, ty: TypeIndex, table: TableIndex) -> Value {
        let index = self.pop();
        let reference = self.table_get(table, index);
        // No load that faults on null instead: another instance of the process may have its memory at its own addresses.
        let null = TrapKind::IndirectCallToNull.clif();
        self.builder.ins().trapz(reference, null);
        let flags = MemFlagsData::trusted();
        let offset = offset_of!(VmFuncRef, type_id) as i32;
        let found = self
            .builder
            .ins()
            .load(I32, flags.with_readonly(), reference, offset);
        let fits = self.is_subtype(found, ty);
        let differ = TrapKind::BadSignature.clif();
        self.builder.ins().trapz(fits, differ);
        reference
    }

    /// Calls what a VmFuncRef refers to: a function of this or another instance, or of the host.
    fn call_reference(&mut self, ty: TypeIndex, reference: Value) {
        let args = self.pop_args(ty);
        let (code, callee) = self.enter_reference(reference);
        let own = self.lend_pinned(callee);
        let results = if is_alike(self.env.module.function_type(ty)) {
            let signature = self.signature(ty, GUEST_CALL_CONV);
            self.call_with_handlers(Callee::Indirect(signature, code), &args)
        } else {
            let [tail, c] = self.by_convention(reference);
            let done = self.block_with(self.env.module.function_type(ty).results());
            for (block, convention) in [(tail, CallConv::Tail), (c, GUEST_CALL_CONV)] {
                self.builder.switch_to_block(block);
                let signature = self.signature(ty, convention);
                let callee = Callee::Indirect(signature, code);
                let results = self.call_with_handlers(callee, &args);
                self.builder.ins().jump(done, &block_args(&results));
            }
            self.builder.switch_to_block(done);
            self.builder.block_params(done).to_vec()
        };
        self.return_pinned(callee, own);
        self.invalidate();
        self.stack.extend_from_slice(&results);
    }

    /// Leaves the function for what a VmFuncRef refers to. A function of the C convention cannot take the frame's place where that
    /// matters: it is called, which needs no more stack than one frame, as it makes no tail calls.
    fn return_call_reference(&mut self, ty: TypeIndex, reference: Value) {
        let args = self.pop_args(ty);
        let (code, callee) = self.enter_reference(reference);
        let own = self.lend_pinned(callee);
        let is_alike = is_alike(self.env.module.function_type(ty));
        if !is_alike {
            let [tail, c] = self.by_convention(reference);
            self.builder.switch_to_block(c);
            let signature = self.signature(ty, GUEST_CALL_CONV);
            let call = self.builder.ins().call_indirect(signature, code, &args);
            let results = self.builder.inst_results(call).to_vec();
            self.return_pinned(callee, own);
            self.last_tick();
            self.builder.ins().return_(&results);
            self.builder.switch_to_block(tail);
        }
        let signature = self.signature(ty, CallConv::Tail);
        let ins = self.builder.ins();
        ins.return_call_indirect(signature, code, &args);
        self.reachable = false;
    }

    /// The code and the context of what a VmFuncRef refers to. The host is told who calls it.
    fn enter_reference(&mut self, reference: Value) -> (Value, Value) {
        let flags = MemFlagsData::trusted();
        let mut load = |offset: usize| {
            let ins = self.builder.ins();
            ins.load(POINTER, flags, reference, offset as i32)
        };
        let code = load(offset_of!(VmFuncRef, code));
        let callee = load(offset_of!(VmFuncRef, context));
        let context = self.context();
        let store = self.builder.ins().load(
            POINTER,
            flags.with_readonly(),
            context,
            offset_of!(VmContextHead, store) as i32,
        );
        self.builder.ins().store(
            flags,
            context,
            store,
            offset_of!(VmStoreContext, caller) as i32,
        );
        (code, callee)
    }

    /// Branches by the convention of what a VmFuncRef refers to: the block for `tail`, and the one for the C convention.
    fn by_convention(&mut self, reference: Value) -> [Block; 2] {
        let offset = offset_of!(VmFuncRef, is_tail) as i32;
        let flags = MemFlagsData::trusted();
        let is_tail = self.builder.ins().load(I32, flags, reference, offset);
        let [tail, c] = [self.builder.create_block(), self.builder.create_block()];
        self.builder.ins().brif(is_tail, tail, &[], c, &[]);
        [tail, c]
    }

    fn pop_args(&mut self, ty: TypeIndex) -> Vec<Value> {
        let count = self.env.module.function_type(ty).params().len();
        self.stack.split_off(self.stack.len() - count)
    }

    /// Calls a runtime function; its result, or what stands for none.
    pub(super) fn call_builtin(&mut self, builtin: Builtin, args: &[Value]) -> Value {
        let callee = self.builtin(builtin);
        let context = self.context();
        let own = self.lend_pinned(context);
        let call = self.builder.ins().call(callee, args);
        self.return_pinned(context, own);
        self.invalidate();
        self.builder
            .inst_results(call)
            .first()
            .copied()
            .unwrap_or(Value::from_u32(0))
    }

    /// Calls a runtime function that returns whether the instruction traps.
    pub(super) fn call_fallible(&mut self, builtin: Builtin, args: &[Value], kind: TrapKind) {
        let failed = self.call_builtin(builtin, args);
        self.builder.ins().trapnz(failed, kind.clif());
    }

    fn signature(&mut self, ty: TypeIndex, convention: CallConv) -> SigRef {
        let (module, builder) = (self.env.module, &mut self.builder);
        let signatures = &mut self.callees.signatures;
        *signatures.entry((ty, convention)).or_insert_with(|| {
            builder.import_signature(guest_signature(module.function_type(ty), convention))
        })
    }

    fn function(&mut self, func: DefinedFuncIndex, ty: TypeIndex, convention: CallConv) -> FuncRef {
        if let Some(known) = self.callees.functions.get(&(func, convention)) {
            return *known;
        }
        let signature = self.signature(ty, convention);
        let imported = self.import(CallTarget::Function(func), signature);
        self.callees.functions.insert((func, convention), imported);
        imported
    }

    pub(super) fn builtin(&mut self, builtin: Builtin) -> FuncRef {
        if let Some(known) = self.callees.builtins.get(&builtin) {
            return *known;
        }
        let signature = self.builder.import_signature(builtin_signature(builtin));
        let imported = self.import(CallTarget::Builtin(builtin), signature);
        self.callees.builtins.insert(builtin, imported);
        imported
    }

    fn import(&mut self, target: CallTarget, signature: SigRef) -> FuncRef {
        let name = ExternalName::user(
            self.builder
                .func
                .declare_imported_user_function(target.name()),
        );
        // Colocated: the call is relative.
        self.builder.import_function(ExtFuncData {
            name,
            signature,
            colocated: true,
            patchable: false,
        })
    }
}

/// The signature of a runtime function's trampoline for guest code: without the VmContext, which is in the pinned register.
pub fn builtin_signature(builtin: Builtin) -> cranelift_codegen::ir::Signature {
    c_signature(&builtin_params(builtin), builtin_returns(builtin))
}

/// The CLIF types of what a runtime function takes after the VmContext.
pub fn builtin_params(builtin: Builtin) -> Vec<cranelift_codegen::ir::Type> {
    let types = builtin.params().iter().map(|param| match param {
        Param::I32 => I32,
        Param::I64 => I64,
    });
    types.collect()
}

/// The CLIF types of what a runtime function returns.
pub fn builtin_returns(builtin: Builtin) -> &'static [cranelift_codegen::ir::Type] {
    match builtin.returns() {
        Returns::Nothing | Returns::Never => &[],
        Returns::Value => &[I64],
        Returns::Fallible => &[I32],
    }
}

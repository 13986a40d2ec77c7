//! Calls: to functions of the module directly; by import and through a table by reference, with the pinned register set to
//! the callee's context and back; to the runtime through its trampolines.

use super::env::CallTarget;
use super::exception::Callee;
use super::signature::{POINTER, c_signature, guest_signature};
use super::translator::Translator;
use crate::abi::builtin::{Builtin, Returns};
use crate::abi::layout::{VmContextHead, VmFuncRef, VmStoreContext};
use crate::abi::trap::TrapKind;
use crate::index::*;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    ExtFuncData, ExternalName, FuncRef, InstBuilder, MemFlagsData, SigRef, Value,
};
use cranelift_entity::EntityRef;
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
            _ => return false,
        }
        true
    }

    fn call(&mut self, func: FuncIndex) {
        let ty = self.env.module.functions[func];
        let Some(defined) = self.env.module.defined(func) else {
            let context = self.context();
            let flags = MemFlagsData::trusted().with_readonly().with_can_move();
            let reference = self.builder.ins().load(
                POINTER,
                flags,
                context,
                self.env.layout.imported_function(func) as i32,
            );
            return self.call_reference(ty, reference);
        };
        let callee = self.function(defined, ty);
        let args = self.pop_args(ty);
        let results = self.call_with_handlers(Callee::Direct(callee), &args);
        self.invalidate();
        self.stack.extend_from_slice(&results);
        if results.is_empty() && self.env.returns_small_structure(defined) {
            // In place of the code that stores the result: out of the function, a debugger comes to the line of the call.
            self.no_operation();
        }
    }

    /// Calls through a table: its bounds, null and the type are checked, in this order.
    fn call_indirect(&mut self, ty: TypeIndex, table: TableIndex) {
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
        let context = self.context();
        let ids = self.builder.ins().load(
            POINTER,
            flags.with_readonly(),
            context,
            offset_of!(VmContextHead, type_ids) as i32,
        );
        let expected =
            self.builder
                .ins()
                .load(I32, flags.with_readonly(), ids, ty.index() as i32 * 4);
        let differ = self.builder.ins().icmp(IntCC::NotEqual, found, expected);
        self.builder
            .ins()
            .trapnz(differ, TrapKind::BadSignature.clif());
        self.call_reference(ty, reference);
    }

    /// Calls what a VmFuncRef refers to: a function of this or another instance, or of the host.
    fn call_reference(&mut self, ty: TypeIndex, reference: Value) {
        let args = self.pop_args(ty);
        let signature = self.signature(ty);
        let flags = MemFlagsData::trusted();
        let code = self.builder.ins().load(
            POINTER,
            flags,
            reference,
            offset_of!(VmFuncRef, code) as i32,
        );
        let callee = self.builder.ins().load(
            POINTER,
            flags,
            reference,
            offset_of!(VmFuncRef, context) as i32,
        );
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
        let own = self.lend_pinned(callee);
        let results = self.call_with_handlers(Callee::Indirect(signature, code), &args);
        self.return_pinned(callee, own);
        self.invalidate();
        self.stack.extend_from_slice(&results);
    }

    fn pop_args(&mut self, ty: TypeIndex) -> Vec<Value> {
        let count = self.env.module.types[ty].params().len();
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

    fn signature(&mut self, ty: TypeIndex) -> SigRef {
        let (types, builder) = (&self.env.module.types, &mut self.builder);
        *self
            .callees
            .signatures
            .entry(ty)
            .or_insert_with(|| builder.import_signature(guest_signature(&types[ty])))
    }

    fn function(&mut self, func: DefinedFuncIndex, ty: TypeIndex) -> FuncRef {
        if let Some(known) = self.callees.functions.get(&func) {
            return *known;
        }
        let signature = self.signature(ty);
        let imported = self.import(CallTarget::Function(func), signature);
        self.callees.functions.insert(func, imported);
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
    c_signature(builtin.params(), builtin_returns(builtin))
}

/// The CLIF types of what a runtime function returns.
pub fn builtin_returns(builtin: Builtin) -> &'static [cranelift_codegen::ir::Type] {
    match builtin.returns() {
        Returns::Nothing | Returns::Never => &[],
        Returns::Value => &[I64],
        Returns::Fallible => &[I32],
    }
}

//! The code between the host and guests. Per entry of the type section, one from the array convention of the host to the
//! guest's (`array_to_wasm`) and one back (`wasm_to_array`); per runtime function, one that adds the VmContext.
//!
//! In the array convention, arguments and then results are in slots of 16 bytes.

use super::builtin_trampolines::{self, BuiltinTrampolines};
use super::call::{builtin_params, builtin_returns, builtin_signature};
use super::codegen::codegen;
use super::convention::is_alike;
use super::env::{CallTarget, Env};
use super::observe::CompiledFunction;
use super::signature::{POINTER, c_signature, clif_type, guest_signature};
use super::target::{self, GUEST_CALL_CONV};
use crate::abi::builtin::{Builtin, Returns};
use crate::abi::layout::{VmContextHead, VmHostContext, VmStoreContext};
use crate::abi::settings::{OptLevel, Settings};
use crate::abi::trap::TrapKind;
use crate::compile_error::CompileError;
use crate::module::types::{FuncType, ValType};
use cranelift_codegen::Context;
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{
    ExtFuncData, ExternalName, InstBuilder, MemFlagsData, Signature, StackSlotData, StackSlotKind,
    Value,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rayon::prelude::*;
use std::mem::offset_of;

/// Bytes of a slot of the array convention.
const SLOT: i32 = 16;

/// From so many parameters and results on, values are moved one by one as they are: where to keep a thousand at once takes the register
/// allocator that looks for the best place longer than their number.
const MANY: usize = 64;

/// All trampolines of a module, in the order in which they lie after its functions.
pub struct Trampolines {
    /// By type.
    pub array_to_wasm: Vec<CompiledFunction>,
    /// By type.
    pub wasm_to_array: Vec<CompiledFunction>,
    /// By builtin.
    pub builtins: BuiltinTrampolines,
}

/// Makes all trampolines of a module.
///
/// # Errors
/// What the code generator refuses.
pub fn compile_all(env: &Env<'_>) -> Result<Trampolines, CompileError> {
    let quick = target::single_pass(&Settings {
        opt_level: OptLevel::None,
        ..env.settings.clone()
    })?;
    let main = env.without_avx.unwrap_or(env.isa);
    let isa = |ty: &FuncType| match ty.params().len() + ty.results().len() {
        0..MANY => main,
        _ => &*quick,
    };
    let types: Vec<_> = function_types(env);
    Ok(Trampolines {
        array_to_wasm: types
            .par_iter()
            .map(|ty| make(isa(ty), array_signature(), |b| array_to_wasm(b, ty)))
            .collect::<Result<_, _>>()?,
        wasm_to_array: types
            .par_iter()
            .map(|ty| {
                let signature = guest_signature(ty, GUEST_CALL_CONV);
                make(isa(ty), signature, |b| wasm_to_array(b, ty))
            })
            .collect::<Result<_, _>>()?,
        builtins: builtin_trampolines::for_settings(env.settings, || {
            let make = |it: &Builtin| make(main, builtin_signature(*it), |b| builtin(b, *it));
            Builtin::ALL.iter().map(make).collect()
        })?,
    })
}

fn function_types<'a>(env: &Env<'a>) -> Vec<&'a FuncType> {
    let types = env.module.function_types.iter();
    types.map(|ty| env.module.function_type(*ty)).collect()
}

/// `extern "C" fn(context, code, args_and_results, is_tail)`.
fn array_signature() -> Signature {
    c_signature(&[POINTER, POINTER, POINTER, I32], &[])
}

fn make(
    isa: &dyn TargetIsa,
    signature: Signature,
    fill: impl FnOnce(&mut FunctionBuilder<'_>),
) -> Result<CompiledFunction, CompileError> {
    let mut context = Context::new();
    context.func.signature = signature;
    let mut builder_context = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut context.func, &mut builder_context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    fill(&mut builder);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
    codegen(isa, None, &mut context, u32::MAX)
}

fn params(builder: &FunctionBuilder<'_>) -> Vec<Value> {
    builder
        .block_params(builder.current_block().expect("the entry block"))
        .to_vec()
}

/// Loads the values of these types from an array.
fn load_array(builder: &mut FunctionBuilder<'_>, array: Value, types: &[ValType]) -> Vec<Value> {
    let load = |(i, ty): (usize, &ValType)| {
        builder.ins().load(
            clif_type(*ty),
            MemFlagsData::trusted(),
            array,
            i as i32 * SLOT,
        )
    };
    types.iter().enumerate().map(load).collect()
}

fn store_array(builder: &mut FunctionBuilder<'_>, array: Value, values: &[Value]) {
    for (i, value) in values.iter().enumerate() {
        builder
            .ins()
            .store(MemFlagsData::trusted(), *value, array, i as i32 * SLOT);
    }
}

fn array_to_wasm(builder: &mut FunctionBuilder<'_>, ty: &FuncType) {
    let [context, code, array, is_tail] = params(builder)[..] else {
        unreachable!("the array convention has four parameters")
    };
    // The host may keep anything in the pinned register.
    let hosts = builder.ins().get_pinned_reg(POINTER);
    let args = load_array(builder, array, ty.params());
    builder.ins().set_pinned_reg(context);
    let call_in = |builder: &mut FunctionBuilder<'_>, convention| {
        let signature = builder.import_signature(guest_signature(ty, convention));
        let call = builder.ins().call_indirect(signature, code, &args);
        builder.ins().set_pinned_reg(hosts);
        let results = builder.inst_results(call).to_vec();
        store_array(builder, array, &results);
        builder.ins().return_(&[]);
    };
    if !is_alike(ty) {
        let [tail, c] = [builder.create_block(), builder.create_block()];
        builder.ins().brif(is_tail, tail, &[], c, &[]);
        builder.switch_to_block(tail);
        call_in(builder, CallConv::Tail);
        builder.switch_to_block(c);
    }
    call_in(builder, GUEST_CALL_CONV);
}

fn wasm_to_array(builder: &mut FunctionBuilder<'_>, ty: &FuncType) {
    let args = params(builder);
    let flags = MemFlagsData::trusted();
    let host = builder.ins().get_pinned_reg(POINTER);
    let store = builder.ins().load(
        POINTER,
        flags,
        host,
        offset_of!(VmContextHead, store) as i32,
    );
    note_exit(builder, store);
    let slots = ty.params().len().max(ty.results().len()).max(1) as u32;
    let slot = builder.create_sized_stack_slot(StackSlotData::new(
        StackSlotKind::ExplicitSlot,
        slots * SLOT as u32,
        4,
    ));
    let array = builder.ins().stack_addr(POINTER, slot, 0);
    store_array(builder, array, &args);
    let call_host =
        builder
            .ins()
            .load(POINTER, flags, host, offset_of!(VmHostContext, call) as i32);
    let caller = builder.ins().load(
        POINTER,
        flags,
        store,
        offset_of!(VmStoreContext, caller) as i32,
    );
    let signature = builder.import_signature(c_signature(&[POINTER, POINTER, POINTER], &[I32]));
    let call = builder
        .ins()
        .call_indirect(signature, call_host, &[host, caller, array]);
    let failed = builder.inst_results(call)[0];
    let (raise, done) = (builder.create_block(), builder.create_block());
    builder.set_cold_block(raise);
    builder.ins().brif(failed, raise, &[], done, &[]);
    builder.switch_to_block(raise);
    // A host context need not know the runtime's functions; the caller's does.
    builder.ins().set_pinned_reg(caller);
    call_raise(builder);
    builder.switch_to_block(done);
    forget_exit(builder, store);
    let results = load_array(builder, array, ty.results());
    builder.ins().return_(&results);
}

/// Notes the guest's frame, which the trampoline's frame pointer points to: a walk from the host starts there.
fn note_exit(builder: &mut FunctionBuilder<'_>, store: Value) {
    let flags = MemFlagsData::trusted();
    let own = builder.ins().get_frame_pointer(POINTER);
    let guests = builder.ins().load(POINTER, flags, own, 0);
    let return_address = builder.ins().get_return_address(POINTER);
    let [fp, pc] = [
        offset_of!(VmStoreContext, last_exit_fp),
        offset_of!(VmStoreContext, last_exit_pc),
    ];
    builder.ins().store(flags, guests, store, fp as i32);
    builder.ins().store(flags, return_address, store, pc as i32);
}

/// Says that the guest goes on: whoever reads the thread's frames later would begin at a frame that is gone.
fn forget_exit(builder: &mut FunctionBuilder<'_>, store: Value) {
    let flags = MemFlagsData::trusted();
    let none = builder.ins().iconst(POINTER, 0);
    let fp = offset_of!(VmStoreContext, last_exit_fp) as i32;
    builder.ins().store(flags, none, store, fp);
}

fn call_raise(builder: &mut FunctionBuilder<'_>) {
    let signature = builder.import_signature(builtin_signature(Builtin::Raise));
    let name = ExternalName::user(
        builder
            .func
            .declare_imported_user_function(CallTarget::Builtin(Builtin::Raise).name()),
    );
    let callee = builder.import_function(ExtFuncData {
        name,
        signature,
        colocated: true,
        patchable: false,
    });
    builder.ins().call(callee, &[]);
    builder.ins().trap(TrapKind::UnreachableCodeReached.clif());
}

/// Adds the VmContext to the arguments and calls the runtime.
fn builtin(builder: &mut FunctionBuilder<'_>, builtin: Builtin) {
    let mut args = params(builder);
    let context = builder.ins().get_pinned_reg(POINTER);
    args.insert(0, context);
    let flags = MemFlagsData::trusted();
    let table = builder.ins().load(
        POINTER,
        flags,
        context,
        offset_of!(VmContextHead, builtins) as i32,
    );
    let code = builder
        .ins()
        .load(POINTER, flags, table, builtin as i32 * 8);
    let mut params = builtin_params(builtin);
    params.insert(0, POINTER);
    let signature = builder.import_signature(c_signature(&params, builtin_returns(builtin)));
    // Threads wait here for long, and others ask where they are.
    let store = (builtin == Builtin::MemoryWait).then(|| {
        let offset = offset_of!(VmContextHead, store) as i32;
        builder.ins().load(POINTER, flags, context, offset)
    });
    if let Some(store) = store {
        note_exit(builder, store);
    }
    let call = builder.ins().call_indirect(signature, code, &args);
    if let Some(store) = store {
        forget_exit(builder, store);
    }
    match builtin.returns() {
        Returns::Never => {
            builder.ins().trap(TrapKind::UnreachableCodeReached.clif());
        }
        _ => {
            let results = builder.inst_results(call).to_vec();
            builder.ins().return_(&results);
        }
    }
}

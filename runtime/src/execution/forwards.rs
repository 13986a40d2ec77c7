//! Functions that only pass calls on to another module's: adapters between components, and the tables through which wit-component has modules
//! call what is made after them. A debugger's step goes through them.

use crate::abi::layout::VmFuncRef;
use crate::compiled::Module;
use crate::index::*;
use crate::module::ExportItem;
use crate::module::types::ExternType;
use crate::vm::instance::{Way, Ways};
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::Forward;
use std::collections::HashMap;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// The name of each function of an adapter (`component/parts/adapter.rs`): debuggers fold frames of the runtime's code by it.
pub const ADAPTER: &str = "wasm::adapter";
/// The module that an adapter imports the functions from which it calls, by the names under which it exports its own.
pub const CALLEE: &str = "callee";

/// The functions of a module that pass calls on. All its bodies are looked at.
pub(crate) fn ways(module: &Module) -> Ways {
    if module.has_debug_info() {
        return Vec::new();
    }
    let adapters = adapters(module);
    match adapters.is_empty() {
        true => through_tables(module),
        false => adapters,
    }
}

fn adapters(module: &Module) -> Ways {
    let info = module.info();
    let functions = info
        .imports
        .iter()
        .filter(|import| matches!(import.ty, ExternType::Func(_)));
    let callee = |name: &str| {
        let mut functions = functions.clone();
        let position = functions.position(|it| it.module == CALLEE && it.name == name)?;
        Some(Way::Import(FuncIndex::new(position)))
    };
    let exports = info.exports.iter().filter_map(|export| {
        let ExportItem::Func(func) = export.item else {
            return None;
        };
        let defined = info.defined(func)?;
        let is_ours = module.artifact().function_name(func) == ADAPTER;
        Some((defined, callee(&export.name).filter(|_| is_ours)?))
    });
    exports.collect()
}

/// Functions that call an element of the module's own first table with their parameters, and do nothing else.
fn through_tables(module: &Module) -> Ways {
    let info = module.info();
    let wasm = module.artifact().wasm();
    if info.imported_tables > 0 || info.tables.is_empty() {
        return Vec::new();
    }
    let functions = info.bodies.iter().filter_map(|(func, body)| {
        let parameters = info.func_type(info.func_index(func)).params().len();
        let index = passes_on(&wasm[body.clone()], parameters)?;
        let table = TableIndex::new(0);
        Some((func, Way::Element { table, index }))
    });
    functions.collect()
}

/// The element that a function's body calls with all its parameters.
fn passes_on(body: &[u8], parameters: usize) -> Option<u64> {
    let body = FunctionBody::new(BinaryReader::new(body, 0));
    let mut operators = body.get_operators_reader().ok()?;
    let mut next = || operators.read().ok();
    for parameter in 0..parameters {
        match next()? {
            Operator::LocalGet { local_index } if local_index as usize == parameter => {}
            _ => return None,
        }
    }
    let Operator::I32Const { value } = next()? else {
        return None;
    };
    let Operator::CallIndirect { table_index: 0, .. } = next()? else {
        return None;
    };
    let Operator::End = next()? else { return None };
    u64::try_from(value).ok()
}

/// Returns true if some of them call elements of a table, which come later.
pub fn are_late(ways: &Ways) -> bool {
    ways.iter()
        .any(|(_, way)| matches!(way, Way::Element { .. }))
}

/// Returns true if all that an instance's functions pass calls on to is there.
pub fn are_there(core: &mut StoreCore, instance: usize, ways: &Ways) -> bool {
    let mut ways = ways.iter();
    ways.all(|(_, way)| callee(core, instance, way).is_some())
}

/// The functions of an instance that pass calls on to guests, and what these are.
pub fn of(core: &mut StoreCore, instance: usize, ways: &Ways) -> Vec<Forward> {
    if ways.is_empty() {
        return Vec::new();
    }
    let known = known(core);
    let forwards = ways.iter().filter_map(|(func, way)| {
        let reference = callee(core, instance, way)?;
        Some(Forward {
            function: func.index(),
            to: target(&known, reference)?,
        })
    });
    forwards.collect()
}

/// The code to which functions that pass calls on pass them, by where their own begins.
fn known(core: &StoreCore) -> HashMap<u64, HostAddress> {
    let forwards = core.instances.iter().flat_map(|instance| {
        let start = |it: &Forward| {
            instance
                .code
                .function_code(DefinedFuncIndex::new(it.function))
        };
        let forwards = instance.forwards.iter();
        forwards.map(move |it| (start(it).start.0, it.to))
    });
    forwards.collect()
}

/// The function that another one calls; `None` where there is none.
fn callee(core: &mut StoreCore, instance: usize, way: &Way) -> Option<*mut VmFuncRef> {
    let reference = match way {
        Way::Import(func) => core.instances[instance].func_ref(*func),
        Way::Element { table, index } => {
            let table = core.instances[instance].tables[table.index()];
            core.table_element(table, *index)? as *mut VmFuncRef
        }
    };
    (!reference.is_null()).then_some(reference)
}

/// The code that a call of a function comes to; `None` of the host's.
fn target(known: &HashMap<u64, HostAddress>, reference: *mut VmFuncRef) -> Option<HostAddress> {
    // SAFETY: the store keeps what its instances refer to.
    let (code, is_guest) = unsafe {
        let reference = &*reference;
        (
            reference.code as u64,
            !(*reference.context).instance.is_null(),
        )
    };
    let next = known.get(&code).copied();
    next.or(is_guest.then_some(HostAddress(code)))
}

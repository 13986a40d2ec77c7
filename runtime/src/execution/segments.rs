//! Segments: the active ones are applied to tables and memories when an instance is made.

use crate::abi::trap::TrapKind;
use crate::error::{Error, Result};
use crate::index::*;
use crate::module::init::{Elements, SegmentMode};
use crate::report::trap::Trap;
use crate::vm::handle::Table;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;

/// A trap of instantiation, which no instruction stands for.
fn init_trap(kind: TrapKind) -> Error {
    Error::Trap(Box::new(Trap::without_frames(kind)))
}

/// Active element segments, in order. Functions for the instance's own tables wait until they are asked for.
pub fn apply_elements(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    let info = module.info();
    // Tables that hold elements already: what later segments say must not wait behind those.
    let mut filled = Vec::new();
    for (segment, declared) in info.elements.iter() {
        let SegmentMode::Active { target, offset } = &declared.mode else {
            core.instances[index].dropped_elements[segment.index()] =
                declared.mode == SegmentMode::Declared;
            continue;
        };
        let instance = &mut core.instances[index];
        // An i32 is extended by zeros.
        let start = instance.evaluate(offset) as u64;
        let table = instance.tables[target.index()];
        let len = declared.elements.len() as u64;
        let end = start.checked_add(len);
        if end.is_none_or(|end| end > core.table(table).vm.len) {
            return Err(init_trap(TrapKind::TableOutOfBounds));
        }
        let own = target.index() >= info.imported_tables
            && info.table_inits[target.index() - info.imported_tables].is_none();
        let lazy =
            own && !filled.contains(&table) && matches!(declared.elements, Elements::Funcs(_));
        if lazy {
            core.instances[index].lazy.push((table, start, segment));
        } else {
            copy_elements(core, index, table, segment, start, 0, len);
            filled.push(table);
        }
        core.instances[index].dropped_elements[segment.index()] = true;
    }
    Ok(())
}

/// Copies elements of a segment into a table; both ranges have been checked.
pub(crate) fn copy_elements(
    core: &mut StoreCore,
    index: usize,
    table: Table,
    segment: ElemIndex,
    to: u64,
    from: u64,
    len: u64,
) {
    let info = core.instances[index].module.info().clone();
    for i in 0..len {
        let instance = &mut core.instances[index];
        let reference = match &info.elements[segment].elements {
            Elements::Funcs(funcs) => instance.func_ref(funcs[(from + i) as usize]) as u64,
            Elements::Exprs(exprs) => instance.evaluate(&exprs[(from + i) as usize]) as u64,
        };
        core.table_mut(table).set(to + i, reference);
    }
}

/// Active data segments, in order.
pub fn apply_data(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    for (segment, data) in module.info().data.iter() {
        let SegmentMode::Active { target, offset } = &data.mode else {
            continue;
        };
        let instance = &mut core.instances[index];
        // An i32 is extended by zeros.
        let start = instance.evaluate(offset) as u64 as usize;
        let memory = instance.memories[target.index()];
        let bytes = &module.artifact().wasm()[data.bytes.clone()];
        let written = core.memory(memory).write(start, bytes);
        written.ok_or_else(|| init_trap(TrapKind::MemoryOutOfBounds))?;
        core.instances[index].dropped_data[segment.index()] = true;
    }
    Ok(())
}

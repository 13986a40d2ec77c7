//! Segments: the active ones are applied to tables and memories when an instance is made.

use crate::abi::trap::TrapKind;
use crate::error::{Error, Result};
use crate::index::*;
use crate::module::init::{ConstExpr, Elements, SegmentMode};
use crate::report::trap::Trap;
use crate::vm::handle::Table;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;
use std::ops::Range;

/// A trap of instantiation, which no instruction stands for.
pub(super) fn init_trap(kind: TrapKind) -> Error {
    Error::Trap(Box::new(Trap::without_frames(kind)))
}

/// Active element segments, in order. Functions for the instance's own tables wait until they are asked for.
pub fn apply_elements(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    let info = module.info();
    evaluate_elements(core, index)?;
    // Tables that hold elements already: what later segments say must not wait behind those.
    let mut filled = Vec::new();
    for (segment, declared) in info.elements.iter() {
        let SegmentMode::Active { target, offset } = &declared.mode else {
            if declared.mode == SegmentMode::Declared {
                core.instances[index].drop_elements(segment);
            }
            continue;
        };
        // An i32 is extended by zeros.
        let start = evaluate(core, index, offset)? as u64;
        let instance = &mut core.instances[index];
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
        core.instances[index].drop_elements(segment);
    }
    Ok(())
}

fn evaluate(core: &mut StoreCore, index: usize, expr: &ConstExpr) -> Result<u128> {
    let value = core.instances[index].evaluate(&mut core.objects, expr);
    value.ok_or_else(|| init_trap(TrapKind::HeapFull))
}

/// The values of segments that are expressions: each is evaluated once, when the instance is made.
fn evaluate_elements(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    for (segment, declared) in module.info().elements.iter() {
        let Elements::Exprs(exprs) = &declared.elements else {
            continue;
        };
        let mut values = Vec::with_capacity(exprs.len());
        for expr in exprs {
            values.push(evaluate(core, index, expr)? as u64);
        }
        core.instances[index].element_values[segment.index()] = values.into();
    }
    Ok(())
}

/// References of a segment, by their places, which have been checked.
pub(super) fn element_values(
    core: &mut StoreCore,
    index: usize,
    segment: ElemIndex,
    range: Range<u64>,
) -> Vec<u64> {
    let info = core.instances[index].module.info().clone();
    let range = range.start as usize..range.end as usize;
    let instance = &mut core.instances[index];
    match &info.elements[segment].elements {
        Elements::Funcs(functions) => {
            let functions = functions[range].iter();
            functions
                .map(|func| instance.func_ref(*func) as u64)
                .collect()
        }
        Elements::Exprs(_) => instance.element_values[segment.index()][range].to_vec(),
    }
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
    let values = element_values(core, index, segment, from..from + len);
    for (value, place) in values.into_iter().zip(to..) {
        core.table_mut(table).set(place, value);
    }
}

/// Active data segments, in order.
pub fn apply_data(core: &mut StoreCore, index: usize) -> Result<()> {
    let module = core.instances[index].module.clone();
    for (segment, data) in module.info().data.iter() {
        let SegmentMode::Active { target, offset } = &data.mode else {
            continue;
        };
        // An i32 is extended by zeros.
        let start = evaluate(core, index, offset)? as u64 as usize;
        let instance = &mut core.instances[index];
        let memory = instance.memories[target.index()];
        let bytes = &module.artifact().wasm()[data.bytes.clone()];
        let written = core.memory(memory).write(start, bytes);
        written.ok_or_else(|| init_trap(TrapKind::MemoryOutOfBounds))?;
        core.instances[index].dropped_data[segment.index()] = true;
    }
    Ok(())
}

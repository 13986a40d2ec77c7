//! What the first table holds for good: what the program's function pointers are indices of.

use super::init::{ConstOp, Elements, SegmentMode};
use super::{ExportItem, ModuleInfo};
use crate::index::*;
use cranelift_entity::EntityRef;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// The elements of the first table that are functions as long as an instance lives: none where the table is also another's, or the
/// program changes elements.
pub fn lasting_elements(module: &ModuleInfo, wasm: &[u8]) -> BTreeMap<u32, FuncIndex> {
    let table = TableIndex::new(0);
    let mut found = BTreeMap::new();
    let is_own = module.imported_tables == 0
        && !module
            .exports
            .iter()
            .any(|it| it.item == ExportItem::Table(table));
    if !is_own {
        return found;
    }
    for segment in module.elements.values() {
        let SegmentMode::Active { target, offset } = &segment.mode else {
            continue;
        };
        if *target != table {
            continue;
        }
        let start = match offset.ops[..] {
            [ConstOp::I32(start)] => u64::from(start as u32),
            [ConstOp::I64(start)] => start as u64,
            _ => return BTreeMap::new(),
        };
        // The most that a debugger's function pointer says; a table that large is not made.
        let Ok(start) = u32::try_from(start) else {
            return BTreeMap::new();
        };
        // Later segments count.
        let functions = functions(&segment.elements);
        // No table has elements after: there is no instance.
        for (index, function) in (start..=u32::MAX).zip(functions) {
            match function {
                Some(function) => found.insert(index, function),
                None => found.remove(&index),
            };
        }
    }
    if !found.is_empty() && changes(module, wasm, table) {
        return BTreeMap::new();
    }
    found
}

/// The functions of a segment; `None` is a null reference.
fn functions(elements: &Elements) -> Vec<Option<FuncIndex>> {
    match elements {
        Elements::Funcs(functions) => functions.iter().copied().map(Some).collect(),
        Elements::Exprs(exprs) => exprs
            .iter()
            .map(|expr| match expr.ops[..] {
                [ConstOp::RefFunc(function)] => Some(function),
                _ => None,
            })
            .collect(),
    }
}

/// Returns true if code of the module may change elements of a table that are there from its start.
fn changes(module: &ModuleInfo, wasm: &[u8], changed: TableIndex) -> bool {
    let bodies: Vec<_> = module.bodies.values().cloned().collect();
    bodies
        .into_par_iter()
        .any(|body| body_changes(wasm, body, changed).unwrap_or(true))
}

fn body_changes(wasm: &[u8], body: Range<usize>, changed: TableIndex) -> wasmparser::Result<bool> {
    let reader = BinaryReader::new(&wasm[body.clone()], body.start as u64);
    let mut operators = FunctionBody::new(reader).get_operators_reader()?;
    while !operators.eof() {
        let table = match operators.read()? {
            Operator::TableSet { table }
            | Operator::TableFill { table }
            | Operator::TableInit { table, .. }
            | Operator::TableCopy {
                dst_table: table, ..
            } => table,
            _ => continue,
        };
        if table == changed.as_u32() {
            return Ok(true);
        }
    }
    Ok(false)
}

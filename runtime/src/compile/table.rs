//! Tables, references and globals.

use super::signature::{POINTER, clif_type};
use super::translator::Translator;
use crate::abi::builtin::Builtin;
use crate::abi::layout::{GlobalLocation, INITIALIZED, VmFuncRef, VmTable};
use crate::abi::trap::TrapKind;
use crate::index::*;
use crate::module::types::ValType;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value};
use std::mem::offset_of;
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates a table, reference or global operator; `false` for all others.
    pub(super) fn table_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::GlobalGet { global_index } => {
                self.global_get(GlobalIndex::from_u32(*global_index));
            }
            Operator::GlobalSet { global_index } => {
                self.global_set(GlobalIndex::from_u32(*global_index));
            }
            Operator::RefNull { .. } => {
                let null = self.builder.ins().iconst(I64, 0);
                self.push(null);
            }
            Operator::RefIsNull => {
                let reference = self.pop();
                let null = self.is_null(reference);
                self.push_bool(null);
            }
            Operator::RefAsNonNull => {
                let reference = self.top();
                self.trap_if_null(reference);
            }
            Operator::RefFunc { function_index } => {
                let reference = self.func_ref(FuncIndex::from_u32(*function_index));
                self.push(reference);
            }
            Operator::TableGet { table } => {
                let index = self.pop();
                let value = self.table_get(TableIndex::from_u32(*table), index);
                self.push(value);
            }
            Operator::TableSet { table } => self.table_set(TableIndex::from_u32(*table)),
            Operator::TableSize { table } => {
                let table = TableIndex::from_u32(*table);
                let len = self.table_len(table);
                self.push_address(self.env.module.tables[table].address_type, len);
            }
            _ => return self.whole_table_operator(operator),
        }
        true
    }

    fn whole_table_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::TableGrow { table } => {
                let (value, delta) = self.pop2();
                let args = [self.index(*table), value, self.widen(delta)];
                let before = self.call_builtin(Builtin::TableGrow, &args);
                self.trap_if_refused(before);
                let ty = self.env.module.tables[TableIndex::from_u32(*table)];
                self.push_address(ty.address_type, before);
            }
            Operator::TableFill { table } => {
                let (to, value, len) = self.pop3();
                let args = [self.index(*table), self.widen(to), value, self.widen(len)];
                self.call_fallible(Builtin::TableFill, &args, TrapKind::TableOutOfBounds);
            }
            Operator::TableCopy {
                dst_table,
                src_table,
            } => {
                let (to, from, len) = self.pop3();
                let args = [
                    self.index(*dst_table),
                    self.index(*src_table),
                    self.widen(to),
                    self.widen(from),
                    self.widen(len),
                ];
                self.call_fallible(Builtin::TableCopy, &args, TrapKind::TableOutOfBounds);
            }
            Operator::TableInit { elem_index, table } => {
                let (to, from, len) = self.pop3();
                let args = [
                    self.index(*table),
                    self.index(*elem_index),
                    self.widen(to),
                    from,
                    len,
                ];
                self.call_fallible(Builtin::TableInit, &args, TrapKind::TableOutOfBounds);
            }
            Operator::ElemDrop { elem_index } => {
                let segment = self.index(*elem_index);
                self.call_builtin(Builtin::ElemDrop, &[segment]);
            }
            _ => return false,
        }
        true
    }

    /// The address and the offset of a global's value.
    pub(super) fn global(&mut self, global: GlobalIndex) -> (Value, i32) {
        let context = self.context();
        match self.env.layout.global(global) {
            GlobalLocation::Inline(offset) => (context, offset as i32),
            GlobalLocation::Pointer(offset) => {
                let flags = MemFlagsData::trusted().with_readonly().with_can_move();
                (
                    self.builder
                        .ins()
                        .load(POINTER, flags, context, offset as i32),
                    0,
                )
            }
        }
    }

    fn global_get(&mut self, global: GlobalIndex) {
        let (address, offset) = self.global(global);
        let ty = clif_type(self.env.module.globals[global].content);
        let value = self
            .builder
            .ins()
            .load(ty, MemFlagsData::trusted(), address, offset);
        self.push(value);
    }

    fn global_set(&mut self, global: GlobalIndex) {
        let value = self.pop();
        self.set_global(global, value);
    }

    pub(super) fn set_global(&mut self, global: GlobalIndex, value: Value) {
        let (address, offset) = self.global(global);
        self.builder
            .ins()
            .store(MemFlagsData::trusted(), value, address, offset);
        self.keep_global(global, value);
    }

    /// The value of the global with a number of debug info's.
    pub(super) fn global_value(&mut self, global: u32) -> Option<Value> {
        let global = GlobalIndex::from_u32(global);
        let ty = self.env.module.globals.get(global)?.content;
        let (address, offset) = self.global(global);
        let flags = MemFlagsData::trusted();
        Some(
            self.builder
                .ins()
                .load(clif_type(ty), flags, address, offset),
        )
    }

    /// A reference to a function. That to one of the module's own is in the context, and the runtime makes it when it is first asked for.
    fn func_ref(&mut self, func: FuncIndex) -> Value {
        if self.env.module.defined(func).is_none() {
            return self.imported_function(func);
        }
        let slot = self.env.module.escaping_slot(func);
        let slot = slot.expect("validated: only functions that may be referred to are");
        let context = self.context();
        let offset = self.env.layout.func_ref(slot);
        let reference = self.builder.ins().iadd_imm_s(context, i64::from(offset));
        let code = self.builder.ins().load(
            POINTER,
            MemFlagsData::trusted(),
            reference,
            offset_of!(VmFuncRef, code) as i32,
        );
        let (missing, done) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(missing);
        self.builder.ins().brif(code, done, &[], missing, &[]);
        self.builder.switch_to_block(missing);
        let index = self.index(func.as_u32());
        self.call_builtin(Builtin::RefFunc, &[index]);
        self.builder.ins().jump(done, &[]);
        self.builder.switch_to_block(done);
        reference
    }

    fn table(&mut self, table: TableIndex) -> Value {
        let context = self.context();
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        self.builder
            .ins()
            .load(POINTER, flags, context, self.env.layout.table(table) as i32)
    }

    /// The number of a table's elements now.
    fn table_len(&mut self, table: TableIndex) -> Value {
        let limits = self.env.module.tables[table].limits;
        if limits.max == Some(limits.min) {
            return self.builder.ins().iconst(I64, limits.min as i64);
        }
        let pointer = self.table(table);
        let offset = offset_of!(VmTable, len) as i32;
        let flags = MemFlagsData::trusted();
        self.builder.ins().load(I64, flags, pointer, offset)
    }

    /// The address of an element, after its bounds check, and the index in 64 bits.
    fn element(&mut self, table: TableIndex, index: Value) -> (Value, Value) {
        let len = self.table_len(table);
        let index = self.widen(index);
        let beyond = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.builder
            .ins()
            .trapnz(beyond, TrapKind::TableOutOfBounds.clif());
        let pointer = self.table(table);
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        let offset = offset_of!(VmTable, elements) as i32;
        let elements = self.builder.ins().load(POINTER, flags, pointer, offset);
        let offset = self.builder.ins().ishl_imm_u(index, 3);
        (self.builder.ins().iadd(elements, offset), index)
    }

    /// Returns a condition: that a reference is null.
    pub(super) fn is_null(&mut self, reference: Value) -> Value {
        self.builder.ins().icmp_imm_s(IntCC::Equal, reference, 0)
    }

    pub(super) fn trap_if_null(&mut self, reference: Value) {
        let null = TrapKind::NullReference.clif();
        self.builder.ins().trapz(reference, null);
    }

    /// Returns true if elements of a table are marked when they have their values.
    fn is_marked(&self, table: TableIndex) -> bool {
        match self.env.module.tables[table].element {
            ValType::Ref(ty) => self.env.module.is_function(ty.heap_type()),
            _ => false,
        }
    }

    /// An element of a table. One that has not been asked for yet gets its first value from the runtime.
    pub(super) fn table_get(&mut self, table: TableIndex, index: Value) -> Value {
        let (address, index) = self.element(table, index);
        let element = self
            .builder
            .ins()
            .load(I64, MemFlagsData::trusted(), address, 0);
        if !self.is_marked(table) {
            return element;
        }
        let value = self
            .builder
            .ins()
            .band_imm_s(element, !(INITIALIZED as i64));
        let (lazy, done) = (self.builder.create_block(), self.builder.create_block());
        let result = self.builder.append_block_param(done, I64);
        self.builder.set_cold_block(lazy);
        self.builder
            .ins()
            .brif(element, done, &[BlockArg::Value(value)], lazy, &[]);
        self.builder.switch_to_block(lazy);
        let table = self.index(table.as_u32());
        let first = self.call_builtin(Builtin::TableGetLazy, &[table, index]);
        self.builder.ins().jump(done, &[BlockArg::Value(first)]);
        self.builder.switch_to_block(done);
        result
    }

    fn table_set(&mut self, table: TableIndex) {
        let (index, value) = self.pop2();
        let (address, _) = self.element(table, index);
        let element = match self.is_marked(table) {
            true => self.builder.ins().bor_imm_s(value, INITIALIZED as i64),
            false => value,
        };
        self.builder
            .ins()
            .store(MemFlagsData::trusted(), element, address, 0);
    }
}

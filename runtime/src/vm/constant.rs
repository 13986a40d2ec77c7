//! Constant expressions: first values of globals, tables and elements (WebAssembly 3.0, section 3.3.10).

use super::gc::Objects;
use super::instance::InstanceData;
use crate::abi::heap::ObjectLayout;
use crate::index::*;
use crate::module::init::{ConstExpr, ConstOp};
use cranelift_entity::EntityRef;

impl InstanceData {
    /// The value of a constant expression, as a slot; `None` where the heap is full.
    pub(crate) fn evaluate(&mut self, objects: &mut Objects, expr: &ConstExpr) -> Option<u128> {
        let mut stack = Vec::with_capacity(1);
        for op in &expr.ops {
            let value = match *op {
                ConstOp::I32(value) => u128::from(value as u32),
                ConstOp::I64(value) => u128::from(value as u64),
                ConstOp::F32(bits) => u128::from(bits),
                ConstOp::F64(bits) => u128::from(bits),
                ConstOp::V128(bits) => bits,
                ConstOp::I32Add => narrow(&mut stack, u32::wrapping_add),
                ConstOp::I32Sub => narrow(&mut stack, u32::wrapping_sub),
                ConstOp::I32Mul => narrow(&mut stack, u32::wrapping_mul),
                ConstOp::I64Add => wide(&mut stack, u64::wrapping_add),
                ConstOp::I64Sub => wide(&mut stack, u64::wrapping_sub),
                ConstOp::I64Mul => wide(&mut stack, u64::wrapping_mul),
                ConstOp::RefNull => 0,
                ConstOp::RefFunc(func) => self.func_ref(func) as u128,
                ConstOp::RefI31 => u128::from((pop(&mut stack) as u32) << 1 | 1),
                // SAFETY: a constant expression names globals that have their values: imports and those before.
                ConstOp::GlobalGet(global) => unsafe {
                    *self.globals[global.index()].cell.as_ptr()
                },
                op => self.object(objects, op, &mut stack)?,
            };
            stack.push(value);
        }
        Some(pop(&mut stack))
    }

    /// Makes an object of an expression.
    fn object(
        &mut self,
        objects: &mut Objects,
        op: ConstOp,
        stack: &mut Vec<u128>,
    ) -> Option<u128> {
        let id = |ty: TypeIndex| self.module.type_ids()[ty.index()];
        let object = match op {
            ConstOp::StructNewDefault(ty) => objects.new_struct(id(ty))?,
            ConstOp::StructNew(ty) => {
                let layout = objects.layout(id(ty));
                let object = objects.new_struct(id(ty))?;
                if let ObjectLayout::Struct { fields, .. } = &*layout {
                    let values = stack.split_off(stack.len() - fields.len());
                    for ((storage, offset), value) in fields.iter().zip(values) {
                        objects.store(object, *offset, *storage, value);
                    }
                }
                object
            }
            ConstOp::ArrayNewDefault(ty) => {
                let len = pop(stack) as u32;
                objects.new_array(id(ty), len)?
            }
            ConstOp::ArrayNew(ty) => {
                let (value, len) = pop2(stack);
                let array = objects.new_array(id(ty), len as u32)?;
                objects.fill_array(array, 0, std::iter::once(value));
                objects.repeat_element(array, 0, len as u32);
                array
            }
            ConstOp::ArrayNewFixed(ty, len) => {
                let array = objects.new_array(id(ty), len)?;
                let values = stack.split_off(stack.len() - len as usize);
                objects.fill_array(array, 0, values.into_iter());
                array
            }
            op => unreachable!("{op:?} makes no object"),
        };
        Some(object.into())
    }
}

fn pop(stack: &mut Vec<u128>) -> u128 {
    stack.pop().expect("validated: operands are there")
}

/// Pops the operands of an operator, as slots.
fn pop2(stack: &mut Vec<u128>) -> (u128, u128) {
    let second = pop(stack);
    (pop(stack), second)
}

fn narrow(stack: &mut Vec<u128>, apply: fn(u32, u32) -> u32) -> u128 {
    let (a, b) = pop2(stack);
    u128::from(apply(a as u32, b as u32))
}

fn wide(stack: &mut Vec<u128>, apply: fn(u64, u64) -> u64) -> u128 {
    let (a, b) = pop2(stack);
    u128::from(apply(a as u64, b as u64))
}

//! Wide arithmetic: 128-bit sums and 64-by-64-bit products. A 128-bit number is two i64, the low half first.

use super::translator::Translator;
use cranelift_codegen::ir::types::I128;
use cranelift_codegen::ir::{InstBuilder, Value};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates an operator of wide arithmetic; `false` for all others.
    pub(super) fn wide_operator(&mut self, operator: &Operator<'_>) -> bool {
        let value = match operator {
            Operator::I64Add128 => {
                let (a, b) = self.pop2_wide();
                self.builder.ins().iadd(a, b)
            }
            Operator::I64Sub128 => {
                let (a, b) = self.pop2_wide();
                self.builder.ins().isub(a, b)
            }
            Operator::I64MulWideS => {
                let (a, b) = self.pop2();
                let a = self.builder.ins().sextend(I128, a);
                let b = self.builder.ins().sextend(I128, b);
                self.builder.ins().imul(a, b)
            }
            Operator::I64MulWideU => {
                let (a, b) = self.pop2();
                let a = self.builder.ins().uextend(I128, a);
                let b = self.builder.ins().uextend(I128, b);
                self.builder.ins().imul(a, b)
            }
            _ => return false,
        };
        let (low, high) = self.builder.ins().isplit(value);
        self.push(low);
        self.push(high);
        true
    }

    fn pop2_wide(&mut self) -> (Value, Value) {
        let second = self.pop_wide();
        (self.pop_wide(), second)
    }

    fn pop_wide(&mut self) -> Value {
        let (low, high) = self.pop2();
        self.builder.ins().iconcat(low, high)
    }
}

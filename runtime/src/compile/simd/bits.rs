//! Operators on a vector's bits, whatever its lanes are.

use super::super::translator::Translator;
use super::V128;
use cranelift_codegen::ir::InstBuilder;
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates a bitwise operator; `false` for all others.
    pub(super) fn vector_bits(&mut self, operator: &Operator<'_>) -> bool {
        macro_rules! binary {
            ($op:ident) => {{
                let (a, b) = self.pop2();
                let value = self.builder.ins().$op(a, b);
                self.push(value);
            }};
        }
        match operator {
            Operator::V128Const { value } => {
                let value = self.vector_constant(V128, *value.bytes());
                self.push(value);
            }
            Operator::V128Not => {
                let a = self.pop();
                let value = self.builder.ins().bnot(a);
                self.push(value);
            }
            Operator::V128And => binary!(band),
            Operator::V128AndNot => binary!(band_not),
            Operator::V128Or => binary!(bor),
            Operator::V128Xor => binary!(bxor),
            Operator::V128Bitselect => {
                let (a, b, mask) = self.pop3();
                let value = self.builder.ins().bitselect(mask, a, b);
                self.push(value);
            }
            Operator::V128AnyTrue => {
                let a = self.pop();
                let value = self.builder.ins().vany_true(a);
                self.push_bool(value);
            }
            _ => return false,
        }
        true
    }
}

//! Constants, integer, floating-point and conversion operators, locals, and the parametric ones: each a CLIF instruction or
//! two.

use super::translator::Translator;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, InstructionData, MemFlagsData, Opcode, Type, Value};
use wasmparser::Operator;

impl Translator<'_, '_> {
    /// Translates a numeric, variable or parametric operator; `false` for all others.
    pub(super) fn numeric_operator(&mut self, operator: &Operator<'_>) -> bool {
        self.simple_operator(operator)
            || self.integer_operator(operator)
            || self.float_operator(operator)
            || self.conversion(operator)
    }

    fn simple_operator(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::LocalGet { local_index } => {
                let value = self.get_local(*local_index);
                self.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.set_local(*local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.pop();
                self.set_local(*local_index, value);
                self.push(value);
            }
            Operator::Drop => {
                self.pop();
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                let (first, second, condition) = self.pop3();
                let value = self.builder.ins().select(condition, first, second);
                self.push(value);
            }
            Operator::I32Const { value } => {
                let value = self.builder.ins().iconst(I32, i64::from(*value as u32));
                self.push(value);
            }
            Operator::I64Const { value } => {
                let value = self.builder.ins().iconst(I64, *value);
                self.push(value);
            }
            Operator::F32Const { value } => self.float_constant(F32, value.bits().into()),
            Operator::F64Const { value } => self.float_constant(F64, value.bits()),
            _ => return false,
        }
        true
    }

    /// Pushes a constant. With debug info it is an integer that moves to a register: the code generator has floating-point constants beside
    /// the code, from where no instruction of AVX may read them there ([`super::prefixed`]).
    fn float_constant(&mut self, ty: Type, bits: u64) {
        let value = if self.env.settings.debug_info {
            let integer = self.builder.ins().iconst(ty.as_int(), bits as i64);
            (self.builder.ins()).bitcast(ty, MemFlagsData::new(), integer)
        } else if ty == F32 {
            (self.builder.ins()).f32const(Ieee32::with_bits(bits as u32))
        } else {
            (self.builder.ins()).f64const(Ieee64::with_bits(bits))
        };
        self.push(value);
    }

    /// Code before a division of signed integers by which one by zero is SIGFPE to debuggers, as natively: Cranelift's own check
    /// ends in SIGILL, and that of unsigned integers is the processor's.
    fn raise_zero_divisor(&mut self, dividend: Value, divisor: Value) {
        if !self.env.settings.debug_info || self.is_nonzero_constant(divisor) {
            return;
        }
        let (zero, divide) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(zero);
        self.builder.ins().brif(divisor, divide, &[], zero, &[]);
        self.builder.switch_to_block(zero);
        self.builder.ins().udiv(dividend, divisor);
        self.builder.ins().jump(divide, &[]);
        self.go_on_in(divide);
    }

    fn is_nonzero_constant(&self, value: Value) -> bool {
        let function = &self.builder.func.dfg;
        let definition = function.value_def(value).inst();
        definition.is_some_and(|inst| {
            matches!(function.insts[inst], InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } if imm.bits() != 0)
        })
    }

    #[rustfmt::skip] // a table
    fn integer_operator(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        macro_rules! unary { ($op:ident) => {{ let a = self.pop(); let v = self.builder.ins().$op(a); self.push(v); }} }
        macro_rules! binary { ($op:ident) => {{ let (a, b) = self.pop2(); let v = self.builder.ins().$op(a, b); self.push(v); }} }
        macro_rules! signed { ($op:ident) => {{ let (a, b) = self.pop2(); self.raise_zero_divisor(a, b); let v = self.builder.ins().$op(a, b); self.push(v); }} }
        match operator {
            O::I32Eqz | O::I64Eqz => { let a = self.pop(); let v = self.builder.ins().icmp_imm_s(IntCC::Equal, a, 0); self.push_bool(v); }
            O::I32Eq | O::I64Eq => self.compare(IntCC::Equal),
            O::I32Ne | O::I64Ne => self.compare(IntCC::NotEqual),
            O::I32LtS | O::I64LtS => self.compare(IntCC::SignedLessThan),
            O::I32LtU | O::I64LtU => self.compare(IntCC::UnsignedLessThan),
            O::I32GtS | O::I64GtS => self.compare(IntCC::SignedGreaterThan),
            O::I32GtU | O::I64GtU => self.compare(IntCC::UnsignedGreaterThan),
            O::I32LeS | O::I64LeS => self.compare(IntCC::SignedLessThanOrEqual),
            O::I32LeU | O::I64LeU => self.compare(IntCC::UnsignedLessThanOrEqual),
            O::I32GeS | O::I64GeS => self.compare(IntCC::SignedGreaterThanOrEqual),
            O::I32GeU | O::I64GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual),
            O::I32Clz | O::I64Clz => unary!(clz),
            O::I32Ctz | O::I64Ctz => unary!(ctz),
            O::I32Popcnt | O::I64Popcnt => unary!(popcnt),
            O::I32Add | O::I64Add => binary!(iadd),
            O::I32Sub | O::I64Sub => binary!(isub),
            O::I32Mul | O::I64Mul => binary!(imul),
            O::I32DivS | O::I64DivS => signed!(sdiv),
            O::I32DivU | O::I64DivU => binary!(udiv),
            O::I32RemS | O::I64RemS => signed!(srem),
            O::I32RemU | O::I64RemU => binary!(urem),
            O::I32And | O::I64And => binary!(band),
            O::I32Or | O::I64Or => binary!(bor),
            O::I32Xor | O::I64Xor => binary!(bxor),
            O::I32Shl | O::I64Shl => binary!(ishl),
            O::I32ShrS | O::I64ShrS => binary!(sshr),
            O::I32ShrU | O::I64ShrU => binary!(ushr),
            O::I32Rotl | O::I64Rotl => binary!(rotl),
            O::I32Rotr | O::I64Rotr => binary!(rotr),
            O::I32Extend8S => self.sign_extend(I8, I32),
            O::I32Extend16S => self.sign_extend(I16, I32),
            O::I64Extend8S => self.sign_extend(I8, I64),
            O::I64Extend16S => self.sign_extend(I16, I64),
            O::I64Extend32S => self.sign_extend(I32, I64),
            _ => return false,
        }
        true
    }

    #[rustfmt::skip] // a table
    fn float_operator(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        macro_rules! unary { ($op:ident) => {{ let a = self.pop(); let v = self.builder.ins().$op(a); self.push(v); }} }
        macro_rules! binary { ($op:ident) => {{ let (a, b) = self.pop2(); let v = self.builder.ins().$op(a, b); self.push(v); }} }
        match operator {
            O::F32Eq | O::F64Eq => self.compare_floats(FloatCC::Equal),
            O::F32Ne | O::F64Ne => self.compare_floats(FloatCC::NotEqual),
            O::F32Lt | O::F64Lt => self.compare_floats(FloatCC::LessThan),
            O::F32Gt | O::F64Gt => self.compare_floats(FloatCC::GreaterThan),
            O::F32Le | O::F64Le => self.compare_floats(FloatCC::LessThanOrEqual),
            O::F32Ge | O::F64Ge => self.compare_floats(FloatCC::GreaterThanOrEqual),
            O::F32Abs | O::F64Abs => unary!(fabs),
            O::F32Neg | O::F64Neg => unary!(fneg),
            O::F32Ceil | O::F64Ceil => unary!(ceil),
            O::F32Floor | O::F64Floor => unary!(floor),
            O::F32Trunc | O::F64Trunc => unary!(trunc),
            O::F32Nearest | O::F64Nearest => unary!(nearest),
            O::F32Sqrt | O::F64Sqrt => unary!(sqrt),
            O::F32Add | O::F64Add => binary!(fadd),
            O::F32Sub | O::F64Sub => binary!(fsub),
            O::F32Mul | O::F64Mul => binary!(fmul),
            O::F32Div | O::F64Div => binary!(fdiv),
            O::F32Min | O::F64Min => binary!(fmin),
            O::F32Max | O::F64Max => binary!(fmax),
            O::F32Copysign | O::F64Copysign => binary!(fcopysign),
            _ => return false,
        }
        true
    }

    #[rustfmt::skip] // a table
    fn conversion(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        macro_rules! convert { ($op:ident $ty:ident) => {{ let a = self.pop(); let v = self.builder.ins().$op($ty, a); self.push(v); }} }
        match operator {
            O::I32WrapI64 => convert!(ireduce I32),
            O::I64ExtendI32S => convert!(sextend I64),
            O::I64ExtendI32U => convert!(uextend I64),
            O::I32TruncF32S | O::I32TruncF64S => convert!(fcvt_to_sint I32),
            O::I32TruncF32U | O::I32TruncF64U => convert!(fcvt_to_uint I32),
            O::I64TruncF32S | O::I64TruncF64S => convert!(fcvt_to_sint I64),
            O::I64TruncF32U | O::I64TruncF64U => convert!(fcvt_to_uint I64),
            O::I32TruncSatF32S | O::I32TruncSatF64S => convert!(fcvt_to_sint_sat I32),
            O::I32TruncSatF32U | O::I32TruncSatF64U => convert!(fcvt_to_uint_sat I32),
            O::I64TruncSatF32S | O::I64TruncSatF64S => convert!(fcvt_to_sint_sat I64),
            O::I64TruncSatF32U | O::I64TruncSatF64U => convert!(fcvt_to_uint_sat I64),
            O::F32ConvertI32S | O::F32ConvertI64S => convert!(fcvt_from_sint F32),
            O::F32ConvertI32U | O::F32ConvertI64U => convert!(fcvt_from_uint F32),
            O::F64ConvertI32S | O::F64ConvertI64S => convert!(fcvt_from_sint F64),
            O::F64ConvertI32U | O::F64ConvertI64U => convert!(fcvt_from_uint F64),
            O::F32DemoteF64 => convert!(fdemote F32),
            O::F64PromoteF32 => convert!(fpromote F64),
            O::I32ReinterpretF32 => self.reinterpret(I32),
            O::I64ReinterpretF64 => self.reinterpret(I64),
            O::F32ReinterpretI32 => self.reinterpret(F32),
            O::F64ReinterpretI64 => self.reinterpret(F64),
            _ => return false,
        }
        true
    }

    /// CLIF's comparisons give 8 bits, wasm's an i32.
    pub(super) fn push_bool(&mut self, value: Value) {
        let value = self.builder.ins().uextend(I32, value);
        self.push(value);
    }

    fn compare(&mut self, condition: IntCC) {
        let (a, b) = self.pop2();
        let value = self.builder.ins().icmp(condition, a, b);
        self.push_bool(value);
    }

    fn compare_floats(&mut self, condition: FloatCC) {
        let (a, b) = self.pop2();
        let value = self.builder.ins().fcmp(condition, a, b);
        self.push_bool(value);
    }

    fn sign_extend(&mut self, from: Type, to: Type) {
        let value = self.pop();
        let narrow = self.builder.ins().ireduce(from, value);
        let value = self.builder.ins().sextend(to, narrow);
        self.push(value);
    }

    fn reinterpret(&mut self, ty: Type) {
        let value = self.pop();
        let value = self.builder.ins().bitcast(ty, MemFlagsData::new(), value);
        self.push(value);
    }
}

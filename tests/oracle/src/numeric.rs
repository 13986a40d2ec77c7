//! The operators that compute: values of the stack are bits, those of 32 bits in the lower half.

use crate::module::Failure;
use wasmparser::Operator;

trait Number: Copy {
    fn get(bits: u64) -> Self;
    fn put(self) -> u64;
}

macro_rules! numbers {
    ($($ty:ty: $get:expr, $put:expr;)*) => {
        $(impl Number for $ty {
            fn get(bits: u64) -> Self {
                let get: fn(u64) -> $ty = $get;
                get(bits)
            }
            fn put(self) -> u64 {
                let put: fn($ty) -> u64 = $put;
                put(self)
            }
        })*
    };
}

numbers! {
    u32: |bits| bits as u32, |it| it.into();
    i32: |bits| bits as i32, |it| u64::from(it as u32);
    u64: |bits| bits, |it| it;
    i64: |bits| bits as i64, |it| it as u64;
    f32: |bits| f32::from_bits(bits as u32), |it| it.to_bits().into();
    f64: f64::from_bits, f64::to_bits;
    bool: |bits| bits != 0, |it| it.into();
}

fn pop(stack: &mut Vec<u64>) -> Result<u64, Failure> {
    stack.pop().ok_or_else(|| "an empty stack".to_owned())
}

fn one<A: Number, R: Number>(
    stack: &mut Vec<u64>,
    compute: impl Fn(A) -> R,
) -> Result<(), Failure> {
    let a = A::get(pop(stack)?);
    stack.push(compute(a).put());
    Ok(())
}

fn two<A: Number, R: Number>(
    stack: &mut Vec<u64>,
    compute: impl Fn(A, A) -> R,
) -> Result<(), Failure> {
    let b = A::get(pop(stack)?);
    let a = A::get(pop(stack)?);
    stack.push(compute(a, b).put());
    Ok(())
}

fn divided<A: Number>(
    stack: &mut Vec<u64>,
    compute: impl Fn(A, A) -> Option<A>,
) -> Result<(), Failure> {
    let b = A::get(pop(stack)?);
    let a = A::get(pop(stack)?);
    stack.push(compute(a, b).ok_or("a division")?.put());
    Ok(())
}

fn cut<A: Number, R: Number>(
    stack: &mut Vec<u64>,
    fits: impl Fn(A) -> bool,
    compute: impl Fn(A) -> R,
) -> Result<(), Failure> {
    let a = A::get(pop(stack)?);
    if !fits(a) {
        return Err("a number that does not fit".to_owned());
    }
    stack.push(compute(a).put());
    Ok(())
}

macro_rules! float {
    ($ty:ident, $min:ident, $max:ident) => {
        fn $min(a: $ty, b: $ty) -> $ty {
            match () {
                _ if a.is_nan() || b.is_nan() => a + b,
                _ if a == b && a.is_sign_negative() => a,
                _ if a == b => b,
                _ => a.min(b),
            }
        }

        fn $max(a: $ty, b: $ty) -> $ty {
            match () {
                _ if a.is_nan() || b.is_nan() => a + b,
                _ if a == b && a.is_sign_negative() => b,
                _ if a == b => a,
                _ => a.max(b),
            }
        }
    };
}

float!(f32, f32_min, f32_max);
float!(f64, f64_min, f64_max);

/// Computes, if the operator is one that does only that.
pub fn compute(operator: &Operator<'_>, stack: &mut Vec<u64>) -> Result<bool, Failure> {
    let done = integer32(operator, stack)
        .or_else(|| integer64(operator, stack))
        .or_else(|| float32(operator, stack))
        .or_else(|| float64(operator, stack))
        .or_else(|| conversion(operator, stack));
    done.map_or(Ok(false), |done| done.map(|()| true))
}

type Done = Option<Result<(), Failure>>;

macro_rules! integers {
    ($name:ident, $u:ident, $i:ident: $constant:ident $eqz:ident $eq:ident $ne:ident $lts:ident $ltu:ident $gts:ident
     $gtu:ident $les:ident $leu:ident $ges:ident $geu:ident $clz:ident $ctz:ident $popcnt:ident $add:ident $sub:ident
     $mul:ident $divs:ident $divu:ident $rems:ident $remu:ident $and:ident $or:ident $xor:ident $shl:ident $shrs:ident
     $shru:ident $rotl:ident $rotr:ident $ext8:ident $ext16:ident) => {
        fn $name(operator: &Operator<'_>, s: &mut Vec<u64>) -> Done {
            use Operator as O;
            Some(match operator {
                O::$constant { value } => {
                    s.push(value.put());
                    Ok(())
                }
                O::$eqz => one(s, |a: $u| a == 0),
                O::$eq => two(s, |a: $u, b| a == b),
                O::$ne => two(s, |a: $u, b| a != b),
                O::$lts => two(s, |a: $i, b| a < b),
                O::$ltu => two(s, |a: $u, b| a < b),
                O::$gts => two(s, |a: $i, b| a > b),
                O::$gtu => two(s, |a: $u, b| a > b),
                O::$les => two(s, |a: $i, b| a <= b),
                O::$leu => two(s, |a: $u, b| a <= b),
                O::$ges => two(s, |a: $i, b| a >= b),
                O::$geu => two(s, |a: $u, b| a >= b),
                O::$clz => one(s, |a: $u| $u::from(a.leading_zeros())),
                O::$ctz => one(s, |a: $u| $u::from(a.trailing_zeros())),
                O::$popcnt => one(s, |a: $u| $u::from(a.count_ones())),
                O::$add => two(s, $u::wrapping_add),
                O::$sub => two(s, $u::wrapping_sub),
                O::$mul => two(s, $u::wrapping_mul),
                O::$divs => divided(s, $i::checked_div),
                O::$divu => divided(s, $u::checked_div),
                O::$rems => divided(s, |a: $i, b| (b != 0).then(|| a.wrapping_rem(b))),
                O::$remu => divided(s, $u::checked_rem),
                O::$and => two(s, |a: $u, b| a & b),
                O::$or => two(s, |a: $u, b| a | b),
                O::$xor => two(s, |a: $u, b| a ^ b),
                O::$shl => two(s, |a: $u, b| a.wrapping_shl(b as u32)),
                O::$shrs => two(s, |a: $i, b| a.wrapping_shr(b as u32)),
                O::$shru => two(s, |a: $u, b| a.wrapping_shr(b as u32)),
                O::$rotl => two(s, |a: $u, b| a.rotate_left(b as u32 % $u::BITS)),
                O::$rotr => two(s, |a: $u, b| a.rotate_right(b as u32 % $u::BITS)),
                O::$ext8 => one(s, |a: $i| $i::from(a as i8)),
                O::$ext16 => one(s, |a: $i| $i::from(a as i16)),
                _ => return None,
            })
        }
    };
}

integers! {
    integer32, u32, i32:
    I32Const I32Eqz I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU I32Clz
    I32Ctz I32Popcnt I32Add I32Sub I32Mul I32DivS I32DivU I32RemS I32RemU I32And I32Or I32Xor I32Shl
    I32ShrS I32ShrU I32Rotl I32Rotr I32Extend8S I32Extend16S
}
integers! {
    integer64, u64, i64:
    I64Const I64Eqz I64Eq I64Ne I64LtS I64LtU I64GtS I64GtU I64LeS I64LeU I64GeS I64GeU I64Clz
    I64Ctz I64Popcnt I64Add I64Sub I64Mul I64DivS I64DivU I64RemS I64RemU I64And I64Or I64Xor I64Shl
    I64ShrS I64ShrU I64Rotl I64Rotr I64Extend8S I64Extend16S
}

macro_rules! floats {
    ($name:ident, $f:ident, $min_of:ident, $max_of:ident: $constant:ident $eq:ident $ne:ident $lt:ident $gt:ident
     $le:ident $ge:ident $abs:ident $neg:ident $ceil:ident $floor:ident $trunc:ident $nearest:ident $sqrt:ident $add:ident
     $sub:ident $mul:ident $div:ident $min:ident $max:ident $copysign:ident) => {
        fn $name(operator: &Operator<'_>, s: &mut Vec<u64>) -> Done {
            use Operator as O;
            Some(match operator {
                O::$constant { value } => {
                    s.push(value.bits().into());
                    Ok(())
                }
                O::$eq => two(s, |a: $f, b| a == b),
                O::$ne => two(s, |a: $f, b| a != b),
                O::$lt => two(s, |a: $f, b| a < b),
                O::$gt => two(s, |a: $f, b| a > b),
                O::$le => two(s, |a: $f, b| a <= b),
                O::$ge => two(s, |a: $f, b| a >= b),
                O::$abs => one(s, $f::abs),
                O::$neg => one(s, |a: $f| -a),
                O::$ceil => one(s, $f::ceil),
                O::$floor => one(s, $f::floor),
                O::$trunc => one(s, $f::trunc),
                O::$nearest => one(s, $f::round_ties_even),
                O::$sqrt => one(s, $f::sqrt),
                O::$add => two(s, |a: $f, b| a + b),
                O::$sub => two(s, |a: $f, b| a - b),
                O::$mul => two(s, |a: $f, b| a * b),
                O::$div => two(s, |a: $f, b| a / b),
                O::$min => two(s, $min_of),
                O::$max => two(s, $max_of),
                O::$copysign => two(s, $f::copysign),
                _ => return None,
            })
        }
    };
}

floats! {
    float32, f32, f32_min, f32_max:
    F32Const F32Eq F32Ne F32Lt F32Gt F32Le F32Ge F32Abs F32Neg F32Ceil F32Floor F32Trunc F32Nearest
    F32Sqrt F32Add F32Sub F32Mul F32Div F32Min F32Max F32Copysign
}
floats! {
    float64, f64, f64_min, f64_max:
    F64Const F64Eq F64Ne F64Lt F64Gt F64Le F64Ge F64Abs F64Neg F64Ceil F64Floor F64Trunc F64Nearest
    F64Sqrt F64Add F64Sub F64Mul F64Div F64Min F64Max F64Copysign
}

/// 2 to the 31st, 32nd, 63rd and 64th.
const LIMITS: [f64; 4] = [
    2147483648.0,
    4294967296.0,
    9223372036854775808.0,
    18446744073709551616.0,
];

fn conversion(operator: &Operator<'_>, s: &mut Vec<u64>) -> Done {
    use Operator as O;
    let [i32_end, u32_end, i64_end, u64_end] = LIMITS;
    let (i32_fits, u32_fits) = (
        |a: f64| a > -i32_end - 1.0 && a < i32_end,
        |a: f64| a > -1.0 && a < u32_end,
    );
    let (i64_fits, u64_fits) = (
        |a: f64| a >= -i64_end && a < i64_end,
        |a: f64| a > -1.0 && a < u64_end,
    );
    Some(match operator {
        O::I32WrapI64 => one(s, |a: u64| a as u32),
        O::I64ExtendI32S => one(s, |a: i32| i64::from(a)),
        O::I64ExtendI32U => one(s, |a: u32| u64::from(a)),
        O::I64Extend32S => one(s, |a: i64| i64::from(a as i32)),
        O::I32TruncF32S => cut(s, |a: f32| i32_fits(a.into()), |a| a as i32),
        O::I32TruncF32U => cut(s, |a: f32| u32_fits(a.into()), |a| a as u32),
        O::I32TruncF64S => cut(s, i32_fits, |a: f64| a as i32),
        O::I32TruncF64U => cut(s, u32_fits, |a: f64| a as u32),
        O::I64TruncF32S => cut(s, |a: f32| i64_fits(a.into()), |a| a as i64),
        O::I64TruncF32U => cut(s, |a: f32| u64_fits(a.into()), |a| a as u64),
        O::I64TruncF64S => cut(s, i64_fits, |a: f64| a as i64),
        O::I64TruncF64U => cut(s, u64_fits, |a: f64| a as u64),
        O::I32TruncSatF32S => one(s, |a: f32| a as i32),
        O::I32TruncSatF32U => one(s, |a: f32| a as u32),
        O::I32TruncSatF64S => one(s, |a: f64| a as i32),
        O::I32TruncSatF64U => one(s, |a: f64| a as u32),
        O::I64TruncSatF32S => one(s, |a: f32| a as i64),
        O::I64TruncSatF32U => one(s, |a: f32| a as u64),
        O::I64TruncSatF64S => one(s, |a: f64| a as i64),
        O::I64TruncSatF64U => one(s, |a: f64| a as u64),
        O::F32ConvertI32S => one(s, |a: i32| a as f32),
        O::F32ConvertI32U => one(s, |a: u32| a as f32),
        O::F32ConvertI64S => one(s, |a: i64| a as f32),
        O::F32ConvertI64U => one(s, |a: u64| a as f32),
        O::F64ConvertI32S => one(s, |a: i32| f64::from(a)),
        O::F64ConvertI32U => one(s, |a: u32| f64::from(a)),
        O::F64ConvertI64S => one(s, |a: i64| a as f64),
        O::F64ConvertI64U => one(s, |a: u64| a as f64),
        O::F32DemoteF64 => one(s, |a: f64| a as f32),
        O::F64PromoteF32 => one(s, |a: f32| f64::from(a)),
        O::I32ReinterpretF32
        | O::I64ReinterpretF64
        | O::F32ReinterpretI32
        | O::F64ReinterpretI64 => Ok(()),
        _ => return None,
    })
}

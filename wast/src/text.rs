//! Values and outcomes in messages, written as scripts have them.

use dwalin_runtime::{Error, Result, Val};
use wast::WastRet;
use wast::core::{NanPattern, V128Pattern, WastRetCore};
use wast::token::{F32, F64};

/// The results of a call, or why there are none.
pub(crate) fn outcome(outcome: &Result<Vec<Val>>) -> String {
    match outcome {
        Ok(values) if values.is_empty() => "no result".to_owned(),
        Ok(found) => values(found),
        Err(error) => self::error(error),
    }
}

/// An error in one line: of a trap, without its backtrace.
pub(crate) fn error(error: &Error) -> String {
    match error {
        Error::Trap(trap) => match trap.exception() {
            Some(exception) => format!("the trap \"{}\": {exception}", trap.kind()),
            None => format!("the trap \"{}\"", trap.kind()),
        },
        error => {
            let text = error.to_string();
            format!("the error \"{}\"", text.lines().next().unwrap_or_default())
        }
    }
}

/// Values that were found.
pub(crate) fn values(values: &[Val]) -> String {
    list(values.iter().map(value))
}

/// Values that were expected.
pub(crate) fn expected(results: &[WastRet<'_>]) -> String {
    list(results.iter().map(|result| match result {
        WastRet::Core(result) => pattern(result),
        _ => "a component's value".to_owned(),
    }))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    match items.is_empty() {
        true => "no result".to_owned(),
        false => items.join(" "),
    }
}

fn value(value: &Val) -> String {
    match value {
        Val::I32(value) => format!("(i32.const {value})"),
        Val::I64(value) => format!("(i64.const {value})"),
        Val::F32(bits) => format!("(f32.const {})", f32_text(*bits)),
        Val::F64(bits) => format!("(f64.const {})", f64_text(*bits)),
        Val::V128(bits) => {
            let words = (0..4).map(|i| format!(" {:#010x}", (bits >> (32 * i)) as u32));
            format!("(v128.const i32x4{})", words.collect::<String>())
        }
        Val::FuncRef(None) => "(ref.null func)".to_owned(),
        Val::ExternRef(None) => "(ref.null extern)".to_owned(),
        Val::AnyRef(None) => "(ref.null any)".to_owned(),
        Val::ExnRef(None) => "(ref.null exn)".to_owned(),
        Val::FuncRef(Some(_)) => "(ref.func)".to_owned(),
        Val::ExternRef(Some(_)) => "(ref.extern)".to_owned(),
        Val::AnyRef(Some(_)) => "(ref.any)".to_owned(),
        Val::ExnRef(Some(_)) => "(ref.exn)".to_owned(),
    }
}

fn pattern(expected: &WastRetCore<'_>) -> String {
    match expected {
        WastRetCore::I32(value) => format!("(i32.const {value})"),
        WastRetCore::I64(value) => format!("(i64.const {value})"),
        WastRetCore::F32(value) => format!("(f32.const {})", f32_pattern(value)),
        WastRetCore::F64(value) => format!("(f64.const {})", f64_pattern(value)),
        WastRetCore::V128(value) => format!("(v128.const {})", v128_pattern(value)),
        WastRetCore::RefNull(_) => "(ref.null)".to_owned(),
        WastRetCore::RefFunc(_) => "(ref.func)".to_owned(),
        WastRetCore::RefExtern(Some(number)) => format!("(ref.extern {number})"),
        WastRetCore::RefExtern(None) => "(ref.extern)".to_owned(),
        WastRetCore::Either(all) => {
            let all = list(all.iter().map(pattern));
            format!("(either {all})")
        }
        other => format!("{other:?}"),
    }
}

fn v128_pattern(expected: &V128Pattern) -> String {
    fn lanes<T>(shape: &str, lanes: &[T], text: impl Fn(&T) -> String) -> String {
        format!("{shape} {}", list(lanes.iter().map(text)))
    }
    match expected {
        V128Pattern::I8x16(all) => lanes("i8x16", all, i8::to_string),
        V128Pattern::I16x8(all) => lanes("i16x8", all, i16::to_string),
        V128Pattern::I32x4(all) => lanes("i32x4", all, i32::to_string),
        V128Pattern::I64x2(all) => lanes("i64x2", all, i64::to_string),
        V128Pattern::F32x4(all) => lanes("f32x4", all, f32_pattern),
        V128Pattern::F64x2(all) => lanes("f64x2", all, f64_pattern),
    }
}

fn f32_pattern(expected: &NanPattern<F32>) -> String {
    match expected {
        NanPattern::Value(value) => f32_text(value.bits),
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
    }
}

fn f64_pattern(expected: &NanPattern<F64>) -> String {
    match expected {
        NanPattern::Value(value) => f64_text(value.bits),
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
    }
}

fn f32_text(bits: u32) -> String {
    let value = f32::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match value.is_nan() {
        true => format!("{sign}nan:{:#x}", bits & 0x7f_ffff),
        false => format!("{value:?}"),
    }
}

fn f64_text(bits: u64) -> String {
    let value = f64::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match value.is_nan() {
        true => format!("{sign}nan:{:#x}", bits & 0xf_ffff_ffff_ffff),
        false => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_in_scripts() {
        let found = [
            Val::I32(-1),
            Val::F32(0x7fc0_0001),
            Val::F64((-0.0f64).to_bits()),
            Val::V128(0x4_0000_0003_0000_0002_0000_0001),
            Val::ExternRef(None),
        ];
        let text = "(i32.const -1) (f32.const nan:0x400001) (f64.const -0.0) \
            (v128.const i32x4 0x00000001 0x00000002 0x00000003 0x00000004) (ref.null extern)";
        assert_eq!(values(&found), text);
        assert_eq!(values(&[]), "no result");
    }
}

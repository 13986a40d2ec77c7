//! Values and traps as scripts expect them.

use dwalin_runtime::{AnyRef, ExternRef, HeapType, Store, TrapKind, Val};
use wast::core::{NanPattern, V128Pattern, WastRetCore};
use wast::token::{F32, F64};

/// Returns true if a value is what is expected.
pub(crate) fn matches(store: &Store<()>, value: &Val, expected: &WastRetCore<'_>) -> bool {
    match (value, expected) {
        (Val::I32(value), WastRetCore::I32(expected)) => value == expected,
        (Val::I64(value), WastRetCore::I64(expected)) => value == expected,
        (Val::F32(bits), WastRetCore::F32(expected)) => is_f32(*bits, expected),
        (Val::F64(bits), WastRetCore::F64(expected)) => is_f64(*bits, expected),
        (Val::V128(bits), WastRetCore::V128(expected)) => is_v128(*bits, expected),
        (value, WastRetCore::Either(expected)) => {
            expected.iter().any(|it| matches(store, value, it))
        }
        (value, WastRetCore::RefNull(_)) => value.is_null(),
        (Val::AnyRef(Some(object)), expected) => is_object(store, *object, expected),
        (Val::FuncRef(Some(_)), WastRetCore::RefFunc(_)) => true,
        (Val::ExternRef(Some(object)), WastRetCore::RefExtern(Some(number))) => {
            object.data(store).downcast_ref() == Some(number)
        }
        (Val::ExternRef(Some(_)), WastRetCore::RefExtern(None)) => true,
        _ => false,
    }
}

fn is_object(store: &Store<()>, object: AnyRef, expected: &WastRetCore<'_>) -> bool {
    let ty = match expected {
        WastRetCore::RefAny => HeapType::Any,
        WastRetCore::RefEq => HeapType::Eq,
        WastRetCore::RefI31 => HeapType::I31,
        WastRetCore::RefStruct => HeapType::Struct,
        WastRetCore::RefArray => HeapType::Array,
        WastRetCore::RefHost(number) => {
            let object = ExternRef::convert_any(object);
            return object.is_host() && object.data(store).downcast_ref() == Some(number);
        }
        _ => return false,
    };
    object.matches(store, ty)
}

/// Returns true if a trap is the one that the specification has these words for.
pub(crate) fn is_trap(kind: TrapKind, words: &str) -> bool {
    let ours = kind.to_string();
    // "null function reference", "null array reference" and the like.
    if words.starts_with("null ") && words.ends_with(" reference") {
        return kind == TrapKind::NullReference;
    }
    // "uninitialized element 7" is more than we say; "undefined element" is a table's end.
    ours.contains(words)
        || words.contains(&ours)
        || (words == "undefined element" && kind == TrapKind::TableOutOfBounds)
}

fn is_f32(bits: u32, expected: &NanPattern<F32>) -> bool {
    match expected {
        NanPattern::Value(value) => bits == value.bits,
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
    }
}

fn is_f64(bits: u64, expected: &NanPattern<F64>) -> bool {
    match expected {
        NanPattern::Value(value) => bits == value.bits,
        NanPattern::CanonicalNan => bits & (u64::MAX >> 1) == 0x7ff8 << 48,
        NanPattern::ArithmeticNan => bits & 0x7ff8 << 48 == 0x7ff8 << 48,
    }
}

fn is_v128(bits: u128, expected: &V128Pattern) -> bool {
    let lane = |index: usize, width: usize| (bits >> (index * width)) as u64;
    let all = |width: usize, is: &dyn Fn(usize, u64) -> bool| {
        (0..128 / width).all(|index| is(index, lane(index, width)))
    };
    match expected {
        V128Pattern::I8x16(lanes) => all(8, &|i, bits| bits as i8 == lanes[i]),
        V128Pattern::I16x8(lanes) => all(16, &|i, bits| bits as i16 == lanes[i]),
        V128Pattern::I32x4(lanes) => all(32, &|i, bits| bits as i32 == lanes[i]),
        V128Pattern::I64x2(lanes) => all(64, &|i, bits| bits as i64 == lanes[i]),
        V128Pattern::F32x4(lanes) => all(32, &|i, bits| is_f32(bits as u32, &lanes[i])),
        V128Pattern::F64x2(lanes) => all(64, &|i, bits| is_f64(bits, &lanes[i])),
    }
}

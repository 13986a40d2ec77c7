//! Values as text: WebAssembly Value Encoding (WAVE), as command lines and other runtimes have it.

use super::types::{FuncType, Shape, Type};
use super::val::Val;
use crate::error::{Error, Result};
use std::borrow::Cow;
use wasm_wave::untyped::UntypedFuncCall;
use wasm_wave::wasm::{WasmType, WasmTypeKind, WasmValue, WasmValueError};

impl Val {
    /// The value of a type that a text is.
    ///
    /// # Errors
    /// A text that is none.
    pub fn from_wave(ty: &Type, text: &str) -> Result<Val> {
        wasm_wave::from_str(ty, text).map_err(|error| not_a_value(&error, text))
    }

    /// The value as text.
    ///
    /// # Errors
    /// Resources have no text.
    pub fn to_wave(&self) -> Result<String> {
        let text = wasm_wave::to_string(self);
        text.map_err(|error| Error::Type(format!("the value has no text: {error}")))
    }
}

impl FuncType {
    /// The arguments of a call that a text is: `(1, "two")`. Options that are none may be left out behind others.
    ///
    /// # Errors
    /// A text that is none.
    pub fn params_from_wave(&self, text: &str) -> Result<Vec<Val>> {
        // The parser knows calls, with the function's name.
        let call = format!("f{text}");
        let parsed = UntypedFuncCall::parse(&call);
        let types: Vec<_> = self.params.iter().map(|(_, ty)| ty).collect();
        let params = parsed.and_then(|parsed| parsed.to_wasm_params(types));
        params.map_err(|error| not_a_value(&error, &call))
    }
}

/// The error of a text that is no value, with the part of it that is meant.
fn not_a_value(error: &wasm_wave::parser::ParserError, text: &str) -> Error {
    let span = error.span();
    match text
        .get(span)
        .filter(|part| !part.is_empty() && *part != "f")
    {
        Some(part) => Error::Type(format!("`{part}`: {error}")),
        None => Error::Type(error.to_string()),
    }
}

impl Type {
    fn shape(&self) -> Option<&Shape> {
        match self {
            Type::Compound(compound) => Some(&compound.shape),
            _ => None,
        }
    }
}

impl WasmType for Type {
    fn kind(&self) -> WasmTypeKind {
        match self {
            Type::Bool => WasmTypeKind::Bool,
            Type::S8 => WasmTypeKind::S8,
            Type::U8 => WasmTypeKind::U8,
            Type::S16 => WasmTypeKind::S16,
            Type::U16 => WasmTypeKind::U16,
            Type::S32 => WasmTypeKind::S32,
            Type::U32 => WasmTypeKind::U32,
            Type::S64 => WasmTypeKind::S64,
            Type::U64 => WasmTypeKind::U64,
            Type::Float32 => WasmTypeKind::F32,
            Type::Float64 => WasmTypeKind::F64,
            Type::Char => WasmTypeKind::Char,
            Type::String => WasmTypeKind::String,
            Type::Own(_) | Type::Borrow(_) => WasmTypeKind::Unsupported,
            Type::Compound(compound) => match &compound.shape {
                Shape::List(_) => WasmTypeKind::List,
                Shape::Record(_) => WasmTypeKind::Record,
                Shape::Tuple(_) => WasmTypeKind::Tuple,
                Shape::Variant(_) => WasmTypeKind::Variant,
                Shape::Enum(_) => WasmTypeKind::Enum,
                Shape::Option(_) => WasmTypeKind::Option,
                Shape::Result(..) => WasmTypeKind::Result,
                Shape::Flags(_) => WasmTypeKind::Flags,
            },
        }
    }

    fn list_element_type(&self) -> Option<Type> {
        match self.shape() {
            Some(Shape::List(element)) => Some(element.clone()),
            _ => None,
        }
    }

    fn record_fields(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Type)> + '_> {
        let fields = match self.shape() {
            Some(Shape::Record(fields)) => &fields[..],
            _ => &[],
        };
        Box::new(fields.iter().map(|(name, ty)| (name.into(), ty.clone())))
    }

    fn tuple_element_types(&self) -> Box<dyn Iterator<Item = Type> + '_> {
        let types = match self.shape() {
            Some(Shape::Tuple(types)) => &types[..],
            _ => &[],
        };
        Box::new(types.iter().cloned())
    }

    fn variant_cases(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Option<Type>)> + '_> {
        let cases = match self.shape() {
            Some(Shape::Variant(cases)) => &cases[..],
            _ => &[],
        };
        Box::new(cases.iter().map(|(name, ty)| (name.into(), ty.clone())))
    }

    fn enum_cases(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        let names = match self.shape() {
            Some(Shape::Enum(names)) => &names[..],
            _ => &[],
        };
        Box::new(names.iter().map(Cow::from))
    }

    fn option_some_type(&self) -> Option<Type> {
        match self.shape() {
            Some(Shape::Option(some)) => Some(some.clone()),
            _ => None,
        }
    }

    fn result_types(&self) -> Option<(Option<Type>, Option<Type>)> {
        match self.shape() {
            Some(Shape::Result(ok, error)) => Some((ok.clone(), error.clone())),
            _ => None,
        }
    }

    fn flags_names(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        let names = match self.shape() {
            Some(Shape::Flags(names)) => &names[..],
            _ => &[],
        };
        Box::new(names.iter().map(Cow::from))
    }
}

type Made = std::result::Result<Val, WasmValueError>;

fn boxed(value: Option<Val>) -> Option<Box<Val>> {
    value.map(Box::new)
}

fn shared(value: &Option<Box<Val>>) -> Option<Cow<'_, Val>> {
    value.as_deref().map(Cow::Borrowed)
}

/// A value of a variant that the kind says it is; the crate asks for no other.
macro_rules! of_kind {
    ($value:expr, $variant:path) => {
        match $value {
            $variant(value) => value,
            other => unreachable!("a value that is {}", other.kind()),
        }
    };
}

// Whether a value is of its type is found out when it is passed.
impl WasmValue for Val {
    type Type = Type;

    fn kind(&self) -> WasmTypeKind {
        match self {
            Val::Bool(_) => WasmTypeKind::Bool,
            Val::S8(_) => WasmTypeKind::S8,
            Val::U8(_) => WasmTypeKind::U8,
            Val::S16(_) => WasmTypeKind::S16,
            Val::U16(_) => WasmTypeKind::U16,
            Val::S32(_) => WasmTypeKind::S32,
            Val::U32(_) => WasmTypeKind::U32,
            Val::S64(_) => WasmTypeKind::S64,
            Val::U64(_) => WasmTypeKind::U64,
            Val::Float32(_) => WasmTypeKind::F32,
            Val::Float64(_) => WasmTypeKind::F64,
            Val::Char(_) => WasmTypeKind::Char,
            Val::String(_) => WasmTypeKind::String,
            Val::List(_) | Val::Bytes(_) => WasmTypeKind::List,
            Val::Record(_) => WasmTypeKind::Record,
            Val::Tuple(_) => WasmTypeKind::Tuple,
            Val::Variant(..) => WasmTypeKind::Variant,
            Val::Enum(_) => WasmTypeKind::Enum,
            Val::Option(_) => WasmTypeKind::Option,
            Val::Result(_) => WasmTypeKind::Result,
            Val::Flags(_) => WasmTypeKind::Flags,
            Val::Resource(_) => WasmTypeKind::Unsupported,
        }
    }

    fn make_bool(value: bool) -> Val {
        Val::Bool(value)
    }

    fn make_s8(value: i8) -> Val {
        Val::S8(value)
    }

    fn make_s16(value: i16) -> Val {
        Val::S16(value)
    }

    fn make_s32(value: i32) -> Val {
        Val::S32(value)
    }

    fn make_s64(value: i64) -> Val {
        Val::S64(value)
    }

    fn make_u8(value: u8) -> Val {
        Val::U8(value)
    }

    fn make_u16(value: u16) -> Val {
        Val::U16(value)
    }

    fn make_u32(value: u32) -> Val {
        Val::U32(value)
    }

    fn make_u64(value: u64) -> Val {
        Val::U64(value)
    }

    fn make_f32(value: f32) -> Val {
        Val::Float32(value)
    }

    fn make_f64(value: f64) -> Val {
        Val::Float64(value)
    }

    fn make_char(value: char) -> Val {
        Val::Char(value)
    }

    fn make_string(value: Cow<'_, str>) -> Val {
        Val::String(value.into_owned())
    }

    fn make_list(_: &Type, values: impl IntoIterator<Item = Val>) -> Made {
        Ok(Val::List(values.into_iter().collect()))
    }

    fn make_record<'a>(_: &Type, fields: impl IntoIterator<Item = (&'a str, Val)>) -> Made {
        let fields = fields.into_iter();
        Ok(Val::Record(
            fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        ))
    }

    fn make_tuple(_: &Type, values: impl IntoIterator<Item = Val>) -> Made {
        Ok(Val::Tuple(values.into_iter().collect()))
    }

    fn make_variant(_: &Type, case: &str, value: Option<Val>) -> Made {
        Ok(Val::Variant(case.to_owned(), boxed(value)))
    }

    fn make_enum(_: &Type, case: &str) -> Made {
        Ok(Val::Enum(case.to_owned()))
    }

    fn make_option(_: &Type, value: Option<Val>) -> Made {
        Ok(Val::Option(boxed(value)))
    }

    fn make_result(_: &Type, value: std::result::Result<Option<Val>, Option<Val>>) -> Made {
        Ok(Val::Result(value.map(boxed).map_err(boxed)))
    }

    fn make_flags<'a>(_: &Type, names: impl IntoIterator<Item = &'a str>) -> Made {
        let names = names.into_iter();
        Ok(Val::Flags(names.map(str::to_owned).collect()))
    }

    fn unwrap_bool(&self) -> bool {
        *of_kind!(self, Val::Bool)
    }

    fn unwrap_s8(&self) -> i8 {
        *of_kind!(self, Val::S8)
    }

    fn unwrap_s16(&self) -> i16 {
        *of_kind!(self, Val::S16)
    }

    fn unwrap_s32(&self) -> i32 {
        *of_kind!(self, Val::S32)
    }

    fn unwrap_s64(&self) -> i64 {
        *of_kind!(self, Val::S64)
    }

    fn unwrap_u8(&self) -> u8 {
        *of_kind!(self, Val::U8)
    }

    fn unwrap_u16(&self) -> u16 {
        *of_kind!(self, Val::U16)
    }

    fn unwrap_u32(&self) -> u32 {
        *of_kind!(self, Val::U32)
    }

    fn unwrap_u64(&self) -> u64 {
        *of_kind!(self, Val::U64)
    }

    fn unwrap_f32(&self) -> f32 {
        *of_kind!(self, Val::Float32)
    }

    fn unwrap_f64(&self) -> f64 {
        *of_kind!(self, Val::Float64)
    }

    fn unwrap_char(&self) -> char {
        *of_kind!(self, Val::Char)
    }

    fn unwrap_string(&self) -> Cow<'_, str> {
        of_kind!(self, Val::String).into()
    }

    fn unwrap_list(&self) -> Box<dyn Iterator<Item = Cow<'_, Val>> + '_> {
        match self {
            Val::Bytes(bytes) => Box::new(bytes.iter().map(|byte| Cow::Owned(Val::U8(*byte)))),
            other => Box::new(of_kind!(other, Val::List).iter().map(Cow::Borrowed)),
        }
    }

    fn unwrap_record(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Cow<'_, Val>)> + '_> {
        let fields = of_kind!(self, Val::Record).iter();
        Box::new(fields.map(|(name, value)| (name.into(), Cow::Borrowed(value))))
    }

    fn unwrap_tuple(&self) -> Box<dyn Iterator<Item = Cow<'_, Val>> + '_> {
        Box::new(of_kind!(self, Val::Tuple).iter().map(Cow::Borrowed))
    }

    fn unwrap_variant(&self) -> (Cow<'_, str>, Option<Cow<'_, Val>>) {
        match self {
            Val::Variant(name, value) => (name.into(), shared(value)),
            other => unreachable!("a value that is {}", other.kind()),
        }
    }

    fn unwrap_enum(&self) -> Cow<'_, str> {
        of_kind!(self, Val::Enum).into()
    }

    fn unwrap_option(&self) -> Option<Cow<'_, Val>> {
        shared(of_kind!(self, Val::Option))
    }

    fn unwrap_result(&self) -> std::result::Result<Option<Cow<'_, Val>>, Option<Cow<'_, Val>>> {
        match of_kind!(self, Val::Result) {
            Ok(value) => Ok(shared(value)),
            Err(value) => Err(shared(value)),
        }
    }

    fn unwrap_flags(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        Box::new(of_kind!(self, Val::Flags).iter().map(Cow::from))
    }
}

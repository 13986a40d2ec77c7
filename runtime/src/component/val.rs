//! Values of components, as the host holds them.

use super::resource::Resource;

/// A value. It does not say its type: whether it is of the one that is wanted is found out when it is passed.
#[derive(Clone, PartialEq, Debug)]
pub enum Val {
    /// true or false.
    Bool(bool),
    /// 8 bits with a sign.
    S8(i8),
    /// 8 bits.
    U8(u8),
    /// 16 bits with a sign.
    S16(i16),
    /// 16 bits.
    U16(u16),
    /// 32 bits with a sign.
    S32(i32),
    /// 32 bits.
    U32(u32),
    /// 64 bits with a sign.
    S64(i64),
    /// 64 bits.
    U64(u64),
    /// 32 bits of IEEE 754.
    Float32(f32),
    /// 64 bits of IEEE 754.
    Float64(f64),
    /// A Unicode scalar value.
    Char(char),
    /// A string.
    String(String),
    /// A list. One of bytes (`list<u8>`) is [`Val::Bytes`] where a guest gives it, and may be either where a guest takes it.
    List(Vec<Val>),
    /// A list of bytes.
    Bytes(Vec<u8>),
    /// Fields by name, in the order of the type.
    Record(Vec<(String, Val)>),
    /// A tuple.
    Tuple(Vec<Val>),
    /// The name of a case, and its payload.
    Variant(String, Option<Box<Val>>),
    /// The name of a case.
    Enum(String),
    /// An option.
    Option(Option<Box<Val>>),
    /// A result.
    Result(Result<Option<Box<Val>>, Option<Box<Val>>>),
    /// The names of those that are set.
    Flags(Vec<String>),
    /// A resource.
    Resource(Resource),
}

impl Val {
    /// The kind of value, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Val::Bool(_) => "bool",
            Val::S8(_) => "s8",
            Val::U8(_) => "u8",
            Val::S16(_) => "s16",
            Val::U16(_) => "u16",
            Val::S32(_) => "s32",
            Val::U32(_) => "u32",
            Val::S64(_) => "s64",
            Val::U64(_) => "u64",
            Val::Float32(_) => "f32",
            Val::Float64(_) => "f64",
            Val::Char(_) => "char",
            Val::String(_) => "string",
            Val::List(_) | Val::Bytes(_) => "list",
            Val::Record(_) => "record",
            Val::Tuple(_) => "tuple",
            Val::Variant(..) => "variant",
            Val::Enum(_) => "enum",
            Val::Option(_) => "option",
            Val::Result(_) => "result",
            Val::Flags(_) => "flags",
            Val::Resource(_) => "resource",
        }
    }

    /// `some(value)`.
    pub fn some(value: Val) -> Val {
        Val::Option(Some(Box::new(value)))
    }

    /// `ok(value)`.
    pub fn ok(value: Val) -> Val {
        Val::Result(Ok(Some(Box::new(value))))
    }

    /// `err(value)`.
    pub fn err(value: Val) -> Val {
        Val::Result(Err(Some(Box::new(value))))
    }
}

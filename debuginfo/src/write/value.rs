//! Values of attributes: as they are given, as a unit keeps them, and as they are read.

use super::lists::ListOffset;
use super::reference::{DebugInfoRef, UnitEntryId};
use super::{Address, Expression};

/// The value of an attribute, with bytes and expressions as they are owned, or borrowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value<B, E> {
    Address(Address),
    Block(B),
    Data1(u8),
    Data2(u16),
    Data4(u32),
    Data8(u64),
    Data16(Box<u128>),
    Sdata(i64),
    Udata(u64),
    /// A number that goes into the abbreviation.
    ImplicitConst(i64),
    Exprloc(E),
    Flag(bool),
    UnitRef(UnitEntryId),
    DebugInfoRef(DebugInfoRef),
    LineProgramRef,
    MacroTableRef,
    LocationListRef(ListOffset),
    RangeListRef(ListOffset),
    /// A string of the input's `.debug_str`, by its place there.
    StringRef(u32),
    /// Any other string.
    String(B),
    Encoding(gimli::DwAte),
    CallingConvention(gimli::DwCc),
}

/// A value on its way into a unit.
pub(crate) type AttributeValue = Value<Box<[u8]>, Box<Expression>>;

/// A value of a unit.
pub(crate) type Read<'u> = Value<&'u [u8], &'u Expression>;

impl<B, E> Value<B, E> {
    /// The same value with other bytes and expressions.
    fn with<'v, C, F>(
        &'v self,
        bytes: impl FnOnce(&'v B) -> C,
        expression: impl FnOnce(&'v E) -> F,
    ) -> Value<C, F> {
        match self {
            Value::Block(block) => Value::Block(bytes(block)),
            Value::String(text) => Value::String(bytes(text)),
            Value::Exprloc(value) => Value::Exprloc(expression(value)),
            Value::Address(value) => Value::Address(*value),
            Value::Data1(value) => Value::Data1(*value),
            Value::Data2(value) => Value::Data2(*value),
            Value::Data4(value) => Value::Data4(*value),
            Value::Data8(value) => Value::Data8(*value),
            Value::Data16(value) => Value::Data16(value.clone()),
            Value::Sdata(value) => Value::Sdata(*value),
            Value::Udata(value) => Value::Udata(*value),
            Value::ImplicitConst(value) => Value::ImplicitConst(*value),
            Value::Flag(value) => Value::Flag(*value),
            Value::UnitRef(id) => Value::UnitRef(*id),
            Value::DebugInfoRef(target) => Value::DebugInfoRef(*target),
            Value::LineProgramRef => Value::LineProgramRef,
            Value::MacroTableRef => Value::MacroTableRef,
            Value::LocationListRef(list) => Value::LocationListRef(*list),
            Value::RangeListRef(list) => Value::RangeListRef(*list),
            Value::StringRef(place) => Value::StringRef(*place),
            Value::Encoding(value) => Value::Encoding(*value),
            Value::CallingConvention(value) => Value::CallingConvention(*value),
        }
    }
}

impl Read<'_> {
    pub fn to_owned(&self) -> AttributeValue {
        self.with(|bytes| (*bytes).into(), |it| Box::new((*it).clone()))
    }
}

impl AttributeValue {
    fn read(&self) -> Read<'_> {
        self.with(|bytes| &**bytes, |expression| &**expression)
    }

    pub fn block(bytes: impl Into<Box<[u8]>>) -> AttributeValue {
        AttributeValue::Block(bytes.into())
    }

    pub fn string(text: impl Into<Vec<u8>>) -> AttributeValue {
        AttributeValue::String(text.into().into_boxed_slice())
    }

    pub fn exprloc(expression: Expression) -> AttributeValue {
        AttributeValue::Exprloc(Box::new(expression))
    }
}

/// A value in 8 bytes, as units have millions: what takes more is elsewhere in its [`Values`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored {
    Data1(u8),
    Data2(u16),
    Data4(u32),
    Udata(u32),
    Flag(bool),
    UnitRef(UnitEntryId),
    LocationListRef(ListOffset),
    RangeListRef(ListOffset),
    StringRef(u32),
    Encoding(gimli::DwAte),
    /// A string, by its place in the text.
    String(u32),
    /// By its number.
    Exprloc(u32),
    /// Any other value, by its number.
    Other(u32),
}

/// The parts of a unit's values that are larger.
#[derive(Default, Debug)]
pub(super) struct Values {
    /// Strings, each with a zero behind it.
    text: Vec<u8>,
    expressions: Vec<Expression>,
    others: Vec<AttributeValue>,
}

impl Values {
    pub fn store(&mut self, value: AttributeValue) -> Stored {
        match value {
            Value::Data1(value) => Stored::Data1(value),
            Value::Data2(value) => Stored::Data2(value),
            Value::Data4(value) => Stored::Data4(value),
            Value::Udata(value @ 0..=0xffff_ffff) => Stored::Udata(value as u32),
            Value::Flag(value) => Stored::Flag(value),
            Value::UnitRef(id) => Stored::UnitRef(id),
            Value::LocationListRef(list) => Stored::LocationListRef(list),
            Value::RangeListRef(list) => Stored::RangeListRef(list),
            Value::StringRef(place) => Stored::StringRef(place),
            Value::Encoding(value) => Stored::Encoding(value),
            Value::String(text) if self.has_room_for(&text) => {
                let at = self.text.len() as u32;
                self.text.extend_from_slice(&text);
                self.text.push(0);
                Stored::String(at)
            }
            Value::Exprloc(expression) => {
                // Types that are made one after the other have the same one.
                if self.expressions.last() != Some(&*expression) {
                    self.expressions.push(*expression);
                }
                Stored::Exprloc(self.expressions.len() as u32 - 1)
            }
            other => {
                self.others.push(other);
                Stored::Other(self.others.len() as u32 - 1)
            }
        }
    }

    fn has_room_for(&self, text: &[u8]) -> bool {
        u32::try_from(self.text.len()).is_ok() && !text.contains(&0)
    }

    pub fn read(&self, stored: Stored) -> Read<'_> {
        match stored {
            Stored::Data1(value) => Value::Data1(value),
            Stored::Data2(value) => Value::Data2(value),
            Stored::Data4(value) => Value::Data4(value),
            Stored::Udata(value) => Value::Udata(value.into()),
            Stored::Flag(value) => Value::Flag(value),
            Stored::UnitRef(id) => Value::UnitRef(id),
            Stored::LocationListRef(list) => Value::LocationListRef(list),
            Stored::RangeListRef(list) => Value::RangeListRef(list),
            Stored::StringRef(place) => Value::StringRef(place),
            Stored::Encoding(value) => Value::Encoding(value),
            Stored::String(at) => {
                let rest = &self.text[at as usize..];
                let end = rest.iter().position(|byte| *byte == 0);
                Value::String(&rest[..end.unwrap_or(rest.len())])
            }
            Stored::Exprloc(number) => Value::Exprloc(&self.expressions[number as usize]),
            Stored::Other(number) => self.others[number as usize].read(),
        }
    }
}

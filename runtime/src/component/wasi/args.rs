//! Arguments of functions, taken one after the other. A program may declare a function of WASI with other types than WASI's: that is an
//! error, and not a panic.

use crate::component::resource::ResourceType;
use crate::component::val::Val;
use crate::error::{Error, Result};

pub(super) struct Args<'v>(std::slice::Iter<'v, Val>);

impl<'v> Args<'v> {
    pub fn new(values: &'v [Val]) -> Args<'v> {
        Args(values.iter())
    }

    pub fn next(&mut self) -> Result<&'v Val> {
        self.0.next().ok_or_else(wrong)
    }

    pub fn u64(&mut self) -> Result<u64> {
        number(self.next()?)
    }

    pub fn text(&mut self) -> Result<&'v str> {
        match self.next()? {
            Val::String(text) => Ok(text),
            _ => Err(wrong()),
        }
    }

    pub fn bytes(&mut self) -> Result<&'v [u8]> {
        match self.next()? {
            Val::Bytes(bytes) => Ok(bytes),
            _ => Err(wrong()),
        }
    }

    /// The name of a case.
    pub fn name(&mut self) -> Result<&'v str> {
        match self.next()? {
            Val::Enum(name) => Ok(name),
            _ => Err(wrong()),
        }
    }

    pub fn flags(&mut self) -> Result<&'v [String]> {
        match self.next()? {
            Val::Flags(flags) => Ok(flags),
            _ => Err(wrong()),
        }
    }

    pub fn is_ok(&mut self) -> Result<bool> {
        match self.next()? {
            Val::Result(result) => Ok(result.is_ok()),
            _ => Err(wrong()),
        }
    }

    /// The number by which the host knows a resource.
    pub fn resource(&mut self, ty: &ResourceType) -> Result<u32> {
        resource(self.next()?, ty)
    }

    pub fn list(&mut self) -> Result<&'v [Val]> {
        match self.next()? {
            Val::List(values) => Ok(values),
            _ => Err(wrong()),
        }
    }
}

pub(super) fn number(value: &Val) -> Result<u64> {
    match value {
        Val::U64(number) => Ok(*number),
        Val::U32(number) => Ok(u64::from(*number)),
        Val::U16(number) => Ok(u64::from(*number)),
        Val::U8(number) => Ok(u64::from(*number)),
        _ => Err(wrong()),
    }
}

pub(super) fn resource(value: &Val, ty: &ResourceType) -> Result<u32> {
    match value {
        Val::Resource(resource) if resource.ty() == ty => Ok(resource.rep()),
        _ => Err(wrong()),
    }
}

pub(super) fn wrong() -> Error {
    Error::Type("the program has another type for a function of WASI".to_owned())
}

//! Imports that a linker has nothing for.

use crate::error::Error;
use crate::module::types::FuncType;
use std::fmt;

/// An import that nothing is defined for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undefined {
    /// Its first name.
    pub module: String,
    /// Its second name.
    pub name: String,
    /// Its type, where that is a function's.
    pub ty: Option<FuncType>,
    /// True if it is a function, whatever its type.
    pub is_function: bool,
    /// True if it is a memory that threads share.
    pub is_shared_memory: bool,
}

impl Undefined {
    /// Returns the error of linking the module.
    pub fn error(&self) -> Error {
        undefined(&self.module, &self.name, self.ty.as_ref())
    }
}

/// That an import has no definition.
pub(super) fn undefined(module: &str, name: &str, ty: Option<&impl fmt::Display>) -> Error {
    let wanted = ty.map(|ty| format!("; it wants {ty}"));
    Error::Link {
        module: module.to_owned(),
        name: name.to_owned(),
        reason: format!(
            "nothing of this name is defined{}",
            wanted.unwrap_or_default()
        ),
    }
}

/// The error of a function that was imported, is defined nowhere, and was called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownImport {
    /// The import's first name.
    pub module: String,
    /// The import's second name.
    pub name: String,
}

impl fmt::Display for UnknownImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownImport { module, name } = self;
        write!(f, "unknown import: `{module}::{name}` has not been defined")
    }
}

impl std::error::Error for UnknownImport {}

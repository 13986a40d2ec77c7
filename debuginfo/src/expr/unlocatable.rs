//! Reasons why something has no native form. Their texts are made where they are printed.

use std::borrow::Cow;
use std::fmt;

/// Why an expression, a location or another attribute has no native form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unlocatable {
    /// There is nothing to express: the linker has taken the variable out.
    DroppedData,
    /// lldb would show zeros for what is not there.
    MissingPart,
    /// An operation, a type or a place that cannot be expressed; debug info that is malformed.
    Other(Cow<'static, str>),
}

impl fmt::Display for Unlocatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unlocatable::DroppedData => "an address of dropped data",
            Unlocatable::MissingPart => "a part of it is not there, which lldb would show as zeros",
            Unlocatable::Other(reason) => reason,
        })
    }
}

impl From<&'static str> for Unlocatable {
    fn from(reason: &'static str) -> Unlocatable {
        Unlocatable::Other(reason.into())
    }
}

impl From<String> for Unlocatable {
    fn from(reason: String) -> Unlocatable {
        Unlocatable::Other(reason.into())
    }
}

impl From<gimli::Error> for Unlocatable {
    fn from(error: gimli::Error) -> Unlocatable {
        error.to_string().into()
    }
}

//! Names as linkers know them → as their languages write them.

use std::borrow::Cow;

/// A name as its language writes it: Rust's and C++'s mangled names are undone.
pub fn demangle(name: &str) -> Cow<'_, str> {
    if name.starts_with('_')
        && let Ok(rust) = rustc_demangle::try_demangle(name)
    {
        return format!("{rust:#}").into();
    }
    if name.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::Symbol::new(name)
        && let Ok(text) = symbol.demangle()
    {
        return text.into();
    }
    name.into()
}

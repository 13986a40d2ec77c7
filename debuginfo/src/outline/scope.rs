//! Names of functions as linkers undo them, of C++ and Rust: `geo::Shape::area(int)` is `area` in `geo::Shape`, as debuggers look
//! for it.

/// A function's name, and what it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Scoped<'a> {
    /// Outside in.
    pub scopes: Vec<&'a str>,
    /// Without parameters.
    pub name: &'a str,
}

/// The parts of a name; `None` where it is one of neither language, or has parts that no programmer types.
pub(super) fn parse(full: &str) -> Option<Scoped<'_>> {
    let path = match full.find('(') {
        Some(0) => return None,
        Some(parameters) => &full[..parameters],
        None => full,
    };
    let plain = |part: &&str| {
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '~');
        !part.is_empty() && part.chars().all(word)
    };
    // Templates, operators, closures, `<T as Trait>` stay as they are.
    let parts: Vec<_> = path.split("::").collect();
    if !parts.iter().all(plain) || (parts.len() == 1 && path.len() == full.len()) {
        return None;
    }
    let (name, scopes) = parts.split_last()?;
    Some(Scoped {
        scopes: scopes.to_vec(),
        name,
    })
}

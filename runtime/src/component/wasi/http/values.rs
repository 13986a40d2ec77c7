//! Values of `wasi:http/types`: methods, schemes, results with their errors.

use crate::component::val::Val;
use crate::component::wasi::args::wrong;
use crate::error::Result;

/// The methods that WIT names; others are `other`.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// A `method`. Methods are told by case (RFC 9110, section 9.1).
pub(super) fn method(method: &str) -> Val {
    match METHODS.contains(&method) {
        true => Val::Variant(method.to_ascii_lowercase(), None),
        false => other(method),
    }
}

/// The method that a `method` is.
pub(super) fn method_of(value: &Val) -> Result<String> {
    match value {
        Val::Variant(name, None) => Ok(name.to_ascii_uppercase()),
        value => other_of(value),
    }
}

/// A `scheme`.
pub(super) fn scheme(scheme: &str) -> Val {
    match scheme {
        "http" => Val::Variant("HTTP".to_owned(), None),
        "https" => Val::Variant("HTTPS".to_owned(), None),
        scheme => other(scheme),
    }
}

/// The scheme that a `scheme` is.
pub(super) fn scheme_of(value: &Val) -> Result<String> {
    match value {
        Val::Variant(name, None) => Ok(name.to_ascii_lowercase()),
        value => other_of(value),
    }
}

fn other(text: &str) -> Val {
    let text = Val::String(text.to_owned());
    Val::Variant("other".to_owned(), Some(Box::new(text)))
}

fn other_of(value: &Val) -> Result<String> {
    match value {
        Val::Variant(_, Some(text)) => match &**text {
            Val::String(text) => Ok(text.clone()),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// An `option<string>`.
pub(super) fn text(text: Option<&String>) -> Option<Val> {
    let text = text.map(|text| Box::new(Val::String(text.clone())));
    Some(Val::Option(text))
}

/// The text of an `option<string>`.
pub(super) fn text_of(value: &Val) -> Result<Option<String>> {
    match value {
        Val::Option(None) => Ok(None),
        Val::Option(Some(text)) => match &**text {
            Val::String(text) => Ok(Some(text.clone())),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// `ok`.
pub(super) fn answer(value: Option<Val>) -> Result<Option<Val>> {
    Ok(Some(Val::Result(Ok(value.map(Box::new)))))
}

/// `err` without a value.
pub(super) fn refused() -> Result<Option<Val>> {
    Ok(Some(Val::Result(Err(None))))
}

/// `err` of a case without a payload.
pub(super) fn failed(case: &str) -> Result<Option<Val>> {
    Ok(Some(Val::err(Val::Variant(case.to_owned(), None))))
}

/// `err` of a case whose payload is an `option<u64>`.
pub(super) fn failed_by_size(case: &str, size: u64) -> Result<Option<Val>> {
    let size = Val::some(Val::U64(size));
    Ok(Some(Val::err(Val::Variant(
        case.to_owned(),
        Some(Box::new(size)),
    ))))
}

//! A call that crosses a component's border as reports show it: with the names and values that WIT has for it.

use super::types::FuncType;
use super::val::Val;

/// The longest text of a value, in characters.
const LONGEST: usize = 200;

/// `add(a: 1, b: 2)`: a function by its name, with its arguments in WAVE.
pub(super) fn text(name: &str, ty: &FuncType, arguments: &[Val]) -> String {
    let named = ty.params.iter().zip(arguments);
    let shown: Vec<_> = named
        .map(|((parameter, _), value)| format!("{parameter}: {}", shown(value)))
        .collect();
    format!("{name}({})", shown.join(", "))
}

fn shown(value: &Val) -> String {
    let text = match value {
        Val::Resource(_) => "(resource)".to_owned(),
        // Resources in others.
        value => value.to_wave().unwrap_or_else(|_| "…".to_owned()),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

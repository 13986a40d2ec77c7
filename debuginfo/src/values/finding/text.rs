//! Values that expressions name, as text.

use super::super::found::{Found, Ty};
use super::super::render::{MEMBERS, Renderer, address, number};
use crate::units::Units;
use crate::values::machine::Machine;
use std::fmt::Write;

/// The text of a value, which expressions find, of these bytes.
pub(crate) fn text(
    units: &Units<'_>,
    found: &Found,
    bytes: &[u8],
    machine: &dyn Machine,
) -> String {
    let renderer = Renderer::new(units, machine);
    let shown = match (&found.shape, found.bits) {
        (Ty::Entry(ty), Some(bits)) => renderer
            .bit_field(*ty, bytes, bits.start, bits.len)
            .and_then(|bytes| renderer.value(*ty, &bytes, 0)),
        (ty, _) => shown(&renderer, ty, bytes),
    };
    shown.unwrap_or_else(|| hexadecimal(bytes))
}

fn shown(renderer: &Renderer<'_, '_>, ty: &Ty, bytes: &[u8]) -> Option<String> {
    match ty {
        Ty::Entry(ty) => renderer.value(*ty, bytes, 0),
        Ty::Array(element, stride, counts) if counts.len() == 1 => {
            let stride = usize::try_from(*stride).ok().filter(|it| *it > 0)?;
            let count = bytes.len() / stride;
            let elements = bytes.chunks_exact(stride).take(MEMBERS);
            let elements: Option<Vec<_>> =
                elements.map(|it| shown(renderer, element, it)).collect();
            let more = if count > MEMBERS { ", …" } else { "" };
            Some(format!("[{}{more}]", elements?.join(", ")))
        }
        ty => plain(ty, bytes),
    }
}

/// The text of a value whose type is no entry.
fn plain(ty: &Ty, bytes: &[u8]) -> Option<String> {
    match ty {
        Ty::Number(number) => number.text(bytes),
        Ty::Pointer(_) => Some(format!("{:#x}", address(bytes)?)),
        _ => None,
    }
}

/// Bytes of no type: a number where they may be one.
fn hexadecimal(bytes: &[u8]) -> String {
    if let (1 | 2 | 4 | 8, Some(number)) = (bytes.len(), number(bytes)) {
        return format!("{number:#0width$x}", width = 2 + 2 * bytes.len());
    }
    let mut text = String::new();
    for byte in bytes.iter().take(32) {
        let separator = if text.is_empty() { "" } else { " " };
        let done = write!(text, "{separator}{byte:02x}");
        debug_assert!(done.is_ok(), "a String takes all text");
    }
    if bytes.len() > 32 {
        text.push_str(" …");
    }
    text
}

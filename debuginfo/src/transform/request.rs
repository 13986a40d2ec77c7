//! The subject and the extent of a location that is to be converted.

use crate::address::WasmPc;
use crate::dies::Die;
use crate::expr::emit::Purpose;
use crate::locals::Claim;
use crate::source::ReadUnit;
use std::ops::Range;

/// The subject of an expression.
#[derive(Clone, Copy)]
pub(super) struct LocationRequest<'e, 'a, 'd> {
    pub purpose: Purpose,
    /// Bytes of the variable, where they matter and are known.
    pub size: Option<u64>,
    /// The entry that has its type, and the unit that it is of.
    pub of: (ReadUnit<'a, 'd>, &'e Die<'d>),
}

/// The extent of a location.
#[derive(Clone)]
pub(super) struct Span {
    /// Its beginning in the module: by that operands are known.
    pub anchor: WasmPc,
    pub wasm: Range<WasmPc>,
    /// The claim on locals there.
    pub claim: Claim,
}

impl Span {
    /// The extent of an entry of a list.
    pub fn of_entry(wasm: Range<WasmPc>) -> Span {
        Span {
            anchor: wasm.start,
            claim: Claim::entry(wasm.clone()),
            wasm,
        }
    }

    /// A part of it, from the same beginning.
    pub fn part(&self, wasm: Range<WasmPc>) -> Span {
        Span {
            wasm,
            ..self.clone()
        }
    }
}

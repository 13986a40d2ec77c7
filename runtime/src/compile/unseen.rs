//! Values that nobody can ask for, of locals that have homes for others: code has them wherever the code generator likes, and does
//! not write them to the homes.

use super::env::{Env, Wanted};
use super::settable::Settable;
use crate::abi::settings::OptLevel;
use crate::index::DefinedFuncIndex;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::locals::observed::{Observed, Readers, Unobserved, unobserved};
use std::ops::Range;

/// A function's accesses to locals that are of such values, as far as translation has come.
pub(super) struct Unseen {
    found: Unobserved,
    /// The locals, sorted.
    locals: Vec<u32>,
    /// The number of accesses before the present operator.
    passed: usize,
    /// True if the present operator is one; `None` at the function's entry.
    is_here: Option<bool>,
}

impl Unseen {
    /// Of a function whose body is `body`.
    pub(super) fn new(
        env: &Env<'_>,
        func: DefinedFuncIndex,
        body: &[u8],
        settable: &Settable,
    ) -> Unseen {
        let frame_bases = match env.wanted(func) {
            Wanted::Some { frame_bases, .. } => frame_bases,
            Wanted::None | Wanted::All => &[],
        };
        let is_frame_base = |local: u32| frame_bases.iter().any(|(_, it)| *it == local);
        let locals: Vec<_> = settable
            .in_ranges()
            .filter(|(local, _)| !is_frame_base(*local))
            .map(|(local, named)| Observed { local, named })
            .collect();
        let readers = match env.settings.opt_level {
            OptLevel::None => Readers::Code,
            OptLevel::Speed | OptLevel::SpeedAndSize => Readers::Locations,
        };
        let found = match locals.is_empty() {
            true => None,
            false => unobserved(body, env.body_start(func), &locals, readers),
        };
        Unseen {
            locals: locals.iter().map(|it| it.local).collect(),
            found: found.unwrap_or_default(),
            passed: 0,
            is_here: None,
        }
    }

    /// Goes on to an operator.
    pub(super) fn go_on_to(&mut self, pc: WasmPc) {
        let rest = &self.found.accesses[self.passed..];
        self.passed += rest.partition_point(|it| *it < pc);
        self.is_here = Some(self.found.accesses.get(self.passed) == Some(&pc));
    }

    /// Returns true if the present access to a local is of such a value.
    pub(super) fn is_accessed(&self, local: u32) -> bool {
        let at_entry = &self.found.at_entry;
        self.is_here
            .unwrap_or_else(|| at_entry.binary_search(&local).is_ok())
    }

    /// Returns true if any value of a local may be such.
    pub(super) fn may_be_in(&self, local: u32) -> bool {
        self.locals.binary_search(&local).is_ok()
    }

    /// The ranges in which homes do not have their locals' values.
    pub(super) fn into_gaps(self) -> Vec<(u32, Range<WasmPc>)> {
        self.found.gaps
    }
}

#[cfg(test)]
mod tests;

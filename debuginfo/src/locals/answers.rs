//! The latest answers about a body. Variables of functions that are inlined in each other are often the same local from the same address
//! on, and all that is in the frame depends on the frame base: each would follow control through all of a large function again.

use crate::address::WasmPc;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

/// The number of answers that are kept.
const KEPT: usize = 16;

/// A question about a local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// For the code in which it no longer holds what it held at an address.
    Since(WasmPc),
    /// For the code in which it is not the address of the frame.
    FrameBase,
}

#[derive(Debug)]
struct Answer {
    local: u32,
    asked: Asked,
    ranges: Rc<[Range<WasmPc>]>,
}

/// The latest answers, the last one first.
#[derive(Default, Debug)]
pub(super) struct Answers(RefCell<VecDeque<Answer>>);

impl Answers {
    /// Returns the ranges that were found before, or that are found now: sorted, disjoint.
    pub fn get(
        &self,
        local: u32,
        asked: Asked,
        find: impl FnOnce() -> Vec<Range<WasmPc>>,
    ) -> Rc<[Range<WasmPc>]> {
        let mut known = self.0.borrow_mut();
        let at = known
            .iter()
            .position(|it| (it.local, it.asked) == (local, asked));
        let answer = match at.and_then(|at| known.remove(at)) {
            Some(answer) => answer,
            None => Answer {
                local,
                asked,
                ranges: find().into(),
            },
        };
        let ranges = answer.ranges.clone();
        known.push_front(answer);
        known.truncate(KEPT);
        ranges
    }
}

//! Where a local has been written since a location that names it began to count.

use super::answers::Asked;
use super::body::Body;
use crate::address::WasmPc;
use crate::ranges::merged;
use std::ops::Range;
use std::rc::Rc;

/// The claim of a debug location on a local.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Claim {
    /// That it is a variable in all of a scope, which begins here.
    Scope(WasmPc),
    /// The same in one entry of a location list. LLVM ends a variable's location with each basic block, and joins those that touch
    /// (`calculateDbgEntityHistory`, `DebugLocEntry::MergeRanges`): an entry that goes on over the end of a block was said anew there,
    /// and a write in the block before may be the variable's own. Only what a function begins with may be a parameter that is said
    /// once.
    Entry(EntryClaim),
    /// That it is the address of the function's frame.
    FrameBase,
}

impl Claim {
    /// The address at which what is claimed of a range of code begins to be so.
    pub(crate) fn begins(&self, range: &Range<WasmPc>) -> WasmPc {
        match self {
            Claim::Scope(start) => *start,
            Claim::Entry(_) | Claim::FrameBase => range.start,
        }
    }
}

/// The claim of an entry of a location list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct EntryClaim {
    range: Range<WasmPc>,
    /// Locals of which it repeats what an entry before it said, and where that one begins.
    repeated: Vec<(u32, WasmPc)>,
}

impl EntryClaim {
    /// Of an entry that repeats nothing.
    pub fn of(range: Range<WasmPc>) -> EntryClaim {
        EntryClaim {
            range,
            repeated: Vec::new(),
        }
    }

    /// Notes that a local was named from an address on, at which this entry begins or one before it.
    pub(super) fn add(&mut self, local: u32, since: WasmPc) {
        if since < self.range.start {
            self.repeated.push((local, since));
        }
    }

    /// The range in which writes to a local count.
    fn of_local(&self, local: u32) -> Range<WasmPc> {
        let repeated = self.repeated.iter().filter(|(it, _)| *it == local);
        let since = repeated.map(|(_, since)| *since).min();
        since.unwrap_or(self.range.start)..self.range.end
    }
}

impl Claim {
    /// That of an entry of a location list that repeats nothing.
    pub fn entry(range: Range<WasmPc>) -> Claim {
        Claim::Entry(EntryClaim::of(range))
    }
}

/// A change to a claim in a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    /// The instruction that does it.
    at: WasmPc,
    /// From where on it counts.
    from: WasmPc,
    /// True if the claim is wrong from there on, or right again.
    is_stale: bool,
}

/// The steps taken for one body: for each of its blocks, and in addition. A claim is followed through all blocks only where the
/// local is written, and those of a variable's own are few; hostile input could ask without end.
const STEPS: usize = 2000;
const STEPS_BESIDE: usize = 1 << 20;

impl Body {
    /// Returns the ranges in which a local no longer holds what is claimed, as far as they reach into a range: sorted, disjoint.
    pub fn stale(&self, local: u32, claim: &Claim, within: &Range<WasmPc>) -> Vec<Range<WasmPc>> {
        let all = self.all_stale(local, claim);
        let from = all.partition_point(|range| range.end <= within.start);
        let to = all.partition_point(|range| range.start < within.end);
        let found = all.get(from..to).unwrap_or(&[]);
        // An answer that is there already has to be copied.
        match self.spend(found.len()) {
            true => found.to_vec(),
            false => self.everywhere(),
        }
    }

    fn all_stale(&self, local: u32, claim: &Claim) -> Rc<[Range<WasmPc>]> {
        let writes = self.writes_to(local).iter();
        let overwritten = |write: &super::body::Write| Event {
            at: write.at,
            from: write.behind,
            is_stale: true,
        };
        match claim {
            Claim::Entry(entry) => {
                let range = entry.of_local(local);
                if !self.begins_in_first_block(&range) {
                    return self.stale_in(local, &range).into();
                }
                let writes = writes.filter(|write| range.contains(&write.at));
                self.behind(range.start, writes.map(overwritten).collect())
                    .into()
            }
            Claim::Scope(start) => self.answers.get(local, Asked::Since(*start), || {
                let mut stale = self.behind(*start, writes.map(overwritten).collect());
                if !stale.is_empty() {
                    stale.extend(self.unset(local));
                }
                merged(stale)
            }),
            Claim::FrameBase => self.answers.get(local, Asked::FrameBase, || {
                let events = writes.map(|write| Event {
                    is_stale: !self.frames.contains(write.at),
                    ..overwritten(write)
                });
                let events: Vec<_> = events.collect();
                match events.iter().any(|event| event.is_stale) {
                    true => self.spread(&events),
                    false => Vec::new(),
                }
            }),
        }
    }

    /// Returns the code reachable after events, from an address on.
    fn behind(&self, start: WasmPc, mut events: Vec<Event>) -> Vec<Range<WasmPc>> {
        if events.is_empty() {
            return Vec::new();
        }
        events.push(Event {
            at: start,
            from: start,
            is_stale: false,
        });
        events.sort_unstable();
        self.spread(&events)
    }

    /// Returns the code at which a local has no value yet. LLVM says that a variable is in a local in all of a scope although it is set
    /// after the scope's beginning, by instructions of no line (`validThroughout`). Parameters have values from the beginning; their
    /// number is not known here, but a local that is read without a write before is one.
    fn unset(&self, local: u32) -> Vec<Range<WasmPc>> {
        if local < self.parameters {
            return Vec::new();
        }
        let unset = self.unwritten(local);
        let mut reads = self.reads_of(local);
        match reads.any(|at| unset.iter().any(|range| range.contains(&at))) {
            true => Vec::new(),
            false => unset,
        }
    }

    /// Returns the code that is reached from the beginning without a write to a local.
    fn unwritten(&self, local: u32) -> Vec<Range<WasmPc>> {
        let start = self.blocks.first().map(|first| Event {
            at: first.code.start,
            from: first.code.start,
            is_stale: true,
        });
        let writes = self.writes_to(local).iter().map(|write| Event {
            at: write.at,
            from: write.behind,
            is_stale: false,
        });
        let events: Vec<_> = start.into_iter().chain(writes).collect();
        self.spread(&events)
    }

    fn begins_in_first_block(&self, range: &Range<WasmPc>) -> bool {
        let first = self.blocks.first();
        first.is_some_and(|first| range.start < first.terminated)
    }

    /// Returns true if a local is ever the address of the frame.
    pub fn is_frame_base(&self, local: u32) -> bool {
        let mut writes = self.writes_to(local).iter();
        writes.any(|write| self.frames.contains(write.at))
    }

    /// Returns true if something else is written to a local than the frame's address.
    pub(super) fn has_other_writes(&self, local: u32) -> bool {
        let mut writes = self.writes_to(local).iter();
        writes.any(|write| !self.frames.contains(write.at))
    }

    /// From each write to the end of its block.
    fn stale_in(&self, local: u32, range: &Range<WasmPc>) -> Vec<Range<WasmPc>> {
        let writes = self.writes_to(local);
        let from = writes.partition_point(|write| write.at < range.start);
        let to = writes.partition_point(|write| write.at < range.end);
        let mut found: Vec<Range<WasmPc>> = Vec::new();
        for write in writes.get(from..to).unwrap_or(&[]) {
            let Some(block) = self.block_at(write.at) else {
                continue;
            };
            let end = self.blocks[block].terminated.min(range.end);
            let is_in_last = found.last().is_some_and(|last| write.behind <= last.end);
            if !is_in_last && write.behind < end {
                found.push(write.behind..end);
            }
        }
        found
    }

    pub(super) fn block_at(&self, pc: WasmPc) -> Option<usize> {
        let behind = self.blocks.partition_point(|block| block.code.start <= pc);
        behind.checked_sub(1)
    }

    /// The part of what is sorted by address that is in a block.
    pub(super) fn in_block<'e, T>(
        &self,
        block: usize,
        sorted: &'e [T],
        at: impl Fn(&T) -> WasmPc,
    ) -> &'e [T] {
        let start = self.blocks[block].code.start;
        let from = sorted.partition_point(|it| at(it) < start);
        let to = self.blocks.get(block + 1).map_or(sorted.len(), |next| {
            sorted.partition_point(|it| at(it) < next.code.start)
        });
        sorted.get(from..to).unwrap_or(&[])
    }

    /// The blocks that have code in a range, by number.
    pub(super) fn blocks_in(&self, range: &Range<WasmPc>) -> Range<usize> {
        let first = self
            .blocks
            .partition_point(|block| block.code.end <= range.start);
        let behind = self
            .blocks
            .partition_point(|block| block.code.start < range.end);
        first..behind.max(first)
    }

    /// Returns the code reachable from an event that makes a claim wrong, with none between that makes it right: events in the order of
    /// the code.
    fn spread(&self, events: &[Event]) -> Vec<Range<WasmPc>> {
        if !self.spend(self.blocks.len()) {
            return self.everywhere();
        }
        let of_block = |number: usize| self.in_block(number, events, |event| event.at);
        let mut enters_stale = vec![false; self.blocks.len()];
        let mut work: Vec<usize> = events
            .iter()
            .filter(|event| event.is_stale)
            .filter_map(|event| self.block_at(event.at))
            .filter(|block| of_block(*block).last().is_some_and(|last| last.is_stale))
            .collect();
        while let Some(block) = work.pop() {
            for next in &self.blocks[block].next {
                if !enters_stale[*next] {
                    enters_stale[*next] = true;
                    if of_block(*next).is_empty() {
                        work.push(*next);
                    }
                }
            }
        }
        let mut found = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            let (mut is_stale, mut from) = (enters_stale[number], block.code.start);
            for event in of_block(number) {
                if is_stale {
                    found.push(from..event.from.min(block.code.end));
                }
                (is_stale, from) = (event.is_stale, event.from.max(block.code.start));
            }
            if is_stale {
                found.push(from..block.code.end);
            }
        }
        merged(found)
    }

    /// Takes what an answer costs; `false` where there were too many for a body of that many blocks.
    pub(super) fn spend(&self, blocks: usize) -> bool {
        let all = STEPS
            .saturating_mul(self.blocks.len())
            .saturating_add(STEPS_BESIDE);
        let spent = self.spent.get().saturating_add(blocks.max(1));
        self.spent.set(spent);
        spent <= all
    }

    fn everywhere(&self) -> Vec<Range<WasmPc>> {
        let (first, last) = (self.blocks.first(), self.blocks.last());
        let all = first
            .zip(last)
            .map(|(first, last)| first.code.start..last.code.end);
        all.into_iter().collect()
    }
}

//! The values of locals that nobody can see. Optimised code has several values in one local, one after the other, and locations name the
//! local for some of them, and for a part of their time. A value that is never in it where a location names it needs no home.
//!
//! A local's code falls into segments: the part of a basic block from a write, or the block's beginning, to the next write. Segments
//! that have one value are joined into webs, as register allocators say: where control goes from one to the other, and the local is
//! read, or named, before it is written again. Each web is in the home for all of its time or never, so what code reads is in one
//! place whichever way control came, and what a debugger wrote to the home is what is read.

use super::body::{Body, Write};
use crate::address::WasmPc;
use crate::ranges::merged;
use std::ops::Range;

/// A local that locations name in some places.
pub struct Observed {
    /// The local's index.
    pub local: u32,
    /// The ranges in which they do: sorted, disjoint.
    pub named: Vec<Range<WasmPc>>,
}

/// The uses that keep a value in its home to the end of its web.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// Locations, and code.
    Code,
    /// Locations only: code has the value elsewhere too.
    Locations,
}

/// A function's accesses to locals whose values nobody can see.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Unobserved {
    /// Of these the value at the function's entry: sorted.
    pub at_entry: Vec<u32>,
    /// The instructions that read or write such values: sorted.
    pub accesses: Vec<WasmPc>,
    /// The ranges in which the home of a local does not have its value: sorted, those of one local disjoint.
    pub gaps: Vec<(u32, Range<WasmPc>)>,
}

/// Finds the values of these locals that nobody can see, in the body of a function that begins at an address; `None` where it cannot be
/// read, and all may be seen.
pub fn unobserved(
    bytes: &[u8],
    start: WasmPc,
    locals: &[Observed],
    readers: Readers,
) -> Option<Unobserved> {
    let body = Body::parse(bytes, start)?;
    let mut webs = Webs::new(&body, readers);
    let mut found = Unobserved::default();
    for observed in locals {
        // What is left when there were too many steps keeps its homes.
        if !webs.follow(observed) {
            break;
        }
        webs.collect(&mut found);
    }
    found.accesses.sort_unstable();
    Some(found)
}

/// A part of a block in which a local has one value.
#[derive(Clone, Debug)]
struct Segment {
    code: Range<WasmPc>,
    /// The next one of its web, or itself.
    web: usize,
    /// True if a location names it, of those that stand for a web.
    is_named: bool,
}

/// The segments of one local.
struct Segments {
    all: Vec<Segment>,
    /// The first and the last of each block that was looked at, and whether the value at its beginning is used.
    blocks: Vec<Option<Ends>>,
    /// Those blocks.
    touched: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Ends {
    first: usize,
    last: usize,
    is_live: bool,
}

/// The webs of a body's locals, one local after the other.
struct Webs<'a> {
    body: &'a Body,
    readers: Readers,
    before: Predecessors,
    /// The local that is followed.
    local: u32,
    /// All writes to it.
    writes: &'a [Write],
    segments: Segments,
}

/// The blocks that lead to each block.
struct Predecessors {
    /// Those of all blocks, one block's after the other's.
    all: Vec<usize>,
    /// The places in `all` at which those of each begin, and the end.
    starts: Vec<usize>,
}

impl Predecessors {
    fn of(body: &Body) -> Predecessors {
        let edges = || {
            let blocks = body.blocks.iter().enumerate();
            blocks.flat_map(|(number, block)| block.next.iter().map(move |next| (number, *next)))
        };
        let mut starts = vec![0; body.blocks.len() + 1];
        for (_, next) in edges() {
            starts[next + 1] += 1;
        }
        for block in 1..starts.len() {
            starts[block] += starts[block - 1];
        }
        let mut ends = starts.clone();
        let mut all = vec![0; starts.last().copied().unwrap_or(0)];
        for (number, next) in edges() {
            all[ends[next]] = number;
            ends[next] += 1;
        }
        Predecessors { all, starts }
    }

    /// The places in `all` of those of a block.
    fn of_block(&self, block: usize) -> Range<usize> {
        self.starts[block]..self.starts[block + 1]
    }
}

impl<'a> Webs<'a> {
    fn new(body: &'a Body, readers: Readers) -> Webs<'a> {
        let segments = Segments {
            all: Vec::new(),
            blocks: vec![None; body.blocks.len()],
            touched: Vec::new(),
        };
        Webs {
            body,
            readers,
            before: Predecessors::of(body),
            local: 0,
            writes: &[],
            segments,
        }
    }

    /// Finds the webs of a local. Returns false where that takes too many steps.
    fn follow(&mut self, observed: &Observed) -> bool {
        self.segments.clear();
        let body = self.body;
        self.local = observed.local;
        self.writes = body.writes_to(self.local);
        self.touch(0);
        let mut live = Vec::new();
        for write in self.writes {
            live.extend(body.block_at(write.at).map(|block| (block, false)));
        }
        for range in &observed.named {
            if !body.spend(body.blocks_in(range).len()) {
                return false;
            }
            for block in body.blocks_in(range) {
                let first_write = self.writes_in(block).first();
                let at_start = first_write.is_none_or(|write| range.start < write.behind);
                live.push((block, at_start));
            }
        }
        if self.readers == Readers::Code {
            // Of a block the first read alone can be of the value at its beginning.
            let mut seen = WasmPc(0);
            for at in body.reads_of(self.local) {
                if at < seen {
                    continue;
                }
                let Some(block) = body.block_at(at) else {
                    continue;
                };
                seen = body.blocks[block].code.end;
                let first_write = self.writes_in(block).first();
                live.push((block, first_write.is_none_or(|write| at <= write.at)));
            }
        }
        for (block, is_live) in &live {
            let ends = self.touch(*block);
            ends.is_live |= is_live;
        }
        live.retain(|(_, is_live)| *is_live);
        let work: Vec<_> = live.into_iter().map(|(block, _)| block).collect();
        let is_done = self.join(work);
        self.segments.name(&observed.named);
        is_done
    }

    /// Joins the segments that have one value: from blocks at whose beginnings it is used to those that lead to them.
    fn join(&mut self, mut work: Vec<usize>) -> bool {
        work.sort_unstable();
        work.dedup();
        while let Some(block) = work.pop() {
            let places = self.before.of_block(block);
            if !self.body.spend(1 + places.len()) {
                return false;
            }
            let first = self.touch(block).first;
            for place in places {
                let before = self.before.all[place];
                let ends = self.touch(before);
                let (last, is_through) = (ends.last, ends.first == ends.last);
                if is_through && !std::mem::replace(&mut ends.is_live, true) {
                    work.push(before);
                }
                self.segments.join(first, last);
            }
        }
        true
    }

    /// The segments of a block.
    fn touch(&mut self, block: usize) -> &mut Ends {
        if self.segments.blocks[block].is_none() {
            let code = self.body.blocks[block].code.clone();
            let first = self.segments.all.len();
            let mut from = code.start;
            for write in self.writes_in(block) {
                self.segments.push(from..write.behind);
                from = write.behind;
            }
            self.segments.push(from..code.end.max(from));
            let last = self.segments.all.len() - 1;
            self.segments.touched.push(block);
            self.segments.blocks[block] = Some(Ends {
                first,
                last,
                is_live: false,
            });
        }
        self.segments.blocks[block]
            .as_mut()
            .expect("made before, or above")
    }

    /// The writes to the local in a block.
    fn writes_in(&self, block: usize) -> &'a [Write] {
        self.body.in_block(block, self.writes, |write| write.at)
    }

    /// Collects what nobody sees of the local that was followed.
    fn collect(&mut self, found: &mut Unobserved) {
        let (body, local) = (self.body, self.local);
        let Some(entry) = self.segments.blocks.first().copied().flatten() else {
            return;
        };
        if !self.segments.is_in_home(entry.first) {
            found.at_entry.push(local);
        }
        for i in 0..self.segments.touched.len() {
            let block = self.segments.touched[i];
            let Some(ends) = self.segments.blocks[block] else {
                continue;
            };
            for (write, segment) in self.writes_in(block).iter().zip(ends.first + 1..) {
                if !self.segments.is_in_home(segment) {
                    found.accesses.push(write.at);
                }
            }
        }
        let seen = merged(self.segments.in_home());
        let is_seen = |at: WasmPc| {
            let behind = seen.partition_point(|code| code.start <= at);
            behind > 0 && seen[behind - 1].contains(&at)
        };
        let reads = body.reads_of(local).filter(|at| !is_seen(*at));
        found.accesses.extend(reads);
        let mut from = body.blocks.first().map_or(WasmPc(0), |it| it.code.start);
        let end = body.blocks.last().map_or(from, |it| it.code.end);
        for code in seen.iter().chain([&(end..end)]) {
            if from < code.start {
                found.gaps.push((local, from..code.start));
            }
            from = code.end;
        }
    }
}

impl Segments {
    fn clear(&mut self) {
        self.all.clear();
        for block in self.touched.drain(..) {
            self.blocks[block] = None;
        }
    }

    fn push(&mut self, code: Range<WasmPc>) {
        let web = self.all.len();
        self.all.push(Segment {
            code,
            web,
            is_named: false,
        });
    }

    /// The segment that stands for the web of one.
    fn web(&mut self, mut segment: usize) -> usize {
        while self.all[segment].web != segment {
            let next = self.all[segment].web;
            self.all[segment].web = self.all[next].web;
            segment = next;
        }
        segment
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.web(a), self.web(b));
        self.all[a.max(b)].web = a.min(b);
    }

    /// Notes the webs that locations name in these ranges.
    fn name(&mut self, named: &[Range<WasmPc>]) {
        for segment in 0..self.all.len() {
            let code = &self.all[segment].code;
            // The first that ends behind the beginning.
            let first = named.partition_point(|range| range.end <= code.start);
            if named.get(first).is_some_and(|it| it.start < code.end) {
                let web = self.web(segment);
                self.all[web].is_named = true;
            }
        }
    }

    /// The code of the segments that have their value in the home.
    fn in_home(&mut self) -> Vec<Range<WasmPc>> {
        let mut found = Vec::new();
        for segment in 0..self.all.len() {
            if self.is_in_home(segment) {
                found.push(self.all[segment].code.clone());
            }
        }
        found
    }

    fn is_in_home(&mut self, segment: usize) -> bool {
        let web = self.web(segment);
        self.all[web].is_named
    }
}

#[cfg(test)]
mod tests;

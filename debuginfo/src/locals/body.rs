//! A function's body → basic blocks, and where locals are written.

use super::answers::Answers;
use super::frame::{FrameLocals, FrameWrites};
use crate::address::WasmPc;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// A basic block: control comes in at its start only, and goes out after its last instruction only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Block {
    /// Its instructions.
    pub code: Range<WasmPc>,
    /// The end of LLVM's block: a `br` that follows a `br_if` is one of its terminators too, and a call without a handler ends none.
    pub terminated: WasmPc,
    /// The blocks that may come next, by number.
    pub next: Vec<usize>,
    /// True if the block before ends with a call that may throw, and this one is after the call.
    pub is_behind_call: bool,
}

/// A write to a local: `local.set` or `local.tee`, but not of the value that it has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Write {
    /// The local.
    pub local: u32,
    /// The instruction's address.
    pub at: WasmPc,
    /// The next instruction's, from which on the local holds the new value.
    pub behind: WasmPc,
}

/// A function's body.
#[derive(Default, Debug)]
pub(crate) struct Body {
    /// In the order of the code.
    pub(super) blocks: Vec<Block>,
    /// Sorted.
    pub(super) writes: Vec<Write>,
    /// The reads of locals, sorted: the local, and the instruction's address.
    pub(super) reads: Vec<(u32, WasmPc)>,
    /// A number of parameters that there are at least: those that the locals which are declared leave of those that are used, and those
    /// up to the last that the first block reads before it writes to it.
    pub(super) parameters: u32,
    /// Those that make an address of the frame.
    pub(super) frames: FrameWrites,
    /// Steps taken for answers.
    pub(super) spent: std::cell::Cell<usize>,
    pub(super) answers: Answers,
}

/// A structured instruction around the one that is read.
#[derive(Default)]
pub(super) struct Label {
    /// The target of branches to it: known of loops.
    start: Option<usize>,
    /// Blocks that lead after its end.
    pub ends: Vec<usize>,
    /// The block that ends with the `if`, while there is no `else`.
    condition: Option<usize>,
    /// The way of exceptions that are thrown within it.
    pub region: Region,
}

/// The way of exceptions that are thrown within a structured instruction.
#[derive(Clone, Copy, Default)]
pub(super) struct Region {
    /// The block that they go to outside.
    pub outer: Option<usize>,
    /// The empty block of a legacy `try`, until a clause takes all exceptions.
    pub open: Option<usize>,
}

impl Region {
    /// Of an instruction without handlers, where exceptions go to a block.
    pub fn within(outer: Option<usize>) -> Region {
        Region { outer, open: None }
    }
}

/// Reads a body.
#[derive(Default)]
pub(super) struct Builder {
    pub body: Body,
    pub labels: Vec<Label>,
    /// The block that exceptions go to, if the function may handle them.
    pub handler: Option<usize>,
    /// The instruction before was this.
    before: Before,
}

/// An instruction that has a meaning for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Before {
    #[default]
    Other,
    /// `local.get` of a local.
    Get(u32),
    /// `br_if` at the end of a block.
    BranchIf(usize),
}

impl Body {
    /// Of a function whose body begins at an address. `None` where it cannot be read.
    pub fn parse(bytes: &[u8], start: WasmPc) -> Option<Body> {
        let body = FunctionBody::new(BinaryReader::new(bytes, u64::from(start.0)));
        let mut declared = 0u32;
        for locals in body.get_locals_reader().ok()? {
            declared = declared.saturating_add(locals.ok()?.0);
        }
        let mut operators = body.get_operators_reader().ok()?;
        let pc = |position: u64| u32::try_from(position).ok().map(WasmPc);
        let mut builder = Builder::default();
        let mut frames = FrameLocals::default();
        builder.labels.push(Label::default());
        builder.begin(pc(operators.original_position())?, true);
        while !operators.eof() {
            let at = pc(operators.original_position())?;
            let operator = operators.read().ok()?;
            let behind = pc(operators.original_position())?;
            if let Operator::LocalSet { local_index } | Operator::LocalTee { local_index } =
                operator
            {
                let local = local_index;
                if builder.before != Before::Get(local) {
                    builder.body.writes.push(Write { local, at, behind });
                }
            }
            if let Operator::LocalGet { local_index } = operator {
                builder.read(local_index, at);
            }
            if frames.note(&operator) {
                builder.body.frames.add(at);
            }
            let blocks = builder.body.blocks.len();
            builder.control(&operator, at, behind)?;
            if builder.body.blocks.len() != blocks {
                frames.forget();
            }
            if let Some(block) = builder.body.blocks.last_mut() {
                block.code.end = behind.max(block.code.start);
            }
            builder.before = match operator {
                Operator::LocalGet { local_index } => Before::Get(local_index),
                Operator::BrIf { .. } => Before::BranchIf(builder.current().saturating_sub(1)),
                _ => Before::Other,
            };
        }
        let mut body = builder.body;
        body.sort_uses();
        let used = body.used().saturating_sub(declared);
        body.parameters = body.parameters.max(used);
        let mut end = start;
        for block in body.blocks.iter_mut().rev() {
            block.terminated = block.terminated.max(block.code.end).max(end);
            end = match block.is_behind_call {
                true => block.terminated,
                false => start,
            };
        }
        Some(body)
    }

    /// Sorts the uses of locals as one number each: that is twice as fast as field by field.
    fn sort_uses(&mut self) {
        let key = |local: u32, at: WasmPc| u64::from(local) << 32 | u64::from(at.0);
        self.writes.sort_unstable_by_key(|it| key(it.local, it.at));
        self.reads.sort_unstable_by_key(|it| key(it.0, it.1));
    }

    /// The writes to a local, by address.
    pub(super) fn writes_to(&self, local: u32) -> &[Write] {
        let from = self.writes.partition_point(|write| write.local < local);
        let to = self.writes.partition_point(|write| write.local <= local);
        self.writes.get(from..to).unwrap_or(&[])
    }

    /// The locals that are written, by the end of the instruction.
    pub(super) fn written(&self) -> HashMap<WasmPc, u32> {
        let writes = self.writes.iter();
        writes.map(|write| (write.behind, write.local)).collect()
    }

    /// The number of locals up to the last that is used.
    fn used(&self) -> u32 {
        let read = self.reads.last().map(|(local, _)| *local);
        let written = self.writes.last().map(|write| write.local);
        read.max(written).map_or(0, |local| local.saturating_add(1))
    }

    /// The addresses at which a local is read.
    pub(super) fn reads_of(&self, local: u32) -> impl Iterator<Item = WasmPc> {
        let from = self.reads.partition_point(|(it, _)| *it < local);
        let reads = self.reads.get(from..).unwrap_or(&[]).iter();
        let reads = reads.take_while(move |(it, _)| *it == local);
        reads.map(|(_, at)| *at)
    }
}

impl Builder {
    /// A structured instruction begins.
    pub fn open(&mut self, label: Label) {
        let region = Region::within(self.handler);
        self.labels.push(Label { region, ..label });
    }

    fn read(&mut self, local: u32, at: WasmPc) {
        let body = &mut self.body;
        body.reads.push((local, at));
        let is_first = body.blocks.len() == 1 && local >= body.parameters;
        if is_first && !body.writes.iter().any(|write| write.local == local) {
            body.parameters = local.saturating_add(1);
        }
    }

    /// The block that is being read.
    pub fn current(&self) -> usize {
        self.body.blocks.len().saturating_sub(1)
    }

    /// A block begins, into which control may go on from the one before.
    pub fn begin(&mut self, at: WasmPc, goes_on: bool) {
        let number = self.body.blocks.len();
        if let Some(before) = self.body.blocks.last_mut() {
            before.code.end = at;
            before.next.extend(goes_on.then_some(number));
        }
        self.body.blocks.push(Block {
            code: at..at,
            terminated: at,
            next: Vec::new(),
            is_behind_call: false,
        });
    }

    /// A branch out of so many structured instructions; one out of all of them returns.
    pub fn branch(&mut self, depth: u32) {
        let from = self.current();
        let label = self.labels.len().checked_sub(1 + depth as usize);
        let Some(label) = label.and_then(|label| self.labels.get_mut(label)) else {
            return;
        };
        match label.start {
            Some(start) => self.body.blocks[from].next.push(start),
            None => label.ends.push(from),
        }
    }

    /// Returns the effect of an instruction on control. `None` for those after which it may be anywhere.
    fn control(&mut self, operator: &Operator<'_>, at: WasmPc, behind: WasmPc) -> Option<()> {
        match operator {
            Operator::Block { .. } => self.open(Label::default()),
            Operator::Loop { .. } => {
                self.begin(at, true);
                let start = Some(self.current());
                self.open(Label {
                    start,
                    ..Label::default()
                });
            }
            Operator::If { .. } => {
                let condition = Some(self.current());
                self.begin(behind, true);
                self.open(Label {
                    condition,
                    ..Label::default()
                });
            }
            Operator::Else => {
                let then = self.current();
                self.begin(behind, false);
                let number = self.current();
                let label = self.labels.last_mut()?;
                label.ends.push(then);
                if let Some(condition) = label.condition.take() {
                    self.body.blocks[condition].next.push(number);
                }
            }
            Operator::End => self.end(at)?,
            Operator::Br { relative_depth } => {
                if let Before::BranchIf(block) = self.before {
                    self.body.blocks[block].terminated = behind;
                }
                self.branch(*relative_depth);
                self.begin(behind, false);
            }
            Operator::BrTable { targets } => {
                for target in targets.targets() {
                    self.branch(target.ok()?);
                }
                self.branch(targets.default());
                self.begin(behind, false);
            }
            Operator::Return
            | Operator::Unreachable
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => self.begin(behind, false),
            operator => match conditional_branch(operator) {
                Some(depth) => {
                    self.branch(depth);
                    self.begin(behind, true);
                }
                None => self.exceptional(operator, at, behind)?,
            },
        }
        Some(())
    }

    /// The end of the innermost structured instruction: a block begins there if anything leads to it.
    pub fn end(&mut self, at: WasmPc) -> Option<()> {
        let label = self.labels.pop()?;
        self.leave(&label.region);
        // The function's own leads out of it.
        if self.labels.is_empty() {
            return Some(());
        }
        let from: Vec<_> = label.ends.into_iter().chain(label.condition).collect();
        if !from.is_empty() {
            self.begin(at, true);
            let number = self.current();
            for from in from {
                self.body.blocks[from].next.push(number);
            }
        }
        Some(())
    }
}

/// The label of a branch on a condition, or on what a reference refers to.
fn conditional_branch(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::BrIf { relative_depth }
        | Operator::BrOnNull { relative_depth }
        | Operator::BrOnNonNull { relative_depth }
        | Operator::BrOnCast { relative_depth, .. }
        | Operator::BrOnCastFail { relative_depth, .. } => Some(*relative_depth),
        _ => None,
    }
}

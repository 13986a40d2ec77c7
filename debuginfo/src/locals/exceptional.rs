//! Exceptional control flow: from what may throw to the handlers around it. Each `try_table` and legacy `try` has an empty block of its
//! own, which everything that may throw within it leads to, and which leads to its handlers, and to the block of the next one around:
//! nested handlers add no more edges than they have bytes.

use super::body::{Builder, Label, Region};
use crate::address::WasmPc;
use wasmparser::{Catch, Operator, TryTable};

impl Builder {
    /// Follows an instruction that throws, calls, or begins or ends a handler.
    pub fn exceptional(
        &mut self,
        operator: &Operator<'_>,
        at: WasmPc,
        behind: WasmPc,
    ) -> Option<()> {
        match operator {
            Operator::TryTable { try_table } => self.try_table(try_table, behind),
            Operator::Try { .. } => {
                let dispatch = self.dispatch(behind);
                self.open(Label::default());
                self.labels.last_mut()?.region.open = Some(dispatch);
                self.enter(dispatch, behind);
            }
            Operator::Catch { .. } => _ = self.clause(behind)?,
            Operator::CatchAll => {
                self.clause(behind)?;
                self.labels.last_mut()?.region.open = None;
            }
            Operator::Delegate { relative_depth } => self.delegate(*relative_depth, at)?,
            Operator::Throw { .. } | Operator::ThrowRef | Operator::Rethrow { .. } => {
                self.may_throw();
                self.begin(behind, false);
            }
            Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. }
                if self.handler.is_some() =>
            {
                self.may_throw();
                self.begin(behind, true);
                self.body.blocks.last_mut()?.is_behind_call = true;
            }
            _ => {}
        }
        Some(())
    }

    fn try_table(&mut self, table: &TryTable, behind: WasmPc) {
        let outer = self.handler;
        let dispatch = self.dispatch(behind);
        let mut takes_all = false;
        for catch in &table.catches {
            let (Catch::One { label, .. }
            | Catch::OneRef { label, .. }
            | Catch::All { label }
            | Catch::AllRef { label }) = *catch;
            takes_all |= matches!(catch, Catch::All { .. } | Catch::AllRef { .. });
            self.branch(label);
        }
        let rest = outer.filter(|_| !takes_all);
        self.body.blocks[dispatch].next.extend(rest);
        self.open(Label::default());
        self.enter(dispatch, behind);
    }

    /// A legacy `try` ends with exceptions going to the handlers of another, or those around a block.
    fn delegate(&mut self, depth: u32, at: WasmPc) -> Option<()> {
        let within = self.labels.len().checked_sub(1 + depth as usize)?;
        let target = self.labels.get(within)?.region.outer;
        let region = &mut self.labels.last_mut()?.region;
        if let Some(dispatch) = region.open.take() {
            self.body.blocks[dispatch].next.extend(target);
        }
        self.end(at)
    }

    /// A structured instruction ends: exceptions go to where they went before.
    pub fn leave(&mut self, region: &Region) {
        if let Some(dispatch) = region.open {
            self.body.blocks[dispatch].next.extend(region.outer);
        }
        self.handler = region.outer;
    }

    /// The empty block that leads to the handlers of a `try`. The block before does not lead to it.
    fn dispatch(&mut self, at: WasmPc) -> usize {
        self.begin(at, false);
        self.current()
    }

    /// The body of a `try` begins, which the block before its empty one leads to.
    fn enter(&mut self, dispatch: usize, at: WasmPc) {
        self.begin(at, false);
        let number = self.current();
        if let Some(before) = dispatch.checked_sub(1) {
            self.body.blocks[before].next.push(number);
        }
        self.handler = Some(dispatch);
    }

    /// A clause of a legacy `try` begins; the body or the clause before leads after the end.
    fn clause(&mut self, at: WasmPc) -> Option<()> {
        let before = self.current();
        self.begin(at, false);
        let number = self.current();
        let label = self.labels.last_mut()?;
        label.ends.push(before);
        if let Some(dispatch) = label.region.open {
            self.body.blocks[dispatch].next.push(number);
        }
        self.handler = label.region.outer;
        Some(())
    }

    /// The current block may end with an exception.
    fn may_throw(&mut self) {
        let from = self.current();
        self.body.blocks[from].next.extend(self.handler);
    }
}

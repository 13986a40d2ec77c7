//! Blocks, branches, and code that cannot be reached. A block's results and a loop's parameters are parameters of the CLIF
//! block that a branch to it goes to.

use super::signature::clif_type;
use super::state::{Frame, Kind};
use super::translator::Translator;
use crate::abi::trap::TrapKind;
use crate::index::TypeIndex;
use crate::module::section_types::val_type;
use crate::module::types::{FuncType, ValType};
use crate::module::validate::ModuleError;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use wasmparser::{BlockType, Operator};

pub(super) fn args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|value| BlockArg::Value(*value)).collect()
}

impl Translator<'_, '_> {
    pub(super) fn push_function_frame(&mut self, ty: &FuncType) {
        let end = self.block_with(ty.results());
        self.control.push(Frame {
            kind: Kind::Function,
            end,
            params: 0,
            results: ty.results().len(),
            height: 0,
            handlers: None,
            branched_to: None,
            is_quiet: false,
        });
    }

    /// Translates a control operator, reachable or not; `false` for all others.
    pub(super) fn control_operator(
        &mut self,
        operator: &Operator<'_>,
    ) -> Result<bool, ModuleError> {
        match operator {
            Operator::Block { blockty } => self.open(blockty, |_, _, _| Kind::Block)?,
            Operator::Loop { blockty } => self.open(blockty, Self::loop_head)?,
            Operator::If { blockty } => self.open_if(blockty)?,
            Operator::Else => self.begin_else(),
            Operator::End => self.end(),
            _ if self.exception_operator(operator)? || !self.reachable => {}
            Operator::Nop => {}
            Operator::Unreachable => {
                self.builder
                    .ins()
                    .trap(TrapKind::UnreachableCodeReached.clif());
                self.reachable = false;
            }
            Operator::Br { relative_depth } => self.branch(*relative_depth),
            Operator::BrIf { relative_depth } => self.branch_if(*relative_depth),
            Operator::BrTable { targets } => self.branch_table(targets)?,
            Operator::BrOnNull { relative_depth } => {
                let reference = self.pop();
                let is_null = self.is_null(reference);
                self.branch_on(is_null, *relative_depth);
                self.push(reference);
            }
            Operator::BrOnNonNull { relative_depth } => {
                // The reference is the last value of the branch.
                let reference = self.top();
                self.branch_on(reference, *relative_depth);
                self.pop();
            }
            Operator::Return => self.return_early(),
            operator => return self.branch_on_cast(operator),
        }
        Ok(true)
    }

    pub(super) fn block_with(&mut self, types: &[ValType]) -> Block {
        let block = self.builder.create_block();
        for ty in types {
            self.builder.append_block_param(block, clif_type(*ty));
        }
        block
    }

    fn block_type(&self, ty: &BlockType) -> Result<FuncType, ModuleError> {
        Ok(match ty {
            BlockType::Empty => FuncType::new([], []),
            BlockType::Type(ty) => FuncType::new([], [val_type(*ty)?]),
            BlockType::FuncType(index) => self
                .env
                .module
                .function_type(TypeIndex::from_u32(*index))
                .clone(),
        })
    }

    pub(super) fn open(
        &mut self,
        ty: &BlockType,
        kind: impl FnOnce(&mut Self, &FuncType, usize) -> Kind,
    ) -> Result<(), ModuleError> {
        if !self.reachable {
            self.open_dead();
            return Ok(());
        }
        let ty = self.block_type(ty)?;
        let end = self.block_with(ty.results());
        let height = self.stack.len() - ty.params().len();
        let kind = kind(self, &ty, height);
        let is_quiet = match kind {
            Kind::Loop { .. } => self.quiet_loops.begins,
            _ => self.is_in_quiet_loop(),
        };
        self.control.push(Frame {
            kind,
            end,
            params: ty.params().len(),
            results: ty.results().len(),
            height,
            handlers: self.handlers.in_force(),
            branched_to: None,
            is_quiet,
        });
        Ok(())
    }

    pub(super) fn open_dead(&mut self) {
        let frame = Frame {
            kind: Kind::Dead,
            end: Block::from_u32(0),
            params: 0,
            results: 0,
            height: self.stack.len(),
            handlers: self.handlers.in_force(),
            branched_to: None,
            is_quiet: false,
        };
        self.control.push(frame);
    }

    fn loop_head(&mut self, ty: &FuncType, height: usize) -> Kind {
        let head = self.block_with(ty.params());
        let values = args(&self.stack[height..]);
        self.builder.ins().jump(head, &values);
        self.builder.switch_to_block(head);
        self.stack.truncate(height);
        self.stack
            .extend_from_slice(self.builder.block_params(head));
        self.interrupt();
        self.tick();
        Kind::Loop { head }
    }

    fn open_if(&mut self, ty: &BlockType) -> Result<(), ModuleError> {
        if !self.reachable {
            self.open_dead();
            return Ok(());
        }
        let condition = self.pop();
        self.open(ty, |body, _, height| {
            let (then, otherwise) = (body.builder.create_block(), body.builder.create_block());
            body.builder
                .ins()
                .brif(condition, then, &[], otherwise, &[]);
            body.go_on_in(then);
            Kind::If {
                otherwise,
                params: body.stack[height..].into(),
            }
        })
    }

    fn begin_else(&mut self) {
        self.fall_through();
        let frame = self.control.last_mut().expect("validated: else has its if");
        if let Kind::If { otherwise, params } = std::mem::replace(&mut frame.kind, Kind::Block) {
            self.stack.truncate(frame.height);
            self.stack.extend_from_slice(&params);
            self.builder.switch_to_block(otherwise);
            self.reachable = true;
        } else {
            frame.kind = Kind::Dead;
        }
    }

    /// Leaves the innermost frame for its end, where that can be reached.
    pub(super) fn fall_through(&mut self) {
        if !self.reachable {
            return;
        }
        let kept = self.kept.len();
        let frame = self.control.last_mut().expect("validated: a frame is open");
        frame.branched_to.get_or_insert(kept);
        let values = args(&self.stack[self.stack.len() - frame.results..]);
        self.builder.ins().jump(frame.end, &values);
        self.reachable = false;
    }

    pub(super) fn end(&mut self) {
        self.fall_through();
        let mut frame = self.control.pop().expect("validated: end has its block");
        self.handlers.restore(frame.handlers);
        if let Kind::Dead = frame.kind {
            return;
        }
        self.stack.truncate(frame.height);
        if let Kind::If { otherwise, params } = &frame.kind {
            // Without `else`, the operands are the results.
            self.builder.switch_to_block(*otherwise);
            self.builder.ins().jump(frame.end, &args(params));
            frame.branched_to = Some(0);
        }
        self.reachable = frame.branched_to.is_some();
        if self.reachable {
            self.builder.switch_to_block(frame.end);
            self.stack
                .extend_from_slice(self.builder.block_params(frame.end));
        }
        if let Kind::Function = frame.kind {
            if self.reachable {
                let results = std::mem::take(&mut self.stack);
                self.return_with(&results);
            }
            self.return_by_exits();
        }
    }

    fn return_with(&mut self, results: &[Value]) {
        self.last_tick();
        self.leave_leaf_frame();
        self.builder.ins().return_(results);
    }

    /// Returns the block by which branches of the present operator leave the function. What debug info says of the function's end counts
    /// where control comes to that, and a branch does not: its way out is code of its own.
    fn exit(&mut self) -> Block {
        let location = self.builder.srcloc();
        match self.exits.last() {
            Some((block, of)) if *of == location => *block,
            _ => {
                let block = self.builder.create_block();
                let results = self.builder.block_params(self.control[0].end).to_vec();
                for result in results {
                    let ty = self.builder.func.dfg.value_type(result);
                    self.builder.append_block_param(block, ty);
                }
                self.exits.push((block, location));
                block
            }
        }
    }

    fn return_by_exits(&mut self) {
        for (block, location) in std::mem::take(&mut self.exits) {
            self.builder.switch_to_block(block);
            self.builder.set_srcloc(location);
            let results = self.builder.block_params(block).to_vec();
            self.return_with(&results);
        }
    }

    /// Which of the values that were kept in the innermost frame are not kept on each way to its end: those after so many.
    pub(super) fn kept_on_all_ways(&self) -> usize {
        self.control.last().map_or(0, |frame| match frame.kind {
            Kind::Loop { .. } | Kind::Dead => usize::MAX,
            Kind::If { .. } | Kind::Try(_) => 0,
            _ => frame.branched_to.unwrap_or(usize::MAX),
        })
    }

    /// The frame `depth` levels out, marked as branched to; where that goes and with how many values.
    pub(super) fn target(&mut self, depth: u32) -> (Block, usize) {
        let index = self.control.len() - 1 - depth as usize;
        if index == 0 && self.env.settings.debug_info {
            return (self.exit(), self.control[0].results);
        }
        let frame = &mut self.control[index];
        frame.branched_to.get_or_insert(self.kept.len());
        frame.target()
    }

    pub(super) fn branch(&mut self, depth: u32) {
        if depth as usize + 1 == self.control.len() {
            return self.return_early();
        }
        let (block, count) = self.target(depth);
        let values = args(&self.stack[self.stack.len() - count..]);
        self.builder.ins().jump(block, &values);
        self.reachable = false;
    }

    fn return_early(&mut self) {
        let count = self.control[0].results;
        let results = self.stack.split_off(self.stack.len() - count);
        self.return_with(&results);
        self.reachable = false;
    }

    fn branch_if(&mut self, depth: u32) {
        let condition = self.pop();
        self.branch_on(condition, depth);
    }

    /// Branches with the topmost operands if a condition is not 0.
    pub(super) fn branch_on(&mut self, condition: Value, depth: u32) {
        let (block, count) = self.target(depth);
        let values = args(&self.stack[self.stack.len() - count..]);
        let next = self.builder.create_block();
        self.builder
            .ins()
            .brif(condition, block, &values, next, &[]);
        self.go_on_in(next);
    }
}

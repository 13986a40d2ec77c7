//! Statements of the source → code that a debugger can stop at, as in native code of the same source.
//!
//! * Of several statements that begin at one address, all but the last are instructions that LLVM has taken out since.
//! * A statement may begin with operators that are no code (a `while` with its `block` and `loop`); then its code is the first
//!   operator that is.
//! * A statement may be no code at all: a jump to what follows.
//!
//! * A statement may be one instruction, of a module whose source is its text: the code generator makes one of several, but for loads
//!   and stores of constants and locals.
//! * A statement may end with a load whose value the next one uses, as `list` does in `list⏎->next`: the code generator would make the
//!   load a part of the instruction that uses it, and so the first statement's code, and its trap, the second's.
//!
//! Where there is no code, a debug nop is: an instruction that does nothing. Of many `nop`s in a row only the first have one: they are
//! room that somebody left, and an instruction takes hundreds of bytes while code is made.

use super::observe::{LocationTag, source_location, wasm_pc};
use super::translator::Translator;
use crate::abi::settings::OptLevel;
use crate::module::NOPS;
use crate::module::validate::ModuleError;
use dwalin_debuginfo::address::WasmPc;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{Operator, OperatorsReader};

/// The kinds of operators by the machine code they become.
enum Code {
    /// It does, alone or with those that use its value.
    Some,
    /// It may become none: a jump to what follows, a value that nobody wants.
    Perhaps,
    /// It only says where control can come in.
    Structure,
}

fn kind(operator: &Operator<'_>) -> Code {
    match operator {
        Operator::Nop
        | Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::Else
        | Operator::TryTable { .. }
        | Operator::Try { .. }
        | Operator::Catch { .. }
        | Operator::CatchAll
        | Operator::Delegate { .. }
        | Operator::End => Code::Structure,
        Operator::Br { .. } | Operator::Drop => Code::Perhaps,
        _ => Code::Some,
    }
}

/// The loads whose values an instruction can take from memory: those of all bits of a value.
fn is_load(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Load { .. }
            | Operator::I64Load { .. }
            | Operator::F32Load { .. }
            | Operator::F64Load { .. }
            | Operator::V128Load { .. }
    )
}

/// The stores of all bits of a value.
fn is_store(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Store { .. }
            | Operator::I64Store { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::V128Store { .. }
    )
}

impl Translator<'_, '_> {
    /// Translates an operator, with code for the statements that begin at it. `rest` is what follows.
    pub(super) fn statement_and_operator(
        &mut self,
        pc: WasmPc,
        operator: &Operator<'_>,
        rest: &OperatorsReader<'_>,
    ) -> Result<(), ModuleError> {
        let here = self.begin_statements(pc);
        match operator {
            Operator::Nop => self.statements.nops += 1,
            _ => self.statements.nops = 0,
        }
        let is_end = matches!(operator, Operator::End | Operator::Delegate { .. });
        if !is_end {
            self.place_statements(here.clone());
            self.read_operands(pc, !here.is_empty());
        }
        match kind(operator) {
            Code::Structure if self.statements.nops > NOPS => self.statements.waiting = None,
            Code::Structure if !is_end || self.control.len() > 1 => {
                if matches!(operator, Operator::Loop { .. }) && self.enters_from_jump(rest) {
                    self.debug_nop(LocationTag::Nothing);
                }
            }
            Code::Some if self.statements.instructions && !self.is_apart(operator) => {
                self.debug_nop(LocationTag::Nothing);
            }
            Code::Some => self.statements.waiting = None,
            Code::Structure | Code::Perhaps => self.debug_nop(LocationTag::Nothing),
        }
        if self.sets_early.is_none() {
            self.builder
                .set_srcloc(source_location(pc, LocationTag::Instruction));
        }
        self.operator(operator)?;
        self.note_load(operator);
        self.note_apart(operator);
        if is_end && !self.control.is_empty() {
            // Control comes in at the end of a block: what begins there is after it.
            self.place_statements(here.clone());
            self.read_operands(pc, !here.is_empty());
        }
        self.note_block(operator);
        Ok(())
    }

    /// Returns true if a statement begins at an address that control comes to, or one before waits for its code.
    pub(super) fn is_at_statement(&self, pc: WasmPc) -> bool {
        let next = self.statements.all.get(self.statements.begun);
        self.statements.waiting.is_some() || next.is_some_and(|it| it.pc <= pc)
    }

    /// The statements that begin at an address. One that still waits for code gets it before.
    fn begin_statements(&mut self, pc: WasmPc) -> Range<usize> {
        let mut first = self.statements.begun;
        while let Some(statement) = self.statements.all.get(self.statements.begun)
            && statement.pc <= pc
        {
            self.debug_nop(LocationTag::Nothing);
            self.keep_load(statement.line);
            let before = self.statements.begun.checked_sub(1);
            let before = before.map_or(WasmPc(0), |it| self.statements.all[it].pc);
            self.statements.begun += 1;
            self.invalidate_homes(before..=statement.pc);
            if statement.pc < pc {
                first = self.statements.begun;
            }
        }
        first..self.statements.begun
    }

    /// Debug nops for all but the last of these statements; the last waits for its code.
    fn place_statements(&mut self, here: Range<usize>) {
        for (i, statement) in self.statements.all[here].iter().enumerate() {
            self.debug_nop(if i % 2 == 1 {
                LocationTag::OddStatement
            } else {
                LocationTag::EvenStatement
            });
            self.statements.waiting = Some(*statement);
        }
    }

    /// An instruction for the statement that waits for one.
    fn debug_nop(&mut self, tag: LocationTag) {
        if let Some(statement) = self.statements.waiting.take()
            && self.reachable
        {
            self.no_operation(source_location(statement.pc, tag));
            self.statements.loaded = None;
        }
    }

    /// Keeps a load that the statement before ends with to the statement, where another line begins.
    fn keep_load(&mut self, line: u32) {
        let statements = &mut self.statements;
        let is_other = line != std::mem::replace(&mut statements.line, line);
        let loaded = statements.loaded.take_if(|_| is_other);
        let Some(loaded) = loaded.filter(|_| self.reachable) else {
            return;
        };
        if self.env.settings.opt_level == OptLevel::None {
            return self.keep_apart(loaded);
        }
        // Nothing is moved over an instruction after it.
        let load = wasm_pc(self.builder.srcloc());
        self.no_operation(source_location(load, LocationTag::Nothing));
    }

    /// Notes whether the last code is a load whose value was not used yet.
    fn note_load(&mut self, operator: &Operator<'_>) {
        let is_kept = match operator {
            // Each instruction of text has an instruction after it.
            _ if self.statements.instructions => false,
            Operator::LocalGet { .. }
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::F32Const { .. }
            | Operator::F64Const { .. } => true,
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                !self.has_home(*local_index)
            }
            operator if is_load(operator) && self.reachable => {
                self.statements.loaded = Some(self.top());
                return;
            }
            _ => false,
        };
        if !is_kept {
            self.statements.loaded = None;
        }
    }

    /// Returns true if native code would enter the loop that begins here by a jump of the loop's own statement: it is the first thing
    /// in its block, and a `while` (its last operator jumps back, and belongs to the statement too). A debugger then stops at the
    /// jump, not each time around.
    fn enters_from_jump(&mut self, rest: &OperatorsReader<'_>) -> bool {
        let Some(statement) = self.statements.waiting else {
            return false;
        };
        if !self.statements.at_block {
            return false;
        }
        let closing = &mut self.statements.closing;
        let closing = closing.get_or_insert_with(|| closing_branches(rest));
        let start = rest.original_position() as usize;
        closing.get(&start).copied().is_some_and(|at| {
            let pc = self.env.pc(at);
            self.statements.begins(pc, statement.line)
        })
    }

    /// Returns true if an operator that is a statement surely is an instruction of its own, with nothing in it of those before: a load or a
    /// store behind an instruction that does nothing and an operator that does not read what may change. It needs none before it, which
    /// takes hundreds of bytes while code is made.
    fn is_apart(&self, operator: &Operator<'_>) -> bool {
        let is_access = is_load(operator) || is_store(operator);
        is_access && self.statements.apart && self.env.settings.opt_level == OptLevel::None
    }

    /// Notes whether the last code is an instruction that does nothing and at most a value that no instruction takes from memory: a
    /// constant or a local's, whose home is read apart.
    fn note_apart(&mut self, operator: &Operator<'_>) {
        self.statements.apart = self.statements.instructions
            && self.reachable
            && matches!(
                operator,
                Operator::LocalGet { .. }
                    | Operator::I32Const { .. }
                    | Operator::I64Const { .. }
                    | Operator::F32Const { .. }
                    | Operator::F64Const { .. }
            );
    }

    fn note_block(&mut self, operator: &Operator<'_>) {
        self.statements.at_block = match operator {
            Operator::Nop | Operator::Block { .. } => self.statements.at_block,
            Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Loop { .. }
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. }
            | Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
            | Operator::Unreachable => true,
            _ => false,
        };
    }
}

/// The branches back to their heads that end loops, by the places in the file where the loops' first operators are: of the loop that
/// `rest` reads and of all after it. Blocks in a loop may end with it, as that of a condition with `&&`. One pass for all of them: loops
/// may be deep in each other.
fn closing_branches(rest: &OperatorsReader<'_>) -> HashMap<usize, usize> {
    let mut rest = rest.clone();
    // For each block that is open where it begins, if it is a loop.
    let mut open = vec![Some(rest.original_position() as usize)];
    // Behind a branch and ends only: which of the blocks it leads to, and where it is.
    let mut branch = None;
    let mut found = HashMap::new();
    while !rest.eof() {
        let at = rest.original_position() as usize;
        let Ok(operator) = rest.read() else {
            break;
        };
        match operator {
            Operator::End => {
                if let (Some(Some(start)), Some((block, at))) = (open.pop(), branch)
                    && block == open.len()
                {
                    found.insert(start, at);
                }
            }
            Operator::Br { relative_depth } => {
                let block = open.len().checked_sub(1 + relative_depth as usize);
                branch = block.map(|block| (block, at));
            }
            operator => {
                branch = None;
                match operator {
                    Operator::Loop { .. } => open.push(Some(rest.original_position() as usize)),
                    Operator::Block { .. }
                    | Operator::If { .. }
                    | Operator::TryTable { .. }
                    | Operator::Try { .. } => open.push(None),
                    Operator::Delegate { .. } => _ = open.pop(),
                    _ => {}
                }
            }
        }
    }
    found
}

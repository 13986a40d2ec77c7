//! Runs a module, and shows itself before instructions that somebody wants to see.

use crate::host;
use crate::module::{Body, Failure, Module, Pc};
use crate::named::{KeptOperands, Named};
use crate::numeric::compute;
use std::collections::{HashMap, HashSet};
use wasmparser::{MemArg, Operator};

const PAGE: usize = 1 << 16;

/// A block that is open.
struct Label {
    /// The index of the instruction where a branch goes on: the loop, or the end, where machine code of several ways meets.
    target: usize,
    /// Values that a branch takes along.
    arity: usize,
    /// Values below it.
    height: usize,
    is_loop: bool,
}

/// A call.
pub struct Frame {
    /// The function's number among those with bodies.
    pub function: usize,
    /// The instruction's index: the next one, or the call.
    pub at: usize,
    /// Parameters and locals.
    pub locals: Vec<u64>,
    /// Parameters at the entry.
    pub arguments: Vec<u64>,
    /// The operand stack. During a call the arguments are still on it.
    pub stack: Vec<u64>,
    /// Globals, when the frame called another one.
    pub globals: Vec<u64>,
    /// The operands that locations name.
    pub kept: KeptOperands,
    /// The jump that led to the next instruction, by its index; `None` if that is after the one before.
    pub came_from: Option<usize>,
    labels: Vec<Label>,
}

impl Frame {
    fn jump(&mut self, target: usize) {
        self.came_from = Some(self.at);
        self.at = target;
    }
}

/// The places that a run is to record.
#[derive(Default)]
pub struct Wanted {
    /// To stop before these.
    pub stops: HashSet<Pc>,
    /// The operands that locations name, by where each begins.
    pub operands: HashMap<Pc, Vec<Named>>,
}

/// A run.
pub struct Machine<'m, 'a> {
    /// The running module.
    pub module: &'m Module<'a>,
    /// Calls, the innermost last.
    pub frames: Vec<Frame>,
    /// Globals as they are.
    pub globals: Vec<u64>,
    /// The memory.
    pub memory: Vec<u8>,
    table: Vec<Option<u32>>,
    /// The program's standard output.
    pub output: Vec<u8>,
    /// The name that it is called by.
    pub program: String,
    /// Instructions that it may still execute.
    pub budget: u64,
}

/// The end of a run.
#[derive(Debug, PartialEq)]
pub enum End {
    /// It returned, or exited with a code.
    Exit(u32),
    /// It trapped.
    Trap(Failure),
}

impl<'m, 'a> Machine<'m, 'a> {
    /// A module that is instantiated.
    pub fn new(module: &'m Module<'a>, program: &str) -> Machine<'m, 'a> {
        let mut memory = vec![0; module.pages as usize * PAGE];
        for segment in &module.data {
            let start = segment.offset as usize;
            memory[start..start + segment.items.len()].copy_from_slice(&segment.items);
        }
        let mut table = vec![None; module.table];
        for segment in &module.elements {
            for (i, function) in segment.items.iter().enumerate() {
                table[segment.offset as usize + i] = Some(*function);
            }
        }
        Machine {
            module,
            frames: Vec::new(),
            globals: module.globals.clone(),
            memory,
            table,
            output: Vec::new(),
            program: program.to_owned(),
            budget: 2_000_000_000,
        }
    }

    /// Runs `_start`. `see` is called before each instruction that is wanted.
    pub fn run(&mut self, wanted: &Wanted, see: &mut dyn FnMut(&Machine<'m, 'a>, Pc)) -> End {
        let Some(start) = self.module.exports.get("_start") else {
            return End::Trap("no _start".to_owned());
        };
        let result = self.call(*start).and_then(|()| {
            while !self.frames.is_empty() {
                self.step(wanted, see)?;
            }
            Ok(())
        });
        match result {
            Ok(()) => End::Exit(0),
            Err(failure) => match failure.strip_prefix("exit ") {
                Some(code) => End::Exit(code.parse().unwrap_or(u32::MAX)),
                None => End::Trap(failure),
            },
        }
    }

    fn body(&self, frame: &Frame) -> &'m Body<'a> {
        &self.module.bodies[frame.function]
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a run has a frame")
    }

    fn pop(&mut self) -> Result<u64, Failure> {
        let popped = self.frame().stack.pop();
        popped.ok_or_else(|| "an empty stack".to_owned())
    }

    fn pop32(&mut self) -> Result<u32, Failure> {
        Ok(self.pop()? as u32)
    }

    fn push(&mut self, value: u64) {
        self.frame().stack.push(value);
    }

    fn step(
        &mut self,
        wanted: &Wanted,
        see: &mut dyn FnMut(&Machine<'m, 'a>, Pc),
    ) -> Result<(), Failure> {
        self.budget = self.budget.checked_sub(1).ok_or("it runs for too long")?;
        let frame = &self.frames[self.frames.len() - 1];
        let body = self.body(frame);
        let Some((pc, operator)) = body.code.get(frame.at) else {
            return self.return_from();
        };
        let begins = wanted.operands.get(pc).map_or(&[][..], |it| &it[..]);
        let frame = self.frame();
        frame.kept.note(*pc, &frame.stack, begins);
        if wanted.stops.contains(pc) {
            see(self, *pc);
        }
        self.frame().came_from = None;
        if compute(operator, &mut self.frame().stack)? {
            self.frame().at += 1;
            return Ok(());
        }
        self.control_operator(operator, body)
    }

    fn control_operator(
        &mut self,
        operator: &Operator<'a>,
        body: &Body<'a>,
    ) -> Result<(), Failure> {
        use Operator as O;
        let at = self.frame().at;
        match operator {
            O::Block { blockty } | O::Loop { blockty } | O::If { blockty } => {
                return self.enter(operator, *blockty, body);
            }
            O::Else => {
                // The end of what was done instead.
                let frame = self.frame();
                let target = frame.labels.last().ok_or("an else alone")?.target;
                frame.jump(target);
                return Ok(());
            }
            O::End => {
                self.frame().labels.pop();
            }
            O::Br { relative_depth } => return self.branch(*relative_depth),
            O::BrIf { relative_depth } => {
                if self.pop32()? != 0 {
                    return self.branch(*relative_depth);
                }
            }
            O::BrTable { targets } => {
                let index = self.pop32()?;
                let target = targets.targets().nth(index as usize);
                let target = target.transpose().map_err(|error| error.to_string())?;
                return self.branch(target.unwrap_or(targets.default()));
            }
            O::Return => return self.leave(),
            O::Call { function_index } => return self.call(*function_index),
            O::CallIndirect { type_index, .. } => return self.call_indirect(*type_index),
            O::Nop => {}
            O::Unreachable => return Err("unreachable".to_owned()),
            operator => self.variable_operator(operator)?,
        }
        self.frame().at = at + 1;
        Ok(())
    }

    fn variable_operator(&mut self, operator: &Operator<'a>) -> Result<(), Failure> {
        use Operator as O;
        match operator {
            O::LocalGet { local_index } => {
                let value = self.frame().locals[*local_index as usize];
                self.push(value);
            }
            O::LocalSet { local_index } => {
                let value = self.pop()?;
                self.frame().locals[*local_index as usize] = value;
            }
            O::LocalTee { local_index } => {
                let value = self.pop()?;
                self.push(value);
                self.frame().locals[*local_index as usize] = value;
            }
            O::GlobalGet { global_index } => self.push(self.globals[*global_index as usize]),
            O::GlobalSet { global_index } => {
                self.globals[*global_index as usize] = self.pop()?;
            }
            O::Drop => {
                self.pop()?;
            }
            O::Select | O::TypedSelect { .. } => {
                let (condition, otherwise, value) = (self.pop32()?, self.pop()?, self.pop()?);
                self.push(if condition != 0 { value } else { otherwise });
            }
            operator => self.memory_operator(operator)?,
        }
        Ok(())
    }

    fn enter(
        &mut self,
        operator: &Operator<'a>,
        ty: wasmparser::BlockType,
        body: &Body<'a>,
    ) -> Result<(), Failure> {
        let (params, results) = self.module.arity(ty);
        let is_if = matches!(operator, Operator::If { .. });
        let taken = !is_if || self.pop32()? != 0;
        let frame = self.frame();
        let target = body.targets[&frame.at];
        let is_loop = matches!(operator, Operator::Loop { .. });
        let label = Label {
            target: if is_loop { frame.at } else { target.end },
            arity: if is_loop { params } else { results },
            height: frame.stack.len() - params,
            is_loop,
        };
        match target.otherwise {
            _ if taken => frame.at += 1,
            Some(otherwise) => frame.jump(otherwise + 1),
            None => frame.jump(target.end),
        }
        frame.labels.push(label);
        Ok(())
    }

    fn branch(&mut self, depth: u32) -> Result<(), Failure> {
        let frame = self.frame();
        let open = frame.labels.len();
        let Some(index) = open.checked_sub(1 + depth as usize) else {
            return self.leave();
        };
        let label = &frame.labels[index];
        let taken = frame.stack.len() - label.arity;
        frame.stack.drain(label.height..taken);
        let (target, is_loop) = (label.target, label.is_loop);
        frame.jump(target);
        // A loop is entered anew, and an end leaves its block.
        let stays = usize::from(!is_loop);
        frame.labels.truncate(index + stays);
        Ok(())
    }

    /// Goes to the function's end, as a branch to its outermost block does.
    fn leave(&mut self) -> Result<(), Failure> {
        let body = self.body(&self.frames[self.frames.len() - 1]);
        let results = body.ty.results().len();
        let frame = self.frame();
        let taken = frame.stack.len() - results;
        frame.stack.drain(..taken);
        frame.labels.clear();
        frame.jump(body.code.len() - 1);
        Ok(())
    }

    /// Calls a function: its arguments are on the stack.
    fn call(&mut self, function: u32) -> Result<(), Failure> {
        if self.frames.len() > 20_000 {
            return Err("the stack is used up".to_owned());
        }
        let ty = self.module.function_type(function);
        let params = ty.params().len();
        let globals = self.globals.clone();
        let arguments = match self.frames.last_mut() {
            Some(frame) => {
                frame.globals = globals;
                frame.stack[frame.stack.len() - params..].to_vec()
            }
            None => Vec::new(),
        };
        let Some(own) = (function as usize).checked_sub(self.module.imports.len()) else {
            let name = &self.module.imports[function as usize].0;
            let result = host::call(self, name, &arguments)?;
            let frame = self.frame();
            frame.stack.truncate(frame.stack.len() - params);
            frame.stack.extend(result);
            frame.at += 1;
            return Ok(());
        };
        let mut locals = arguments.clone();
        locals.resize(self.module.bodies[own].types.len(), 0);
        self.frames.push(Frame {
            function: own,
            at: 0,
            locals,
            arguments,
            stack: Vec::new(),
            globals: Vec::new(),
            kept: KeptOperands::default(),
            came_from: None,
            labels: Vec::new(),
        });
        Ok(())
    }

    fn call_indirect(&mut self, ty: u32) -> Result<(), Failure> {
        let index = self.pop32()? as usize;
        let function = self.table.get(index).copied().flatten();
        let function = function.ok_or("a call of no function")?;
        if self.module.function_type(function) != self.module.ty(ty) {
            return Err("a call of another type".to_owned());
        }
        // The arguments stay on the stack during the call.
        self.call(function)
    }

    fn return_from(&mut self) -> Result<(), Failure> {
        let mut frame = self.frames.pop().ok_or("a return from nowhere")?;
        let ty = &self.module.bodies[frame.function].ty;
        let results = frame
            .stack
            .split_off(frame.stack.len() - ty.results().len());
        if let Some(caller) = self.frames.last_mut() {
            let params = ty.params().len();
            caller.stack.truncate(caller.stack.len() - params);
            caller.stack.extend(results);
            caller.at += 1;
        }
        Ok(())
    }

    /// The bytes that are so far from an address on the stack.
    fn place(&mut self, arg: &MemArg, size: usize) -> Result<std::ops::Range<usize>, Failure> {
        let start = self.pop32()? as usize + arg.offset as usize;
        if start + size > self.memory.len() {
            return Err("an address out of bounds".to_owned());
        }
        Ok(start..start + size)
    }

    fn load(&mut self, arg: &MemArg, size: usize) -> Result<u64, Failure> {
        let place = self.place(arg, size)?;
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&self.memory[place]);
        Ok(u64::from_le_bytes(bytes))
    }

    fn store(&mut self, arg: &MemArg, size: usize) -> Result<(), Failure> {
        let value = self.pop()?;
        let place = self.place(arg, size)?;
        self.memory[place].copy_from_slice(&value.to_le_bytes()[..size]);
        Ok(())
    }

    fn memory_operator(&mut self, operator: &Operator<'a>) -> Result<(), Failure> {
        use Operator as O;
        let loaded = match operator {
            O::I32Load { memarg } | O::F32Load { memarg } | O::I64Load32U { memarg } => {
                self.load(memarg, 4)?
            }
            O::I64Load { memarg } | O::F64Load { memarg } => self.load(memarg, 8)?,
            O::I32Load8U { memarg } | O::I64Load8U { memarg } => self.load(memarg, 1)?,
            O::I32Load16U { memarg } | O::I64Load16U { memarg } => self.load(memarg, 2)?,
            O::I32Load8S { memarg } => u64::from(self.load(memarg, 1)? as i8 as u32),
            O::I32Load16S { memarg } => u64::from(self.load(memarg, 2)? as i16 as u32),
            O::I64Load8S { memarg } => self.load(memarg, 1)? as i8 as u64,
            O::I64Load16S { memarg } => self.load(memarg, 2)? as i16 as u64,
            O::I64Load32S { memarg } => self.load(memarg, 4)? as i32 as u64,
            O::I32Store { memarg } | O::F32Store { memarg } | O::I64Store32 { memarg } => {
                return self.store(memarg, 4);
            }
            O::I64Store { memarg } | O::F64Store { memarg } => return self.store(memarg, 8),
            O::I32Store8 { memarg } | O::I64Store8 { memarg } => return self.store(memarg, 1),
            O::I32Store16 { memarg } | O::I64Store16 { memarg } => return self.store(memarg, 2),
            O::MemorySize { .. } => (self.memory.len() / PAGE) as u64,
            O::MemoryGrow { .. } => {
                let (more, before) = (self.pop32()? as usize, self.memory.len() / PAGE);
                if before + more > PAGE {
                    u64::from(u32::MAX)
                } else {
                    self.memory.resize((before + more) * PAGE, 0);
                    before as u64
                }
            }
            O::MemoryCopy { .. } => {
                let [len, from, to] = self.three()?;
                if from.max(to) + len > self.memory.len() {
                    return Err("an address out of bounds".to_owned());
                }
                self.memory.copy_within(from..from + len, to);
                return Ok(());
            }
            O::MemoryFill { .. } => {
                let [len, value, to] = self.three()?;
                let bytes = self.memory.get_mut(to..to + len);
                bytes.ok_or("an address out of bounds")?.fill(value as u8);
                return Ok(());
            }
            other => return Err(format!("an operator that is not known: {other:?}")),
        };
        self.push(loaded);
        Ok(())
    }

    fn three(&mut self) -> Result<[usize; 3], Failure> {
        let mut next = || Ok::<_, Failure>(self.pop32()? as usize);
        Ok([next()?, next()?, next()?])
    }
}

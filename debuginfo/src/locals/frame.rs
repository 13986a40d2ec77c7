//! Which writes to locals are of the frame's address: the stack pointer as it was, or so much below it as the frame takes, perhaps
//! aligned. Compilers work it out at a function's entry (LLVM: WebAssemblyFrameLowering), without optimisation over other locals.

use crate::address::WasmPc;
use wasmparser::Operator;

/// Writes of a frame's address.
#[derive(Default, Debug)]
pub(super) struct FrameWrites(Vec<WasmPc>);

impl FrameWrites {
    /// Adds one; they come in the order of the code.
    pub fn add(&mut self, at: WasmPc) {
        self.0.push(at);
    }

    /// Returns true if the write at an address is one.
    pub fn contains(&self, at: WasmPc) -> bool {
        self.0.binary_search(&at).is_ok()
    }
}

/// The known part of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    Nothing,
    Constant(i64),
    /// A global's value: compilers have the stack pointer in one.
    Global,
    /// Below that.
    Frame,
}

/// The number of operands and locals that are followed: more than a function's entry needs.
const FOLLOWED: usize = 64;

/// The known operands and locals, from the beginning of a basic block on.
#[derive(Default)]
pub(super) struct FrameLocals {
    /// The last operands; those below are not known.
    stack: Vec<Known>,
    locals: Vec<(u32, Known)>,
}

impl FrameLocals {
    /// A basic block begins.
    pub fn forget(&mut self) {
        self.stack.clear();
        self.locals.clear();
    }

    fn pop(&mut self) -> Known {
        self.stack.pop().unwrap_or(Known::Nothing)
    }

    fn push(&mut self, known: Known) {
        if self.stack.len() == FOLLOWED {
            self.stack.remove(0);
        }
        self.stack.push(known);
    }

    fn set(&mut self, local: u32, known: Known) -> bool {
        self.locals.retain(|(it, _)| *it != local);
        if known != Known::Nothing && self.locals.len() < FOLLOWED {
            self.locals.push((local, known));
        }
        matches!(known, Known::Global | Known::Frame)
    }

    /// Follows an instruction; whether it writes the frame's address to a local.
    pub fn note(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::GlobalGet { .. } => self.push(Known::Global),
            Operator::I32Const { value } => self.push(Known::Constant(value.into())),
            Operator::I64Const { value } => self.push(Known::Constant(value)),
            Operator::LocalGet { local_index } => {
                let known = self.locals.iter().find(|(it, _)| *it == local_index);
                self.push(known.map_or(Known::Nothing, |(_, known)| *known));
            }
            Operator::LocalSet { local_index } => {
                let known = self.pop();
                return self.set(local_index, known);
            }
            Operator::LocalTee { local_index } => {
                let known = self.pop();
                self.push(known);
                return self.set(local_index, known);
            }
            Operator::GlobalSet { .. } | Operator::Drop => _ = self.pop(),
            Operator::I32Sub | Operator::I64Sub => self.binary(|a, b| {
                matches!((a, b), (Known::Global, Known::Constant(size)) if size >= 0)
            }),
            Operator::I32Add | Operator::I64Add => self.binary(|a, b| {
                matches!((a, b), (Known::Global, Known::Constant(size)) | (Known::Constant(size), Known::Global) if size <= 0)
            }),
            Operator::I32And | Operator::I64And => self.binary(|a, b| {
                matches!(
                    (a, b),
                    (Known::Global | Known::Frame, Known::Constant(_))
                        | (Known::Constant(_), Known::Global | Known::Frame)
                )
            }),
            Operator::Nop => {}
            _ => self.stack.clear(),
        }
        false
    }

    fn binary(&mut self, is_frame: impl Fn(Known, Known) -> bool) {
        let (b, a) = (self.pop(), self.pop());
        self.push(match is_frame(a, b) {
            true => Known::Frame,
            false => Known::Nothing,
        });
    }
}

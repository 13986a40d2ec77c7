//! What is known about why an instruction trapped: operands, bounds, types, the message of an abort.

use super::frame::StoppedFrame;
use super::instruction::instruction;
use super::message::{self, Panic};
use super::operands::Instruction;
use super::suspects::Suspects;
use crate::abi::trap::TrapKind;
use crate::index::*;
use crate::module::atomics::Atomic;
use crate::report::backtrace::{FrameInfo, WasmBacktrace};
use crate::report::cause::Cause;
use crate::report::shorten::short;
use crate::unwind::activation::{Activation, Fault};
use crate::unwind::frames::Frames;
use crate::vm::store::StoreCore;
use dwalin_debuginfo::values::{Machine, WasmValue};
use wasmparser::Operator;

/// The address at which wasm-ld puts the first data, unless it is told otherwise.
const NO_DATA: u64 = 1024;

impl Cause {
    /// The cause of a trap whose frames are still there.
    pub(crate) fn find(
        store: &StoreCore,
        fault: Fault,
        activation: &Activation,
        frames: &Frames,
        backtrace: &WasmBacktrace,
    ) -> Option<Cause> {
        let mut cause = Cause::default();
        if fault.kind == TrapKind::StackOverflow {
            cause.stack(activation, frames);
            return Some(cause);
        }
        let frame = backtrace.frames().first()?;
        let instruction = instruction(store, frame, true);
        match (fault.kind, instruction) {
            (TrapKind::MemoryOutOfBounds, instruction) => {
                let suspects = Suspects::find(store, backtrace);
                cause.memory(store, fault, instruction.as_ref(), &suspects);
                cause.own_stack(store, frame, frames.count());
            }
            (TrapKind::UnreachableCodeReached, _) => cause.abort(store, backtrace),
            (_, Some(instruction)) => cause.operands(store, frame, &instruction),
            _ => {}
        }
        Some(cause)
    }

    /// The cause, as far as the fault and the frames' names tell, once the frames are gone.
    pub(crate) fn of_fault(
        store: &StoreCore,
        fault: Fault,
        activation: &Activation,
        backtrace: &WasmBacktrace,
    ) -> Cause {
        let mut cause = Cause::default();
        match fault.kind {
            TrapKind::UnreachableCodeReached => cause.abort(store, backtrace),
            TrapKind::StackOverflow => cause.stack(activation, &activation.frames.borrow()),
            TrapKind::MemoryOutOfBounds => {
                cause.memory(store, fault, None, &Suspects::NONE);
                if let Some(frame) = backtrace.frames().first() {
                    cause.own_stack(store, frame, activation.frames.borrow().count());
                }
            }
            _ => {}
        }
        cause
    }

    fn stack(&mut self, activation: &Activation, frames: &Frames) {
        let used = activation
            .entry_fp
            .get()
            .saturating_sub(activation.stack_limit.get());
        self.note(format!(
            "the stack of {used} bytes is full: {} frames deep",
            frames.count()
        ));
    }

    fn operands(&mut self, store: &StoreCore, frame: &FrameInfo, instruction: &Instruction<'_>) {
        match &instruction.operator {
            Operator::CallIndirect {
                type_index,
                table_index,
            }
            | Operator::ReturnCallIndirect {
                type_index,
                table_index,
            } => self.indirect_call(store, frame, instruction, *type_index, *table_index),
            Operator::TableGet { table } | Operator::TableSet { table } => {
                let depth = usize::from(matches!(instruction.operator, Operator::TableSet { .. }));
                if let Some(WasmValue::I32(index)) = instruction.operand(depth) {
                    let instance = &store.instances[frame.instance];
                    let len = store.table(instance.tables[*table as usize]).vm.len;
                    self.note(format!("the index is {index}; the table's size is {len}"));
                }
            }
            operator => match Atomic::of(operator) {
                Some(atomic) => self.unaligned(&atomic, instruction),
                None => self.arithmetic(operator, instruction),
            },
        }
    }

    /// The address of an atomic access, if that is why it trapped.
    fn unaligned(&mut self, atomic: &Atomic, instruction: &Instruction<'_>) {
        let Some(WasmValue::I32(base)) = instruction.operand(atomic.above_address()) else {
            return;
        };
        let (address, bytes) = (
            u64::from(base).wrapping_add(atomic.memarg.offset),
            atomic.bytes,
        );
        if !address.is_multiple_of(u64::from(bytes)) {
            self.note(format!(
                "the address is {address:#x}, which is not a multiple of {bytes}"
            ));
        }
    }

    fn arithmetic(&mut self, operator: &Operator<'_>, instruction: &Instruction<'_>) {
        use Operator as O;
        let (top, below) = (instruction.operand(0), instruction.operand(1));
        let text = |value: WasmValue, signed: bool| match (value, signed) {
            (WasmValue::I32(bits), true) => (bits as i32).to_string(),
            (WasmValue::I32(bits), false) => bits.to_string(),
            (WasmValue::I64(bits), true) => (bits as i64).to_string(),
            (WasmValue::I64(bits), false) => bits.to_string(),
            (WasmValue::F32(bits), _) => format!("{:?}", f32::from_bits(bits)),
            (WasmValue::F64(bits), _) => format!("{:?}", f64::from_bits(bits)),
            (WasmValue::Ref(bits), _) => format!("{bits:#x}"),
            (WasmValue::V128(bits), _) => format!("{bits:#034x}"),
        };
        let (sign, signed) = match operator {
            O::I32DivS | O::I64DivS => ("/", true),
            O::I32DivU | O::I64DivU => ("/", false),
            O::I32RemS | O::I64RemS => ("%", true),
            O::I32RemU | O::I64RemU => ("%", false),
            _ => {
                if let Some(value @ (WasmValue::F32(_) | WasmValue::F64(_))) = top {
                    let ty = if conversion_is_wide(operator) {
                        "i64"
                    } else {
                        "i32"
                    };
                    self.note(format!(
                        "the number is {}, which no {ty} holds",
                        text(value, true)
                    ));
                }
                return;
            }
        };
        match (below, top) {
            (Some(a), Some(b)) => self.note(format!(
                "computes {} {sign} {}",
                text(a, signed),
                text(b, signed)
            )),
            (Some(a), None) => self.note(format!("the dividend is {}", text(a, signed))),
            (None, Some(b)) => self.note(format!("the divisor is {}", text(b, signed))),
            (None, None) => {}
        }
    }

    fn indirect_call(
        &mut self,
        store: &StoreCore,
        frame: &FrameInfo,
        instruction: &Instruction<'_>,
        ty: u32,
        table: u32,
    ) {
        let instance = &store.instances[frame.instance];
        let table = instance.tables[table as usize];
        let expected = instance
            .module
            .info()
            .function_type(TypeIndex::from_u32(ty));
        let Some(WasmValue::I32(index)) = instruction.operand(0) else {
            self.note(format!("the call expects a function of type {expected}"));
            return;
        };
        let len = store.table(table).vm.len;
        if u64::from(index) >= len {
            self.note(format!(
                "the function's index is {index}; the table's size is {len}"
            ));
            return;
        }
        match store.peek_function(table, u64::from(index)) {
            Some(callee) => self.note(format!(
                "`{}` calls element {index} of the table as {expected}; it is `{}`, of type {}",
                short(&frame.name()),
                short(&callee.name),
                callee.ty
            )),
            None => {
                self.note(format!(
                    "element {index} of the table (of {len}) holds no function"
                ));
                if index == 0 {
                    self.null_function(frame, instruction);
                }
            }
        }
    }

    /// Explains a null function pointer: one that was read through a null pointer is no pointer of the program's.
    fn null_function(&mut self, frame: &FrameInfo, instruction: &Instruction<'_>) {
        let through_null = instruction.read_from.iter().any(|base| *base < NO_DATA);
        let mut variables = frame.variables.first().into_iter().flatten();
        let null = variables.find(|variable| variable.pointer == Some(0));
        self.hints.push(match (through_null, null) {
            (true, Some(variable)) => format!(
                "`{}` is a null pointer: the function was looked up in what it points to",
                variable.name
            ),
            (true, None) => {
                "the function was looked up in what a null pointer points to".to_owned()
            }
            (false, _) => "index 0 is the null function pointer".to_owned(),
        });
    }

    /// The message of an abort, an assertion or a Rust panic that an `unreachable` ends.
    fn abort(&mut self, store: &StoreCore, backtrace: &WasmBacktrace) {
        let names: Vec<_> = backtrace.frames().iter().map(FrameInfo::name).collect();
        let is = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
        let asserts = names.iter().position(|name| name == "__assert_fail");
        let innermost = names.first().map_or("", String::as_str);
        if let Some(at) = asserts {
            let text = text_argument(store, &backtrace.frames()[at], "expr");
            match text {
                Some(expr) => self.note(format!("the assertion `{expr}` failed")),
                None => self.last_words(store, "an assertion failed"),
            }
        } else if is(&|name| name.ends_with("panicking::panic_fmt") || name.ends_with("rust_panic"))
        {
            self.panic(store, backtrace);
        } else if is(&|name| name == "abort") {
            self.last_words(store, "the program called abort()");
        } else if innermost.contains("bitcast_invalid")
            || innermost.starts_with("signature_mismatch:")
        {
            self.note("the linker put a trap here: a function is called with another signature than it has".to_owned());
        } else if innermost.starts_with("undefined_weak:") || innermost.starts_with("undefined:") {
            self.note("the linker put a trap here: the function is not defined".to_owned());
        } else if !is_text(backtrace) {
            // Text shows it, and may have been written by hand.
            self.note("the compiler put an `unreachable` here: __builtin_trap, undefined behaviour, or a path that cannot be".to_owned());
        }
    }

    /// The message of a Rust panic, as its hook printed it.
    fn panic(&mut self, store: &StoreCore, backtrace: &WasmBacktrace) {
        let written = store.stderr.text();
        let panic = Panic::parse(&written).filter(|panic| panic.is_of(backtrace.frames()));
        let Some(panic) = panic else {
            return self.last_words(store, "a Rust panic");
        };
        let mut lines = panic.message.lines();
        self.note(format!("panicked: {}", lines.next().unwrap_or_default()));
        let rest: Vec<_> = lines.collect();
        if !rest.is_empty() {
            self.note(rest.join("\n"));
        }
    }

    /// Explains with what the program wrote last.
    fn last_words(&mut self, store: &StoreCore, what: &str) {
        let written = store.stderr.text();
        self.note(match message::last_line(&written) {
            Some(line) => format!("{what}; the last line on its standard error is `{line}`"),
            None => format!("{what}; it has written nothing on its standard error"),
        });
    }
}

/// Returns true if the source of the innermost frame is WebAssembly's own text.
fn is_text(backtrace: &WasmBacktrace) -> bool {
    let symbol = backtrace.frames().first().and_then(|it| it.symbols.first());
    let file = symbol.and_then(|symbol| symbol.file.as_deref());
    file.is_some_and(|file| file.ends_with(".wat"))
}

fn conversion_is_wide(operator: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        operator,
        O::I64TruncF32S | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U
    )
}

/// A string that a frame's function was given, by the argument's name.
fn text_argument(store: &StoreCore, frame: &FrameInfo, name: &str) -> Option<String> {
    let variables = frame.variables.first()?;
    let address = variables.iter().find(|it| it.name == name)?.pointer?;
    let machine = StoppedFrame {
        store,
        instance: store.instances.get(frame.instance)?,
        locals: &[],
        kept: &[],
        innermost: false,
    };
    let bytes: Vec<u8> = (address..address.saturating_add(200))
        .map_while(|at| machine.memory(at, 1).map(|bytes| bytes[0]))
        .take_while(|byte| *byte != 0)
        .collect();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

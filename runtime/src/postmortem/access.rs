//! What is known about an access outside a memory: what was accessed, and which pointer led there.

use super::operands::{self, Instruction};
use super::own_stack::overrun;
use super::suspects::Suspects;
use crate::abi::layout::ADDRESS_SPACE;
use crate::module::atomics::{Atomic, Kind};
use crate::report::backtrace::FrameInfo;
use crate::report::cause::Cause;
use crate::unwind::activation::Fault;
use crate::vm::memory::PAGE;
use crate::vm::store::StoreCore;
use wasmparser::Operator;

/// Addresses up to here, from either end of the address space, are near null.
const NEAR_NULL: u64 = 64 << 10;

/// Frames of a recursion that may be endless.
const DEEP: usize = 256;
/// The hint where no variable is the null pointer.
const NO_POINTER: &str = "that is counted from near 0: probably from a null pointer";

/// The address of an access, as far as it is certain.
struct Access {
    address: u64,
    /// The operand that the instruction's offset is added to.
    base: Option<u64>,
    /// True if that is a constant of the code: one that the compiler worked out, so that no pointer is involved.
    constant: bool,
    /// The memory's size in bytes.
    len: u64,
}

impl Access {
    fn find(
        store: &StoreCore,
        fault: Fault,
        instruction: Option<&Instruction<'_>>,
    ) -> Option<Access> {
        let access = instruction.and_then(|it| operands::access(&it.operator));
        let base = instruction.and_then(|instruction| {
            let depth = operands::above_address(&instruction.operator);
            let base = operands::address_of(instruction.operand(depth)?)?;
            Some((base, instruction.is_constant(depth)))
        });
        let at_fault = fault.address.and_then(|address| store.memory_at(address));
        let computed = base.zip(access);
        let computed = computed.and_then(|((base, _), (offset, _))| base.checked_add(offset));
        // What was worked out counts only where it agrees with what the processor says.
        let computed = computed.filter(|computed| match at_fault {
            // It is at the first byte that is not there.
            Some((_, fault)) => {
                fault.wrapping_sub(*computed) < access.map_or(0, |(_, bytes)| bytes)
            }
            None => true,
        });
        let len = at_fault.map(|(memory, _)| memory.len());
        Some(Access {
            address: computed.or_else(|| at_fault.map(|(_, address)| address))?,
            base: base.map(|(base, _)| base).filter(|_| computed.is_some()),
            constant: base.is_some_and(|(_, constant)| constant),
            len: len.or_else(|| store.only_memory_len())?,
        })
    }
}

/// Describes an instruction's use of memory.
fn doing(instruction: Option<&Instruction<'_>>) -> String {
    let access = instruction.and_then(|it| Some((it, operands::bytes(&it.operator)?)));
    let Some((instruction, bytes)) = access else {
        return "accesses".to_owned();
    };
    let plural = if bytes == 1 { "" } else { "s" };
    let what = match Atomic::of(&instruction.operator).map(|it| it.kind) {
        Some(Kind::Load) => "reads",
        Some(Kind::Store) => "writes",
        Some(_) => "accesses",
        None if operands::writes(&instruction.operator) => "writes",
        None => "reads",
    };
    format!("{what} {bytes} byte{plural} at")
}

impl Cause {
    pub(super) fn memory(
        &mut self,
        store: &StoreCore,
        fault: Fault,
        instruction: Option<&Instruction<'_>>,
        suspects: &Suspects<'_>,
    ) {
        if let Some(instruction) = instruction
            && self.bulk(store, instruction, suspects)
        {
            return;
        }
        let Some(access) = Access::find(store, fault, instruction) else {
            return;
        };
        let (what, address, len) = (doing(instruction), access.address, access.len);
        let memory = instruction.and_then(|it| operands::memory(&it.operator));
        let memory = match memory {
            None | Some(0) => "the memory".to_owned(),
            Some(index) => format!("memory {index}"),
        };
        // A memory whose pages are bytes may end anywhere.
        let pages = match len % PAGE {
            0 => format!(" ({} pages of 64 KiB)", len / PAGE),
            _ => String::new(),
        };
        self.note(format!(
            "{what} address {address:#x}; {memory} ends at {len:#x}{pages}"
        ));
        if !access.constant {
            self.pointers(address, access.base, len, suspects);
        }
    }

    /// The ranges of an operator on many bytes; `false` for others.
    fn bulk(
        &mut self,
        store: &StoreCore,
        instruction: &Instruction<'_>,
        suspects: &Suspects<'_>,
    ) -> bool {
        let (to, what) = match &instruction.operator {
            Operator::MemoryCopy { .. } => (true, "copies"),
            Operator::MemoryFill { .. } => (false, "fills"),
            Operator::MemoryInit { .. } => (false, "initializes"),
            _ => return false,
        };
        let operand = |depth| instruction.operand(depth).and_then(operands::address_of);
        let (Some(len), Some(middle), Some(start)) = (operand(0), operand(1), operand(2)) else {
            return true;
        };
        let from = if to {
            format!(" from {middle:#x}")
        } else {
            String::new()
        };
        let preposition = if to { "to" } else { "at" };
        let end = match store.only_memory_len() {
            Some(end) => format!("; the memory ends at {end:#x}"),
            None => String::new(),
        };
        self.note(format!(
            "{what} {len} bytes{from} {preposition} {start:#x}{end}"
        ));
        // What memory.init copies from is no memory.
        let pointers = [Some(start), to.then_some(middle)].into_iter().flatten();
        let end = store.only_memory_len().unwrap_or(u64::MAX);
        for pointer in pointers.filter(|pointer| *pointer >= end) {
            if let Some(name) = suspects.named(|value| value == pointer) {
                self.hints
                    .push(format!("{name} points outside the memory, to {pointer:#x}"));
                break;
            }
        }
        true
    }

    /// Endless recursion can use up the program's own stack, which lies in its memory, before that of its calls.
    pub(super) fn own_stack(&mut self, store: &StoreCore, frame: &FrameInfo, depth: usize) {
        if let Some(overrun) = overrun(store, frame, depth) {
            self.hints = vec![overrun];
            return;
        }
        if depth > DEEP && self.hints.iter().any(|hint| hint == NO_POINTER) {
            self.hints = vec![format!(
                "{depth} frames deep: probably the program's own stack, which lies in its memory, ran over"
            )];
        }
    }

    /// Which pointer led to an address.
    fn pointers(&mut self, address: u64, base: Option<u64>, len: u64, suspects: &Suspects<'_>) {
        let exact = base.and_then(|base| Some((suspects.named(|value| value == base)?, base)));
        if let Some((name, value)) = exact {
            self.hints.push(match value {
                0 => format!("{name} is a null pointer; the address is {address:#x} bytes from it"),
                value if value >= len => {
                    format!("{name} points outside the memory, to {value:#x}")
                }
                value => format!(
                    "the address is {:#x} bytes from what {name} points to",
                    address.wrapping_sub(value)
                ),
            });
            return;
        }
        // Below null, in 32 bits or 64.
        let is_below = |it: u64| {
            (ADDRESS_SPACE - NEAR_NULL..ADDRESS_SPACE).contains(&it) || it > u64::MAX - NEAR_NULL
        };
        let near_null =
            base.is_some_and(|base| base < NEAR_NULL || is_below(base)) || is_below(address);
        if near_null {
            self.hints.push(match suspects.named(|value| value == 0) {
                Some(name) => {
                    format!("that is counted from near 0: {name} is a null pointer")
                }
                None => NO_POINTER.to_owned(),
            });
            return;
        }
        // The access is at what such a pointer points to, or a little after it.
        let is_outside = |value: &u64| (len..=address).contains(value);
        let nearest = suspects.values().filter(is_outside).max();
        let name = nearest.and_then(|nearest| suspects.named(|value| value == nearest));
        if let (Some(value), Some(name)) = (nearest, name) {
            self.hints
                .push(format!("{name} points outside the memory, to {value:#x}"));
        }
    }
}

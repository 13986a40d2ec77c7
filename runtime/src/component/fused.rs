//! Calls from one component into another: what adapters between them call (CanonicalABI.md, `lift_own`, `lower_borrow`, ...). An adapter is a
//! core module that reads one component's values and writes them to the other's memory.

use super::error::Violation;
use super::handles::Entry;
use super::parts::{Fused, Transcode};
use super::state::State;
use super::transcode::{Done, Operands, source, transcode};
use super::types::Handle;
use crate::error::Result;
use crate::vm::handle::Memory;
use crate::vm::store::{HostCall, StoreCore};
use std::sync::Arc;

/// The host function that an adapter is given.
pub(super) fn host_call(state: Arc<State>, fused: &Fused) -> HostCall {
    match fused {
        Fused::Transcode { op, from, to } => {
            let (op, from, to) = (*op, *from, *to);
            Box::new(move |store, _, slots| {
                let memory = |index: u32| {
                    let memory = state.running().memories[index as usize];
                    memory.ok_or_else(|| Violation::error("the memory is not there yet"))
                };
                let (from, to) = (memory(from)?, memory(to)?);
                // SAFETY: the guest's store is borrowed for the call, and nobody else uses it now.
                copy(unsafe { &mut *store }, op, from, to, slots)
            })
        }
        Fused::TransferOwn => Box::new(move |_, _, slots| {
            let (from, to) = tables(&state, slots)?;
            slots[0] = u128::from(transfer_own(&state, slots[0] as u32, from, to)?);
            Ok(())
        }),
        Fused::TransferBorrow => Box::new(move |_, _, slots| {
            let (from, to) = tables(&state, slots)?;
            slots[0] = u128::from(transfer_borrow(&state, slots[0] as u32, from, to)?);
            Ok(())
        }),
        Fused::EnterCall => Box::new(move |_, _, _| {
            state.running().calls.begin();
            Ok(())
        }),
        Fused::ExitCall => Box::new(move |_, _, _| state.end_call()),
        Fused::Trap => {
            Box::new(move |_, _, slots| Err(Violation::error(super::parts::rule(slots[0] as u32))))
        }
    }
}

/// The types that a transferred handle has before and after.
fn tables(state: &State, slots: &[u128]) -> Result<(Handle, Handle)> {
    // A slot of an i32 has anything in its other bytes.
    let table = |slot: u128| {
        let index = slot as u32 as usize;
        let table = state.parts.tables.get(index).copied().flatten();
        table.ok_or_else(|| Violation::error("the adapter names a resource that nobody defines"))
    };
    Ok((table(slots[1])?, table(slots[2])?))
}

fn transfer_own(state: &State, handle: u32, from: Handle, to: Handle) -> Result<u32> {
    let mut running = state.running();
    let entry = running.handles[from.instance as usize].remove(handle, from.resource)?;
    let Entry::Own { rep, .. } = entry else {
        return Err(Violation::error("cannot lift own resource from a borrow"));
    };
    running.handles[to.instance as usize].add(Entry::Own {
        resource: to.resource,
        rep,
        lent: 0,
    })
}

fn transfer_borrow(state: &State, handle: u32, from: Handle, to: Handle) -> Result<u32> {
    let mut running = state.running();
    let running = &mut *running;
    let entry = running.handles[from.instance as usize].get(handle, from.resource)?;
    let rep = match entry {
        Entry::Own { rep, lent, .. } => {
            *lent += 1;
            running.calls.lend(from.instance, handle, from.resource);
            *rep
        }
        Entry::Borrow { rep, .. } => *rep,
    };
    // Its definer is given what it knows it by.
    if state.parts.definer(to.resource) == Some(to.instance) {
        return Ok(rep);
    }
    let call = running.calls.borrow();
    running.handles[to.instance as usize].add(Entry::Borrow {
        resource: to.resource,
        rep,
        call,
    })
}

/// Does a step of passing a string, and stores its results.
fn copy(
    core: &mut StoreCore,
    op: Transcode,
    from: Memory,
    to: Memory,
    slots: &mut [u128],
) -> Result<()> {
    let slot = |i: usize| slots.get(i).map_or(0, |slot| *slot as u32);
    let operands = Operands {
        from: slot(0),
        units: slot(1),
        to: slot(2),
        room: slot(3),
        before: slot(4),
    };
    // SAFETY: nothing runs until the bytes have been copied, and the slice is not used after that.
    let bytes = source(op, &operands, unsafe { &*core.memory(from).bytes() })?.to_vec();
    // SAFETY: as above, and no other slice of a memory is left.
    let memory = unsafe { &mut *core.memory(to).bytes() };
    match transcode(op, &operands, &bytes, memory)? {
        Done::Nothing => {}
        Done::Length(length) => slots[0] = u128::from(length),
        Done::Both(read, written) => {
            slots[0] = u128::from(read);
            slots[1] = u128::from(written);
        }
    }
    Ok(())
}

//! Values of a frame that is still on its stack: locals, values kept besides, and what expressions of DWARF ask its instance for.

use crate::abi::frame::slot_address;
use crate::unwind::frames::WalkedFrame;
use crate::vm::instance::InstanceData;
use crate::vm::store::StoreCore;
use dwalin_debuginfo::address::{FrameOffset, WasmPc};
use dwalin_debuginfo::code::{DWARF_MEMORY, DebugSlot, DebugSlots, KeptValue, ValueType};
use dwalin_debuginfo::values::{Machine, WasmValue};
use std::borrow::Cow;

/// Reads the values that a frame has in slots at an address; where that is not known, those that are there always.
///
/// # Safety
/// The frame must be there, past its prologue, and be of a function whose slots these are.
pub unsafe fn read_slots(
    frame: WalkedFrame,
    pc: Option<WasmPc>,
    slots: DebugSlots,
) -> Vec<(DebugSlot, WasmValue)> {
    let there = slots.slots.iter().filter(|slot| slots.hold(slot, pc));
    let read = |slot: &DebugSlot| {
        // SAFETY: the caller's promise: it is a slot of the frame, of the type's size.
        Some((slot.clone(), unsafe {
            read_slot(frame, slot.offset, slot.ty)
        }?))
    };
    there.filter_map(read).collect()
}

/// A value in a frame; `None` for types that reports do not show.
///
/// # Safety
/// The frame must be there, and have a slot there of the type's size.
unsafe fn read_slot(frame: WalkedFrame, offset: FrameOffset, ty: ValueType) -> Option<WasmValue> {
    let address = slot_address(frame.fp, offset);
    // SAFETY: the caller's promise.
    unsafe {
        Some(match ty {
            ValueType::I32 => WasmValue::I32((address as *const u32).read_unaligned()),
            ValueType::I64 => WasmValue::I64((address as *const u64).read_unaligned()),
            ValueType::F32 => WasmValue::F32((address as *const u32).read_unaligned()),
            ValueType::F64 => WasmValue::F64((address as *const u64).read_unaligned()),
            ValueType::V128 => WasmValue::V128((address as *const u128).read_unaligned()),
            ValueType::Ref => WasmValue::Ref((address as *const u64).read_unaligned()),
        })
    }
}

/// A frame whose locals have been read.
pub struct StoppedFrame<'a> {
    /// Its store.
    pub store: &'a StoreCore,
    /// Its instance.
    pub instance: &'a InstanceData,
    /// Locals, by index.
    pub locals: &'a [(u32, WasmValue)],
    /// The other values that it keeps at this place.
    pub kept: &'a [(DebugSlot, WasmValue)],
    /// True if it is the one that trapped.
    pub innermost: bool,
}

impl Machine for StoppedFrame<'_> {
    fn local(&self, index: u32) -> Option<WasmValue> {
        let found = self
            .locals
            .binary_search_by_key(&index, |(local, _)| *local);
        found.ok().map(|i| self.locals[i].1)
    }

    fn global(&self, index: u32) -> Option<WasmValue> {
        use crate::module::types::ValType;
        let global = self.instance.globals.get(index as usize)?;
        if !self.innermost {
            return None;
        }
        // SAFETY: a global lives as long as its store, and no guest runs.
        let bits = unsafe { *global.cell.as_ptr() };
        match global.ty.content {
            ValType::I32 => Some(WasmValue::I32(bits as u32)),
            ValType::I64 => Some(WasmValue::I64(bits as u64)),
            ValType::F32 => Some(WasmValue::F32(bits as u32)),
            ValType::F64 => Some(WasmValue::F64(bits as u64)),
            ValType::V128 => Some(WasmValue::V128(bits)),
            ValType::Ref(_) => Some(WasmValue::Ref(bits as u64)),
        }
    }

    fn kept(&self, what: KeptValue, from: Option<WasmPc>) -> Option<WasmValue> {
        let is = |slot: &DebugSlot| {
            let from = from.is_none_or(|from| slot.range.start == from);
            slot.keeps(what) && (from || !matches!(what, KeptValue::Operand(_)))
        };
        let mut found = self.kept.iter();
        found.find(|(slot, _)| is(slot)).map(|(_, value)| *value)
    }

    fn memory(&self, address: u64, len: usize) -> Option<Cow<'_, [u8]>> {
        let memory = self
            .store
            .memory(*self.instance.memories.get(DWARF_MEMORY)?);
        let start = usize::try_from(address).ok()?;
        // SAFETY: the store is borrowed, and no guest of it runs.
        unsafe { memory.get(start, len) }
    }

    fn innermost(&self) -> bool {
        self.innermost
    }

    fn function(&self, element: u32) -> Option<String> {
        let table = *self.instance.tables.first()?;
        let callee = self.store.peek_function(table, u64::from(element));
        Some(callee.map_or_else(|| "no function".to_owned(), |callee| callee.name))
    }

    fn heap(&self, offset: u32, len: usize) -> Option<Cow<'_, [u8]>> {
        let end = (offset as usize).checked_add(len)?;
        let bytes = self.store.objects.contents().get(offset as usize..end)?;
        Some(bytes.into())
    }

    fn object_type(&self, id: u32) -> Option<u32> {
        let mut ids = self.instance.module.type_ids().iter();
        let index = ids.position(|it| it.as_u32() == id)?;
        Some(index as u32)
    }

    fn function_reference(&self, word: u64, is_number: bool) -> Option<String> {
        match is_number {
            true => {
                let function = self.store.objects.function(u32::try_from(word).ok()?);
                self.store.function_name(function as u64)
            }
            false => self.store.function_name(word),
        }
    }

    fn exception(&self, handle: u64) -> Option<String> {
        self.store.exception_text(handle)
    }
}

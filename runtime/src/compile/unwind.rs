//! The frame description entry (DWARF 5, section 6.4.1) of each function, as it is in `.eh_frame` but for its place: entries are put after
//! each other, and two words of each are set.

use crate::abi::frame::FP_TO_CFA;
use cranelift_codegen::CompiledCode;
use cranelift_codegen::RealReg;
use cranelift_codegen::gimli::write::{
    Address, CallFrameInstruction, CommonInformationEntry, EhFrame, EndianVec,
    FrameDescriptionEntry, FrameTable,
};
use cranelift_codegen::gimli::{
    DW_EH_PE_pcrel, DW_EH_PE_sdata4, DwEhPe, Register, RunTimeEndian, X86_64,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::{UnwindInfo, UnwindInfoKind, UnwindInst};

/// The position in an entry of the distance from itself back to the common entry.
const COMMON: usize = 4;
/// The position in an entry of the distance from itself to the code.
const CODE: usize = 8;

/// The description of a function's frames.
///
/// # Errors
/// In the words of the code generator's author: what it made and we cannot take.
pub fn description(isa: &dyn TargetIsa, compiled: &CompiledCode) -> Result<Vec<u8>, String> {
    let unwind = compiled
        .create_unwind_info_of_kind(isa, UnwindInfoKind::SystemV)
        .map_err(|error| error.to_string())?;
    let Some(UnwindInfo::SystemV(unwind)) = unwind else {
        return Err("no unwind information".to_owned());
    };
    let mut description = unwind.to_fde(Address::Constant(0));
    describe_ends(isa, compiled, &mut description)?;
    entry(isa, description)
}

/// Adds where the frame is gone before a return, or a jump to another function, at which debuggers stop when they step, backwards at every
/// return: the code generator describes prologues alone.
fn describe_ends(
    isa: &dyn TargetIsa,
    compiled: &CompiledCode,
    entry: &mut FrameDescriptionEntry,
) -> Result<(), String> {
    let code = compiled.buffer.data();
    let calls = compiled.buffer.call_sites().map(|call| call.ret_addr);
    let mut ends: Vec<_> = calls
        .filter_map(|end| Some((frameless(code, end as usize)? as u32, end)))
        .chain(returns(code))
        .collect();
    ends.sort_unstable();
    let saved = compiled.buffer.unwind_info.iter();
    let saved: Vec<_> = saved
        .filter_map(|(_, instruction)| match instruction {
            UnwindInst::SaveReg { reg, .. } => Some(dwarf_register(isa, *reg)),
            _ => None,
        })
        .collect::<Result<_, _>>()?;
    for (start, end) in ends {
        entry.add_instruction(start, CallFrameInstruction::RememberState);
        entry.add_instruction(start, CallFrameInstruction::Cfa(X86_64::RSP, 8));
        for register in saved.iter().chain([&X86_64::RBP]) {
            entry.add_instruction(start, CallFrameInstruction::SameValue(*register));
        }
        if (end as usize) < code.len() {
            entry.add_instruction(end, CallFrameInstruction::RestoreState);
        }
    }
    Ok(())
}

/// The returns, from their first byte to the one behind: `ret` or `ret n`, behind `mov rsp, rbp; pop rbp`. What only looks like them, as
/// part of a constant, is at no instruction's address.
fn returns(code: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    const FRAME_ENDS: usize = 4;
    let windows = code.windows(FRAME_ENDS + 1).enumerate();
    windows.filter_map(|(at, bytes)| {
        let len = match bytes {
            [0x48, 0x89, 0xec, 0x5d, 0xc3] => 1,
            [0x48, 0x89, 0xec, 0x5d, 0xc2] => 3,
            _ => return None,
        };
        let start = (at + FRAME_ENDS) as u32;
        Some((start, start + len))
    })
}

/// The place from which on the frame is gone before the jump that ends at `end`; `None` for a call. After `pop rbp`, code may move the
/// return address up over arguments: `mov reg, [rsp]; mov [rsp + n], reg; add rsp, n`.
fn frameless(code: &[u8], end: usize) -> Option<usize> {
    const POP_RBP: u8 = 0x5d;
    let before = code.get(..end)?;
    let jump = match before {
        [.., 0xe9, _, _, _, _] => end - 5,
        [.., 0x41, 0xff, 0xe0..=0xe7] => end - 3,
        [.., 0xff, 0xe0..=0xe7] => end - 2,
        _ => return None,
    };
    let is_behind_pop =
        |at: &usize| at.checked_sub(1).and_then(|at| code.get(at)) == Some(&POP_RBP);
    // The second instruction has 5 or 8 bytes, and the third 4 or 7.
    let moved = [4 + 5 + 4, 4 + 5 + 7, 4 + 8 + 4, 4 + 8 + 7].into_iter();
    let moved = moved.filter_map(|bytes| jump.checked_sub(bytes)).filter(
        |at| matches!(code[*at..], [0x48 | 0x4c, 0x8b, modrm, 0x24, ..] if modrm & 0xc7 == 0x04),
    );
    [jump].into_iter().chain(moved).find(is_behind_pop)
}

fn dwarf_register(isa: &dyn TargetIsa, register: RealReg) -> Result<Register, String> {
    let mapped = isa.map_regalloc_reg_to_dwarf(register.into());
    mapped.map(Register).map_err(|error| error.to_string())
}

/// The description of a function's frames that moves its return address and the saved frame pointer down by `moved` bytes, of which the
/// code generator does not tell. The canonical frame address is above the two everywhere, as in all functions.
///
/// # Errors
/// As [`description`].
pub fn of_moved_frame(
    isa: &dyn TargetIsa,
    compiled: &CompiledCode,
    moved: u32,
) -> Result<Vec<u8>, String> {
    // push rbp; mov rbp, rsp; sub rsp, moved; the rest of the way; and the rest of the frame.
    const PUSHED: u32 = 1;
    const ROOM: usize = 4;
    let code = compiled.buffer.data();
    let makes_room = match code.get(ROOM..ROOM + 4) {
        Some([0x48, 0x83, 0xec, _]) => 4,
        Some([0x48, 0x81, 0xec, _]) => 7,
        _ => return Err("a prologue that makes no room for arguments".to_owned()),
    };
    let mut entry = FrameDescriptionEntry::new(Address::Constant(0), code.len() as u32);
    let setup = FP_TO_CFA as i32;
    entry.add_instruction(PUSHED, CallFrameInstruction::CfaOffset(setup));
    let saved = CallFrameInstruction::Offset(X86_64::RBP, -setup);
    entry.add_instruction(PUSHED, saved);
    let with_room = CallFrameInstruction::CfaOffset(setup + moved as i32);
    entry.add_instruction(ROOM as u32 + makes_room, with_room);
    let mut base = 0;
    for (at, instruction) in &compiled.buffer.unwind_info {
        match *instruction {
            UnwindInst::DefineNewFrame {
                offset_downward_to_clobbers,
                ..
            } => {
                let cfa = CallFrameInstruction::Cfa(X86_64::RBP, setup);
                entry.add_instruction(*at, cfa);
                base = setup + offset_downward_to_clobbers as i32;
            }
            UnwindInst::SaveReg {
                clobber_offset,
                reg,
            } => {
                let offset = clobber_offset as i32 - base;
                let saved = CallFrameInstruction::Offset(dwarf_register(isa, reg)?, offset);
                entry.add_instruction(*at, saved);
            }
            _ => {}
        }
    }
    describe_ends(isa, compiled, &mut entry)?;
    self::entry(isa, entry)
}

/// An entry's bytes.
fn entry(isa: &dyn TargetIsa, entry: FrameDescriptionEntry) -> Result<Vec<u8>, String> {
    let section = table(isa, Some(entry))?;
    let common = entry_len(&section).ok_or("no common information entry")?;
    let entry = section.get(common..).unwrap_or_default();
    let len = entry_len(entry).filter(|len| *len > CODE + 4);
    Ok(entry[..len.ok_or("no frame description entry")?].to_vec())
}

/// A section of the common entry and, after it, descriptions, each of code at an offset from the section's start.
///
/// # Errors
/// As [`description`].
pub fn section<'a>(
    isa: &dyn TargetIsa,
    descriptions: impl Iterator<Item = (&'a [u8], i32)>,
) -> Result<Vec<u8>, String> {
    let mut section = table(isa, None)?;
    let common = entry_len(&section).ok_or("no common information entry")?;
    section.truncate(common);
    for (description, code) in descriptions {
        let start = section.len();
        section.extend(description);
        let mut set = |at: usize, value: i32| {
            section[start + at..start + at + 4].copy_from_slice(&value.to_le_bytes());
        };
        set(COMMON, (start + COMMON) as i32);
        set(CODE, code.wrapping_sub((start + CODE) as i32));
    }
    section.extend([0; 4]);
    Ok(section)
}

/// A section with one description, or with one that describes nothing.
fn table(isa: &dyn TargetIsa, entry: Option<FrameDescriptionEntry>) -> Result<Vec<u8>, String> {
    let mut common: CommonInformationEntry = isa
        .create_systemv_cie()
        .ok_or("unwind information is not System V's")?;
    common.fde_address_encoding = DwEhPe(DW_EH_PE_pcrel.0 | DW_EH_PE_sdata4.0);
    let mut table = FrameTable::default();
    let common = table.add_cie(common);
    let nothing = || FrameDescriptionEntry::new(Address::Constant(0), 0);
    table.add_fde(common, entry.unwrap_or_else(nothing));
    let mut section = EhFrame(EndianVec::new(RunTimeEndian::Little));
    let written = table.write_eh_frame(&mut section);
    written.map_err(|error| error.to_string())?;
    Ok(section.0.into_vec())
}

/// Bytes of the entry at the start of a section.
fn entry_len(section: &[u8]) -> Option<usize> {
    let len = u32::from_le_bytes(*section.first_chunk()?) as usize + 4;
    (len <= section.len()).then_some(len)
}

//! The code by which lldb follows a guest's pointers in memory: two functions of an instance's own, with the base of its first
//! memory in them. The debugger calls them, with the System V convention.

use super::mapping::{Mapping, memory_file};
use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::{MemoryPlace, PointerCode, ValueType};
use std::io;

/// Both functions, where they run.
pub struct PointerFunctions {
    _mapping: Mapping,
    /// The code's place.
    pub code: PointerCode,
}

/// For pointers of 4 bytes: `mov eax, [rdi]; test eax, eax; je 1f; movabs rcx, BASE; add rax, rcx; 1: ret`.
const GET: [u8; 20] = [
    0x8b, 0x07, 0x85, 0xc0, 0x74, 0x0d, 0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01, 0xc8, 0xc3,
];
/// `mov [rdi], esi; mov rax, rdi; ret`: a memory's base is a multiple of 4 GiB.
const SET: [u8; 6] = [0x89, 0x37, 0x48, 0x89, 0xf8, 0xc3];
/// For pointers of 8 bytes: `mov rax, [rdi]; test rax, rax; je 1f; movabs rcx, BASE; add rax, rcx; 1: ret`.
const GET_WIDE: [u8; 22] = [
    0x48, 0x8b, 0x07, 0x48, 0x85, 0xc0, 0x74, 0x0d, 0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01,
    0xc8, 0xc3,
];
/// `movabs rcx, BASE; cmp rsi, rcx; jb 1f; sub rsi, rcx; 1: mov [rdi], rsi; mov rax, rdi; ret`: null, and what is the guest's address
/// already, is below every memory.
const SET_WIDE: [u8; 25] = [
    0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x39, 0xce, 0x72, 0x03, 0x48, 0x29, 0xce, 0x48, 0x89,
    0x37, 0x48, 0x89, 0xf8, 0xc3,
];
/// Functions begin at multiples of this.
const ALIGNMENT: usize = 32;

impl PointerFunctions {
    /// For pointers into a memory; at an address if nothing is there.
    ///
    /// # Errors
    /// The system's refusal to map or to make executable.
    pub fn new(memory: MemoryPlace, at: Option<usize>) -> io::Result<PointerFunctions> {
        let base = memory.base.0.to_le_bytes();
        let mut bytes = [0; 2 * ALIGNMENT];
        let (get, set) = bytes.split_at_mut(ALIGNMENT);
        match memory.address_type {
            ValueType::I64 => {
                get[..GET_WIDE.len()].copy_from_slice(&GET_WIDE);
                get[10..18].copy_from_slice(&base);
                set[..SET_WIDE.len()].copy_from_slice(&SET_WIDE);
                set[2..10].copy_from_slice(&base);
            }
            _ => {
                get[..GET.len()].copy_from_slice(&GET);
                get[8..16].copy_from_slice(&base);
                set[..SET.len()].copy_from_slice(&SET);
            }
        }
        let file = memory_file(&bytes)?;
        let there = at.and_then(|at| Mapping::of_file_at(at, &file, 0..bytes.len()).ok());
        let mapping = there.map_or_else(|| Mapping::of_file(&file, 0..bytes.len()), Ok)?;
        mapping.make_executable(0..bytes.len())?;
        let get = HostAddress(mapping.as_ptr() as u64);
        let code = PointerCode {
            code: get..get.offset(bytes.len() as u32),
            get,
            set: get.offset(ALIGNMENT as u32),
        };
        Ok(PointerFunctions {
            _mapping: mapping,
            code,
        })
    }
}

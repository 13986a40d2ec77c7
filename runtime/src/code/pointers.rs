//! The code by which lldb follows a guest's pointers in memory: two functions of an instance's own, with the base of its first
//! memory in them. The debugger calls them, with the System V convention.

use super::mapping::{Mapping, memory_file};
use dwalin_debuginfo::address::HostAddress;
use dwalin_debuginfo::code::PointerCode;
use std::io;

/// Both functions, where they run.
pub struct PointerFunctions {
    _mapping: Mapping,
    /// The code's place.
    pub code: PointerCode,
}

/// `mov eax, [rdi]; test eax, eax; je 1f; movabs rcx, BASE; add rax, rcx; 1: ret`
const GET: [u8; 20] = [
    0x8b, 0x07, 0x85, 0xc0, 0x74, 0x0d, 0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01, 0xc8, 0xc3,
];
/// The position of the base in it.
const BASE: std::ops::Range<usize> = 8..16;
/// `mov [rdi], esi; mov rax, rdi; ret`
const SET: [u8; 6] = [0x89, 0x37, 0x48, 0x89, 0xf8, 0xc3];
/// Functions begin at multiples of this.
const ALIGNMENT: usize = 32;

impl PointerFunctions {
    /// For pointers into the memory at `base`; at an address if nothing is there.
    ///
    /// # Errors
    /// The system's refusal to map or to make executable.
    pub fn new(base: HostAddress, at: Option<usize>) -> io::Result<PointerFunctions> {
        let mut bytes = [0; 2 * ALIGNMENT];
        bytes[..GET.len()].copy_from_slice(&GET);
        bytes[BASE].copy_from_slice(&base.0.to_le_bytes());
        bytes[ALIGNMENT..ALIGNMENT + SET.len()].copy_from_slice(&SET);
        let file = memory_file(&bytes)?;
        let there = at.and_then(|at| Mapping::of_file_at(at, &file, bytes.len()).ok());
        let mapping = there.map_or_else(|| Mapping::of_file(&file, bytes.len()), Ok)?;
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

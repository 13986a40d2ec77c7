//! The address spaces, a type each, and the only conversions between them.
//!
//! | type | unit | origin | seen in |
//! |---|---|---|---|
//! | offset in a file | bytes | the start of the module | messages, source maps, core dumps |
//! | [`WasmPc`] | bytes | the contents of the code section | wasm DWARF, address maps |
//! | [`CodeOffset`] | bytes | the start of one function's machine code | the compiler's output |
//! | [`HostAddress`] | bytes | this process | native DWARF, frames, signals |
//! | [`FrameOffset`] | bytes, signed | the canonical frame address (CFA) | homes of wasm locals |
//!
//! Ranges of all of them are half-open.

use std::fmt;
use std::ops::Range;

/// An offset into the contents of the code section (its function count included), which is what wasm DWARF calls an
/// address. See "DWARF for WebAssembly", section 2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WasmPc(pub u32);

/// An offset into the machine code of one function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CodeOffset(pub u32);

/// An address in this process: of machine code, of an instance's globals, of a linear memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostAddress(pub u64);

/// The offset of a value from the canonical frame address (DWARF 5, section 6.4): negative, as stacks grow down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FrameOffset(pub i32);

impl WasmPc {
    /// The address that a DWARF attribute, line row or range names; `None` for what linkers write in place of the
    /// address of dropped code: wasm-ld's -1 and -2, in 32 bits or extended to 64, and binaryen's 0, where the function count is.
    pub fn from_dwarf(address: u64) -> Option<WasmPc> {
        match u32::try_from(address) {
            Ok(pc @ 1..) if pc < u32::MAX - 1 => Some(WasmPc(pc)),
            _ => None,
        }
    }
}

/// The contents of the code section in a module's file: offsets of the file there are [`WasmPc`]s, and the other way round.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CodeSection(pub Range<usize>);

impl CodeSection {
    /// The address of a byte of the file; `None` of one before the section, and where addresses do not reach.
    pub fn pc(&self, file_offset: usize) -> Option<WasmPc> {
        let offset = file_offset.checked_sub(self.0.start)?;
        u32::try_from(offset).ok().map(WasmPc)
    }

    /// The addresses of a range of the file.
    pub fn pcs(&self, file: &Range<usize>) -> Option<Range<WasmPc>> {
        Some(self.pc(file.start)?..self.pc(file.end)?)
    }

    /// The offset in the file of an address.
    pub fn file_offset(&self, pc: WasmPc) -> usize {
        self.0.start + pc.0 as usize
    }

    /// The section's contents, in its module.
    pub fn contents<'m>(&self, wasm: &'m [u8]) -> &'m [u8] {
        &wasm[self.0.clone()]
    }
}

/// The size of a guest address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AddressSize {
    /// 32 bits.
    Four,
    /// 64 bits: the module's memory is one of the memory64 proposal.
    Eight,
}

impl AddressSize {
    /// The size of a unit's header.
    pub fn of(encoding: gimli::Encoding) -> AddressSize {
        match encoding.address_size {
            8 => AddressSize::Eight,
            _ => AddressSize::Four,
        }
    }

    /// Bytes of an address.
    pub fn bytes(self) -> u8 {
        match self {
            AddressSize::Four => 4,
            AddressSize::Eight => 8,
        }
    }

    /// The address of data that DWARF names; `None` for what linkers write in place of that of dropped data: -1 and -2, in 32
    /// bits where debug info has room for no more.
    pub fn data(self, address: u64) -> Option<u64> {
        let highest = match self {
            AddressSize::Four => u64::from(u32::MAX),
            AddressSize::Eight => u64::MAX,
        };
        (address < highest - 1).then_some(address)
    }
}

impl HostAddress {
    /// The address `bytes` further on.
    pub fn offset(self, bytes: u32) -> HostAddress {
        HostAddress(self.0 + u64::from(bytes))
    }
}

impl fmt::Debug for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

//! From the DWARF of a WebAssembly module to native DWARF that gdb and lldb read, and from wasm addresses to source lines.
//! Bytes in, bytes out: nothing here compiles, runs or registers anything.

pub mod address;
pub mod code;

//! Which instruction of a module the machine code of its image is of.

use dwalin_debuginfo::code::FUNCTION_ALIGNMENT;
use dwalin_runtime::{Config, Engine, Module, ModuleFile, OptLevel};
use object::{Object, ObjectSection};
use std::path::Path;

/// Machine code, and the instruction of wasm that it is of.
pub struct Piece {
    pub start: u64,
    pub end: u64,
    pub pc: Option<u32>,
    pub bytes: Vec<u8>,
}

/// The code of a module in its image, by functions.
pub fn functions(path: &Path, wasm: &[u8], elf: &object::File<'_>) -> Vec<Vec<Piece>> {
    let engine = Engine::new(
        Config::new()
            .debug_info(true)
            .cranelift_opt_level(OptLevel::None),
    );
    let module = Module::new(&engine, wasm).unwrap();
    let file = ModuleFile::open(path).unwrap();
    // Functions come first, in their order.
    let mut address = elf.section_by_name(".text").unwrap().address();
    let function = |func| {
        address = address.next_multiple_of(FUNCTION_ALIGNMENT);
        let pieces = module.code_of(func).unwrap().into_iter();
        let pieces = pieces.map(|(offset, bytes)| {
            let place = offset.and_then(|offset| file.at_file_offset(offset));
            let start = address;
            address += bytes.len() as u64;
            Piece {
                start,
                end: address,
                pc: place.map(|place| place.code_offset),
                bytes: bytes.to_vec(),
            }
        });
        pieces.collect()
    };
    file.functions().map(function).collect()
}

/// All of it.
pub fn pieces(path: &Path, wasm: &[u8], elf: &object::File<'_>) -> Vec<Piece> {
    functions(path, wasm, elf).into_iter().flatten().collect()
}

/// The instruction that has its code at an address.
pub fn instruction(pieces: &[Piece], address: u64) -> Option<u32> {
    let behind = pieces.partition_point(|piece| piece.start <= address);
    let piece = &pieces[behind.checked_sub(1)?];
    piece.pc.filter(|_| address < piece.end)
}

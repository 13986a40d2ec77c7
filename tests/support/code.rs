//! Which instruction of a module the machine code of its image is of.

use dwalin_runtime::{Config, Engine, Module, ModuleFile, OptLevel};
use object::{Object, ObjectSymbol, SymbolKind};
use std::collections::BTreeSet;
use std::path::Path;

/// Machine code, and the instruction of wasm that it is of.
pub struct Piece {
    pub start: u64,
    pub end: u64,
    pub pc: Option<u32>,
}

/// The code of a module in its image.
pub fn pieces(path: &Path, wasm: &[u8], elf: &object::File<'_>) -> Vec<Piece> {
    let engine = Engine::new(
        Config::new()
            .debug_info(true)
            .cranelift_opt_level(OptLevel::None),
    );
    let module = Module::new(&engine, wasm).unwrap();
    let file = ModuleFile::open(path).unwrap();
    // Functions come first, in their order.
    let symbols = elf.symbols().filter(|it| it.kind() == SymbolKind::Text);
    let starts: BTreeSet<_> = symbols.map(|it| it.address()).collect();
    let mut pieces = Vec::new();
    for (func, start) in file.functions().zip(starts) {
        let mut address = start;
        for (offset, bytes) in module.code_of(func).unwrap() {
            let place = offset.and_then(|offset| file.at_file_offset(offset));
            let end = address + bytes.len() as u64;
            pieces.push(Piece {
                start: address,
                end,
                pc: place.map(|place| place.code_offset),
            });
            address = end;
        }
    }
    pieces
}

/// The instruction that has its code at an address.
pub fn instruction(pieces: &[Piece], address: u64) -> Option<u32> {
    let behind = pieces.partition_point(|piece| piece.start <= address);
    let piece = &pieces[behind.checked_sub(1)?];
    piece.pc.filter(|_| address < piece.end)
}

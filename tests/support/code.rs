//! Which instruction of a module the machine code of its image is of: by the runtime's map, which is not believed but held against
//! the code itself. What machine code calls, divides or writes to memory is of an instruction that does so.

use dwalin_debuginfo::code::FUNCTION_ALIGNMENT;
use dwalin_oracle::module::{self, Body};
use dwalin_runtime::{Config, Engine, Module, ModuleFile, OptLevel};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use wasmparser::Operator;

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
    let found: Vec<Vec<Piece>> = file.functions().map(function).collect();
    let read = module::Module::parse(wasm).unwrap();
    assert_eq!(found.len(), read.bodies.len());
    for (pieces, body) in found.iter().zip(&read.bodies) {
        check(pieces, body);
    }
    // Functions are where the image's symbols say, as far as it has symbols.
    let starts: BTreeSet<_> = found
        .iter()
        .filter_map(|it| Some(it.first()?.start))
        .collect();
    let last = *starts.last().unwrap();
    let symbols = elf.symbols().filter(|it| it.kind() == SymbolKind::Text);
    for symbol in symbols.filter(|it| it.address() <= last) {
        assert!(starts.contains(&symbol.address()), "{:?}", symbol.name());
    }
    found
}

/// An effect of an instruction that is visible in both kinds of code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Does {
    Call,
    Divide,
    /// Writes to memory outside the stack's frames.
    Write,
}

/// Fails where the map gives machine code to an instruction that cannot be what it is of.
fn check(pieces: &[Piece], body: &Body<'_>) {
    let mut done: BTreeMap<u32, BTreeSet<Does>> = BTreeMap::new();
    for piece in pieces {
        if let Some(pc) = piece.pc {
            done.entry(pc).or_default().extend(machine_code(piece));
        }
    }
    let mut unknown: BTreeSet<_> = done.keys().copied().collect();
    for (pc, operator) in &body.code {
        unknown.remove(pc);
        let Some(done) = done.get(pc) else {
            continue; // nothing is left to do for it, or it is never reached
        };
        let (certain, possible) = webassembly(operator);
        let wrong = certain.iter().any(|it| !done.contains(it))
            || done.iter().any(|it| !possible.contains(it));
        assert!(!wrong, "{pc:#x}: {operator:?} does {done:?}");
    }
    // What a function begins with is at the declaration of its locals.
    let first = body.code[0].0;
    unknown.retain(|pc| *pc >= first);
    assert!(unknown.is_empty(), "no instructions are at {unknown:#x?}");
}

/// The effects of machine code.
fn machine_code(piece: &Piece) -> BTreeSet<Does> {
    let decoder = Decoder::with_ip(64, &piece.bytes, piece.start, DecoderOptions::NONE);
    let does = |instruction: Instruction| match instruction.mnemonic() {
        Mnemonic::Call => Some(Does::Call),
        Mnemonic::Div | Mnemonic::Idiv => Some(Does::Divide),
        Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Jmp | Mnemonic::Push => None,
        _ => {
            let frame = [Register::RSP, Register::RBP].contains(&instruction.memory_base());
            (instruction.op0_kind() == OpKind::Memory && !frame).then_some(Does::Write)
        }
    };
    decoder.into_iter().filter_map(does).collect()
}

/// The certain and the possible effects of an instruction of WebAssembly: parts of the runtime are called for some, and any may write
/// down what debuggers are to see.
fn webassembly(operator: &Operator<'_>) -> (&'static [Does], &'static [Does]) {
    use Does::{Call, Divide, Write};
    let name = format!("{operator:?}");
    let name = name.split([' ', '{']).next().unwrap();
    let rounds = ["Ceil", "Floor", "Trunc", "Nearest"];
    match name {
        "Call" | "CallIndirect" => (&[Call], &[Call, Write]),
        // The jump itself is none of these.
        "ReturnCall" | "ReturnCallIndirect" => (&[], &[Call, Write]),
        _ if name.starts_with("Memory") || name.starts_with("Table") => (&[], &[Call, Write]),
        _ if rounds.iter().any(|it| name.ends_with(it)) => (&[], &[Call, Write]),
        _ if name.starts_with('I') && (name.contains("Div") || name.contains("Rem")) => {
            (&[Divide], &[Divide, Write])
        }
        _ if name.contains("Store") => (&[Write], &[Write]),
        // Its table is in between.
        "BrTable" => (&[], &[Call, Divide, Write]),
        _ => (&[], &[Write]),
    }
}

/// All of it.
pub fn pieces(path: &Path, wasm: &[u8], elf: &object::File<'_>) -> Vec<Piece> {
    functions(path, wasm, elf).into_iter().flatten().collect()
}

/// The addresses of a module's instructions. What a function begins with is at the declaration of its locals, which is none.
pub fn operators(wasm: &[u8]) -> BTreeSet<u32> {
    let module = module::Module::parse(wasm).unwrap();
    let code = module.bodies.iter().flat_map(|body| &body.code);
    code.map(|(pc, _)| *pc).collect()
}

/// The instruction that has its code at an address.
pub fn instruction(pieces: &[Piece], address: u64) -> Option<u32> {
    let behind = pieces.partition_point(|piece| piece.start <= address);
    let piece = &pieces[behind.checked_sub(1)?];
    piece.pc.filter(|_| address < piece.end)
}

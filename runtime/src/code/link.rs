//! Functions and trampolines → one artifact: code laid out and its calls resolved, its tables, and the module, in an ELF image
//! that is mapped as it is.

use super::addrmap::AddressMap;
use super::agreement::{settings_text, target_text};
use super::format::{self, TrapTable, WordsWriter};
use super::handlers::UnwindTable;
use super::slots::SlotTable;
use crate::abi::layout::SYSTEM_PAGE;
use crate::abi::settings::Settings;
use crate::abi::word::Word;
use crate::compile::env::CallTarget;
use crate::compile::observe::CompiledFunction;
use crate::compile::trampoline::Trampolines;
use crate::compile::{target, unwind};
use crate::compile_error::CompileError;
use crate::index::TypeIndex;
use crate::module::ModuleInfo;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::elf::{Section, Segment, write};
use object::elf;

/// The parts of an artifact.
pub struct Parts<'a> {
    /// The settings that the code depends on.
    pub settings: &'a Settings,
    /// The code generator that made it.
    pub isa: &'a OwnedTargetIsa,
    /// The module.
    pub module: &'a ModuleInfo,
    /// Its bytes.
    pub wasm: &'a [u8],
    /// Its functions, in order.
    pub functions: Vec<CompiledFunction>,
    /// Its trampolines.
    pub trampolines: Trampolines,
    /// The types of which it matters that their functions follow the `tail` convention.
    pub tail_types: &'a [TypeIndex],
}

/// Code laid out.
struct Text {
    bytes: Vec<u8>,
    /// The offset of each piece of code.
    offsets: Vec<u32>,
}

/// Links an artifact.
///
/// # Errors
/// Code that is too large for relative calls.
pub fn link(parts: &Parts<'_>) -> Result<Vec<u8>, CompileError> {
    let builtins = parts.functions.len()
        + parts.trampolines.array_to_wasm.len()
        + parts.trampolines.wasm_to_array.len();
    let trampolines = &parts.trampolines;
    let pieces: Vec<&CompiledFunction> = parts
        .functions
        .iter()
        .chain(&trampolines.array_to_wasm)
        .chain(&trampolines.wasm_to_array)
        .chain(trampolines.builtins.iter())
        .collect();
    let text = lay_out(parts.isa, &pieces, builtins)?;
    let eh_frame = eh_frame(parts.isa, &pieces, &text);
    let settings = settings_text(parts.settings) + &target_of(parts.isa);
    let mut functions = WordsWriter::default();
    functions.extend(
        pieces
            .iter()
            .zip(&text.offsets)
            .flat_map(|(piece, offset)| [*offset, piece.code.len() as u32]),
    );
    let mut tail_types = WordsWriter::default();
    tail_types.extend(parts.tail_types.iter().map(|ty| ty.as_u32()));
    let sections = [
        (format::SETTINGS, settings.as_bytes()),
        (format::FUNCTIONS, &functions.0),
        (
            format::ADDRESS_MAP,
            &AddressMap::write(&address_map(&pieces, &text)),
        ),
        (format::TRAPS, &TrapTable::write(&traps(&pieces, &text))),
        (
            format::SLOTS,
            &SlotTable::write(
                parts
                    .functions
                    .iter()
                    .map(|function| (&function.slots, &function.returns[..])),
            ),
        ),
        (
            format::UNWIND,
            &UnwindTable::write(
                pieces
                    .iter()
                    .zip(&text.offsets)
                    .map(|(piece, offset)| (*offset, piece.saved, &piece.handled_calls[..])),
            ),
        ),
        (format::TAIL_TYPES, &tail_types.0),
        (format::WASM, parts.wasm),
    ];
    Ok(artifact(&text.bytes, &eh_frame, &sections))
}

/// The last line of an artifact's settings: the machine and the features of its processor.
pub fn target_of(isa: &OwnedTargetIsa) -> String {
    target_text(&isa.triple().to_string(), &target::feature_names(isa))
}

fn lay_out(
    isa: &OwnedTargetIsa,
    pieces: &[&CompiledFunction],
    builtins: usize,
) -> Result<Text, CompileError> {
    let total: usize = pieces
        .iter()
        .map(|piece| piece.code.len() + piece.alignment as usize)
        .sum();
    if total >= i32::MAX as usize {
        return Err(CompileError::TooLarge);
    }
    let mut builder = isa.text_section_builder(pieces.len());
    let mut offsets = Vec::with_capacity(pieces.len());
    let mut references = Vec::new();
    for piece in pieces {
        let offset = builder.append(true, &piece.code, piece.alignment, &mut Default::default());
        for call in &piece.calls {
            let target = match call.target {
                CallTarget::Function(func) => func.index(),
                CallTarget::Builtin(builtin) => builtins + builtin as usize,
                CallTarget::Word(word) => {
                    references.push((offset + u64::from(call.offset.0), call.addend, word));
                    continue;
                }
            };
            let resolved = builder.resolve_reloc(
                offset + u64::from(call.offset.0),
                call.reloc,
                call.addend,
                target,
            );
            assert!(
                resolved,
                "the code generator makes relative calls only: {:?}",
                call.reloc
            );
        }
        offsets.push(offset as u32);
    }
    let mut bytes = builder.finish(&mut Default::default());
    // The words end the text, whether or not code refers to them.
    let words = bytes.len().next_multiple_of(Word::SIZE);
    bytes.resize(words + Word::ALL_SIZE, 0);
    for (at, addend, word) in references {
        let word = words + word as usize * Word::SIZE;
        let distance = word as i64 + addend - at as i64;
        let at = at as usize;
        bytes[at..at + 4].copy_from_slice(&(distance as i32).to_le_bytes());
    }
    Ok(Text { bytes, offsets })
}

const EH_FRAME_ALIGNMENT: u64 = 8;

/// The offset of `.eh_frame`, from the start of `.text`.
fn eh_frame_offset(text: &[u8]) -> u64 {
    (text.len() as u64).next_multiple_of(EH_FRAME_ALIGNMENT)
}

fn eh_frame(isa: &OwnedTargetIsa, pieces: &[&CompiledFunction], text: &Text) -> Vec<u8> {
    let own = eh_frame_offset(&text.bytes);
    let descriptions = pieces.iter().zip(&text.offsets).map(|(piece, offset)| {
        let code = i64::from(*offset) - own as i64;
        (&piece.unwind[..], code as i32)
    });
    unwind::section(&**isa, descriptions).expect("as it was when functions were described")
}

fn address_map(
    pieces: &[&CompiledFunction],
    text: &Text,
) -> Vec<(u32, Option<dwalin_debuginfo::address::WasmPc>)> {
    let rows = |(piece, offset): (&&CompiledFunction, &u32)| {
        let base = *offset;
        let end = base + piece.code.len() as u32;
        let own = piece
            .rows
            .iter()
            .map(move |(row, pc)| (base + row.0, *pc))
            .collect::<Vec<_>>();
        own.into_iter().chain([(end, None)])
    };
    let mut map: Vec<_> = pieces.iter().zip(&text.offsets).flat_map(rows).collect();
    // Pieces without a gap between them: the end of one is the start of the next, which counts.
    map.dedup_by(|next, before| {
        let same = next.0 == before.0;
        if same {
            before.1 = next.1;
        }
        same
    });
    map
}

fn traps(pieces: &[&CompiledFunction], text: &Text) -> Vec<(u32, u8)> {
    let traps = |(piece, offset): (&&CompiledFunction, &u32)| {
        let base = *offset;
        piece
            .traps
            .iter()
            .map(move |(at, kind)| (base + at.0, *kind as u8))
            .collect::<Vec<_>>()
    };
    pieces.iter().zip(&text.offsets).flat_map(traps).collect()
}

fn artifact(text: &[u8], eh_frame: &[u8], tables: &[(&str, &[u8])]) -> Vec<u8> {
    let section = |name, bytes| Section::unallocated(name, elf::SHT_PROGBITS, vec![bytes]);
    let mut sections = vec![
        Section {
            flags: (elf::SHF_ALLOC | elf::SHF_EXECINSTR).into(),
            // Addresses are places in the file, whose headers take less than a page.
            address: SYSTEM_PAGE,
            alignment: SYSTEM_PAGE,
            ..section(format::TEXT, text)
        },
        Section {
            flags: elf::SHF_ALLOC.into(),
            address: SYSTEM_PAGE + eh_frame_offset(text),
            alignment: EH_FRAME_ALIGNMENT,
            ..section(format::EH_FRAME, eh_frame)
        },
    ];
    sections.extend(tables.iter().enumerate().map(|(i, (name, bytes))| Section {
        // Tables are in no page that is executable.
        alignment: if i == 0 { SYSTEM_PAGE } else { 8 },
        ..section(name, bytes)
    }));
    let code = Segment {
        sections: 0..2,
        alignment: SYSTEM_PAGE,
    };
    let mut artifact = write(&sections, &[code], None);
    format::seal(&mut artifact);
    artifact
}

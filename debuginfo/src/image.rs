//! Native DWARF, symbols and call frame information → the ELF image that debuggers are given. All addresses are final.

use crate::code::CodeMap;
use crate::source::Warning;
use crate::transform::Native;
use gimli::SectionId;
use object::elf;
use object::write::StringId;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Writer};
use object::{LittleEndian, U16, U32, U64};
use std::borrow::Cow;

/// What a section header needs.
struct Section<'a> {
    name: &'a str,
    ty: elf::SectionType,
    flags: elf::SectionFlags,
    address: u64,
    /// What is in it, one after the other.
    pieces: Vec<&'a [u8]>,
    /// For a section without bytes.
    size: u64,
    alignment: u64,
}

/// Writes the image, and hands on what could not be used.
pub(crate) fn write(code: &CodeMap<'_>, mut native: Native<'_>) -> (Vec<u8>, Vec<Warning>) {
    let mut strings = std::mem::take(&mut native.strings);
    let symbols: Vec<_> = symbols(code, &native)
        .into_iter()
        .map(|symbol| (strings.add(symbol.name.as_bytes()), symbol))
        .collect();
    let (eh_frame_address, eh_frame) = code.eh_frame;
    let alloc = |flags| elf::SectionFlags::from(flags);
    let text_size = code.text.end.0 - code.text.start.0;
    let mut sections = vec![
        Section {
            name: ".text",
            ty: elf::SHT_NOBITS,
            flags: alloc(elf::SHF_ALLOC | elf::SHF_EXECINSTR),
            address: code.text.start.0,
            pieces: Vec::new(),
            size: text_size,
            alignment: 16,
        },
        Section {
            name: ".eh_frame",
            ty: elf::SHT_PROGBITS,
            flags: alloc(elf::SHF_ALLOC),
            address: eh_frame_address.0,
            pieces: vec![eh_frame],
            size: eh_frame.len() as u64,
            alignment: 8,
        },
    ];
    // All that the guest can address: debuggers take addresses in no section for those of nothing.
    sections.extend(code.memories.first().map(|base| Section {
        name: ".wasm.memory",
        ty: elf::SHT_NOBITS,
        flags: alloc(elf::SHF_ALLOC | elf::SHF_WRITE),
        address: base.0,
        pieces: Vec::new(),
        size: 1 << 32,
        alignment: 16,
    }));
    sections.extend(code.pointer_code.iter().map(|functions| Section {
        name: ".wasm.pointers",
        ty: elf::SHT_NOBITS,
        flags: alloc(elf::SHF_ALLOC | elf::SHF_EXECINSTR),
        address: functions.code.start.0,
        pieces: Vec::new(),
        size: functions.code.end.0 - functions.code.start.0,
        alignment: 16,
    }));
    sections.extend(native.sections.iter().map(|(name, pieces)| Section {
        name,
        ty: elf::SHT_PROGBITS,
        flags: elf::SectionFlags(0),
        address: 0,
        pieces: pieces.iter().map(Vec::as_slice).collect(),
        size: pieces.iter().map(|piece| piece.len() as u64).sum(),
        alignment: 1,
    }));
    // The names of symbols are mostly those that DWARF has: one table is both.
    let table = |name, ty| Section {
        name,
        ty,
        flags: elf::SectionFlags(0),
        address: 0,
        pieces: vec![&strings.bytes],
        size: strings.bytes.len() as u64,
        alignment: 1,
    };
    if !native.sections.is_empty() {
        sections.push(table(SectionId::DebugStr.name(), elf::SHT_PROGBITS));
    }
    sections.push(table(STRTAB, elf::SHT_STRTAB));
    (elf_image(&sections, &symbols), native.warnings)
}

const STRTAB: &str = ".strtab";

/// A symbol.
struct Symbol<'a> {
    name: Cow<'a, str>,
    ty: elf::SymbolType,
    /// The number of its section.
    section: u16,
    address: u64,
    size: u64,
}

/// The numbers of sections that symbols are in, as [`write`] orders them.
const TEXT: u16 = 1;
const MEMORY: u16 = 3;
const POINTERS: u16 = 4;

/// The symbols of the code for pointers.
pub(crate) const GET_POINTER: &str = "wasm32_ptr_get";
pub(crate) const SET_POINTER: &str = "wasm32_ptr_set";

/// Names of all code: those of the DWARF where it has them, so that a debugger finds one function by both; and of static
/// variables.
fn symbols<'a>(code: &'a CodeMap<'_>, native: &'a Native<'_>) -> Vec<Symbol<'a>> {
    let functions = code.functions.iter().enumerate().map(|(index, function)| {
        let name = native
            .names
            .get(&index)
            .map_or(function.name, String::as_str);
        (name, &function.code)
    });
    let trampolines = code
        .trampolines
        .iter()
        .map(|symbol| (symbol.name, &symbol.code));
    let entry = |(name, code): (&'a str, &std::ops::Range<crate::address::HostAddress>)| Symbol {
        name: printable(name),
        ty: elf::STT_FUNC,
        section: TEXT,
        address: code.start.0,
        size: code.end.0 - code.start.0,
    };
    let object = |(name, address): &'a (String, crate::address::HostAddress)| Symbol {
        name: printable(name),
        ty: elf::STT_OBJECT,
        section: MEMORY,
        address: address.0,
        size: 0,
    };
    let pointers = code.pointer_code.iter().flat_map(|functions| {
        [(GET_POINTER, functions.get), (SET_POINTER, functions.set)].map(|(name, address)| Symbol {
            name: name.into(),
            ty: elf::STT_FUNC,
            section: POINTERS,
            address: address.0,
            size: 0,
        })
    });
    functions
        .chain(trampolines)
        .map(entry)
        .chain(pointers)
        .chain(native.objects.iter().map(object))
        .collect()
}

/// Strings of ELF end at a NUL.
fn printable(name: &str) -> Cow<'_, str> {
    if name.contains('\0') {
        name.replace('\0', "\u{fffd}").into()
    } else {
        name.into()
    }
}

/// The segment of an allocated section.
fn load((section, offset): (&Section<'_>, &u64)) -> ProgramHeader {
    ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::ProgramFlags::from(elf::PF_R | elf::PF_X),
        p_offset: *offset,
        p_vaddr: section.address,
        p_paddr: section.address,
        p_filesz: section.pieces.iter().map(|piece| piece.len() as u64).sum(),
        p_memsz: section.size,
        p_align: 1,
    }
}

/// What an image takes at most, near enough: it is not copied as it grows.
fn room(sections: &[Section<'_>], symbols: usize) -> usize {
    const HEADERS: usize = 4096;
    let pieces = sections.iter().flat_map(|section| &section.pieces);
    HEADERS + pieces.map(|piece| piece.len()).sum::<usize>() + symbols * SYMBOL_SIZE
}

const SYMBOL_SIZE: usize = size_of::<elf::Sym64<LittleEndian>>();

/// Sections, the last of which is the table of the symbols' names, and symbols, each with its name's place there.
fn elf_image(sections: &[Section<'_>], symbols: &[(u32, Symbol<'_>)]) -> Vec<u8> {
    let mut image: Vec<u8> = Vec::with_capacity(room(sections, symbols.len()));
    let mut headers: Vec<u8> = Vec::new();
    let mut writer = Writer::new_single_phase(object::Endianness::Little, true, &mut image);
    let header = FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_DYN,
        e_machine: elf::EM_X86_64,
        e_entry: 0,
        e_flags: elf::FileFlags(0),
    };
    writer
        .write_file_header(&header)
        .expect("a header of an empty file fits");
    let allocated = sections
        .iter()
        .filter(|section| section.flags.0 != 0)
        .count();
    writer.write_program_headers_placeholder(allocated as u32);
    let mut offsets: Vec<u64> = Vec::new();
    for (i, section) in sections.iter().enumerate() {
        let before = i.checked_sub(1).filter(|_| section.name == STRTAB);
        if let Some(i) = before.filter(|i| sections[*i].name == SectionId::DebugStr.name()) {
            offsets.push(offsets[i]);
            continue;
        }
        offsets.push(writer.write_align(section.alignment));
        for piece in &section.pieces {
            writer.write(piece);
        }
    }
    let symbol_table = writer.write_align(align_of::<u64>() as u64);
    writer.write(&[0; SYMBOL_SIZE]);
    for (name, symbol) in symbols {
        let symbol = elf::Sym64 {
            st_name: U32::new(LittleEndian, *name),
            st_info: elf::SymbolInfo::new(elf::STB_GLOBAL, symbol.ty),
            st_other: elf::SymbolOther(0),
            st_shndx: U16::new(LittleEndian, elf::SymbolSection(symbol.section)),
            st_value: U64::new(LittleEndian, symbol.address),
            st_size: U64::new(LittleEndian, symbol.size),
        };
        writer.write(object::bytes_of(&symbol));
    }
    let section_names: Vec<StringId> = sections
        .iter()
        .map(|section| writer.add_section_name(section.name.as_bytes()))
        .collect();
    let symtab_name = writer.add_section_name(b".symtab");
    writer.write_shstrtab().expect("few short names");
    writer.write_null_section_header();
    for ((section, name), offset) in sections.iter().zip(section_names).zip(&offsets) {
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(name)),
            sh_type: section.ty,
            sh_flags: section.flags,
            sh_addr: section.address,
            sh_offset: *offset,
            sh_size: section.size,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: section.alignment,
            sh_entsize: 0,
        });
    }
    writer.write_section_header(&SectionHeader {
        sh_name: writer.section_name_offset(Some(symtab_name)),
        sh_type: elf::SHT_SYMTAB,
        sh_flags: elf::SectionFlags(0),
        sh_addr: 0,
        sh_offset: symbol_table,
        sh_size: ((symbols.len() + 1) * SYMBOL_SIZE) as u64,
        // The names' table is the last section; the first global symbol is the one behind the null symbol.
        sh_link: sections.len() as u32,
        sh_info: 1,
        sh_addralign: align_of::<u64>() as u64,
        sh_entsize: SYMBOL_SIZE as u64,
    });
    writer.write_shstrtab_section_header();
    // gdb warns of allocated sections that no segment holds.
    let loads: Vec<_> = sections
        .iter()
        .zip(&offsets)
        .filter(|(section, _)| section.flags.0 != 0)
        .map(load)
        .collect();
    writer
        .write_headers_to(&mut headers, &loads)
        .expect("few sections");
    drop(writer);
    image[..headers.len()].copy_from_slice(&headers);
    image
}

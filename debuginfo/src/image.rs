//! Native DWARF, symbols and call frame information → the ELF image that debuggers are given. All addresses are final.

use crate::code::CodeMap;
use crate::transform::Native;
use object::elf;
use object::write::StringId;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Sym, Writer};
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

/// Writes the image.
pub(crate) fn write(code: &CodeMap<'_>, native: &Native) -> Vec<u8> {
    let symbols = symbols(code, native);
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
    elf_image(&sections, &symbols)
}

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
fn symbols<'a>(code: &'a CodeMap<'_>, native: &'a Native) -> Vec<Symbol<'a>> {
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
fn room(sections: &[Section<'_>], symbols: &[Symbol<'_>]) -> usize {
    const HEADERS: usize = 4096;
    let pieces = sections.iter().flat_map(|section| &section.pieces);
    let names = symbols.iter().map(|symbol| symbol.name.len() + 1 + size_of::<elf::Sym64<object::LittleEndian>>());
    HEADERS + pieces.map(|piece| piece.len()).sum::<usize>() + names.sum::<usize>()
}

fn elf_image(sections: &[Section<'_>], symbols: &[Symbol<'_>]) -> Vec<u8> {
    let mut image: Vec<u8> = Vec::with_capacity(room(sections, symbols));
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
    let mut offsets = Vec::new();
    for section in sections {
        offsets.push(writer.write_align(section.alignment));
        for piece in &section.pieces {
            writer.write(piece);
        }
    }
    let names: Vec<StringId> = symbols
        .iter()
        .map(|symbol| writer.add_string(symbol.name.as_bytes()))
        .collect();
    writer.write_strtab().expect("names of less than 4 GiB");
    writer.write_null_symbol();
    for (symbol, name) in symbols.iter().zip(names) {
        writer.write_symbol(&Sym {
            st_name: writer.string_offset(Some(name)),
            section: Some(u32::from(symbol.section)),
            st_info: elf::SymbolInfo::new(elf::STB_GLOBAL, symbol.ty),
            st_other: elf::SymbolOther(0),
            st_shndx: elf::SymbolSection(symbol.section),
            st_value: symbol.address,
            st_size: symbol.size,
        });
    }
    let section_names: Vec<StringId> = sections
        .iter()
        .map(|section| writer.add_section_name(section.name.as_bytes()))
        .collect();
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
    // The symbol table refers to its strings by their section's number, known once it is written.
    writer.write_strtab_section_header();
    writer.write_symtab_section_header(1);
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

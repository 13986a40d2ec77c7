//! An ELF image of sections and symbols.

use super::symbols::Symbol;
use gimli::SectionId;
use object::elf;
use object::write::StringId;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, SinglePhase, Writer};
use object::{LittleEndian, U16, U32, U64};

/// The section of symbols' names, which is the last.
pub(super) const STRTAB: &str = ".strtab";

/// What a section header needs.
pub(super) struct Section<'a> {
    pub name: &'a str,
    pub ty: elf::SectionType,
    pub flags: elf::SectionFlags,
    pub address: u64,
    /// What is in it, one after the other.
    pub pieces: Vec<&'a [u8]>,
    /// For a section without bytes.
    pub size: u64,
    pub alignment: u64,
}

impl<'a> Section<'a> {
    /// One that is not in the process's memory.
    pub fn unallocated(name: &'a str, ty: elf::SectionType, pieces: Vec<&'a [u8]>) -> Section<'a> {
        Section {
            name,
            ty,
            flags: elf::SectionFlags(0),
            address: 0,
            size: pieces.iter().map(|piece| piece.len() as u64).sum(),
            pieces,
            alignment: 1,
        }
    }

    fn is_allocated(&self) -> bool {
        self.flags.0 != 0
    }

    /// Its segment.
    fn load(&self, offset: u64) -> ProgramHeader {
        ProgramHeader {
            p_type: elf::PT_LOAD,
            p_flags: elf::ProgramFlags::from(elf::PF_R | elf::PF_X),
            p_offset: offset,
            p_vaddr: self.address,
            p_paddr: self.address,
            p_filesz: self.pieces.iter().map(|piece| piece.len() as u64).sum(),
            p_memsz: self.size,
            p_align: 1,
        }
    }
}

/// Symbols, each with its name's place in [`STRTAB`].
pub(super) type Named<'a> = [(u32, Symbol<'a>)];

const SYMBOL_SIZE: usize = size_of::<elf::Sym64<LittleEndian>>();

/// What an image takes at most, near enough: it is not copied as it grows.
fn room(sections: &[Section<'_>], symbols: usize) -> usize {
    const HEADERS: usize = 4096;
    let pieces = sections.iter().flat_map(|section| &section.pieces);
    HEADERS + pieces.map(|piece| piece.len()).sum::<usize>() + symbols * SYMBOL_SIZE
}

/// Writes an image. The last section is [`STRTAB`].
pub(super) fn write(sections: &[Section<'_>], symbols: &Named<'_>) -> Vec<u8> {
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
    let allocated = sections.iter().filter(|section| section.is_allocated());
    writer.write_program_headers_placeholder(allocated.count() as u32);
    let offsets = write_contents(&mut writer, sections);
    let symbol_table = write_symbols(&mut writer, symbols);
    write_section_headers(
        &mut writer,
        sections,
        &offsets,
        (symbol_table, symbols.len()),
    );
    // gdb warns of allocated sections that no segment holds.
    let loads: Vec<_> = sections
        .iter()
        .zip(&offsets)
        .filter(|(section, _)| section.is_allocated())
        .map(|(section, offset)| section.load(*offset))
        .collect();
    writer
        .write_headers_to(&mut headers, &loads)
        .expect("few sections");
    drop(writer);
    image[..headers.len()].copy_from_slice(&headers);
    image
}

/// Says where each section came to be.
fn write_contents(writer: &mut Writer<'_, SinglePhase>, sections: &[Section<'_>]) -> Vec<u64> {
    let mut offsets: Vec<u64> = Vec::new();
    for (i, section) in sections.iter().enumerate() {
        // The names of symbols are mostly those that DWARF has: one table is both.
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
    offsets
}

/// Says where the table came to be.
fn write_symbols(writer: &mut Writer<'_, SinglePhase>, symbols: &Named<'_>) -> u64 {
    let table = writer.write_align(align_of::<u64>() as u64);
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
    table
}

/// The table of symbols is where it is said to be, with so many.
fn write_section_headers<'a>(
    writer: &mut Writer<'a, SinglePhase>,
    sections: &[Section<'a>],
    offsets: &[u64],
    (symbol_table, symbols): (u64, usize),
) {
    let names: Vec<StringId> = sections
        .iter()
        .map(|section| writer.add_section_name(section.name.as_bytes()))
        .collect();
    let symtab_name = writer.add_section_name(b".symtab");
    writer.write_shstrtab().expect("few short names");
    writer.write_null_section_header();
    for ((section, name), offset) in sections.iter().zip(names).zip(offsets) {
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
        sh_size: ((symbols + 1) * SYMBOL_SIZE) as u64,
        // The names' table is the last section; the first global symbol is the one behind the null symbol.
        sh_link: sections.len() as u32,
        sh_info: 1,
        sh_addralign: align_of::<u64>() as u64,
        sh_entsize: SYMBOL_SIZE as u64,
    });
    writer.write_shstrtab_section_header();
}

//! Writes ELF files of sections and symbols: the images that debuggers are given, and artifacts.

use gimli::SectionId;
use object::elf;
use object::write::StringId;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, SinglePhase, Writer};
use object::{LittleEndian, bytes_of_slice};
use std::ops::Range;

/// The section of symbols' names, which is the last.
pub const STRTAB: &str = ".strtab";

/// The fields of a section header and the contents.
pub struct Section<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its contents.
    pub ty: elf::SectionType,
    /// None for a section that is not in the process's memory.
    pub flags: elf::SectionFlags,
    /// Its address in memory.
    pub address: u64,
    /// Its contents, in order.
    pub pieces: Vec<&'a [u8]>,
    /// The bytes of these, or of a section without bytes.
    pub size: u64,
    /// The alignment of its file offset.
    pub alignment: u64,
    /// The section that its contents refer to, by its name.
    pub links_to: Option<&'static str>,
    /// Its `sh_info`, whose meaning is its type's.
    pub info: u32,
    /// Bytes of each entry, if it is a table.
    pub entry_size: u64,
}

impl<'a> Section<'a> {
    /// One that is not in the process's memory.
    pub fn unallocated(name: &'a str, ty: elf::SectionType, pieces: Vec<&'a [u8]>) -> Section<'a> {
        let mut section = Section {
            name,
            ty,
            flags: elf::SectionFlags(0),
            address: 0,
            pieces,
            size: 0,
            alignment: 1,
            links_to: None,
            info: 0,
            entry_size: 0,
        };
        section.size = section.bytes();
        section
    }

    /// Returns true if it is in the process's memory.
    pub fn is_allocated(&self) -> bool {
        self.flags.0 != 0
    }

    /// Bytes in the file.
    fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }
}

/// Neighbouring sections, by their indices, that are loaded as one.
pub struct Segment {
    /// One at least.
    pub sections: Range<usize>,
    /// The alignment that its address and file offset share.
    pub alignment: u64,
}

/// A symbol, with the place of its name in [`STRTAB`].
pub type Symbol = elf::Sym64<LittleEndian>;

const SYMBOL_SIZE: usize = size_of::<Symbol>();

/// A table of symbols that was written.
struct SymbolTable {
    place: Range<u64>,
    /// The number of local symbols.
    locals: usize,
}

/// Writes a file. If there is a table of symbols, the last section is [`STRTAB`], and local symbols come first.
///
/// # Panics
/// With more than 65,000 sections.
pub fn write(
    sections: &[Section<'_>],
    segments: &[Segment],
    symbols: Option<&[Symbol]>,
) -> Vec<u8> {
    let mut file: Vec<u8> = Vec::with_capacity(room(sections, symbols));
    let mut headers: Vec<u8> = Vec::new();
    let mut writer = Writer::new_single_phase(object::Endianness::Little, true, &mut file);
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
    writer.write_program_headers_placeholder(segments.len() as u32);
    let offsets = write_contents(&mut writer, sections);
    let symbols = symbols.map(|symbols| SymbolTable {
        place: write_symbols(&mut writer, symbols),
        locals: symbols.partition_point(|symbol| symbol.st_info.st_bind() == elf::STB_LOCAL),
    });
    write_section_headers(&mut writer, sections, &offsets, symbols);
    let loads: Vec<_> = segments
        .iter()
        .map(|segment| load(segment, sections, &offsets))
        .collect();
    writer
        .write_headers_to(&mut headers, &loads)
        .expect("few sections");
    drop(writer);
    file[..headers.len()].copy_from_slice(&headers);
    file
}

/// An upper estimate of the file's size, so that it is not copied as it grows.
fn room(sections: &[Section<'_>], symbols: Option<&[Symbol]>) -> usize {
    const HEADERS: usize = 4096;
    let contents: u64 = sections.iter().map(Section::bytes).sum();
    HEADERS + contents as usize + symbols.map_or(0, size_of_val)
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
fn write_symbols(writer: &mut Writer<'_, SinglePhase>, symbols: &[Symbol]) -> Range<u64> {
    let start = writer.write_align(align_of::<u64>() as u64);
    writer.write(&[0; SYMBOL_SIZE]);
    writer.write(bytes_of_slice(symbols));
    start..writer.len()
}

/// The table of symbols is where it is said to be.
fn write_section_headers<'a>(
    writer: &mut Writer<'a, SinglePhase>,
    sections: &[Section<'a>],
    offsets: &[u64],
    symbols: Option<SymbolTable>,
) {
    let names: Vec<StringId> = sections
        .iter()
        .map(|section| writer.add_section_name(section.name.as_bytes()))
        .collect();
    let symbols = symbols.map(|table| (writer.add_section_name(b".symtab"), table));
    writer.write_shstrtab().expect("few short names");
    writer.write_null_section_header();
    // The null section is the first.
    let number = |name: &str| {
        let position = sections.iter().position(|section| section.name == name);
        position.map_or(0, |position| position as u32 + 1)
    };
    for ((section, name), offset) in sections.iter().zip(names).zip(offsets) {
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(name)),
            sh_type: section.ty,
            sh_flags: section.flags,
            sh_addr: section.address,
            sh_offset: *offset,
            sh_size: section.size,
            sh_link: section.links_to.map_or(0, number),
            sh_info: section.info,
            sh_addralign: section.alignment,
            sh_entsize: section.entry_size,
        });
    }
    if let Some((name, table)) = symbols {
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(name)),
            sh_type: elf::SHT_SYMTAB,
            sh_flags: elf::SectionFlags(0),
            sh_addr: 0,
            sh_offset: table.place.start,
            sh_size: table.place.end - table.place.start,
            // The names' table is the last section; the first global symbol is after the null symbol and the local ones.
            sh_link: sections.len() as u32,
            sh_info: 1 + table.locals as u32,
            sh_addralign: align_of::<u64>() as u64,
            sh_entsize: SYMBOL_SIZE as u64,
        });
    }
    writer.write_shstrtab_section_header();
}

fn load(segment: &Segment, sections: &[Section<'_>], offsets: &[u64]) -> ProgramHeader {
    let (first, last) = (segment.sections.start, segment.sections.end - 1);
    let (offset, address) = (offsets[first], sections[first].address);
    ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::ProgramFlags::from(elf::PF_R | elf::PF_X),
        p_offset: offset,
        p_vaddr: address,
        p_paddr: address,
        p_filesz: offsets[last] + sections[last].bytes() - offset,
        p_memsz: sections[last].address + sections[last].size - address,
        p_align: segment.alignment,
    }
}

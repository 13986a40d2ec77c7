//! Native DWARF, symbols and call frame information → the ELF image that debuggers are given. All addresses are final.

mod debug_link;
mod forwards;
mod symbols;

use crate::code::{CodeMap, Contents, FUNCTION_ALIGNMENT, Flavor, ValueType};
use crate::elf::{self, STRTAB, Section, Segment};
use crate::source::Warning;
use crate::transform::Native;
use crate::write::Strings;
pub use debug_link::set_link_path;
use forwards::{PLT, Tables};
use gimli::SectionId;
use object::elf::{self as abi, Dyn64};
use object::{I64, LittleEndian, U64, bytes_of_slice};
use symbols::Symbol;

/// An object file that describes code to a debugger.
pub struct Image {
    /// The ELF image.
    pub bytes: Vec<u8>,
    /// One of code and symbols alone that leads to a file with that image.
    pub link: Option<Vec<u8>>,
    /// The parts of the debug info that could not be used.
    pub warnings: Vec<Warning>,
}

/// Writes the image, and hands on what could not be used. If the image is going to be in a file, writes a [link](Image::link)
/// to that as well.
pub(crate) fn write(
    code: &CodeMap<'_>,
    mut native: Native<'_>,
    contents: &Contents<'_>,
    file: Option<&str>,
) -> Image {
    let mut strings = std::mem::take(&mut native.strings);
    let symbols = symbols::symbols(code, &native);
    let link = file.map(|file| link(code, &symbols, file));
    let symbols = entries(&symbols, &mut strings);
    let stubs = Tables::new(code, &mut strings);
    let mut sections = code_sections(code, contents);
    let dynamic = dynamic();
    if code.flavor == Flavor::Gdb {
        let pieces = vec![bytes_of_slice(&dynamic)];
        sections.push(Section::unallocated(".dynamic", abi::SHT_PROGBITS, pieces));
    }
    sections.extend(stubs.sections());
    sections.extend(native.sections.iter().map(|(name, pieces)| {
        let pieces = pieces.iter().map(Vec::as_slice).collect();
        Section::unallocated(name, abi::SHT_PROGBITS, pieces)
    }));
    // The names of symbols are mostly those that DWARF has: one table is both.
    let table = |name, ty| Section::unallocated(name, ty, vec![&strings.bytes]);
    if !native.sections.is_empty() {
        sections.push(table(SectionId::DebugStr.name(), abi::SHT_PROGBITS));
    }
    sections.push(table(STRTAB, abi::SHT_STRTAB));
    Image {
        bytes: image(&sections, &symbols),
        link,
        warnings: native.warnings,
    }
}

/// The table of symbols, whose names are put where they are looked for.
fn entries(symbols: &[Symbol<'_>], names: &mut Strings<'_>) -> Vec<elf::Symbol> {
    let entry = |symbol: &Symbol<'_>| symbol.entry(names.add(symbol.name.as_bytes()));
    symbols.iter().map(entry).collect()
}

fn image(sections: &[Section<'_>], symbols: &[elf::Symbol]) -> Vec<u8> {
    let indices = (0..sections.len()).filter(|index| sections[*index].is_allocated());
    // gdb warns of allocated sections that no segment holds.
    let segments: Vec<_> = indices
        .map(|index| Segment {
            sections: index..index + 1,
            alignment: 1,
        })
        .collect();
    elf::write(sections, &segments, Some(symbols))
}

/// An image without debug info that says which file has it.
fn link(code: &CodeMap<'_>, symbols: &[Symbol<'_>], file: &str) -> Vec<u8> {
    let place = debug_link::contents(file, code.text.start.0 as u32);
    let mut strings = Strings::default();
    let symbols = entries(symbols, &mut strings);
    let stubs = Tables::new(code, &mut strings);
    let mut sections = code_sections(code, &Contents::default());
    sections.extend(stubs.sections());
    sections.extend([
        Section {
            alignment: debug_link::ALIGNMENT as u64,
            ..Section::unallocated(debug_link::NAME, abi::SHT_PROGBITS, vec![&place])
        },
        Section::unallocated(STRTAB, abi::SHT_STRTAB, vec![&strings.bytes]),
    ]);
    image(&sections, &symbols)
}

/// Says that the image's names are its own before anybody else's (`ld -Bsymbolic`): gdb looks for the globals of a program's frame in
/// the program first, and in the executable and its libraries later.
fn dynamic() -> [Dyn64<LittleEndian>; 2] {
    [abi::DT_SYMBOLIC, abi::DT_NULL].map(|tag| Dyn64 {
        d_tag: I64::new(LittleEndian, tag),
        d_val: U64::new(LittleEndian, 0),
    })
}

/// All code. lldb looks for stubs in one section.
fn text<'a>(code: &CodeMap<'_>, contents: &Contents<'a>) -> Section<'a> {
    let size = code.text.end.0 - code.text.start.0;
    let section = Section {
        flags: abi::SectionFlags::from(abi::SHF_ALLOC | abi::SHF_EXECINSTR),
        address: code.text.start.0,
        size,
        alignment: FUNCTION_ALIGNMENT,
        ..Section::unallocated(".text", contents_type(contents.text), vec![contents.text])
    };
    match code.flavor == Flavor::Lldb && !code.forwards.is_empty() {
        true => Section {
            name: PLT,
            // Entries are counted from its end.
            size: match contents.text {
                [] => size.next_multiple_of(FUNCTION_ALIGNMENT),
                _ => size,
            },
            entry_size: FUNCTION_ALIGNMENT,
            ..section
        },
        false => section,
    }
}

/// Without contents in the file what is there is in the process's memory.
fn contents_type(contents: &[u8]) -> abi::SectionType {
    match contents.is_empty() {
        true => abi::SHT_NOBITS,
        false => abi::SHT_PROGBITS,
    }
}

/// The sections that are in the process's memory.
fn code_sections<'a>(code: &CodeMap<'a>, contents: &Contents<'a>) -> Vec<Section<'a>> {
    let (eh_frame_address, eh_frame) = code.eh_frame;
    let mut sections = vec![
        text(code, contents),
        Section {
            flags: abi::SectionFlags::from(abi::SHF_ALLOC),
            address: eh_frame_address.0,
            alignment: 8,
            ..Section::unallocated(".eh_frame", abi::SHT_PROGBITS, vec![eh_frame])
        },
    ];
    sections.extend(memory_sections(code, contents));
    // Scripts of debuggers find the heap by it.
    sections.extend(
        code.heap
            .iter()
            .map(|heap| nobits(".wasm.heap", abi::SHF_WRITE, heap.base.0, 1 << 32)),
    );
    sections.extend(
        code.context
            .map(|context| nobits(".wasm.exceptions", abi::SHF_WRITE, context.0, 8)),
    );
    sections.extend(code.pointer_code.iter().map(|functions| {
        let code = &functions.code;
        let size = code.end.0 - code.start.0;
        nobits(".wasm.pointers", abi::SHF_EXECINSTR, code.start.0, size)
    }));
    sections
}

/// An allocated section whose contents only the process has.
fn nobits<'a>(
    name: &'static str,
    flags: abi::SectionFlags,
    address: u64,
    size: u64,
) -> Section<'a> {
    Section {
        ty: abi::SHT_NOBITS,
        flags: abi::SHF_ALLOC | flags,
        address,
        size,
        alignment: 16,
        ..Section::unallocated(name, abi::SHT_NOBITS, Vec::new())
    }
}

/// The sections of all that the guest can address: debuggers take addresses in no section for those of nothing.
fn memory_sections<'a>(code: &CodeMap<'a>, contents: &Contents<'a>) -> Vec<Section<'a>> {
    let section = |name, address, size, contents: &'a [u8]| Section {
        ty: contents_type(contents),
        pieces: vec![contents],
        ..nobits(name, abi::SHF_WRITE, address, size)
    };
    let mut sections = Vec::new();
    let memory = code.dwarf_memory();
    let is_wide = memory.is_some_and(|memory| memory.address_type == ValueType::I64);
    let size = match contents.memory.len() as u64 {
        // As much as a memory of 64-bit addresses has reserved.
        0 if is_wide => 1 << 36,
        0 => 1 << 32,
        size => size,
    };
    sections.extend(memory.map(|memory| {
        let name = match is_wide {
            true => ".wasm.memory64",
            false => ".wasm.memory",
        };
        section(name, memory.base.0, size, contents.memory)
    }));
    // The guest's own addresses, by which gdb shows pointers. Where there is no process, the file is what is there, if it is for a gdb that
    // reads it there. At null there is nothing: gdb looks for code there.
    if code.own_base().is_some() {
        let behind = contents.memory.get(1..);
        let behind = behind.filter(|_| code.at_own_addresses).unwrap_or_default();
        sections.push(section(".wasm.own", 1, size - 1, behind));
    }
    sections
}

//! Functions that only pass calls on, as stubs of a procedure linkage table (System V ABI, chapter 5): debuggers step through these to what
//! is called, as they do where a program calls a library.
//!
//! gdb finds a stub by a dynamic symbol that is undefined and has an address, and goes on to the function of the same name
//! (`find_solib_trampoline_target` in its minsyms.c): to its first instruction, unless the stub is in a unit of DWARF, as those of libraries'
//! tables never are (`handle_step_into_function` in infrun.c). lldb finds it by the relocations of `.plt`, whose entries are all of one size, and goes on
//! to the code of the same name (`DynamicLoaderPOSIXDYLD::GetStepThroughTrampolinePlan`).

use super::symbols::{Symbol, function_name, stub_name};
use crate::address::HostAddress;
use crate::code::{CodeMap, FUNCTION_ALIGNMENT, Flavor, Forward};
use crate::elf::{Section, Symbol as Entry};
use crate::write::Strings;
use gimli::SectionId;
use gimli::constants as dw;
use object::elf::{self as abi, Dyn64, Rela64};
use object::{I64, LittleEndian, U64, bytes_of_slice};
use std::iter;
use std::ops::Range;

/// The section of dynamic symbols.
const DYNSYM: &str = ".dynsym";
/// The section of code with stubs, as lldb looks for it.
pub(super) const PLT: &str = ".plt";
/// The number of the form that relocations have (`DT_RELA`).
const RELA: u64 = 7;
/// The address of the relocations, by which lldb finds them: the process has nothing there, as it is the kernel's.
const RELOCATIONS: u64 = 0xffff_ffff_0000_0000;

/// The tables that make stubs of functions.
#[derive(Default)]
pub(super) struct Tables {
    symbols: Vec<Entry>,
    relocations: Vec<Rela64<LittleEndian>>,
    dynamic: Vec<Dyn64<LittleEndian>>,
    /// A unit of DWARF.
    unit: Option<Unit>,
}

impl Tables {
    /// The tables for a debugger; empty ones without such functions.
    pub fn new(code: &CodeMap<'_>, names: &mut Strings<'_>) -> Tables {
        if code.forwards.is_empty() {
            return Tables::default();
        }
        let stub = |forward: &Forward| match code.flavor {
            Flavor::Gdb => code.functions[forward.function].code.start.0,
            Flavor::Lldb => 0,
        };
        let symbols = code.forwards.iter().map(|forward| {
            let name = stub_name(forward);
            let symbol = Symbol {
                name: name.as_str().into(),
                ty: abi::STT_FUNC,
                binding: abi::STB_GLOBAL,
                section: abi::SHN_UNDEF.0,
                address: stub(forward),
                size: 0,
            };
            symbol.entry(names.add(name.as_bytes()))
        });
        let symbols = iter::once(Entry::default()).chain(symbols).collect();
        let mut tables = Tables {
            symbols,
            ..Tables::default()
        };
        if code.flavor == Flavor::Lldb {
            tables.relocations = relocations(code);
            tables.dynamic = dynamic(&tables.relocations);
        } else {
            tables.unit = Some(Unit::new(code));
        }
        tables
    }

    /// Their sections, none of which the process has.
    pub fn sections(&self) -> Vec<Section<'_>> {
        if self.symbols.is_empty() {
            return Vec::new();
        }
        let symbols = Section {
            links_to: Some(crate::elf::STRTAB),
            // The first global symbol is after the null symbol.
            info: 1,
            entry_size: size_of::<Entry>() as u64,
            alignment: 8,
            ..Section::unallocated(DYNSYM, abi::SHT_DYNSYM, vec![bytes_of_slice(&self.symbols)])
        };
        if let Some(Unit { abbrev, info }) = &self.unit {
            let section = |id: SectionId, bytes| {
                Section::unallocated(id.name(), abi::SHT_PROGBITS, vec![bytes])
            };
            return vec![
                symbols,
                section(SectionId::DebugAbbrev, abbrev),
                section(SectionId::DebugInfo, info),
            ];
        }
        let relocations = Section {
            flags: abi::SHF_ALLOC.into(),
            address: RELOCATIONS,
            links_to: Some(DYNSYM),
            entry_size: size_of::<Rela64<LittleEndian>>() as u64,
            alignment: 8,
            ..Section::unallocated(
                ".rela.plt",
                abi::SHT_RELA,
                vec![bytes_of_slice(&self.relocations)],
            )
        };
        let dynamic = Section {
            links_to: Some(crate::elf::STRTAB),
            entry_size: size_of::<Dyn64<LittleEndian>>() as u64,
            alignment: 8,
            ..Section::unallocated(
                ".dynamic",
                abi::SHT_DYNAMIC,
                vec![bytes_of_slice(&self.dynamic)],
            )
        };
        vec![symbols, relocations, dynamic]
    }
}

/// A unit of DWARF 4 with nothing but functions and where they are.
struct Unit {
    abbrev: Vec<u8>,
    info: Vec<u8>,
}

/// The abbreviations: codes, tags and children, and the attributes that both of them have.
const UNIT: u8 = 1;
const FUNCTION: u8 = 2;
const ATTRIBUTES: [(dw::DwAt, dw::DwForm); 3] = [
    (dw::DW_AT_name, dw::DW_FORM_string),
    (dw::DW_AT_low_pc, dw::DW_FORM_addr),
    (dw::DW_AT_high_pc, dw::DW_FORM_data8),
];

impl Unit {
    fn new(code: &CodeMap<'_>) -> Unit {
        let mut info = Vec::new();
        // The version, the place of the abbreviations, and the size of an address.
        info.extend(4_u16.to_le_bytes());
        info.extend(0_u32.to_le_bytes());
        info.push(8);
        let entry = |info: &mut Vec<u8>, code: u8, name: &str, range: &Range<HostAddress>| {
            info.push(code);
            info.extend(name.bytes().filter(|byte| *byte != 0));
            info.push(0);
            info.extend(range.start.0.to_le_bytes());
            info.extend((range.end.0 - range.start.0).to_le_bytes());
        };
        entry(&mut info, UNIT, code.module_name, &code.text);
        info.push(dw::DW_LANG_C99.0 as u8);
        for forward in &code.forwards {
            let function = &code.functions[forward.function];
            let name = function_name(function.name);
            entry(&mut info, FUNCTION, &name, &function.code);
        }
        info.push(0);
        let length = (info.len() as u32).to_le_bytes();
        Unit {
            abbrev: abbreviations(),
            info: [&length[..], &info].concat(),
        }
    }
}

/// All of their numbers are below 128, and so a byte each.
fn abbreviations() -> Vec<u8> {
    let attributes = ATTRIBUTES.map(|(name, form)| [name.0 as u8, form.0 as u8]);
    let language = [dw::DW_AT_language.0 as u8, dw::DW_FORM_data1.0 as u8];
    let mut all = vec![UNIT, dw::DW_TAG_compile_unit.0 as u8, 1];
    all.extend(attributes.as_flattened());
    all.extend(language);
    all.extend([0, 0, FUNCTION, dw::DW_TAG_subprogram.0 as u8, 0]);
    all.extend(attributes.as_flattened());
    all.extend([0, 0, 0]);
    all
}

/// A relocation for each piece of code that is as long as functions are aligned: those that begin stubs name their symbols.
fn relocations(code: &CodeMap<'_>) -> Vec<Rela64<LittleEndian>> {
    let start = code.text.start.0;
    let slots = (code.text.end.0 - start).div_ceil(FUNCTION_ALIGNMENT);
    let none = |slot: u64| relocation(start + slot * FUNCTION_ALIGNMENT, 0, abi::R_X86_64_NONE);
    let mut all: Vec<_> = (0..slots).map(none).collect();
    for (position, forward) in code.forwards.iter().enumerate() {
        let address = code.functions[forward.function].code.start.0;
        let slot = (address - start) / FUNCTION_ALIGNMENT;
        if (address - start).is_multiple_of(FUNCTION_ALIGNMENT) {
            let symbol = 1 + position as u32;
            all[slot as usize] = relocation(address, symbol, abi::R_X86_64_JUMP_SLOT);
        }
    }
    all
}

fn relocation(offset: u64, symbol: u32, ty: abi::RelocationType) -> Rela64<LittleEndian> {
    Rela64 {
        r_offset: U64::new(LittleEndian, offset),
        r_info: Rela64::r_info(LittleEndian, false, symbol, ty),
        r_addend: I64::new(LittleEndian, 0),
    }
}

/// The entries that lead to the relocations.
fn dynamic(relocations: &[Rela64<LittleEndian>]) -> Vec<Dyn64<LittleEndian>> {
    let entries = [
        (abi::DT_JMPREL, RELOCATIONS),
        (abi::DT_PLTRELSZ, size_of_val(relocations) as u64),
        (abi::DT_PLTREL, RELA),
        (abi::DT_NULL, 0),
    ];
    let entry = |(tag, value)| Dyn64 {
        d_tag: I64::new(LittleEndian, tag),
        d_val: U64::new(LittleEndian, value),
    };
    entries.into_iter().map(entry).collect()
}

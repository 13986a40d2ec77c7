//! The files that debug info comes in, wasm modules and ELF files, as named sections.

use crate::address::WasmPc;
use gimli::leb128::write::Leb128;
use object::{Object, ObjectSection};
use std::fmt;
use std::ops::Range;
use wasmparser::BinaryReader;

/// The custom section that names another module.
const EXTERNAL_DEBUG_INFO: &str = "external_debug_info";

/// A file's sections, borrowed.
#[derive(Clone, Default, Debug)]
pub struct Container<'a> {
    /// Name and contents; of a wasm module, its custom sections.
    pub sections: Vec<(&'a str, &'a [u8])>,
    /// The contents of a wasm module's code section, where it has one.
    pub code: Option<&'a [u8]>,
}

/// Why a file's sections cannot be found.
#[derive(Debug)]
pub enum ContainerError {
    /// It begins like neither of the two.
    Unknown,
    /// A wasm module that is cut short, at this offset.
    Wasm {
        /// Bytes from its start.
        offset: usize,
    },
    /// An ELF file.
    Elf(object::read::Error),
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContainerError::Unknown => f.write_str("neither a wasm module nor an ELF file"),
            ContainerError::Wasm { offset } => {
                write!(f, "a wasm module that is cut short at offset {offset:#x}")
            }
            ContainerError::Elf(error) => write!(f, "a damaged ELF file: {error}"),
        }
    }
}

impl std::error::Error for ContainerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ContainerError::Elf(error) => Some(error),
            _ => None,
        }
    }
}

impl<'a> Container<'a> {
    /// Finds the sections of a file.
    ///
    /// # Errors
    /// Where it is of another kind, or damaged.
    pub fn parse(bytes: &'a [u8]) -> Result<Container<'a>, ContainerError> {
        match bytes {
            [b'\0', b'a', b's', b'm', ..] => wasm(bytes),
            [0x7f, b'E', b'L', b'F', ..] => elf(bytes).map_err(ContainerError::Elf),
            _ => Err(ContainerError::Unknown),
        }
    }

    /// A section's contents.
    pub fn section(&self, name: &str) -> Option<&'a [u8]> {
        self.sections
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, bytes)| *bytes)
    }

    /// The identity of the build: the contents of the custom section `build_id`, a length and that many bytes (WebAssembly tool
    /// conventions, "Build ID").
    pub fn build_id(&self) -> Option<&'a [u8]> {
        let mut section = BinaryReader::new(self.section("build_id")?, 0);
        let mut id = section.read_reader().ok()?;
        id.read_bytes(id.bytes_remaining()).ok()
    }

    /// The address of the module that has the debug info: the custom section `external_debug_info`, a name (WebAssembly tool
    /// conventions, "External DWARF").
    pub fn external_debug_info(&self) -> Option<&'a str> {
        let section = self.section(EXTERNAL_DEBUG_INFO)?;
        BinaryReader::new(section, 0).read_string().ok()
    }
}

fn elf(bytes: &[u8]) -> object::read::Result<Container<'_>> {
    let file = object::read::File::parse(bytes)?;
    let mut sections = Vec::new();
    for section in file.sections() {
        sections.push((section.name()?, section.data()?));
    }
    Ok(Container {
        sections,
        code: None,
    })
}

/// The bytes before the sections: magic number, version and layer.
const PREAMBLE: usize = 8;
/// The number of custom sections.
pub const CUSTOM: u8 = 0;

/// A section of a module or component.
#[derive(Clone, Debug)]
pub struct WasmSection {
    /// Its number.
    pub number: u8,
    /// Its contents; those of a custom section begin with its name.
    pub contents: Range<usize>,
    /// All of it.
    pub bytes: Range<usize>,
}

/// The sections of a module (WebAssembly 2.0, section 5.5.2) or component, which is a range of the file: each a number, a length and as
/// many bytes. One that is cut short is the last.
pub fn wasm_sections(
    file: &[u8],
    module: Range<usize>,
) -> impl Iterator<Item = wasmparser::Result<WasmSection>> + use<'_> {
    let start = module.end.min(module.start + PREAMBLE);
    let mut reader = BinaryReader::new(&file[start..module.end], start as u64);
    let mut is_whole = true;
    std::iter::from_fn(move || {
        if reader.eof() || !is_whole {
            return None;
        }
        let section = wasm_section(&mut reader);
        is_whole = section.is_ok();
        Some(section)
    })
}

/// The next section.
fn wasm_section(reader: &mut BinaryReader<'_>) -> wasmparser::Result<WasmSection> {
    let start = reader.original_position() as usize;
    let number = reader.read_u8()?;
    let contents = reader.read_reader()?.range();
    let contents = contents.start as usize..contents.end as usize;
    Ok(WasmSection {
        number,
        bytes: start..contents.end,
        contents,
    })
}

/// Calls `each` for the sections of a module, with the name and contents of a custom one.
fn each_section<'a>(
    wasm: &'a [u8],
    mut each: impl FnMut(&WasmSection, Option<(&'a str, &'a [u8])>),
) -> Result<(), ContainerError> {
    let mut offset = PREAMBLE;
    for section in wasm_sections(wasm, 0..wasm.len()) {
        let cut_short = |_| ContainerError::Wasm { offset };
        let section = section.map_err(cut_short)?;
        let custom = (section.number == CUSTOM).then(|| named(&wasm[section.contents.clone()]));
        each(&section, custom.transpose().map_err(cut_short)?);
        offset = section.bytes.end;
    }
    Ok(())
}

/// The name that begins the contents of a custom section, and what is behind it.
fn named(contents: &[u8]) -> wasmparser::Result<(&str, &[u8])> {
    let mut reader = BinaryReader::new(contents, 0);
    let name = reader.read_string()?;
    Ok((name, reader.read_bytes(reader.bytes_remaining())?))
}

fn wasm(bytes: &[u8]) -> Result<Container<'_>, ContainerError> {
    const CODE: u8 = 10;
    let mut found = Container::default();
    each_section(bytes, |section, custom| {
        found.sections.extend(custom);
        if section.number == CODE {
            found.code = Some(&bytes[section.contents.clone()]);
        }
    })?;
    Ok(found)
}

/// The functions' bodies in a code section's contents, up to damage: a count, then each after its length (WebAssembly 2.0, section
/// 5.5.13).
pub fn bodies(code: &[u8]) -> Vec<Range<WasmPc>> {
    let mut reader = BinaryReader::new(code, 0);
    let count = reader.read_var_u32().unwrap_or(0);
    let bodies = (0..count).map_while(|_| reader.read_reader().ok());
    let bodies = bodies.map(|body| body.range());
    bodies
        .map(|body| WasmPc(body.start as u32)..WasmPc(body.end as u32))
        .collect()
}

/// A module with other debug info: `sections` replace its own, and its references to debug info elsewhere.
///
/// # Errors
/// Where the module is cut short.
pub fn with_debug_info<'s>(
    wasm: &[u8],
    sections: impl Iterator<Item = (&'s str, &'s [u8])>,
) -> Result<Vec<u8>, ContainerError> {
    let mut out = wasm.get(..PREAMBLE).unwrap_or(wasm).to_vec();
    each_section(wasm, |section, custom| {
        let replaced = custom
            .is_some_and(|(name, _)| name.starts_with(".debug_") || name == EXTERNAL_DEBUG_INFO);
        if !replaced {
            out.extend(&wasm[section.bytes.clone()]);
        }
    })?;
    for (name, bytes) in sections {
        let (number, length) = (CUSTOM, Leb128::unsigned(name.len() as u64));
        let total = length.len() + name.len() + bytes.len();
        out.push(number);
        out.extend(Leb128::unsigned(total as u64).bytes());
        out.extend(length.bytes());
        out.extend(name.as_bytes());
        out.extend(bytes);
    }
    Ok(out)
}

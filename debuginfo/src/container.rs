//! The files that debug info comes in, wasm modules and ELF files, as named sections.

use crate::address::WasmPc;
use gimli::leb128::write::Leb128;
use object::{Object, ObjectSection};
use std::fmt;
use std::ops::Range;

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
        let mut section = self.section("build_id")?;
        let length = leb(&mut section)?;
        section.get(..length)
    }

    /// The address of the module that has the debug info: the custom section `external_debug_info`, a name (WebAssembly tool
    /// conventions, "External DWARF").
    pub fn external_debug_info(&self) -> Option<&'a str> {
        let mut section = self.section(EXTERNAL_DEBUG_INFO)?;
        let length = leb(&mut section)?;
        std::str::from_utf8(section.get(..length)?).ok()
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

/// The number of custom sections.
const CUSTOM: u8 = 0;

/// A section of a module.
struct WasmSection<'a> {
    number: u8,
    /// A custom one's.
    name: Option<&'a str>,
    contents: &'a [u8],
    /// All of it.
    bytes: &'a [u8],
}

/// The sections of a module (WebAssembly 2.0, section 5.5.2): each a number, a length and as many bytes; a custom one, number 0,
/// begins with its name.
fn wasm_sections(wasm: &[u8]) -> impl Iterator<Item = Result<WasmSection<'_>, ContainerError>> {
    let mut rest = wasm.get(8..).unwrap_or(&[]);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let offset = wasm.len() - rest.len();
        let section = wasm_section(&mut rest);
        if section.is_none() {
            rest = &[];
        }
        Some(section.ok_or(ContainerError::Wasm { offset }))
    })
}

/// The next section.
fn wasm_section<'a>(rest: &mut &'a [u8]) -> Option<WasmSection<'a>> {
    let before = *rest;
    let (&number, mut after) = before.split_first()?;
    let length = leb(&mut after)?;
    let (mut contents, next) = after.split_at_checked(length)?;
    let mut name = None;
    if number == CUSTOM {
        let length = leb(&mut contents)?;
        let (found, data) = contents.split_at_checked(length)?;
        name = Some(std::str::from_utf8(found).ok()?);
        contents = data;
    }
    *rest = next;
    Some(WasmSection {
        number,
        name,
        contents,
        bytes: &before[..before.len() - next.len()],
    })
}

fn wasm(bytes: &[u8]) -> Result<Container<'_>, ContainerError> {
    const CODE: u8 = 10;
    let mut found = Container::default();
    for section in wasm_sections(bytes) {
        let section = section?;
        found
            .sections
            .extend(section.name.map(|name| (name, section.contents)));
        if section.number == CODE {
            found.code = Some(section.contents);
        }
    }
    Ok(found)
}

/// The functions' bodies in a code section's contents, up to damage: a count, then each after its length (WebAssembly 2.0, section
/// 5.5.13).
pub fn bodies(code: &[u8]) -> Vec<Range<WasmPc>> {
    let mut rest = code;
    let mut found = Vec::new();
    for _ in 0..leb(&mut rest).unwrap_or(0) {
        let Some(length) = leb(&mut rest) else { break };
        let start = code.len() - rest.len();
        let Some(next) = rest.get(length..) else {
            break;
        };
        rest = next;
        found.push(WasmPc(start as u32)..WasmPc((start + length) as u32));
    }
    found
}

/// A module with other debug info: `sections` replace its own, and its references to debug info elsewhere.
///
/// # Errors
/// Where the module is cut short.
pub fn with_debug_info<'s>(
    wasm: &[u8],
    sections: impl Iterator<Item = (&'s str, &'s [u8])>,
) -> Result<Vec<u8>, ContainerError> {
    let mut out = wasm.get(..8).unwrap_or(wasm).to_vec();
    for section in wasm_sections(wasm) {
        let section = section?;
        let replaced = section
            .name
            .is_some_and(|name| name.starts_with(".debug_") || name == EXTERNAL_DEBUG_INFO);
        if !replaced {
            out.extend(section.bytes);
        }
    }
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

/// A number in LEB128, taken off the front.
fn leb(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

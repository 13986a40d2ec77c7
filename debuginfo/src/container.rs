//! The files that debug info comes in, wasm modules and ELF files, as named sections.

use object::{Object, ObjectSection};
use std::fmt;

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

    /// What identifies the build: the contents of the custom section `build_id`, a length and that many bytes (WebAssembly tool
    /// conventions, "Build ID").
    pub fn build_id(&self) -> Option<&'a [u8]> {
        let mut section = self.section("build_id")?;
        let length = leb(&mut section)?;
        section.get(..length)
    }

    /// The address of the module that has the debug info: the custom section `external_debug_info`, a name (WebAssembly tool
    /// conventions, "External DWARF").
    pub fn external_debug_info(&self) -> Option<&'a str> {
        let mut section = self.section("external_debug_info")?;
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

/// The sections of a module (WebAssembly 2.0, section 5.5.2): each a number, a length and as many bytes; a custom one, number 0,
/// begins with its name.
fn wasm(bytes: &[u8]) -> Result<Container<'_>, ContainerError> {
    const CUSTOM: u8 = 0;
    const CODE: u8 = 10;
    let mut found = Container::default();
    let mut rest = bytes
        .get(8..)
        .ok_or(ContainerError::Wasm { offset: bytes.len() })?;
    while let Some((&number, after)) = rest.split_first() {
        let cut = ContainerError::Wasm {
            offset: bytes.len() - rest.len(),
        };
        let mut after = after;
        let split = leb(&mut after).and_then(|length| after.split_at_checked(length));
        let Some((contents, next)) = split else {
            return Err(cut);
        };
        match number {
            CUSTOM => {
                let mut contents = contents;
                let name = leb(&mut contents)
                    .and_then(|length| contents.split_at_checked(length))
                    .and_then(|(name, data)| Some((std::str::from_utf8(name).ok()?, data)));
                found.sections.push(name.ok_or(cut)?);
            }
            CODE => found.code = Some(contents),
            _ => {}
        }
        rest = next;
    }
    Ok(found)
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

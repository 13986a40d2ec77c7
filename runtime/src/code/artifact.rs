//! A compiled module as one mapped file: opened, checked, and its sections found. Nothing is copied, and only the module's
//! declarations are parsed.

use super::addrmap::AddressMap;
use super::agreement;
use super::error::ArtifactError;
use super::format::{self, TrapTable, Words};
use super::handlers::UnwindTable;
use super::mapping::{Mapping, memory_file};
use super::slots::SlotTable;
use crate::abi::settings::Settings;
use crate::index::*;
use crate::module::ModuleInfo;
use crate::module::names::FunctionNames;
use crate::module::parse::parse;
use dwalin_debuginfo::{CloneStableDeref, StableDeref};
use object::LittleEndian;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, SectionHeader as _};
use rustix::fd::OwnedFd;
use std::fmt;
use std::fs::File;
use std::ops::Deref;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A compiled module. Clones share it.
#[derive(Clone)]
pub struct Artifact(Arc<Inner>);

struct Inner {
    file: Arc<OwnedFd>,
    /// The place in the file where the artifact begins.
    start: usize,
    bytes: Mapping,
    sections: Sections,
    info: Arc<ModuleInfo>,
    names: OnceLock<FunctionNames>,
}

/// A part of an artifact's bytes.
#[derive(Clone)]
pub(crate) struct Window {
    artifact: Artifact,
    range: Range<usize>,
}

impl Deref for Window {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.artifact.0.bytes[self.range.clone()]
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Window({:?})", self.range)
    }
}

// SAFETY: the bytes are a mapping that neither moves nor changes while the artifact lives, which each window and clone of it keeps.
unsafe impl StableDeref for Window {}
// SAFETY: as above.
unsafe impl CloneStableDeref for Window {}

/// The positions of the sections in the file.
#[derive(Clone, Debug)]
struct Sections {
    text: Range<usize>,
    eh_frame: Range<usize>,
    settings: Range<usize>,
    functions: Range<usize>,
    address_map: Range<usize>,
    traps: Range<usize>,
    slots: Range<usize>,
    unwind: Range<usize>,
    tail_types: Range<usize>,
    wasm: Range<usize>,
}

impl Artifact {
    /// Opens an artifact in a file.
    ///
    /// # Errors
    /// See [`ArtifactError`]; one that was compiled with other settings than `settings` is a mismatch.
    pub fn open(path: &Path, settings: &Settings) -> Result<Artifact, ArtifactError> {
        let file = File::open(path).map_err(|error| ArtifactError::Io {
            step: "open the artifact",
            error,
        })?;
        let len = file
            .metadata()
            .map_err(|error| ArtifactError::Io {
                step: "read the artifact's size",
                error,
            })?
            .len();
        Artifact::from_file(Arc::new(file.into()), 0..len as usize, settings)
    }

    /// The artifact in a range of a file that begins at a page.
    ///
    /// # Errors
    /// As [`Artifact::open`].
    #[cfg(feature = "component-model")]
    pub fn in_file(
        file: &Arc<OwnedFd>,
        range: Range<usize>,
        settings: &Settings,
    ) -> Result<Artifact, ArtifactError> {
        Artifact::from_file(file.clone(), range, settings)
    }

    /// The artifact whose bytes these are.
    ///
    /// # Errors
    /// As [`Artifact::open`].
    pub fn from_bytes(bytes: &[u8], settings: &Settings) -> Result<Artifact, ArtifactError> {
        let file = memory_file(bytes).map_err(|error| ArtifactError::Io {
            step: "make a file in memory",
            error,
        })?;
        Artifact::from_file(Arc::new(file), 0..bytes.len(), settings)
    }

    /// The artifact in a file, which may change afterwards.
    ///
    /// # Errors
    /// As [`Artifact::open`].
    pub fn from_copy(
        mut file: File,
        len: usize,
        settings: &Settings,
    ) -> Result<Artifact, ArtifactError> {
        let copy = memory_file(&[]).and_then(|copy| {
            let mut copy = File::from(copy);
            // The kernel copies it from file to file.
            match std::io::copy(&mut file, &mut copy)? == len as u64 {
                true => Ok(copy),
                false => Err(std::io::ErrorKind::UnexpectedEof.into()),
            }
        });
        let copy = copy.map_err(|error| ArtifactError::Io {
            step: "copy the artifact",
            error,
        })?;
        Artifact::from_file(Arc::new(copy.into()), 0..len, settings)
    }

    /// The module inside an artifact's bytes, whatever it was compiled with.
    ///
    /// # Errors
    /// Where it is not an artifact.
    pub fn module_in(bytes: &[u8]) -> Result<&[u8], ArtifactError> {
        let sections = Sections::of_whole(bytes)?;
        Ok(&bytes[sections.wasm])
    }

    /// Returns true if bytes are an artifact's, damaged or not; else they may be any program's.
    pub fn is_one(bytes: &[u8]) -> bool {
        let header = FileHeader64::<LittleEndian>::parse(bytes);
        let table = header.and_then(|header| header.sections(LittleEndian, bytes));
        table.is_ok_and(|table| {
            let name = format::SETTINGS.as_bytes();
            table.section_by_name(LittleEndian, name).is_some()
        })
    }

    fn from_file(
        file: Arc<OwnedFd>,
        range: Range<usize>,
        settings: &Settings,
    ) -> Result<Artifact, ArtifactError> {
        let start = range.start;
        let bytes = Mapping::of_file(&file, range).map_err(|error| ArtifactError::Io {
            step: "map the artifact",
            error,
        })?;
        let sections = Sections::of_whole(&bytes)?;
        agreement::check(&bytes[sections.settings.clone()], settings)?;
        let info = parse(&bytes[sections.wasm.clone()]).map_err(ArtifactError::Module)?;
        let artifact = Artifact(Arc::new(Inner {
            file,
            start,
            bytes,
            sections,
            info: Arc::new(info),
            names: OnceLock::new(),
        }));
        artifact.check_tables()?;
        Ok(artifact)
    }

    /// Makes sure once that the tables can be read, so that whoever reads them need not ask again.
    fn check_tables(&self) -> Result<(), ArtifactError> {
        let checks = [
            (
                "address map",
                AddressMap::parse(self.section(|s| &s.address_map)).is_some(),
            ),
            (
                "trap table",
                TrapTable::parse(self.section(|s| &s.traps)).is_some(),
            ),
            (
                "table of slots",
                SlotTable::parse(self.section(|s| &s.slots)).is_some(),
            ),
            (
                "table of handlers",
                UnwindTable::parse(self.section(|s| &s.unwind))
                    .is_some_and(|table| table.pieces() == self.piece_count()),
            ),
            (
                "table of functions",
                self.functions().iter().len() >= 2 * self.piece_count(),
            ),
        ];
        match checks.iter().find(|(_, right)| !right) {
            Some((what, _)) => Err(ArtifactError::Malformed { what }),
            None => Ok(()),
        }
    }

    fn piece_count(&self) -> usize {
        self.info().bodies.len()
            + 2 * self.info().function_types.len()
            + crate::abi::builtin::Builtin::ALL.len()
    }

    fn section(&self, which: fn(&Sections) -> &Range<usize>) -> &[u8] {
        &self.0.bytes[which(&self.0.sections).clone()]
    }

    /// The file's bytes: what `dwalin compile` writes.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The module's declarations.
    pub fn info(&self) -> &Arc<ModuleInfo> {
        &self.0.info
    }

    /// The module.
    pub fn wasm(&self) -> &[u8] {
        self.section(|s| &s.wasm)
    }

    /// A part of the artifact's bytes, with the artifact.
    pub(crate) fn window(&self, part: &[u8]) -> Window {
        let start = (part.as_ptr() as usize).wrapping_sub(self.0.bytes.as_ptr() as usize);
        let range = start..start.wrapping_add(part.len());
        Window {
            // What is no part of it is empty: a section that is missing.
            range: self.0.bytes.get(range.clone()).map_or(0..0, |_| range),
            artifact: self.clone(),
        }
    }

    /// A function's name, from the name section or its number.
    pub fn function_name(&self, func: FuncIndex) -> &str {
        let names = self.0.names.get_or_init(|| {
            let info = self.info();
            let mut sections = info.custom.iter();
            let section = sections.find(|(name, _)| name == "name");
            let section = section.map(|(_, range)| range.clone());
            FunctionNames::new(self.wasm(), section, info.functions.len())
        });
        names.get(self.wasm(), func).unwrap_or("?")
    }

    /// The address map.
    pub fn address_map(&self) -> AddressMap<'_> {
        AddressMap::parse(self.section(|s| &s.address_map)).expect("checked when opened")
    }

    /// The slots of functions' values, and the return addresses of their calls.
    pub fn slots(&self) -> SlotTable<'_> {
        SlotTable::parse(self.section(|s| &s.slots)).expect("checked when opened")
    }

    /// Saved registers, and handlers of exceptions.
    pub fn unwind(&self) -> UnwindTable<'_> {
        UnwindTable::parse(self.section(|s| &s.unwind)).expect("checked when opened")
    }

    /// Returns true if it matters that functions of a type follow the `tail` convention, and they do.
    pub fn is_tail_type(&self, ty: TypeIndex) -> bool {
        let types = Words::new(self.section(|s| &s.tail_types));
        let at = types.last_at_most(ty.as_u32());
        at.and_then(|at| types.get(at)) == Some(ty.as_u32())
    }

    /// Pieces of code: offset and length of each.
    pub fn functions(&self) -> Words<'_> {
        Words::new(self.section(|s| &s.functions))
    }

    /// The machine code, as it is in the file.
    pub fn text_bytes(&self) -> &[u8] {
        self.section(|s| &s.text)
    }

    pub(super) fn text(&self) -> Range<usize> {
        self.0.sections.text.clone()
    }

    pub(super) fn eh_frame(&self) -> Range<usize> {
        self.0.sections.eh_frame.clone()
    }

    pub(super) fn traps(&self) -> &[u8] {
        self.section(|s| &s.traps)
    }

    /// Maps the code again, for one more place to run it from, which is at an address if nothing is there. Up to the end of the call
    /// frame information.
    pub(super) fn map_code(&self, address: Option<usize>) -> std::io::Result<Mapping> {
        let (file, start) = (&self.0.file, self.0.start);
        let range = start..start + self.0.sections.eh_frame.end;
        let there =
            address.and_then(|address| Mapping::of_file_at(address, file, range.clone()).ok());
        there.map_or_else(|| Mapping::of_file(file, range), Ok)
    }

    /// The hash and checksum that tell it from all other artifacts.
    pub fn identity(&self) -> &[u8] {
        format::identity(&self.0.bytes)
    }
}

impl Sections {
    /// Those of an artifact that is as it was written.
    fn of_whole(bytes: &[u8]) -> Result<Sections, ArtifactError> {
        let sections = Sections::find(bytes)?;
        match format::is_whole(bytes) {
            true => Ok(sections),
            false => Err(ArtifactError::Damaged),
        }
    }

    fn find(bytes: &[u8]) -> Result<Sections, ArtifactError> {
        const ELF: ArtifactError = ArtifactError::Malformed {
            what: "the table of sections",
        };
        let header = FileHeader64::<LittleEndian>::parse(bytes).map_err(|_| ELF)?;
        let table = header.sections(LittleEndian, bytes).map_err(|_| ELF)?;
        let find = |name: &'static str| {
            let (_, section) = table
                .section_by_name(LittleEndian, name.as_bytes())
                .ok_or(ArtifactError::Malformed { what: name })?;
            let start = section.sh_offset(LittleEndian) as usize;
            let end = start.checked_add(section.sh_size(LittleEndian) as usize);
            match end.filter(|end| *end <= bytes.len()) {
                Some(end) => Ok(start..end),
                None => Err(ArtifactError::Malformed { what: name }),
            }
        };
        Ok(Sections {
            text: find(format::TEXT)?,
            eh_frame: find(format::EH_FRAME)?,
            settings: find(format::SETTINGS)?,
            functions: find(format::FUNCTIONS)?,
            address_map: find(format::ADDRESS_MAP)?,
            traps: find(format::TRAPS)?,
            slots: find(format::SLOTS)?,
            unwind: find(format::UNWIND)?,
            tail_types: find(format::TAIL_TYPES)?,
            wasm: find(format::WASM)?,
        })
    }
}

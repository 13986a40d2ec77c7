//! Compiled code: laid out into an artifact ([`link`], [`mod@format`]), mapped from it ([`artifact`], [`mapping`]), kept for the next
//! time ([`cached`]), placed where it runs ([`PlacedCode`]), and found again by address ([`registry`]).

pub mod addrmap;
mod agreement;
pub mod artifact;
#[cfg(feature = "component-model")]
pub mod bundle;
#[cfg(feature = "compile")]
pub mod cached;
#[cfg(feature = "compile")]
pub mod cached_functions;
pub mod error;
pub mod format;
pub mod handlers;
#[cfg(feature = "compile")]
pub mod link;
pub mod mapping;
pub mod pointers;
pub mod profile;
pub mod registry;
pub mod slots;
pub mod words;

pub use artifact::Artifact;
pub use error::ArtifactError;

use crate::abi::builtin::Builtin;
use crate::abi::layout::SYSTEM_PAGE;
use crate::abi::word::Word;
use crate::index::*;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::{HostAddress, WasmPc};
use mapping::Mapping;
use std::ops::Range;

/// An artifact's code at an address of its own, executable and registered until this is dropped.
pub struct PlacedCode {
    // Fields are dropped in order: first the code is no longer found, then it is no longer there.
    _registered: registry::Registered,
    mapping: Mapping,
    artifact: Artifact,
}

/// The pages with code and its unwind table, which is after it.
fn pages(artifact: &Artifact) -> Range<usize> {
    let end = artifact.eh_frame().end;
    artifact.text().start..end.next_multiple_of(SYSTEM_PAGE as usize)
}

impl PlacedCode {
    /// Maps the code of an artifact once more.
    ///
    /// # Errors
    /// The system's refusal to map or to make executable.
    pub fn place(artifact: &Artifact) -> Result<PlacedCode, ArtifactError> {
        PlacedCode::place_at(artifact, None)
    }

    /// Maps the code once more, at an address if nothing is there.
    ///
    /// # Errors
    /// As [`PlacedCode::place`].
    pub fn place_at(
        artifact: &Artifact,
        address: Option<usize>,
    ) -> Result<PlacedCode, ArtifactError> {
        let step = |step| move |error| ArtifactError::Io { step, error };
        let mapping = artifact.map_code(address).map_err(step("map the code"))?;
        let text = artifact.text();
        mapping
            .make_executable(pages(artifact))
            .map_err(step("make the code executable"))?;
        let start = mapping.as_ptr() as usize;
        // SAFETY: `artifact` keeps the trap table mapped, and is dropped after `_registered`.
        let registered = unsafe {
            registry::Registered::new(start + text.start..start + text.end, artifact.traps())
        };
        Ok(PlacedCode {
            _registered: registered,
            mapping,
            artifact: artifact.clone(),
        })
    }

    /// Detaches the code, which does not run yet, from its file.
    ///
    /// # Errors
    /// The system's.
    pub fn leave_file(&self) -> Result<(), ArtifactError> {
        let left = self.mapping.leave_file(pages(&self.artifact));
        left.map_err(|error| ArtifactError::Io {
            step: "copy the code",
            error,
        })
    }

    /// Says whose code this is, where it is one instance's, by the addresses that its words have: functions that a debugger calls find the
    /// VmContext by it.
    ///
    /// # Errors
    /// The system's refusal to make the code writable.
    pub fn bind(&self, address: impl Fn(Word) -> *const u8) -> Result<(), ArtifactError> {
        let at = self.artifact.text().end - Word::ALL_SIZE;
        let words = Word::ALL.map(|word| (address(word) as u64).to_le_bytes());
        let step = "write to the code";
        self.mapping
            .patch(at, words.as_flattened())
            .map_err(|error| ArtifactError::Io { step, error })
    }

    /// The artifact that this is code of.
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// Bytes of the mapping that the code is in.
    pub fn mapped(&self) -> usize {
        self.mapping.len()
    }

    /// All of the code.
    pub fn text(&self) -> Range<HostAddress> {
        let base = self.mapping.as_ptr() as u64;
        let text = self.artifact.text();
        HostAddress(base + text.start as u64)..HostAddress(base + text.end as u64)
    }

    /// The call frame information: where it is mapped, and its bytes.
    pub fn eh_frame(&self) -> (HostAddress, &[u8]) {
        let range = self.artifact.eh_frame();
        (
            HostAddress(self.mapping.as_ptr() as u64 + range.start as u64),
            &self.mapping[range],
        )
    }

    /// The addresses of a piece of code, by its index in `.dwalin.functions`.
    fn piece(&self, index: usize) -> Range<HostAddress> {
        let words = self.artifact.functions();
        let (offset, len) = words
            .get(index * 2)
            .zip(words.get(index * 2 + 1))
            .expect("as many pieces as were checked");
        let start = self.text().start.offset(offset);
        start..start.offset(len)
    }

    /// The piece of code that is at an address, by its index in `.dwalin.functions`, and the address as an offset of the text.
    pub fn piece_at(&self, pc: usize) -> Option<(usize, u32)> {
        let text = self.text();
        if !(text.start.0..text.end.0).contains(&(pc as u64)) {
            return None;
        }
        let offset = (pc as u64 - text.start.0) as u32;
        let words = self.artifact.functions();
        let (mut low, mut high) = (0, words.iter().len() / 2);
        while low < high {
            let middle = (low + high) / 2;
            match words.get(middle * 2)? <= offset {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Some((low.checked_sub(1)?, offset))
    }

    /// A function's code.
    pub fn function_code(&self, func: DefinedFuncIndex) -> Range<HostAddress> {
        self.piece(func.index())
    }

    /// The code of all functions, without the trampolines behind them.
    pub fn functions_code(&self) -> Range<HostAddress> {
        let start = self.text().start;
        let last = self.artifact.info().bodies.len().checked_sub(1);
        start..last.map_or(start, |index| self.piece(index).end)
    }

    /// A function's first instruction.
    pub fn function(&self, func: DefinedFuncIndex) -> *const u8 {
        self.function_code(func).start.0 as *const u8
    }

    /// The trampoline from the array convention for functions of a type.
    pub fn array_to_wasm(&self, ty: TypeIndex) -> *const u8 {
        let info = self.artifact.info();
        self.piece(info.bodies.len() + info.trampoline(ty)).start.0 as *const u8
    }

    /// The trampoline to the array convention for functions of a type.
    pub fn wasm_to_array(&self, ty: TypeIndex) -> *const u8 {
        let info = self.artifact.info();
        let trampoline = info.function_types.len() + info.trampoline(ty);
        self.piece(info.bodies.len() + trampoline).start.0 as *const u8
    }

    /// The trampolines by name, as debuggers show them.
    pub fn trampolines(&self) -> Vec<(String, Range<HostAddress>)> {
        let info = self.artifact.info();
        let (functions, types) = (info.bodies.len(), info.function_types.len());
        let named = || info.function_types.iter().enumerate();
        let entries = named().map(|(ty, index)| {
            let index = index.as_u32();
            (
                format!("wasm::array_to_wasm[{index}]"),
                self.piece(functions + ty),
            )
        });
        let exits = named().map(|(ty, index)| {
            let index = index.as_u32();
            (
                format!("wasm::wasm_to_array[{index}]"),
                self.piece(functions + types + ty),
            )
        });
        let builtins = Builtin::ALL.iter().map(|it| {
            (
                it.symbol().to_owned(),
                self.piece(functions + 2 * types + *it as usize),
            )
        });
        entries.chain(exits).chain(builtins).collect()
    }

    /// The function and the instruction of the module that the code at exactly `pc` comes from; `None` for other code. For
    /// a return address ask for the byte before it.
    pub fn wasm_pc(&self, pc: usize) -> Option<(DefinedFuncIndex, Option<WasmPc>)> {
        let text = self.text();
        if !(text.start.0..text.end.0).contains(&(pc as u64)) {
            return None;
        }
        let offset = (pc as u64 - text.start.0) as u32;
        let words = self.artifact.functions();
        let count = self.artifact.info().bodies.len();
        // Functions lie in their order, trampolines after them.
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if words.get(middle * 2)? <= offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let index = low.checked_sub(1)?;
        let inside = offset < words.get(index * 2)? + words.get(index * 2 + 1)?;
        inside.then(|| {
            (
                DefinedFuncIndex::new(index),
                self.artifact.address_map().lookup(offset),
            )
        })
    }
}

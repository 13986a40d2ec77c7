//! A call of a function of WASI 0.2: what it works on.

use super::args::Args;
use crate::component::resource::{Resource, ResourceType};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::WasiCtx;
use crate::host::wasi::handles::Entry;

/// The types of resources.
pub(super) struct Types {
    pub descriptor: ResourceType,
    pub entries: ResourceType,
    pub error: ResourceType,
    pub input: ResourceType,
    pub output: ResourceType,
    pub pollable: ResourceType,
    pub terminal_input: ResourceType,
    pub terminal_output: ResourceType,
}

impl Types {
    pub fn new() -> Types {
        Types {
            descriptor: ResourceType::host(),
            entries: ResourceType::host(),
            error: ResourceType::host(),
            input: ResourceType::host(),
            output: ResourceType::host(),
            pollable: ResourceType::host(),
            terminal_input: ResourceType::host(),
            terminal_output: ResourceType::host(),
        }
    }

    /// The interface and the name of each.
    pub fn names(&self) -> [(&'static str, &'static str, &ResourceType); 8] {
        [
            ("wasi:filesystem/types", "descriptor", &self.descriptor),
            (
                "wasi:filesystem/types",
                "directory-entry-stream",
                &self.entries,
            ),
            ("wasi:io/error", "error", &self.error),
            ("wasi:io/streams", "input-stream", &self.input),
            ("wasi:io/streams", "output-stream", &self.output),
            ("wasi:io/poll", "pollable", &self.pollable),
            (
                "wasi:cli/terminal-input",
                "terminal-input",
                &self.terminal_input,
            ),
            (
                "wasi:cli/terminal-output",
                "terminal-output",
                &self.terminal_output,
            ),
        ]
    }
}

/// The operands of a call.
pub(super) struct Call<'c> {
    /// The program's.
    pub ctx: &'c mut WasiCtx,
    pub types: &'c Types,
}

impl Call<'_> {
    /// A new resource of the table.
    pub fn new_resource(
        &mut self,
        ty: impl Fn(&Types) -> &ResourceType,
        entry: Entry,
    ) -> Result<Val> {
        let index = self.ctx.handles.add(entry);
        let index = index.ok_or_else(|| Error::host("the program has too many resources"))?;
        Ok(Val::Resource(Resource::own(ty(self.types), index)))
    }
}

/// A function: its result, where it has one.
pub(super) type Function = fn(&mut Call<'_>, &mut Args<'_>) -> Result<Option<Val>>;

/// The functions of an interface, by name.
pub(super) struct Interface {
    pub name: &'static str,
    pub functions: &'static [(&'static str, Function)],
}

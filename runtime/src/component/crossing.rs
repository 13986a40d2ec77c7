//! Calls from one component into another, as reports show them: an adapter's frame is the call that it passes on, with the names and values of WIT.

use super::called;
use super::lift::Lift;
use super::parts::{Crossing, Encoding, Options, Source, SourceMemory};
use super::state::State;
use crate::index::FuncIndex;
use crate::vm::handle::Memory;
use crate::vm::instance::PassedOn;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::values::WasmValue;
use std::sync::Arc;

/// The calls that an instance of an adapter module passes on.
pub(super) struct Crossings {
    state: Arc<State>,
    module: u32,
}

impl PassedOn for Crossings {
    fn text<'m>(
        &self,
        func: FuncIndex,
        locals: &[(u32, WasmValue)],
        memories: &[Memory],
        bytes: &dyn Fn(Memory) -> &'m [u8],
    ) -> Option<String> {
        let crossings = self.state.parts.crossings.get(&self.module)?;
        let Crossing { name, ty, source } = crossings.get(&(func.index() as u32))?;
        let count = ty.param_tuple.flat.unwrap_or(1);
        let Some(core) = core_values(locals, count) else {
            return Some(format!("{name}: {ty}"));
        };
        let memory = self.memory(source, memories).map_or(&[][..], bytes);
        let options = Options {
            instance: 0,
            encoding: source.encoding.unwrap_or(Encoding::Utf8),
            memory: None,
            realloc: None,
            post_return: None,
        };
        let mut lift = Lift::looking(&self.state, &options, memory);
        Some(called::text_of_core(name, ty, &core, &mut lift))
    }
}

impl Crossings {
    /// Those of an instance of a module, if it is an adapter.
    pub fn of(state: &Arc<State>, module: u32) -> Option<Arc<dyn PassedOn>> {
        let is_adapter = state.parts.crossings.contains_key(&module);
        is_adapter.then(|| {
            let state = state.clone();
            Arc::new(Crossings { state, module }) as Arc<dyn PassedOn>
        })
    }

    fn memory(&self, source: &Source, memories: &[Memory]) -> Option<Memory> {
        match source.memory? {
            SourceMemory::Imported(index) => memories.get(index as usize).copied(),
            SourceMemory::Numbered(index) => self.state.running().memories[index as usize],
        }
    }
}

/// The first so many locals; `None` where one of them is not known.
fn core_values(locals: &[(u32, WasmValue)], count: usize) -> Option<Vec<u64>> {
    let value = |index: usize| {
        let found = locals.binary_search_by_key(&(index as u32), |(local, _)| *local);
        Some(match locals[found.ok()?].1 {
            WasmValue::I32(bits) | WasmValue::F32(bits) => u64::from(bits),
            WasmValue::I64(bits) | WasmValue::F64(bits) => bits,
            WasmValue::V128(_) | WasmValue::Ref(_) => return None,
        })
    };
    (0..count).map(value).collect()
}

//! Calls from one component into another, as reports show them: an adapter's frame is the call that it passes on, with the names and values of WIT.

use super::called;
use super::lift::Lift;
use super::parts::{Crossing, Encoding, Options, Source, SourceMemory};
use super::state::State;
use crate::report::backtrace::FrameInfo;
use crate::vm::handle::Memory;
use crate::vm::instance::PassedOn;
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
        frame: &FrameInfo,
        memories: &[Memory],
        bytes: &dyn Fn(Memory) -> &'m [u8],
    ) -> Option<String> {
        let crossings = self.state.parts.crossings.get(&self.module)?;
        let crossing = crossings.get(&frame.func_index)?;
        let Crossing { name, ty, .. } = crossing;
        let count = ty.param_tuple.flat.unwrap_or(1) as u32;
        let Some(core) = core_values(&frame.locals, 0..count) else {
            return Some(format!("{name}: {ty}"));
        };
        let look = |source: &Source, text: &dyn Fn(&mut Lift<'_>) -> String| {
            let memory = self.memory(source, memories).map_or(&[][..], bytes);
            text(&mut Lift::looking(&self.state, &options(source), memory))
        };
        let mut text = look(&crossing.arguments, &|lift| {
            called::text_of_core(name, ty, &core, lift)
        });
        let returned = crossing.returned.as_ref();
        let returned = returned.filter(|it| frame.module_offset.is_some_and(|at| at > it.from));
        if let (Some(returned), Some(result)) = (returned, &ty.result)
            && let Some(core) = core_values(&frame.locals, returned.locals.iter().copied())
        {
            let result = look(&returned.source, &|lift| {
                called::result_of_core(result, &core, lift)
            });
            text = format!("{text} -> {result}");
        }
        Some(text)
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

/// The options of a function, as far as they matter to who reads its values.
fn options(source: &Source) -> Options {
    Options {
        instance: 0,
        encoding: source.encoding.unwrap_or(Encoding::Utf8),
        memory: None,
        realloc: None,
        post_return: None,
    }
}

/// The values of some locals; `None` where one of them is not known.
fn core_values(locals: &[(u32, WasmValue)], wanted: impl Iterator<Item = u32>) -> Option<Vec<u64>> {
    let value = |index: u32| {
        let found = locals.binary_search_by_key(&index, |(local, _)| *local);
        Some(match locals[found.ok()?].1 {
            WasmValue::I32(bits) | WasmValue::F32(bits) => u64::from(bits),
            WasmValue::I64(bits) | WasmValue::F64(bits) => bits,
            WasmValue::V128(_) | WasmValue::Ref(_) => return None,
        })
    };
    wanted.map(value).collect()
}

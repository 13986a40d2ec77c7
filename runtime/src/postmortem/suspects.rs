//! The variables that may have led to an access outside the memory: those of the program, also where a function of its language's
//! library made the access, whose variables say nothing to who called it.

use super::instruction::instruction;
use super::operands::address_of;
use crate::index::*;
use crate::report::backtrace::WasmBacktrace;
use crate::report::library::Named;
use crate::vm::store::StoreCore;
use dwalin_debuginfo::values::Variable;
use wasmparser::Operator;

/// Variables of the innermost function that is the program's own.
pub(super) struct Suspects<'a> {
    variables: &'a [Variable],
    /// The values that the function passed to the library's, where they are known: others of its variables have no part in it.
    passed: Option<Vec<u64>>,
}

impl<'a> Suspects<'a> {
    /// None at all.
    pub(super) const NONE: Suspects<'static> = Suspects {
        variables: &[],
        passed: None,
    };

    /// Of the frames of a trap.
    pub(super) fn find(store: &StoreCore, backtrace: &'a WasmBacktrace) -> Suspects<'a> {
        let frames = backtrace.frames().iter().take_while(|frame| !frame.host);
        for (depth, frame) in frames.enumerate() {
            let own = frame.symbols.iter().position(|symbol| {
                let named = Named {
                    frame,
                    symbol: Some(symbol),
                };
                !named.is_of_library()
            });
            let Some(own) = own else { continue };
            return Suspects {
                variables: frame.variables.get(own).map_or(&[], Vec::as_slice),
                passed: (depth > 0 && own == 0)
                    .then(|| passed(store, backtrace, depth))
                    .flatten(),
            };
        }
        Suspects::NONE
    }

    /// The pointers whose value passes a test, by name, as one noun phrase.
    pub(super) fn named(&self, is: impl Fn(u64) -> bool) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for variable in self.variables {
            let is_one = variable.pointer.is_some_and(|value| {
                let passed = self.passed.as_ref();
                is(value) && passed.is_none_or(|passed| passed.contains(&value))
            });
            if is_one && !names.contains(&variable.name.as_str()) {
                names.push(&variable.name);
            }
        }
        match names[..] {
            [] => None,
            [name] => Some(format!("`{name}`")),
            [first, second] => Some(format!("`{first}` or `{second}`")),
            [.., last] => Some(format!("one of `{}` to `{last}`", names[0])),
        }
    }

    /// The values of the pointers.
    pub(super) fn values(&self) -> impl Iterator<Item = u64> {
        let passed = self.passed.as_ref();
        let values = self.variables.iter().filter_map(|it| it.pointer);
        values.filter(move |value| passed.is_none_or(|passed| passed.contains(value)))
    }
}

/// The arguments of the call that a frame is in, as far as they are known; `None` where one is not.
fn passed(store: &StoreCore, backtrace: &WasmBacktrace, depth: usize) -> Option<Vec<u64>> {
    let frame = &backtrace.frames()[depth];
    let instruction = instruction(store, frame, false)?;
    let Operator::Call { function_index } = instruction.operator else {
        return None;
    };
    let info = store.instances.get(frame.instance)?.module.info();
    let called = FuncIndex::from_u32(function_index);
    // Behind a tail call the frame within is another function's.
    let within = backtrace.frames().get(depth.checked_sub(1)?)?;
    if info.defined(called).is_some() && within.func_index != function_index {
        return None;
    }
    let params = info.func_type(called).params();
    let mut values = Vec::new();
    for argument in 0..params.len() {
        values.extend(address_of(instruction.operand(argument)?));
    }
    Some(values)
}

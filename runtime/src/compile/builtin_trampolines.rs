//! The trampolines of the runtime's functions, made once for each set of settings: they are the same in all modules, and of a small module
//! they are most of what is compiled.

use super::observe::CompiledFunction;
use crate::abi::settings::Settings;
use crate::compile_error::CompileError;
use std::sync::{Arc, Mutex, PoisonError};

/// By builtin.
pub type BuiltinTrampolines = Arc<[CompiledFunction]>;

/// The number of sets of settings whose trampolines are kept. A process rarely has more than two.
const KEPT: usize = 8;

/// The one that was made last is at the end.
static MADE: Mutex<Vec<(Settings, BuiltinTrampolines)>> = Mutex::new(Vec::new());

/// Returns those for settings, which `make` makes if they are not there.
///
/// # Errors
/// Those of `make`.
pub fn for_settings(
    settings: &Settings,
    make: impl FnOnce() -> Result<BuiltinTrampolines, CompileError>,
) -> Result<BuiltinTrampolines, CompileError> {
    let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = made().iter().find(|it| it.0 == *settings).cloned();
    if let Some((_, known)) = known {
        return Ok(known);
    }
    // Others that need the same meanwhile make them as well: they do not wait for each other.
    let new = make()?;
    let mut made = made();
    if made.len() == KEPT {
        made.remove(0);
    }
    made.push((settings.clone(), Arc::clone(&new)));
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::for_settings;
    use std::sync::Arc;

    #[test]
    fn what_was_made_for_settings_is_not_made_again() {
        let mut own = settings(true);
        // Those of no other test.
        own.memory_reservation = 3 << 16;
        let first = for_settings(&own, || Ok(Arc::from([]))).unwrap();
        let again = for_settings(&own, || unreachable!("they are there")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        own.debug_info = false;
        let others = for_settings(&own, || Ok(Arc::from([]))).unwrap();
        assert!(!Arc::ptr_eq(&first, &others));
    }
}

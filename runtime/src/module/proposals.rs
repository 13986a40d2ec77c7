//! The proposals that a module needs and that we do not have, and how compilers leave them out.

use super::features::{FEATURES, Function, functions, validate_with};
use rayon::prelude::*;
use wasmparser::{FuncToValidate, FuncValidatorAllocations, WasmFeatures};

/// A proposal that we know to name and do not have.
#[derive(PartialEq, Eq, Debug)]
pub struct Proposal {
    feature: WasmFeatures,
    /// Its name, as that of its repository.
    pub name: &'static str,
    /// The compiler flags that make modules without it; empty where there are none.
    pub without: &'static str,
}

/// All of them.
const PROPOSALS: &[Proposal] = &[
    proposal(
        WasmFeatures::THREADS,
        "threads",
        "clang: without -pthread; rustc: --target wasm32-wasip1",
    ),
    proposal(WasmFeatures::STACK_SWITCHING, "stack-switching", ""),
    proposal(
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        "shared-everything-threads",
        "",
    ),
    proposal(WasmFeatures::CUSTOM_DESCRIPTORS, "custom-descriptors", ""),
    proposal(WasmFeatures::MEMORY_CONTROL, "memory-control", ""),
    proposal(WasmFeatures::COMPACT_IMPORTS, "compact-import-section", ""),
    proposal(WasmFeatures::COMPONENT_MODEL, "component-model", ""),
];

const fn proposal(feature: WasmFeatures, name: &'static str, without: &'static str) -> Proposal {
    Proposal {
        feature,
        name,
        without,
    }
}

/// The one of a name.
pub fn named(name: &str) -> Vec<&'static Proposal> {
    PROPOSALS.iter().filter(|it| it.name == name).collect()
}

/// All that we know and do not support.
pub fn all() -> WasmFeatures {
    let features = PROPOSALS.iter().map(|it| it.feature);
    features.fold(WasmFeatures::empty(), |all, it| all | it)
}

/// Those without which a module is invalid and with which it is valid; none where it is invalid either way.
pub fn missing(wasm: &[u8]) -> Vec<&'static Proposal> {
    named_by_errors(wasm).unwrap_or_else(|| found_by_leaving_out(wasm))
}

/// Those that errors name, in one validation; `None` where an error names none, or one that we do not know.
fn named_by_errors(wasm: &[u8]) -> Option<Vec<&'static Proposal>> {
    let (features, functions) = with_missing(FEATURES, |features| functions(wasm, features))?;
    let of_function = |allocations: &mut FuncValidatorAllocations, function: &Function<'_>| {
        let (function, body) = function;
        let validate = |features| {
            let function = FuncToValidate {
                resources: function.resources.clone(),
                features,
                ..*function
            };
            let mut validator = function.into_validator(std::mem::take(allocations));
            let result = validator.validate(body);
            *allocations = validator.into_allocations();
            result
        };
        with_missing(features, validate).map(|(features, ())| features)
    };
    let all = functions
        .par_iter()
        .map_init(FuncValidatorAllocations::default, of_function)
        .try_reduce(|| features, |a, b| Some(a | b))?;
    let missing = all.difference(FEATURES);
    let needed = PROPOSALS.iter().filter(|it| missing.contains(it.feature));
    Some(needed.collect())
}

/// Validates with all proposals that errors are for want of: which features that are, and the result; `None` where an error names none.
fn with_missing<T>(
    mut features: WasmFeatures,
    mut validate: impl FnMut(WasmFeatures) -> wasmparser::Result<T>,
) -> Option<(WasmFeatures, T)> {
    loop {
        let error = match validate(features) {
            Ok(result) => return Some((features, result)),
            Err(error) => error,
        };
        let missing = error.missing_wasm_feature()?;
        let is_known = PROPOSALS.iter().any(|it| it.feature == missing);
        if !is_known || features.contains(missing) {
            return None;
        }
        features |= missing;
    }
}

/// Returns the proposals that the module is invalid without, tried one by one: not every error names what it is for want of. Proposals that
/// contain others are found with them, which is right.
fn found_by_leaving_out(wasm: &[u8]) -> Vec<&'static Proposal> {
    let all = PROPOSALS
        .iter()
        .fold(FEATURES, |features, it| features | it.feature);
    if validate_with(wasm, all).is_err() {
        return Vec::new();
    }
    let is_missing =
        |feature: WasmFeatures| validate_with(wasm, FEATURES | all.difference(feature)).is_err();
    let missing = PROPOSALS.iter().filter(|it| is_missing(it.feature));
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wat: &str) -> Vec<&'static str> {
        let wasm = wat::parse_str(wat).unwrap();
        missing(&wasm).iter().map(|it| it.name).collect()
    }

    #[test]
    fn only_what_is_missing_is_named_and_all_of_it() {
        assert_eq!(
            names("(module (type (shared (struct))) (tag $t) (func suspend $t))"),
            ["stack-switching", "shared-everything-threads"]
        );
        assert_eq!(
            names("(module (type (shared (struct (field i32)))) (func))"),
            ["shared-everything-threads"]
        );
        assert_eq!(names("(module (func))"), [""; 0]);
    }

    #[test]
    fn errors_name_what_compilers_emit() {
        for (wat, name) in [("(module (tag $t) (func suspend $t))", "stack-switching")] {
            let wasm = wat::parse_str(wat).unwrap();
            let named =
                named_by_errors(&wasm).map(|it| it.iter().map(|it| it.name).collect::<Vec<_>>());
            assert_eq!(named, Some(vec![name]), "{wat}");
        }
    }

    #[test]
    fn what_is_invalid_with_all_of_them_needs_none() {
        let wasm = wat::parse_str("(module (func $f return_call $f) (func (result i32)))").unwrap();
        assert!(missing(&wasm).is_empty());
        let error = super::super::validate::validate(&wasm).unwrap_err();
        assert!(error.to_string().contains("type mismatch"), "{error}");
    }
}

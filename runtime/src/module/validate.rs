//! Validation, and the name of the proposal that a module needs where it fails for want of one.

use rayon::prelude::*;
use std::fmt;
use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

/// What a module may use: WebAssembly 2.0 without vectors, which is all that clang and rustc emit unasked.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::FLOATS);

/// The proposals that we know to name and do not have.
const PROPOSALS: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::SIMD, "simd"),
    (WasmFeatures::RELAXED_SIMD, "relaxed-simd"),
    (WasmFeatures::THREADS, "threads"),
    (WasmFeatures::TAIL_CALL, "tail-call"),
    (WasmFeatures::EXCEPTIONS, "exception-handling"),
    (
        WasmFeatures::LEGACY_EXCEPTIONS,
        "exception-handling (legacy encoding)",
    ),
    (WasmFeatures::MULTI_MEMORY, "multi-memory"),
    (WasmFeatures::MEMORY64, "memory64"),
    (WasmFeatures::EXTENDED_CONST, "extended-const"),
    (WasmFeatures::FUNCTION_REFERENCES, "function-references"),
    (WasmFeatures::GC, "gc"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide-arithmetic"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom-page-sizes"),
    (WasmFeatures::STACK_SWITCHING, "stack-switching"),
    (
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        "shared-everything-threads",
    ),
    (WasmFeatures::MEMORY_CONTROL, "memory-control"),
    (WasmFeatures::COMPACT_IMPORTS, "compact-import-section"),
    (WasmFeatures::COMPONENT_MODEL, "component-model"),
];

/// Why a module cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ModuleError {
    /// Its bytes or its code break a rule of the standard.
    Invalid {
        /// The rule.
        message: String,
        /// Bytes from the start of the file.
        offset: usize,
    },
    /// It would be valid with these proposals.
    NeedsProposals(Vec<&'static str>),
    /// It is a component, not a module.
    Component,
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleError::Invalid { message, offset } => write!(
                f,
                "invalid WebAssembly module: {message} (at offset {offset:#x})"
            ),
            ModuleError::NeedsProposals(names) => {
                let plural = if names.len() == 1 { "" } else { "s" };
                let names = names.join(", ");
                write!(f, "the module needs the {names} proposal{plural}, ")?;
                f.write_str("which this version of Dwalin does not support: compile it without")
            }
            ModuleError::Component => {
                f.write_str("this is a component, and this version of Dwalin runs modules only: ")?;
                f.write_str("give it the core module")
            }
        }
    }
}

impl std::error::Error for ModuleError {}

impl From<wasmparser::BinaryReaderError> for ModuleError {
    fn from(error: wasmparser::BinaryReaderError) -> ModuleError {
        ModuleError::Invalid {
            message: error.message().to_owned(),
            offset: error.offset() as usize,
        }
    }
}

/// Checks that a module is valid and uses nothing but [`FEATURES`].
///
/// # Errors
/// What is wrong or missing.
pub fn validate(wasm: &[u8]) -> Result<(), ModuleError> {
    if Parser::is_component(wasm) {
        return Err(ModuleError::Component);
    }
    let Err(error) = validate_with(wasm, FEATURES) else {
        return Ok(());
    };
    let all = PROPOSALS
        .iter()
        .fold(FEATURES, |features, (feature, _)| features | *feature);
    if validate_with(wasm, all).is_err() {
        return Err(error.into());
    }
    // Needed is what the module is invalid without. Proposals that contain others (gc: function-references) are found with
    // them, which is right.
    let missing =
        |feature: WasmFeatures| validate_with(wasm, FEATURES | all.difference(feature)).is_err();
    let names: Vec<_> = PROPOSALS
        .iter()
        .filter(|(feature, _)| missing(*feature))
        .map(|(_, name)| *name)
        .collect();
    if names.is_empty() {
        Err(error.into())
    } else {
        Err(ModuleError::NeedsProposals(names))
    }
}

/// The lowest-addressed error of the module under `features`.
fn validate_with(wasm: &[u8], features: WasmFeatures) -> Result<(), wasmparser::BinaryReaderError> {
    let mut validator = Validator::new_with_features(features);
    let mut functions: Vec<(FuncToValidate<ValidatorResources>, FunctionBody<'_>)> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            functions.push((function, body));
        }
    }
    let errors = functions.into_par_iter().map_init(
        FuncValidatorAllocations::default,
        |allocations, (function, body)| {
            let mut validator = function.into_validator(std::mem::take(allocations));
            let result = validator.validate(&body);
            *allocations = validator.into_allocations();
            result.err()
        },
    );
    match errors.flatten().min_by_key(|error| error.offset()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

//! Validation with a set of features.

use rayon::prelude::*;
use wasmparser::{
    FuncToValidate, FuncValidatorAllocations, FunctionBody, Parser, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

/// The features that a module may use: WebAssembly 2.0, relaxed vectors, extended constants, wide arithmetic, several memories, addresses of
/// 64 bits, pages of a byte, threads, exceptions in both encodings, tail calls, typed references to functions, and garbage-collected objects.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::GC_TYPES)
    .union(WasmFeatures::FLOATS);

macro_rules! proposals {
    ($($(#[$doc:meta])* $name:ident = $text:literal [$($feature:ident)|+];)*) => {
        /// A proposal that modules may use, unless an engine's configuration turns it off.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Proposal { $($(#[$doc])* $name,)* }

        impl Proposal {
            /// All of them.
            pub const ALL: &[Proposal] = &[$(Proposal::$name,)*];

            /// Its name, as that of its repository.
            pub fn name(self) -> &'static str {
                match self { $(Proposal::$name => $text,)* }
            }

            /// The features that there are not without it: its own, and those that are made of it.
            pub fn features(self) -> WasmFeatures {
                match self {
                    $(Proposal::$name => WasmFeatures::empty()$(.union(WasmFeatures::$feature))+,)*
                }
            }
        }
    };
}

proposals! {
    /// Vectors.
    Simd = "simd" [SIMD | RELAXED_SIMD];
    /// Vectors whose results depend on the machine.
    RelaxedSimd = "relaxed-simd" [RELAXED_SIMD];
    /// Copies of memories and tables.
    BulkMemory = "bulk-memory" [BULK_MEMORY | BULK_MEMORY_OPT];
    /// References to functions and objects of the host.
    ReferenceTypes = "reference-types" [REFERENCE_TYPES | FUNCTION_REFERENCES | GC | EXCEPTIONS];
    /// Several results.
    MultiValue = "multi-value" [MULTI_VALUE];
    /// Several memories.
    MultiMemory = "multi-memory" [MULTI_MEMORY];
    /// Addresses of 64 bits.
    Memory64 = "memory64" [MEMORY64];
    /// Pages of a byte.
    CustomPageSizes = "custom-page-sizes" [CUSTOM_PAGE_SIZES];
    /// Arithmetic in constant expressions.
    ExtendedConst = "extended-const" [EXTENDED_CONST];
    /// Arithmetic of 128 bits.
    WideArithmetic = "wide-arithmetic" [WIDE_ARITHMETIC];
    /// Tail calls.
    TailCall = "tail-call" [TAIL_CALL];
    /// Shared memories and atomic operators.
    Threads = "threads" [THREADS];
    /// Exceptions, in both encodings.
    Exceptions = "exceptions" [EXCEPTIONS | LEGACY_EXCEPTIONS];
    /// Typed references to functions.
    FunctionReferences = "function-references" [FUNCTION_REFERENCES | GC];
    /// Structures and arrays.
    Gc = "gc" [GC];
}

/// The lowest-addressed error of the module under `features`.
pub fn validate_with(wasm: &[u8], features: WasmFeatures) -> wasmparser::Result<()> {
    let errors = functions(wasm, features)?.into_par_iter().map_init(
        FuncValidatorAllocations::default,
        |allocations, (function, body)| {
            let mut validator = function.into_validator(std::mem::take(allocations));
            let result = validator.validate(&body);
            *allocations = validator.into_allocations();
            result.err()
        },
    );
    // In the module's order, so that what comes after the first one need not be looked at.
    match errors.find_map_first(|error| error) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// A function whose code is to be validated.
pub type Function<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// Validates all of a module but its functions.
pub fn functions(wasm: &[u8], features: WasmFeatures) -> wasmparser::Result<Vec<Function<'_>>> {
    let mut validator = Validator::new_with_features(features);
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            functions.push((function, body));
        }
    }
    Ok(functions)
}

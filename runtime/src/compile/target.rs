//! The instruction set and the settings that make its code debuggable: frame pointers, unwind tables, and a register that
//! always holds the running instance's VmContext.

use super::{CompileError, Settings};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

/// The calling convention of all guest functions: the platform's C convention, so that a debugger that calls a function or
/// shows a returned value finds it where it looks.
pub const GUEST_CALL_CONV: cranelift_codegen::isa::CallConv =
    cranelift_codegen::isa::CallConv::SystemV;

/// Features whose instructions have the VEX or EVEX prefix, and constants for operands, at addresses relative to the instruction.
const PREFIXED: [&str; 7] = [
    "has_avx",
    "has_avx2",
    "has_fma",
    "has_avx512bitalg",
    "has_avx512dq",
    "has_avx512vbmi",
    "has_avx512vl",
];

/// The code generator for this machine.
///
/// # Errors
/// A machine that we cannot make code for.
pub fn isa(settings: &Settings) -> Result<OwnedTargetIsa, CompileError> {
    with_allocator(settings, "backtracking")
}

/// The code generator for this machine with the register allocator that takes each instruction once.
///
/// # Errors
/// As [`isa`].
pub fn single_pass(settings: &Settings) -> Result<OwnedTargetIsa, CompileError> {
    with_allocator(settings, "single_pass")
}

fn with_allocator(settings: &Settings, allocator: &str) -> Result<OwnedTargetIsa, CompileError> {
    let opt_level = settings.opt_level;
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", opt_level.cranelift()),
        ("regalloc_algorithm", allocator),
        // A symbol's value is in a word, as in a global offset table; see `env::Word`.
        ("is_pic", "true"),
        // Where basic blocks begin.
        ("machine_code_cfg_info", "true"),
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "true"),
        ("enable_pinned_reg", "true"),
        // Functions may return any number of values.
        ("enable_multi_ret_implicit_sret", "true"),
        (
            "enable_nan_canonicalization",
            match settings.canonical_nans {
                true => "true",
                false => "false",
            },
        ),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("use_colocated_libcalls", "false"),
        (
            "enable_verifier",
            if cfg!(debug_assertions) {
                "true"
            } else {
                "false"
            },
        ),
    ] {
        flags
            .set(name, value)
            .expect("a setting of this version of Cranelift");
    }
    let mut builder = cranelift_native::builder().map_err(|reason| CompileError::Target {
        reason: reason.to_owned(),
    })?;
    // gdb up to 15 executes an instruction that a breakpoint is on elsewhere, and reads such an operand there: the program goes on
    // with another value.
    for feature in PREFIXED.into_iter().filter(|_| settings.debug_info) {
        builder
            .set(feature, "false")
            .expect("a feature of this version of Cranelift");
    }
    let isa = builder
        .finish(settings::Flags::new(flags))
        .map_err(|error| CompileError::Target {
            reason: error.to_string(),
        })?;
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err(CompileError::Target {
            reason: "Dwalin runs on x86-64 Linux".to_owned(),
        });
    }
    Ok(isa)
}

/// The properties that code depends on besides the settings: the processor's features, as text that is equal where they are.
pub fn features(isa: &OwnedTargetIsa) -> String {
    format!("{} {}", isa.triple(), feature_names(isa).join(","))
}

/// The processor's features that code may use.
pub fn feature_names(isa: &OwnedTargetIsa) -> Vec<&'static str> {
    let flags = isa.isa_flags().into_iter();
    let flags = flags.filter(|flag| flag.as_bool() == Some(true));
    flags.map(|flag| flag.name).collect()
}

//! The instruction set and the settings that make its code debuggable: frame pointers, unwind tables, and a register that
//! always holds the running instance's VmContext.

use crate::abi::settings::{OptLevel, Settings};
use crate::compile_error::CompileError;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

/// The calling convention of all guest functions: the platform's C convention, so that a debugger that calls a function or
/// shows a returned value finds it where it looks.
pub const GUEST_CALL_CONV: cranelift_codegen::isa::CallConv =
    cranelift_codegen::isa::CallConv::SystemV;

/// Features whose instructions have the VEX or EVEX prefix, and constants for operands, at addresses relative to the instruction.
const PREFIXED: [&str; 9] = [
    "has_bmi1",
    "has_bmi2",
    "has_avx",
    "has_avx2",
    "has_fma",
    "has_avx512bitalg",
    "has_avx512dq",
    "has_avx512vbmi",
    "has_avx512vl",
];

/// The code generators of a module's functions.
pub struct Targets {
    /// The one that is used.
    pub main: OwnedTargetIsa,
    /// With debug info, the one for functions that the first makes instructions of which debuggers take wrongly: see `compile/prefixed.rs`.
    pub without_avx: Option<OwnedTargetIsa>,
    /// The optimizer of code with debug info, as a target whose passes before machine code are run; the others do not optimise then.
    /// In between, instructions that were moved get other locations: see `compile/code_motion.rs`.
    pub optimizer: Option<OwnedTargetIsa>,
}

impl Targets {
    /// For this machine.
    ///
    /// # Errors
    /// A machine that we cannot make code for.
    pub fn new(settings: &Settings) -> Result<Targets, CompileError> {
        let is_optimised = settings.debug_info && settings.opt_level != OptLevel::None;
        let optimizer = is_optimised.then(|| isa(settings)).transpose()?;
        let mut settings = settings.clone();
        if is_optimised {
            settings.opt_level = OptLevel::None;
            settings.canonical_nans = false;
        }
        let without_avx = (settings.debug_info).then(|| make(&settings, "backtracking", &PREFIXED));
        Ok(Targets {
            main: isa(&settings)?,
            without_avx: without_avx.transpose()?,
            optimizer,
        })
    }
}

/// The code generator for this machine.
///
/// # Errors
/// A machine that we cannot make code for.
pub fn isa(settings: &Settings) -> Result<OwnedTargetIsa, CompileError> {
    make(settings, "backtracking", &[])
}

/// The code generator for this machine with the register allocator that takes each instruction once.
///
/// # Errors
/// As [`isa`].
pub fn single_pass(settings: &Settings) -> Result<OwnedTargetIsa, CompileError> {
    let without: &[&str] = if settings.debug_info { &PREFIXED } else { &[] };
    make(settings, "single_pass", without)
}

/// Cranelift's name of a level.
fn level(level: OptLevel) -> &'static str {
    match level {
        OptLevel::None => "none",
        OptLevel::Speed => "speed",
        OptLevel::SpeedAndSize => "speed_and_size",
    }
}

/// The settings of a code generator.
fn flags(settings: &Settings, allocator: &str) -> settings::Flags {
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", level(settings.opt_level)),
        ("regalloc_algorithm", allocator),
        // A symbol's value is in a word, as in a global offset table; see `abi/word.rs`.
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
    settings::Flags::new(flags)
}

fn make(
    settings: &Settings,
    allocator: &str,
    without: &[&str],
) -> Result<OwnedTargetIsa, CompileError> {
    let mut builder = cranelift_native::builder().map_err(|reason| CompileError::Target {
        reason: reason.to_owned(),
    })?;
    for feature in without {
        builder
            .set(feature, "false")
            .expect("a feature of this version of Cranelift");
    }
    let isa = builder
        .finish(flags(settings, allocator))
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

/// The processor's features that code may use.
pub fn feature_names(isa: &OwnedTargetIsa) -> Vec<&'static str> {
    let flags = isa.isa_flags().into_iter();
    let flags = flags.filter(|flag| flag.as_bool() == Some(true));
    flags.map(|flag| flag.name).collect()
}

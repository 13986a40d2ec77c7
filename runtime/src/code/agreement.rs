//! The settings in which an artifact agrees with the process that uses it, a line each, and the processor that it was made for.

use super::error::ArtifactError;
use super::format;
use crate::abi::settings::Settings;
use std::arch::is_x86_feature_detected as has;

/// The name of the last line: the machine's triple, and the features of its processor that code may use, separated by commas.
const TARGET: &str = "target ";

/// The lines of an artifact's settings but the last.
pub fn settings_text(settings: &Settings) -> String {
    let Settings {
        debug_info,
        all_locals,
        opt_level,
        memory_reservation,
        memory_guard_size,
        epoch_interruption,
        consume_fuel,
        canonical_nans,
        ticks,
        watch_writes,
        parallel: _,
    } = settings;
    // The first that differs is what a mismatch is said to be.
    let lines = [
        format!(
            "version {} with tables {}\n",
            env!("CARGO_PKG_VERSION"),
            format::TABLES
        ),
        format!("debug-info {debug_info}\n"),
        format!("all-locals {all_locals}\n"),
        format!("opt-level {opt_level:?}\n"),
        format!("memory-reservation {memory_reservation}\n"),
        format!("memory-guard-size {memory_guard_size}\n"),
        format!("epoch-interruption {epoch_interruption}\n"),
        format!("consume-fuel {consume_fuel}\n"),
        format!("canonical-nans {canonical_nans}\n"),
        format!("ticks {ticks}\n"),
        format!("watch-writes {watch_writes}\n"),
    ];
    lines.concat()
}

/// The last line.
#[cfg(feature = "compile")]
pub fn target_text(triple: &str, features: &[&str]) -> String {
    format!("{TARGET}{triple} {}\n", features.join(","))
}

/// Compares an artifact's settings line by line, so that the first difference can be named, and its processor with this one.
///
/// # Errors
/// [`ArtifactError::Mismatch`].
pub fn check(found: &[u8], settings: &Settings) -> Result<(), ArtifactError> {
    let found =
        std::str::from_utf8(found).map_err(|_| ArtifactError::Malformed { what: "settings" })?;
    let mut found = found.lines();
    for expected in settings_text(settings).lines() {
        let found = found.next().unwrap_or("nothing");
        if found != expected {
            return Err(ArtifactError::Mismatch {
                setting: format!("it has `{found}`, this run has `{expected}`"),
            });
        }
    }
    let target = found.next().and_then(|line| line.strip_prefix(TARGET));
    let target = target.and_then(|target| target.split_once(' '));
    let (triple, features) = target.ok_or(ArtifactError::Malformed { what: "target" })?;
    if !(triple.starts_with("x86_64-") && triple.contains("-linux")) {
        return Err(ArtifactError::Mismatch {
            setting: format!("it is for {triple}, and Dwalin runs on x86-64 Linux"),
        });
    }
    let mut features = features.split(',').filter(|it| !it.is_empty());
    match features.find(|feature| !is_there(feature)) {
        Some(feature) => Err(ArtifactError::Mismatch {
            setting: format!("it needs a processor with {feature}"),
        }),
        None => Ok(()),
    }
}

/// Returns true if this processor has a feature, by Cranelift's name.
fn is_there(feature: &str) -> bool {
    match feature {
        "has_cmpxchg16b" => has!("cmpxchg16b"),
        "has_sse3" => has!("sse3"),
        "has_ssse3" => has!("ssse3"),
        "has_sse41" => has!("sse4.1"),
        "has_sse42" => has!("sse4.2"),
        "has_popcnt" => has!("popcnt"),
        "has_lzcnt" => has!("lzcnt"),
        "has_bmi1" => has!("bmi1"),
        "has_bmi2" => has!("bmi2"),
        "has_fma" => has!("fma"),
        "has_avx" => has!("avx"),
        "has_avx2" => has!("avx2"),
        "has_avx_vnni" => has!("avxvnni"),
        "has_avx512bitalg" => has!("avx512bitalg"),
        "has_avx512dq" => has!("avx512dq"),
        "has_avx512f" => has!("avx512f"),
        "has_avx512vbmi" => has!("avx512vbmi"),
        "has_avx512vl" => has!("avx512vl"),
        "has_avx512vnni" => has!("avx512vnni"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what is said of an artifact whose last line is this.
    fn said(target: &str) -> String {
        let settings = crate::Config::new().settings();
        let text = settings_text(&settings) + target;
        match check(text.as_bytes(), &settings) {
            Ok(()) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_artifact_runs_where_all_that_it_needs_is() {
        let here = "target x86_64-unknown-linux-gnu";
        assert_eq!(said(&format!("{here} \n")), "nothing");
        assert_eq!(
            said("target x86_64-unknown-linux-musl has_sse3\n"),
            "nothing"
        );
        for (target, part) in [
            (
                format!("{here} has_sse3,has_teleport\n"),
                "a processor with has_teleport",
            ),
            (
                "target aarch64-unknown-linux-gnu \n".to_owned(),
                "it is for aarch64-unknown-linux-gnu",
            ),
            ("target x86_64-apple-darwin \n".to_owned(), "x86-64 Linux"),
            (
                "target x86_64\u{1b}[31m-apple \n".to_owned(),
                "x86_64\\u{1b}[31m-apple",
            ),
            (format!("{here}\n"), "target"),
            (String::new(), "target"),
        ] {
            assert!(said(&target).contains(part), "{target}: {}", said(&target));
        }
    }

    #[test]
    fn the_first_setting_that_differs_is_named() {
        let host = crate::Config::new().settings();
        let artifact = Settings {
            debug_info: !host.debug_info,
            consume_fuel: !host.consume_fuel,
            ..host
        };
        let text = settings_text(&artifact);
        let error = check(text.as_bytes(), &host).unwrap_err().to_string();
        assert!(error.contains("debug-info"), "{error}");
        assert!(!error.contains("fuel"), "{error}");
    }

    #[test]
    #[cfg(feature = "compile")]
    fn all_that_this_processor_has_is_known() {
        let isa = cranelift_native::builder().unwrap();
        let flags = cranelift_codegen::settings::Flags::new(cranelift_codegen::settings::builder());
        for flag in isa.finish(flags).unwrap().isa_flags() {
            let name = flag.name;
            if name.starts_with("has_") && flag.as_bool() == Some(true) {
                assert!(is_there(name), "{name}");
            }
        }
    }
}

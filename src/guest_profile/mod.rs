//! `--profile=guest`: samples → a file that a profiler's viewer opens. `*.speedscope.json` is for speedscope
//! (<https://www.speedscope.app/file-format-schema.json>), all else for Firefox's profiler, in its processed format (docs-developer/ of
//! firefox-devtools/profiler); both are tables of frames, of which samples have the numbers.

mod firefox;
mod speedscope;
mod tables;

use crate::json;
use anyhow::{Context, Result};
use dwalin_runtime::GuestProfile;
use std::path::Path;
use std::time::SystemTime;
use tables::Tables;

/// Writes a profile of a program that took the time since `start`.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(profile: &GuestProfile, path: &Path, program: &str, start: SystemTime) -> Result<()> {
    let is_for_speedscope = path.to_string_lossy().ends_with(".speedscope.json");
    let tables = Tables::of(profile);
    let json = match is_for_speedscope {
        true => json::to_string(&speedscope::File::new(&tables, profile, program)),
        false => json::to_string(&firefox::File::new(&tables, profile, program, start)),
    };
    let written = std::fs::write(path, json);
    written.with_context(|| format!("cannot write the profile {}", path.display()))?;
    let (path, count) = (path.display(), profile.samples.len());
    let viewer = match is_for_speedscope {
        true => "https://www.speedscope.app",
        false => "https://profiler.firefox.com",
    };
    eprintln!("dwalin: profile of {count} samples written to {path}: open it in {viewer}");
    if profile.lost > 0 {
        let lost = profile.lost;
        eprintln!(
            "dwalin: {lost} samples more were left out; give a longer interval: --profile=guest,FILE,10ms"
        );
    }
    Ok(())
}

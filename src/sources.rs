//! Sources that differ from those that a module was compiled of: their lines are not those that run.

use crate::args::cache_folder;
use dwalin_runtime::{Module, WasmBacktrace, is_library_file, is_traced};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Says which of a module's sources have been changed since its file was made.
pub fn say_newer(module: &Module, file: &Path) {
    if let Some(note) = newer(module.source_files(), file) {
        eprintln!("dwalin: warning: {note}");
    }
}

/// Returns the notes on the sources of a backtrace of the program in a file.
pub fn notes(backtrace: &WasmBacktrace, file: &Path) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    let symbols = backtrace.frames().iter().flat_map(|frame| &frame.symbols);
    for source in symbols.filter_map(|symbol| symbol.file.as_ref()) {
        if !sources.contains(source) && !is_library_file(source) && is_path(source) {
            sources.push(source.clone());
        }
    }
    let missing = sources.first().filter(|it| !Path::new(it).exists());
    let missing = missing.map(|source| {
        format!("{source} is not there: --map-path FROM=TO says where sources are that were compiled elsewhere")
    });
    // Who debugs was told of all of them when it began.
    let newer = newer(sources, file).filter(|_| !is_traced());
    missing.into_iter().chain(newer).collect()
}

/// Returns true if a source's name is one of a file: those of parts of a program may be addresses, and those of a compiler its own.
fn is_path(source: &str) -> bool {
    !source.contains("://") && !source.starts_with(['~', '<'])
}

fn newer(mut sources: Vec<String>, file: &Path) -> Option<String> {
    let made = modified(file)?;
    // What a module's debug info holds of a source becomes a file when it is needed.
    let kept = cache_folder();
    let is_kept = |source: &Path| {
        kept.as_ref()
            .is_some_and(|folder| source.starts_with(folder))
    };
    let is_newer = |source: &String| {
        let source = Path::new(source);
        !is_kept(source) && modified(source).is_some_and(|time| time > made)
    };
    sources.retain(is_newer);
    let (first, rest) = sources.split_first()?;
    let which = match rest.len() {
        0 => format!("{first} is"),
        1 => format!("{first} and another source are"),
        others => format!("{first} and {others} other sources are"),
    };
    let file = file.display();
    Some(format!(
        "{which} newer than {file}: the lines may not be those that run"
    ))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::is_path;

    #[test]
    fn addresses_and_names_of_compilers_are_no_files() {
        assert!(is_path("/home/me/a.c") && is_path("assembly/index.ts"));
        assert!(!is_path("webpack://app/a.c") && !is_path("~lib/rt.ts") && !is_path("<stdin>"));
    }
}

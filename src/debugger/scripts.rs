//! Python packages that debuggers load, carried in this program and written to where the debugger is told to look.

use crate::args::Options;
use anyhow::Context as _;
use clap::{Command, CommandFactory};
use dwalin_runtime::{LIBRARY_WORDS, TrapKind};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{env, io, process};

/// A package: its name, which no script of the user's can have, and its modules.
pub struct Package {
    name: &'static str,
    modules: &'static [(&'static str, &'static str)],
}

/// The package that `dwalin gdb` loads.
pub const GDB: Package = Package {
    name: "dwalin_gdb",
    modules: &[
        ("launcher.py", include_str!("gdb/launcher.py")),
        ("setup.py", include_str!("gdb/setup.py")),
        ("session.py", include_str!("gdb/session.py")),
        ("images.py", include_str!("gdb/images.py")),
        ("ahead.py", include_str!("gdb/ahead.py")),
        ("raising.py", include_str!("gdb/raising.py")),
        ("sources.py", include_str!("gdb/sources.py")),
        ("unmatched.py", include_str!("gdb/unmatched.py")),
        ("symbols.py", include_str!("gdb/symbols.py")),
        ("guest.py", include_str!("gdb/guest.py")),
        ("own_addresses.py", include_str!("gdb/own_addresses.py")),
        ("command.py", include_str!("gdb/command.py")),
        ("trap.py", include_str!("gdb/trap.py")),
        ("frames.py", include_str!("gdb/frames.py")),
        ("jump.py", include_str!("gdb/jump.py")),
        ("dap.py", include_str!("gdb/dap.py")),
        ("recording.py", include_str!("gdb/recording.py")),
        ("library.py", include_str!("gdb/library.py")),
        ("pointers.py", include_str!("gdb/pointers.py")),
        ("references.py", include_str!("gdb/references.py")),
        ("exceptions.py", include_str!("gdb/exceptions.py")),
        ("contents.py", include_str!("gdb/contents.py")),
        ("value_bytes.py", include_str!("gdb/value_bytes.py")),
        ("libcxx.py", include_str!("gdb/libcxx.py")),
        ("at.py", include_str!("gdb/at.py")),
        ("watch.py", include_str!("gdb/watch.py")),
        ("tables.py", include_str!("gdb/tables.py")),
        ("widths.py", include_str!("gdb/widths.py")),
        ("rust.py", include_str!("gdb/rust.py")),
        ("rust_maps.py", include_str!("gdb/rust_maps.py")),
        ("rust_members.py", include_str!("gdb/rust_members.py")),
    ],
};

/// The package that `dwalin lldb` and editors load.
pub const LLDB: Package = Package {
    name: "dwalin_lldb",
    modules: &[
        ("__init__.py", include_str!("lldb/dwalin_lldb/__init__.py")),
        ("adapter.py", include_str!("lldb/dwalin_lldb/adapter.py")),
        ("relay.py", include_str!("lldb/dwalin_lldb/relay.py")),
        ("pointers.py", include_str!("lldb/dwalin_lldb/pointers.py")),
        (
            "references.py",
            include_str!("lldb/dwalin_lldb/references.py"),
        ),
        ("replay.py", include_str!("lldb/dwalin_lldb/replay.py")),
        ("frames.py", include_str!("lldb/dwalin_lldb/frames.py")),
        ("guest.py", include_str!("lldb/dwalin_lldb/guest.py")),
        ("bases.py", include_str!("lldb/dwalin_lldb/bases.py")),
        ("libcxx.py", include_str!("lldb/dwalin_lldb/libcxx.py")),
        ("quad.py", include_str!("lldb/dwalin_lldb/quad.py")),
        ("rust.py", include_str!("lldb/dwalin_lldb/rust.py")),
        (
            "rust_enum.py",
            include_str!("lldb/dwalin_lldb/rust_enum.py"),
        ),
        ("library.py", include_str!("lldb/dwalin_lldb/library.py")),
        ("trap.py", include_str!("lldb/dwalin_lldb/trap.py")),
        ("kinds.py", include_str!("lldb/dwalin_lldb/kinds.py")),
        ("stops.py", include_str!("lldb/dwalin_lldb/stops.py")),
        ("command.py", include_str!("gdb/command.py")),
        ("exceptions.py", include_str!("gdb/exceptions.py")),
        ("images.py", include_str!("lldb/dwalin_lldb/images.py")),
        ("startup.py", include_str!("lldb/dwalin_lldb/startup.py")),
        (
            "unmatched.py",
            include_str!("lldb/dwalin_lldb/unmatched.py"),
        ),
        ("sources.py", include_str!("lldb/dwalin_lldb/sources.py")),
    ],
};

impl Package {
    /// Writes the package into a folder, which is made where it is missing; where the package is then. Modules that are there
    /// already with the same contents stay as they are, and no debugger sees half of one.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        let package = folder.join(self.name);
        fs::create_dir_all(&package)?;
        for (name, text) in self.modules {
            let module = package.join(name);
            if fs::read(&module).is_ok_and(|there| there == text.as_bytes()) {
                continue;
            }
            let whole = package.join(format!("{name}.{}", process::id()));
            fs::write(&whole, text)?;
            fs::rename(whole, module)?;
        }
        Ok(package)
    }
}

/// Writes a package, and the modules with what only this program knows; whether anything of it was not there as it is.
///
/// # Errors
/// The system's.
pub fn install(package: &Package, folder: &Path) -> io::Result<bool> {
    let there = |name: &str| fs::read(folder.join(package.name).join(name)).ok();
    let modules =
        || (package.modules.iter().map(|(name, _)| *name)).chain(["kinds.py", "options.py"]);
    let before: Vec<_> = modules().map(there).collect();
    let written = package.write(folder)?;
    write_kinds(&written)?;
    write_options(&written)?;
    Ok(before != modules().map(there).collect::<Vec<_>>())
}

/// Writes the module with the names of the kinds of traps, and with the paths of languages' libraries.
///
/// # Errors
/// The system's.
pub fn write_kinds(package: &Path) -> io::Result<()> {
    let traps: String = (0..=u8::MAX)
        .filter_map(|code| TrapKind::from_code(code).map(|kind| format!("{code}: '{kind}', ")))
        .collect();
    let mut kinds = format!("\"\"\"What the runtime calls things.\"\"\"\nKINDS = {{{traps}}}\n");
    for (name, words) in LIBRARY_WORDS {
        let words: String = words.iter().map(|word| format!("'{word}', ")).collect();
        kinds += &format!("{name} = ({words})\n");
    }
    fs::write(package.join("kinds.py"), kinds)
}

/// Writes the module with the options of `dwalin run` that have values, and with the version.
///
/// # Errors
/// The system's.
fn write_options(package: &Path) -> io::Result<()> {
    let command = Options::command();
    let run = command.find_subcommand("run").into_iter();
    let names: String = run
        .flat_map(Command::get_arguments)
        .filter(|option| option.get_action().takes_values())
        .flat_map(|option| {
            let long = option.get_long().map(|name| format!("'--{name}', "));
            let short = option.get_short().map(|name| format!("'-{name}', "));
            long.into_iter().chain(short)
        })
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    let options = format!(
        "\"\"\"The options of `dwalin run` that have values.\"\"\"\nWITH_VALUE = ({names})\nVERSION = '{version}'\n"
    );
    fs::write(package.join("options.py"), options)
}

/// A new folder that only this user can write to. The scripts delete it, unless the debugger is killed: then a later start does, or a
/// later process has its number.
///
/// # Errors
/// The system's.
pub fn folder(debugger: &str) -> anyhow::Result<PathBuf> {
    const MOST: u32 = 1000;
    delete_left(&env::temp_dir());
    let mut number = 0;
    loop {
        let folder = env::temp_dir().join(format!("dwalin-{}-{number}", process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST => {
                number += 1;
            }
            made => {
                let why = || {
                    let parent = env::temp_dir();
                    format!(
                        "cannot make a folder for {debugger}'s scripts in {} (TMPDIR names another place)",
                        parent.display()
                    )
                };
                return made.map(|()| folder).with_context(why);
            }
        }
    }
}

/// Deletes what debuggers have left in a folder that were killed: this user's folders of processes that are no more.
fn delete_left(folder: &Path) {
    let own = fs::metadata("/proc/self").map(|it| it.uid()).ok();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_own = entry
            .metadata()
            .is_ok_and(|it| it.is_dir() && Some(it.uid()) == own);
        if is_own && process_of(&name.to_string_lossy()).is_some_and(|pid| !is_running(pid)) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// The process that a folder of ours is of, by its name.
fn process_of(name: &str) -> Option<u32> {
    let (pid, number) = name.strip_prefix("dwalin-")?.split_once('-')?;
    number.parse::<u32>().ok()?;
    pid.parse().ok()
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_processes_that_are_no_more_are_deleted() {
        let folder = env::temp_dir().join(format!("test-of-dwalin-{}", process::id()));
        let own = format!("dwalin-{}-0", process::id());
        // No process has such a number (proc(5), pid_max).
        for name in [
            own.as_str(),
            "dwalin-4294967295-3",
            "dwalin-4294967295-x",
            "other",
        ] {
            fs::create_dir_all(folder.join(name).join("inside")).unwrap();
        }
        delete_left(&folder);
        let left = |name: &str| folder.join(name).exists();
        assert!(left(&own) && left("dwalin-4294967295-x") && left("other"));
        assert!(!left("dwalin-4294967295-3"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn all_modules_are_part_of_the_command() {
        for (package, folder) in [(&GDB, "gdb"), (&LLDB, "lldb/dwalin_lldb")] {
            let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/debugger");
            let entries = fs::read_dir(sources.join(folder)).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut there: Vec<_> = names.filter(|name| name.ends_with(".py")).collect();
            there.sort();
            let mut ours: Vec<_> = package.modules.iter().map(|(name, _)| *name).collect();
            ours.sort_unstable();
            assert_eq!(there, ours);
        }
    }

    #[test]
    fn lldb_is_told_what_all_kinds_of_traps_are_called() {
        let (_, text) = LLDB.modules.iter().find(|it| it.0 == "kinds.py").unwrap();
        for code in 0..=u8::MAX {
            if let Some(kind) = TrapKind::from_code(code) {
                let line = format!("    {code}: \"{kind}\",\n");
                assert!(text.contains(&line), "{line}");
            }
        }
    }
}

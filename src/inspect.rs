//! `dwalin inspect`: a core dump as a trap's report shows it, and its memory.

use crate::files;
use crate::json;
use crate::reading_options::Inspect;
use crate::report_json::{self, Frames};
use anyhow::{Context, Result, bail};
use dwalin_runtime::coredump::CoreDump;
use dwalin_runtime::{CoreModule, ModuleFile, ReportOptions};
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Bytes of memory that are shown where no length is given.
const LENGTH: usize = 128;
/// Bytes of a line.
const LINE: usize = 16;

/// Shows a core dump.
pub fn inspect(options: &Inspect) -> Result<()> {
    let name = || options.file.display().to_string();
    let dump = match CoreDump::open(&options.file) {
        Ok(dump) => dump,
        Err(_) if ModuleFile::open(&options.file).is_ok() => bail!(
            "{}: a module, and no core dump: `dwalin run --coredump FILE` writes one when a program traps",
            name()
        ),
        Err(error) => return Err(error).with_context(name),
    };
    if let Some(range) = &options.memory {
        return show_memory(&dump, range);
    }
    let modules = find_modules(&dump, options)?;
    let mut threads = Vec::new();
    for (index, thread) in dump.threads().enumerate() {
        let backtrace = dump
            .backtrace(index, &|name| modules.get(name))
            .context("a thread has no frames")?;
        if options.json {
            let frames = Frames::new(&backtrace);
            threads.push(Thread {
                name: thread,
                frames,
            });
            continue;
        }
        println!(
            "{}, thread {thread}, innermost frame first:",
            dump.process()
        );
        print!("{}", backtrace.display(&ReportOptions::normal()));
    }
    if options.json {
        let all = Members {
            version: report_json::VERSION,
            program: dump.process(),
            threads,
        };
        println!("{}", json::to_string(&all));
    }
    Ok(())
}

/// A core dump as JSON; docs/debugging.md documents the members.
#[derive(Serialize)]
struct Members<'a> {
    version: u32,
    program: &'a str,
    threads: Vec<Thread<'a>>,
}

#[derive(Serialize)]
struct Thread<'a> {
    name: &'a str,
    #[serde(flatten)]
    frames: Frames,
}

/// The modules that were running, by name: the one that was asked for, and the files of their names. Says which are missing.
fn find_modules(dump: &CoreDump, options: &Inspect) -> Result<HashMap<String, ModuleFile>> {
    let mut found = HashMap::new();
    let names = dump.modules_in_frames();
    if let Some(path) = &options.module {
        let modules = CoreModule::open_all(path).map_err(|error| files::error(error, path))?;
        take(dump, &names, modules, &mut found);
        if found.is_empty() {
            bail!(
                "{} is not the module of the core dump: it was compiled again, or is another program's",
                path.display()
            );
        }
    }
    for name in &names {
        if !found.contains_key(*name) {
            find_module(dump, name, &names, options, &mut found);
        }
    }
    Ok(found)
}

/// Takes from the modules of a file those that were running.
fn take(
    dump: &CoreDump,
    names: &[&str],
    modules: Vec<CoreModule>,
    found: &mut HashMap<String, ModuleFile>,
) {
    for CoreModule { module, .. } in modules {
        let missing = |name: &&&str| !found.contains_key(**name);
        let name = names.iter().filter(missing);
        if let Some(name) = name.into_iter().find(|name| dump.is_of(name, &module)) {
            found.insert((*name).to_owned(), module);
        }
    }
}

/// Finds the file of a module where it was run, beside the core dump, or here; of a component all that it has.
fn find_module(
    dump: &CoreDump,
    name: &str,
    names: &[&str],
    options: &Inspect,
    found: &mut HashMap<String, ModuleFile>,
) {
    let mut others = Vec::new();
    for path in places(dump, name, options) {
        let Ok(modules) = CoreModule::open_all_named(&path) else {
            continue;
        };
        take(dump, names, modules, found);
        if found.contains_key(name) {
            return;
        }
        others.push(path);
    }
    match others.first() {
        Some(path) => eprintln!(
            "warning: {} is not the module of the core dump: it was compiled again, or is another program's. Functions have numbers \
             only: give the file that ran with --module",
            path.display()
        ),
        None => eprintln!(
            "note: the module {name} is not here: give it with --module to see functions, lines and variables"
        ),
    }
}

/// Files that may be a module's.
fn places(dump: &CoreDump, name: &str, options: &Inspect) -> Vec<PathBuf> {
    // The process has the name of the first one's file, or of the component's that it is a part of.
    let process = Path::new(dump.process());
    let file = process.file_name().unwrap_or_default().to_string_lossy();
    let first = dump.modules().first().is_some_and(|it| it == name);
    let is_of_component = name.split(':').next() == Some(&*file);
    let run = (first || is_of_component).then(|| process.to_owned());
    let beside = options.file.parent().map(|folder| folder.join(name));
    let places = [run, beside, Some(PathBuf::from(name))];
    let mut places: Vec<_> = places.into_iter().flatten().flat_map(as_named).collect();
    places.retain(|path| path.is_file());
    places.dedup();
    places
}

/// Files of a name; core dumps have names in UTF-8, where others were replaced by characters that say so.
fn as_named(path: PathBuf) -> Vec<PathBuf> {
    let name = path.file_name().map(|name| name.to_string_lossy());
    let Some(name) = name.filter(|it| it.contains(char::REPLACEMENT_CHARACTER)) else {
        return vec![path];
    };
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let entries = entries.into_iter().flatten().flatten();
    let alike = entries.filter(|entry| entry.file_name().to_string_lossy() == name);
    alike.map(|entry| entry.path()).collect()
}

fn show_memory(dump: &CoreDump, range: &str) -> Result<()> {
    let (address, length) = range.split_once(':').unwrap_or((range, ""));
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let length = if length.is_empty() {
        Some(LENGTH as u64)
    } else {
        number(length)
    };
    let (Some(address), Some(length)) = (number(address), length) else {
        bail!("--memory {range}: give an address and a length, as in 0x1000:64");
    };
    let size = dump.memory_size(0).context("the core dump has no memory")?;
    let length = length.min(size.saturating_sub(address)) as usize;
    let bytes = dump
        .read(0, address, length)
        .filter(|bytes| !bytes.is_empty());
    let Some(bytes) = bytes else {
        let last = address.saturating_add(length as u64).saturating_sub(1);
        if dump.is_left_out(0, last) {
            bail!(
                "the core dump has no room for address {last:#x}: it holds 2 GiB of contents, and as much of each memory"
            );
        }
        bail!("address {address:#x} is outside the memory, which ends at {size:#x}");
    };
    for (i, line) in bytes.chunks(LINE).enumerate() {
        let hex: String = line.iter().map(|byte| format!(" {byte:02x}")).collect();
        let text: String = line
            .iter()
            .map(|byte| {
                if (0x20..0x7f).contains(byte) {
                    char::from(*byte)
                } else {
                    '.'
                }
            })
            .collect();
        println!("{:#010x}: {hex:<48}  {text}", address + (i * LINE) as u64);
    }
    Ok(())
}

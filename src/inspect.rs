//! `dwalin inspect`: a core dump as a trap's report shows it, and its memory.

use crate::args::Inspect;
use crate::json::Json;
use crate::report;
use anyhow::{Context, Result, bail};
use dwalin_runtime::coredump::CoreDump;
use dwalin_runtime::{ModuleFile, ReportOptions};
use std::path::{Path, PathBuf};

/// Bytes of memory that are shown where no length is given.
const LENGTH: usize = 128;
/// Bytes of a line.
const LINE: usize = 16;

/// Shows a core dump.
pub fn inspect(options: &Inspect) -> Result<()> {
    let name = || options.file.display().to_string();
    let dump = CoreDump::open(&options.file).with_context(name)?;
    if let Some(range) = &options.memory {
        return show_memory(&dump, range);
    }
    let module = find_module(&dump, options)?;
    if module.is_none() {
        eprintln!(
            "note: the module {} is not here: give it with --module to see functions, lines and variables",
            dump.modules().join(", ")
        );
    }
    let mut threads = Vec::new();
    for (index, thread) in dump.threads().enumerate() {
        let backtrace = dump
            .backtrace(index, &|_| module.as_ref())
            .context("a thread has no frames")?;
        if options.json {
            threads.push(Json::object([
                ("name", Json::string(thread)),
                (
                    "frames",
                    Json::array(backtrace.frames().iter().map(report::frame)),
                ),
            ]));
            continue;
        }
        println!(
            "{}, thread {thread}, innermost frame first:",
            dump.process()
        );
        print!("{}", backtrace.display(&ReportOptions::normal()));
    }
    if options.json {
        let process = Json::string(dump.process());
        let all = [
            ("version", Json::number(1)),
            ("program", process),
            ("threads", Json::array(threads)),
        ];
        println!("{}", Json::object(all));
    }
    Ok(())
}

/// The module that was asked for, or the first one's file beside the core dump, where it was run, or here.
fn find_module(dump: &CoreDump, options: &Inspect) -> Result<Option<ModuleFile>> {
    if let Some(path) = &options.module {
        return Ok(Some(
            ModuleFile::open(path).with_context(|| path.display().to_string())?,
        ));
    }
    let Some(name) = dump.modules().first() else {
        return Ok(None);
    };
    let beside = options.file.parent().map(|folder| folder.join(name));
    let places = [
        Some(PathBuf::from(dump.process())),
        beside,
        Some(PathBuf::from(name)),
    ];
    let found = places
        .into_iter()
        .flatten()
        .find(|path| Path::is_file(path));
    Ok(found.and_then(|path| ModuleFile::open(path).ok()))
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

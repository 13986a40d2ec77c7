//! What is told to perf(1) about code: a map of names, or a jitdump with the code and its source lines.
//!
//! perf finds both by the process's number: `/tmp/perf-PID.map` (text: address, size, name) while it reports, and
//! `jit-PID.dump` in the current folder, which the process maps so that `perf inject --jit` learns of it
//! (tools/perf/Documentation/jitdump-specification.txt).

use super::PlacedCode;
use crate::abi::layout::SYSTEM_PAGE;
use dwalin_debuginfo::address::{HostAddress, WasmPc};
use dwalin_debuginfo::{SourceFrame, demangle};
use rustix::mm::{MapFlags, ProtFlags, mmap};
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Mutex;

/// The formats for profilers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Names of functions, for `perf report`.
    PerfMap,
    /// Names, code and source lines, for `perf inject --jit`; record with `perf record -k mono`.
    JitDump,
}

/// A file that perf reads.
pub struct Profiler(Mutex<Output>);

enum Output {
    PerfMap(File),
    JitDump { file: File, next: u64 },
}

/// Finds the source of a wasm address.
pub type FindSource<'a> = &'a dyn Fn(WasmPc) -> Vec<SourceFrame>;

impl Profiler {
    /// Begins the file.
    ///
    /// # Errors
    /// The system's.
    pub fn new(profile: Profile) -> io::Result<Profiler> {
        let pid = std::process::id();
        let output = match profile {
            Profile::PerfMap => Output::PerfMap(own_file(&format!("/tmp/perf-{pid}.map"))?),
            Profile::JitDump => {
                let mut file = own_file(&format!("jit-{pid}.dump"))?;
                file.write_all(&header(pid))?;
                // SAFETY: a new mapping at an address of the system's choice touches no memory that exists. perf looks for an
                // executable one; it stays for as long as the process.
                unsafe {
                    mmap(
                        std::ptr::null_mut(),
                        SYSTEM_PAGE as usize,
                        ProtFlags::READ | ProtFlags::EXEC,
                        MapFlags::PRIVATE,
                        &file,
                        0,
                    )?;
                }
                Output::JitDump { file, next: 0 }
            }
        };
        Ok(Profiler(Mutex::new(output)))
    }

    /// Returns true if code has to be of no file: perf(1) looks for names of what is of one in that file alone.
    pub fn needs_code_of_no_file(&self) -> bool {
        let output = self.0.lock();
        let output = output.unwrap_or_else(|poisoned| poisoned.into_inner());
        matches!(*output, Output::PerfMap(_))
    }

    /// Tells of code that was placed. What cannot be written is lost: a program does not fail for its profile.
    pub fn placed(&self, code: &PlacedCode, source: FindSource<'_>) {
        let mut output = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let info = code.artifact().info();
        for func in info.bodies.keys() {
            let name = code.artifact().function_name(info.func_index(func));
            let range = code.function_code(func);
            let lines = || lines(code, &range, source);
            let _ = output.function(&demangle(name), &range, &lines);
        }
        for (name, range) in code.trampolines() {
            let _ = output.function(&name, &range, &Vec::new);
        }
    }
}

impl Output {
    fn function(
        &mut self,
        name: &str,
        range: &Range<HostAddress>,
        lines: &dyn Fn() -> Vec<Line>,
    ) -> io::Result<()> {
        let name = name.replace(['\n', '\0'], " ");
        let size = range.end.0 - range.start.0;
        match self {
            Output::PerfMap(file) => writeln!(file, "{:x} {size:x} {name}", range.start.0),
            Output::JitDump { file, next } => {
                let lines = lines();
                if !lines.is_empty() {
                    file.write_all(&debug_record(range.start, &lines))?;
                }
                let index = *next;
                *next += 1;
                file.write_all(&load_record(&name, range, index))
            }
        }
    }
}

/// A place in the code that a line of source begins at.
struct Line {
    address: HostAddress,
    file: String,
    line: u32,
}

/// The lines of a function's code, neighbours of one line as one. They are of all of it, from its first byte to its last: perf(1) ends
/// the table at its last record, and knows nothing of what is before the first.
fn lines(code: &PlacedCode, range: &Range<HostAddress>, source: FindSource<'_>) -> Vec<Line> {
    let text = code.text().start.0;
    let offset = |address: HostAddress| (address.0 - text) as u32;
    let mut lines: Vec<Line> = Vec::new();
    for (start, pc) in code
        .artifact()
        .address_map()
        .rows(offset(range.start), offset(range.end))
    {
        let frame = pc.and_then(|pc| source(pc).into_iter().next());
        let Some((file, line)) = frame.and_then(|frame| Some((frame.file?, frame.line?))) else {
            continue;
        };
        if lines
            .last()
            .is_none_or(|last| last.line != line || last.file != file)
        {
            lines.push(Line {
                address: HostAddress(text + u64::from(start)),
                file,
                line,
            });
        }
    }
    if let Some(first) = lines.first_mut() {
        first.address = HostAddress(range.start.0);
    }
    let end = lines.last().map(|last| Line {
        address: HostAddress(range.end.0),
        file: last.file.clone(),
        line: last.line,
    });
    lines.extend(end);
    lines
}

/// A new file. What has its name is taken away and not written to: anybody may have put a link there, where everybody may write.
fn own_file(path: &str) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path),
    }
}

fn header(pid: u32) -> Vec<u8> {
    const EM_X86_64: u32 = 62;
    let mut header = Vec::new();
    for word in [0x4a69_5444, 1, 40, EM_X86_64, 0, pid] {
        header.extend(word.to_le_bytes());
    }
    header.extend(now().to_le_bytes());
    header.extend(0u64.to_le_bytes());
    header
}

/// A record of a kind.
fn record(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut record = kind.to_le_bytes().to_vec();
    record.extend((body.len() as u32 + 16).to_le_bytes());
    record.extend(now().to_le_bytes());
    record.extend(body);
    record
}

/// JIT_CODE_LOAD: the code and its name.
fn load_record(name: &str, range: &Range<HostAddress>, index: u64) -> Vec<u8> {
    let len = (range.end.0 - range.start.0) as usize;
    // SAFETY: the code is mapped, and whoever calls us keeps it so.
    let code = unsafe { std::slice::from_raw_parts(range.start.0 as *const u8, len) };
    let mut body = Vec::new();
    body.extend(std::process::id().to_le_bytes());
    body.extend((rustix::thread::gettid().as_raw_nonzero().get() as u32).to_le_bytes());
    for word in [range.start.0, range.start.0, len as u64, index] {
        body.extend(word.to_le_bytes());
    }
    body.extend(name.as_bytes());
    body.push(0);
    body.extend(code);
    record(0, &body)
}

/// JIT_CODE_DEBUG_INFO: the lines of the function whose code comes next.
fn debug_record(start: HostAddress, lines: &[Line]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(start.0.to_le_bytes());
    body.extend((lines.len() as u64).to_le_bytes());
    for line in lines {
        body.extend(line.address.0.to_le_bytes());
        body.extend(line.line.to_le_bytes());
        body.extend(0u32.to_le_bytes());
        body.extend(line.file.as_bytes());
        body.push(0);
    }
    record(2, &body)
}

/// The clock that `perf record -k mono` uses.
fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

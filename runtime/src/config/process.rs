//! Other processes, as `/proc` shows them: which debugger it is that traces this one.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Returns the value of a field of a process's status (proc_pid_status(5)); `None` where there is none.
pub(super) fn status(pid: &str, field: &str) -> Option<String> {
    // All that is asked for is among the first lines, and one read is what it costs.
    let mut status = [0; 1024];
    let mut file = File::open(format!("/proc/{pid}/status")).ok()?;
    let len = file.read(&mut status).ok()?;
    let status = String::from_utf8_lossy(&status[..len]);
    let value = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(value.trim().to_owned())
}

/// Returns the name of the program that a process runs; of one that was started by way of the dynamic loader, as debuggers that bring their
/// own libraries are, the program's.
pub(super) fn program(pid: &str) -> String {
    let name = status(pid, "Name:").unwrap_or_default();
    if !name.starts_with("ld-") && !name.starts_with("ld.") {
        return name;
    }
    let program = interpreted(pid);
    let file = program.file_name();
    file.map_or(name, |file| file.to_string_lossy().into_owned())
}

/// The program that a dynamic loader was told to start.
fn interpreted(pid: &str) -> PathBuf {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let program = line.split(|byte| *byte == 0).nth(1).unwrap_or_default();
    PathBuf::from(String::from_utf8_lossy(program).into_owned())
}

/// Returns true if a gdb has the command of that name.
pub(super) fn has_inline_frames(pid: &str) -> bool {
    const COMMAND: &[u8] = b"inline-frames";
    let name = status(pid, "Name:").unwrap_or_default();
    let file = match name.starts_with("ld-") || name.starts_with("ld.") {
        true => interpreted(pid),
        false => PathBuf::from(format!("/proc/{pid}/exe")),
    };
    let bytes = std::fs::read(file).unwrap_or_default();
    // SAFETY: both are there for the call, with these lengths.
    let found = unsafe {
        libc::memmem(
            bytes.as_ptr().cast(),
            bytes.len(),
            COMMAND.as_ptr().cast(),
            COMMAND.len(),
        )
    };
    !found.is_null()
}

/// Returns true if another process is in this one's namespace (namespaces(7)).
pub(super) fn shares(pid: &str, kind: &str) -> bool {
    let of = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok();
    of("self").is_some_and(|own| of(pid) == Some(own))
}

/// Returns true if a process has an anonymous file open whose name begins so.
pub(super) fn has_open(pid: &str, name: &str) -> bool {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
    files.into_iter().flatten().flatten().any(|file| {
        std::fs::read_link(file.path()).is_ok_and(|path| path.to_string_lossy().starts_with(name))
    })
}

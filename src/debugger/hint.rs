//! The hint where gdb traces `dwalin run -g` without Dwalin's scripts: gdb itself would only print that it cannot access memory, or at
//! the next run that it has disabled breakpoints.

use std::env;
use std::fs;
use std::io::{IsTerminal, stderr};

/// The variable that the scripts set for what gdb starts: their version.
const SCRIPTS: &str = "DWALIN_SCRIPTS";

/// Says it once a run, to a person.
pub fn say() {
    if !stderr().is_terminal() || !is_traced_by_gdb() {
        return;
    }
    let scripts = env::var(SCRIPTS).ok();
    if let Some(hint) = hint(scripts.as_deref(), env!("CARGO_PKG_VERSION")) {
        eprintln!("dwalin: note: {hint}");
    }
}

fn hint(scripts: Option<&str>, version: &str) -> Option<String> {
    match scripts {
        None => Some(
            "this gdb does not know Dwalin: it cannot read all of the program's memory, does not stop at `watch -l`, takes `(int *)p` for a \
             pointer of 8 bytes, counts `sizeof(*p)` and `*p@2` without padding, and loses breakpoints at the next `run`; `dwalin setup` in a shell mends that, once for all"
                .to_owned(),
        ),
        Some(scripts) if scripts != version => Some(format!(
            "gdb has scripts of Dwalin {scripts}; `dwalin setup` in a shell renews them"
        )),
        Some(_) => None,
    }
}

/// By what the tracing process runs (proc_pid_status(5), TracerPid): gdb, also by way of the dynamic loader, as one that brings its own
/// libraries is.
fn is_traced_by_gdb() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"));
    let pid = tracer.map_or("0", str::trim);
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = line.split(|byte| *byte == 0).take(2);
    words.any(|word| {
        let word = String::from_utf8_lossy(word);
        let name = word.rsplit('/').next().unwrap_or_default();
        name.ends_with("gdb")
    })
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_gdb_with_the_scripts_of_this_version_is_told_nothing() {
        assert_eq!(hint(Some("1.2.0"), "1.2.0"), None);
        assert!(hint(Some("1.1.0"), "1.2.0").unwrap().contains("1.1.0"));
        assert!(hint(None, "1.2.0").unwrap().contains("`dwalin setup`"));
    }
}

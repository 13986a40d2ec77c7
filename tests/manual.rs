//! What surrounds the command: its version, help, completions and manual pages.

#[path = "support/tools.rs"]
mod tools;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{env, fs};

fn dwalin(args: &[&str]) -> Output {
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.args(args).output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = dwalin(args);
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

const COMMANDS: [&str; 11] = [
    "run",
    "replay",
    "gdb",
    "lldb",
    "compile",
    "check-debug",
    "addr2line",
    "objdump",
    "inspect",
    "wast",
    "setup",
];

#[test]
fn help_fits_a_terminal_of_80_columns() {
    let all = COMMANDS.iter().map(|command| vec![*command, "--help"]);
    for args in all.chain([vec!["--help"], vec!["run", "-h"]]) {
        let help = stdout(&args);
        let long = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{args:?}");
    }
}

#[test]
fn help_lists_options_in_groups() {
    for command in ["run", "gdb", "lldb", "serve"] {
        let help = stdout(&[command, "--help"]);
        let group = |name: &str| {
            let (_, behind) = help.split_once(name).expect(name);
            let lines = behind.lines().skip(1);
            let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
            lines.collect::<Vec<_>>().join("\n")
        };
        for (name, options) in [
            ("\nDebugging:", ["  -g\n", "--coredump", "--backtrace"]),
            ("\nThe program:", ["--dir", "  -W,", "  -S,"]),
            (
                "\nCode generation:",
                ["  -O\n", "  -C,", "--allow-precompiled"],
            ),
        ] {
            let group = group(name);
            let missing = options.iter().find(|option| !group.contains(**option));
            assert_eq!(missing, None, "{command}{name}\n{group}");
        }
    }
}

#[test]
fn the_version_names_the_commit() {
    let version = stdout(&["--version"]);
    assert!(
        version.starts_with(concat!("dwalin ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| text.trim().to_owned())
    };
    // Where nothing notes when HEAD moves, a commit could be an old one, and none is named.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    if log.is_some_and(|log| Path::new(&log).exists()) {
        let head = git(&["rev-parse", "--short=12", "HEAD"]).unwrap();
        assert!(version.contains(&head), "{version}");
    }
}

#[test]
fn completions_are_scripts_that_shells_take() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manual");
    fs::create_dir_all(&folder).unwrap();
    let script = folder.join("dwalin.bash");
    fs::write(&script, stdout(&["completions", "bash"])).unwrap();
    let bash = "source \"$0\"; COMP_WORDS=(dwalin run --core); COMP_CWORD=2; _dwalin dwalin --core run; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", bash])
        .arg(&script)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--coredump\n");
    for shell in ["zsh", "fish"] {
        assert!(stdout(&["completions", shell]).contains("check-debug"));
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manual/man1");
    fs::remove_dir_all(&folder).ok();
    stdout(&["man", folder.to_str().unwrap()]);
    for command in COMMANDS {
        let page = fs::read_to_string(folder.join(format!("dwalin-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    let page = fs::read_to_string(folder.join("dwalin.1")).unwrap();
    assert!(!page.contains("debug-image"), "it is for launchers alone");
}

#[test]
fn a_program_waits_until_a_debugger_has_attached() {
    if !tools::have(&["gdb"]) {
        return;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("waits.wat");
    fs::write(
        &file,
        "(module (func $work (param i32)) (func (export \"_start\") (call $work (i32.const 7))))",
    )
    .unwrap();
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    let dwalin = dwalin.args(["run", "-g", "--wait"]).arg(&file);
    let mut dwalin = dwalin.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(dwalin.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    assert!(
        said.contains(&format!("process {} waits", dwalin.id())),
        "{said}"
    );
    let pid = dwalin.id().to_string();
    let mut gdb = Command::new("gdb");
    gdb.args([
        "-nx",
        "-q",
        "-batch",
        "-p",
        &pid,
        "-ex",
        "set breakpoint pending on",
    ]);
    let shown = gdb
        .args(["-ex", "break work", "-ex", "continue", "-ex", "continue"])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("work (local0=7)"), "{shown}");
    assert!(dwalin.wait().unwrap().success());
}

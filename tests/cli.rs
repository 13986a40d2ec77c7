//! The command as a person uses it: exit codes, arguments, results, reports and messages.

#[path = "support/tools.rs"]
mod tools;

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Writes a file of the test's own.
fn write(name: &str, contents: impl AsRef<[u8]>) -> String {
    fs::write(file(name), contents).unwrap();
    file(name).into_os_string().into_string().unwrap()
}

/// Compiles C with debug info; `None` where the compiler is not installed and the test may be skipped.
fn compile(name: &str, source: &str) -> Option<String> {
    let source = write(&format!("{name}.c"), source);
    let out = file(&format!("{name}.wasm"))
        .into_os_string()
        .into_string()
        .unwrap();
    if !tools::have(&["clang-19"]) {
        return None;
    }
    let mut clang = Command::new("clang-19");
    clang.args(["--target=wasm32-wasi", "-g", "-O0", "-o", &out, &source]);
    assert!(clang.status().unwrap().success());
    Some(out)
}

fn dwalin(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(args)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn invoke_takes_and_prints_values_of_all_number_types() {
    let wat = write(
        "values.wat",
        r#"(module (func (export "f") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
            local.get 3 local.get 2 local.get 1 local.get 0))"#,
    );
    let output = dwalin(&["run", "--invoke", "f", &wat, "-1", "0x10", "0.5", "-2.25"]);
    assert_eq!(
        stdout(&output),
        "-2.25\n0.5\n16\n-1\n",
        "{}",
        stderr(&output)
    );
    for args in [
        &["1"][..],
        &["1", "2", "x", "4"],
        &["99999999999", "2", "3", "4"],
    ] {
        let mut all = vec!["run", "--invoke", "f", &wat];
        all.extend(args);
        let output = dwalin(&all);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("argument") || stderr(&output).contains("not a value"));
    }
}

#[test]
fn what_cannot_be_run_is_said_in_one_line() {
    let text = write("text.wasm", "hello");
    let cut = write("cut.wasm", b"\0asm\x01\0\0\0\x01\x7f");
    let elf = write("elf", b"\x7fELF and nothing behind it");
    let needy = write("needy.wat", "(module (tag $t) (func suspend $t))");
    let import = write(
        "import.wat",
        "(module (import \"a\" \"b\" (func)) (func (export \"_start\")))",
    );
    for (path, expected) in [
        ("/nonexistent.wasm", "cannot read"),
        (&text, "not a WebAssembly module"),
        (&cut, "invalid WebAssembly module"),
        (&elf, "it is native code"),
        (&needy, "needs the stack-switching proposal"),
        (&import, "cannot link import `a` `b`"),
    ] {
        let output = dwalin(&["run", "-g", path]);
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(
            stderr(&output).starts_with("error: "),
            "{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn a_trap_is_reported_with_function_and_line() {
    let Some(wasm) = compile(
        "trap",
        "static int element(const int *array, int index) {\n  return array[index];\n}\n\
         int main(int argc, char **argv) {\n  return element((const int *)0x7ffffff0, argc);\n}\n",
    ) else {
        return;
    };
    for flags in [&["run"][..], &["run", "-g"], &["run", "-g", "-O"]] {
        let output = dwalin(&[flags, &[&wasm]].concat());
        assert_eq!(output.status.code(), Some(134));
        let report = stderr(&output);
        assert!(report.contains("out of bounds memory access"), "{report}");
        assert!(
            report.contains("0: element at ") && report.contains("trap.c:2:10"),
            "{report}"
        );
        assert!(report.contains("trap.c:5:10"), "{report}");
    }
}

#[test]
fn a_program_has_arguments_environment_files_and_an_exit_code() {
    let Some(wasm) = compile(
        "world",
        "#include <stdio.h>\n#include <stdlib.h>\n\
         int main(int argc, char **argv) {\n\
           char line[32] = \"\";\n\
           FILE *file = fopen(\"/data/in.txt\", \"r\");\n\
           if (!file || !fgets(line, sizeof line, file)) return 1;\n\
           if (fopen(\"/data/../cli/world.c\", \"r\") || fopen(\"/etc/passwd\", \"r\")) return 2;\n\
           printf(\"%d %s %s %s\", argc, argv[argc > 2 ? 0 : 1], getenv(\"NAME\"), line);\n\
           return 7;\n}\n",
    ) else {
        return;
    };
    fs::create_dir_all(file("data")).unwrap();
    write("data/in.txt", "a line\n");
    let dir = format!("{}::/data", file("data").display());
    let args = ["run", "--dir", &dir, "--env", "NAME=value", &wasm, "--flag"];
    let output = dwalin(&args);
    assert_eq!(
        stdout(&output),
        "2 --flag value a line\n",
        "{}",
        stderr(&output)
    );
    assert_eq!(output.status.code(), Some(7));
    let named = [&args[..5], &["--argv0", "tool", &wasm, "x", "y"]].concat();
    assert_eq!(stdout(&dwalin(&named)), "3 tool value a line\n");
    // Compiled ahead of time it is the same.
    let artifact = file("world.dwalin").into_os_string().into_string().unwrap();
    assert!(
        dwalin(&["compile", &wasm, "-o", &artifact])
            .status
            .success()
    );
    let run = ["run", "--allow-precompiled", "--dir", &dir];
    let output = dwalin(&[&run[..], &["--env", "NAME=x", &artifact, "y"]].concat());
    assert_eq!(stdout(&output), "2 y x a line\n", "{}", stderr(&output));
    // It is machine code: by whatever name, it runs only where that is asked for.
    let renamed = write("evil.wasm", fs::read(&artifact).unwrap());
    let output = dwalin(&["run", &renamed, "y"]);
    assert_eq!((output.status.code(), &stdout(&output)[..]), (Some(1), ""));
    assert!(stderr(&output).contains("--allow-precompiled"));
    let output = dwalin(&["run", "-g", "--allow-precompiled", &artifact]);
    assert!(
        stderr(&output).contains("compiled differently"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn damaged_debug_info_never_fails_a_run() {
    let source = "struct s { int a; struct s *next; };\nstatic struct s list = {1, &list};\n\
                  static int f(struct s *s) { int n = s->a; { int m = n + 1; n += m; } return n; }\n\
                  int main(void) { return f(&list); }\n";
    let Some(wasm) = compile("damaged", source) else {
        return;
    };
    let good = fs::read(&wasm).unwrap();
    let start = good
        .windows(6)
        .position(|bytes| bytes == b".debug")
        .unwrap()
        + 16;
    let end = good.windows(4).rposition(|bytes| bytes == b"name").unwrap() - 8;
    // A fixed sequence of pseudo-random numbers (Knuth's MMIX).
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut warned = 0;
    for round in 0..40 {
        let mut bad = good.clone();
        for _ in 0..1 + round {
            bad[start + random(end - start)] ^= 1 << random(8);
        }
        let output = dwalin(&["run", "-g", &write("bad.wasm", &bad)]);
        let report = stderr(&output);
        // A section's header may be what was hit: then the module is invalid, and that is said.
        assert!(
            output.status.code() == Some(3) || report.contains("invalid"),
            "{round}: {report}"
        );
        assert!(!report.contains("panicked"), "{round}: {report}");
        warned += usize::from(report.contains("debug info: "));
    }
    assert!(warned > 0, "some of it must have been noticed");
}

#[test]
fn nobody_has_to_read_all() {
    // More than a pipe holds.
    let functions = "(func (drop (i32.const 1)))".repeat(5000);
    let module = write(
        "long.wasm",
        wat::parse_str(format!("(module {functions})")).unwrap(),
    );
    let mut objdump = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    let objdump = objdump.args(["objdump", &module]).stdout(Stdio::piped());
    let mut objdump = objdump.stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 16];
    objdump
        .stdout
        .take()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    let output = objdump.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "");
    assert_eq!(output.status.signal(), Some(libc::SIGPIPE));
}

#[test]
fn what_follows_the_file_is_the_programs() {
    let source = r#"#include <stdio.h>
        int main(int argc, char **argv) { for (int i = 1; i < argc; i++) printf("[%s]", argv[i]); }"#;
    let Some(wasm) = compile("follows", source) else {
        return;
    };
    for args in [&["--help"][..], &["-g"], &["-O", "--"], &["--", "-h"]] {
        let output = dwalin(&[&["run", &wasm], args].concat());
        let right: String = args.iter().map(|arg| format!("[{arg}]")).collect();
        assert_eq!(stdout(&output), right, "{}", stderr(&output));
    }
}

/// Characters that control a terminal are escaped, and no text of a file's fills the screen.
#[test]
fn names_from_files_do_nothing_to_a_terminal() {
    let name = r"f\1b]0;title\07\0a\c2\9b2J\e2\80\ae";
    let module = format!(
        r#"(module (func $"{name}{}" (export "_start") unreachable) (func (export "{name}")))"#,
        "x".repeat(100_000)
    );
    let module = wat::parse_str(&module).unwrap();
    let wasm = write("terminal.wasm", &module);
    let import = r#"(module (import "m\1b[2J" "f\0anext" (func)))"#;
    let import = write("import-control.wat", import);
    let commands: [&[&str]; 9] = [
        &["run", &wasm],
        &["run", "--backtrace=full", &wasm],
        &["run", "--backtrace=json", &wasm],
        &["run", "--invoke", "nothing", &wasm],
        &["run", &import],
        &["addr2line", &wasm, "0x40", "2000"],
        &["addr2line", "--json", &wasm, "0x40"],
        &["objdump", &wasm],
        &["check-debug", &wasm],
    ];
    for command in commands {
        let output = dwalin(command);
        for said in [stdout(&output), stderr(&output)] {
            let control = said
                .chars()
                .find(|c| c.is_control() && !"\n\t".contains(*c) || *c == '\u{202e}');
            assert_eq!(control, None, "{command:?}: {said:?}");
            assert!(!said.contains("\nnext"), "{said}");
            let is_json = said.starts_with(['{', '[']);
            assert!(
                is_json || said.len() < 10_000,
                "{command:?}: {}",
                said.len()
            );
            if is_json {
                serde_json::from_str::<serde_json::Value>(&said).unwrap();
            }
        }
    }
}

#[test]
fn streams_that_are_full_or_closed_end_nothing() {
    let trap = write(
        "streams.wat",
        "(module (func (export \"_start\") unreachable))",
    );
    let seven = r#"(module (func (export "f") (result i32) i32.const 7))"#;
    let seven = write("seven.wat", seven);
    let shell = |line: &str| {
        let line = format!("exec {} {line}", env!("CARGO_BIN_EXE_dwalin"));
        Command::new("sh").args(["-c", &line]).output().unwrap()
    };
    for stderr in ["2>/dev/full", "2>&-", "2>&- >&- <&-"] {
        let output = shell(&format!("run {trap} {stderr}"));
        assert_eq!(output.status.code(), Some(134), "{stderr}");
        let output = shell(&format!("run /nowhere {stderr}"));
        assert_eq!(output.status.code(), Some(1), "{stderr}");
    }
    for command in ["run --invoke f", "objdump", "check-debug"] {
        let output = shell(&format!("{command} {seven} >/dev/full"));
        assert_eq!(output.status.code(), Some(1), "{command}");
        let said = stderr(&output);
        assert!(said.contains("cannot write to standard output"), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// Under a shell's limits a program runs, or it is said why it does not.
#[test]
fn limits_of_the_process_are_met_or_told() {
    let module = "(module (memory 1) (func (export \"f\") (result i32) i32.const 7)
        (func (export \"t\") unreachable))";
    let module = write("limits.wat", module);
    let run = |limit: &str, options: &str| {
        let dwalin = env!("CARGO_BIN_EXE_dwalin");
        let line = format!("ulimit {limit}; exec {dwalin} run -C cache=n {options} {module}");
        Command::new("sh").args(["-c", &line]).output().unwrap()
    };
    for debug in ["", "-g"] {
        for limit in [
            "-s 64",
            "-s 200",
            "-s 1000",
            "-v 1500000",
            "-v 6000000",
            "-n 16",
        ] {
            let output = run(limit, &format!("{debug} --invoke f"));
            assert_eq!(stdout(&output), "7\n", "{limit}: {}", stderr(&output));
            let output = run(limit, &format!("{debug} --invoke t"));
            assert_eq!(output.status.code(), Some(134), "{limit}");
            assert!(stderr(&output).contains("limits.wat:2:"), "{limit}");
        }
        let four = "--memory-reservation=4294967296";
        for (limit, option, said) in [
            ("-f 0", "", "File too large"),
            ("-v 1500000", four, "a smaller --memory-reservation"),
        ] {
            let output = run(limit, &format!("{debug} {option} --invoke f"));
            assert_eq!(output.status.code(), Some(1), "{limit}");
            assert!(stderr(&output).contains(said), "{}", stderr(&output));
        }
        // With less than the runtime takes beside memories too.
        for limit in ["-v 600000", "-v 400000", "-v 200000"] {
            let output = run(limit, &format!("{debug} --invoke f"));
            let said = stderr(&output);
            let ran = output.status.success() && stdout(&output) == "7\n";
            let refused = output.status.code() == Some(1) && said.contains("cannot make");
            assert!(ran || refused, "{limit}: {said}");
        }
    }
}

/// A program that traps after characters of two and three bytes.
fn counted() -> Option<String> {
    compile(
        "counted",
        "static int first(const int *p) {\n  /* äöü€ */ return p[0];\n}\n\
         int main(void) { return first((const int *)0x7fff0000); }\n",
    )
}

#[test]
fn columns_of_reports_are_characters() {
    let Some(wasm) = counted() else { return };
    let output = dwalin(&["run", "-g", &wasm]);
    let text = stderr(&output);
    assert_eq!(text.matches("counted.c:2:21").count(), 2, "{text}");
    let output = dwalin(&["run", "--backtrace=json", &wasm]);
    assert!(
        stderr(&output).contains("\"line\":2,\"column\":21,"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn json_has_a_file_or_a_descriptor_of_its_own() {
    let Some(wasm) = counted() else { return };
    let path = write("report.json", "of an earlier trap");
    let output = dwalin(&["run", "-g", &format!("--backtrace=json:{path}"), &wasm]);
    assert_eq!(output.status.code(), Some(134));
    assert!(
        stderr(&output).contains("help: `p` points outside the memory"),
        "{}",
        stderr(&output)
    );
    let json = fs::read_to_string(&path).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["frames"][1]["symbols"][0]["function"], "main");
    // Through a descriptor, which a shell makes.
    let other = write("descriptor.json", "");
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "exec \"$0\" run -g --backtrace=json:fd=5 \"$1\" 5>\"$2\"",
    ]);
    let shell = shell.args([env!("CARGO_BIN_EXE_dwalin"), &wasm, &other]);
    assert_eq!(shell.output().unwrap().status.code(), Some(134));
    assert_eq!(fs::read_to_string(&other).unwrap(), json);
    // A program that ends well says nothing, and takes back what an earlier one said.
    let good = write("good.wat", "(module (func (export \"_start\")))");
    let output = dwalin(&["run", &format!("--backtrace=json:{path}"), &good]);
    assert!(output.status.success() && fs::read(&path).unwrap().is_empty());
    for place in ["json:/nonexistent/report", "json:fd=77"] {
        let output = dwalin(&["run", &format!("--backtrace={place}"), &wasm]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).starts_with("error: --backtrace: cannot write to"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_named_pipe_is_said_to_be_waited_for_and_read() {
    let pipe = file("waited.wat");
    fs::remove_file(&pipe).ok();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    command.args(["run", "--invoke", "seven"]).arg(&pipe);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut said).unwrap();
    let waits = format!(
        "dwalin: {} is a pipe, and waits for what writes to it\n",
        pipe.display()
    );
    assert_eq!(said, waits);
    let module = "(module (func (export \"seven\") (result i32) i32.const 7))";
    fs::write(&pipe, module).unwrap();
    assert_eq!(stdout(&child.wait_with_output().unwrap()), "7\n");
}

/// A file's name that is not in UTF-8.
fn name(ending: &str) -> OsString {
    let mut name = OsString::from_vec(b"no\xffutf 8".to_vec());
    name.push(ending);
    name
}

fn in_folder(folder: &Path, words: &[&OsStr]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    command.args(words).current_dir(folder).output().unwrap()
}

fn commands_that_run_nothing_take_it(folder: &Path, wasm: &OsStr) {
    for command in ["objdump", "check-debug"] {
        assert!(
            in_folder(folder, &[OsStr::new(command), wasm])
                .status
                .success(),
            "{command}"
        );
    }
    let output = in_folder(folder, &[OsStr::new("addr2line"), wasm, OsStr::new("0x90")]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn files_may_have_any_names() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = file("any \u{e4} names");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("trap.c"),
        "int main(void) { return *(volatile int *)0x7fff0000; }\n",
    )
    .unwrap();
    let mut clang = Command::new("clang-19");
    clang
        .args(["--target=wasm32-wasi", "-g", "-O0", "trap.c", "-o"])
        .arg(name(".wasm"));
    assert!(clang.current_dir(&folder).status().unwrap().success());
    fs::create_dir_all(folder.join(name(".folder"))).unwrap();
    let run = |words: &[&OsStr]| in_folder(&folder, words);
    let mut json = OsString::from("--backtrace=json:");
    json.push(name(".json"));
    let (wasm, core, artifact) = (name(".wasm"), name(".core"), name(".cwasm"));
    let (wasm, core, artifact): (&OsStr, &OsStr, &OsStr) = (&wasm, &core, &artifact);
    let folder_name = name(".folder");
    let [run_, g, dir, coredump, o] = ["run", "-g", "--dir", "--coredump", "-o"].map(OsStr::new);
    let output = run(&[run_, g, dir, &folder_name, coredump, core, &json, wasm]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(134), "{text}");
    // The linker writes a name for the module that is no text; those of functions are all the same.
    assert!(
        text.contains("trap.c:1:25") && text.contains("0: main at"),
        "{text}"
    );
    assert!(!text.contains("wasm-function"), "{text}");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join(name(".json"))).unwrap()).unwrap();
    assert_eq!(json["program"], "no\u{fffd}utf 8.wasm");
    let output = run(&[OsStr::new("inspect"), core]);
    assert!(
        stdout(&output).contains("0: main at"),
        "{}",
        stderr(&output)
    );
    assert!(
        run(&[OsStr::new("compile"), g, o, artifact, wasm])
            .status
            .success()
    );
    let output = run(&[run_, OsStr::new("--allow-precompiled"), g, artifact]);
    assert_eq!(output.status.code(), Some(134), "{}", stderr(&output));
    commands_that_run_nothing_take_it(&folder, wasm);
    // WASI's arguments are in UTF-8, and the error says which one is not.
    let output = run(&[run_, wasm, wasm]);
    assert!(
        stderr(&output).contains("not in UTF-8"),
        "{}",
        stderr(&output)
    );
}

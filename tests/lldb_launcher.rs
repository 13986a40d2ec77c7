//! `dwalin lldb`, as it is typed.

mod checkout;
#[path = "support/tools.rs"]
mod tools;

use checkout::{dwalin, root};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

fn equipped() -> bool {
    tools::have(&[&tools::lldb(), "clang-19"])
}

fn compile(source: &str) -> String {
    let name = source.replace('/', "-");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("launcher-{name}.wasm"));
    let status = Command::new("clang-19")
        .args(["--target=wasm32-wasi", "-g", "-O0", "-o"])
        .arg(&out)
        .arg(root().join("tests/programs").join(source))
        .status()
        .unwrap();
    assert!(status.success(), "{source} compiles");
    out.into_os_string().into_string().unwrap()
}

/// The output of a session in which these commands are typed.
fn session(source: &str, commands: &[&str]) -> String {
    static SESSIONS: AtomicU32 = AtomicU32::new(0);
    let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
    let scripts = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("launcher-{number}"));
    fs::create_dir_all(&scripts).unwrap();
    let mut lldb = Command::new(dwalin());
    lldb.args(["lldb", "--lldb", &tools::lldb()]);
    lldb.arg("--lldb-option=--no-lldbinit");
    lldb.arg("--lldb-option=--no-use-colors")
        .env("TMPDIR", &scripts);
    for command in commands {
        lldb.args(["-o", command]);
    }
    lldb.args(["-o", "quit"]);
    let wasm = compile(source);
    let done = lldb.arg(wasm).stdin(Stdio::null()).output().unwrap();
    let left = fs::read_dir(&scripts).unwrap();
    let ours = |name: &str| name.starts_with("dwalin");
    let left = left.filter(|it| ours(&it.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(left.count(), 0, "the scripts' folder is deleted");
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

/// The output of a command.
fn answer<'a>(said: &'a str, command: &str) -> &'a str {
    let (_, rest) = said
        .split_once(&format!("(lldb) {command}\n"))
        .unwrap_or_else(|| panic!("{command} in {said}"));
    rest.split("(lldb) ").next().unwrap()
}

#[test]
fn strings_in_memory_are_shown_and_followed() {
    if !equipped() {
        return;
    }
    let said = session(
        "look/pointers.c",
        &["b touch", "run", "up", "v node->name", "p node->next->name"],
    );
    assert!(answer(&said, "v node->name").contains("\"one\""), "{said}");
    assert!(
        answer(&said, "p node->next->name").contains("\"last\""),
        "{said}"
    );
}

#[test]
fn a_breakpoint_by_name_stops_in_the_program_only() {
    if !equipped() {
        return;
    }
    let said = session("look/pointers.c", &["b main", "run", "bt 1"]);
    assert!(answer(&said, "bt 1").contains("at pointers.c:"), "{said}");
}

#[test]
fn a_backtrace_shows_the_program_and_counts_the_rest() {
    if !equipped() {
        return;
    }
    let said = session("look/pointers.c", &["b touch", "run", "bt", "bt 2"]);
    let frames: Vec<_> = answer(&said, "bt")
        .lines()
        .filter(|line| line.contains("frame #"))
        .collect();
    assert!(frames[0].contains("`touch(node="), "{said}");
    assert!(frames[1].contains("`main at pointers.c:"), "{said}");
    assert!(
        frames.iter().all(|frame| !frame.contains("dwalin_runtime")),
        "{said}"
    );
    assert!(
        answer(&said, "bt").contains("frames of the runtime"),
        "{said}"
    );
    assert_eq!(
        answer(&said, "bt 2").matches("frame #").count(),
        2,
        "{said}"
    );
}

#[test]
fn finish_says_what_pointers_are_that_were_returned() {
    if !equipped() {
        return;
    }
    let functions = ["text", "pointer", "reference", "nothing", "array"];
    let breaks: Vec<_> = functions.iter().map(|it| format!("b {it}")).collect();
    let mut commands: Vec<_> = breaks.iter().map(String::as_str).collect();
    commands.push("run");
    commands.extend(["finish", "c"].repeat(functions.len()));
    commands.insert(commands.len() - 1, "p global == 42 ? &global : 0");
    let said = session("launcher/returned.cpp", &commands);
    let returned: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("Return value: "))
        .map(|line| line.trim_end().split_once(" = ").unwrap())
        .collect();
    let address = answer(&said, commands[commands.len() - 2]);
    let address = address.trim().rsplit(' ').next().unwrap();
    assert!(address.starts_with("0x"), "{said}");
    let (ty, text) = returned[0];
    assert!(ty.starts_with("(const char*)"), "{said}");
    assert!(
        text.starts_with("0x") && text.ends_with("\"returned\""),
        "{said}"
    );
    let values: Vec<_> = returned[1..].iter().map(|(_, value)| *value).collect();
    let null = "0x0000000000000000";
    assert_eq!(values[..3], [address, address, null], "{said}");
    assert!(returned[4].0.starts_with("(int(&)[3])"), "{said}");
    assert!(values[3].starts_with("0x") && values[3] != null, "{said}");
}

#[test]
fn types_are_named_as_natively() {
    if !equipped() {
        return;
    }
    let ask = [
        "v -T holder.once",
        "v -T holder.twice",
        "v -T holder.nodes",
        "v -T holder.call",
        "v -T holder.calls",
        "v -T holder.next",
    ];
    let commands = [&["b stop_here", "run", "up"], &ask[..]].concat();
    let said = session("launcher/returned.cpp", &commands);
    for (command, ty) in ask.iter().zip([
        "(int (*)[3])",
        "(int (**)[3])",
        "(Holder *(*)[2])",
        "(int (*)(int, char *))",
        "(int (**)(int, char *))",
        "(Holder **)",
    ]) {
        assert!(answer(&said, command).starts_with(ty), "{command}: {said}");
    }
}

#[test]
fn a_trap_says_which_one_it_is() {
    if !equipped() {
        return;
    }
    for (source, trap) in [
        ("trap/divide.c", "integer divide by zero"),
        ("trap/bounds.c", "out of bounds memory access"),
        ("trap/unreachable.c", "unreachable"),
        ("trap/null_call.c", "uninitialized element"),
        ("trap/endless.c", "call stack exhausted"),
    ] {
        let said = session(source, &["run", "bt 1"]);
        let lines: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("wasm trap: "))
            .collect();
        assert!(
            lines.len() == 1 && lines[0].contains(trap),
            "{source}: {lines:?} in {said}"
        );
    }
}

#[test]
fn a_division_by_zero_is_the_signal_that_it_is_natively() {
    if !equipped() {
        return;
    }
    let said = session("trap/divide.c", &["run"]);
    // From lldb 23 on the reason is the trap.
    let reasons = ["signal SIGFPE", "wasm trap"];
    let reasons = reasons.map(|reason| format!("stop reason = {reason}: integer divide by zero"));
    assert!(reasons.iter().any(|reason| said.contains(reason)), "{said}");
}

#[test]
fn main_has_the_sources_name_and_a_step_out_of_it_goes_on_to_the_end() {
    if !equipped() {
        return;
    }
    for step in ["finish", "thread step-out"] {
        let said = session(
            "../../examples/vscode/fellowship.c",
            &["b main", "run", "bt", step],
        );
        assert!(answer(&said, "bt").contains("`main(argc="), "{said}");
        assert_eq!(answer(&said, "bt").matches("frame #").count(), 1, "{said}");
        assert!(
            answer(&said, step).contains("exited with status ="),
            "{said}"
        );
    }
}

#[test]
fn a_step_out_of_a_constructor_comes_before_main() {
    if !equipped() {
        return;
    }
    let steps = ["b early", "run", "next", "next", "p calls", "continue"];
    let said = session("terminal/early.c", &steps);
    assert!(said.contains("`__wasm_call_ctors"), "{said}");
    assert!(answer(&said, "p calls").contains("(int) 1"), "{said}");
    assert!(answer(&said, "continue").contains("2 calls"), "{said}");
}

#[test]
fn a_panic_or_an_abort_selects_the_programs_frame() {
    if !equipped() {
        return;
    }
    let said = session("trap/aborts.c", &["run", "frame info"]);
    assert!(answer(&said, "frame info").contains("aborts.c:"), "{said}");
}

#[test]
fn what_is_typed_at_the_prompt_is_the_programs() {
    if !equipped() {
        return;
    }
    let input = Path::new(env!("CARGO_TARGET_TMPDIR")).join("launcher-input");
    fs::write(&input, "!").unwrap();
    let redirected = format!("process launch -i {} -- c 'd e'", input.display());
    let said = session(
        "launcher/arguments.c",
        &[
            "b input",
            "run a",
            "p argv[1]",
            "settings set target.run-args b",
            "process kill",
            "process launch",
            "p argv[1]",
            "process kill",
            &redirected,
            "p argv[2]",
            "finish",
        ],
    );
    let answers: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("(char"))
        .collect();
    for (answer, right) in answers.iter().zip(["\"a\"", "\"b\"", "\"d e\""]) {
        assert!(answer.ends_with(right), "{said}");
    }
    assert_eq!(answers.len(), 3, "{said}");
    assert!(answer(&said, "finish").contains("= 33"), "{said}");
}

#[test]
fn frames_have_the_names_of_the_source() {
    if !equipped() {
        return;
    }
    let said = session(
        "launcher/signatures.cpp",
        &["b signatures.cpp:4", "run", "bt", "b corners", "c", "bt"],
    );
    assert!(
        said.contains("`int next_id<int>() at signatures.cpp:4:"),
        "{said}"
    );
    assert!(
        said.contains("`int next_id<char>() at signatures.cpp:4:"),
        "{said}"
    );
    for invented in ["() ()", ">()("] {
        assert!(!said.contains(invented), "{said}");
    }
}

#[test]
fn before_it_runs_the_program_is_known_as_natively() {
    if !equipped() {
        return;
    }
    let said = session(
        "look/pointers.c",
        &[
            "source list -n touch",
            "b touch",
            "breakpoint set -p 'node->x .='",
            "image lookup -n touch",
            "type lookup inner",
            "run",
            "breakpoint list",
            "process kill",
            "b pointers.c:60",
            "process launch",
            "p (int)sizeof(struct inner)",
            "continue",
            "image list",
        ],
    );
    for (command, right) in [
        ("source list -n touch", "node->x += 5;"),
        ("b touch", "pointers.c.wasm`touch + "),
        ("breakpoint set -p 'node->x .='", "at pointers.c:"),
        ("image lookup -n touch", "pointers.c:"),
        ("type lookup inner", "double half;"),
        ("run", "stop reason = breakpoint 1.1"),
        ("b pointers.c:60", "pointers.c.wasm`main + "),
        ("process launch", "stop reason = breakpoint 3.1"),
        ("continue", "stop reason = breakpoint 1.1"),
    ] {
        assert!(answer(&said, command).contains(right), "{command}: {said}");
    }
    // What was found before is what there is in the process, and in each process.
    let list = answer(&said, "breakpoint list");
    assert_eq!(
        list.matches("locations = 1, resolved = 1").count(),
        2,
        "{said}"
    );
    let images = answer(&said, "image list").matches("pointers.c.wasm");
    assert_eq!(images.count(), 1, "{said}");
    assert!(!said.contains("JIT("), "{said}");
}

#[test]
fn types_of_pointers_are_written_as_natively() {
    if !equipped() {
        return;
    }
    let commands = [
        "b qualified.c:18",
        "run",
        "v n counter both grid",
        "v -T *b",
        "p names",
        "p b->names[1]",
        "type lookup box",
    ];
    let said = session("launcher/qualified.c", &commands);
    let (locals, members) = (answer(&said, commands[2]), answer(&said, commands[3]));
    for (text, shown) in [
        ("(node *const) n = 0x", locals),
        ("(volatile int *const) counter = 0x", locals),
        ("(node *[2]) both = {", locals),
        ("(const node *[1][2]) grid = {", locals),
        ("(const node *) first = 0x", members),
        ("(node *volatile) hot = 0x", members),
        ("(int *const) fixed = 0x", members),
        ("(const volatile int *) shared = 0x", members),
        ("(char *const *) names = 0x", members),
        ("(char *const[2]) ", answer(&said, "p names")),
        ("\"two\"", answer(&said, "p b->names[1]")),
        ("int*const fixed;", answer(&said, "type lookup box")),
    ] {
        assert!(shown.contains(text), "{text}: {said}");
    }
}

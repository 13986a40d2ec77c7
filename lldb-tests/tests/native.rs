//! The driver's own test: a native program, so that a failure elsewhere is not the driver's.

use lldb_tests::{Session, Stop};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Compiles a guest program of tests/programs for this machine: a file for each call, as tests run at once.
fn native(source: &str) -> String {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/programs");
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("native-{number}"));
    let compiler = if source.ends_with(".cpp") {
        "clang++-19"
    } else {
        "clang-19"
    };
    let mut command = Command::new(compiler);
    command
        .args(["-g", "-O0", "-o"])
        .arg(&program)
        .arg(sources.join(source))
        .arg("-lm");
    assert!(command.status().expect("clang-19 is installed").success());
    program.into_os_string().into_string().unwrap()
}

/// The number of the first line of a guest program that contains `text`.
fn line(source: &str, text: &str) -> u32 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/programs")
        .join(source);
    let source = std::fs::read_to_string(path).unwrap();
    source
        .lines()
        .position(|line| line.contains(text))
        .expect("the line is there") as u32
        + 1
}

#[test]
fn a_breakpoint_by_line_shows_frames_locals_and_statics() {
    let mut session = Session::launch(&native("list.c"), &[], &[]).unwrap();
    let at = line("list.c", "allocated++");
    let breakpoint = session.break_at("list.c", at);
    assert_eq!(session.locations(breakpoint), 1);
    assert_eq!(session.resume(), Stop::Breakpoint(breakpoint));
    assert_eq!(session.resume(), Stop::Breakpoint(breakpoint));
    assert_eq!(session.place(), format!("list.c:{at}"));
    let frames = session.frames();
    let functions: Vec<_> = frames.iter().map(|frame| frame.function()).collect();
    assert_eq!(functions[..2], ["push", "main"]);
    assert_eq!(frames[0].names(), ["head", "value", "node"]);
    assert_eq!(frames[0].read("value"), "4");
    assert_eq!(frames[0].read("node->next->value"), "1");
    assert_eq!(frames[1].read("i"), "2");
    assert_eq!(
        frames[0]
            .variable("node")
            .unwrap()
            .member("value")
            .unwrap()
            .text(),
        "4"
    );
    assert_eq!(
        frames[0].read("*head"),
        format!("{{1, {}}}", frames[0].read("head->next"))
    );
    assert!(frames[0].read("missing").starts_with("error: "));
    assert_eq!(session.global("allocated").unwrap().text(), "1");
    assert_eq!(
        session
            .evaluate("node->value * 10 + allocated")
            .unwrap()
            .text(),
        "41"
    );
}

#[test]
fn stepping_goes_over_into_and_out_with_the_returned_value() {
    let mut session = Session::launch(&native("list.c"), &[], &[]).unwrap();
    let loop_line = line("list.c", "head = push(head");
    let breakpoint = session.break_at("list.c", loop_line);
    assert_eq!(session.resume(), Stop::Breakpoint(breakpoint));
    session.delete_all();
    assert_eq!(session.step_in(), Stop::Step);
    assert_eq!(session.frame(0).function(), "push");
    assert_eq!(session.step_over(), Stop::Step);
    assert_eq!(
        session.place(),
        format!("list.c:{}", line("list.c", "if (!node)"))
    );
    let sum = session.break_on("sum");
    assert_eq!(session.resume(), Stop::Breakpoint(sum));
    session.delete(sum);
    assert_eq!(session.step_out(), Stop::Step);
    assert_eq!(session.returned().unwrap().text(), "204");
    assert_eq!(session.frame(0).function(), "main");
}

#[test]
fn a_variable_can_be_set_and_output_and_status_are_seen() {
    let mut session = Session::launch(&native("list.c"), &[], &[]).unwrap();
    let breakpoint = session.break_on("sum");
    assert_eq!(session.resume(), Stop::Breakpoint(breakpoint));
    assert!(session.global("allocated").unwrap().set("1000"));
    session.delete_all();
    assert_eq!(session.resume(), Stop::Exited(0));
    assert!(
        session.stdout().starts_with("sum 204 of 1000\n"),
        "{}",
        session.stdout()
    );
    assert_eq!(session.stderr(), "");
}

#[test]
fn strings_enums_and_cxx_names_read_as_in_the_source() {
    let mut session = Session::launch(&native("enumclass.cpp"), &[], &[]).unwrap();
    let breakpoint = session.break_on("name");
    assert_eq!(session.resume(), Stop::Breakpoint(breakpoint));
    assert_eq!(session.frame(0).function(), "name(Suit)");
    assert_eq!(session.frame(0).read("suit"), "Hearts");
    assert_eq!(
        session.frame(0).variable("suit").unwrap().type_name(),
        "Suit"
    );
    assert_eq!(session.frame(1).read("deck[0]"), "{Hearts, Ace}");
    session.step_out();
    assert_eq!(session.returned().unwrap().text(), "\"hearts\"");
}

#[test]
fn a_fatal_signal_is_a_stop_at_its_line() {
    let mut session = Session::launch(&native("trap/divide.c"), &[], &[]).unwrap();
    let Stop::Signal(why) = session.resume() else {
        panic!("it stops by a signal")
    };
    assert!(why.contains("SIGFPE"), "{why}");
    assert_eq!(
        session.place(),
        format!("divide.c:{}", line("trap/divide.c", "return part / whole"))
    );
    assert_eq!(session.frame(0).read("part"), "300");
}

#[test]
fn arguments_settings_and_a_missing_program_are_handled() {
    let init = ["settings set target.env-vars DWARF=Dvalin"];
    let mut session = Session::launch(
        "/bin/sh",
        &["-c", "echo $1 $DWARF; exit 7", "sh", "one two"],
        &init,
    )
    .unwrap();
    assert_eq!(session.resume(), Stop::Exited(7));
    assert_eq!(session.stdout(), "one two Dvalin\n");
    assert!(session.command("no-such-command").is_err());
    drop(session);
    assert!(Session::launch("/no/such/program", &[], &[]).is_err());
}

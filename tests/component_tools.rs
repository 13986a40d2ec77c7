//! The commands that look into files, on components: what they show is of the core modules, and as of modules.
#![cfg(feature = "component-model")]

mod components;

use components::{DWALIN, folder, program, run, text};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The output of a command other than `run`.
fn command(args: &[&str], directory: &Path) -> Output {
    let mut command = Command::new(DWALIN);
    command.args(args).current_dir(directory).output().unwrap()
}

/// The frames of a report, which end before the line about the core dump.
fn frames(report: &str) -> Vec<&str> {
    let lines = report.lines();
    let lines = lines.skip_while(|line| !line.starts_with("      ... "));
    lines.take_while(|line| line.starts_with(' ')).collect()
}

#[test]
fn a_core_dump_of_a_component_has_the_frames_of_its_report() {
    let here = folder("coredump");
    let Some(output) = run(&["-g", "--coredump=core"], &["panic"], "", &here) else {
        return;
    };
    let report = text(&output.stderr);
    assert!(report.contains("core dump written to core"), "{report}");
    let inspected = command(&["inspect", "core"], &here);
    assert!(inspected.status.success(), "{}", text(&inspected.stderr));
    assert_eq!(text(&inspected.stderr), "");
    let shown = text(&inspected.stdout);
    assert_eq!(frames(&shown), frames(&report));
    assert!(shown.contains("count = 3"), "{shown}");
    // Another component is told from it.
    let other = here.join("other.wat");
    fs::write(&other, "(component (core module (func)))").unwrap();
    let refused = command(&["inspect", "--module=other.wat", "core"], &here);
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    assert!(
        said.contains("is not the module of the core dump"),
        "{said}"
    );
}

#[test]
fn check_debug_reports_the_core_modules_of_a_component_that_have_debug_info() {
    let here = folder("check-debug");
    let Some(program) = program() else { return };
    let program = program.to_str().unwrap();
    let output = command(&["check-debug", "--json", program], &here);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["module"], "wasip2.wasm");
    assert_eq!(found[0]["complete"], true);
    let functions = &found[0]["entries"]["functions"];
    assert!(functions["described"].as_u64() > Some(100), "{functions}");
    let output = command(&["check-debug", "--variable=count", program], &here);
    let said = text(&output.stdout);
    assert!(said.contains("wasip2.rs:3"), "{said}");
}

#[test]
fn offsets_in_a_component_are_of_the_file_or_of_a_core_module() {
    let here = folder("addr2line");
    let Some(program) = program() else { return };
    let output = run(&["--backtrace=json"], &["panic"], "", &here).unwrap();
    let report = text(&output.stderr);
    let json = report.lines().find(|line| line.starts_with('{')).unwrap();
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    let frames = report["frames"].as_array().unwrap();
    let is_ours = |frame: &&serde_json::Value| frame["function"] == "wasip2::give_up";
    let offset = frames.iter().find(is_ours).unwrap()["offset"].as_u64();
    let offset = offset.unwrap();
    let path = program.to_str().unwrap();
    let at = |args: &[&str]| text(&command(&[&["addr2line"], args].concat(), &here).stdout);
    let in_module = at(&["--module=wasip2.wasm", path, &offset.to_string()]);
    assert!(in_module.contains("wasip2::give_up at "), "{in_module}");
    assert!(in_module.contains("wasip2.rs:35:5"), "{in_module}");
    // The first module of the file is the program.
    let bytes = fs::read(program).unwrap();
    let magic = b"\0asm\x01\0\0\0";
    let start = bytes.windows(8).position(|it| it == magic).unwrap();
    let in_file = at(&[path, &(start as u64 + offset).to_string()]);
    let place = |text: &str| text.split_once(": ").unwrap().1.to_owned();
    assert_eq!(place(&in_file), place(&in_module));
    let outside = command(&["addr2line", path, "0"], &here);
    assert!(!outside.status.success());
    let said = text(&outside.stderr);
    assert!(said.contains("the component's code is at 0x"), "{said}");
    let unnamed = command(&["addr2line", "-c", path, "0"], &here);
    let said = text(&unnamed.stderr);
    assert!(said.contains("name the core module"), "{said}");
    let unknown = command(&["addr2line", "--module=wasip2.wasn", path, "0"], &here);
    let said = text(&unknown.stderr);
    assert!(said.contains("there is `wasip2.wasm`"), "{said}");
}

#[test]
fn offsets_in_a_component_of_one_core_module_are_of_the_file_too() {
    let here = folder("addr2line-one");
    let source = "(component (core module (func $first nop) (func $second nop nop nop)))";
    fs::write(here.join("one.wasm"), wat::parse_str(source).unwrap()).unwrap();
    let bytes = fs::read(here.join("one.wasm")).unwrap();
    let magic = b"\0asm\x01\0\0\0";
    let start = bytes.windows(8).position(|it| it == magic).unwrap();
    // The operators of the second function: nop, nop, nop, end.
    let nops = [1, 1, 1, 0x0b];
    let at = bytes.windows(4).position(|it| it == nops).unwrap();
    let said = |args: &[&str]| text(&command(&[&["addr2line"], args].concat(), &here).stdout);
    let in_file = said(&["one.wasm", &at.to_string()]);
    assert_eq!(in_file, format!("{at:#x}: second\n"));
    let inside = at - start;
    let in_module = said(&["--module=one.wasm", "one.wasm", &inside.to_string()]);
    assert_eq!(in_module, format!("{inside:#x}: second\n"));
    let json = said(&["--json", "one.wasm", &at.to_string()]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["module"], "one.wasm");
}

#[test]
fn objdump_shows_functions_of_a_component() {
    let here = folder("objdump");
    let Some(program) = program() else { return };
    let path = program.to_str().unwrap();
    let args = ["objdump", "--function=wasip2::give_up", path];
    let output = command(&args, &here);
    let shown = text(&output.stdout);
    assert!(shown.starts_with("wasip2.wasm:\n\nwasip2::give_up (function "));
    assert!(
        shown.contains("panic!(\"it gave up: {count}\");"),
        "{shown}"
    );
}

#[test]
fn a_compiled_component_runs_if_it_may() {
    let here = folder("compiled");
    let Some(program) = program() else { return };
    let path = program.to_str().unwrap();
    let compiled = command(&["compile", "-g", "--output=app.cwasm", path], &here);
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let refused = command(&["run", "-g", "app.cwasm"], &here);
    let said = text(&refused.stderr);
    assert!(said.contains("machine code, not a module"), "{said}");
    let run = ["run", "-g", "--allow-precompiled", "app.cwasm"];
    let output = command(&[&run[..], &["panic"]].concat(), &here);
    assert_eq!(output.status.code(), Some(134));
    let report = text(&output.stderr);
    assert!(report.contains("wasip2.rs:35:5"), "{report}");
    assert!(report.contains("count = 3"), "{report}");
    let other = command(&["run", "--allow-precompiled", "app.cwasm"], &here);
    let said = text(&other.stderr);
    assert!(said.contains("was compiled differently"), "{said}");
    let at = command(&["addr2line", "app.cwasm", "70000"], &here);
    let of_component = command(&["addr2line", path, "70000"], &here);
    assert_eq!(text(&at.stdout), text(&of_component.stdout));
    // All of it counts.
    let mut bytes = fs::read(here.join("app.cwasm")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(here.join("app.cwasm"), bytes).unwrap();
    let damaged = command(&run, &here);
    let said = text(&damaged.stderr);
    assert!(said.contains("a damaged artifact"), "{said}");
}

#[test]
fn a_profile_of_a_component_is_written() {
    let here = folder("profile");
    let option = "--profile=guest,out.speedscope.json,1ms";
    let Some(output) = run(&[option], &["panic"], "", &here) else {
        return;
    };
    let said = text(&output.stderr);
    assert!(said.contains("written to out.speedscope.json"), "{said}");
    let profile = fs::read(here.join("out.speedscope.json")).unwrap();
    let profile: serde_json::Value = serde_json::from_slice(&profile).unwrap();
    assert!(profile["profiles"].is_array());
}

#[test]
fn a_component_in_thousands_of_others_is_refused_at_once() {
    let here = folder("deep");
    let preamble = b"\0asm\x0d\0\x01\0";
    let mut component = preamble.to_vec();
    for _ in 0..20_000 {
        // A section with a component: its id, and its length as a LEB128 of five bytes.
        let length = (0..5).map(|i| {
            let bits = (component.len() >> (7 * i)) as u8 & 0x7f;
            bits | if i < 4 { 0x80 } else { 0 }
        });
        let length: Vec<u8> = length.collect();
        component = [&preamble[..], &[4], &length, &component].concat();
    }
    fs::write(here.join("deep.wasm"), component).unwrap();
    for name in ["run", "check-debug", "compile --output=deep.cwasm"] {
        let args: Vec<_> = name.split(' ').chain(["deep.wasm"]).collect();
        let output = command(&args, &here);
        let said = text(&output.stderr);
        assert!(said.contains("in each other 20001 deep"), "{said}");
    }
    let output = command(&["addr2line", "deep.wasm", "7"], &here);
    let said = text(&output.stderr);
    assert!(said.contains("the component has no code"), "{said}");
}

#[test]
fn a_component_as_text_is_compiled_without_warnings() {
    let here = folder("text");
    let source = "(component (core module $a (func nop)) (core module $b (func nop)))";
    fs::write(here.join("text.wat"), source).unwrap();
    let args = ["compile", "-g", "--output=text.cwasm", "text.wat"];
    let output = command(&args, &here);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("warning"), "{said}");
}

//! Traps as people read them: each program of tests/programs/{trap,report,panic} says in comments how it is compiled and run
//! (`// report: -O0 -g`), and each report is a file in tests/golden, to be read and compared. `DWALIN_BLESS=1` writes them anew.
//! The frames are those that llvm-symbolizer finds at the same offsets.

mod golden;
mod trapping;
#[path = "support/trials.rs"]
mod trials;

use dwalin_runtime::wasi::{self, WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{Caller, Config, Engine, Linker, Module, Store};
use golden::expect;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use trapping::{Report, compile, dwalin, folder, frames, reports, stem};

/// A report, against the golden file of a name.
fn compare(report: &Report, name: &str) {
    let Report { source, level, .. } = report;
    let Some(wasm) = compile(source, level, &format!("golden-{}", report.name())) else {
        return;
    };
    let (folder, file) = (
        wasm.parent().unwrap(),
        wasm.file_name().unwrap().to_str().unwrap(),
    );
    let output = dwalin(folder, &[&["run"], &report.options()[..], &[file]].concat());
    assert_eq!(output.status.code(), Some(134), "{source}");
    let said = String::from_utf8_lossy(&output.stderr);
    let compared = expect(&format!("{name}.txt"), &said);
    compared.unwrap_or_else(|difference| panic!("{difference}"));
}

/// The start of the code section's contents in a module's file.
fn code_section(wasm: &Path) -> u64 {
    dwalin_runtime::ModuleFile::open(wasm)
        .unwrap()
        .code_section()
        .start as u64
}

/// The frames of a report, against those that llvm-symbolizer finds at the same offsets.
fn compare_frames(report: &Report) {
    let user = format!("symbolizer-{}", report.name());
    let Some(wasm) = compile(&report.source, &report.level, &user) else {
        return;
    };
    let run = ["run", "--backtrace=json"];
    let args = [&run, &report.options()[..], &[wasm.to_str().unwrap()]].concat();
    let report = dwalin(&folder(), &args);
    let start = code_section(&wasm);
    let frames = frames(&String::from_utf8_lossy(&report.stderr));
    let address = |(offset, _): &(u64, _)| format!("{:#x}", offset.saturating_sub(start));
    let addresses: Vec<_> = frames.iter().map(address).collect();
    let mut symbolizer = Command::new("llvm-symbolizer-19");
    let output = symbolizer.arg("--obj").arg(&wasm).args(&addresses).output();
    let output = output.unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut compared = 0;
    for ((_, places), expected) in frames.iter().zip(output.split("\n\n")) {
        let expected: Vec<_> = expected.lines().skip(1).step_by(2).collect();
        if places.is_empty() {
            assert!(expected[0].starts_with("??"), "{expected:?}");
            continue;
        }
        assert_eq!(*places, expected);
        compared += 1;
    }
    assert!(compared > 0);
}

/// Programs that are compiled in different ways, and of which llvm-symbolizer finds the debug info: none of a package beside them.
fn symbolized(mut reports: Vec<Report>) -> Vec<Report> {
    let mut known = HashSet::new();
    reports.retain(|report| {
        !report.source.ends_with(".wat")
            && !report.level.ends_with("-split")
            && !report.options().contains(&"--backtrace=short")
            && known.insert((report.source.clone(), report.level.clone()))
    });
    reports
}

fn addr2line_says_of_every_offset_what_llvm_symbolizer_says() {
    let Some(wasm) = compile("report/inlined.c", "-O2", "addr2line") else {
        return;
    };
    let offsets: Vec<_> = (0..400u32).map(|offset| format!("{offset:#x}")).collect();
    let mut symbolizer = Command::new("llvm-symbolizer-19");
    let expected = symbolizer.arg("--obj").arg(&wasm).args(&offsets).output();
    let expected = expected.unwrap();
    let expected = String::from_utf8_lossy(&expected.stdout).into_owned();
    let file = dwalin_runtime::ModuleFile::open(&wasm).unwrap();
    let mut compared = 0;
    for (offset, expected) in (0..).zip(expected.split("\n\n")) {
        let Some(location) = file.at_code_offset(offset) else {
            continue;
        };
        let expected = expected.lines().skip(1).step_by(2);
        let places = location.frames.iter().map(|frame| {
            let name = frame.file.as_deref().unwrap_or("??");
            let line = frame.line.unwrap_or(0);
            // A column without a line is nowhere.
            (format!("{name}:{line}:"), frame.column.unwrap_or(0))
        });
        if location.frames.is_empty() {
            continue;
        }
        for (expected, (place, column)) in expected.zip(places) {
            let expected_place = expected.rsplit_once(':').unwrap();
            assert_eq!(format!("{}:", expected_place.0), place, "{offset:#x}");
            if !place.ends_with(":0:") {
                assert_eq!(expected_place.1, column.to_string(), "{offset:#x}");
            }
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

const NESTED: &str = r#"(module
    (import "host" "again" (func $again (param i32)))
    (func $leaf (param $n i32) (result i32) i32.const 7 local.get $n i32.div_s)
    (func (export "run") (param $n i32)
        local.get $n i32.eqz
        if local.get $n call $leaf drop else local.get $n i32.const 1 i32.sub call $again end))"#;

fn nested() -> String {
    let engine = Engine::new(Config::new().debug_info(true));
    let module = Module::new(&engine, NESTED).unwrap();
    let mut linker = Linker::new(&engine);
    let again = |mut caller: Caller<'_, ()>, n: i32| -> dwalin_runtime::Result<()> {
        let run = caller
            .get_export("run")
            .and_then(|it| it.into_func())
            .unwrap();
        run.typed::<i32, ()>(&caller)?.call(&mut caller, n)
    };
    linker.func_wrap("host", "again", again).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance
        .get_typed_func::<i32, ()>(&mut store, "run")
        .unwrap();
    format!("{:?}", run.call(&mut store, 2).unwrap_err())
}

fn host_functions_between_guests_have_their_names() {
    expect("callbacks.txt", &nested()).unwrap();
}

fn other_threads_report_the_same() {
    let reports: Vec<_> = (0..4).map(|_| std::thread::spawn(nested)).collect();
    for report in reports {
        expect("callbacks.txt", &report.join().unwrap()).unwrap();
    }
}

/// Expects an embedder that gives the guests no standard error to get the message.
fn what_a_panic_says_is_known_without_a_standard_error() {
    let Some(wasm) = compile("panic/expect.rs", "-O0", "silent") else {
        return;
    };
    let engine = Engine::new(Config::new().debug_info(true));
    let module = Module::from_file(&engine, &wasm).unwrap();
    let mut linker = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let mut store = Store::new(&engine, WasiCtxBuilder::new().build());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
    let error = start.unwrap().call(&mut store, ()).unwrap_err();
    let golden = fs::read_to_string("tests/golden/expect-O0-g.txt").unwrap();
    let (_, panicked) = golden.split_once("panicked: ").unwrap();
    let message = panicked.lines().next().unwrap();
    let report = format!("{error:?}");
    assert!(report.contains(&format!("panicked: {message}")), "{report}");
}

fn a_core_dump_shows_what_the_report_showed() {
    for source in ["trap/divide.c", "report/values.c", "report/wild.c"] {
        let Some(wasm) = compile(source, "-O0", "coredump") else {
            return;
        };
        let (folder, file) = (
            wasm.parent().unwrap(),
            wasm.file_name().unwrap().to_str().unwrap(),
        );
        let dump = format!("{}.core", stem(source));
        let report = dwalin(folder, &["run", "-g", "--coredump", &dump, file]);
        let report = String::from_utf8_lossy(&report.stderr).into_owned();
        let shown = dwalin(folder, &["inspect", &dump]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        let frames = |text: &str| -> Vec<String> {
            let lines = text.lines().skip_while(|line| !line.starts_with("   0: "));
            let lines = lines.filter(|line| line.starts_with(' ') && !line.contains("function ="));
            lines.map(str::to_owned).collect()
        };
        assert!(frames(&shown).len() > 5, "{shown}");
        assert_eq!(frames(&report), frames(&shown));
    }
}

fn colour_is_for_terminals_and_messages_are_one_line() {
    let Some(wasm) = compile("trap/divide.c", "-O0", "messages") else {
        return;
    };
    let report = dwalin(&folder(), &["run", "-g", wasm.to_str().unwrap()]);
    assert!(!report.stderr.contains(&0x1b));
    for args in [
        &["addr2line", "/nonexistent", "1"][..],
        &["addr2line", wasm.to_str().unwrap(), "x"],
        &["inspect", wasm.to_str().unwrap()],
        &["inspect", "/nonexistent"],
        &[
            "run",
            "-g",
            "--coredump",
            "/nonexistent/core",
            wasm.to_str().unwrap(),
        ],
    ] {
        let output = dwalin(&folder(), args);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?} {message}");
        let last = message.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: "), "{args:?} {message}");
    }
}

fn objdump_shows_source_wasm_and_machine_code() {
    let Some(wasm) = compile("trap/divide.c", "-O0", "objdump") else {
        return;
    };
    let file = wasm.to_str().unwrap();
    let output = dwalin(&folder(), &["objdump", "-g", "--function", "ratio", file]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in [
        "ratio (function ",
        ":5: return part / whole;",
        "i32.div_s",
        "idiv",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn main() {
    let own: [(&str, fn()); 7] = [
        (
            "addr2line_says_of_every_offset_what_llvm_symbolizer_says",
            addr2line_says_of_every_offset_what_llvm_symbolizer_says,
        ),
        (
            "host_functions_between_guests_have_their_names",
            host_functions_between_guests_have_their_names,
        ),
        (
            "other_threads_report_the_same",
            other_threads_report_the_same,
        ),
        (
            "what_a_panic_says_is_known_without_a_standard_error",
            what_a_panic_says_is_known_without_a_standard_error,
        ),
        (
            "a_core_dump_shows_what_the_report_showed",
            a_core_dump_shows_what_the_report_showed,
        ),
        (
            "colour_is_for_terminals_and_messages_are_one_line",
            colour_is_for_terminals_and_messages_are_one_line,
        ),
        (
            "objdump_shows_source_wasm_and_machine_code",
            objdump_shows_source_wasm_and_machine_code,
        ),
    ];
    let mut tests = Vec::from(own.map(|(name, run)| trials::test(name, run)));
    let reports = reports();
    for report in reports.clone() {
        let name = report.name();
        // The report is the same with both versions of DWARF.
        let other = report.has_versions().then(|| report.dwarf5());
        for case in other.into_iter().chain([report]) {
            let name = name.clone();
            let title = format!("golden/{}", case.name());
            tests.push(trials::test(title, move || compare(&case, &name)));
        }
    }
    for report in symbolized(reports) {
        let name = format!("symbolizer/{}", report.name());
        tests.push(trials::test(name, move || compare_frames(&report)));
    }
    trials::run(&["llvm-symbolizer-19"], tests);
}

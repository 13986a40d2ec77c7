//! Profiles of our own: samples of the guest, for Firefox's profiler and for speedscope.

mod support;

use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use support::{Folder, stderr, tools};

/// Three quarters of the time are in `often`, which an inlined function spends, and a quarter in `seldom`.
const SOURCE: &str = r#"
#include <stdio.h>
static inline __attribute__((always_inline)) unsigned mix(unsigned h) {
    h ^= h << 7;
    h ^= h >> 9;
    return h * 33;
}
__attribute__((noinline)) unsigned often(unsigned n) {
    unsigned h = 1;
    while (n--)
        h = mix(h);
    return h;
}
__attribute__((noinline)) unsigned seldom(unsigned n) {
    unsigned h = 1;
    while (n--)
        h = mix(h);
    return h;
}
int main(void) {
    unsigned all = 0;
    for (int i = 0; i < 300; i++)
        all += often(3000000 + i) + seldom(1000000 + i);
    printf("%u\n", all);
    return 0;
}
"#;

/// A stack, the outermost frame first: function, file's name and line of each.
type Stack = Vec<(String, String, u64)>;

/// The program's profile, with what it wrote.
fn profile(folder: &Folder, name: &str, options: &[&str]) -> Value {
    let option = format!("--profile=guest,{name},1ms");
    let output = folder.dwalin(&[&["run"], options, &[&option, "app.wasm"]].concat());
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(&format!("samples written to {name}")),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    serde_json::from_slice(&fs::read(folder.path(name)).unwrap()).unwrap()
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

/// The stacks of a file for Firefox, with the weight of each.
fn firefox(profile: &Value) -> Vec<(Stack, f64)> {
    let thread = &profile["threads"][0];
    let string = |number: &Value| thread["stringArray"][number.as_u64().unwrap() as usize].clone();
    let row = |table: &str, column: &str, number: &Value| {
        let values = thread[table][column].as_array().unwrap();
        assert_eq!(thread[table]["length"], values.len(), "{table} {column}");
        values[number.as_u64().unwrap() as usize].clone()
    };
    let frame = |number: &Value| {
        let function = row("frameTable", "func", number);
        let name = string(&row("funcTable", "name", &function));
        let file = row("funcTable", "fileName", &function);
        let file = if file.is_null() {
            Value::from("")
        } else {
            string(&file)
        };
        let line = row("frameTable", "line", number).as_u64().unwrap_or(0);
        (
            name.as_str().unwrap().to_owned(),
            file_name(file.as_str().unwrap()),
            line,
        )
    };
    let samples = &thread["samples"];
    let stacks = samples["stack"].as_array().unwrap();
    for column in ["timeDeltas", "weight", "threadCPUDelta"] {
        assert_eq!(samples[column].as_array().unwrap().len(), stacks.len());
    }
    let stack = |number: &Value| {
        let (mut stack, mut number) = (Vec::new(), number.clone());
        while !number.is_null() {
            stack.push(frame(&row("stackTable", "frame", &number)));
            number = row("stackTable", "prefix", &number);
        }
        stack.reverse();
        stack
    };
    let times = samples["threadCPUDelta"].as_array().unwrap().iter();
    stacks
        .iter()
        .map(stack)
        .zip(times.map(|it| it.as_f64().unwrap()))
        .collect()
}

fn speedscope(profile: &Value) -> Vec<(Stack, f64)> {
    let sampled = &profile["profiles"][0];
    assert_eq!(sampled["type"], "sampled");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let frame = |number: &Value| {
        let frame = &profile["shared"]["frames"][number.as_u64().unwrap() as usize];
        let line = frame["line"].as_u64().unwrap_or(0);
        (text(&frame["name"]), file_name(&text(&frame["file"])), line)
    };
    let stacks = sampled["samples"].as_array().unwrap();
    let weights = sampled["weights"].as_array().unwrap();
    assert_eq!(stacks.len(), weights.len());
    let sum: f64 = weights.iter().map(|it| it.as_f64().unwrap()).sum();
    assert_eq!(sampled["endValue"].as_f64().unwrap(), sum);
    let stacks = stacks
        .iter()
        .map(|it| it.as_array().unwrap().iter().map(frame).collect());
    stacks
        .zip(weights.iter().map(|it| it.as_f64().unwrap()))
        .collect()
}

/// The percentage of the time in stacks that have a frame.
fn share(stacks: &[(Stack, f64)], has: impl Fn(&(String, String, u64)) -> bool) -> f64 {
    let all: f64 = stacks.iter().map(|it| it.1).sum();
    let with = stacks.iter().filter(|(stack, _)| stack.iter().any(&has));
    100.0 * with.map(|it| it.1).sum::<f64>() / all
}

fn expect_shares(stacks: &[(Stack, f64)]) {
    assert!(stacks.len() > 50, "{} samples", stacks.len());
    let function = |name: &'static str| share(stacks, move |(it, ..)| it == name);
    let near = |found: f64, expected: f64| (found - expected).abs() < 10.0;
    assert!(function("main") > 95.0, "{}", function("main"));
    assert!(near(function("often"), 75.0), "{}", function("often"));
    assert!(near(function("seldom"), 25.0), "{}", function("seldom"));
    // Inlined frames are on those that they are inlined into, at their own lines.
    let inlined = function("mix");
    assert!(inlined > 30.0, "{inlined}");
    let in_mix = share(stacks, |(name, file, line)| {
        // Of some instructions LLVM names no line.
        name == "mix" && file == "app.c" && [0, 4, 5, 6].contains(line)
    });
    assert_eq!(inlined, in_mix);
    for (stack, _) in stacks {
        let at = |name: &str| stack.iter().position(|it| it.0 == name);
        if let Some(mix) = at("mix") {
            assert!(
                ["often", "seldom"].contains(&&*stack[mix - 1].0),
                "{stack:?}"
            );
        }
        if let Some(inner) = at("often").or(at("seldom")) {
            assert_eq!(stack[inner - 1].0, "main", "{stack:?}");
            assert_eq!(stack[inner - 1].2, 23, "{stack:?}");
        }
    }
}

#[test]
fn shares_of_functions_are_those_of_the_program() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = Folder::new("guest-profile");
    folder.write("app.c", SOURCE);
    folder.compile("app.c", &["-g", "-O1"]);
    for options in [&[][..], &["-g"]] {
        expect_shares(&firefox(&profile(&folder, "profile.json", options)));
    }
    expect_shares(&speedscope(&profile(&folder, "p.speedscope.json", &[])));
}

/// Recursion, calls through a table, callbacks of the C library, host functions and the shortest functions: the handler finds all stacks.
#[test]
fn stacks_are_whole_wherever_samples_are_taken() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let folder = Folder::new("guest-profile-stacks");
    folder.write(
        "app.c",
        r#"
#include <stdlib.h>
#include <time.h>
static int calls;
__attribute__((noinline)) static int tiny(int a) { return a ^ 5; }
static int compare(const void *a, const void *b) { calls++; return *(int *)a - *(int *)b; }
__attribute__((noinline)) static int down(int n) { return n == 0 ? tiny(n) : down(n - 1) + tiny(n); }
__attribute__((noinline)) static void sort(void) {
    static int all[2000];
    for (int i = 0; i < 2000; i++) all[i] = i * 7919 % 2003;
    qsort(all, 2000, sizeof *all, compare);
}
__attribute__((noinline)) static long now(void) { return time(0); }
int main(void) {
    volatile long sum = 0;
    for (int i = 0; i < 150; i++) {
        for (int j = 0; j < 60; j++) sum += down(3000);
        for (int j = 0; j < 2000; j++) sum += now();
        sort();
    }
    return 0;
}
"#,
    );
    folder.compile("app.c", &["-g", "-O0"]);
    for options in [&["-g"][..], &[]] {
        let stacks = firefox(&profile(&folder, "profile.json", options));
        let mut innermost: HashMap<String, usize> = HashMap::new();
        for (stack, _) in &stacks {
            let whole = stack.iter().any(|it| it.0 == "main")
                || stack[0].0.contains("left out") && stack.len() > 500;
            assert!(whole, "{:?}", &stack[..stack.len().min(8)]);
            let last = stack.last().unwrap();
            *innermost.entry(last.0.clone()).or_default() += 1;
            // Each is called by who calls it in the source.
            if last.0 == "tiny" {
                assert_eq!(stack[stack.len() - 2].0, "down", "{innermost:?}");
            }
        }
        let host = innermost.keys().any(|it| it.contains("clock_time_get"));
        let guest = innermost.contains_key("tiny") && innermost.contains_key("down");
        assert!(host && guest, "{innermost:?}");
    }
}

#[test]
fn a_profile_is_written_however_the_program_ends() {
    let folder = Folder::new("guest-profile-ends");
    for (name, body, status) in [
        ("trap.wat", "unreachable", 134),
        ("exit.wat", "i32.const 3 call $exit", 3),
    ] {
        let module = format!(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (local i32)
                    (loop (br_if 0 (i32.ne (i32.const 100000000)
                        (local.tee 0 (i32.add (local.get 0) (i32.const 1))))))
                    {body}))"#
        );
        folder.write(name, module);
        let output = folder.dwalin(&["run", "--profile=guest", name]);
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        let profile = fs::read(folder.path("guest-profile.json")).unwrap();
        let profile: Value = serde_json::from_slice(&profile).unwrap();
        assert!(!firefox(&profile).is_empty());
        fs::remove_file(folder.path("guest-profile.json")).unwrap();
    }
    let output = folder.dwalin(&["run", "--profile=guest,no/such/folder.json", "exit.wat"]);
    let why = "error: --profile=guest: cannot write no/such/folder.json";
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
    // Nothing has run.
    assert_eq!(output.status.code(), Some(1));
}

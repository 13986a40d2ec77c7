//! After an edit only functions that changed are compiled, and all of the code is what it would be without those from before.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Folder, tools};

/// A folder with a module and a cache.
struct Module(Folder);

/// The name of the module's file.
const WAT: &str = "app.wat";

impl Module {
    fn new(name: &str) -> Module {
        Module(Folder::new(name))
    }

    fn command(&self, cache: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dwalin"));
        command
            .current_dir(self.0.path(""))
            .env("XDG_CACHE_HOME", self.0.path(cache))
            .stdin(Stdio::null())
            .arg("run")
            .args(args);
        command
    }

    /// The output of the program, which must be all output.
    fn says(&self, args: &[&str]) -> String {
        let output = self.command("cache", args).output().unwrap();
        assert_eq!(support::stderr(&output), "", "{args:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The file of functions, of the only path and settings.
    fn functions(&self) -> PathBuf {
        let places = fs::read_dir(self.0.path("cache/dwalin/code/functions")).unwrap();
        let places: Vec<_> = places.flatten().collect();
        let [place] = &places[..] else {
            panic!("one place: {places:?}")
        };
        place.path().join("functions")
    }

    fn replace(&self, change: impl Fn(&mut Vec<u8>)) {
        let path = self.functions();
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
    }
}

/// Makes the checksum that of the bytes.
fn seal(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() - 4);
    bytes.extend(crc32fast::hash(bytes).to_le_bytes());
}

/// Makes code return 7,654,321: in keys, which have LEB128, the number stays.
fn other_code(bytes: &mut Vec<u8>) {
    let number = 1_234_567_i32.to_le_bytes();
    let at = bytes.windows(4).position(|it| it == number).unwrap();
    bytes[at..at + 4].copy_from_slice(&7_654_321_i32.to_le_bytes());
    seal(bytes);
}

/// A module whose function `f` returns 1,234,567 and a number that `g` returns, with other functions before it.
fn text(before: &str, number: i32) -> String {
    format!(
        r#"(module
            {before}
            (func (export "f") (result i32)
                i32.const 1234567
                call $g
                i32.add)
            (func $g (result i32) i32.const {number}))"#
    )
}

#[test]
fn functions_that_did_not_change_are_not_compiled() {
    for options in [&["-g"][..], &[], &["-g", "-O"]] {
        let module = Module::new(&format!("incremental-{}", options.concat()));
        let run = |more: &[&str]| module.says(&[options, more, &["--invoke", "f", WAT]].concat());
        module.0.write(WAT, text("", 0));
        assert_eq!(run(&[]), "1234567");
        // If that is what runs, then it was not compiled; what changed was, and what moved is found where it is.
        module.replace(other_code);
        for (before, number) in [
            ("", 1),
            ("(func (result i32) i32.const 5)\n\n", 2),
            ("(func $h (result i32) call $g)", 3),
        ] {
            module.0.write(WAT, text(before, number));
            assert_eq!(run(&[]), (7_654_321 + number).to_string(), "{options:?}");
            let fresh = run(&["-C", "cache=n"]);
            assert_eq!(fresh, (1_234_567 + number).to_string());
        }
        // A declaration that places in instances depend on.
        module.0.write(WAT, text("(memory 1)", 4));
        assert_eq!(run(&[]), "1234571");
    }
}

#[test]
fn handlers_of_exceptions_are_where_functions_are() {
    let module = Module::new("incremental-exceptions");
    let text = |before: &str| {
        format!(
            r#"(module
                (tag $t (param i32))
                {before}
                (func $throw (param i32) local.get 0 throw $t)
                (func (export "f") (result i32)
                    (block $h (result i32)
                        (try_table (catch $t $h) i32.const 1234567 call $throw)
                        i32.const 0)))"#
        )
    };
    let run = |before| {
        module.0.write(WAT, text(before));
        module.says(&["-g", "--invoke", "f", WAT])
    };
    assert_eq!(run(""), "1234567");
    module.replace(other_code);
    assert_eq!(run("(func (result i32) i32.const 5)"), "7654321");
    // A tag more, before that of the module.
    assert_eq!(run("(tag)"), "1234567");
}

#[test]
fn damaged_functions_are_compiled() {
    let module = Module::new("incremental-damaged");
    let run = |number| {
        module.0.write(WAT, text("", number));
        module.says(&["-g", "--invoke", "f", WAT])
    };
    run(0);
    let whole = fs::read(module.functions()).unwrap();
    let mut number = 0;
    let mut expect = |bytes: &[u8], code: i32| {
        number += 1;
        module.replace(|it| *it = bytes.to_vec());
        assert_eq!(run(number), (code + number).to_string(), "{number}");
    };
    let mut changed = whole.clone();
    other_code(&mut changed);
    expect(&changed, 7_654_321);
    for at in (0..whole.len()).step_by(whole.len() / 16) {
        let mut bytes = changed.clone();
        bytes[at] ^= 0x20;
        expect(&bytes, 1_234_567);
    }
    for len in [0, 3, 4, 8, whole.len() / 2] {
        expect(&changed[..len], 1_234_567);
        // With a checksum that is right, of what is cut short.
        let mut sealed = changed[..len].to_vec();
        sealed.extend([0; 4]);
        seal(&mut sealed);
        expect(&sealed, 1_234_567);
    }
}

#[test]
fn functions_that_others_can_have_written_are_compiled() {
    let module = Module::new("incremental-others");
    for (number, mode) in [(1, 0o464), (2, 0o446)] {
        let args = ["-g", "--invoke", "f", WAT];
        module.0.write(WAT, text("", 0));
        module.says(&args);
        module.replace(other_code);
        fs::set_permissions(module.functions(), PermissionsExt::from_mode(mode)).unwrap();
        module.0.write(WAT, text("", number));
        assert_eq!(module.says(&args), (1_234_567 + number).to_string());
        fs::remove_dir_all(module.0.path("cache")).unwrap();
    }
}

#[test]
fn processes_that_compile_at_once_agree() {
    let module = Module::new("incremental-concurrent");
    let start = |number: i32| {
        // A process that reads the module while the next one is written has all of one.
        let next = module.0.write("next.wat", text("", number));
        fs::rename(next, module.0.path(WAT)).unwrap();
        let mut command = module.command("cache", &["-g", "--invoke", "f", WAT]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    for round in 0..4 {
        let mut all: Vec<_> = (0..4).map(|number| start(4 * round + number)).collect();
        all[0].kill().unwrap();
        for process in all {
            process.wait_with_output().unwrap();
        }
    }
    module.0.write(WAT, text("", 100));
    let args = ["-g", "--invoke", "f", WAT];
    assert_eq!(module.says(&args), "1234667");
    let bytes = fs::read(module.functions()).unwrap();
    let (sealed, sum) = bytes.split_last_chunk().unwrap();
    assert_eq!(crc32fast::hash(sealed).to_le_bytes(), *sum);
}

const SOURCE: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct pair { int left; int right; };
typedef int (*operation)(struct pair *);
static int sum(struct pair *p) { return p->left + p->right; }
static int product(struct pair *p) { int r = p->left * p->right; return r; }
static operation table[] = { sum, product };
static int total = 3;
// here
__attribute__((noinline)) static struct pair swapped(struct pair p) {
    struct pair q = { p.right, p.left };
    return q;
}
static double mean(const double *v, int n) {
    double s = 0;
    for (int i = 0; i < n; i++)
        s += v[i];
    return n ? s / n : 0;
}
int main(int argc, char **argv) {
    struct pair p = { argc + 4, 7 };
    double v[] = { 1.5, 2.5, argc };
    p = swapped(p);
    for (int i = 0; i < 2; i++)
        total += table[i](&p);
    char *text = strdup("some text");
    printf("%d %s %g\n", total, text, mean(v, 3));
    free(text);
    return total & 1;
}
"#;

/// Edits as people make them: the text that is replaced, and by what.
const EDITS: [(&str, &str); 7] = [
    ("total = 3", "total = 44444"),
    ("// here", "\n\n// here\n\n"),
    ("s += v[i];", "s += v[i] * 2;"),
    // A function more, which moves those after it; one of a type of its own; one by a pointer.
    (
        "// here",
        "int more(struct pair *p) { return sum(p) - product(p); }",
    ),
    (
        "// here",
        "long long wide(float a, long long b, double c) { return a + b * c; }",
    ),
    (
        "sum, product }",
        "product, sum }; int other(struct pair *p) { return 1; } operation by = other",
    ),
    // A host's function more.
    (
        "free(text);",
        "free(text); char *home = getenv(\"HOME\"); if (home) puts(home);",
    ),
];

/// The only artifact in a cache.
fn artifact(cache: &Path) -> Vec<u8> {
    let places = fs::read_dir(cache.join("dwalin/code")).unwrap().flatten();
    let files = places.map(|place| place.path().join("artifact"));
    let files: Vec<_> = files.filter(|file| file.exists()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    fs::read(&files[0]).unwrap()
}

#[test]
fn code_is_what_it_would_be_without_those_from_before() {
    if !tools::have(&["clang-19"]) {
        return;
    }
    let edits = [("", "")].into_iter().chain(EDITS);
    for (flags, options) in [
        (&["-g", "-O0"][..], &["-g"][..]),
        (&["-g", "-O2"], &["-g"]),
        (&["-g", "-O2"], &["-g", "-O"]),
        (&["-O1"], &[]),
    ] {
        let name = [flags, options].concat().concat();
        let module = Module::new(&format!("incremental-edits{name}"));
        for (from, to) in edits.clone() {
            let source = match from {
                "" => SOURCE.to_owned(),
                _ => SOURCE.replace(from, to),
            };
            module.0.write("app.c", source);
            module.0.compile("app.c", flags);
            let args = [options, &["app.wasm"]].concat();
            check_as_fresh(&module, &args, &format!("{name}: {to}"));
        }
    }
}

/// Checks that a run makes the artifact that it would make with an empty cache; what it prints.
fn check_as_fresh(module: &Module, args: &[&str], name: &str) -> String {
    let run = |cache| module.command(cache, args).output().unwrap();
    let places = fs::read_dir(module.0.path("cache/dwalin/code"));
    for place in places.into_iter().flatten().flatten() {
        fs::remove_file(place.path().join("artifact")).ok();
    }
    fs::remove_dir_all(module.0.path("fresh")).ok();
    let (known, fresh) = (run("cache"), run("fresh"));
    assert_eq!(known.stdout, fresh.stdout, "{name}");
    let paths = (module.0.path("cache"), module.0.path("fresh"));
    assert!(artifact(&paths.0) == artifact(&paths.1), "{name}");
    String::from_utf8(known.stdout).unwrap()
}

#[test]
fn callers_follow_the_convention_of_what_they_call() {
    for options in [&[][..], &["-g"], &["-O"]] {
        let module = Module::new(&format!("incremental-tail-calls{}", options.concat()));
        let calls = [
            "call $g i32.add",
            "drop return_call $g",
            "call $g i32.add",
            // The type of `$many`, which others call, has the other convention now.
            "drop i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i32.const 6 i32.const 7 return_call $many",
        ];
        for (call, result) in calls.into_iter().zip([13, 12, 13, 21]) {
            let text = format!(
                r#"(module
                    (func (export "f") (result i32)
                        i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i32.const 6 i32.const 0
                        call $many
                        call $h
                        i32.add)
                    (func $h (result i32) i32.const 1 {call})
                    (func $g (result i32) i32.const 5)
                    (func $many (param i32 i32 i32 i32 i32 i32 i32) (result i32)
                        local.get 6 i32.const 7 i32.add))"#
            );
            module.0.write(WAT, text);
            let args = [options, &["--invoke", "f", WAT]].concat();
            let said = check_as_fresh(&module, &args, call);
            assert_eq!(said.trim(), result.to_string(), "{call}");
        }
    }
}

#[test]
fn references_to_functions_are_where_others_let_them_be() {
    for options in [&[][..], &["-g"]] {
        let module = Module::new(&format!("incremental-references{}", options.concat()));
        // As many functions have a reference, and another one before `$b` or behind it.
        for other in ["$a", "$c", "$a"] {
            let text = format!(
                r#"(module
                    (type $answer (func (result i32)))
                    (elem declare func $b {other})
                    (func $a (type $answer) i32.const 1)
                    (func $b (type $answer) i32.const 2)
                    (func $c (type $answer) i32.const 3)
                    (func (export "f") (result i32) ref.func $b call_ref $answer)
                    (func (export "g") (result i32) ref.func {other} call_ref $answer))"#
            );
            module.0.write(WAT, text);
            let args = [options, &["--invoke", "f", WAT]].concat();
            let said = check_as_fresh(&module, &args, other);
            assert_eq!(said.trim(), "2", "{other}");
        }
    }
}

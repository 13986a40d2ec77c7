//! Sessions of `dwalin gdb` in which the program runs more than once, with arguments that are given at the prompt. What is expected is
//! what gdb does with a native program.

mod support;

use std::process::{Command, Stdio};
use support::Folder;
use support::scripted::source;
use support::tools::{gdb as gdb_path, gdb_keeps_targets, have, is_superuser};

/// Prints its arguments in brackets, and without any what it reads.
const SAYS: &str = r#"#include <stdio.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    printf("[%s]", argv[i]);
  for (int c; argc == 1 && (c = getchar()) != EOF;)
    putchar(c);
  puts("");
  return 0;
}
"#;

fn equipped() -> bool {
    have(&["gdb", "clang-19"])
}

/// The output of gdb for commands, with options in front of the module and arguments after it.
fn gdb(folder: &Folder, options: &[&str], program: &[&str], commands: &[&str]) -> String {
    let mut gdb = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    gdb.args(["gdb", "-nx", "-batch"]).args(options);
    for command in commands {
        gdb.args(["-ex", command]);
    }
    let gdb = gdb.args(program).current_dir(folder.path("."));
    // Memory that is freed is overwritten: gdb dies where it would read it.
    gdb.env("MALLOC_PERTURB_", "165")
        .env_remove("DEBUGINFOD_URLS");
    let said = gdb.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.status.success(), "{}: {text}", said.status);
    text
}

fn program(name: &str) -> (Folder, String) {
    let folder = Folder::new(name);
    let turns = std::fs::read(source("tests/programs/terminal/turns.c")).unwrap();
    folder.write("turns.c", turns);
    folder.write("says.c", SAYS);
    folder.compile("says.c", &["-g", "-O0"]);
    let turns = folder.compile("turns.c", &["-g", "-O0"]);
    (folder, turns)
}

#[test]
fn every_breakpoint_stops_in_every_run() {
    if !equipped() {
        return;
    }
    let (folder, turns) = program("sessions-rerun");
    let stops = ["run", "continue", "continue"];
    let mut commands = vec![
        "break main",
        "run",
        "break turn if n == 4",
        "break 23",
        "tbreak 24",
    ];
    commands.extend(["continue", "continue", "continue", "continue"]);
    commands.push("echo AGAIN\\n");
    // Killed in between, and ended.
    commands.extend(stops);
    commands.extend(["kill", "echo AGAIN\\n"]);
    commands.extend(stops);
    commands.extend(["continue", "info breakpoints"]);
    let said = gdb(&folder, &[], &[&turns], &commands);
    let runs: Vec<_> = said.split("AGAIN\n").collect();
    for run in &runs {
        for line in [
            "Breakpoint 1, ",
            "Breakpoint 2, turn (n=4)",
            "Breakpoint 3, ",
        ] {
            assert_eq!(run.matches(line).count(), 1, "{line}: {said}");
        }
    }
    assert!(runs[0].contains("Temporary breakpoint 4, "), "{said}");
    assert!(
        !said.contains("re-setting") && !said.contains("keep n"),
        "{said}"
    );
    assert_eq!(said.matches("exited normally").count(), 2, "{said}");
}

#[test]
fn breakpoints_at_addresses_and_watchpoints_stop_in_every_run() {
    if !equipped() {
        return;
    }
    let (folder, turns) = program("sessions-addresses");
    let mut commands = vec!["break *turn", "tbreak main", "run", "watch left"];
    commands.extend(["continue", "continue", "delete 1"]);
    commands.extend(["continue"; 4]);
    commands.extend(["echo AGAIN\\n", "break *turn", "run", "continue"]);
    commands.push("info breakpoints");
    let said = gdb(&folder, &[], &[&turns], &commands);
    let (first, again) = said.split_once("AGAIN\n").unwrap();
    assert!(first.contains("Breakpoint 1, turn (n="), "{said}");
    // When it is made, and for each of the loop's tests.
    assert_eq!(first.matches("atchpoint 3: left\n").count(), 5, "{said}");
    assert!(first.contains("exited normally"), "{said}");
    assert_eq!(again.matches("atchpoint 3: left\n").count(), 1, "{said}");
    assert!(again.contains("Breakpoint 4, turn (n="), "{said}");
    for text in ["keep n", "may be lost", "not insert"] {
        assert!(!said.contains(text), "{text}: {said}");
    }
}

#[test]
fn what_needs_no_process_is_there_after_the_end() {
    if !equipped() {
        return;
    }
    let (folder, turns) = program("sessions-after");
    for end in ["kill", "continue"] {
        let commands = [
            "break turn",
            "run",
            "delete",
            end,
            "echo THEN\\n",
            "break 8",
            "info line turn",
            "list turn",
            "info breakpoints",
            "disassemble turn",
        ];
        let said = gdb(&folder, &[], &[&turns], &commands);
        let (_, said) = said.split_once("THEN\n").unwrap();
        for text in [
            "file turns.c, line 8.",
            "Line 6 of \"turns.c\"",
            "7\t  int next = n * 3 + 1;",
            "in turn at turns.c:8",
            "End of assembler dump.",
        ] {
            assert!(said.contains(text), "{text}: {said}");
        }
    }
}

#[test]
fn a_step_out_of_a_constructor_comes_before_main() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("sessions-early");
    let early = std::fs::read(source("tests/programs/terminal/early.c")).unwrap();
    folder.write("early.c", early);
    let wasm = folder.compile("early.c", &["-g", "-O0"]);
    let steps = [
        "break early",
        "run",
        "next",
        "next",
        "print calls",
        "continue",
    ];
    let said = gdb(&folder, &[], &[&wasm], &steps);
    // Constructors are called by code without lines, as natively.
    let (stopped, ended) = said.split_once("$1 = 1\n").expect(&said);
    assert!(stopped.contains("in __wasm_call_ctors"), "{said}");
    assert!(ended.contains("2 calls\n"), "{said}");
}

#[test]
fn arguments_at_the_prompt_are_the_programs() {
    if !equipped() {
        return;
    }
    let (folder, _) = program("sessions-arguments");
    folder.write("in.txt", "what is in the file\n");
    let said = gdb(
        &folder,
        &["--env", "HOME=/guest"],
        &["says.wasm", "--first", "two words", "$HOME"],
        &[
            "show args",
            "run",
            "run other 'a b' -g --help run",
            "show args",
            "set args",
            "run < in.txt",
            "run to > out.txt",
            "start once",
        ],
    );
    for text in [
        "[--first][two words][$HOME]\n",
        "[other][a b][-g][--help][run]\n",
        "is \"other 'a b' -g --help run\".",
        "what is in the file\n",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert!(!said.contains("Usage:") && !said.contains("[to]"), "{said}");
    let out = std::fs::read_to_string(folder.path("out.txt")).unwrap();
    assert_eq!(out, "[to]\n");
}

#[test]
fn options_of_gdb_go_before_the_file_as_gdb_takes_them() {
    if !equipped() {
        return;
    }
    let (folder, _) = program("sessions-options");
    folder.write("commands", "echo [file]\\n\n");
    let options = [
        "-q",
        "-iex",
        "echo [early]\\n",
        "--init-eval-command=echo [again]\\n",
        "-x",
        "commands",
        "--dir",
        ".",
        "-ex=echo [after]\\n",
        "--eval-com",
        "run",
        "--args",
    ];
    let said = gdb(&folder, &options, &["says.wasm", "-q"], &[]);
    let order = ["[early]", "[again]", "[file]", "[after]", "[-q]"];
    let places: Vec<_> = order.iter().map(|text| said.find(text)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{said}");
    let machine = Command::new(env!("CARGO_BIN_EXE_dwalin"))
        .args(["gdb", "-nx", "-q", "-i=mi", "-cd"])
        .arg(folder.path("."))
        .args(["-ex", "run x", "says.wasm"])
        .env_remove("DEBUGINFOD_URLS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let machine = String::from_utf8_lossy(&machine.stdout);
    assert!(
        machine.contains("[x]") && machine.contains("exited-normally"),
        "{machine}"
    );
}

#[test]
fn addresses_of_the_guest_are_named_as_natively() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("sessions-symbols");
    folder.write(
        "named.c",
        "#include <stdio.h>\n#include <stdlib.h>\nint global[4] = {1, 2, 3, 4};\nstatic struct pair { int a, b; char name[4]; } pairs[3];\n\
         int main(void) {\n  char text[3] = \"ab\", *heap = malloc(8);\n  int *inside = &global[1];\n  struct pair *second = &pairs[1];\n\
         printf(\"%s %d %d\", text, *inside, second->a);\n  free(heap);\n  return 0;\n}\n",
    );
    let module = folder.compile("named.c", &["-g", "-O0"]);
    let commands = [
        "set breakpoint pending on",
        "break named.c:9",
        "run",
        "print &global[2]",
        "print inside",
        "print &second->b",
        "output heap == 0",
        "x/2xw inside",
        "info symbol &global",
        "info symbol second",
        "info symbol heap",
        "set var text = \"xy\"",
        "print text",
    ];
    let launched = gdb(&folder, &[], &[&module], &commands);
    let plain = Command::new(gdb_path())
        .args(["-nx", "-batch"])
        .args(commands.iter().flat_map(|command| ["-ex", command]))
        .args(["--args", env!("CARGO_BIN_EXE_dwalin"), "run", "-g", &module])
        .current_dir(folder.path("."))
        .env_remove("DEBUGINFOD_URLS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let plain = String::from_utf8_lossy(&plain.stdout).into_owned();
    let read = " <global+4>:\t0x00000002\t0x00000003\n";
    assert!(launched.contains(read), "{launched}");
    // One that reads at the guest's own addresses finds the lowest of them by the scripts only, and so does one of an ordinary user.
    let may_be_refused = gdb_keeps_targets() || !is_superuser();
    assert!(plain.contains(read) || may_be_refused, "{plain}");
    for said in [launched, plain] {
        for text in [
            " <global+8>\n",
            " <global+4>\n",
            " <pairs+16>\n",
            "global in section .wasm.own of ",
            "pairs + 12 in section .wasm.own of ",
            "No symbol matches heap.",
            " = \"xy\"\n",
        ] {
            assert!(said.contains(text), "{text}: {said}");
        }
    }
}

#[test]
fn static_variables_of_functions_are_named_with_the_function() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("sessions-statics");
    folder.write(
        "calls.c",
        "static int count(int by) {\n  static int calls = 10;\n  calls += by;\n  return calls;\n}\n\
         int main(void) {\n  return count(2) - 12;\n}\n",
    );
    folder.write(
        "calls.cpp",
        "namespace { int count(int by) {\n  static int calls = 10;\n  calls += by;\n  return calls;\n}\n}\n\
         int main() {\n  static int calls = 2;\n  return count(calls) - 12;\n}\n",
    );
    let commands = [
        "break 4",
        "run",
        "output count::calls",
        "echo \\n",
        "info symbol &calls",
        "up",
        "info symbol &calls",
        "print calls",
        "print 1", // gdb ends with the status of its last command
    ];
    for (source, named) in [
        (
            "calls.c",
            [
                " in section .wasm.own",
                "No symbol \"calls\" in current context.",
            ],
        ),
        ("calls.cpp", ["::count(int)::calls in ", "main::calls in "]),
    ] {
        let module = folder.compile(source, &["-g", "-O0", "-fno-exceptions"]);
        let said = gdb(&folder, &["-q"], &[&module], &commands);
        assert!(said.contains("\n12\n"), "{said}");
        for text in named {
            assert!(said.contains(text), "{text}: {said}");
        }
    }
}

#[test]
fn variables_that_were_optimised_away_are_known() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("sessions-optimised-away");
    folder.write(
        "away.c",
        "int kept = 3;\nvoid *gone;\nstatic int (*table[2])(int);\n\
         __attribute__((noinline)) static int twice(int n) { return 2 * n; }\n\
         int main(int argc, char **argv) {\n  table[1] = twice;\n  gone = argv;\n\
         kept += argc;\n  return table[1](kept) - 8;\n}\n",
    );
    let module = folder.compile("away.c", &["-g", "-O1", "-flto"]);
    let commands = ["break twice", "run", "print gone", "print table"];
    let said = gdb(&folder, &[], &[&module], &commands);
    let away = said.matches(" = <optimized out>\n").count();
    assert_eq!(away, 2, "{said}");
}

#[test]
fn members_and_virtual_functions_are_shown_by_pointers() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("sessions-members");
    folder.write(
        "members.cpp",
        "struct Base { int first, second; virtual int f() { return 1; } };\nstruct Held { int Base::*field, Base::*none; };\n\
         static int take(Base *base, Base &other, int Base::*field, int Base::*none, Held *held) {\n\
         return base->*field + other.first + (none == held->none); // stop\n}\n\
         int main() {\n  Base base;\n  base.first = 3;\n  base.second = 4;\n  Held held{&Base::second, nullptr};\n\
         return take(&base, base, &Base::second, nullptr, &held) - 8;\n}\n",
    );
    let flags = ["-g", "-O0", "-fno-exceptions", "-fno-rtti"];
    let module = folder.compile("members.cpp", &flags);
    let asked = [
        ("print field", "= &Base::second\n"),
        ("print none", "= NULL\n"),
        ("ptype field", "type = int Base::*\n"),
        ("print base->*field", "= 4\n"),
        ("print other.*field", "= 4\n"),
        ("print field == &Base::second", "= true\n"),
        ("print *held", "= {field = &Base::second, none = (NULL)}\n"),
        ("whatis held->field", "type = int Base::*\n"),
        ("set var base->*field = 9", ""),
        ("print base->second", "= 9\n"),
        ("print *base->_vptr$Base", "= &Base::f()\n"),
    ];
    let mut commands = vec!["break members.cpp:4", "run"];
    commands.extend(asked.iter().map(|(command, _)| *command));
    let said = gdb(&folder, &[], &[&module], &commands);
    let mut rest = said.as_str();
    for (command, answer) in asked {
        let Some(at) = rest.find(answer) else {
            panic!("{command}: no {answer} in {said}");
        };
        rest = &rest[at + answer.len()..];
    }
    let vtbl = "try: gdb.execute(\"info vtbl base\")\nexcept gdb.error as why: print(why)";
    let script = folder.write("vtbl.gdb", format!("python\n{vtbl}\nend\n"));
    let source = format!("source {script}");
    let said = gdb(&folder, &[], &[&module], &["break take", "run", &source]);
    assert!(said.contains("`print *(base)->_vptr$Base`"), "{said}");
}

#[test]
fn a_jump_in_the_program_is_refused_and_it_goes_on_where_it_was() {
    if !equipped() {
        return;
    }
    let (folder, turns) = program("sessions-jump");
    let commands = [
        "break turn",
        "run",
        "jump 23",
        "print n",
        "frame",
        "delete",
        "continue",
    ];
    let said = gdb(&folder, &[], &[&turns], &commands);
    for line in [
        "$1 = 1\n",
        "#0  turn (n=1)",
        "turned to 40\n",
        "expects values of the line before",
    ] {
        assert!(said.contains(line), "no {line} in {said}");
    }
}

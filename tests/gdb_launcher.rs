//! `dwalin gdb` with the real gdb: what the person at the keyboard sees. What is expected is what the guest's source says.

#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// libcxx.cpp's variables, as `info locals` shows them.
const LIBCXX: [&str; 39] = [
    r#"wide_string = L"a wide string""#,
    r#"short_string = "short""#,
    r#"long_string = "a string that is too long for the place inside""#,
    r#"view = "one""#,
    "vector = std::vector of length 3 = {1, 2, 3}",
    r#"strings = std::vector of length 2 = {"x", "y"}"#,
    "bits = std::vector<bool> of length 3 = {true, false, true}",
    "array = std::array of length 3 = {7, 8, 9}",
    "deque = std::deque of length 3 = {1, 2, 3}",
    "list = std::list of length 2 = {4, 5}",
    "forward_list = std::forward_list = {0.5, 1.5}",
    r#"map = std::map of length 3 = {["a"] = 1, ["b"] = 2, ["c"] = 3}"#,
    "multimap = std::multimap of length 2 = {[1] = 10, [1] = 11}",
    "set = std::set of length 3 = {1, 2, 3}",
    "unordered_map = std::unordered_map of length 1 = {[5] = 50}",
    r#"unordered_set = std::unordered_set of length 1 = {"only"}"#,
    r#"pair = {first = 1, second = "first"}"#,
    r#"tuple = std::tuple = {1, 2.5, "three"}"#,
    "{get() = 42}",
    "no_unique = std::unique_ptr 0x0",
    "(strong 2, weak 1) = {get() = 43}",
    "optional = std::optional = {value = 44}",
    "no_optional = std::optional, empty",
    r#"variant = std::variant [index 1] = {value = "alternative"}"#,
    "span = std::span of length 3 = {1, 2, 3}",
    "\nfunction = std::function\n",
    "no_function = std::function, empty",
    "atomic = std::atomic = {value = 45}",
    "complex = 1.5 + -2i",
    "duration = 250 ms",
    "initializer_list = std::initializer_list of length 2 = {6, 7}",
    "\nbitset = std::bitset of length 70 = {[3] = true, [69] = true}",
    "no_bitset = std::bitset of length 5\n",
    "stack = std::stack: std::deque of length 2 = {1, 2}",
    "\nqueue = std::queue: std::list of length 2 = {3, 4}",
    "priority_queue = std::priority_queue: std::vector of length 2 = {9, 5}",
    "damaged = std::vector <error: ",
    "looped = std::list of length 1000 = {1, 2, 3, <error: ",
    r#" "one \"two\"""#,
];

fn compile(compiler: &str, source: &str, out: &str) -> String {
    compile_at("-O0", compiler, source, out)
}

fn compile_at(level: &str, compiler: &str, source: &str, out: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gdb-launcher");
    fs::create_dir_all(&folder).unwrap();
    let out = folder.join(out);
    let status = Command::new(compiler)
        .args(["--target=wasm32-wasi", "-g", level, "-w", "-fno-exceptions"])
        .args(compiler.contains("++").then_some("-std=c++20"))
        .arg("-o")
        .arg(&out)
        .arg(source_file(source))
        .status();
    assert!(status.expect("clang can be started").success(), "{source}");
    out.into_os_string().into_string().unwrap()
}

fn source_file(source: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(source)
}

/// `FILE:LINE` of the line that has a text.
fn place(source: &str, text: &str) -> String {
    let lines = fs::read_to_string(source_file(source)).unwrap();
    let line = 1 + lines.lines().position(|line| line.contains(text)).unwrap();
    format!("{}:{line}", source.rsplit('/').next().unwrap())
}

/// The output of gdb for these commands; with a `prefix` that starts `dwalin` as somebody else.
fn gdb(prefix: &[&str], program: &str, commands: &[&str]) -> String {
    let mut line: Vec<_> = prefix.to_vec();
    line.extend([DWALIN, "gdb", "--batch", "--gdb-option=-nx"]);
    line.extend(["--ex", "set width 0"]);
    commands
        .iter()
        .for_each(|command| line.extend(["--ex", *command]));
    line.push(program);
    let mut gdb = Command::new(line[0]);
    let said = gdb.args(&line[1..]).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

fn equipped() -> bool {
    tools::have(&["gdb", "clang-19", "clang++-19"])
}

const LIST: &str = "tests/programs/list.c";

#[test]
fn a_trap_is_named_and_its_report_follows() {
    if equipped() {
        let wasm = compile("clang-19", "tests/programs/trap/divide.c", "divide.wasm");
        let said = gdb(&[], &wasm, &["run", "bt", "continue"]);
        let line = "wasm trap: integer divide by zero (`continue`";
        assert_eq!(said.matches(line).count(), 1, "gdb said: {said}");
        assert!(said.contains("error: "), "gdb said: {said}");
        assert!(said.contains("received signal SIGFPE"), "gdb said: {said}");
    }
}

#[test]
fn a_breakpoint_by_name_stops_in_the_program_only() {
    if equipped() {
        let wasm = compile("clang-19", LIST, "break.wasm");
        let said = gdb(&[], &wasm, &["break main", "run", "bt", "info breakpoints"]);
        let frames: Vec<_> = said.lines().filter(|line| line.starts_with('#')).collect();
        assert!(
            frames.len() == 1 && frames[0].contains("list.c"),
            "gdb said: {said}"
        );
        assert!(!said.contains("2 locations"), "gdb said: {said}");
    }
}

#[test]
fn a_backtrace_past_main_has_no_frames_of_the_runtime() {
    if equipped() {
        let wasm = compile("clang-19", LIST, "past-main.wasm");
        let past = "set backtrace past-main on";
        let said = gdb(
            &[],
            &wasm,
            &[
                past,
                "break main",
                "run",
                "bt",
                "echo ALL\\n",
                "bt -no-filters",
            ],
        );
        let (folded, all) = said.split_once("ALL\n").unwrap();
        assert!(
            folded.contains("_start") && !folded.contains("??") && !folded.contains("wasm::"),
            "gdb said: {said}"
        );
        assert!(
            all.contains("wasm::") && all.contains("??"),
            "gdb said: {said}"
        );
    }
}

#[test]
fn stepping_out_of_the_program_ends_it() {
    if equipped() {
        let wasm = compile("clang-19", LIST, "step.wasm");
        let end = format!("break {}", place(LIST, "return 0;"));
        let mut commands = vec![end.as_str(), "run"];
        commands.extend(["next"; 8]);
        let said = gdb(&[], &wasm, &commands);
        assert!(said.contains("[Inferior 1 (process "), "gdb said: {said}");
        assert!(
            !said.contains(".rs") && !said.contains("??"),
            "gdb said: {said}"
        );
    }
}

fn libcxx_prints(prefix: &[&str], program: &str) {
    let here = format!(
        "break {}",
        place("tests/programs/launcher/libcxx.cpp", "stop here")
    );
    let commands = [&here, "run", "info locals", "wx/s chars", "kill"];
    let said = gdb(prefix, program, &commands);
    let missing: Vec<_> = LIBCXX.iter().filter(|row| !said.contains(*row)).collect();
    assert!(missing.is_empty(), "{missing:#?}, gdb said: {said}");
    assert!(said.contains(":\t\"one \\\"two\\\"\""), "gdb said: {said}");
}

#[test]
fn containers_of_libcxx_print_as_what_they_hold() {
    if equipped() {
        let wasm = compile(
            "clang++-19",
            "tests/programs/launcher/libcxx.cpp",
            "libcxx.wasm",
        );
        libcxx_prints(&[], &wasm);
    }
}

/// Who may not map low addresses has no second mapping of most of a small program's memory.
#[test]
fn containers_of_libcxx_print_for_ordinary_users() {
    if !equipped() {
        return;
    }
    let Some(user) = tools::as_ordinary_user(&[DWALIN, &tools::gdb()]) else {
        return;
    };
    let wasm = compile(
        "clang++-19",
        "tests/programs/launcher/libcxx.cpp",
        "libcxx-nobody.wasm",
    );
    libcxx_prints(user, &wasm);
}

const IN_PARTS: &str = "tests/programs/launcher/in_parts.cpp";

#[test]
fn containers_that_are_not_in_memory_print_as_what_is_known_of_them() {
    if !equipped() {
        return;
    }
    for level in ["-O1", "-O2"] {
        let wasm = compile_at(level, "clang++-19", IN_PARTS, &format!("parts{level}.wasm"));
        let commands = [
            "break look",
            "run",
            "up",
            "info locals",
            "continue",
            "up",
            "info locals",
            "kill",
        ];
        let said = gdb(&[], &wasm, &commands);
        for row in [
            "no_vector = std::vector of length 0\n",
            "no_string = \"\"\n",
            "no_unique = std::unique_ptr 0x0\n",
            "no_shared = std::shared_ptr 0x0\n",
            "no_optional = std::optional, empty\n",
            "no_view = \"\"\n",
            "number = std::variant [index 0] = {value = 0}\n",
            "no_array = <optimized out>\n",
            "view = <optimized out>\n",
            // In a local that is on the host's stack during the call.
            " = {get() = 9}\n",
            "text = \"hel\"\n",
        ] {
            assert!(said.contains(row), "{level}, {row}gdb said: {said}");
        }
        // The bytes that say whether there is one are known at both levels, those of what it holds at one.
        let (maybe, numbers) = match level {
            "-O1" => ("value = 9", "std::vector of length 3 = {0, 3, 6}"),
            _ => ("error = <optimized out>", "<optimized out>"),
        };
        for row in [
            format!("maybe = std::optional = {{{maybe}}}\n"),
            format!("numbers = {numbers}\n"),
        ] {
            assert!(said.contains(&row), "{level}, {row}gdb said: {said}");
        }
    }
}

const CASTS: &str = "tests/programs/launcher/casts.c";

#[test]
fn pointers_are_cast_to_those_to_types_of_the_language() {
    if equipped() {
        let wasm = compile("clang-19", CASTS, "casts.wasm");
        let stop = format!("break {}", place(CASTS, "// stop"));
        let condition = format!(
            "break {} if *(const int *) values == 5 && i == 4",
            place(CASTS, "// sum")
        );
        let asked = [
            "print *(int *) any",
            "print ((int *) any)[2]",
            "print *((const int *) any + 4)",
            "print *(unsigned *) any",
            "print *(double *) to_half",
            "print (unsigned char *) to_letters",
            "print (char *) to_letters",
            "print (int *) any == values",
            "print (void *) values == any",
            "print values + 1 == &values[1]",
            "print *(values + 2)",
            "print &values[5] - values",
            "print sizeof(int *)",
            "print **(int **) &any",
        ];
        let commands = [stop.as_str(), &condition, "run"].into_iter().chain(asked);
        let commands: Vec<_> = commands.chain(["continue", "print i"]).collect();
        let said = gdb(&[], &wasm, &commands);
        let answers: Vec<_> = said.lines().filter(|line| line.starts_with('$')).collect();
        let values = answers.iter().map(|line| line.split_once(" = ").unwrap().1);
        let values: Vec<_> = values
            .map(|it| it.rsplit_once("0x").map_or(it, |(_, text)| text))
            .collect();
        let ends = [
            "5", "9", "7", "5", "0.5", "\"abc\"", "\"abc\"", "1", "1", "1", "9", "5", "4", "5", "4",
        ];
        assert_eq!(values.len(), ends.len(), "gdb said: {said}");
        for (value, end) in values.iter().zip(ends) {
            assert!(value.ends_with(end), "{value}, not {end}; gdb said: {said}");
        }
    }
}

#[test]
fn pointers_are_cast_to_those_to_types_of_cpp() {
    const SOURCE: &str = "tests/programs/launcher/wide_casts.cpp";
    if equipped() {
        let wasm = compile("clang++-19", SOURCE, "wide_casts.wasm");
        let stop = format!("break {}", place(SOURCE, "// stop"));
        let asked = [
            ("print *(wchar_t *) any", "98 L'b'"),
            ("print *(const char16_t *) any", "98 u'b'"),
            ("print *(char32_t *) any", "98 U'b'"),
            ("print *(bool *) any", "98"),
        ];
        let mut commands = vec![stop.as_str(), "run"];
        commands.extend(asked.iter().map(|(asked, _)| *asked));
        let said = gdb(&[], &wasm, &commands);
        let answers: Vec<_> = said.lines().filter(|line| line.starts_with('$')).collect();
        assert_eq!(answers.len(), asked.len(), "gdb said: {said}");
        for (answer, (asked, expected)) in answers.iter().zip(asked) {
            assert!(answer.contains(expected), "{asked}: {answer}");
        }
    }
}

#[test]
fn texts_are_assigned_to_arrays_as_natively() {
    const SOURCE: &str = "tests/programs/launcher/texts.c";
    if equipped() {
        let wasm = compile("clang-19", SOURCE, "texts.wasm");
        let stop = format!("break {}", place(SOURCE, "// stop"));
        let commands = [
            stop.as_str(),
            "run",
            "set var whole = \"xy\"",
            "set var longer = \"xy\"",
            "set var record.name = \"abc\"",
            "set var pointer = \"new\"",
            "print whole",
            "print longer",
            "print record",
            "print pointer",
        ];
        let said = gdb(&[], &wasm, &commands);
        let answers: Vec<_> = said.lines().filter(|line| line.starts_with('$')).collect();
        let ends = [
            "= \"xy\"",
            "= \"xy\\000\\000\\000\\000\\000\"",
            "= {name = \"abc\\000\\000\", after = 7}",
            " \"new\"",
        ];
        assert_eq!(answers.len(), ends.len(), "gdb said: {said}");
        for (answer, end) in answers.iter().zip(ends) {
            assert!(answer.ends_with(end), "{answer}, not {end}");
        }
    }
}

#[test]
fn pointers_that_gdb_makes_are_the_guests_or_said_not_to_be() {
    const SOURCE: &str = "tests/programs/launcher/made_pointers.c";
    if equipped() {
        let wasm = compile("clang-19", SOURCE, "made_pointers.wasm");
        let stop = format!("break {}", place(SOURCE, "// stop"));
        let foreign = "<error: the program has no such pointers, and gdb's own have 8 bytes>";
        let asked = [
            (
                "print **(struct cell **) to_pointer",
                "{first = 1, second = 2}",
            ),
            ("print sizeof(struct cell **)", "4"),
            ("print (int (*)[3]) any", foreign),
            ("print (void (*)(int)) function", foreign),
        ];
        let mut commands = vec![stop.as_str(), "run"];
        commands.extend(asked.iter().map(|(asked, _)| *asked));
        let said = gdb(&[], &wasm, &commands);
        let answers: Vec<_> = said.lines().filter(|line| line.starts_with('$')).collect();
        assert_eq!(answers.len(), asked.len(), "gdb said: {said}");
        for (answer, (asked, expected)) in answers.iter().zip(asked) {
            assert!(answer.ends_with(expected), "{asked}: {answer}");
        }
    }
}

#[test]
fn pointers_are_computed_with_and_written_through_as_natively() {
    // Whose process has nothing at null.
    if equipped()
        && let Some(user) = tools::as_ordinary_user(&[DWALIN, &tools::gdb()])
    {
        let wasm = compile("clang-19", CASTS, "arithmetic.wasm");
        let stop = format!("break {}", place(CASTS, "int total = 0;"));
        let asked = [
            ("print values[2]", "9"),
            ("print *(values + 4)", "7"),
            ("print &values[3] - values", "3"),
            ("print &values[3] == values + 3", "1"),
            ("print *values@2", "{5, 3}"),
            ("print sizeof(&values[1])", "4"),
            ("print (const int *) 0 == values", "0"),
        ];
        let mut commands = vec![stop.as_str(), "run"];
        commands.extend(asked.iter().map(|(asked, _)| *asked));
        commands.extend([
            "whatis &values",
            "print *(struct node *) 0",
            "set var *(int *) &values[1] = 30",
            "up",
            "print values[1]",
        ]);
        let said = gdb(user, &wasm, &commands);
        let answers = said.lines().filter(|line| line.starts_with('$'));
        let answers: Vec<_> = answers
            .map(|line| line.split_once(" = ").unwrap().1)
            .collect();
        let expected = asked.iter().map(|(_, answer)| *answer);
        let expected: Vec<_> = expected.chain(["30"]).collect();
        assert_eq!(answers, expected, "gdb said: {said}");
        for text in ["type = const int **", "Cannot access memory at address 0x0"] {
            assert!(said.contains(text), "{text}: gdb said: {said}");
        }
    }
}

#[test]
fn what_is_at_an_address_is_watched() {
    if equipped() {
        let wasm = compile("clang-19", CASTS, "watch.wasm");
        for watch in [
            "watch -l head->next->value",
            "watch -location head->next->value if head->next->value == 5",
            "watch *(int *) &head->next->value",
            "eval \"watch *(int *) 0x%x\", &head->next->value",
            "awatch -l head->next->value",
        ] {
            let said = gdb(&[], &wasm, &["break poke", "run", watch, "continue"]);
            let changed = said.contains("Old value = 2\nNew value = 5\n");
            assert!(changed, "{watch}: gdb said: {said}");
        }
        let said = gdb(
            &[],
            &wasm,
            &[
                "break poke",
                "run",
                "rwatch -l head->next->value",
                "continue",
            ],
        );
        assert!(said.contains("\nValue = 5\n"), "gdb said: {said}");
        let said = gdb(
            &[],
            &wasm,
            &[
                "break poke",
                "run",
                "watch head",
                "watch no_such",
                "info watchpoints",
            ],
        );
        assert!(
            said.contains("keep y                      head\n"),
            "gdb said: {said}"
        );
        assert!(
            said.contains("No symbol \"no_such\" in current context."),
            "gdb said: {said}"
        );
    }
}

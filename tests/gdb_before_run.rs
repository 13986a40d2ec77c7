//! What `dwalin gdb` knows of a program that does not run yet, or not any more. What is expected is what the guest's source says.

#[path = "support/terminal.rs"]
mod terminal;
#[path = "support/tools.rs"]
mod tools;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");
const LIST: &str = "tests/programs/list.c";

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gdb-before-run");
    fs::create_dir_all(folder.join(test)).unwrap();
    folder.join(test)
}

fn compile(compiler: &str, source: &Path, out: &Path) {
    let status = Command::new(compiler)
        .args(["--target=wasm32-wasi", "-g", "-O0", "-fno-exceptions", "-o"])
        .args([out, source])
        .status();
    assert!(status.expect("clang can be started").success());
}

fn list(test: &str) -> String {
    let out = folder(test).join("list.wasm");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    compile("clang-19", &source, &out);
    out.into_os_string().into_string().unwrap()
}

/// The number of the line that has a text.
fn line(text: &str) -> usize {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST)).unwrap();
    1 + source.lines().position(|it| it.contains(text)).unwrap()
}

/// The output of gdb for commands.
fn gdb(program: &str, commands: &[&str]) -> String {
    let mut gdb = Command::new(DWALIN);
    gdb.args(["gdb", "--batch", "--gdb-option=-nx"]);
    for command in ["set width 0", "set debuginfod enabled off"]
        .iter()
        .chain(commands)
    {
        gdb.args(["--ex", command]);
    }
    let said = gdb.arg(program).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
}

fn equipped() -> bool {
    tools::have(&["gdb", "clang-19", "clang++-19"])
}

#[test]
fn what_needs_no_process_works_before_the_run() {
    if !equipped() {
        return;
    }
    let commands = [
        "list sum",
        "info functions ^drop",
        "info line reverse",
        "info scope sum",
        "info sources list",
        "ptype struct node",
        "whatis push",
        "p sizeof(struct node)",
        "complete break drop",
        "complete break list.c:re",
        "rbreak ^drop_",
        "info source",
    ];
    let said = gdb(&list("static"), &commands);
    let reverse = format!("Line {} of \"", line("struct node *reverse("));
    let expected = [
        "static int sum(const struct node *head) {",
        "static struct node *drop_odd(struct node *);",
        reverse.as_str(),
        "Symbol total is ",
        "tests/programs/list.c",
        "type = struct node {\n    int value;\n    struct node *next;\n}",
        "type = struct node *(struct node *, int)",
        "$1 = 8\n",
        "break drop_odd\n",
        "break list.c:reverse\n",
        "Breakpoint 1 at ",
    ];
    let missing: Vec<_> = expected.iter().filter(|it| !said.contains(*it)).collect();
    assert!(missing.is_empty(), "{missing:#?}, gdb said: {said}");
    assert!(
        !said.contains("pending") && !said.contains("Python"),
        "gdb said: {said}"
    );
}

/// Lines of `info breakpoints` about places in the program.
fn places(said: &str) -> Vec<&str> {
    let of_breakpoint = |line: &&str| line.contains(" keep y ") || line.contains(" del  y ");
    let lines = said.lines().filter(of_breakpoint);
    lines
        .map(|line| line.split_once(" in ").map_or(line, |(_, place)| place))
        .collect()
}

/// Runs, and lists breakpoints before, between and after.
const MOVING: [&str; 24] = [
    "tbreak main",
    "echo BEFORE\\n",
    "info breakpoints",
    "run",
    "echo RUNNING\\n",
    "info breakpoints",
    "continue",
    "p value",
    "break drop_odd",
    "kill",
    "echo KILLED\\n",
    "info breakpoints",
    "run",
    "echo AGAIN\\n",
    "info breakpoints",
    "p value",
    "delete",
    "continue",
    "echo OVER\\n",
    "list drop_odd",
    "break drop_odd",
    "run",
    "echo THIRD\\n",
    "bt",
];

#[test]
fn breakpoints_move_from_what_is_known_ahead_to_the_process() {
    if !equipped() {
        return;
    }
    let (push, total) = (line("malloc(sizeof"), line("int total = 0"));
    let at_total = format!("break list.c:{total}");
    let pattern = format!("break -source list.c -line {}", line("done = NULL"));
    let ahead = ["break push if value == 9", &at_total, &pattern];
    let said = gdb(&list("move"), &[&ahead[..], &MOVING].concat());
    let part = |from: &str| {
        let (_, rest) = said.split_once(&format!("{from}\n")).expect(from);
        rest
    };
    let until = |from: &str, to: &str| {
        let (part, _) = part(from).split_once(to).expect(to);
        places(part)
    };
    let three = [
        format!("push at list.c:{push}"),
        format!("sum at list.c:{total}"),
        format!("reverse at list.c:{}", line("done = NULL")),
    ];
    let short = |places: Vec<&str>| -> Vec<String> {
        let file = |place: &str| place.replace(&env!("CARGO_MANIFEST_DIR"), "");
        places
            .iter()
            .map(|place| file(place).replace("/tests/programs/", ""))
            .collect()
    };
    let main = format!("main at list.c:{}", line("struct node *head = NULL;"));
    let drop_odd = format!("drop_odd at list.c:{}", line("link = &head"));
    assert_eq!(
        short(until("BEFORE", "RUNNING")),
        [&three[..], &[main]].concat(),
        "{said}"
    );
    assert_eq!(short(until("RUNNING", "KILLED")), three, "{said}");
    let four = [&three[..], &[drop_odd]].concat();
    assert_eq!(short(until("KILLED", "AGAIN")), four, "{said}");
    assert_eq!(short(until("AGAIN", "OVER")), four, "{said}");
    assert!(
        said.contains("$1 = 9\n") && said.contains("$2 = 9\n"),
        "{said}"
    );
    assert!(
        part("OVER").contains("drop_odd(struct node *head) {"),
        "{said}"
    );
    assert!(part("THIRD").contains("#0  drop_odd (head="), "{said}");
    for wrong in ["Cannot insert", "Python", "rror", "PENDING"] {
        assert!(!said.contains(wrong), "{wrong}, gdb said: {said}");
    }
}

#[test]
fn the_machine_interface_inserts_breakpoints_before_the_run() {
    if !equipped() {
        return;
    }
    let mut gdb = Command::new(DWALIN)
        .args(["gdb", "--gdb-option=-nx", "--gdb-option=-i=mi", &list("mi")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = gdb.stdin.take().unwrap();
    // gdb does not read on while the program runs, and ends when it has read all.
    writeln!(input, "-break-insert push\n-exec-run").unwrap();
    let reader = std::io::BufReader::new(gdb.stdout.take().unwrap());
    let mut said = String::new();
    for line in std::io::BufRead::lines(reader).map_while(Result::ok) {
        if line.starts_with("*stopped") {
            writeln!(input, "-break-list\n-gdb-exit").unwrap();
        }
        said.push_str(&line);
        said.push('\n');
    }
    gdb.wait().unwrap();
    let done = format!(
        "^done,bkpt={{number=\"1\",type=\"breakpoint\",disp=\"keep\",enabled=\"y\",addr=\"0x"
    );
    assert!(said.contains(&done), "gdb said: {said}");
    assert!(
        said.contains("*stopped,reason=\"breakpoint-hit\""),
        "gdb said: {said}"
    );
    assert!(said.contains("nr_rows=\"1\""), "gdb said: {said}");
}

#[test]
fn text_without_debug_info_is_known_before_the_run() {
    if !equipped() {
        return;
    }
    let file = folder("text").join("double.wat");
    let text = "(module\n  (func $double (param i32) (result i32)\n    local.get 0\n    i32.const 2\n    i32.mul)\n  \
        (func (export \"_start\")\n    i32.const 21\n    call $double\n    drop))\n";
    fs::write(&file, text).unwrap();
    let commands = [
        "list double",
        "break double.wat:5",
        "info breakpoints",
        "run",
        "bt",
    ];
    let said = gdb(file.to_str().unwrap(), &commands);
    assert!(said.contains("5\t    i32.mul)"), "gdb said: {said}");
    assert_eq!(places(&said).len(), 1, "gdb said: {said}");
    assert!(said.contains("#0  double ("), "gdb said: {said}");
}

#[test]
fn a_module_that_was_compiled_again_is_shown_anew() {
    if !equipped() {
        return;
    }
    let folder = folder("again");
    let (source, module) = (folder.join("again.c"), folder.join("again.wasm"));
    fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    compile("clang-19", &source, &module);
    let more = "int added(void) { return 1; }\\nint main(void) { return added() - 1; }";
    let compile_again = format!(
        "shell printf '{more}\\n' > {0} && clang-19 --target=wasm32-wasi -g -O0 -o {1} {0}",
        source.display(),
        module.display()
    );
    let module = module.to_str().unwrap();
    let said = gdb(
        module,
        &["info line main", &compile_again, "run", "info line added"],
    );
    assert!(said.contains("Line 1 of \""), "gdb said: {said}");
    assert!(
        said.matches("Line 1 of \"").count() == 2,
        "gdb said: {said}"
    );
}

const STATICS: &str = r#"#include <stdio.h>
int zero, count = 1;
const char *text = "hello";
int array[3] = {1, 2, 3};
struct pair { int x; struct pair *next; } first = {5, 0}, second = {6, &first};
int main(void) {
    count++;
    printf("%d\n", zero + count + array[1] + second.next->x + text[0]);
    return 0;
}
"#;

/// As of a native program, whose file has what variables begin with.
#[test]
fn variables_have_their_first_values_before_the_run() {
    if !equipped() {
        return;
    }
    let folder = folder("statics");
    let (source, module) = (folder.join("statics.c"), folder.join("statics.wasm"));
    fs::write(&source, STATICS).unwrap();
    compile("clang-19", &source, &module);
    let commands = [
        "p zero",
        "p count",
        "p text",
        "p array",
        "p *second.next",
        "x/i main",
        "watch count",
        "run",
        "kill",
        "p count",
        "run",
        "continue",
        "info breakpoints",
    ];
    let said = gdb(module.to_str().unwrap(), &commands);
    for value in [
        "$1 = 0\n",
        "$2 = 1\n",
        "\"hello\"\n",
        "$4 = {1, 2, 3}\n",
        "$5 = {x = 5, next = 0x0}\n",
        "<main>:\tpush   %rbp\n",
        "$6 = 1\n",
        "hw watchpoint  keep y ",
    ] {
        assert!(said.contains(value), "{value}, gdb said: {said}");
    }
    let changes = said.matches("Old value = 1\nNew value = 2\n").count();
    assert_eq!(changes, 2, "gdb said: {said}");
    assert_eq!(said.matches("Old value").count(), 2, "gdb said: {said}");
    assert!(!said.contains("Error"), "gdb said: {said}");
}

#[test]
fn names_are_completed_at_the_prompt_before_the_run() {
    if !equipped() {
        return;
    }
    let mut gdb = Command::new(DWALIN);
    gdb.args(["gdb", "-nx", "-ex", "set style enabled off"]);
    gdb.args(["-ex", "set debuginfod enabled off", &list("tab")]);
    let mut gdb = terminal::Terminal::start(&mut gdb);
    gdb.wait_for("(gdb) ");
    gdb.keys("tbreak drop\t");
    gdb.wait_for("drop_odd");
    gdb.line("");
    gdb.wait_for("Temporary breakpoint 1 at 0x");
    gdb.line("run");
    gdb.wait_for("drop_odd (head=");
    gdb.line("kill");
    gdb.wait_for("(y or n) ");
    gdb.line("y");
    gdb.wait_for("killed]");
    gdb.line("quit");
    gdb.end();
}

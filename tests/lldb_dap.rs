//! Presses F5 in examples/vscode: drives lldb's debug adapter as an editor does, with the launch.json and tasks.json that are there.

mod adapter;
mod checkout;
mod running;

use adapter::Adapter;
use checkout::{bin, root};
use running::{Running, may_attach};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

fn equipped() -> bool {
    running::tools::have(&["lldb-19", "lldb-dap-19", "clang-19"])
}

fn tests() -> PathBuf {
    root().join("tests").canonicalize().unwrap()
}

/// The path of `dwalin`.
fn path() -> String {
    format!("{}:{}", bin().display(), env::var("PATH").unwrap())
}

/// A copy of the example, as it is when an editor has run the tasks.
struct Workspace {
    folder: PathBuf,
    /// The source that is debugged.
    source: PathBuf,
}

impl Workspace {
    fn prepare(name: &str) -> Workspace {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/vscode");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join(".vscode")).unwrap();
        for file in ["fellowship.c", ".vscode/launch.json", ".vscode/tasks.json"] {
            fs::copy(example.join(file), folder.join(file)).unwrap();
        }
        let source = folder.join("fellowship.c");
        let workspace = Workspace { folder, source };
        for task in workspace.json(".vscode/tasks.json")["tasks"]
            .as_array()
            .unwrap()
        {
            let Some(command) = task["command"].as_str() else {
                continue; // it only depends on others
            };
            let args = task["args"].as_array().unwrap();
            let status = Command::new(command)
                .args(args.iter().map(|arg| arg.as_str().unwrap()))
                .current_dir(&workspace.folder)
                .env("PATH", path())
                .status()
                .unwrap();
            assert!(status.success(), "the task {} succeeds", task["label"]);
        }
        workspace
    }

    /// A file for the editor, with the variables replaced that it would replace.
    fn json(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.folder.join(name)).unwrap();
        let text = text.replace("${workspaceFolder}", self.folder.to_str().unwrap());
        serde_json::from_str(&text).unwrap()
    }

    /// The configuration for lldb-dap that launches or attaches.
    fn configuration(&self, request: &str) -> Value {
        let launch = self.json(".vscode/launch.json");
        let all = launch["configurations"].as_array().unwrap();
        all.iter()
            .find(|one| one["type"] == "lldb-dap" && one["request"] == request)
            .unwrap()
            .clone()
    }

    /// The number of the line with a text.
    fn line(&self, text: &str) -> u64 {
        let source = fs::read_to_string(&self.source).unwrap();
        let index = source.lines().position(|line| line.contains(text));
        1 + index.unwrap() as u64
    }
}

/// A value as a person reads it: of a string, only the text.
fn without_address(value: &str) -> &str {
    value.find('"').map_or(value, |at| &value[at..])
}

/// An editor's side of a session with the example, stopped somewhere.
struct Editor {
    workspace: Workspace,
    adapter: Adapter,
}

impl Editor {
    /// F5, with breakpoints on the lines that have these texts (`TEXT if CONDITION`); the program runs.
    fn start(name: &str, breakpoints: &[&str]) -> Editor {
        let workspace = Workspace::prepare(name);
        let launch = workspace.configuration("launch");
        Editor::run(workspace, "launch", launch, breakpoints)
    }

    /// The same with a program that runs already: tests/programs/attach/loop.c.
    fn attach(name: &str, program: &Running, breakpoints: &[&str]) -> Editor {
        let mut workspace = Workspace::prepare(name);
        let mut attach = workspace.configuration("attach");
        assert_eq!(attach["pid"], "${command:PickProcess}");
        attach["pid"] = program.pid().parse::<u32>().unwrap().into();
        workspace.source = tests().join("programs/attach/loop.c");
        Editor::run(workspace, "attach", attach, breakpoints)
    }

    /// F5 in a program of tests/programs/trap, with a breakpoint on the function `main`.
    fn trap(name: &str) -> Editor {
        let mut workspace = Workspace::prepare(&format!("dap-{name}"));
        workspace.source = tests().join(format!("programs/trap/{name}.c"));
        let program = workspace.folder.join("trap.wasm");
        let mut clang = Command::new("clang-19");
        clang.args(["--target=wasm32-wasi", "-g", "-O0", "-o"]);
        let compiled = clang.arg(&program).arg(&workspace.source).status();
        assert!(compiled.unwrap().success());
        let mut launch = workspace.configuration("launch");
        launch["args"] = json!(["run", "-g", program]);
        let mut adapter = Editor::ask("launch", launch);
        let main = json!({"breakpoints": [{"name": "main"}]});
        adapter.request("setFunctionBreakpoints", main);
        adapter.request("configurationDone", json!({}));
        Editor { workspace, adapter }
    }

    fn run(workspace: Workspace, how: &str, arguments: Value, breakpoints: &[&str]) -> Editor {
        let adapter = Editor::ask(how, arguments);
        let mut editor = Editor { workspace, adapter };
        editor.set_breakpoints(breakpoints);
        editor.adapter.request("configurationDone", json!({}));
        editor
    }

    fn ask(how: &str, arguments: Value) -> Adapter {
        let mut adapter = Adapter::start(Command::new("lldb-dap-19").env("PATH", path()));
        adapter.request(
            "initialize",
            json!({"adapterID": "lldb-dap", "linesStartAt1": true, "pathFormat": "path"}),
        );
        adapter.request(how, arguments);
        adapter.event("initialized");
        adapter
    }

    fn set_breakpoints(&mut self, texts: &[&str]) {
        let breakpoint = |text: &&str| match text.split_once(" if ") {
            None => json!({"line": self.workspace.line(text)}),
            Some((text, condition)) => {
                json!({"line": self.workspace.line(text), "condition": condition})
            }
        };
        let lines: Vec<_> = texts.iter().map(breakpoint).collect();
        let source = json!({"path": self.workspace.source});
        let set = self.adapter.request(
            "setBreakpoints",
            json!({"source": source, "breakpoints": lines}),
        );
        assert_eq!(
            set["breakpoints"].as_array().unwrap().len(),
            texts.len(),
            "{set}"
        );
    }

    /// Ends the session; the adapter goes, too.
    fn end(mut self) {
        self.adapter
            .request("disconnect", json!({"terminateDebuggee": true}));
        assert!(self.adapter.ends());
    }

    /// Waits until the program has stopped for a reason, in a function on the line with a text.
    fn stopped(&mut self, reason: &str, function: &str, text: &str) -> Stop<'_> {
        let stopped = self.adapter.event("stopped");
        assert_eq!(stopped["reason"], reason, "{stopped}");
        let thread = stopped["threadId"].clone();
        let stack = self.adapter.request(
            "stackTrace",
            json!({"threadId": thread, "startFrame": 0, "levels": 20}),
        );
        let frames = stack["stackFrames"].as_array().unwrap().clone();
        let top = &frames[0];
        assert_eq!(
            (&top["name"], &top["line"]),
            (&json!(function), &json!(self.workspace.line(text))),
            "{stack}"
        );
        assert_eq!(top["source"]["path"], json!(self.workspace.source));
        Stop {
            adapter: &mut self.adapter,
            thread,
            frames,
        }
    }
}

/// A place where the program has stopped.
struct Stop<'a> {
    adapter: &'a mut Adapter,
    thread: Value,
    frames: Vec<Value>,
}

impl Stop<'_> {
    /// Lets the thread go on: `next`, `stepIn`, `stepOut`, `continue`.
    fn go(self, how: &str) {
        self.adapter.request(how, json!({"threadId": self.thread}));
    }

    fn function(&self, frame: usize) -> &str {
        self.frames[frame]["name"].as_str().unwrap()
    }

    /// The tree's text for `at.next.*next.age`, say: opens each node on the way, from a scope on.
    fn tree(&mut self, scope: &str, path: &str) -> String {
        let mut node = self.scope(scope);
        for name in path.split('.') {
            let children = self.children(&node);
            let child = children.iter().find(|child| child["name"] == name);
            node = child
                .unwrap_or_else(|| panic!("{path}: no {name} in {children:?}"))
                .clone();
        }
        node["value"].as_str().unwrap().to_owned()
    }

    fn scope(&mut self, name: &str) -> Value {
        let scopes = self
            .adapter
            .request("scopes", json!({"frameId": self.frames[0]["id"]}));
        let scopes = scopes["scopes"].as_array().unwrap();
        scopes
            .iter()
            .find(|one| one["name"] == name)
            .unwrap()
            .clone()
    }

    fn set(&mut self, scope: &str, name: &str, value: &str) {
        let scope = self.scope(scope)["variablesReference"].clone();
        self.adapter.request(
            "setVariable",
            json!({"variablesReference": scope, "name": name, "value": value}),
        );
    }

    fn children(&mut self, node: &Value) -> Vec<Value> {
        let variables = self.adapter.request(
            "variables",
            json!({"variablesReference": node["variablesReference"]}),
        );
        variables["variables"].as_array().unwrap().clone()
    }

    /// The result of an expression in a context: `watch`, `hover`, `repl`.
    fn evaluate(&mut self, context: &str, expression: &str) -> String {
        let frame = &self.frames[0]["id"];
        let body = self.adapter.request(
            "evaluate",
            json!({"expression": expression, "context": context, "frameId": frame}),
        );
        body["result"].as_str().unwrap().trim().to_owned()
    }
}

#[test]
fn a_breakpoint_stops_and_everything_opens() {
    if !equipped() {
        return;
    }
    let mut editor = Editor::start("dap-look", &["total += at->weapon"]);
    let resolved = editor.adapter.event("breakpoint");
    assert_eq!(resolved["breakpoint"]["verified"], true, "{resolved}");
    let mut stop = editor.stopped("breakpoint", "strength", "total += at->weapon");
    assert_eq!(stop.function(1), "main");
    for (path, value) in [
        ("total", "0"),
        ("at.name", "\"Thorin\""),
        ("at.age", "195"),
        ("at.weapon.*weapon.name", "\"axe\""),
        ("at.next.*next.name", "\"Dwalin\""),
        ("at.next.*next.next.*next.name", "\"Balin\""),
        ("at.next.*next.next.*next.age", "178"),
        ("at.next.*next.next.*next.weapon.*weapon.name", "\"hammer\""),
        ("at.next.*next.next.*next.weapon.*weapon.sharpness", "2"),
    ] {
        assert_eq!(without_address(&stop.tree("Locals", path)), value, "{path}");
    }
    assert_eq!(
        stop.tree("Locals", "at.next.*next.next.*next.next").trim(),
        "0x0000000000000000"
    );
    assert_eq!(stop.tree("Globals", "counter"), "3");
    assert_eq!(
        without_address(&stop.tree("Globals", "axe.name")),
        "\"axe\""
    );
    for (context, expression, value) in [
        ("watch", "at->next->weapon->name", "\"axe\""),
        ("watch", "at->next->next->weapon->sharpness + 40", "42"),
        ("watch", "counter * 2", "6"),
        ("hover", "at->name", "\"Thorin\""),
        ("hover", "at->next->next->weapon->name", "\"hammer\""),
        ("hover", "total", "0"),
    ] {
        assert_eq!(
            without_address(&stop.evaluate(context, expression)),
            value,
            "{expression}"
        );
    }
    // In the console are expressions and lldb's commands.
    assert!(stop.evaluate("repl", "at->next->age").ends_with("= 169"));
    assert!(
        stop.evaluate("repl", "p at->next->next->name")
            .ends_with("\"Balin\"")
    );
    assert!(stop.evaluate("repl", "bt 2").contains("fellowship.c:42"));
    editor.end();
}

#[test]
fn steps_go_in_and_over_and_out_and_the_program_ends() {
    if !equipped() {
        return;
    }
    let third = "company = join(company, \"Thorin\"";
    let mut editor = Editor::start("dap-step", &[third]);
    let main = "main";
    editor.stopped("breakpoint", main, third).go("stepIn");
    let mut stop = editor.stopped("step", "join", "*dwarf = malloc");
    assert_eq!(stop.tree("Locals", "age"), "195");
    assert_eq!(
        without_address(&stop.tree("Locals", "head.next.*next.weapon.*weapon.name")),
        "\"hammer\""
    );
    stop.go("next");
    editor.stopped("step", "join", "if (!dwarf)").go("next");
    editor
        .stopped("step", "join", "*dwarf = (struct")
        .go("next");
    let mut stop = editor.stopped("step", "join", "counter++");
    assert_eq!(
        without_address(&stop.tree("Locals", "dwarf.next.*next.next.*next.name")),
        "\"Balin\""
    );
    stop.go("stepOut");
    // In the middle of the line: what was returned is still to be assigned.
    editor.stopped("step", main, third).go("next");
    editor
        .stopped("step", main, "total = strength")
        .go("continue");
    assert_eq!(editor.adapter.exit_code(), Some(0));
    editor.adapter.event("terminated");
    let output = editor.adapter.output("stdout");
    assert!(
        output.contains("3 dwarves of strength 16 on ponies"),
        "{output:?}"
    );
    editor.end();
}

#[test]
fn a_breakpoint_with_a_condition_stops_once_and_variables_can_be_set() {
    if !equipped() {
        return;
    }
    let mut editor = Editor::start("dap-set", &["total += at->weapon if at->age == 178"]);
    let mut stop = editor.stopped("breakpoint", "strength", "total += at->weapon");
    assert_eq!(stop.tree("Locals", "total"), "14");
    stop.set("Locals", "total", "40");
    stop.go("continue");
    assert_eq!(editor.adapter.exit_code(), Some(0));
    let output = editor.adapter.output("stdout");
    assert!(output.contains("of strength 42"), "{output:?}");
    editor.end();
}

/// Programs of tests/programs/trap: the function and the text of the line that trap, and the trap.
const TRAPS: [(&str, &str, &str, &str); 7] = [
    (
        "divide",
        "ratio",
        "return part / whole",
        "integer divide by zero",
    ),
    (
        "overflow",
        "negate",
        "return value / by",
        "integer overflow",
    ),
    (
        "bounds",
        "item",
        "return at[index]",
        "out of bounds memory access",
    ),
    (
        "null_write",
        "mark",
        "huge->tail = 1",
        "out of bounds memory access",
    ),
    (
        "null_call",
        "dispatch",
        "return handler->run(value)",
        "uninitialized element",
    ),
    (
        "wrong_type",
        "call",
        "return function(1, 2)",
        "indirect call type mismatch",
    ),
    (
        "unreachable",
        "name",
        "__builtin_trap()",
        "wasm `unreachable` instruction executed",
    ),
];

#[test]
fn a_breakpoint_on_main_is_the_programs_and_a_trap_is_named() {
    if !equipped() {
        return;
    }
    for (name, function, text, trap) in TRAPS {
        let mut editor = Editor::trap(name);
        let stopped = editor.adapter.event("stopped");
        assert_eq!(stopped["reason"], "breakpoint", "{stopped}");
        let thread = json!({"threadId": stopped["threadId"]});
        let stack = editor.adapter.request("stackTrace", thread.clone());
        let top = &stack["stackFrames"][0];
        assert_eq!(top["name"], "main", "{stack}");
        assert_eq!(
            top["source"]["path"],
            json!(editor.workspace.source),
            "{stack}"
        );
        editor.adapter.request("continue", thread.clone());
        let said = format!("wasm trap: {trap}");
        let stopped = editor.adapter.event("stopped");
        assert_eq!(stopped["reason"], "exception", "{stopped}");
        let info = editor.adapter.request("exceptionInfo", thread.clone());
        for it in [&stopped, &info] {
            assert_eq!(it["description"], said, "{it}");
        }
        editor.adapter.await_output("stdout", &said);
        let stack = editor.adapter.request("stackTrace", thread);
        let frames = stack["stackFrames"].as_array().unwrap();
        assert_eq!(frames[0]["name"], function, "{stack}");
        assert_eq!(frames[0]["line"], editor.workspace.line(text), "{stack}");
        // The program's frames, and then those of the runtime, which the editor folds.
        let is_folded = |frame: &Value| frame["source"]["presentationHint"] == "deemphasize";
        let program = frames.iter().position(is_folded).unwrap();
        let last = frames[program - 1]["name"].as_str().unwrap();
        assert!(last.starts_with("_start"), "{stack}");
        assert!(frames[program..].iter().all(is_folded), "{stack}");
        editor.end();
    }
}

/// Messages of an adapter reach the editor as they are, in whatever pieces they come, and traps by their names.
#[test]
fn what_the_adapter_says_is_passed_on() {
    if !equipped() {
        return;
    }
    let relay = root().join("src/debugger/lldb/dwalin_lldb/relay.py");
    let told = Path::new(env!("CARGO_TARGET_TMPDIR")).join("told");
    fs::write(
        &told,
        "{\"trap\": \"integer overflow\", \"code\": [[16, 32]]}\n",
    )
    .unwrap();
    let mut python = Command::new("sh")
        .args(["-c", "exec python3 \"$0\" 3 3< \"$1\""])
        .args([&relay, &told])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let message = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let stopped = r#"{"body":{"description":"SIGFPE","reason":"exception"},"event":"stopped"}"#;
    let named = r#"{"body":{"description":"wasm trap: integer overflow","reason":"exception","text":"wasm trap: integer overflow"},"event":"stopped"}"#;
    let damaged = r#"{"event":"stopped","body":["#;
    let others = [
        r#"{"event":"output","body":{"output":"Content-Length: 7\r\n\r\n ü"}}"#,
        r#"{"event":"stopped","body":{"reason":"step","description":"step over"}}"#,
        r#"{"event":"stopped","body":3}"#,
        "",
    ];
    let all = |stopped: &str| -> String {
        let mut messages: Vec<_> = others.iter().map(|it| message(it)).collect();
        messages.extend([message(stopped), message(damaged)]);
        messages.concat() + "Content-Length: 99\r\n\r\nand no more"
    };
    let mut input = python.stdin.take().unwrap();
    for piece in all(stopped).as_bytes().chunks(7) {
        input.write_all(piece).unwrap();
    }
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), all(named));
}

#[test]
fn an_editor_attaches_to_a_running_program() {
    if !equipped() {
        return;
    }
    if !may_attach() {
        return;
    }
    let dwalin = bin().join("dwalin").into_os_string().into_string().unwrap();
    let options = ["--debugger", "lldb-formatters"];
    let program = Running::start(&dwalin, &tests(), "dap", &options);
    let mut editor = Editor::attach("dap-attach", &program, &["return older"]);
    let mut stop = editor.stopped("breakpoint", "visit", "return older");
    assert_eq!(stop.function(1), "main");
    assert_eq!(stop.tree("Locals", "older"), "179");
    assert_eq!(stop.tree("Locals", "who.next.*next.next.*next.age"), "178");
    assert_eq!(stop.tree("Locals", "who.next.*next.name"), "\"D-name\"");
    stop.set("Globals", "go_on", "0");
    editor
        .adapter
        .request("disconnect", json!({"terminateDebuggee": false}));
    assert!(editor.adapter.ends());
    assert_eq!(program.end(), (Some(7), "left with 180, 0\n".into()));
}

#[test]
fn both_adapters_are_told_the_same() {
    if !equipped() {
        return;
    }
    let workspace = Workspace::prepare("dap-json");
    let launch = workspace.json(".vscode/launch.json");
    let all = launch["configurations"].as_array().unwrap().iter();
    let launches = all.filter(|one| one["request"] == "launch" && one["initCommands"].is_array());
    let told: Vec<_> = launches
        .map(|one| ["initCommands", "program", "args", "cwd"].map(|name| one[name].clone()))
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);
}

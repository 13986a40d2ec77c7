//! Presses F5 in examples/vscode: drives lldb's debug adapter as an editor does, with the launch.json and tasks.json that are there.

mod adapter;

use adapter::Adapter;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The command, which `cargo test --workspace` builds beside the tests.
fn bin() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let bin = tests.ancestors().nth(2).unwrap();
    assert!(bin.join("dwalin").exists(), "cargo build first");
    bin.to_owned()
}

/// A copy of the example, as it is when an editor has run the tasks.
struct Workspace(PathBuf);

impl Workspace {
    fn prepare(name: &str) -> Workspace {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/vscode");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join(".vscode")).unwrap();
        for file in ["fellowship.c", ".vscode/launch.json", ".vscode/tasks.json"] {
            fs::copy(example.join(file), folder.join(file)).unwrap();
        }
        let workspace = Workspace(folder);
        let path = env::join_paths([bin()].into_iter().chain(env::split_paths(
            &env::var_os("PATH").unwrap(),
        )));
        for task in workspace.json(".vscode/tasks.json")["tasks"].as_array().unwrap() {
            let Some(command) = task["command"].as_str() else {
                continue; // it only depends on others
            };
            let args = task["args"].as_array().unwrap();
            let status = Command::new(command)
                .args(args.iter().map(|arg| arg.as_str().unwrap()))
                .current_dir(&workspace.0)
                .env("PATH", path.as_ref().unwrap())
                .status()
                .unwrap();
            assert!(status.success(), "the task {} succeeds", task["label"]);
        }
        workspace
    }

    /// A file for the editor, with the variables replaced that it would replace.
    fn json(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.0.join(name)).unwrap();
        let text = text
            .replace("${workspaceFolder}", self.0.to_str().unwrap())
            .replace("${env:HOME}/.cargo/bin", bin().to_str().unwrap());
        serde_json::from_str(&text).unwrap()
    }

    /// The configuration for an adapter.
    fn launch(&self, adapter: &str) -> Value {
        let launch = self.json(".vscode/launch.json");
        let all = launch["configurations"].as_array().unwrap();
        all.iter().find(|one| one["type"] == adapter).unwrap().clone()
    }

    /// The number of the line with a text.
    fn line(&self, text: &str) -> u64 {
        let source = fs::read_to_string(self.0.join("fellowship.c")).unwrap();
        let index = source.lines().position(|line| line.contains(text));
        1 + index.unwrap() as u64
    }
}

/// An editor's side of a session with the example, stopped somewhere.
struct Editor {
    workspace: Workspace,
    adapter: Adapter,
}

impl Editor {
    /// F5, with breakpoints on the lines that have these texts; the program runs.
    fn start(name: &str, breakpoints: &[&str]) -> Editor {
        let workspace = Workspace::prepare(name);
        let mut adapter = Adapter::start();
        adapter.request("initialize", json!({"adapterID": "lldb-dap", "linesStartAt1": true, "pathFormat": "path"}));
        adapter.request("launch", workspace.launch("lldb-dap"));
        adapter.event("initialized");
        let mut editor = Editor { workspace, adapter };
        editor.set_breakpoints(breakpoints);
        editor.adapter.request("configurationDone", json!({}));
        editor
    }

    fn set_breakpoints(&mut self, texts: &[&str]) {
        let lines: Vec<_> = texts.iter().map(|text| json!({"line": self.workspace.line(text)})).collect();
        let source = json!({"name": "fellowship.c", "path": self.workspace.0.join("fellowship.c")});
        let set = self.adapter.request("setBreakpoints", json!({"source": source, "breakpoints": lines}));
        assert_eq!(set["breakpoints"].as_array().unwrap().len(), texts.len(), "{set}");
    }

    /// Waits until the program has stopped for a reason, in a function on the line with a text.
    fn stopped(&mut self, reason: &str, function: &str, text: &str) -> Stop<'_> {
        let stopped = self.adapter.event("stopped");
        assert_eq!(stopped["reason"], reason, "{stopped}");
        let thread = stopped["threadId"].clone();
        let stack = self.adapter.request("stackTrace", json!({"threadId": thread, "startFrame": 0, "levels": 20}));
        let frames = stack["stackFrames"].as_array().unwrap().clone();
        let top = &frames[0];
        assert_eq!((&top["name"], &top["line"]), (&json!(function), &json!(self.workspace.line(text))), "{stack}");
        assert_eq!(top["source"]["path"], json!(self.workspace.0.join("fellowship.c")));
        Stop { adapter: &mut self.adapter, thread, frames }
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

    /// What the tree shows for `at.next.age`, say: opens each node on the way, from a scope on.
    fn tree(&mut self, scope: &str, path: &str) -> String {
        let scopes = self.adapter.request("scopes", json!({"frameId": self.frames[0]["id"]}));
        let scopes = scopes["scopes"].as_array().unwrap();
        let mut node = scopes.iter().find(|one| one["name"] == scope).unwrap().clone();
        for name in path.split('.') {
            let children = self.children(&node);
            let child = children.iter().find(|child| child["name"] == name);
            node = child.unwrap_or_else(|| panic!("{path}: no {name} in {children:?}")).clone();
        }
        node["value"].as_str().unwrap().to_owned()
    }

    fn children(&mut self, node: &Value) -> Vec<Value> {
        let variables = self.adapter.request("variables", json!({"variablesReference": node["variablesReference"]}));
        variables["variables"].as_array().unwrap().clone()
    }

    /// What is shown for an expression in a context: `watch`, `hover`, `repl`.
    fn evaluate(&mut self, context: &str, expression: &str) -> String {
        let frame = &self.frames[0]["id"];
        let body = self.adapter.request("evaluate", json!({"expression": expression, "context": context, "frameId": frame}));
        body["result"].as_str().unwrap().trim().to_owned()
    }
}

#[test]
fn f5_stops_at_a_breakpoint_and_the_tree_opens() {
    let mut editor = Editor::start("dap-tree", &["total += at->weapon"]);
    let mut stop = editor.stopped("breakpoint", "strength", "total += at->weapon");
    assert_eq!(stop.function(1), "__main_argc_argv");
    let scopes = stop.adapter.request("scopes", json!({"frameId": stop.frames[0]["id"]}));
    println!("{scopes}");
    for scope in scopes["scopes"].as_array().unwrap().iter().take(2) {
        let v = stop.children(scope);
        println!("{v:#?}");
    }
    for path in ["total", "at", "at.name", "at.age", "at.weapon", "at.weapon.name", "at.weapon.sharpness", "at.next", "at.next.name", "at.next.next.name", "at.next.next.age", "at.next.next.weapon.name", "at.next.next.weapon.sharpness", "at.next.next.next"] {
        println!("{path} = {}", stop.tree("Locals", path));
    }
    for (context, e) in [("watch", "at->next->weapon->name"), ("watch", "at->next->next->weapon->sharpness + 1"), ("watch", "*at"), ("watch", "*at->next"), ("hover", "at"), ("watch", "counter"), ("watch", "axe"),
        ("repl", "at->next->age"), ("repl", "p at->next->next->name"), ("repl", "v at->next->next->weapon->name"), ("repl", "bt 2"), ("repl", "`bt 2")] {
        println!("{context} {e} = {}", stop.evaluate(context, e));
    }
    stop.go("next");
    let stop = editor.stopped("step", "strength", "for (const");
    stop.go("stepOut");
    let stop = editor.stopped("step", "main", "total = strength");
    stop.go("continue");
}

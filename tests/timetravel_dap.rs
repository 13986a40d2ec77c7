//! Back in time from an editor: gdb's adapter with what Dwalin adds to it, as the script of examples/vscode starts it.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod adapter;
mod support;

use adapter::Adapter;
use serde_json::{Value, json};
use std::process::Command;
use support::{Folder, tools};

const PROGRAM: &str = "#include <stdio.h>
static int total;
static void add(int value) {
    total += value;
}
int main(int count, char **words) {
    for (int i = 1; i < 4; i++)
        add(i);
    printf(\"%s %d\\n\", words[1], total);
    fflush(stdout);
    __builtin_trap();
}
";

/// Returns true if gdb has an adapter: from version 14 on.
fn equipped() -> bool {
    if !tools::have(&["clang-19", "gdb"]) {
        return false;
    }
    let version = Command::new(tools::gdb())
        .arg("--version")
        .output()
        .unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let number = version.lines().next().and_then(|it| it.rsplit(' ').next());
    let major = number.and_then(|it| it.split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|it| it >= 14)
}

/// A session of the script, at its first stop, in `add`.
struct Editor {
    adapter: Adapter,
    folder: Folder,
}

impl Editor {
    fn start(name: &str) -> Editor {
        let folder = Folder::new(name);
        folder.write("fellowship.c", PROGRAM);
        folder.tool(&[
            "clang-19",
            "--target=wasm32-wasi",
            "-g",
            "-o",
            "fellowship.wasm",
            "fellowship.c",
        ]);
        std::fs::create_dir_all(folder.path(".vscode")).unwrap();
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/examples/vscode/.vscode/gdb-reverse"
        );
        let own = folder.path(".vscode/gdb-reverse");
        std::fs::copy(script, &own).unwrap();
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_dwalin"))
            .parent()
            .unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(own);
        command.args(["-i=dap", "-nx"]).env("PATH", path);
        let mut adapter = Adapter::start(command.env("GDB", tools::gdb()));
        let able = adapter.request("initialize", json!({"adapterID": "gdb-dap"}));
        assert_eq!(able["supportsStepBack"], true, "{able}");
        adapter.send("launch", json!({"program": folder.path("fellowship.wasm")}));
        adapter.event("initialized");
        let source = json!({"path": folder.path("fellowship.c")});
        let lines = json!([{"line": 4}]);
        adapter.request(
            "setBreakpoints",
            json!({"source": source, "breakpoints": lines}),
        );
        adapter.request("configurationDone", json!({}));
        let mut editor = Editor { adapter, folder };
        editor.stopped("add", 4);
        editor
    }

    fn go(&mut self, how: &str) {
        self.adapter.request(how, json!({"threadId": 1}));
    }

    fn stopped(&mut self, function: &str, line: u64) -> Value {
        let stop = self.adapter.event("stopped");
        let stack = self.adapter.request("stackTrace", json!({"threadId": 1}));
        let top = &stack["stackFrames"][0];
        assert_eq!(
            (&top["name"], &top["line"]),
            (&json!(function), &json!(line)),
            "{stop} {stack}"
        );
        assert_eq!(
            top["source"]["path"],
            json!(self.folder.path("fellowship.c")),
            "{stack}"
        );
        top["id"].clone()
    }

    fn value(&mut self, expression: &str, frame: &Value) -> Value {
        let arguments = json!({"expression": expression, "frameId": frame, "context": "watch"});
        self.adapter.request("evaluate", arguments)["result"].clone()
    }
}

#[test]
fn an_editor_steps_back_and_runs_backwards_from_a_trap() {
    if !equipped() {
        return;
    }
    let mut editor = Editor::start("timetravel-dap");
    for _ in 0..2 {
        editor.go("continue");
        editor.stopped("add", 4);
    }
    editor.go("continue");
    let frame = editor.stopped("main", 11);
    assert_eq!(editor.value("total", &frame), "6");
    editor.adapter.await_output("stdout", "ponies 6");
    editor.go("stepBack");
    editor.stopped("main", 10);
    editor.go("reverseContinue");
    let frame = editor.stopped("add", 4);
    assert_eq!(editor.value("value", &frame), "3");
    assert_eq!(editor.value("total", &frame), "3");
    editor.go("stepBack");
    editor.stopped("main", 8);
    editor.go("next");
    editor.stopped("add", 4);
    editor.go("next");
    let frame = editor.stopped("add", 5);
    assert_eq!(editor.value("total", &frame), "6");
    editor
        .adapter
        .request("disconnect", json!({"terminateDebuggee": true}));
    assert!(editor.adapter.ends());
    // Once: what is run again says nothing.
    assert_eq!(
        editor.adapter.output("stdout").matches("ponies 6").count(),
        1
    );
}

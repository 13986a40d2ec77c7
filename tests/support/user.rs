//! A user who has the command, stripped as its release is, and a debugger that no launcher starts.

use super::Folder;
use super::scripted::source;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A user with a home, a command and a program.
pub struct User {
    pub folder: Folder,
    pub command: String,
}

impl User {
    pub fn new(name: &str) -> User {
        let folder = Folder::new(name);
        let turns = fs::read(source("tests/programs/terminal/turns.c")).unwrap();
        folder.write("turns.c", turns);
        folder.compile("turns.c", &["-g", "-O0"]);
        let command = folder.text("dwalin");
        folder.tool(&[
            "llvm-objcopy-19",
            "--strip-all",
            env!("CARGO_BIN_EXE_dwalin"),
            &command,
        ]);
        fs::create_dir(folder.path("home")).unwrap();
        User { folder, command }
    }

    pub fn home(&self, name: &str) -> PathBuf {
        self.folder.path("home").join(name)
    }

    /// The output of a command of this user's.
    pub fn run(&self, command: &[&str]) -> String {
        let output = Command::new(command[0])
            .args(&command[1..])
            .current_dir(self.folder.path("."))
            .env("HOME", self.folder.path("home"))
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("DEBUGINFOD_URLS")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "{}: {said}", output.status);
        said
    }

    pub fn setup(&self, options: &[&str]) -> String {
        self.run(&[&[&self.command, "setup"], options].concat())
    }

    /// The output of gdb for commands, on the program with an argument.
    pub fn gdb(&self, commands: &[&str]) -> String {
        let gdb = std::env::var("GDB").unwrap_or_else(|_| "gdb".to_owned());
        self.debug(&[&gdb, "-q", "-batch"], "-ex", commands, "--args")
    }

    /// The same of lldb.
    pub fn lldb(&self, commands: &[&str]) -> String {
        self.debug(&[&super::tools::lldb(), "-b"], "-o", commands, "--")
    }

    fn debug(&self, debugger: &[&str], option: &str, commands: &[&str], end: &str) -> String {
        let mut line = debugger.to_vec();
        for command in commands {
            line.extend([option, command]);
        }
        line.extend([end, &self.command, "run", "-g", "--dir", "."]);
        line.push("turns.wasm");
        self.run(&line)
    }
}

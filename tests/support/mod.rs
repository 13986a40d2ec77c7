//! What tests of debug info do: compile, run, and look into the image that a debugger would get.

#![allow(dead_code, reason = "each test uses a part of it")]

pub mod code;
pub mod scripted;
pub mod tools;
pub mod user;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The tools that tests of debug info need.
pub const TOOLS: [&str; 4] = [
    "clang-19",
    "llvm-dwarfdump-19",
    "llvm-dwp-19",
    "llvm-objcopy-19",
];

/// A folder of a test's own, empty at first.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("debug")
            .join(name);
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), contents).unwrap();
        self.text(name)
    }

    /// Runs a tool in the folder.
    pub fn tool(&self, command: &[&str]) -> String {
        let output = Command::new(command[0])
            .args(&command[1..])
            .current_dir(&self.0)
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", command[0]));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{command:?}: {said}");
        said
    }

    /// Compiles `name` with some flags into an object, and links that alone.
    pub fn compile(&self, name: &str, flags: &[&str]) -> String {
        let compiler = if name.ends_with(".cpp") {
            "clang++-19"
        } else {
            "clang-19"
        };
        let (object, module) = (
            Path::new(name).with_extension("o"),
            Path::new(name).with_extension("wasm"),
        );
        let (object, module) = (object.to_str().unwrap(), module.to_str().unwrap());
        let base = [compiler, "--target=wasm32-wasi", "-w", "-fno-exceptions"];
        self.tool(&[&base[..], flags, &["-c", name, "-o", object]].concat());
        self.tool(&[&base[..], &[object, "-o", module]].concat());
        self.text(module)
    }

    /// Runs the command in the folder.
    pub fn dwalin(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_dwalin"))
            .args(args)
            .current_dir(&self.0)
            .env_remove("DEBUGINFOD_URLS")
            .output()
            .unwrap()
    }

    /// The output of llvm-dwarfdump for the module's image, which has to be valid, and Dwalin's output when it made it.
    pub fn image(&self, module: &str, flags: &[&str]) -> Image {
        let image = self.text("image.elf");
        let args = ["compile", "-g", "-o", "artifact", "--debug-image", &image];
        let output = self.dwalin(&[&args[..], flags, &[module]].concat());
        let warnings = stderr(&output);
        assert!(output.status.success(), "{warnings}");
        self.tool(&["llvm-dwarfdump-19", "--verify", "--quiet", &image]);
        let dump = self.tool(&["llvm-dwarfdump-19", "--debug-info", &image]);
        Image { dump, warnings }
    }
}

/// An image, and what was said.
pub struct Image {
    pub dump: String,
    pub warnings: String,
}

impl Image {
    /// Entries that have a name, as the tag and the name.
    pub fn names(&self) -> BTreeSet<String> {
        let mut tag = "";
        let mut names = BTreeSet::new();
        for line in self.dump.lines() {
            if let Some((_, found)) = line.split_once("DW_TAG_") {
                tag = found.trim();
            }
            if let Some((_, name)) = line.split_once("DW_AT_name\t(") {
                names.insert(format!("{tag} {}", name.trim_end_matches(')')));
            }
        }
        names
    }

    /// The expressions of entries, without what depends on where code and entries are.
    pub fn expressions(&self) -> Vec<String> {
        let mut tag = "";
        let mut found = Vec::new();
        for line in self.dump.lines() {
            if let Some((_, name)) = line.split_once("DW_TAG_") {
                tag = name.trim();
            }
            if let Some((_, operations)) = line.split_once("DW_OP_") {
                let words = operations
                    .split(' ')
                    .filter(|word| !word.starts_with("(0x"));
                found.push(format!("{tag} {}", words.collect::<Vec<_>>().join(" ")));
            }
        }
        found.sort();
        found
    }

    /// The attributes of the first entry with a tag and a name.
    pub fn entry(&self, tag: &str, name: &str) -> &str {
        let name = format!("DW_AT_name\t(\"{name}\")");
        self.dump
            .split("\n\n")
            .find(|entry| entry.contains(&format!("DW_TAG_{tag}\n")) && entry.contains(&name))
            .unwrap_or_else(|| panic!("no {tag} {name} in {}", self.dump))
    }

    /// The number of entries of a tag.
    pub fn count(&self, tag: &str) -> usize {
        let tag = format!("DW_TAG_{tag}");
        self.dump
            .lines()
            .filter(|line| line.ends_with(&tag))
            .count()
    }

    pub fn contains(&self, text: &str) -> bool {
        self.dump.contains(text)
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns true if this machine can run these tests; says so if it cannot.
pub fn equipped() -> bool {
    tools::have(&TOOLS)
}

//! Modules without DWARF: tests/programs/wat, made here.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A folder of a test's own, empty at first, where texts are kept too.
pub struct Folder {
    path: PathBuf,
    programs: PathBuf,
    dwalin: String,
}

impl Folder {
    /// `tests` is the folder tests.
    pub fn new(name: &str, tests: &Path, dwalin: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("wat")
            .join(name);
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Folder {
            path: path.canonicalize().unwrap(),
            programs: tests.join("programs/wat"),
            dwalin: dwalin.to_owned(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    /// Copies a program here.
    pub fn copy(&self, name: &str) -> String {
        fs::copy(self.programs.join(name), self.path(name)).unwrap();
        self.text(name)
    }

    /// plain.c without debug info, and without names where `stripped`.
    pub fn plain(&self, stripped: bool) -> String {
        let strip = if stripped {
            &["-Wl,--strip-all"][..]
        } else {
            &[]
        };
        self.compile("clang-19", "plain.c", strip)
    }

    /// A program without debug info.
    pub fn compile(&self, compiler: &str, source: &str, flags: &[&str]) -> String {
        let module = self.path(source).with_extension("wasm");
        let mut compiler = Command::new(compiler);
        compiler.args([
            "--target=wasm32-wasi",
            "-g0",
            "-O0",
            "-w",
            "-fno-exceptions",
        ]);
        compiler.args(flags).arg(self.programs.join(source));
        compiler.arg("-o").arg(&module);
        assert!(compiler.status().unwrap().success(), "{source} compiles");
        module.into_os_string().into_string().unwrap()
    }

    /// A program whose debug info holds its source, of which there is no file any more.
    pub fn embedded(&self) -> String {
        fs::create_dir_all(self.path("gone/src")).unwrap();
        fs::create_dir_all(self.path("gone/build")).unwrap();
        let source = "#include \"half.h\"\nint main(int argc, char **argv) {\n    int all = half(argc * 10);\n    int none = argc - 1;\n    \
            return all / none;\n}\n";
        let header = "static int half(int of) {\n    return of / 2;\n}\n";
        fs::write(self.path("gone/src/embedded.c"), source).unwrap();
        fs::write(self.path("gone/src/half.h"), header).unwrap();
        let module = self.path("embedded.wasm");
        let status = Command::new("clang-19")
            .args(["--target=wasm32-wasi", "-gdwarf-5", "-gembed-source", "-O0"])
            .args(["../src/embedded.c", "-o"])
            .arg(&module)
            .current_dir(self.path("gone/build"))
            .status();
        assert!(status.unwrap().success(), "it compiles");
        fs::remove_dir_all(self.path("gone")).unwrap();
        module.into_os_string().into_string().unwrap()
    }

    /// demo.wasm, which says where its source map is.
    pub fn demo(&self, url: &str) -> String {
        let mut wasm = wat::parse_file(self.programs.join("demo.wat")).unwrap();
        let (name, url) = ("sourceMappingURL", url.as_bytes());
        let mut section = leb(name.len());
        section.extend(name.as_bytes());
        section.extend(leb(url.len()));
        section.extend(url);
        wasm.push(0);
        wasm.extend(leb(section.len()));
        wasm.extend(section);
        fs::write(self.path("demo.wasm"), wasm).unwrap();
        self.text("demo.wasm")
    }

    /// The source map of demo.wasm, which holds demo.ts or does not.
    pub fn map(&self, holds_source: bool) -> String {
        let wasm = wat::parse_file(self.programs.join("demo.wat")).unwrap();
        let mut mappings = Vec::new();
        let (mut last_offset, mut last_line) = (0, 0);
        for line in [2, 3, 4, 5, 9, 10] {
            // `i32.const`, and a number of three bytes.
            let number = leb(70_000 + line as usize);
            let code = [&[0x41], &number[..]].concat();
            let found = wasm.windows(code.len()).position(|it| it == code).unwrap() as i64;
            let fields = [found - last_offset, 0, line - 1 - last_line, 0];
            mappings.push(fields.map(vlq).concat());
            (last_offset, last_line) = (found, line - 1);
        }
        let source = fs::read_to_string(self.programs.join("demo.ts")).unwrap();
        let content = match holds_source {
            true => format!("\"{}\"", source.replace('\n', "\\n")),
            false => "null".to_owned(),
        };
        format!(
            r#"{{"version":3,"sources":["./src/demo.ts"],"sourcesContent":[{content}],"mappings":"{}"}}"#,
            mappings.join(",")
        )
    }

    /// Runs the command here.
    pub fn dwalin(&self, args: &[&str]) -> Output {
        Command::new(&self.dwalin)
            .args(args)
            .current_dir(&self.path)
            .env("XDG_CACHE_HOME", self.path("cache"))
            .output()
            .unwrap()
    }

    /// The printed text of a module, which running it with -g says.
    pub fn printed(&self, module: &str) -> PathBuf {
        let said = stderr(&self.dwalin(&["run", "-g", "--allow-precompiled", module]));
        let path = said.lines().find_map(|line| line.split_once("its text, "));
        PathBuf::from(path.unwrap_or_else(|| panic!("no text: {said}")).1)
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The number of the line `skip` lines after the first that has a text.
pub fn line(text: &str, of: &str, skip: usize) -> usize {
    let found = text.lines().position(|line| line.contains(of));
    found.unwrap_or_else(|| panic!("no {of} in {text}")) + 1 + skip
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 & 0x7f | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn vlq(value: i64) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = value.unsigned_abs() << 1 | u64::from(value < 0);
    let mut text = String::new();
    loop {
        let more = if rest > 31 { 32 } else { 0 };
        text.push(char::from(digits[(rest & 31 | more) as usize]));
        rest >>= 5;
        if rest == 0 {
            return text;
        }
    }
}

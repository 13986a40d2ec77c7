//! Native DWARF that is made once is not made again, and what was kept is never taken for something else.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use support::{Folder, TOOLS, tools};

const SOURCE: &str = "
static int counter_here = 41;
__attribute__((noinline)) int step(int by) { counter_here += by; return counter_here; }
int main(void) { return step(1); }
";

/// A folder with a program and a cache.
struct Program(Folder);

impl Program {
    /// The program, as C; `None` without tools.
    fn new(name: &str, source: &str) -> Option<Program> {
        if !tools::have(&[&TOOLS[..1], &["gdb"]].concat()) {
            return None;
        }
        let folder = Folder::new(name);
        folder.write("app.c", source);
        folder.compile("app.c", &["-g", "-O0"]);
        Some(Program(folder))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path(""))
            .env("XDG_CACHE_HOME", self.0.path("cache"))
            .env_remove("DEBUGINFOD_URLS")
            .stdin(Stdio::null());
        command
    }

    fn dwalin(&self, args: &[&str]) -> Output {
        let dwalin = env!("CARGO_BIN_EXE_dwalin");
        self.command(dwalin).args(args).output().unwrap()
    }

    /// Runs the program, which nobody debugs.
    fn run(&self) {
        let output = self.dwalin(&["run", "-g", "app.wasm"]);
        assert_eq!(output.status.code(), Some(42));
        assert_eq!(support::stderr(&output), "");
    }

    /// The answer of gdb to an expression, in `step`.
    fn answer(&self, expression: &str, args: &[&str]) -> String {
        let print = format!("print {expression}");
        let mut gdb = self.command("gdb");
        gdb.args(["-nx", "-batch", "-ex", "set debuginfod enabled off"]);
        gdb.args(["-ex", "set breakpoint pending on", "-ex", "break step"]);
        gdb.args(["-ex", "run", "-ex", &print, "--args"]);
        gdb.args([env!("CARGO_BIN_EXE_dwalin"), "run", "-g"]);
        let output = gdb.args(args).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let mut lines = said.lines();
        let line = lines.find(|it| it.starts_with("$1 = ") || it.starts_with("No symbol"));
        line.unwrap_or_else(|| panic!("no answer: {said}"))
            .to_owned()
    }

    /// The output of lldb, alone or with the scripts, asked for an expression in `step`.
    fn lldb(&self, expression: &str, scripts: bool) -> String {
        let dwalin = env!("CARGO_BIN_EXE_dwalin");
        let print = format!("expression -- {expression}");
        let commands = ["-o", "b step", "-o", "run", "-o", &print, "-o", "quit"];
        let mut lldb = match scripts {
            true => self.command(dwalin),
            false => self.command("lldb-19"),
        };
        if scripts {
            lldb.args(["lldb", "--lldb", "lldb-19", "--lldb-option=--no-lldbinit"]);
            lldb.args(commands).arg("app.wasm");
        } else {
            lldb.args(["--no-lldbinit", "-b"]).args(commands);
            lldb.args(["--", dwalin, "run", "-g", "app.wasm"]);
        }
        let output = lldb.output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    fn images(&self) -> Vec<PathBuf> {
        let places = fs::read_dir(self.0.path("cache/dwalin/images"));
        let places = places.into_iter().flatten().flatten();
        let files = places.flat_map(|place| fs::read_dir(place.path()).unwrap().flatten());
        files.map(|file| file.path()).collect()
    }

    /// The only image, with other bytes.
    fn replace(&self, change: impl Fn(&mut Vec<u8>)) -> PathBuf {
        let [path] = &self.images()[..] else {
            panic!("one image: {:?}", self.images())
        };
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o444)).unwrap();
        path.clone()
    }
}

/// Gives the variable another name, by which an image that was kept is known.
fn rename(bytes: &mut Vec<u8>) {
    let (from, to) = (b"counter_here", b"counter_then");
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    seal(bytes);
}

/// Makes the checksum that of the bytes.
fn seal(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() - 4);
    bytes.extend(crc32fast::hash(bytes).to_le_bytes());
}

#[test]
fn an_image_is_made_once() {
    let Some(program) = Program::new("image-once", SOURCE) else {
        return;
    };
    program.run();
    program.replace(rename);
    program.run();
    // The code is where it was, and so is the memory.
    assert_eq!(program.answer("counter_then", &["app.wasm"]), "$1 = 41");
    assert_eq!(program.images().len(), 1);
    let fresh = program.answer("counter_here", &["-C", "cache=n", "app.wasm"]);
    assert_eq!(fresh, "$1 = 41");
}

#[test]
fn an_artifact_has_one_too() {
    let Some(program) = Program::new("image-artifact", SOURCE) else {
        return;
    };
    let compiled = program.dwalin(&["compile", "-g", "app.wasm", "-o", "app.cwasm"]);
    assert!(compiled.status.success());
    let args = ["--allow-precompiled", "app.cwasm"];
    assert_eq!(program.answer("counter_here", &args), "$1 = 41");
    program.replace(rename);
    assert_eq!(program.answer("counter_then", &args), "$1 = 41");
    // Of another artifact at the same path there is none.
    program.0.write(
        "app.c",
        SOURCE.replace("41", "40").replace("step(1)", "step(2)"),
    );
    program.0.compile("app.c", &["-g", "-O0"]);
    let compiled = program.dwalin(&["compile", "-g", "app.wasm", "-o", "app.cwasm"]);
    assert!(compiled.status.success());
    assert_eq!(program.answer("counter_here", &args), "$1 = 40");
}

#[test]
fn lldb_has_one_of_its_own() {
    if !tools::have(&["lldb-19"]) {
        return;
    }
    for scripts in [false, true] {
        let name = format!("image-lldb-{scripts}");
        let Some(program) = Program::new(&name, SOURCE) else {
            return;
        };
        program.lldb("counter_here", scripts);
        program.replace(rename);
        for _ in 0..2 {
            let said = program.lldb("counter_then", scripts);
            assert!(said.contains(" = 41"), "{said}");
            assert!(said.contains("step(by=1)"), "{said}");
            assert_eq!(program.images().len(), 1);
        }
    }
}

#[test]
fn an_image_that_is_damaged_is_made_again() {
    let Some(program) = Program::new("image-damaged", SOURCE) else {
        return;
    };
    program.run();
    let whole = fs::read(&program.images()[0]).unwrap();
    let flips = (0..whole.len()).step_by(whole.len() / 4);
    let flips = flips.map(|at| {
        let mut bytes = whole.clone();
        rename(&mut bytes);
        bytes[at] ^= 0x10;
        bytes
    });
    let cut = [0, 3, 19, 20, whole.len() / 2].map(|len| whole[..len].to_vec());
    for bytes in flips.chain(cut) {
        let path = program.replace(|it| *it = bytes.clone());
        program.run();
        assert!(fs::read(&path).unwrap() != bytes, "{} bytes", bytes.len());
    }
    assert_eq!(program.answer("counter_here", &["app.wasm"]), "$1 = 41");
}

#[test]
fn an_image_of_other_addresses_is_not_shown() {
    let Some(program) = Program::new("image-elsewhere", SOURCE) else {
        return;
    };
    program.run();
    // That of another placement, of none, and one that was made of something else.
    let changes: [fn(&mut [u8]); 3] = [
        |tail| tail[5] ^= 1,
        |tail| tail[0] ^= 1,
        |tail| tail[12] -= 1,
    ];
    for change in changes {
        program.replace(|bytes| {
            rename(bytes);
            let tail = bytes.len() - 20;
            change(&mut bytes[tail..]);
            seal(bytes);
        });
        assert_eq!(program.answer("counter_here", &["app.wasm"]), "$1 = 41");
    }
}

#[test]
fn an_image_that_others_can_have_written_is_not_shown() {
    let Some(program) = Program::new("image-others", SOURCE) else {
        return;
    };
    for mode in [0o464, 0o446] {
        program.run();
        let path = program.replace(rename);
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        assert_eq!(program.answer("counter_here", &["app.wasm"]), "$1 = 41");
    }
}

#[test]
fn processes_that_make_an_image_at_once_leave_one() {
    let Some(program) = Program::new("image-concurrent", SOURCE) else {
        return;
    };
    let start = || {
        let mut dwalin = program.command(env!("CARGO_BIN_EXE_dwalin"));
        dwalin.args(["run", "-g", "app.wasm"]).spawn().unwrap()
    };
    let mut all: Vec<_> = (0..6).map(|_| start()).collect();
    all[0].kill().unwrap();
    for process in &mut all[1..] {
        assert_eq!(process.wait().unwrap().code(), Some(42));
    }
    all[0].wait().unwrap();
    program.run();
    for path in program.images() {
        let is_image = !path.file_name().unwrap().to_string_lossy().starts_with('.');
        let bytes = fs::read(&path).unwrap();
        let (sealed, sum) = bytes.split_last_chunk().unwrap();
        assert!(!is_image || crc32fast::hash(sealed).to_le_bytes() == *sum);
    }
    assert_eq!(program.answer("counter_here", &["app.wasm"]), "$1 = 41");
}

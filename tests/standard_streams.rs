//! Standard streams as files and pipes: each call of a C program gives what it gives in the native build of the same source.

#[path = "support/tools.rs"]
mod tools;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const SOURCE: &str = r#"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
static const char *name(long result, int error) {
    if (result >= 0) return "";
    return error == EINVAL ? "EINVAL" : error == ESPIPE ? "ESPIPE" : error == EBADF ? "EBADF" : "another";
}
#define SAY(call) do { errno = 0; long result = (call); \
    fprintf(stderr, "%s: %ld %s\n", #call, result, name(result, errno)); } while (0)
int main(void) {
    char bytes[4];
    struct stat stat;
    SAY(read(0, bytes, 3));
    SAY(write(1, "abc", 3));
    SAY(lseek(0, 0, SEEK_CUR));
    SAY(lseek(1, 0, SEEK_CUR));
    SAY(fsync(0));
    SAY(fsync(1));
    SAY(fdatasync(1));
    SAY(ftruncate(0, 1));
    SAY(ftruncate(1, 2));
    SAY(fstat(1, &stat));
    SAY(S_ISREG(stat.st_mode));
    SAY(pwrite(1, "z", 1, 0));
    SAY(pread(0, bytes, 1, 0));
    SAY(write(0, "a", 1));
    SAY(read(1, bytes, 1));
}
"#;

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standard-streams");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The native build and the module, or nothing where there is no compiler and tests may be skipped.
fn built() -> Option<[PathBuf; 2]> {
    static BUILT: OnceLock<Option<[PathBuf; 2]>> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> Option<[PathBuf; 2]> {
    if !tools::have(&["clang-19"]) {
        return None;
    }
    let source = folder().join("streams.c");
    fs::write(&source, SOURCE).unwrap();
    let builds: [(_, &[&str]); 2] = [("native", &[]), ("streams.wasm", &["--target=wasm32-wasi"])];
    Some(builds.map(|(name, target)| {
        let out = folder().join(name);
        let mut clang = Command::new("clang-19");
        clang.args(target).args(["-w", "-o"]).args([&out, &source]);
        assert!(clang.status().unwrap().success());
        out
    }))
}

/// The same program by both ways to run it.
fn commands([native, module]: [PathBuf; 2]) -> [Command; 2] {
    let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
    dwalin.arg("run").arg(module);
    [Command::new(native), dwalin]
}

#[test]
fn files_are_read_written_cut_and_synchronised() {
    let Some(built) = built() else { return };
    let (input, output) = (folder().join("input"), folder().join("output"));
    fs::write(&input, "hello").unwrap();
    let [native, dwalin] = commands(built).map(|mut command| {
        command.stdin(File::open(&input).unwrap());
        command.stdout(File::create(&output).unwrap());
        let said = command.output().unwrap().stderr;
        let said = String::from_utf8(said).unwrap();
        (said, fs::read(&output).unwrap())
    });
    assert_eq!(dwalin, native);
    assert_eq!(native.1, b"zb");
}

#[test]
fn pipes_have_the_errors_of_pipes() {
    let Some(built) = built() else { return };
    let [native, dwalin] = commands(built).map(|mut command| {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, b"hello").unwrap();
        let ended = child.wait_with_output().unwrap();
        (String::from_utf8(ended.stderr).unwrap(), ended.stdout)
    });
    assert_eq!(dwalin, native);
    assert!(
        native.0.contains("ftruncate(1, 2): -1 EINVAL"),
        "{native:?}"
    );
}

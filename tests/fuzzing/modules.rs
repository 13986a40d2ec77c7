//! Modules of random instructions, as `smith` prints them: a program of its own, which cargo builds.

use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The modules of seeds, in their order; `None` is the module of a seed that makes none.
pub struct Modules {
    smith: Child,
    printed: BufReader<ChildStdout>,
}

impl Modules {
    pub fn new(first: u64, last: u64) -> Modules {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzzing/smith/Cargo.toml");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("smith");
        let mut smith = Command::new("cargo")
            .args(["run", "--quiet", "--locked", "--release"])
            .arg("--manifest-path")
            .arg(manifest)
            .args(["--", &first.to_string(), &last.to_string()])
            .env("CARGO_TARGET_DIR", target)
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(smith.stdout.take().unwrap());
        Modules { smith, printed }
    }
}

impl Iterator for Modules {
    type Item = Option<Vec<u8>>;

    fn next(&mut self) -> Option<Option<Vec<u8>>> {
        let mut length = [0; 4];
        self.printed.read_exact(&mut length).ok()?;
        let mut module = vec![0; u32::from_le_bytes(length) as usize];
        self.printed.read_exact(&mut module).ok()?;
        Some((!module.is_empty()).then_some(module))
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        self.smith.kill().ok();
        self.smith.wait().ok();
    }
}

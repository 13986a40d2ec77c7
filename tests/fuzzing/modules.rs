//! Modules of random instructions, as `smith` prints them, and what another engine says of them: a program of its own, which cargo builds.

use std::io::{BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The modules of seeds, in their order; `None` is the module of a seed that makes none.
pub struct Modules {
    smith: Child,
    printed: BufReader<ChildStdout>,
}

impl Modules {
    /// Modules to record.
    pub fn new(first: u64, last: u64) -> Modules {
        Modules::printed(first, last, None)
    }

    fn printed(first: u64, last: u64, judge: Option<&str>) -> Modules {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzzing/smith/Cargo.toml");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("smith");
        let mut smith = Command::new("cargo")
            .args(["run", "--quiet", "--locked", "--release"])
            .arg("--manifest-path")
            .arg(manifest)
            .args(["--", &first.to_string(), &last.to_string()])
            .args(judge)
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

impl Modules {
    fn bytes(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.printed.read_exact(&mut length).ok()?;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        self.printed.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

impl Iterator for Modules {
    type Item = Option<Vec<u8>>;

    fn next(&mut self) -> Option<Option<Vec<u8>>> {
        let module = self.bytes()?;
        Some((!module.is_empty()).then_some(module))
    }
}

/// Modules, and of each the lines of another engine's account, which are none where it gives none; `None` is the module of a seed that makes none.
pub struct Judged(Modules);

impl Judged {
    pub fn new(first: u64, last: u64) -> Judged {
        Judged(Modules::printed(first, last, Some("judge")))
    }
}

impl Iterator for Judged {
    type Item = Option<(Vec<u8>, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        let module = self.0.next()?;
        let lines = String::from_utf8(self.0.bytes()?).unwrap();
        Some(module.map(|module| (module, lines)))
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        self.smith.kill().ok();
        self.smith.wait().ok();
    }
}

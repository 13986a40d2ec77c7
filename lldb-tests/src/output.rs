//! What the program prints: into files, so that nothing is lost or mixed when it ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// A file for one of the program's output streams, removed with this.
#[derive(Debug)]
pub struct Output(PathBuf);

impl Output {
    pub fn new(stream: &str) -> Output {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Output(env::temp_dir().join(format!("lldb-tests-{}-{number}-{stream}", process::id())))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The output so far; not what the program's own buffers hold.
    pub fn read(&self) -> String {
        fs::read(&self.0)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // It is not there if the launch failed.
        fs::remove_file(&self.0).ok();
    }
}

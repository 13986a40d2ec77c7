//! The functions as a guest calls them: by name from the tables, with an array of bytes as its memory.

mod descriptors;
mod files;
mod paths;
mod streams;
mod waiting;

use super::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// The address of paths and buffers in guest memory; the rest is for results.
const PATH: u32 = 1024;
const OTHER_PATH: u32 = 2048;
const BUFFER: u32 = 4096;
const RESULT: u32 = 64;

/// The directory that every guest of these tests has, as its first after the streams.
const ROOT: u32 = 3;

/// A program with one directory, whose files are the test's.
struct Guest {
    ctx: WasiCtx,
    memory: Vec<u8>,
    table: &'static [Function],
    host: PathBuf,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.host);
    }
}

impl Guest {
    fn new() -> Guest {
        Guest::with(&mut WasiCtxBuilder::new())
    }

    /// With a directory beside what the builder has.
    fn with(builder: &mut WasiCtxBuilder) -> Guest {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "dwalin-wasi-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        // Two levels, so that there is something of the test's own to escape to.
        let outside = std::env::temp_dir().join(name);
        std::fs::create_dir_all(outside.join("root")).unwrap();
        std::fs::write(outside.join("secret"), "secret").unwrap();
        let ctx = builder
            .preopened_dir(outside.join("root"), "/data")
            .unwrap()
            .build();
        Guest {
            ctx,
            memory: vec![0; 1 << 16],
            table: FUNCTIONS,
            host: outside,
        }
    }

    fn host_path(&self, name: &str) -> PathBuf {
        self.host.join("root").join(name)
    }

    fn put(&mut self, at: u32, bytes: &[u8]) {
        self.memory[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    fn u32(&self, at: u32) -> u32 {
        GuestMemory::new(&mut self.memory.clone())
            .read_u32(at)
            .unwrap()
    }

    fn u64(&self, at: u32) -> u64 {
        GuestMemory::new(&mut self.memory.clone())
            .read_u64(at)
            .unwrap()
    }

    fn bytes(&self, at: u32, len: u32) -> &[u8] {
        &self.memory[at as usize..(at + len) as usize]
    }

    fn outcome(&mut self, name: &str, args: &[u64]) -> Outcome {
        let function = self
            .table
            .iter()
            .find(|function| function.name == name)
            .unwrap();
        assert_eq!(function.params.len(), args.len(), "parameters of {name}");
        (function.call)(&mut self.ctx, &mut GuestMemory::new(&mut self.memory), args)
    }

    fn call(&mut self, name: &str, args: &[u64]) -> Errno {
        match self.outcome(name, args) {
            Outcome::Errno(errno) => errno,
            Outcome::Exit(code) => panic!("{name} exits with {code}"),
        }
    }

    fn ok(&mut self, name: &str, args: &[u64]) {
        assert_eq!(self.call(name, args), Errno::Success, "{name}{args:?}");
    }

    /// A function of a descriptor and a path, with what comes after them.
    fn on_path(&mut self, name: &str, path: &str, rest: &[u64]) -> Errno {
        self.put(PATH, path.as_bytes());
        let mut args = vec![u64::from(ROOT), u64::from(PATH), path.len() as u64];
        args.extend(rest);
        self.call(name, &args)
    }

    fn open_as(
        &mut self,
        path: &str,
        oflags: u16,
        rights: u64,
        fdflags: u16,
    ) -> Result<u32, Errno> {
        self.open_at(
            ROOT,
            path,
            [1, u64::from(oflags), rights, u64::from(fdflags)],
        )
    }

    fn open_at(&mut self, dir: u32, path: &str, how: [u64; 4]) -> Result<u32, Errno> {
        let [lookup, oflags, rights, fdflags] = how;
        self.put(PATH, path.as_bytes());
        let (dir, at, len, result) = (
            u64::from(dir),
            u64::from(PATH),
            path.len() as u64,
            u64::from(RESULT),
        );
        match self.call(
            "path_open",
            &[
                dir, lookup, at, len, oflags, rights, rights, fdflags, result,
            ],
        ) {
            Errno::Success => Ok(self.u32(RESULT)),
            error => Err(error),
        }
    }

    /// Opens to read and write, and creates.
    fn create(&mut self, path: &str) -> u32 {
        self.open_as(path, types::oflags::CREAT, rights::FILE, 0)
            .unwrap()
    }

    /// Points an `iovec` at `BUFFER`.
    fn iovec(&mut self, len: u32) {
        self.put(0, &BUFFER.to_le_bytes());
        self.put(4, &len.to_le_bytes());
    }

    fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, Errno> {
        self.put(BUFFER, bytes);
        self.iovec(bytes.len() as u32);
        match self.call("fd_write", &[u64::from(fd), 0, 1, u64::from(RESULT)]) {
            Errno::Success => Ok(self.u32(RESULT)),
            error => Err(error),
        }
    }

    fn read(&mut self, fd: u32, len: u32) -> Result<Vec<u8>, Errno> {
        self.iovec(len);
        match self.call("fd_read", &[u64::from(fd), 0, 1, u64::from(RESULT)]) {
            Errno::Success => Ok(self.bytes(BUFFER, self.u32(RESULT)).to_vec()),
            error => Err(error),
        }
    }

    fn seek(&mut self, fd: u32, offset: i64, whence: u64) -> Result<u64, Errno> {
        match self.call(
            "fd_seek",
            &[u64::from(fd), offset as u64, whence, u64::from(RESULT)],
        ) {
            Errno::Success => Ok(self.u64(RESULT)),
            error => Err(error),
        }
    }
}

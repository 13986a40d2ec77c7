//! The functions of the module that was compiled last at a path: after an edit, most of them are still the same.
//!
//! ```text
//! FOLDER/functions/HASH OF PATH, SETTINGS AND COMPILER/functions: what `compile::known` says · CRC-32 of all bytes before (4)
//! ```
//!
//! As of artifacts, what is found counts if nobody else can have written it, and if it is whole. Of processes that compile at once the last
//! one's file stays.

use crate::cache::{Cache, open_own};
use crate::compile::known::KnownFunctions;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The file's name, and that of the folder for all of them.
const NAME: &str = "functions";

/// Bytes of functions that are kept.
const KEPT: u64 = 256 << 20;

/// The place for the functions of a path's module.
pub struct CachedFunctions<'a> {
    compiler: &'a str,
    folder: PathBuf,
    path: PathBuf,
}

impl<'a> CachedFunctions<'a> {
    /// In a folder, for the module at a path; `compiler` is what code depends on besides the module.
    pub fn new(folder: &Path, compiler: &'a str, path: &Path) -> Option<CachedFunctions<'a>> {
        Some(CachedFunctions {
            compiler,
            folder: folder.join(NAME),
            path: std::path::absolute(path).ok()?,
        })
    }

    fn place(&self) -> PathBuf {
        let path = self.path.as_os_str().as_encoded_bytes();
        Cache::new(&self.folder, KEPT).place(&[path, self.compiler.as_bytes()])
    }

    /// The functions, as far as there are any.
    pub fn find(&self) -> KnownFunctions {
        let read = || -> io::Result<Vec<u8>> {
            let (mut file, len) = open_own(&self.place().join(NAME))?;
            let mut bytes = Vec::with_capacity(len);
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().ok().and_then(|mut bytes| {
            let (sealed, sum) = bytes.split_last_chunk()?;
            let len = sealed.len();
            (crc32fast::hash(sealed).to_le_bytes() == *sum).then(|| {
                bytes.truncate(len);
                bytes
            })
        });
        bytes.map_or_else(KnownFunctions::default, KnownFunctions::parse)
    }

    /// Keeps functions in place of those before. If that fails, they are compiled again the next time.
    pub fn keep(&self, functions: &[u8]) {
        let sum = crc32fast::hash(functions).to_le_bytes();
        let file = [functions, &sum].concat();
        let cache = Cache::new(&self.folder, KEPT);
        cache.put(&self.place(), Path::new(NAME), &file).ok();
    }
}

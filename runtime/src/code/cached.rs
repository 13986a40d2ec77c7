//! Artifacts of modules that were compiled before. A program that is debugged is started again and again.
//!
//! ```text
//! FOLDER/HASH OF MODULE, SETTINGS AND COMPILER/artifact
//!                                             /sound      the artifact's identity, if nothing is wrong with its module's debug info
//! ```
//!
//! What is found counts only if nobody else can have written it, if it is whole, which its checksum says, and if it is of the module
//! itself, which it holds.

use super::agreement::settings_text;
use super::{Artifact, link};
use crate::abi::settings::Settings;
use crate::cache::{Cache, open_own, program};
use crate::compile::target;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The file's name.
const NAME: &str = "artifact";

/// The name of a file with the identity of an artifact whose module's debug info was checked.
const SOUND: &str = "sound";

/// Bytes of artifacts that are kept.
const KEPT: u64 = 1 << 30;

/// The artifacts in a folder that were made with some settings.
pub struct CachedArtifacts<'a> {
    cache: Cache<'a>,
    settings: &'a Settings,
    /// The compiler that an artifact depends on as well.
    compiler: String,
}

impl<'a> CachedArtifacts<'a> {
    /// In a folder, which need not be there; `None` where it cannot be said what artifacts depend on.
    pub fn new(folder: &'a Path, settings: &'a Settings) -> Option<CachedArtifacts<'a>> {
        let isa = target::isa(settings).ok()?;
        let compiler = [settings_text(settings), link::target_of(&isa), program()?].concat();
        Some(CachedArtifacts {
            cache: Cache::new(folder, KEPT),
            settings,
            compiler,
        })
    }

    /// The settings and the program, which code depends on besides the module.
    pub fn compiler(&self) -> &str {
        &self.compiler
    }

    /// Returns the path of a module's artifact, whether it exists or not.
    pub fn place<'p>(&'p self, wasm: &'p [u8]) -> Place<'p> {
        // Modules with the same checksum and length have one place, and take it from each other.
        let sum = crc32fast::hash(wasm).to_le_bytes();
        let contents = [
            &sum,
            &wasm.len().to_le_bytes()[..],
            self.compiler.as_bytes(),
        ];
        Place {
            cached: self,
            wasm,
            folder: self.cache.place(&contents),
        }
    }
}

/// The place of a module's artifact.
pub struct Place<'a> {
    cached: &'a CachedArtifacts<'a>,
    wasm: &'a [u8],
    folder: PathBuf,
}

impl Place<'_> {
    /// The artifact, if it is there. It is read, not mapped: files can be cut short, and may be where nothing may be executed.
    pub fn find(&self) -> Option<Artifact> {
        let (file, len) = open_own(&self.folder.join(NAME)).ok()?;
        let artifact = Artifact::from_copy(file, len, self.cached.settings).ok()?;
        let found = (artifact.wasm() == self.wasm).then_some(artifact)?;
        Cache::note_use(&self.folder);
        Some(found)
    }

    /// Returns true if nothing was wrong with the debug info of the module of this very artifact, and nothing missing.
    pub fn has_sound_debug_info(&self, artifact: &Artifact) -> bool {
        let read = || -> io::Result<bool> {
            let (mut file, len) = open_own(&self.folder.join(SOUND))?;
            let mut identity = vec![0; len.min(artifact.identity().len())];
            file.read_exact(&mut identity)?;
            Ok(identity == artifact.identity())
        };
        read().unwrap_or(false)
    }

    /// Notes that nothing is wrong with the debug info of this artifact's module. If that fails, it is found out again the next time.
    pub fn note_sound_debug_info(&self, artifact: &Artifact) {
        let (cache, identity) = (&self.cached.cache, artifact.identity());
        cache.put(&self.folder, Path::new(SOUND), identity).ok();
    }

    /// Keeps the artifact. If that fails, the module is compiled again the next time.
    pub fn keep(&self, artifact: &[u8]) {
        let cache = &self.cached.cache;
        cache.put(&self.folder, Path::new(NAME), artifact).ok();
    }
}

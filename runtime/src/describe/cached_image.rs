//! Images with native DWARF that were made before. What an image says of addresses is true again where everything has the same ones, so
//! those that it was made for are kept with it.
//!
//! ```text
//! FOLDER/HASH OF ARTIFACT AND PROGRAM/HASH OF READER:   the image · link to it · text · base of the placement (8 bytes)
//!                                                       · lengths of link and text (4 each) · CRC-32 of all bytes before (4)
//! ```
//!
//! The text is all that the image was made of, besides the artifact: it must be equal. The file is mapped, and this process reads no more
//! of it than the checksum needs, and that only if the text is equal: until a debugger asks, nothing of it is in memory.

use super::image_file::FilledFile;
use super::placement::Placement;
use super::places::Places;
use crate::cache::{Cache, hash, open_own, program};
use crate::code::mapping::Mapping;
use crate::code::{Artifact, PlacedCode};
use crate::config::{Config, ImageReader};
use dwalin_debuginfo::{Image, set_link_path};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Bytes of images that are kept.
const KEPT: u64 = 1 << 30;
/// Bytes after the text.
const TAIL: usize = 20;
/// More than any text has.
const LONGEST_TEXT: usize = 1 << 20;

/// The image of a module's next instance: one of an earlier run, or one that is going to be kept.
pub struct CachedImage {
    folder: PathBuf,
    place: PathBuf,
    name: String,
    /// The reader of the image: the module's name and the debugger.
    reader: String,
    found: Option<FoundImage>,
    /// The placement that the instance needs for it.
    pub placement: Option<Placement>,
}

impl CachedImage {
    /// The image for an instance of an artifact's module; `None` where images are not kept, or describe
    /// what other instances have.
    pub fn new(
        config: &Config,
        artifact: &Artifact,
        module_name: &str,
        reader: ImageReader,
    ) -> Option<CachedImage> {
        let folder = config.images().filter(|_| config.settings().debug_info)?;
        let info = artifact.info();
        if info.imported_memories > 0 || info.imported_globals > 0 {
            return None;
        }
        let reader = format!("{module_name:?} for {reader:?}\n");
        let program = program()?;
        let place = Cache::new(folder, KEPT).place(&[artifact.identity(), program.as_bytes()]);
        let name = hash(&[reader.as_bytes()]);
        let found = FoundImage::open(&place.join(&name)).ok().flatten();
        let found = found.filter(|it| is_new(it.placement));
        let known = found.as_ref().map(|it| it.placement);
        let placement = known.or_else(|| Placement::random().filter(|it| is_new(*it)));
        Some(CachedImage {
            folder: folder.to_owned(),
            place,
            name,
            reader,
            placement,
            found,
        })
    }

    /// All that an image is made of besides the artifact.
    pub fn text(&self, code: &PlacedCode, places: &Places) -> String {
        let (reader, text) = (&self.reader, code.text());
        format!("{reader}{text:x?}\n{places:x?}\n")
    }

    /// Takes the image of an earlier run and the link to it, if they are what would be made now.
    pub fn take(&mut self, text: &str) -> Option<(FilledFile, Option<Vec<u8>>)> {
        let found = self.found.take_if(|it| it.text == text.as_bytes())?;
        let taken = found.read().ok().flatten()?;
        Cache::note_use(&self.place);
        Some(taken)
    }

    /// Keeps an image of an instance that is at its placement. If that fails, it is made again the next time.
    pub fn keep(&self, text: &str, image: &Image) {
        let Some(placement) = self.placement else {
            return;
        };
        if text.len() > LONGEST_TEXT {
            return;
        }
        let link = image.link.as_deref().unwrap_or_default();
        let mut file = [&image.bytes, link, text.as_bytes()].concat();
        file.extend(placement.base().to_le_bytes());
        file.extend((link.len() as u32).to_le_bytes());
        file.extend((text.len() as u32).to_le_bytes());
        file.extend(crc32fast::hash(&file).to_le_bytes());
        let cache = Cache::new(&self.folder, KEPT);
        cache.put(&self.place, Path::new(&self.name), &file).ok();
    }
}

/// Returns true the first time that this process has a placement. Debuggers would think that their breakpoints are in the code of another
/// instance there: nothing tells lldb that an image is gone which its scripts have loaded, and gdb keeps what it knows of a breakpoint at an
/// address until it finds the breakpoint at another one.
fn is_new(placement: Placement) -> bool {
    static HAD: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());
    let mut had = HAD.lock().unwrap_or_else(PoisonError::into_inner);
    had.insert(placement.base())
}

/// A file with an image that was made before, which may be damaged.
struct FoundImage {
    file: File,
    len: usize,
    /// Bytes of the image.
    image: usize,
    /// Bytes of the link to it.
    link: usize,
    /// Everything that it was made of, besides the artifact.
    text: Vec<u8>,
    placement: Placement,
}

impl FoundImage {
    fn open(path: &Path) -> io::Result<Option<FoundImage>> {
        let (file, len) = open_own(path)?;
        let Some(tail_at) = len.checked_sub(TAIL) else {
            return Ok(None);
        };
        let mut tail = [0; TAIL];
        file.read_exact_at(&mut tail, tail_at as u64)?;
        let (base, rest) = tail.split_first_chunk().expect("as long");
        let (lens, _) = rest.as_chunks();
        let [link, text_len] = [0, 1].map(|it| u32::from_le_bytes(lens[it]) as usize);
        let placement = Placement::from_base(u64::from_le_bytes(*base));
        let text_at = tail_at.checked_sub(text_len);
        let image = text_at.and_then(|at| at.checked_sub(link));
        let (Some(placement), Some(image), ..=LONGEST_TEXT) = (placement, image, text_len) else {
            return Ok(None);
        };
        let mut text = vec![0; text_len];
        file.read_exact_at(&mut text, (image + link) as u64)?;
        Ok(Some(FoundImage {
            file,
            len,
            image,
            link,
            text,
            placement,
        }))
    }

    /// Maps the image, and reads the link, which leads to this file now; `None` if the file is damaged.
    fn read(mut self) -> io::Result<Option<(FilledFile, Option<Vec<u8>>)>> {
        if !is_whole(&mut self.file, self.len)? {
            return Ok(None);
        }
        let mut link = vec![0; self.link];
        self.file.read_exact_at(&mut link, self.image as u64)?;
        let mapping = Mapping::of_file(&self.file, 0..self.image)?;
        let file = FilledFile::new(mapping, self.file.into());
        if link.is_empty() {
            return Ok(Some((file, None)));
        }
        let leads_here = set_link_path(&mut link, &file.path());
        Ok(leads_here.then_some((file, Some(link))))
    }
}

/// Returns true if a file of so many bytes ends with its checksum. It is read through a small buffer: pages that are mapped to be read once
/// cost more, and a file that is cut short meanwhile is an error here and a signal there.
fn is_whole(file: &mut File, len: usize) -> io::Result<bool> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; (128 << 10).min(len)];
    let mut left = len - 4;
    while left > 0 {
        let piece = &mut buffer[..left.min(128 << 10)];
        file.read_exact(piece)?;
        hasher.update(piece);
        left -= piece.len();
    }
    let mut sum = [0; 4];
    file.read_exact(&mut sum)?;
    Ok(hasher.finalize().to_le_bytes() == sum)
}

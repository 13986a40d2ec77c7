//! Listing a directory. A cookie is the system's own position, so a guest can go on wherever it stopped, whatever was added
//! or removed meanwhile; `.` and `..` come as the system gives them.

use super::call::{Args, Call, Done};
use super::descriptor::Object;
use super::errno::Errno;
use super::rights;
use super::types::FileType;
use cap_std::fs::Dir;
use rustix::fs::{RawDir, SeekFrom};
use std::mem::MaybeUninit;

/// The size of one listing by the system; a name has at most 255 bytes.
const CHUNK: usize = 4096;

/// A `dirent`, which the name follows:
///
/// ```text
/// d_next u64 0  d_ino u64 8  d_namlen u32 16  d_type u8 20  =24
/// ```
fn header(next: u64, inode: u64, name_len: usize, filetype: FileType) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[0..8].copy_from_slice(&next.to_le_bytes());
    bytes[8..16].copy_from_slice(&inode.to_le_bytes());
    bytes[16..20].copy_from_slice(&(name_len as u32).to_le_bytes());
    bytes[20] = filetype as u8;
    bytes
}

/// Copies as much of `from` as fits, and takes that off `to`.
fn put(to: &mut &mut [u8], from: &[u8]) {
    let len = from.len().min(to.len());
    let (filled, rest) = std::mem::take(to).split_at_mut(len);
    filled.copy_from_slice(&from[..len]);
    *to = rest;
}

pub fn fd_readdir(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, buffer, cookie, used_at) = (args.u32(), args.span(), args.u64(), args.u32());
    let dir = call.ctx.descriptors.directory(fd, rights::FD_READDIR)?;
    let is_root = matches!(
        call.ctx.descriptors.get(fd)?.object,
        Object::Directory {
            preopen: Some(_),
            ..
        }
    );
    call.memory.check(used_at, 4)?;
    let used = call.memory.fill(buffer.start, buffer.len, |bytes| {
        list(dir, is_root, cookie, bytes)
    })?;
    call.memory.write_u32(used_at, used as u32)
}

/// Fills a buffer with the entries of a directory from a position on; the bytes that they take.
fn list(dir: &Dir, is_root: bool, cookie: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
    let len = buffer.len();
    let mut rest = buffer;
    rustix::fs::seek(dir, SeekFrom::Start(cookie))?;
    let own_inode = rustix::fs::fstat(dir)?.st_ino;
    let mut chunk = [MaybeUninit::uninit(); CHUNK];
    let mut entries = RawDir::new(dir, &mut chunk);
    // An entry that is cut off fills the buffer, by which the guest knows that there is more.
    while !rest.is_empty() {
        let Some(entry) = entries.next() else { break };
        let entry = entry.map_err(Errno::from)?;
        let name = entry.file_name().to_bytes();
        // What is above a directory that the embedder opened is not the guest's to see.
        let inode = if is_root && name == b".." {
            own_inode
        } else {
            entry.ino()
        };
        put(
            &mut rest,
            &header(
                entry.next_entry_cookie(),
                inode,
                name.len(),
                entry.file_type().into(),
            ),
        );
        put(&mut rest, name);
    }
    Ok(len - rest.len())
}

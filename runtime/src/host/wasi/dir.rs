//! Reading directories. A cookie is the system's own position, so that a guest can go on where it stopped.

use super::functions::{Args, Call};
use super::types::{FileType, rights};
use super::{Done, Errno};
use rustix::fs::{RawDir, SeekFrom, seek};
use std::mem::MaybeUninit;

/// Bytes of `dirent`, before the name: cookie of the next, inode, length of the name, type.
const HEADER: usize = 24;

pub fn fd_readdir(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let dir = &call
        .ctx
        .descriptors
        .directory(args.u32(), rights::FD_READDIR)?
        .file;
    let (buffer, cookie, used) = (args.slice(), args.u64(), args.u32());
    let target = call.memory.bytes_mut(buffer)?;
    seek(dir, SeekFrom::Start(cookie)).map_err(|_| Errno::Inval)?;
    let mut entries_buffer = [const { MaybeUninit::uninit() }; 8 << 10];
    let mut entries = RawDir::new(dir, &mut entries_buffer);
    let mut filled = 0;
    // The last entry is cut where the buffer ends: a guest that finds it full asks again.
    while filled < target.len() {
        let Some(entry) = entries.next() else { break };
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let mut record = Vec::with_capacity(HEADER + name.len());
        record.extend(entry.next_entry_cookie().to_le_bytes());
        record.extend(entry.ino().to_le_bytes());
        record.extend((name.len() as u32).to_le_bytes());
        record.extend([FileType::from(entry.file_type()) as u8, 0, 0, 0]);
        record.extend(name);
        let len = record.len().min(target.len() - filled);
        target[filled..filled + len].copy_from_slice(&record[..len]);
        filled += len;
    }
    Ok(call.memory.write_u32(used, filled as u32)?)
}

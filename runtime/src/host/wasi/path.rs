//! Files and directories by path. A path is relative to the directory that a descriptor is of, and `cap_std` lets it lead
//! nowhere else: not by `..`, not by a leading `/`, not by a symbolic link. What would is `Errno::Perm`.

use super::call::{Args, Call, Done};
use super::errno::Errno;
use super::lookup::{follows, reach};
use super::parent::Name;
use super::rights;
use super::types::FileStat;
use cap_std::fs::Dir;
use rustix::fs::{AtFlags, renameat, unlinkat};

pub fn path_create_directory(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, path) = (args.u32(), args.span());
    let dir = call
        .ctx
        .descriptors
        .directory(fd, rights::PATH_CREATE_DIRECTORY)?;
    Ok(dir.create_dir(&*call.memory.string(path.start, path.len)?)?)
}

pub fn path_filestat_get(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, lookup, path, at) = (args.u32(), args.u32(), args.span(), args.u32());
    let follow = follows(lookup)?;
    let dir = call
        .ctx
        .descriptors
        .directory(fd, rights::PATH_FILESTAT_GET)?;
    let file = reach(dir, &*call.memory.string(path.start, path.len)?, follow)?;
    let stat = FileStat::from(&rustix::fs::fstat(file)?);
    stat.store(call.memory, at, call.snapshot)
}

pub fn path_link(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (old_fd, lookup, old) = (args.u32(), args.u32(), args.span());
    let (new_fd, new) = (args.u32(), args.span());
    // The second name of a symbolic link is a symbolic link, as everywhere on Linux.
    if follows(lookup)? {
        return Err(Errno::Inval);
    }
    let old_dir = call
        .ctx
        .descriptors
        .directory(old_fd, rights::PATH_LINK_SOURCE)?;
    let new_dir = call
        .ctx
        .descriptors
        .directory(new_fd, rights::PATH_LINK_TARGET)?;
    let old = &*call.memory.string(old.start, old.len)?;
    Ok(old_dir.hard_link(old, new_dir, &*call.memory.string(new.start, new.len)?)?)
}

pub fn path_readlink(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, path, buffer, used_at) = (args.u32(), args.span(), args.span(), args.u32());
    let dir = call.ctx.descriptors.directory(fd, rights::PATH_READLINK)?;
    let target = dir.read_link(&*call.memory.string(path.start, path.len)?)?;
    let target = target.to_str().ok_or(Errno::Ilseq)?.as_bytes();
    // As POSIX has it, what does not fit is left out; Rust's library asks again if the buffer was filled.
    let len = target.len().min(buffer.len as usize);
    call.memory.check(used_at, 4)?;
    call.memory.write(buffer.start, &target[..len])?;
    call.memory.write_u32(used_at, len as u32)
}

pub fn path_remove_directory(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, path) = (args.u32(), args.span());
    let dir = call
        .ctx
        .descriptors
        .directory(fd, rights::PATH_REMOVE_DIRECTORY)?;
    let path = &*call.memory.string(path.start, path.len)?;
    match Name::find(dir, path)? {
        Some(name) => Ok(unlinkat(&name, name.text, AtFlags::REMOVEDIR)?),
        None => Ok(dir.remove_dir(path)?),
    }
}

pub fn path_rename(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (old_fd, old, new_fd, new) = (args.u32(), args.span(), args.u32(), args.span());
    let old_dir = call
        .ctx
        .descriptors
        .directory(old_fd, rights::PATH_RENAME_SOURCE)?;
    let new_dir = call
        .ctx
        .descriptors
        .directory(new_fd, rights::PATH_RENAME_TARGET)?;
    let old = &*call.memory.string(old.start, old.len)?;
    rename(
        old_dir,
        old,
        new_dir,
        &*call.memory.string(new.start, new.len)?,
    )
}

fn rename(old_dir: &Dir, old: &str, new_dir: &Dir, new: &str) -> Done {
    match (Name::find(old_dir, old)?, Name::find(new_dir, new)?) {
        (Some(old), Some(new)) => Ok(renameat(&old, old.text, &new, new.text)?),
        _ => Ok(old_dir.rename(old, new_dir, new)?),
    }
}

pub fn path_symlink(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (target, fd, path) = (args.span(), args.u32(), args.span());
    let dir = call.ctx.descriptors.directory(fd, rights::PATH_SYMLINK)?;
    let target = &*call.memory.string(target.start, target.len)?;
    Ok(dir.symlink(target, &*call.memory.string(path.start, path.len)?)?)
}

pub fn path_unlink_file(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (fd, path) = (args.u32(), args.span());
    let dir = call
        .ctx
        .descriptors
        .directory(fd, rights::PATH_UNLINK_FILE)?;
    let path = &*call.memory.string(path.start, path.len)?;
    match Name::find(dir, path)? {
        Some(name) => Ok(unlinkat(&name, name.text, AtFlags::empty())?),
        None => Ok(dir.remove_file(path)?),
    }
}

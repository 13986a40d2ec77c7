//! `wasi:filesystem`: directories that the embedder opened, and what paths below them lead to.

use super::args::Args;
use super::call::{Call, Interface};
use super::files::{self, done, new_times, stat};
use super::names::bits;
use super::preview1::{Memory, RESULTS};
use crate::component::resource::Resource;
use crate::component::val::Val;
use crate::error::Result;
use crate::host::wasi::Errno;
use crate::host::wasi::descriptor::Object;
use crate::host::wasi::rights;

pub(super) const INTERFACES: &[Interface] = &[
    Interface {
        name: "wasi:filesystem/preopens",
        functions: &[("get-directories", get_directories)],
    },
    Interface {
        name: "wasi:filesystem/types",
        functions: files::FUNCTIONS,
    },
    Interface {
        name: "wasi:filesystem/types",
        functions: &[
            ("[method]descriptor.create-directory-at", |call, args| {
                by_path(call, args, "path_create_directory")
            }),
            ("[method]descriptor.remove-directory-at", |call, args| {
                by_path(call, args, "path_remove_directory")
            }),
            ("[method]descriptor.unlink-file-at", |call, args| {
                by_path(call, args, "path_unlink_file")
            }),
            ("[method]descriptor.stat-at", stat_at),
            ("[method]descriptor.set-times-at", set_times_at),
            ("[method]descriptor.metadata-hash-at", metadata_hash_at),
            ("[method]descriptor.open-at", open_at),
            ("[method]descriptor.readlink-at", readlink_at),
            ("[method]descriptor.symlink-at", symlink_at),
            ("[method]descriptor.link-at", link_at),
            ("[method]descriptor.rename-at", rename_at),
        ],
    },
];

/// The first descriptor that may be a directory which the embedder opened.
const FIRST_PREOPEN: u32 = 3;

/// The address of a path in a call's memory.
const PATH: u64 = RESULTS as u64;

fn get_directories(call: &mut Call<'_>, _: &mut Args<'_>) -> Result<Option<Val>> {
    let mut all = Vec::new();
    for fd in FIRST_PREOPEN.. {
        let Ok(descriptor) = call.ctx.descriptors.get(fd) else {
            break;
        };
        let Object::Directory {
            preopen: Some(name),
            ..
        } = &descriptor.object
        else {
            break;
        };
        let name = name.clone();
        // The program may drop what it gets, and ask again.
        let copy = call
            .copy(fd)
            .and_then(|copy| call.ctx.descriptors.add(copy));
        let copy =
            copy.map_err(|errno| crate::error::Error::host(format!("get-directories: {errno:?}")))?;
        let copy = Resource::own(&call.types.descriptor, copy);
        all.push(Val::Tuple(vec![Val::Resource(copy), Val::String(name)]));
    }
    Ok(Some(Val::List(all)))
}

/// `lookupflags` of preview 1.
fn lookup(args: &mut Args<'_>) -> Result<u64> {
    Ok(bits(args.flags()?, &[("symlink-follow", 1)]))
}

fn by_path(call: &mut Call<'_>, args: &mut Args<'_>, function: &str) -> Result<Option<Val>> {
    let (fd, path) = (call.descriptor(args)?, args.text()?);
    let mut memory = Memory::with(&[path.as_bytes()]);
    done(call.preview1(function, &[fd, PATH, path.len() as u64], &mut memory))
}

/// The attributes of what a path leads to, as preview 1 stores them.
fn attributes(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Result<Memory, Errno>> {
    let (fd, lookup, path) = (call.descriptor(args)?, lookup(args)?, args.text()?);
    let mut memory = Memory::with(&[path.as_bytes()]);
    let found = call.preview1(
        "path_filestat_get",
        &[fd, lookup, PATH, path.len() as u64, 0],
        &mut memory,
    );
    Ok(found.map(|()| memory))
}

fn stat_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    files::answer(attributes(call, args)?.map(|memory| Some(stat(&memory))))
}

fn metadata_hash_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    files::answer(attributes(call, args)?.map(|memory| Some(files::hash(&memory))))
}

fn set_times_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, lookup, path) = (call.descriptor(args)?, lookup(args)?, args.text()?);
    let (accessed, modified, flags) = new_times(args)?;
    let mut memory = Memory::with(&[path.as_bytes()]);
    let args = [
        fd,
        lookup,
        PATH,
        path.len() as u64,
        accessed,
        modified,
        flags,
    ];
    done(call.preview1("path_filestat_set_times", &args, &mut memory))
}

fn open_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, lookup, path) = (call.descriptor(args)?, lookup(args)?, args.text()?);
    let opening = bits(
        args.flags()?,
        &[
            ("create", 1),
            ("directory", 2),
            ("exclusive", 4),
            ("truncate", 8),
        ],
    );
    let flags = args.flags()?;
    let wanted = bits(
        flags,
        &[
            ("read", rights::FD_READ | rights::FD_READDIR),
            ("write", rights::FD_WRITE),
        ],
    );
    let syncs = bits(
        flags,
        &[
            ("file-integrity-sync", 16),
            ("data-integrity-sync", 2),
            ("requested-write-sync", 8),
        ],
    );
    let mut memory = Memory::with(&[path.as_bytes()]);
    let args = [
        fd,
        lookup,
        PATH,
        path.len() as u64,
        opening,
        wanted,
        0,
        syncs,
        0,
    ];
    let opened = call.preview1("path_open", &args, &mut memory);
    let own = |fd| Val::Resource(Resource::own(&call.types.descriptor, fd));
    files::answer(opened.map(|()| Some(own(memory.u32(0)))))
}

/// Bytes of the longest path (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;

fn readlink_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, path) = (call.descriptor(args)?, args.text()?);
    let mut memory = Memory::with(&[path.as_bytes(), &[0; LONGEST_PATH]]);
    let buffer = RESULTS + path.len();
    let args = [
        fd,
        PATH,
        path.len() as u64,
        buffer as u64,
        LONGEST_PATH as u64,
        0,
    ];
    let read = call.preview1("path_readlink", &args, &mut memory);
    files::answer(read.and_then(|()| {
        let target = &memory.0[buffer..buffer + memory.u32(0) as usize];
        let target = std::str::from_utf8(target).map_err(|_| Errno::Ilseq)?;
        Ok(Some(Val::String(target.to_owned())))
    }))
}

fn symlink_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, old, new) = (call.descriptor(args)?, args.text()?, args.text()?);
    let mut memory = Memory::with(&[old.as_bytes(), new.as_bytes()]);
    let (old, new) = (old.len() as u64, new.len() as u64);
    done(call.preview1(
        "path_symlink",
        &[PATH, old, fd, PATH + old, new],
        &mut memory,
    ))
}

fn link_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (old_fd, lookup, old) = (call.descriptor(args)?, lookup(args)?, args.text()?);
    let (new_fd, new) = (call.descriptor(args)?, args.text()?);
    let mut memory = Memory::with(&[old.as_bytes(), new.as_bytes()]);
    let (old, new) = (old.len() as u64, new.len() as u64);
    done(call.preview1(
        "path_link",
        &[old_fd, lookup, PATH, old, new_fd, PATH + old, new],
        &mut memory,
    ))
}

fn rename_at(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (old_fd, old) = (call.descriptor(args)?, args.text()?);
    let (new_fd, new) = (call.descriptor(args)?, args.text()?);
    let mut memory = Memory::with(&[old.as_bytes(), new.as_bytes()]);
    let (old, new) = (old.len() as u64, new.len() as u64);
    done(call.preview1(
        "path_rename",
        &[old_fd, PATH, old, new_fd, PATH + old, new],
        &mut memory,
    ))
}

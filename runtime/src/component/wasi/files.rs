//! `wasi:filesystem/types`: what can be done with a descriptor, without a path.

use super::args::{Args, number, wrong};
use super::call::{Call, Function};
use super::clocks::datetime;
use super::names::{descriptor_type, error_code};
use super::preview1::{Memory, RESULTS};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::Errno;
use crate::host::wasi::descriptor::{Descriptor, Object};
use crate::host::wasi::handles::{Entry, Place};
use crate::host::wasi::rights;
use std::collections::VecDeque;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("[method]descriptor.read-via-stream", read_via_stream),
    ("[method]descriptor.write-via-stream", write_via_stream),
    ("[method]descriptor.append-via-stream", append_via_stream),
    ("[method]descriptor.advise", advise),
    ("[method]descriptor.sync-data", |call, args| {
        plain(call, args, "fd_datasync")
    }),
    ("[method]descriptor.sync", |call, args| {
        plain(call, args, "fd_sync")
    }),
    ("[method]descriptor.get-flags", get_flags),
    ("[method]descriptor.get-type", get_type),
    ("[method]descriptor.set-size", set_size),
    ("[method]descriptor.set-times", set_times),
    ("[method]descriptor.read", read),
    ("[method]descriptor.write", write),
    ("[method]descriptor.read-directory", read_directory),
    ("[method]descriptor.stat", |call, args| {
        answer(attributes(call, args)?.map(|memory| Some(stat(&memory))))
    }),
    ("[method]descriptor.metadata-hash", |call, args| {
        answer(attributes(call, args)?.map(|memory| Some(hash(&memory))))
    }),
    ("[method]descriptor.is-same-object", is_same_object),
    (
        "[method]directory-entry-stream.read-directory-entry",
        read_directory_entry,
    ),
    ("filesystem-error-code", filesystem_error_code),
];

/// `result<T, error-code>`.
pub(super) fn answer(result: Result<Option<Val>, Errno>) -> Result<Option<Val>> {
    let result = result.map(|value| value.map(Box::new));
    let error = |errno| Some(Box::new(Val::Enum(error_code(errno).to_owned())));
    Ok(Some(Val::Result(result.map_err(error))))
}

/// `result<_, error-code>`.
pub(super) fn done(result: Result<(), Errno>) -> Result<Option<Val>> {
    answer(result.map(|()| None))
}

impl Call<'_> {
    /// The number of a descriptor that is an argument.
    pub fn descriptor(&self, args: &mut Args<'_>) -> Result<u64> {
        Ok(args.resource(&self.types.descriptor)?.into())
    }

    /// A second descriptor of the same, which ends for itself.
    pub fn copy(&self, fd: u32) -> Result<Descriptor, Errno> {
        let descriptor = self.ctx.descriptors.get(fd)?;
        let object = match &descriptor.object {
            Object::File(file) => Object::File(file.try_clone()?),
            Object::Directory { dir, .. } => Object::Directory {
                dir: dir.try_clone()?,
                preopen: None,
            },
            Object::Stream(_) => return Err(Errno::Badf),
        };
        Ok(Descriptor {
            object,
            base: descriptor.base,
            inheriting: descriptor.inheriting,
        })
    }

    /// The number of a second descriptor, for a stream of a file.
    fn stream_of(&mut self, fd: u64, needed: u64) -> Result<u32, Errno> {
        let copy = self.copy(fd as u32)?;
        if let Object::Directory { .. } = copy.object {
            return Err(Errno::Isdir);
        }
        copy.require_open_for(needed)?;
        self.ctx.descriptors.add(copy)
    }
}

fn read_via_stream(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, at) = (call.descriptor(args)?, args.u64()?);
    let fd = match call.stream_of(fd, rights::FD_READ) {
        Ok(fd) => fd,
        Err(errno) => return done(Err(errno)),
    };
    let stream = call.new_resource(
        |types| &types.input,
        Entry::Input {
            fd,
            place: Place::At(at),
        },
    )?;
    answer(Ok(Some(stream)))
}

fn written_via_stream(call: &mut Call<'_>, fd: u64, place: Place) -> Result<Option<Val>> {
    let fd = match call.stream_of(fd, rights::FD_WRITE) {
        Ok(fd) => fd,
        Err(errno) => return done(Err(errno)),
    };
    let stream = call.new_resource(|types| &types.output, Entry::Output { fd, place })?;
    answer(Ok(Some(stream)))
}

fn write_via_stream(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, at) = (call.descriptor(args)?, args.u64()?);
    written_via_stream(call, fd, Place::At(at))
}

fn append_via_stream(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let fd = call.descriptor(args)?;
    written_via_stream(call, fd, Place::End)
}

fn advise(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, offset, len) = (call.descriptor(args)?, args.u64()?, args.u64()?);
    let names = [
        "normal",
        "sequential",
        "random",
        "will-need",
        "dont-need",
        "no-reuse",
    ];
    let wanted = args.name()?;
    let advice = names
        .iter()
        .position(|name| *name == wanted)
        .ok_or_else(wrong)?;
    done(call.preview1(
        "fd_advise",
        &[fd, offset, len, advice as u64],
        &mut Memory::room(0),
    ))
}

fn plain(call: &mut Call<'_>, args: &mut Args<'_>, function: &str) -> Result<Option<Val>> {
    let fd = call.descriptor(args)?;
    done(call.preview1(function, &[fd], &mut Memory::room(0)))
}

fn get_flags(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let fd = call.descriptor(args)?;
    let mut memory = Memory::room(0);
    let found = call.preview1("fd_fdstat_get", &[fd, 0], &mut memory);
    answer(found.map(|()| {
        let (word, base) = (memory.u64(0), memory.u64(8));
        let (is_directory, flags) = (word as u8 == 3, word >> 16 & 0xffff);
        let table = [
            ("read", base & (rights::FD_READ | rights::FD_READDIR) != 0),
            ("write", base & rights::FD_WRITE != 0),
            ("file-integrity-sync", flags & 16 != 0),
            ("data-integrity-sync", flags & 2 != 0),
            ("requested-write-sync", flags & 8 != 0),
            (
                "mutate-directory",
                is_directory && base & rights::PATH_CREATE_FILE != 0,
            ),
        ];
        let set = table.into_iter().filter(|(_, is_set)| *is_set);
        Some(Val::Flags(set.map(|(name, _)| name.to_owned()).collect()))
    }))
}

fn get_type(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    answer(attributes(call, args)?.map(|memory| Some(descriptor_type(memory.u64(16) as u8))))
}

fn set_size(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, size) = (call.descriptor(args)?, args.u64()?);
    done(call.preview1("fd_filestat_set_size", &[fd, size], &mut Memory::room(0)))
}

/// A `new-timestamp`: the time, and 0, 1 or 2 for one that stays, is given, or is now.
fn new_time(value: &Val) -> Result<(u64, u64)> {
    match value {
        Val::Variant(case, None) if case == "no-change" => Ok((0, 0)),
        Val::Variant(case, None) if case == "now" => Ok((0, 2)),
        Val::Variant(_, Some(time)) => {
            let Val::Record(fields) = &**time else {
                return Err(wrong());
            };
            let [(_, seconds), (_, nanoseconds)] = &fields[..] else {
                return Err(wrong());
            };
            let seconds = number(seconds)?.saturating_mul(1_000_000_000);
            Ok((seconds.saturating_add(number(nanoseconds)?), 1))
        }
        _ => Err(wrong()),
    }
}

/// The times of last access and of last change, and `fstflags` of preview 1.
pub(super) fn new_times(args: &mut Args<'_>) -> Result<(u64, u64, u64)> {
    let (accessed, a) = new_time(args.next()?)?;
    let (modified, m) = new_time(args.next()?)?;
    Ok((accessed, modified, a | m << 2))
}

fn set_times(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let fd = call.descriptor(args)?;
    let (accessed, modified, flags) = new_times(args)?;
    done(call.preview1(
        "fd_filestat_set_times",
        &[fd, accessed, modified, flags],
        &mut Memory::room(0),
    ))
}

/// The most bytes of a read.
const MOST: u64 = 1 << 20;

fn read(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, len, at) = (call.descriptor(args)?, args.u64()?, args.u64()?);
    let mut memory = Memory::room(len.min(MOST) as usize);
    memory.set_buffer();
    let found = call.preview1("fd_pread", &[fd, 0, 1, at, 8], &mut memory);
    answer(found.map(|()| {
        let count = memory.u32(8) as usize;
        let mut bytes = memory.0.split_off(RESULTS);
        bytes.truncate(count);
        Some(Val::Tuple(vec![
            Val::Bytes(bytes),
            Val::Bool(count == 0 && len > 0),
        ]))
    }))
}

fn write(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (fd, bytes, at) = (call.descriptor(args)?, args.bytes()?, args.u64()?);
    let mut memory = Memory::with(&[bytes]);
    memory.set_buffer();
    let written = call.preview1("fd_pwrite", &[fd, 0, 1, at, 8], &mut memory);
    answer(written.map(|()| Some(Val::U64(memory.u32(8).into()))))
}

fn attributes(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Result<Memory, Errno>> {
    let fd = call.descriptor(args)?;
    let mut memory = Memory::room(0);
    let found = call.preview1("fd_filestat_get", &[fd, 0], &mut memory);
    Ok(found.map(|()| memory))
}

/// A `descriptor-stat`, of a `filestat` of preview 1.
pub(super) fn stat(memory: &Memory) -> Val {
    let time = |at| Val::some(datetime(memory.u64(at)));
    let fields = [
        ("type", descriptor_type(memory.u64(16) as u8)),
        ("link-count", Val::U64(memory.u64(24))),
        ("size", Val::U64(memory.u64(32))),
        ("data-access-timestamp", time(40)),
        ("data-modification-timestamp", time(48)),
        ("status-change-timestamp", time(56)),
    ];
    Val::Record(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// A `metadata-hash-value`: the same for the same file, and else most likely not.
pub(super) fn hash(memory: &Memory) -> Val {
    let (device, inode) = (memory.u64(0), memory.u64(8));
    // The multiplier of Fibonacci hashing spreads numbers that are near each other.
    let spread = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
    let upper = spread(device ^ spread(inode));
    Val::Record(vec![
        ("lower".to_owned(), Val::U64(spread(inode))),
        ("upper".to_owned(), Val::U64(upper)),
    ])
}

fn is_same_object(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let (one, other) = (attributes(call, args)?, attributes(call, args)?);
    let is_same = match (one, other) {
        (Ok(one), Ok(other)) => one.0[..16] == other.0[..16],
        _ => false,
    };
    Ok(Some(Val::Bool(is_same)))
}

fn read_directory(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let fd = call.descriptor(args)?;
    let copy = call.copy(fd as u32).and_then(|copy| match copy.object {
        Object::Directory { .. } => call.ctx.descriptors.add(copy),
        _ => Err(Errno::Notdir),
    });
    let fd = match copy {
        Ok(fd) => fd,
        Err(errno) => return done(Err(errno)),
    };
    let entries = Entry::Entries {
        fd,
        read: VecDeque::new(),
        cookie: 0,
        ended: false,
    };
    let entries = call.new_resource(|types| &types.entries, entries)?;
    answer(Ok(Some(entries)))
}

/// Bytes of an entry of a directory before its name, and of a listing at a time.
const HEADER: usize = 24;
const LISTING: usize = 8192;

fn read_directory_entry(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let index = args.resource(&call.types.entries)?;
    loop {
        let Some(Entry::Entries {
            fd,
            read,
            cookie,
            ended,
        }) = call.ctx.handles.get_mut(index)
        else {
            return Err(Error::host("no such listing of a directory"));
        };
        if let Some((filetype, name)) = read.pop_front() {
            let fields = vec![
                ("type".to_owned(), descriptor_type(filetype)),
                ("name".to_owned(), Val::String(name)),
            ];
            return answer(Ok(Some(Val::some(Val::Record(fields)))));
        }
        if *ended {
            return answer(Ok(Some(Val::Option(None))));
        }
        let (fd, from) = (u64::from(*fd), *cookie);
        let mut memory = Memory::room(LISTING);
        let args = [fd, RESULTS as u64, LISTING as u64, from, 0];
        if let Err(errno) = call.preview1("fd_readdir", &args, &mut memory) {
            return done(Err(errno));
        }
        let used = memory.u32(0) as usize;
        let listed = match list(&memory, used) {
            Ok(listed) => listed,
            Err(errno) => return done(Err(errno)),
        };
        if let Some(Entry::Entries {
            read,
            cookie,
            ended,
            ..
        }) = call.ctx.handles.get_mut(index)
        {
            *ended = used < LISTING;
            *cookie = listed.last().map_or(from, |(next, ..)| *next);
            let kept = listed
                .into_iter()
                .filter(|(_, _, name)| name != "." && name != "..");
            read.extend(kept.map(|(_, filetype, name)| (filetype, name)));
        }
    }
}

/// The entries of a listing that are whole: the position behind each, its type and its name.
fn list(memory: &Memory, used: usize) -> Result<Vec<(u64, u8, String)>, Errno> {
    let mut listed = Vec::new();
    let (mut at, end) = (RESULTS, RESULTS + used);
    while at + HEADER <= end {
        let (next, len) = (memory.u64(at), memory.u32(at + 16) as usize);
        let Some(name) = memory.0[..end].get(at + HEADER..at + HEADER + len) else {
            break;
        };
        let name = std::str::from_utf8(name).map_err(|_| Errno::Ilseq)?;
        listed.push((next, memory.0[at + 20], name.to_owned()));
        at += HEADER + len;
    }
    Ok(listed)
}

fn filesystem_error_code(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let error = args.resource(&call.types.error)?;
    let code = match call.ctx.handles.get(error) {
        Some(Entry::Error(errno)) => Val::some(Val::Enum(error_code(*errno).to_owned())),
        _ => Val::Option(None),
    };
    Ok(Some(code))
}

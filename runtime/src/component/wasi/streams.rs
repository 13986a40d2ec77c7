//! `wasi:io/streams`: streams of descriptors.

use super::args::Args;
use super::call::{Call, Interface};
use super::poll::wait;
use super::preview1::{Memory, RESULTS};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::Errno;
use crate::host::wasi::handles::{Entry, Place, Wait};

pub(super) const INTERFACES: &[Interface] = &[Interface {
    name: "wasi:io/streams",
    functions: &[
        ("[method]input-stream.read", |call, args| {
            read(call, args, false)
        }),
        ("[method]input-stream.blocking-read", |call, args| {
            read(call, args, true)
        }),
        ("[method]input-stream.skip", |call, args| {
            skip(call, args, false)
        }),
        ("[method]input-stream.blocking-skip", |call, args| {
            skip(call, args, true)
        }),
        ("[method]input-stream.subscribe", |call, args| {
            let stream = input(call, args)?;
            subscribe(call, stream, Wait::Read(stream.fd))
        }),
        ("[method]output-stream.check-write", check_write),
        ("[method]output-stream.write", write),
        ("[method]output-stream.blocking-write-and-flush", write),
        ("[method]output-stream.flush", flush),
        ("[method]output-stream.blocking-flush", flush),
        ("[method]output-stream.subscribe", |call, args| {
            let stream = output(call, args)?;
            subscribe(call, stream, Wait::Write(stream.fd))
        }),
        ("[method]output-stream.write-zeroes", write_zeroes),
        (
            "[method]output-stream.blocking-write-zeroes-and-flush",
            write_zeroes,
        ),
        ("[method]output-stream.splice", |call, args| {
            splice(call, args, false)
        }),
        ("[method]output-stream.blocking-splice", |call, args| {
            splice(call, args, true)
        }),
    ],
}];

/// Bytes that a program may write at once: nothing is buffered, so that any number would do.
const PERMITTED: u64 = 1 << 16;

/// The most bytes of a read.
const MOST: u64 = 1 << 18;

/// The reason why a stream moves no bytes.
pub(super) enum Ended {
    Closed,
    Failed(Errno),
}

/// A stream as it is given: by number, with its descriptor.
#[derive(Clone, Copy)]
struct Stream {
    index: u32,
    fd: u32,
    place: Place,
}

fn input(call: &Call<'_>, args: &mut Args<'_>) -> Result<Stream> {
    let index = args.resource(&call.types.input)?;
    match call.ctx.handles.get(index) {
        Some(Entry::Input { fd, place }) => Ok(Stream {
            index,
            fd: *fd,
            place: *place,
        }),
        _ => Err(Error::host("no such input stream")),
    }
}

fn output(call: &Call<'_>, args: &mut Args<'_>) -> Result<Stream> {
    let index = args.resource(&call.types.output)?;
    match call.ctx.handles.get(index) {
        Some(Entry::Output { fd, place }) => Ok(Stream {
            index,
            fd: *fd,
            place: *place,
        }),
        _ => Err(Error::host("no such output stream")),
    }
}

/// A `stream-error`.
fn failed(call: &mut Call<'_>, ended: Ended) -> Result<Option<Val>> {
    let error = match ended {
        Ended::Closed => Val::Variant("closed".to_owned(), None),
        Ended::Failed(errno) => {
            let error = call.new_resource(|types| &types.error, Entry::Error(errno))?;
            Val::Variant("last-operation-failed".to_owned(), Some(Box::new(error)))
        }
    };
    Ok(Some(Val::err(error)))
}

impl Call<'_> {
    /// Reads some bytes; no bytes where there are none yet.
    fn read_stream(
        &mut self,
        stream: Stream,
        len: u64,
        blocks: bool,
    ) -> Result<Result<Vec<u8>, Ended>> {
        let len = len.min(MOST);
        if len == 0 {
            return Ok(Ok(Vec::new()));
        }
        // A connection does not wait by itself, and what is not one does, for ever.
        let is_asked = match stream.place {
            Place::Current => !blocks || self.ctx.deadline.is_some(),
            Place::Connection | Place::Body(_) => true,
            Place::At(_) | Place::End => false,
        };
        if is_asked && wait(self, &[Wait::Read(stream.fd)], blocks)?.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let mut memory = Memory::room(len as usize);
        memory.set_buffer();
        let read = match stream.place {
            Place::At(at) => {
                self.preview1("fd_pread", &[stream.fd.into(), 0, 1, at, 8], &mut memory)
            }
            _ => self.preview1("fd_read", &[stream.fd.into(), 0, 1, 8], &mut memory),
        };
        match read {
            Ok(()) => {}
            // Another process has read what was there.
            Err(Errno::Again) => return Ok(Ok(Vec::new())),
            Err(errno) => return Ok(Err(Ended::Failed(errno))),
        }
        let count = memory.u32(8) as usize;
        if count == 0 {
            return Ok(Err(self.body_ended(stream.place)));
        }
        if let Some(Entry::Input {
            place: Place::At(at),
            ..
        }) = self.handles_entry(stream)
        {
            *at += count as u64;
        }
        let mut bytes = memory.0.split_off(RESULTS);
        bytes.truncate(count);
        Ok(Ok(bytes))
    }

    fn handles_entry(&mut self, stream: Stream) -> Option<&mut Entry> {
        self.ctx.handles.get_mut(stream.index)
    }

    /// Writes all bytes.
    fn write_stream(&mut self, stream: Stream, mut bytes: &[u8]) -> Result<Result<(), Ended>> {
        if let Err(ended) = self.count_body(stream.place, bytes.len() as u64) {
            return Ok(Err(ended));
        }
        while !bytes.is_empty() {
            let mut memory = Memory::with(&[bytes]);
            memory.set_buffer();
            let at = match self.handles_entry(stream) {
                Some(Entry::Output {
                    place: Place::At(at),
                    ..
                }) => Some(*at),
                _ => None,
            };
            let fd = u64::from(stream.fd);
            let written = match (at, stream.place) {
                (Some(at), _) => self.preview1("fd_pwrite", &[fd, 0, 1, at, 8], &mut memory),
                (None, Place::End) => self.append(stream.fd, &mut memory),
                (None, _) => self.preview1("fd_write", &[fd, 0, 1, 8], &mut memory),
            };
            match written {
                Ok(()) => {}
                Err(Errno::Pipe) => return Ok(Err(Ended::Closed)),
                Err(Errno::Again) if stream.place.is_connection() => {
                    self.check_body_is_sent(stream.place)?;
                    wait(self, &[Wait::Write(stream.fd)], true)?;
                    continue;
                }
                Err(errno) => return Ok(Err(Ended::Failed(errno))),
            }
            let count = memory.u32(8) as usize;
            if let Some(Entry::Output {
                place: Place::At(at),
                ..
            }) = self.handles_entry(stream)
            {
                *at += count as u64;
            }
            bytes = bytes.get(count..).unwrap_or_default();
        }
        Ok(Ok(()))
    }

    /// Writes behind a file's end, wherever that is by then.
    fn append(&mut self, fd: u32, memory: &mut Memory) -> Result<(), Errno> {
        use rustix::io::{ReadWriteFlags, pwritev2};
        use std::io::IoSlice;
        let file = self.ctx.descriptors.get(fd)?.host_file()?;
        let bytes = [IoSlice::new(&memory.0[RESULTS..])];
        let count =
            rustix::io::retry_on_intr(|| pwritev2(file, &bytes, 0, ReadWriteFlags::APPEND))?;
        memory.set_u32(8, count as u32);
        Ok(())
    }
}

fn read(call: &mut Call<'_>, args: &mut Args<'_>, blocks: bool) -> Result<Option<Val>> {
    let stream = input(call, args)?;
    match call.read_stream(stream, args.u64()?, blocks)? {
        Ok(bytes) => Ok(Some(Val::ok(Val::Bytes(bytes)))),
        Err(ended) => failed(call, ended),
    }
}

fn skip(call: &mut Call<'_>, args: &mut Args<'_>, blocks: bool) -> Result<Option<Val>> {
    let stream = input(call, args)?;
    match call.read_stream(stream, args.u64()?, blocks)? {
        Ok(bytes) => Ok(Some(Val::ok(Val::U64(bytes.len() as u64)))),
        Err(ended) => failed(call, ended),
    }
}

/// A connection takes bytes where the system has room for some: a program that reads at its other end itself must not wait here.
fn check_write(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = output(call, args)?;
    let is_full =
        stream.place.is_connection() && wait(call, &[Wait::Write(stream.fd)], false)?.is_empty();
    let permitted = if is_full { 0 } else { PERMITTED };
    Ok(Some(Val::ok(Val::U64(permitted))))
}

fn write(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = output(call, args)?;
    match call.write_stream(stream, args.bytes()?)? {
        Ok(()) => Ok(Some(Val::Result(Ok(None)))),
        Err(ended) => failed(call, ended),
    }
}

fn flush(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    output(call, args)?;
    Ok(Some(Val::Result(Ok(None))))
}

fn write_zeroes(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = output(call, args)?;
    let len = args.u64()?;
    if len > PERMITTED {
        return Err(Error::host(format!(
            "{len} zeroes are to be written at once, and {PERMITTED} bytes are permitted"
        )));
    }
    match call.write_stream(stream, &vec![0; len as usize])? {
        Ok(()) => Ok(Some(Val::Result(Ok(None)))),
        Err(ended) => failed(call, ended),
    }
}

fn splice(call: &mut Call<'_>, args: &mut Args<'_>, blocks: bool) -> Result<Option<Val>> {
    let (to, from) = (output(call, args)?, input(call, args)?);
    let bytes = match call.read_stream(from, args.u64()?, blocks)? {
        Ok(bytes) => bytes,
        Err(ended) => return failed(call, ended),
    };
    match call.write_stream(to, &bytes)? {
        Ok(()) => Ok(Some(Val::ok(Val::U64(bytes.len() as u64)))),
        Err(ended) => failed(call, ended),
    }
}

/// An event of a stream: of a file it has always happened.
fn subscribe(call: &mut Call<'_>, stream: Stream, event: Wait) -> Result<Option<Val>> {
    let event = match stream.place {
        Place::Current | Place::Connection | Place::Body(_) => event,
        Place::At(_) | Place::End => Wait::Now,
    };
    call.new_resource(|types| &types.pollable, Entry::Pollable(event))
        .map(Some)
}

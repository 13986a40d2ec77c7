//! `wasi:io/poll` and `wasi:io/error`.

use super::args::{Args, resource};
use super::call::{Call, Interface};
use super::clocks::MONOTONIC;
use super::preview1::{Memory, RESULTS};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::WasiCtx;
use crate::host::wasi::handles::{Entry, Wait};
use crate::host::wasi::network::Progress;
use std::fmt;
use std::time::Instant;

pub(super) const INTERFACES: &[Interface] = &[
    Interface {
        name: "wasi:io/poll",
        functions: &[
            ("[method]pollable.ready", ready),
            ("[method]pollable.block", block),
            ("poll", poll),
        ],
    },
    Interface {
        name: "wasi:io/error",
        functions: &[("[method]error.to-debug-string", to_debug_string)],
    },
];

/// The layout of preview 1's subscriptions and events (witx `subscription`, `event`).
const SUBSCRIPTION: usize = 48;
const EVENT: usize = 32;
const CLOCK: u8 = 0;
const FD_READ: u8 = 1;
const FD_WRITE: u8 = 2;
const ABSTIME: u8 = 1;

/// Subscriptions of a call: more take memory that the program has not.
const MOST: usize = 1 << 16;

/// A call that would have waited beyond the time that the program has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overdue;

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted: the time is over, and the program waits in a call of the host")
    }
}

impl std::error::Error for Overdue {}

impl WasiCtx {
    /// Has calls of WASI 0.2 not wait beyond a time: they are [`Overdue`] then.
    pub fn set_deadline(&mut self, at: Option<Instant>) {
        self.deadline = at;
    }
}

fn wait_of(call: &Call<'_>, value: &Val) -> Result<Wait> {
    match call.ctx.handles.get(resource(value, &call.types.pollable)?) {
        Some(Entry::Pollable(Wait::Socket(socket))) => Ok(of_socket(call, *socket)),
        Some(Entry::Pollable(wait)) => Ok(*wait),
        _ => Err(Error::host("no such pollable")),
    }
}

/// The event that a socket waits for now: libraries subscribe once.
fn of_socket(call: &Call<'_>, socket: u32) -> Wait {
    let Some(Entry::Socket(socket)) = call.ctx.handles.get(socket) else {
        return Wait::Now;
    };
    match socket.progress {
        Progress::Connecting => Wait::Write(socket.fd),
        Progress::Listening => Wait::Read(socket.fd),
        _ => Wait::Now,
    }
}

/// An event behind those that are waited for, by which the wait ends.
enum Last {
    Now,
    Deadline(Instant),
}

/// The subscriptions of a call, numbered.
fn subscriptions(waits: &[Wait], last: Option<Last>) -> Vec<u8> {
    let all = waits.iter().map(|wait| match wait {
        Wait::Now | Wait::Socket(_) => clock(0, ABSTIME),
        Wait::Until(at) => clock(*at, ABSTIME),
        Wait::Read(fd) => descriptor(FD_READ, *fd),
        Wait::Write(fd) => descriptor(FD_WRITE, *fd),
    });
    let last = last.map(|last| match last {
        Last::Now => clock(0, ABSTIME),
        Last::Deadline(at) => {
            let left = at.saturating_duration_since(Instant::now()).as_nanos();
            clock(u64::try_from(left).unwrap_or(u64::MAX), 0)
        }
    });
    let numbered = (0u64..).zip(all.chain(last));
    let numbered = numbered.map(|(index, mut one)| {
        one[..8].copy_from_slice(&index.to_le_bytes());
        one
    });
    numbered.flatten().collect()
}

fn clock(at: u64, flags: u8) -> [u8; SUBSCRIPTION] {
    let mut one = [0; SUBSCRIPTION];
    (one[8], one[16], one[40]) = (CLOCK, MONOTONIC as u8, flags);
    one[24..32].copy_from_slice(&at.to_le_bytes());
    one
}

fn descriptor(event: u8, fd: u32) -> [u8; SUBSCRIPTION] {
    let mut one = [0; SUBSCRIPTION];
    one[8] = event;
    one[16..20].copy_from_slice(&fd.to_le_bytes());
    one
}

/// Waits until one at least has happened, or not at all; the places of those that have.
pub(super) fn wait(call: &mut Call<'_>, waits: &[Wait], blocks: bool) -> Result<Vec<u32>> {
    if waits.len() > MOST {
        return Err(Error::host(format!(
            "{} pollables are waited for at once, and {MOST} are the most",
            waits.len()
        )));
    }
    let deadline = call.ctx.deadline.filter(|_| blocks);
    let last = deadline.map(Last::Deadline);
    let last = last.or((!blocks).then_some(Last::Now));
    let subscriptions = subscriptions(waits, last);
    let count = subscriptions.len() / SUBSCRIPTION;
    let events = vec![0; count * EVENT];
    let mut memory = Memory::with(&[&subscriptions, &events]);
    let events_at = RESULTS + subscriptions.len();
    call.infallible(
        "poll_oneoff",
        &[RESULTS as u64, events_at as u64, count as u64, 0],
        &mut memory,
    )?;
    let happened = memory.u32(0) as usize;
    let index = |event: usize| memory.u64(events_at + event * EVENT) as u32;
    let mut happened: Vec<_> = (0..happened)
        .map(index)
        .filter(|index| (*index as usize) < waits.len())
        .collect();
    if blocks && happened.is_empty() {
        return Err(Error::host(Overdue));
    }
    happened.sort_unstable();
    Ok(happened)
}

fn ready(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let one = wait_of(call, args.next()?)?;
    Ok(Some(Val::Bool(!wait(call, &[one], false)?.is_empty())))
}

fn block(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let one = wait_of(call, args.next()?)?;
    wait(call, &[one], true)?;
    Ok(None)
}

fn poll(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let waits = args
        .list()?
        .iter()
        .map(|value| wait_of(call, value))
        .collect::<Result<Vec<_>>>()?;
    if waits.is_empty() {
        return Err(Error::host("a poll of no pollables would never end"));
    }
    let happened = wait(call, &waits, true)?;
    Ok(Some(Val::List(
        happened.into_iter().map(Val::U32).collect(),
    )))
}

fn to_debug_string(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let error = args.resource(&call.types.error)?;
    match call.ctx.handles.get(error) {
        Some(Entry::Error(errno)) => Ok(Some(Val::String(format!("{errno:?}")))),
        _ => Err(Error::host("no such error")),
    }
}

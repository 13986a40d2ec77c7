//! `wasi:io/poll` and `wasi:io/error`.

use super::args::{Args, resource};
use super::call::{Call, Interface};
use super::clocks::MONOTONIC;
use super::preview1::{Memory, RESULTS};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::handles::{Entry, Wait};
use crate::host::wasi::network::Progress;

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

/// Waits until one at least has happened, or not at all; the places of those that have.
pub(super) fn wait(call: &mut Call<'_>, waits: &[Wait], blocks: bool) -> Result<Vec<u32>> {
    if waits.len() > MOST {
        return Err(Error::host(format!(
            "{} pollables are waited for at once, and {MOST} are the most",
            waits.len()
        )));
    }
    let mut subscriptions = Vec::with_capacity((waits.len() + 1) * SUBSCRIPTION);
    let now = (!blocks).then_some(Wait::Now);
    for (index, wait) in waits.iter().chain(&now).enumerate() {
        let mut one = [0; SUBSCRIPTION];
        one[..8].copy_from_slice(&(index as u64).to_le_bytes());
        match wait {
            Wait::Now | Wait::Socket(_) | Wait::Until(_) => {
                one[8] = CLOCK;
                one[16] = MONOTONIC as u8;
                let at = if let Wait::Until(at) = wait { *at } else { 0 };
                one[24..32].copy_from_slice(&at.to_le_bytes());
                one[40] = ABSTIME;
            }
            Wait::Read(fd) | Wait::Write(fd) => {
                one[8] = if let Wait::Read(_) = wait {
                    FD_READ
                } else {
                    FD_WRITE
                };
                one[16..20].copy_from_slice(&fd.to_le_bytes());
            }
        }
        subscriptions.extend(one);
    }
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

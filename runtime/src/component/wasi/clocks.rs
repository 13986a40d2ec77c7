//! `wasi:clocks`.

use super::args::Args;
use super::call::{Call, Interface};
use super::preview1::Memory;
use crate::component::val::Val;
use crate::error::Result;
use crate::host::wasi::handles::{Entry, Wait};

pub(super) const INTERFACES: &[Interface] = &[
    Interface {
        name: "wasi:clocks/monotonic-clock",
        functions: &[
            ("now", |call, _| Ok(Some(Val::U64(time(call, MONOTONIC)?)))),
            ("resolution", |call, _| {
                Ok(Some(Val::U64(resolution(call, MONOTONIC)?)))
            }),
            ("subscribe-instant", subscribe_instant),
            ("subscribe-duration", subscribe_duration),
        ],
    },
    Interface {
        name: "wasi:clocks/wall-clock",
        functions: &[
            ("now", |call, _| Ok(Some(datetime(time(call, REALTIME)?)))),
            ("resolution", |call, _| {
                Ok(Some(datetime(resolution(call, REALTIME)?)))
            }),
        ],
    },
];

/// Clocks of preview 1 (witx `clockid`).
const REALTIME: u64 = 0;
pub(super) const MONOTONIC: u64 = 1;

fn time(call: &mut Call<'_>, clock: u64) -> Result<u64> {
    let mut memory = Memory::room(0);
    call.infallible("clock_time_get", &[clock, 1, 0], &mut memory)?;
    Ok(memory.u64(0))
}

fn resolution(call: &mut Call<'_>, clock: u64) -> Result<u64> {
    let mut memory = Memory::room(0);
    call.infallible("clock_res_get", &[clock, 0], &mut memory)?;
    Ok(memory.u64(0))
}

/// A `datetime`.
pub(super) fn datetime(nanoseconds: u64) -> Val {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    Val::Record(vec![
        ("seconds".to_owned(), Val::U64(seconds)),
        ("nanoseconds".to_owned(), Val::U32(rest as u32)),
    ])
}

fn subscribe_instant(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let at = args.u64()?;
    call.new_resource(|types| &types.pollable, Entry::Pollable(Wait::Until(at)))
        .map(Some)
}

fn subscribe_duration(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let at = time(call, MONOTONIC)?.saturating_add(args.u64()?);
    call.new_resource(|types| &types.pollable, Entry::Pollable(Wait::Until(at)))
        .map(Some)
}

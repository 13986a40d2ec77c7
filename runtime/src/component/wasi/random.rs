//! `wasi:random`. What may be insecure is as secure as the rest.

use super::args::Args;
use super::call::{Call, Interface};
use super::preview1::{Memory, RESULTS};
use crate::component::val::Val;
use crate::error::{Error, Result};

pub(super) const INTERFACES: &[Interface] = &[
    Interface {
        name: "wasi:random/random",
        functions: &[
            ("get-random-bytes", bytes),
            ("get-random-u64", |call, _| Ok(Some(Val::U64(word(call)?)))),
        ],
    },
    Interface {
        name: "wasi:random/insecure",
        functions: &[
            ("get-insecure-random-bytes", bytes),
            ("get-insecure-random-u64", |call, _| {
                Ok(Some(Val::U64(word(call)?)))
            }),
        ],
    },
    Interface {
        name: "wasi:random/insecure-seed",
        functions: &[("insecure-seed", |call, _| {
            Ok(Some(Val::Tuple(vec![
                Val::U64(word(call)?),
                Val::U64(word(call)?),
            ])))
        })],
    },
];

/// The most bytes of a call: they are the host's memory first.
const MOST: u64 = 64 << 20;

fn word(call: &mut Call<'_>) -> Result<u64> {
    let mut memory = Memory::room(0);
    call.infallible("random_get", &[0, 8], &mut memory)?;
    Ok(memory.u64(0))
}

fn bytes(call: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    let len = args.u64()?;
    if len > MOST {
        return Err(Error::host(format!(
            "{len} random bytes were asked for at once, and {MOST} are the most"
        )));
    }
    let mut memory = Memory::room(len as usize);
    call.infallible("random_get", &[RESULTS as u64, len], &mut memory)?;
    Ok(Some(Val::Bytes(memory.0.split_off(RESULTS))))
}

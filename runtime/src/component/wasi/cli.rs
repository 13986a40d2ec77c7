//! `wasi:cli`: arguments, environment, standard streams, exit.

use super::args::Args;
use super::call::{Call, Interface};
use crate::component::val::Val;
use crate::error::{Error, Result};
use crate::host::wasi::handles::{Entry, Place};
use std::io::IsTerminal;

pub(super) const INTERFACES: &[Interface] = &[
    Interface {
        name: "wasi:cli/environment",
        functions: &[
            ("get-environment", get_environment),
            ("get-arguments", get_arguments),
            ("initial-cwd", |_, _| Ok(Some(Val::Option(None)))),
        ],
    },
    Interface {
        name: "wasi:cli/exit",
        functions: &[("exit", exit), ("exit-with-code", exit_with_code)],
    },
    Interface {
        name: "wasi:cli/stdin",
        functions: &[("get-stdin", get_stdin)],
    },
    Interface {
        name: "wasi:cli/stdout",
        functions: &[("get-stdout", |call, _| output(call, 1))],
    },
    Interface {
        name: "wasi:cli/stderr",
        functions: &[("get-stderr", |call, _| output(call, 2))],
    },
    Interface {
        name: "wasi:cli/terminal-stdin",
        functions: &[("get-terminal-stdin", |call, _| terminal(call, 0))],
    },
    Interface {
        name: "wasi:cli/terminal-stdout",
        functions: &[("get-terminal-stdout", |call, _| terminal(call, 1))],
    },
    Interface {
        name: "wasi:cli/terminal-stderr",
        functions: &[("get-terminal-stderr", |call, _| terminal(call, 2))],
    },
];

fn get_environment(call: &mut Call<'_>, _: &mut Args<'_>) -> Result<Option<Val>> {
    let pair = |variable: &String| {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        Val::Tuple(vec![
            Val::String(name.to_owned()),
            Val::String(value.to_owned()),
        ])
    };
    Ok(Some(Val::List(
        call.ctx.environment.iter().map(pair).collect(),
    )))
}

fn get_arguments(call: &mut Call<'_>, _: &mut Args<'_>) -> Result<Option<Val>> {
    Ok(Some(Val::List(
        call.ctx.args.iter().cloned().map(Val::String).collect(),
    )))
}

fn exit(_: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    Err(Error::Exit(i32::from(!args.is_ok()?)))
}

fn exit_with_code(_: &mut Call<'_>, args: &mut Args<'_>) -> Result<Option<Val>> {
    Err(Error::Exit(args.u64()? as i32))
}

fn get_stdin(call: &mut Call<'_>, _: &mut Args<'_>) -> Result<Option<Val>> {
    let stream = Entry::Input {
        fd: 0,
        place: Place::Current,
    };
    call.new_resource(|types| &types.input, stream).map(Some)
}

fn output(call: &mut Call<'_>, fd: u32) -> Result<Option<Val>> {
    let stream = Entry::Output {
        fd,
        place: Place::Current,
    };
    call.new_resource(|types| &types.output, stream).map(Some)
}

fn terminal(call: &mut Call<'_>, fd: u32) -> Result<Option<Val>> {
    let found = call.ctx.descriptors.get(fd).ok();
    if !found
        .and_then(|it| it.host())
        .is_some_and(|host| host.is_terminal())
    {
        return Ok(Some(Val::Option(None)));
    }
    let terminal = match fd {
        0 => call.new_resource(|types| &types.terminal_input, Entry::Terminal),
        _ => call.new_resource(|types| &types.terminal_output, Entry::Terminal),
    };
    Ok(Some(Val::some(terminal?)))
}

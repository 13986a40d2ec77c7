//! The `dwalin` command: parses the command line, executes it, and reports errors.
//!
//! Each subcommand is a file, as [`run`] or [`check_debug`], whose options are a type in [`args`]; `command` below chooses it. What
//! several of them share is beside them: [`program`] finds what is to be run, [`wasi_options`] says what it may use, [`ending`] and
//! [`report`] tell how it ended, [`debugger`] has the launchers and what gdb and lldb load. The runtime itself is the crate
//! `dwalin_runtime`, which knows nothing of command lines.

#[macro_use]
mod terminal;

mod addr2line;
mod args;
mod backtrace;
mod check_debug;
mod check_json;
mod compile;
#[cfg(feature = "component-model")]
mod component;
mod core_modules;
mod debugger;
mod ending;
mod files;
mod guest_profile;
mod help_groups;
mod how_to_profile;
mod imports;
mod inspect;
mod invoked;
mod json;
mod keys;
mod last_write;
mod manual;
mod mistakes;
mod objdump;
mod program;
mod progress;
mod reading_options;
mod recording;
mod replay;
mod report;
mod report_json;
mod run;
#[cfg(feature = "component-model")]
mod serve;
mod server_options;
mod settings;
mod shell;
mod sources;
mod timeout;
mod wasi_options;
mod wast;

use args::{Command, Options};
use clap::{CommandFactory, Parser};
use debugger::own_options;
use rustix::process::{Resource, getrlimit};
use std::ffi::OsString;
use std::process::ExitCode;
use std::thread::JoinHandle;

/// The smallest stack that the command does all of its work on.
const STACK: u64 = 1 << 20;

fn main() -> ExitCode {
    // With less (`ulimit -s`) another thread does it. Where there is enough, the program has the thread that debuggers show first.
    let limit = getrlimit(Resource::Stack).current;
    if limit.is_none_or(|limit| limit >= STACK) {
        return command();
    }
    let thread = std::thread::Builder::new().stack_size(8 * STACK as usize);
    match thread.spawn(command).map(JoinHandle::join) {
        Ok(ended) => ended.unwrap_or(ExitCode::FAILURE),
        Err(error) => {
            eprintln!(
                "error: the stack is limited to less than {STACK} bytes (ulimit -s), and a thread cannot be made: {error}"
            );
            ExitCode::FAILURE
        }
    }
}

/// Does what was typed.
fn command() -> ExitCode {
    give_back_large_allocations();
    let arguments = own_options::with_keys(debugger::handed_over::arguments());
    let arguments = own_options::marked(arguments);
    let command = parsed(arguments).command;
    // A guest is told of a pipe that nobody reads, and decides.
    if !matches!(
        command,
        Command::Run(_) | Command::Replay(_) | Command::Serve(_)
    ) {
        end_with_the_pipe();
    }
    if !matches!(command, Command::Gdb(_) | Command::Lldb(_)) {
        hear_of_large_files();
    }
    let done = match command {
        Command::Run(options) => run::run(options),
        #[cfg(feature = "component-model")]
        Command::Serve(options) => serve::serve(options),
        #[cfg(not(feature = "component-model"))]
        Command::Serve(_) => Err(anyhow::anyhow!("this dwalin was built without components")),
        Command::Replay(options) => match &options.last_write {
            Some(expression) => last_write::last_write(&options, expression),
            None => replay::replay(&options),
        },
        Command::Compile(options) => compile::compile(&options).map(|()| ExitCode::SUCCESS),
        Command::Objdump(options) => objdump::objdump(&options).map(|()| ExitCode::SUCCESS),
        Command::Inspect(options) => inspect::inspect(&options).map(|()| ExitCode::SUCCESS),
        Command::CheckDebug(options) => check_debug::check_debug(&options),
        Command::Settings => settings::settings().map(|()| ExitCode::SUCCESS),
        Command::Wast(options) => wast::wast(&options),
        Command::Addr2line(options) => addr2line::addr2line(&options).map(|()| ExitCode::SUCCESS),
        Command::Gdb(options) => debugger::gdb::gdb(&options).map(|()| ExitCode::SUCCESS),
        Command::Lldb(options) => debugger::lldb::lldb(&options).map(|()| ExitCode::SUCCESS),
        Command::DebugImage(options) => debugger::image::write(options).map(|()| ExitCode::SUCCESS),
        Command::ReplayServer(options) => {
            debugger::replayed::serve(&options).map(|()| ExitCode::SUCCESS)
        }
        Command::Nearest(options) => debugger::nearest::print(&options).map(|()| ExitCode::SUCCESS),
        Command::Setup { remove } => debugger::setup::setup(remove).map(|()| ExitCode::SUCCESS),
        Command::Completions { shell } => Ok(manual::complete(shell)),
        Command::Man { dir } => manual::pages(&dir).map(|()| ExitCode::SUCCESS),
        Command::Formatters { dir } => {
            debugger::formatters::print(&dir).map(|()| ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(1)
    })
}

/// Parses the command line; ends the process with a message where that is no command.
fn parsed(arguments: Vec<OsString>) -> Options {
    let parsed = Options::try_parse_from(&arguments);
    parsed.unwrap_or_else(|error| mistakes::exit(error, &Options::command(), &arguments))
}

/// Has glibc map each allocation of a mebibyte or more by itself. Left alone, it takes them from its heaps once the first was freed, where
/// lists that grow leave holes behind in each thread's: debug info then takes twice the memory, or not, as the threads come.
fn give_back_large_allocations() {
    // SAFETY: the options change where later allocations come from, nothing that was allocated.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20)
    };
}

/// Ends as other tools do where nobody reads on (`dwalin objdump app.wasm | head`): Rust ignores the signal, and printing panics.
fn end_with_the_pipe() {
    // SAFETY: no thread was made yet, and no handler is replaced: the signal was ignored.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Has writing beyond a limit on files' sizes (`ulimit -f`) be an error that is told. Without this it ends the process, for the files in
/// memory too that code is mapped from.
fn hear_of_large_files() {
    // SAFETY: no handler is replaced: the signal was the system's to act on.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

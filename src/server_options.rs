//! The command line of the server that launchers start, which nobody types.

use clap::Args;
use std::ffi::OsString;

/// `dwalin replay-server`.
#[derive(Args)]
pub struct ReplayServer {
    /// The descriptor of a socket that listens; without it, the standard streams are the connection.
    #[arg(long, value_name = "NUMBER")]
    pub socket: Option<i32>,
    /// The debugger prints the program's output, which reads nothing.
    #[arg(long)]
    pub output_to_debugger: bool,
    /// The program is there from the debugger's `run` on.
    #[arg(long)]
    pub wait_for_run: bool,
    /// The words are those of a `dwalin run` that is to be recorded while it is debugged.
    #[arg(long)]
    pub live: bool,
    /// The debugger that native DWARF is made for, as `dwalin replay` takes it.
    #[arg(long, default_value = "gdb-addresses")]
    pub debugger: String,
    /// The recording.
    #[arg(
        value_name = "FILE",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<OsString>,
}

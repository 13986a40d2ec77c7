//! What the user typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use dwalin_runtime::{Config, Debugger, OptLevel};
use std::path::PathBuf;

/// Runs WebAssembly so that gdb and lldb can debug it.
#[derive(Parser)]
#[command(name = "dwalin", version)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Run a program: a .wasm or .wat file, or what `dwalin compile` wrote.
    Run(Run),
    /// Compile a module ahead of time; `dwalin run` runs the result with the same -g and -O.
    Compile(Compile),
    /// Debug a program in gdb: all options of `run`, and the module's symbols instead of the runtime's.
    ///
    /// Starts the real gdb with your own init files. A trap says which one it is, `bt` shows the program's frames (`bt
    /// -no-filters`: all), stepping stays in the program, strings and the containers of C++ and Rust print as what they hold.
    ///
    ///   dwalin gdb app.wasm ARGS
    ///   dwalin gdb --ex 'break app.c:12' --ex run --dir . app.wasm
    #[command(verbatim_doc_comment)]
    Gdb(Gdb),
}

/// `dwalin run`.
#[derive(Args)]
pub struct Run {
    /// How code is made.
    #[command(flatten)]
    pub code: Code,
    /// Call this export with the arguments, and print its results; by default `_start` is called.
    #[arg(long, value_name = "NAME")]
    pub invoke: Option<String>,
    /// Let the program see a directory of the host, under its own name or another.
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    pub dirs: Vec<String>,
    /// Give the program an environment variable: a value, or the one that it has here.
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
    /// The debugger that native DWARF is made for, when it is not the one that traces the process.
    #[arg(long, value_enum)]
    pub debugger: Option<WhichDebugger>,
    /// The module.
    pub file: PathBuf,
    /// The program's arguments, or those of the export to invoke.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// `dwalin gdb`.
#[derive(Args)]
pub struct Gdb {
    /// The gdb to start [default: the environment's GDB, or gdb].
    #[arg(long, value_name = "PATH")]
    pub gdb: Option<PathBuf>,
    /// Let gdb do the commands of a file, as its own -x does.
    #[arg(short = 'x', long, value_name = "FILE")]
    pub command: Vec<PathBuf>,
    /// Let gdb do a command, after those of files.
    #[arg(long, value_name = "COMMAND")]
    pub ex: Vec<String>,
    /// Let gdb end after the commands.
    #[arg(long)]
    pub batch: bool,
    /// Any other option for gdb: `--gdb-option=-tui`.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub gdb_option: Vec<String>,
    /// What to run.
    #[command(flatten)]
    pub run: Run,
}

/// `dwalin compile`.
#[derive(Args)]
pub struct Compile {
    /// How code is made.
    #[command(flatten)]
    pub code: Code,
    /// Where to write the artifact.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// The module.
    pub file: PathBuf,
}

/// How code is made.
#[derive(Args)]
pub struct Code {
    /// Show the program to debuggers: source lines, functions, variables.
    #[arg(short = 'g')]
    pub debug_info: bool,
    /// Optimise code although -g is given.
    #[arg(short = 'O')]
    pub optimize: bool,
    /// Bytes of address space kept for each linear memory.
    #[arg(long, value_name = "BYTES")]
    pub memory_reservation: Option<u64>,
    /// Bytes behind it that fault.
    #[arg(long, value_name = "BYTES")]
    pub memory_guard_size: Option<u64>,
    /// Bytes of stack that the program may use.
    #[arg(long, value_name = "BYTES")]
    pub max_wasm_stack: Option<usize>,
}

/// A debugger.
#[derive(Clone, Copy, ValueEnum)]
pub enum WhichDebugger {
    /// GDB.
    Gdb,
    /// LLDB, alone or in an editor.
    Lldb,
}

impl Code {
    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config.debug_info(self.debug_info);
        if self.optimize {
            config.cranelift_opt_level(OptLevel::Speed);
        }
        if let Some(bytes) = self.memory_reservation {
            config.memory_reservation(bytes);
        }
        if let Some(bytes) = self.memory_guard_size {
            config.memory_guard_size(bytes);
        }
        if let Some(bytes) = self.max_wasm_stack {
            config.max_wasm_stack(bytes);
        }
        config
    }
}

impl Run {
    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        let mut config = self.code.config();
        match self.debugger {
            Some(WhichDebugger::Gdb) => config.debugger(Debugger::Gdb),
            Some(WhichDebugger::Lldb) => config.debugger(Debugger::Lldb),
            None => &mut config,
        };
        config
    }

    /// The arguments of `dwalin run` that mean the same, with -g: for a debugger that runs it.
    pub fn command_line(&self) -> Vec<String> {
        let mut line = vec!["-g".to_owned()];
        line.extend(self.code.optimize.then(|| "-O".to_owned()));
        let debugger = match self.debugger {
            Some(WhichDebugger::Lldb) => "lldb",
            Some(WhichDebugger::Gdb) | None => "gdb",
        };
        line.push(format!("--debugger={debugger}"));
        let sizes = [
            ("memory-reservation", self.code.memory_reservation),
            ("memory-guard-size", self.code.memory_guard_size),
            (
                "max-wasm-stack",
                self.code.max_wasm_stack.map(|it| it as u64),
            ),
        ];
        line.extend(
            sizes
                .iter()
                .filter_map(|(name, bytes)| bytes.map(|bytes| format!("--{name}={bytes}"))),
        );
        line.extend(self.invoke.iter().map(|name| format!("--invoke={name}")));
        line.extend(self.dirs.iter().map(|dir| format!("--dir={dir}")));
        line.extend(self.env.iter().map(|variable| format!("--env={variable}")));
        // A file's name may begin with a hyphen, and what follows `--` is no option.
        line.extend(["--".to_owned(), self.file.to_string_lossy().into_owned()]);
        line.extend(self.args.iter().cloned());
        line
    }
}

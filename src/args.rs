//! What the user typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use dwalin_runtime::{Config, DebugFiles, Debugger, Engine, Module, OptLevel, Result};
use std::path::{Path, PathBuf};

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
    /// Write the formatters for lldb into a folder, and print the line that loads them: for editors and .lldbinit.
    Formatters {
        /// The folder; the package dwalin_lldb is made in it.
        dir: PathBuf,
    },
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

/// `dwalin compile`.
#[derive(Args)]
pub struct Compile {
    /// How code is made.
    #[command(flatten)]
    pub code: Code,
    /// Where to write the artifact.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// With -g, write also the image with native DWARF that a debugger would get, and say all that it lacks.
    #[arg(long, value_name = "FILE", requires = "debug_info")]
    pub debug_image: Option<PathBuf>,
    /// The debugger that the image is for.
    #[arg(long, value_enum)]
    pub debugger: Option<WhichDebugger>,
    /// The module.
    pub file: PathBuf,
}

/// How code is made.
#[derive(Args)]
pub struct Code {
    /// Show the program to debuggers: source lines, functions, variables.
    #[arg(short = 'g')]
    pub debug_info: bool,
    /// The package with the program's split DWARF, where it is not beside the module as app.wasm.dwp or app.dwp.
    #[arg(long, value_name = "FILE")]
    pub dwp: Option<PathBuf>,
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
    /// LLDB with the formatters that `dwalin lldb` loads.
    LldbFormatters,
}

impl Code {
    /// Compiles the module in a file.
    pub fn module(&self, engine: &Engine, file: &Path) -> Result<Module> {
        let mut files = DebugFiles::beside(file);
        if let Some(package) = &self.dwp {
            files.package(package);
        }
        Module::from_file_with(engine, file, &files)
    }

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
        for_debugger(self.code.config(), self.debugger)
    }
}

impl Compile {
    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        for_debugger(self.code.config(), self.debugger)
    }
}

fn for_debugger(mut config: Config, debugger: Option<WhichDebugger>) -> Config {
    match debugger {
        Some(WhichDebugger::Gdb) => config.debugger(Debugger::Gdb),
        Some(WhichDebugger::Lldb) => config.debugger(Debugger::Lldb),
        Some(WhichDebugger::LldbFormatters) => config.debugger(Debugger::LldbFormatters),
        None => &mut config,
    };
    config
}

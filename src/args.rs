//! What the user typed.

use crate::backtrace::{self, Backtrace};
use crate::help_groups::{CODE, DEBUGGING, PROGRAM};
use crate::how_to_profile::{HowToProfile, parse as how_to_profile};
use crate::keys::codegen::Codegen;
use crate::keys::optimize::Optimize;
use crate::keys::wasm::Wasm;
use crate::reading_options::{Addr2line, Inspect};
use crate::server_options::ReplayServer;
use crate::wasi_options::Wasi;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
#[cfg(feature = "component-model")]
use dwalin_runtime::component::{Component, Draft};
use dwalin_runtime::{
    Config, DebugFiles, Debugger, Engine, Module, ModuleInput, OptLevel, Profile, Result,
};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The address that `dwalin serve` takes requests at, where none is given. Other runtimes are open to the network; what does not work yet
/// is better not.
const ADDRESS: &str = "127.0.0.1:8080";

/// Runs WebAssembly so that gdb and lldb can debug it.
#[derive(Parser)]
#[command(name = "dwalin", version = env!("DWALIN_VERSION"), max_term_width = 80)]
pub struct Options {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommand.
#[derive(Subcommand)]
pub enum Command {
    /// Run a program: a .wasm or .wat file, or with --allow-precompiled what `dwalin compile` wrote.
    Run(Run),
    /// Answer requests of HTTP by a component of the `wasi:http/proxy` world, until Ctrl-C: each request in an instance of its own
    ///
    /// A handler that traps answers 500, and its report is on the error output. `dwalin gdb --serve` and `dwalin lldb --serve` debug it.
    ///
    ///   dwalin serve app.wasm
    ///   dwalin serve -g --addr 127.0.0.1:3000 --env LOG=1 app.wasm
    #[command(verbatim_doc_comment)]
    Serve(Serve),
    /// Run a program again as `dwalin run --record FILE` recorded it: with the same output and the same end
    ///
    /// Nothing of the world is read or changed: what the program's imports returned is in FILE, and so is the module. The code is made
    /// as it was then; with -g, -O or both it is made so instead.
    ///
    ///   dwalin run --record app.rec app.wasm ARGS
    ///   dwalin replay app.rec
    #[command(verbatim_doc_comment)]
    Replay(Replay),
    /// Compile a module ahead of time; `dwalin run --allow-precompiled` runs the result with the same -g and -O.
    Compile(Compile),
    /// Say what of a module's debug info a debugger gets, and what is lost and why
    ///
    /// The exit status is 0 where nothing is lost, else 1. A variable that a debugger shows as optimized out was lost here, or the
    /// compiler did not say where it is: `--variable NAME` says which.
    ///
    ///   dwalin check-debug app.wasm
    ///   dwalin check-debug --variable count app.wasm
    #[command(verbatim_doc_comment)]
    CheckDebug(CheckDebug),
    /// Say which functions, files and lines offsets of a module are, inlined functions included.
    Addr2line(Addr2line),
    /// Show a function's source, wasm and machine code side by side.
    Objdump(Objdump),
    /// Show the frames, variables and memory in a core dump.
    Inspect(Inspect),
    /// Run scripts of the WebAssembly specification's test suite
    ///
    /// Says of each how many directives there are, and with file, line and column of each that fails what was expected and what was
    /// found. The exit status is 0 where none fails, else 1.
    ///
    ///   dwalin wast i32.wast
    ///   dwalin wast -g -O *.wast
    #[command(verbatim_doc_comment)]
    Wast(Wast),
    /// Say what machine code is made for, and list the keys of -W, -O and -C with their defaults
    Settings,
    /// Debug a program in gdb: all options of `run`, and the module's symbols instead of the runtime's
    ///
    /// Starts the real gdb with your own init files; its own options go before FILE, as gdb takes them. A trap says which one it is, `bt`
    /// shows the program's frames (`bt -no-filters`: all), stepping stays in the program, strings and the containers of C++ and Rust
    /// print as what they hold. The program's arguments are those of `run ARGS`, `set args` and `run < FILE` too.
    ///
    ///   dwalin gdb app.wasm ARGS
    ///   dwalin gdb -q -tui -ex 'break app.c:12' -ex run --dir . app.wasm
    #[command(verbatim_doc_comment)]
    Gdb(Gdb),
    /// Debug a program in lldb: all options of `run`, and formatters for what the program's memory holds
    ///
    /// Starts the real lldb with your own init files; its own options go before FILE, as lldb takes them. Pointers in memory are followed
    /// and strings shown, a trap says which one it is, breakpoints by name stop in the program only, and `bt` shows the program's frames.
    /// The program's arguments are those of `run ARGS`, `process launch -- ARGS` and `settings set target.run-args` too.
    ///
    ///   dwalin lldb app.wasm ARGS
    ///   dwalin lldb -o 'b app.c:12' -o run --dir . app.wasm
    ///   dwalin lldb -p PID
    #[command(verbatim_doc_comment)]
    Lldb(Lldb),
    /// Write the image that a debugger would get of a program, for launchers to show it before it runs; keep the code for `run`.
    #[command(hide = true)]
    DebugImage(DebugImage),
    /// Serve a debugger that replays a recording, by standard input and output: `target extended-remote | dwalin replay-server FILE`.
    #[command(hide = true)]
    ReplayServer(ReplayServer),
    /// Print the place of a program that is nearest to one that it does not have.
    #[command(hide = true)]
    Nearest(Nearest),
    /// Make gdb and lldb, also in editors, as good at programs of WebAssembly as `dwalin gdb` and `dwalin lldb` are: once, for this user.
    ///
    /// Writes scripts, and a few lines into the debuggers' init files that load them; says what it wrote. Other
    /// programs are debugged as ever.
    Setup {
        /// Take all of it back.
        #[arg(long)]
        remove: bool,
    },
    /// Print a script that completes the command's options in a shell
    ///
    ///   dwalin completions bash > ~/.local/share/bash-completion/completions/dwalin
    #[command(verbatim_doc_comment)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder: dwalin.1, and one of each command
    ///
    ///   dwalin man ~/.local/share/man/man1
    #[command(verbatim_doc_comment)]
    Man {
        /// The folder.
        dir: PathBuf,
    },
    /// Write the formatters for lldb into a folder, and print the line that loads them: for editors and .lldbinit.
    Formatters {
        /// The folder; the package dwalin_lldb is made in it.
        dir: PathBuf,
    },
}

/// `dwalin run`.
#[derive(Args, Default)]
pub struct Run {
    /// The options of code generation.
    #[command(flatten)]
    pub code: Code,
    /// Call this export with the arguments, and print its results; by default `_start` is called. Arguments may follow the name,
    /// `'f(1, 2)'`; those of components are in WAVE, `'f("x", {a: 1})'`.
    #[arg(long, value_name = "NAME", help_heading = PROGRAM)]
    pub invoke: Option<String>,
    /// Let the program see a directory of the host, under its own name or another.
    #[arg(long = "dir", value_name = "HOST[::GUEST]", help_heading = PROGRAM)]
    pub dirs: Vec<OsString>,
    /// Give the program an environment variable: a value, or the one that it has here.
    #[arg(long = "env", value_name = "NAME[=VALUE]", help_heading = PROGRAM)]
    pub env: Vec<String>,
    /// The program's own name, its first argument [default: FILE].
    #[arg(long, value_name = "NAME", help_heading = PROGRAM)]
    pub argv0: Option<String>,
    /// The debugger that native DWARF is made for, when it is not the one that traces the process.
    #[arg(long, value_enum, help_heading = DEBUGGING)]
    pub debugger: Option<WhichDebugger>,
    /// Tell perf about the code (perfmap: names in /tmp/perf-PID.map; jitdump: names and source lines in ./jit-PID.dump), or sample the program
    /// (`guest,FILE,INTERVAL`: ./guest-profile.json, each 1ms, where they are left out).
    #[arg(long, value_name = "HOW", value_parser = OsStringValueParser::new().try_map(how_to_profile), help_heading = DEBUGGING)]
    pub profile: Option<HowToProfile>,
    /// Write a core dump here when the program traps; with -g it has all locals.
    #[arg(long, value_name = "FILE", help_heading = DEBUGGING)]
    pub coredump: Option<PathBuf>,
    /// Record here what the program is told by its imports, so that `dwalin replay FILE` runs it again as it was.
    #[arg(long, value_name = "FILE", help_heading = DEBUGGING)]
    pub record: Option<PathBuf>,
    /// Stop for the server that traces this process, which goes back in time by copies of it.
    #[arg(long, hide = true, requires = "record")]
    pub traced: bool,
    /// Report style of a trap; without it, the source line and the program's own frames: `short`, without variables; `full`, with the
    /// language's library; `json`, for programs, also into a file (`json:FILE`) or a descriptor (`json:fd=3`) with nothing else in it.
    #[arg(long, value_name = "HOW", value_parser = OsStringValueParser::new().try_map(backtrace::parse), help_heading = DEBUGGING)]
    pub backtrace: Option<Backtrace>,
    /// Wait for a debugger that attaches to this process, and say its number.
    #[arg(long, help_heading = DEBUGGING)]
    pub wait: bool,
    /// The limits of a program.
    #[command(flatten)]
    pub wasm: Wasm,
    /// The network.
    #[command(flatten)]
    pub wasi: Wasi,
    /// Run FILE also where it is what `dwalin compile` wrote: machine code that runs as it is, with all that you may do.
    #[arg(long, help_heading = CODE)]
    pub allow_precompiled: bool,
    /// The generation of code.
    #[command(flatten)]
    pub codegen: Codegen,
    /// The module, and after it the program's arguments, or those of the export to invoke.
    // One list: clap would take options of its own that follow the file at once, and all of them are the program's.
    #[arg(value_name = "FILE [ARGS]", required = true, trailing_var_arg = true)]
    pub program: Vec<OsString>,
}

/// `dwalin serve`.
#[derive(Args)]
#[command(mut_arg("invoke", |it| it.hide(true)), mut_arg("record", |it| it.hide(true)))]
pub struct Serve {
    /// Take requests at this address.
    #[arg(long, value_name = "SOCKADDR", default_value = ADDRESS)]
    pub addr: SocketAddr,
    /// Answer at most so many requests at once; others wait.
    #[arg(long, value_name = "N", default_value = "64")]
    pub max_concurrent_requests: NonZeroUsize,
    /// Take at most so many connections at once; others wait.
    #[arg(long, value_name = "N", default_value = "128")]
    pub max_concurrent_connections: NonZeroUsize,
    /// Give requests this field in place of their own of its name: `NAME: VALUE`, or @FILE with one a line.
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// The program.
    #[command(flatten)]
    pub run: Run,
}

/// `dwalin replay`.
#[derive(Args)]
pub struct Replay {
    /// The options of code generation.
    #[command(flatten)]
    pub code: Code,
    /// The debugger that native DWARF is made for, when it is not the one that traces the process.
    #[arg(long, value_enum, help_heading = DEBUGGING)]
    pub debugger: Option<WhichDebugger>,
    /// Write a core dump here when the program traps; with -g it has all locals.
    #[arg(long, value_name = "CORE", help_heading = DEBUGGING)]
    pub coredump: Option<PathBuf>,
    /// Report style of a trap, as of `dwalin run`.
    #[arg(long, value_name = "HOW", value_parser = OsStringValueParser::new().try_map(backtrace::parse), help_heading = DEBUGGING)]
    pub backtrace: Option<Backtrace>,
    /// Say who wrote a value last before the end, and show the frames there: of a variable (`main::count`, `'a.c'::count`), a part of it or what
    /// it points to (`p->next->value`, `a[3].x`, `*p`), or of an address (`*(int *)0x119a0`, `0x119a0:4`). Nothing is printed by the program.
    #[arg(long, value_name = "EXPRESSION", conflicts_with_all = ["traced", "coredump", "optimize"], help_heading = DEBUGGING)]
    pub last_write: Option<String>,
    /// Print the answer of --last-write as JSON.
    #[arg(long, requires = "last_write")]
    pub json: bool,
    /// Stop for the server that traces this process.
    #[arg(long, hide = true)]
    pub traced: bool,
    /// The recording.
    pub file: PathBuf,
}

/// `dwalin gdb`.
#[derive(Args)]
pub struct Gdb {
    /// The gdb to start [default: the environment's GDB, or gdb].
    #[arg(long, value_name = "PATH", help_heading = DEBUGGING)]
    pub gdb: Option<PathBuf>,
    /// Go back in time too: the program is recorded while it runs (into the file of --record, if there is one). A recording needs no --reverse.
    #[arg(long, help_heading = DEBUGGING)]
    pub reverse: bool,
    /// Answer requests of HTTP, as `dwalin serve` does, at this address [default: 127.0.0.1:8080].
    #[arg(long, value_name = "SOCKADDR", num_args = 0..=1, require_equals = true, default_missing_value = ADDRESS, conflicts_with = "reverse")]
    pub serve: Option<SocketAddr>,
    /// An option for gdb; those in front of FILE that are none of these need no more than being there: -q -ex run -tui.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true, help_heading = DEBUGGING)]
    pub gdb_option: Vec<OsString>,
    /// The program to run.
    #[command(flatten)]
    pub run: Run,
}

/// `dwalin lldb`.
#[derive(Args)]
pub struct Lldb {
    /// The lldb to start [default: the environment's LLDB, or lldb].
    #[arg(long, value_name = "PATH", help_heading = DEBUGGING)]
    pub lldb: Option<PathBuf>,
    /// Go back in time too, with lldb 21 and later: the program is recorded while it runs (into the file of --record, if there is one).
    #[arg(long, help_heading = DEBUGGING)]
    pub reverse: bool,
    /// Answer requests of HTTP, as `dwalin serve` does, at this address [default: 127.0.0.1:8080].
    #[arg(long, value_name = "SOCKADDR", num_args = 0..=1, require_equals = true, default_missing_value = ADDRESS, conflicts_with = "reverse")]
    pub serve: Option<SocketAddr>,
    /// An option for lldb; those in front of FILE that are none of these need no more than being there: -o run -b -Q.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true, help_heading = DEBUGGING)]
    pub lldb_option: Vec<OsString>,
    /// The program to run.
    #[command(flatten)]
    pub run: Run,
}

/// `dwalin compile`.
#[derive(Args)]
pub struct Compile {
    /// The options of code generation.
    #[command(flatten)]
    pub code: Code,
    /// Path of the artifact.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// With -g, write also the image with native DWARF that a debugger would get, and say all that it lacks.
    #[arg(long, value_name = "FILE", requires = "debug_info", help_heading = DEBUGGING)]
    pub debug_image: Option<PathBuf>,
    /// The debugger that the image is for.
    #[arg(long, value_enum, help_heading = DEBUGGING)]
    pub debugger: Option<WhichDebugger>,
    /// The module or component.
    pub file: PathBuf,
}

/// `dwalin debug-image`.
#[derive(Args)]
pub struct DebugImage {
    /// Path of the output.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// The program that would be run.
    #[command(flatten)]
    pub run: Run,
}

/// `dwalin nearest`.
#[derive(Args)]
pub struct Nearest {
    /// The program's image.
    pub image: PathBuf,
    /// The place: FUNCTION, FILE:FUNCTION or FILE:LINE.
    #[arg(allow_hyphen_values = true)]
    pub place: String,
}

/// `dwalin check-debug`.
#[derive(Args)]
pub struct CheckDebug {
    /// The options of code generation; always with -g.
    #[command(flatten)]
    pub code: Code,
    /// The debugger whose view is checked [default: gdb].
    #[arg(long, value_enum, help_heading = DEBUGGING)]
    pub debugger: Option<WhichDebugger>,
    /// Say of each variable of this name where it is described, and where not.
    #[arg(long, value_name = "NAME")]
    pub variable: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The module or component.
    pub file: PathBuf,
}

/// `dwalin objdump`.
#[derive(Args)]
pub struct Objdump {
    /// The options of code generation.
    #[command(flatten)]
    pub code: Code,
    /// The function, by name or index; all of them without.
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// The core module of a component, by the name that reports give it; all of them without.
    #[arg(long, value_name = "NAME")]
    pub module: Option<String>,
    /// The module or component.
    pub file: PathBuf,
}

/// `dwalin wast`.
#[derive(Args)]
pub struct Wast {
    /// Show the modules to debuggers.
    #[arg(short = 'g')]
    pub debug_info: bool,
    /// Optimise code although -g is given.
    #[arg(short = 'O')]
    pub optimize: bool,
    /// The scripts.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The options of code generation.
#[derive(Args, Default)]
pub struct Code {
    /// Show the program to debuggers: source lines, functions, variables.
    #[arg(short = 'g', help_heading = DEBUGGING)]
    pub debug_info: bool,
    /// The package with the program's split DWARF, where it is not beside the module as app.wasm.dwp or app.dwp.
    #[arg(long, value_name = "FILE", help_heading = DEBUGGING)]
    pub dwp: Option<PathBuf>,
    /// A directory where the program was compiled, and the one here that has the same sources.
    #[arg(long, value_name = "FROM=TO", value_parser = path_pair, help_heading = DEBUGGING)]
    pub map_path: Vec<(String, String)>,
    /// The optimisation of code.
    #[command(flatten)]
    pub optimize: Optimize,
    /// Bytes of address space kept for each linear memory.
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = CODE)]
    pub memory_reservation: Option<u64>,
    /// Bytes after it that fault.
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = CODE)]
    pub memory_guard_size: Option<u64>,
    /// Bytes of stack that the program may use.
    #[arg(long, value_name = "BYTES", value_parser = bytes, help_heading = CODE)]
    pub max_wasm_stack: Option<u64>,
}

/// A debugger.
#[derive(Clone, Copy, ValueEnum)]
pub enum WhichDebugger {
    /// GDB.
    Gdb,
    /// GDB with the scripts of `dwalin gdb`, and from version 16 on.
    GdbAddresses,
    /// LLDB, alone or in an editor.
    Lldb,
    /// LLDB with the formatters that `dwalin lldb` loads.
    LldbFormatters,
}

impl Code {
    /// Compiles the module in a file that was read.
    pub fn module_of(
        &self,
        engine: &Engine,
        file: &Path,
        input: &ModuleInput<'_>,
    ) -> Result<Module> {
        let name = file.file_name().unwrap_or("wasm".as_ref());
        let files = self.debug_files(file);
        Module::from_input(engine, &name.to_string_lossy(), input, &files)
    }

    /// Compiles a component of a file that was read.
    #[cfg(feature = "component-model")]
    pub fn component_of(&self, engine: &Engine, file: &Path, draft: Draft) -> Result<Component> {
        let name = file.file_name().unwrap_or("component".as_ref());
        draft.compile(engine, &name.to_string_lossy(), &self.debug_files(file))
    }

    fn debug_files(&self, file: &Path) -> DebugFiles {
        let mut files = DebugFiles::beside(file);
        if let Some(package) = &self.dwp {
            files.package(package);
        }
        for (from, to) in &self.map_path {
            files.map_path(from, to);
        }
        files
    }

    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config.debug_info(self.debug_info);
        config.uncaught_exceptions_trap(true);
        if let Some(folder) = cache_folder() {
            config.text_folder(folder.join("text"));
        }
        self.optimize.configure(&mut config);
        if let Some(bytes) = self.memory_reservation {
            config.memory_reservation(bytes);
        }
        if let Some(bytes) = self.memory_guard_size {
            config.memory_guard_size(bytes);
        }
        if let Some(bytes) = self.max_wasm_stack {
            config.max_wasm_stack(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        config
    }
}

impl Run {
    /// The module.
    pub fn file(&self) -> &Path {
        // clap asks for one at least.
        Path::new(&self.program[0])
    }

    /// The program's arguments.
    ///
    /// # Errors
    /// Where one is not in UTF-8, which WASI's are.
    pub fn args(&self) -> anyhow::Result<Vec<String>> {
        let text = |arg: &OsString| match arg.to_str() {
            Some(text) => Ok(text.to_owned()),
            None => anyhow::bail!(
                "the argument {} is not in UTF-8, which WASI asks for",
                arg.display()
            ),
        };
        self.program[1..].iter().map(text).collect()
    }

    /// As an engine's configuration.
    ///
    /// # Errors
    /// Where the file for the profiler cannot be made.
    pub fn config(&self) -> std::io::Result<Config> {
        let mut config = self.code.config();
        self.codegen.configure(&mut config);
        self.wasm.configure(&mut config);
        if let Some(folder) = cache_folder().filter(|_| self.codegen.caches()) {
            config.cache_folder(folder.join("code"));
            config.image_folder(folder.join("images"));
        }
        match self.profile {
            Some(HowToProfile::Perfmap) => config.profile(Profile::PerfMap)?,
            Some(HowToProfile::Jitdump) => config.profile(Profile::JitDump)?,
            Some(HowToProfile::Guest { .. }) | None => &mut config,
        };
        config.all_locals(self.coredump.is_some());
        config.cranelift_nan_canonicalization(self.record.is_some());
        // A copy of the process is to have a memory of its own, and moments that are found again.
        config.ticks(self.traced).private_memories(self.traced);
        Ok(for_debugger(config, self.debugger))
    }
}

impl Wast {
    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config.debug_info(self.debug_info);
        if self.optimize {
            config.cranelift_opt_level(OptLevel::Speed);
        }
        config
    }
}

impl Compile {
    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        for_debugger(self.code.config(), self.debugger)
    }
}

impl CheckDebug {
    /// As an engine's configuration.
    pub fn config(&self) -> Config {
        let mut config = self.code.config();
        config.debug_info(true);
        for_debugger(config, Some(self.debugger.unwrap_or(WhichDebugger::Gdb)))
    }
}

fn for_debugger(mut config: Config, debugger: Option<WhichDebugger>) -> Config {
    match debugger {
        Some(WhichDebugger::Gdb) => config.debugger(Debugger::Gdb),
        Some(WhichDebugger::GdbAddresses) => config.debugger(Debugger::GdbAddresses),
        Some(WhichDebugger::Lldb) => config.debugger(Debugger::Lldb),
        Some(WhichDebugger::LldbFormatters) => config.debugger(Debugger::LldbFormatters),
        None => &mut config,
    };
    config
}

/// Returns the folder of a user's files that can be made again (XDG Base Directory Specification): relative paths do not count.
pub fn cache_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("dwalin"))
}

/// A size, in decimal or with 0x.
fn bytes(text: &str) -> Result<u64, String> {
    let value = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    value.map_err(|_| "not a number of bytes, as 1048576 or 0x100000".to_owned())
}

fn path_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("not of the form FROM=TO".to_owned()),
    }
}

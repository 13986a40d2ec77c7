//! Every knob of an engine, its default and why.

mod collector;
mod objects;
mod process;

pub use collector::Collector;

use crate::abi::layout::ADDRESS_SPACE;
pub use crate::abi::settings::OptLevel;
use crate::abi::settings::Settings;
use crate::code::profile::{Profile, Profiler};
use crate::module::features::Proposal;
use crate::printable::Printable;
use crate::unwind::frames::{INNER, OUTER};
use dwalin_debuginfo::code::Flavor;
use process::{has_inline_frames, has_open, program, shares, status};
use rustix::process::{Resource, getrlimit};
use std::collections::HashSet;
use std::fmt;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Whose reader native DWARF is written for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Debugger {
    /// The one that traces this process; gdb where none does.
    #[default]
    Auto,
    /// gdb.
    Gdb,
    /// gdb that reads a memory at the guest's own addresses, by its second mapping and Dwalin's scripts. That is what there is for gdb
    /// from version 16 on: what it works out of a pointer's target it keeps for all pointers that are computed from it.
    GdbAddresses,
    /// lldb, alone or in an editor, without Dwalin's formatters.
    Lldb,
    /// lldb with Dwalin's formatters, which show pointers in memory as pointers.
    LldbFormatters,
}

impl Debugger {
    /// One of them, whatever it is.
    pub(crate) fn resolve(self) -> Debugger {
        match self {
            Debugger::Auto => tracer().map_or(Debugger::Gdb, Tracer::debugger),
            one => one,
        }
    }

    /// The flavor of DWARF for it.
    pub(crate) fn flavor(self) -> Flavor {
        match self.resolve() {
            Debugger::Lldb | Debugger::LldbFormatters => Flavor::Lldb,
            Debugger::Auto | Debugger::Gdb | Debugger::GdbAddresses => Flavor::Gdb,
        }
    }
}

/// The process that traces this one.
struct Tracer(String);

/// The file that the formatters keep open in the process that loads them, so that it can be recognized from outside.
const FORMATTERS: &str = "/memfd:dwalin-formatters";
/// The same of those that load images: older ones would leave the program where it stops for that.
const LOADERS: &str = "/memfd:dwalin-formatters-images";

/// Returns true if a debugger runs this process.
pub fn is_traced() -> bool {
    tracer().is_some()
}

/// The tracing process (proc_pid_status(5), TracerPid).
fn tracer() -> Option<Tracer> {
    let pid = status("self", "TracerPid:")?;
    (pid != "0").then_some(Tracer(pid))
}

impl Tracer {
    fn debugger(self) -> Debugger {
        let name = program(&self.0);
        if !(name.contains("lldb") || name.contains("debugserver")) {
            return Debugger::Gdb;
        }
        // lldb traces by a server, a child of its own.
        let parent = status(&self.0, "PPid:");
        let announces = |pid: &str| has_open(pid, FORMATTERS);
        if announces(&self.0) || parent.is_some_and(|parent| announces(&parent)) {
            Debugger::LldbFormatters
        } else {
            Debugger::Lldb
        }
    }
}

/// Returns true if a gdb is of version 16 or later, which resolves the dynamic type of a pointer's target when it reads the pointer, and
/// computes with what that gave. It is known by a command that it has since.
fn keeps_targets(pid: &str) -> bool {
    static KNOWN: Mutex<Option<(String, bool)>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, keeps)) = known.as_ref().filter(|(of, _)| of == pid) {
        return *keeps;
    }
    let keeps = has_inline_frames(pid);
    *known = Some((pid.to_owned(), keeps));
    keeps
}

/// Returns true if the process is traced by an lldb that sees the same files and processes: by a server that is a child of its own, and so
/// is not there for an lldb of another machine.
fn is_traced_by_lldb_here() -> bool {
    let Some(Tracer(server)) = tracer().filter(|it| program(&it.0).starts_with("lldb-server"))
    else {
        return false;
    };
    let Some(lldb) = status(&server, "PPid:") else {
        return false;
    };
    let parent = program(&lldb);
    let is_lldb = parent.contains("lldb") && !parent.starts_with("lldb-server");
    is_lldb && ["pid", "mnt"].iter().all(|kind| shares(&lldb, kind))
}

/// The reader of native DWARF, as far as an image depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageReader {
    debugger: Debugger,
    own_addresses: bool,
    /// The way of an image to it.
    pub delivery: Delivery,
}

/// The way of an image to its reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// In the memory of the process.
    Memory,
    /// By a small image that leads to a file.
    Link,
    /// By an offer to scripts, which load the file; or else by a link.
    Offer,
}

/// Who is told what could not be used.
#[derive(Clone)]
struct WarningHandler(Arc<dyn Fn(&str) + Send + Sync>);

impl Default for WarningHandler {
    fn default() -> WarningHandler {
        let printed = Mutex::new(HashSet::new());
        WarningHandler(Arc::new(move |warning| {
            let mut printed = printed
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            if printed.insert(warning.to_owned()) {
                // There may be nobody to tell.
                writeln!(io::stderr(), "dwalin: warning: {}", Printable(warning)).ok();
            }
        }))
    }
}

impl fmt::Debug for WarningHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WarningHandler")
    }
}

/// The frames in an error's message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backtraces {
    /// True if there are any.
    pub enabled: bool,
    /// True if they have places in the source, and values.
    pub details: bool,
    /// True if reports read sources.
    pub sources: bool,
    /// The most that are kept.
    pub max_frames: usize,
}

/// The reservation where nobody chose one, for a process that may have so many bytes of address space.
fn default_reservation(limit: Option<u64>) -> u64 {
    // Memories at 4 GiB boundaries take twice as much for a moment.
    const ENOUGH: u64 = 32 << 30;
    match limit {
        Some(limit) if limit < ENOUGH => (limit / 5).min(2 << 30) & !0xffff,
        _ => ADDRESS_SPACE,
    }
}

/// The configuration of an engine: how it compiles and runs modules.
#[derive(Clone, Debug)]
pub struct Config {
    debug_info: bool,
    all_locals: bool,
    opt_level: Option<OptLevel>,
    debugger: Debugger,
    memory_reservation: u64,
    memory_guard_size: u64,
    max_wasm_stack: usize,
    parallel_compilation: bool,
    text_folder: Option<PathBuf>,
    cache_folder: Option<PathBuf>,
    image_folder: Option<PathBuf>,
    warning: WarningHandler,
    profiler: Option<SharedProfiler>,
    backtraces: Backtraces,
    ends_on_uncaught_exceptions: bool,
    epoch_interruption: bool,
    consume_fuel: bool,
    canonical_nans: bool,
    ticks: bool,
    watch_writes: bool,
    private_memories: bool,
    collector: Collector,
    gc_zeal: Option<NonZeroU32>,
    turned_off: Vec<Proposal>,
}

/// The file that a profiler reads, shared by an engine's clones.
#[derive(Clone)]
struct SharedProfiler(Arc<Profiler>);

impl fmt::Debug for SharedProfiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profiler")
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

impl Config {
    /// The defaults.
    pub fn new() -> Config {
        Config {
            debug_info: false,
            all_locals: false,
            opt_level: None,
            debugger: Debugger::Auto,
            // All that a 32-bit address can reach, so that code need not compare it.
            memory_reservation: default_reservation(getrlimit(Resource::As).current),
            // Catches the constant offsets that programs have.
            memory_guard_size: 32 << 20,
            // Native programs have 8 MiB on Linux, and the host needs some of it.
            max_wasm_stack: 4 << 20,
            parallel_compilation: true,
            text_folder: None,
            cache_folder: None,
            image_folder: None,
            warning: WarningHandler::default(),
            profiler: None,
            backtraces: Backtraces {
                enabled: true,
                details: true,
                sources: false,
                max_frames: INNER + OUTER,
            },
            ends_on_uncaught_exceptions: false,
            epoch_interruption: false,
            consume_fuel: false,
            canonical_nans: false,
            ticks: false,
            watch_writes: false,
            private_memories: false,
            collector: Collector::Auto,
            gc_zeal: None,
            turned_off: Vec::new(),
        }
    }

    /// Configures whether debuggers see guest code: native DWARF is made and registered for each instance, locals have homes, and every
    /// statement can be stopped at. Off by default.
    pub fn debug_info(&mut self, enable: bool) -> &mut Config {
        self.debug_info = enable;
        self
    }

    /// Configures whether, with debug info, all locals of a function can be read in its frames, also those that the module's debug info
    /// does not name: for core dumps. Off by default.
    pub fn all_locals(&mut self, enable: bool) -> &mut Config {
        self.all_locals = enable;
        self
    }

    /// Sets the effort of the code generator: by default [`OptLevel::None`] with debug info and [`OptLevel::Speed`] without.
    pub fn cranelift_opt_level(&mut self, level: OptLevel) -> &mut Config {
        self.opt_level = Some(level);
        self
    }

    /// Whose reader native DWARF is for: by default that of whoever traces the process.
    pub fn debugger(&mut self, debugger: Debugger) -> &mut Config {
        self.debugger = debugger;
        self
    }

    /// Bytes of address space kept for each linear memory, rounded up to pages of 64 KiB. A memory cannot grow beyond it, and below
    /// 4 GiB code compares addresses. By default 4 GiB; a fifth of the address space where the process has a limit of it (`ulimit -v`)
    /// that is below 32 GiB.
    pub fn memory_reservation(&mut self, bytes: u64) -> &mut Config {
        self.memory_reservation = bytes.min(ADDRESS_SPACE).next_multiple_of(64 << 10);
        self
    }

    /// Bytes after each memory's reservation that fault, 32 MiB by default, rounded up to pages of 64 KiB.
    pub fn memory_guard_size(&mut self, bytes: u64) -> &mut Config {
        self.memory_guard_size = bytes.min(ADDRESS_SPACE).next_multiple_of(64 << 10);
        self
    }

    /// Bytes of stack that guest code may use, 4 MiB by default; less where the thread has less.
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_wasm_stack = bytes;
        self
    }

    /// Configures whether traps and errors of host functions have a backtrace. On by default; it costs nothing before there is one.
    pub fn wasm_backtrace(&mut self, enable: bool) -> &mut Config {
        self.backtraces.enabled = enable;
        self
    }

    /// Configures whether frames of backtraces have files and lines, and with debug info their variables; else functions and offsets. On by
    /// default: the first trap of a module reads its DWARF.
    pub fn wasm_backtrace_details(&mut self, enable: bool) -> &mut Config {
        self.backtraces.details = enable;
        self
    }

    /// Configures whether the full report of an error, as `{:?}` prints it, has the source line. Off by default: it is read from the file
    /// that the module's debug info names, and whoever compiled the module chose the name ([`read_source`] says which files are not read).
    ///
    /// [`read_source`]: crate::read_source
    pub fn wasm_backtrace_sources(&mut self, enable: bool) -> &mut Config {
        self.backtraces.sources = enable;
        self
    }

    /// The most frames of a backtrace, 128 by default and at most: three quarters of them the innermost, a quarter the outermost.
    pub fn wasm_backtrace_max_frames(&mut self, frames: usize) -> &mut Config {
        self.backtraces.max_frames = frames.min(INNER + OUTER);
        self
    }

    pub(crate) fn backtraces(&self) -> Backtraces {
        self.backtraces
    }

    /// An exception that no guest handles traps where it is thrown, with all frames in place, as native programs end. Otherwise cleanups
    /// (handlers that throw on what they take) run before the host gets it. The default is not to.
    pub fn uncaught_exceptions_trap(&mut self, enable: bool) -> &mut Config {
        self.ends_on_uncaught_exceptions = enable;
        self
    }

    pub(crate) fn ends_on_uncaught_exceptions(&self) -> bool {
        self.ends_on_uncaught_exceptions
    }

    /// Configures whether guests can be interrupted, from another thread too: they look at the engine's epoch at each call and loop, and trap
    /// after the store's last one ([`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline)). Off by default.
    pub fn epoch_interruption(&mut self, enable: bool) -> &mut Config {
        self.epoch_interruption = enable;
        self
    }

    /// Configures whether modules may use a proposal, and those that are made of it. All are on by default. Artifacts are not looked at.
    pub fn wasm_proposal(&mut self, proposal: Proposal, enable: bool) -> &mut Config {
        self.turned_off.retain(|it| *it != proposal);
        self.turned_off.extend((!enable).then_some(proposal));
        self
    }

    #[cfg(feature = "compile")]
    pub(crate) fn turned_off(&self) -> &[Proposal] {
        &self.turned_off
    }

    /// Configures whether what guests do takes fuel, which equal runs take as much of ([`Store::set_fuel`](crate::Store::set_fuel)). Off by
    /// default.
    pub fn consume_fuel(&mut self, enable: bool) -> &mut Config {
        self.consume_fuel = enable;
        self
    }

    /// Configures whether results of floating-point operations that are no number have the same bits in all code, as a program that is recorded
    /// needs: otherwise they depend on how the code was made. Off by default; arithmetic takes a little longer.
    pub fn cranelift_nan_canonicalization(&mut self, enable: bool) -> &mut Config {
        self.canonical_nans = enable;
        self
    }

    /// Configures whether code counts ticks, for a debugger that stops at a moment of a replayed run. Off by default.
    pub fn ticks(&mut self, enable: bool) -> &mut Config {
        self.ticks = enable;
        self
    }

    /// Configures whether code tells of writes to a place in memory, which the store is told ([`Store::watch`](crate::Store::watch)). Off by
    /// default.
    pub fn watch_writes(&mut self, enable: bool) -> &mut Config {
        self.watch_writes = enable;
        self
    }

    /// Configures whether memories are this process's alone also with debug info: copies of the process have contents of their own then.
    /// Debuggers do not find a memory at the guest's own addresses. Off by default.
    pub fn private_memories(&mut self, enable: bool) -> &mut Config {
        self.private_memories = enable;
        self
    }

    pub(crate) fn has_private_memories(&self) -> bool {
        self.private_memories
    }

    /// Configures whether functions are compiled on all cores. On by default.
    pub fn parallel_compilation(&mut self, enable: bool) -> &mut Config {
        self.parallel_compilation = enable;
        self
    }

    /// The folder for texts that debuggers show and nobody has as files: modules without debug info, printed, and sources that
    /// source maps and line tables hold. 256 MiB are kept there. Without it, the default, these modules have lines and no text.
    pub fn text_folder(&mut self, folder: impl Into<PathBuf>) -> &mut Config {
        self.text_folder = Some(folder.into());
        self
    }

    /// The folder for compiled modules, so that one that is unchanged is not compiled again: 1 GiB is kept there. What is in it is
    /// machine code that is run: nobody else may write to it. Without it, the default, modules are compiled each time.
    pub fn cache_folder(&mut self, folder: impl Into<PathBuf>) -> &mut Config {
        self.cache_folder = Some(folder.into());
        self
    }

    /// The folder for native DWARF, so that it is not made again for a module that is unchanged: 1 GiB is kept there. Instances are placed
    /// where they were the last time, at addresses that were random then. Nobody else may write to the folder. Without it, the
    /// default, native DWARF is made for each instance.
    pub fn image_folder(&mut self, folder: impl Into<PathBuf>) -> &mut Config {
        self.image_folder = Some(folder.into());
        self
    }

    /// Who is told what of a module's debug info could not be used; by default each warning is printed once.
    pub fn warning(&mut self, handler: impl Fn(&str) + Send + Sync + 'static) -> &mut Config {
        self.warning = WarningHandler(Arc::new(handler));
        self
    }

    /// Tells perf of all code that is placed, through a file that is begun now. Off by default.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn profile(&mut self, profile: Profile) -> io::Result<&mut Config> {
        self.profiler = Some(SharedProfiler(Arc::new(Profiler::new(profile)?)));
        Ok(self)
    }

    pub(crate) fn profiler(&self) -> Option<&Profiler> {
        self.profiler.as_ref().map(|profiler| &*profiler.0)
    }

    pub(crate) fn warn(&self, warning: &str) {
        (self.warning.0)(warning);
    }

    pub(crate) fn texts(&self) -> Option<&Path> {
        self.text_folder.as_deref()
    }

    #[cfg(feature = "compile")]
    pub(crate) fn artifacts(&self) -> Option<&Path> {
        self.cache_folder.as_deref()
    }

    pub(crate) fn images(&self) -> Option<&Path> {
        self.image_folder.as_deref()
    }

    pub(crate) fn settings(&self) -> Settings {
        let by_default = if self.debug_info {
            OptLevel::None
        } else {
            OptLevel::Speed
        };
        Settings {
            debug_info: self.debug_info,
            all_locals: self.all_locals,
            opt_level: self.opt_level.unwrap_or(by_default),
            memory_reservation: self.memory_reservation,
            memory_guard_size: self.memory_guard_size,
            epoch_interruption: self.epoch_interruption,
            consume_fuel: self.consume_fuel,
            canonical_nans: self.canonical_nans,
            ticks: self.ticks,
            watch_writes: self.watch_writes,
            parallel: self.parallel_compilation,
        }
    }

    /// Returns true if pointers in memory are shown by formatters.
    pub(crate) fn has_formatters(&self) -> bool {
        self.debugger.resolve() == Debugger::LldbFormatters
    }

    /// The reader that native DWARF is for.
    pub(crate) fn image_reader(&self) -> ImageReader {
        let delivery = match self.has_local_lldb() {
            true if self.has_image_loader() => Delivery::Offer,
            true => Delivery::Link,
            false => Delivery::Memory,
        };
        ImageReader {
            debugger: self.debugger.resolve(),
            own_addresses: self.has_own_addresses(),
            delivery,
        }
    }

    pub(crate) fn flavor(&self) -> Flavor {
        self.debugger.flavor()
    }

    /// Returns true if native DWARF is for a gdb that reads the guest's own addresses.
    pub(crate) fn has_own_addresses(&self) -> bool {
        match self.debugger {
            Debugger::Auto => {
                let gdb = tracer().filter(|_| self.flavor() == Flavor::Gdb);
                gdb.is_some_and(|Tracer(gdb)| keeps_targets(&gdb))
            }
            chosen => chosen == Debugger::GdbAddresses,
        }
    }

    /// Returns true if native DWARF is for an lldb that can open this process's files.
    fn has_local_lldb(&self) -> bool {
        self.flavor() == Flavor::Lldb && is_traced_by_lldb_here()
    }

    /// Returns true if the lldb for which native DWARF is loads images by scripts.
    fn has_image_loader(&self) -> bool {
        let server = tracer().filter(|_| self.has_formatters());
        let lldb = server.and_then(|Tracer(server)| status(&server, "PPid:"));
        lldb.is_some_and(|lldb| has_open(&lldb, LOADERS))
    }

    pub(crate) fn wasm_stack(&self) -> usize {
        self.max_wasm_stack
    }
}

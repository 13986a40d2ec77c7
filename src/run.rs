//! `dwalin run`: load, link WASI, call, and report how it ended.

use crate::args::Run;
use crate::backtrace::{Backtrace, Destination, Output};
#[cfg(feature = "component-model")]
use crate::component;
use crate::debugger::hint;
use crate::ending::Ending;
use crate::files;
use crate::guest_profile;
use crate::how_to_profile::HowToProfile;
use crate::imports;
use crate::invoked;
use crate::program::Program;
#[cfg(feature = "component-model")]
use crate::program::ToRun;
use crate::progress::Progress;
use crate::recording;
use crate::shell;
use crate::sources::say_newer;
use crate::timeout;
use anyhow::{Context, Result, bail};
use dwalin_runtime::coredump::CoreDump;
use dwalin_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{Engine, Error, GuestProfiler, Linker, Module, Store, WasiThreads, is_traced};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
#[cfg(feature = "component-model")]
use std::time::Instant;
use std::time::{Duration, SystemTime};

/// Runs a program; its exit code is ours.
pub fn run(options: Run) -> Result<ExitCode> {
    let options = &Arc::new(options);
    if options.wait {
        wait();
    }
    let config = options
        .config()
        .context("--profile: cannot make the file")?;
    check_outputs(options)?;
    let json = Output::open(options.backtrace.as_ref())?;
    let engine = Engine::new(&config);
    let file = || options.file().display().to_string();
    let mut linker = imports::linker(&engine)?;
    let mut contents = Vec::new();
    let program = Program::read(options, &mut contents)?;
    #[cfg(feature = "component-model")]
    if let Some(component) = program.component() {
        return run_component(options, &engine, &component, json);
    }
    imports::check(&linker, &program, options).with_context(file)?;
    recording::check(options, &program)?;
    let progress = Progress::of(options.file());
    let module = program.load(&engine, options)?;
    drop(progress);
    let recording = recording::begin(options, &program, &module)?;
    drop(program);
    drop(contents);
    say_text(&module, options.file());
    say_before(&module, options);
    let mut store = Store::new(&engine, context(options)?);
    if let Some(recording) = recording {
        store.record(recording, options.traced);
    }
    let ending = Ending::new(options, &module, json);
    limit(&mut store, options, &ending)?;
    let threads = threads(&mut linker, &module, &ending)?;
    imports::define_rest(&mut linker, &mut store, &module, options)?;
    let profiler = profiler(options)?;
    let start = SystemTime::now();
    let ended = match &threads {
        Some(threads) => call(options, threads.link(linker), &module, &mut store),
        None => call(options, &linker, &module, &mut store),
    };
    if let Some(profiler) = profiler {
        write_profile(profiler, options, &store, start);
    }
    say_no_directory(&ended, options, &module);
    if let (_, Err(error)) = recording::end(&ended, &mut store) {
        eprintln!("dwalin: warning: the recording has no end: {error:#}");
    }
    let code = ending.end(ended, &store, None);
    // The process ends. To unregister its code would be a stop for debuggers just before, at which lldb-server 19 loses processes
    // whose other threads are gone before it has resumed them.
    std::mem::forget(store);
    Ok(ExitCode::from(code?))
}

/// Sets how much code the program may execute, and what it may hold.
pub fn limit_resources(store: &mut Store<WasiCtx>, options: &Run) -> Result<()> {
    if let Some(fuel) = options.wasm.fuel() {
        store.set_fuel(fuel)?;
    }
    if let Some(limits) = options.wasm.limits() {
        store.set_limits(limits);
    }
    Ok(())
}

/// Sets how long the program may run, and what it may hold.
fn limit(store: &mut Store<WasiCtx>, options: &Run, ending: &Arc<Ending>) -> Result<()> {
    limit_resources(store, options)?;
    if let Some(timeout) = options.wasm.timeout() {
        store.set_epoch_deadline(1);
        timeout::start(store.engine(), timeout, ending)
            .context("-W timeout: cannot start a thread")?;
    }
    Ok(())
}

/// Begins to take samples, if they are wanted.
fn profiler(options: &Run) -> Result<Option<GuestProfiler>> {
    let Some(HowToProfile::Guest { interval, .. }) = &options.profile else {
        return Ok(None);
    };
    let profiler = GuestProfiler::new(*interval);
    Ok(Some(
        profiler.context("--profile=guest: cannot take samples")?,
    ))
}

/// Writes the samples of a program that took the time since `start`; an error is said, as the program has ended.
fn write_profile(
    profiler: GuestProfiler,
    options: &Run,
    store: &Store<WasiCtx>,
    start: SystemTime,
) {
    let Some(HowToProfile::Guest { file, .. }) = &options.profile else {
        return;
    };
    let profile = profiler.finish(store);
    let name = options.file().to_string_lossy();
    if let Err(error) = guest_profile::write(&profile, file, &name, start) {
        eprintln!("dwalin: {error:#}");
    }
}

/// Defines how a program starts threads, if it does.
fn threads(
    linker: &mut Linker<WasiCtx>,
    module: &Module,
    ending: &Arc<Ending>,
) -> Result<Option<WasiThreads<WasiCtx>>> {
    if !WasiThreads::<WasiCtx>::are_started_by(module) {
        return Ok(None);
    }
    let ending = ending.clone();
    let ended = move |store, thread, error| ending.exit(store, thread, error);
    let threads = WasiThreads::new(module, WasiCtx::for_thread, ended);
    threads.add_to_linker(linker)?;
    Ok(Some(threads))
}

/// Runs a component; its exit code is ours.
#[cfg(feature = "component-model")]
fn run_component(
    options: &Arc<Run>,
    engine: &Engine,
    component: &ToRun<'_>,
    json: Option<Output>,
) -> Result<ExitCode> {
    if options.record.is_some() {
        bail!(
            "{}: --record: components cannot be recorded yet, only modules",
            options.file().display()
        );
    }
    let loaded = component::load_to_run(options, engine, component)?;
    say_before(&loaded.program, options);
    let mut store = Store::new(engine, context(options)?);
    let ending = Ending::new(options, &loaded.program, json);
    limit(&mut store, options, &ending)?;
    let deadline = options.wasm.timeout();
    let deadline = deadline.and_then(|timeout| Instant::now().checked_add(timeout));
    store.data_mut().set_deadline(deadline);
    let profiler = profiler(options)?;
    let start = SystemTime::now();
    let ended = component::run(options, &loaded, &mut store);
    if let Some(profiler) = profiler {
        write_profile(profiler, options, &store, start);
    }
    let code = ending.end(ended, &store, None);
    // As in `run`.
    std::mem::forget(store);
    Ok(ExitCode::from(code?))
}

/// Says what whoever debugs has to know before the program runs.
pub fn say_before(module: &Module, options: &Run) {
    if options.code.debug_info && is_traced() {
        say_newer(module, options.file());
        hint::say();
    }
}

/// Waits until a debugger traces this process. What it is told of code depends on which one it is: so nothing is compiled before.
fn wait() {
    let process = std::process::id();
    eprintln!(
        "dwalin: process {process} waits for a debugger: gdb -p {process}, or lldb -p {process}"
    );
    while !is_traced() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Says where the text is that debuggers show of a module without debug info.
pub fn say_text(module: &Module, file: &Path) {
    if let Some(text) = module.text_file() {
        let (file, text) = (file.display(), text.display());
        eprintln!("dwalin: {file} has no debug info of its own: debuggers show its text, {text}");
    }
}

/// Finds out before the program runs whether what is written at its end can be: then what it did is done.
fn check_outputs(options: &Run) -> Result<()> {
    let coredump = options.coredump.as_ref().map(|path| ("--coredump", path));
    let profile = match &options.profile {
        Some(HowToProfile::Guest { file, .. }) => Some(("--profile=guest", file)),
        _ => None,
    };
    let backtrace = match &options.backtrace {
        Some(Backtrace::JsonTo(Destination::File(path))) => Some(("--backtrace", path)),
        _ => None,
    };
    let record = options.record.as_ref().map(|path| ("--record", path));
    let checked = |(option, path): (&str, &PathBuf), found: std::io::Result<()>| {
        found.with_context(|| format!("{option}: cannot write {}", path.display()))
    };
    for output in [coredump, profile, backtrace, record].into_iter().flatten() {
        checked(output, files::keep(options.file(), output.1))?;
    }
    // The others are opened before the program runs.
    for output in [coredump, profile].into_iter().flatten() {
        checked(output, check_writable(output.1))?;
    }
    Ok(())
}

/// Fails if a file cannot be written. Nothing is made yet.
fn check_writable(path: &Path) -> std::io::Result<()> {
    match path.metadata() {
        Ok(found) if found.is_dir() => return Err(Errno::ISDIR.into()),
        Ok(_) => return Ok(access(path, Access::WRITE_OK)?),
        Err(_) => {}
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // A slash after it, so that a file is none.
    Ok(access(folder.join(""), Access::WRITE_OK)?)
}

pub fn context(options: &Run) -> Result<WasiCtx> {
    let mut builder = WasiCtxBuilder::new();
    builder.inherit_stdio();
    options.wasi.apply(&mut builder);
    let file = options.file().to_string_lossy();
    builder.arg(options.argv0.as_deref().unwrap_or(&file));
    if options.invoke.is_none() {
        builder.args(&options.args()?);
    }
    for variable in &options.env {
        match variable.split_once('=') {
            Some(("", _)) => bail!("--env {variable}: a variable without a name; give NAME=VALUE"),
            None if variable.is_empty() => {
                bail!("--env: give NAME=VALUE, or the NAME of a variable here")
            }
            Some((name, value)) => builder.env(name, value),
            None => match std::env::var(variable) {
                Ok(value) => builder.env(variable, value),
                Err(_) => bail!(
                    "--env {variable}: no such variable here; give it a value with --env {variable}=VALUE"
                ),
            },
        };
    }
    for dir in &options.dirs {
        let (host, guest) = host_and_guest(dir);
        let option = dir.display();
        if host.as_os_str().is_empty() || guest.is_empty() {
            bail!("--dir {option}: give DIR, or DIR::GUEST for another name in the program");
        }
        if host.is_file() {
            let parent = host.parent().filter(|it| !it.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            bail!(
                "--dir {option}: {} is a file; give the directory that it is in: --dir {}",
                host.display(),
                parent.display()
            );
        }
        builder
            .preopened_dir(host, guest.to_string_lossy())
            .with_context(|| format!("--dir {option}"))?;
    }
    Ok(builder.build())
}

/// A directory's name here, and the guest's for it, which is the same unless there is one after `::`.
fn host_and_guest(dir: &OsStr) -> (&Path, &OsStr) {
    let bytes = dir.as_bytes();
    let Some(at) = bytes.windows(2).position(|it| it == b"::") else {
        return (Path::new(dir), dir);
    };
    let (host, guest) = (&bytes[..at], &bytes[at + 2..]);
    (Path::new(OsStr::from_bytes(host)), OsStr::from_bytes(guest))
}

/// Calls what is to be called.
pub fn call(
    options: &Run,
    linker: &Linker<WasiCtx>,
    module: &Module,
    store: &mut Store<WasiCtx>,
) -> Result<()> {
    let instance = linker.instantiate(&mut *store, module)?;
    let wanted = options.invoke.as_deref().unwrap_or("_start");
    let has = |name: &str| module.exports().any(|(it, _)| it == name);
    let (name, typed) = match invoked::call(wanted).filter(|_| !has(wanted)) {
        Some((name, args)) => (name, Some(args)),
        None => (wanted, None),
    };
    let Some(func) = instance.get_func(&mut *store, name) else {
        let all: Vec<_> = module
            .exports()
            .filter(|(_, ty)| matches!(ty, dwalin_runtime::ExternType::Func(_)))
            .collect();
        let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
        if names.is_empty() && CoreDump::open(options.file()).is_ok() {
            let file = shell::word(options.file());
            bail!("a core dump, and no program: `dwalin inspect {file}` shows it");
        }
        match options.invoke {
            None if instance.get_func(&mut *store, "_initialize").is_some() || names.is_empty() => {
                return Ok(());
            }
            _ => bail!(
                "the module exports no function `{name}`; {}",
                invoked::instead(name, &names)
            ),
        }
    };
    if options.invoke.is_none() {
        return Ok(func.call(store, &[], &mut [])?);
    }
    if let Some(initialize) = instance.get_func(&mut *store, "_initialize") {
        initialize.call(&mut *store, &[], &mut [])?;
    }
    let args = match typed {
        Some(args) => args,
        None => options.args()?,
    };
    invoked::invoke(func, store, name, &args)
}

/// Says that a program had no directory, where it failed and was given the name of a file: nothing else tells its user, since C libraries
/// find out themselves.
fn say_no_directory(ended: &Result<()>, options: &Run, module: &Module) {
    let error = ended.as_ref().err();
    let Some(Error::Exit(1..)) = error.and_then(|it| it.downcast_ref::<Error>()) else {
        return;
    };
    let opens = module.imports().any(|(_, name, _)| name == "path_open");
    let is_file = |arg: &&OsString| Path::new(arg).exists();
    let file = options.program[1..].iter().find(is_file);
    if let Some(file) = file.filter(|_| opens && options.dirs.is_empty()) {
        let file = file.display();
        eprintln!(
            "note: the program sees no files, {file} neither: --dir . lets it see this directory"
        );
    }
}

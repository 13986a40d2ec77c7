//! `dwalin run` of a component: one of the `wasi:cli/command` world, which exports `wasi:cli/run`.

use crate::args::Run;
use crate::files;
use crate::how_to_profile::HowToProfile;
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use dwalin_runtime::component::{Component, Linker, Val, wasi};
use dwalin_runtime::wasi::WasiCtx;
use dwalin_runtime::{Engine, Error, Module, ModuleInput, Store};

/// The exit code of a program whose `run` returns an error.
const FAILED: i32 = 1;

/// A component that is compiled, and the core module that is its program.
pub struct Loaded {
    component: Component,
    pub program: Module,
}

/// Compiles a component that is to be run.
pub fn load_to_run(options: &Run, engine: &Engine, input: &ModuleInput<'_>) -> Result<Loaded> {
    refuse(options)?;
    let _progress = Progress::of(options.file());
    let component = load(options, engine, input)?;
    let program = program(&component, options)?;
    Ok(Loaded { component, program })
}

/// Runs a component with a context: the store, and how it ended.
pub fn run(
    loaded: &Loaded,
    engine: &Engine,
    context: WasiCtx,
) -> Result<(Store<WasiCtx>, Result<()>)> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let mut store = Store::new(engine, context);
    let ended = call(&linker, &loaded.component, &mut store);
    Ok((store, ended))
}

fn load(options: &Run, engine: &Engine, input: &ModuleInput<'_>) -> Result<Component> {
    let component = options.code.component_of(engine, options.file(), input);
    component.map_err(|error| files::error(error, options.file()))
}

/// The core module that is a component's program.
fn program(component: &Component, options: &Run) -> Result<Module> {
    let program = component.program().cloned();
    program.with_context(|| {
        format!(
            "{}: the component has no code of its own",
            options.file().display()
        )
    })
}

/// The image of a component's program that debuggers are shown before it runs.
pub fn static_image(options: &Run, engine: &Engine, input: &ModuleInput<'_>) -> Result<Vec<u8>> {
    let component = load(options, engine, input)?;
    Ok(program(&component, options)?.static_image()?)
}

/// Refuses options that do nothing for components.
fn refuse(options: &Run) -> Result<()> {
    let file = options.file().display();
    let option = if options.invoke.is_some() {
        "--invoke calls functions of modules"
    } else if options.coredump.is_some() {
        "--coredump writes the memory of one module"
    } else if matches!(options.profile, Some(HowToProfile::Guest { .. })) {
        "--profile=guest takes samples of modules"
    } else {
        return Ok(());
    };
    bail!("{file}: {option}, and this is a component");
}

fn call(linker: &Linker<WasiCtx>, component: &Component, store: &mut Store<WasiCtx>) -> Result<()> {
    let exports = component.exports();
    let is_run = |name: &&String| {
        let interface = name.strip_suffix("#run");
        interface.is_some_and(|it| it == "wasi:cli/run" || it.starts_with("wasi:cli/run@0.2"))
    };
    let names = || exports.iter().map(|(name, _)| name);
    let Some(run) = names().find(is_run) else {
        let names: Vec<_> = names().take(8).map(String::as_str).collect();
        let has = if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        };
        bail!("the component is no command: it exports {has}, and not `wasi:cli/run`");
    };
    let instance = linker.instantiate(&mut *store, component)?;
    let Some(func) = instance.get_func(&mut *store, run) else {
        bail!("the component's `{run}` is not a function");
    };
    let mut results = [Val::Bool(false)];
    func.call(store, &[], &mut results)?;
    match results {
        [Val::Result(Err(_))] => Err(Error::Exit(FAILED).into()),
        _ => Ok(()),
    }
}

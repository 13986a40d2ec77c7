//! Components that are run: those of the `wasi:cli/command` world export `wasi:cli/run`, and of `wasi:http/proxy` a handler of requests.

use crate::args::Run;
use crate::files;
use crate::invoked;
use crate::program::{ToRun, check_options};
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use dwalin_runtime::component::wasi::http::{self, Proxy};
use dwalin_runtime::component::{Component, Draft, FuncType, Linker, Val, wasi};
use dwalin_runtime::wasi::WasiCtx;
use dwalin_runtime::{Engine, Error, Module, Store};
use std::sync::Arc;

/// The exit code of a program whose `run` returns an error.
const FAILED: i32 = 1;

/// A component that is compiled, with what its imports are, and the core module that is its program.
pub struct Loaded {
    component: Component,
    linker: Linker<WasiCtx>,
    pub program: Module,
}

/// Compiles a component that is to be run, if all that it imports is there.
pub fn load_to_run(options: &Run, engine: &Engine, component: &ToRun<'_>) -> Result<Loaded> {
    let draft = draft(options, component)?;
    let linker = linker(options, engine, &draft)?;
    let _progress = Progress::of(options.file());
    let component = compile(options, engine, draft)?;
    let program = program(&component, options)?;
    Ok(Loaded {
        component,
        linker,
        program,
    })
}

/// A component that answers requests.
pub struct Served {
    pub component: Component,
    pub linker: Linker<WasiCtx>,
    pub proxy: Proxy,
    pub program: Module,
    /// The name of the function that a request is given to.
    pub export: String,
}

/// Compiles a component that is to answer requests, if all that it imports is there.
pub fn load_to_serve(options: &Run, engine: &Engine, component: &ToRun<'_>) -> Result<Served> {
    let draft = draft(options, component)?;
    let mut linker = Linker::new(engine);
    let proxy = http::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    define_rest(options, &mut linker, &draft)?;
    let _progress = Progress::of(options.file());
    let component = compile(options, engine, draft)?;
    Ok(Served {
        export: handler(&component).with_context(|| options.file().display().to_string())?,
        program: program(&component, options)?,
        component,
        linker,
        proxy,
    })
}

/// The name of the function that answers requests.
fn handler(component: &Component) -> Result<String> {
    let is_handle = |name: &str| {
        let interface = name.strip_suffix("#handle");
        let interface = interface.and_then(|it| it.strip_prefix("wasi:http/incoming-handler"));
        interface.is_some_and(|version| version.is_empty() || version.starts_with("@0.2"))
    };
    let exports = component.exports();
    let mut names = exports.iter().map(|(name, _)| name.as_str());
    if let Some(name) = names.clone().find(|name| is_handle(name)) {
        return Ok(name.to_owned());
    }
    if names.any(|name| name.starts_with("wasi:cli/run")) {
        bail!("the component is a command, and answers no requests of HTTP: `dwalin run` runs it");
    }
    bail!(
        "the component answers no requests of HTTP: it exports {}, and not `wasi:http/incoming-handler`",
        listed(&exports)
    )
}

/// Names of exports, the first of them.
fn listed(exports: &[(String, Arc<FuncType>)]) -> String {
    let names = exports.iter().take(8).map(|(name, _)| name.as_str());
    let names: Vec<_> = names.collect();
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => names.join(", "),
    }
}

/// Runs a component in a store; how it ended.
pub fn run(options: &Run, loaded: &Loaded, store: &mut Store<WasiCtx>) -> Result<()> {
    match &options.invoke {
        Some(invoked) => invoke(options, invoked, loaded, store),
        None => call(&loaded.linker, &loaded.component, store),
    }
}

fn draft(options: &Run, component: &ToRun<'_>) -> Result<Draft> {
    let draft = match component {
        ToRun::Component(input) => Draft::from_input(input),
        ToRun::Artifact => {
            check_options(options)?;
            // SAFETY: the user says that the file is what `dwalin compile` wrote, and is to be run as any program is.
            unsafe { Draft::deserialize_file(options.file()) }
        }
    };
    draft.map_err(|error| files::error(error, options.file()))
}

/// The definitions of a component's imports. Toolchains import all that their libraries could ever use of WASI: what is not there and
/// of WASI 0.2 fails when it is called.
fn linker(options: &Run, engine: &Engine, draft: &Draft) -> Result<Linker<WasiCtx>> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    define_rest(options, &mut linker, draft)?;
    Ok(linker)
}

fn define_rest(options: &Run, linker: &mut Linker<WasiCtx>, draft: &Draft) -> Result<()> {
    let traps = options.wasm.traps();
    linker.define_unknown_imports_as_traps(draft, |import| {
        let interface = import.first().map_or("", String::as_str);
        traps || interface.starts_with("wasi:") && interface.contains("@0.2")
    })?;
    let file = || options.file().display().to_string();
    linker.check(draft).with_context(file)
}

fn compile(options: &Run, engine: &Engine, draft: Draft) -> Result<Component> {
    let component = options.code.component_of(engine, options.file(), draft);
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
pub fn static_image(options: &Run, engine: &Engine, component: &ToRun<'_>) -> Result<Vec<u8>> {
    let component = compile(options, engine, draft(options, component)?)?;
    Ok(program(&component, options)?.static_image()?)
}

fn call(linker: &Linker<WasiCtx>, component: &Component, store: &mut Store<WasiCtx>) -> Result<()> {
    let exports = component.exports();
    let is_run = |name: &&String| {
        let interface = name.strip_suffix("#run");
        interface.is_some_and(|it| it == "wasi:cli/run" || it.starts_with("wasi:cli/run@0.2"))
    };
    let names = || exports.iter().map(|(name, _)| name);
    let Some(run) = names().find(is_run) else {
        if handler(component).is_ok() {
            bail!(
                "the component answers requests of HTTP, and is no command: `dwalin serve` runs it"
            );
        }
        bail!(
            "the component is no command: it exports {}, and not `wasi:cli/run`",
            listed(&exports)
        );
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

/// Calls an exported function with arguments in WAVE, and prints its result. They are written behind its name, `f(1, "two")`, or are the
/// program's, one each.
fn invoke(options: &Run, invoked: &str, loaded: &Loaded, store: &mut Store<WasiCtx>) -> Result<()> {
    let (name, arguments) = match invoked.find('(') {
        Some(at) => (invoked[..at].trim_end(), invoked[at..].to_owned()),
        None => (invoked, format!("({})", options.args()?.join(", "))),
    };
    let exports = loaded.component.exports();
    let (name, ty) = exported(&exports, name)?;
    let params = ty.params_from_wave(&arguments);
    let params =
        params.with_context(|| format!("`{name}` is {ty}, and {arguments} is not for it"))?;
    let instance = loaded.linker.instantiate(&mut *store, &loaded.component)?;
    let Some(func) = instance.get_func(&mut *store, name) else {
        bail!("the component's `{name}` is not a function");
    };
    let mut results = vec![Val::Bool(false); usize::from(ty.result().is_some())];
    func.call(store, &params, &mut results)?;
    if let [result] = &results[..] {
        println!("{}", result.to_wave()?);
    }
    Ok(())
}

/// A function by its name, of an interface too if no other interface has one of the name.
fn exported<'e>(
    exports: &'e [(String, Arc<FuncType>)],
    wanted: &str,
) -> Result<(&'e str, &'e FuncType)> {
    let of_interface = |name: &str| name.rsplit('#').next() == Some(wanted);
    let mut found: Vec<_> = exports.iter().filter(|(name, _)| name == wanted).collect();
    if found.is_empty() {
        found = exports
            .iter()
            .filter(|(name, _)| of_interface(name))
            .collect();
    }
    match &found[..] {
        [(name, ty)] => Ok((name, ty)),
        [] => {
            let names: Vec<_> = exports.iter().map(|(name, _)| &**name).collect();
            bail!(
                "the component exports no function `{wanted}`; {}",
                invoked::instead(wanted, &names)
            )
        }
        several => {
            let names: Vec<_> = several.iter().map(|(name, _)| &**name).collect();
            bail!("`{wanted}` may be any of {}", names.join(", "))
        }
    }
}

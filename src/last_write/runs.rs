//! The runs that lead to an answer.

use super::answer::{Answer, Write};
use super::json::Members;
use super::text::print;
use crate::args::{Replay, Run};
use crate::json;
use crate::recording;
use crate::replay::{Opened, as_run, compile, open};
use crate::run::call;
use anyhow::{Context, Result, bail};
use dwalin_runtime::record::{Log, Stopped, Watch, Writes};
use dwalin_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use dwalin_runtime::{
    Engine, Error, Expression, Found, Linker, Module, Printable, Store, WasmBacktrace, short_name,
};
use std::process::ExitCode;
use std::sync::Arc;

/// A program that is run several times.
struct Program<'a> {
    options: &'a Replay,
    /// Its calls, of which none has been read.
    log: Log,
    run: Arc<Run>,
    engine: Engine,
    module: Module,
}

/// A run, at its end or where it was stopped.
struct Ended {
    store: Store<WasiCtx>,
    /// Its reason, in words.
    why: String,
    backtrace: WasmBacktrace,
}

/// Says who wrote a value last.
pub fn last_write(options: &Replay, text: &str) -> Result<ExitCode> {
    let expression = Expression::parse(text).with_context(|| option(text))?;
    let program = Program::compile(options)?;
    let end = program.run(None)?;
    let found = end.store.find(&end.backtrace, &expression);
    let found = found.with_context(|| format!("{}, at the end ({})", option(text), end.why))?;
    let value = end.store.bytes_of(&found).unwrap_or_default();
    let (writes, changed) = program.count(&found)?;
    // The bits of a bit-field are written with their neighbours': only a change is known to be of them.
    let last = match found.mask() {
        Some(_) => changed,
        None => Some(writes.count).filter(|count| *count > 0),
    };
    let write = |number| program.write(&found, number, Some(number) == changed, &value);
    let last = last.map(write).transpose()?;
    let earlier = changed.filter(|number| last.as_ref().is_some_and(|it| it.number != *number));
    let answer = Answer {
        recording: options.file.to_string_lossy().into_owned(),
        expression: text,
        frame: frame_of(&end.backtrace, &found),
        value: end.store.text_of(&found, &value),
        end: &end.why,
        writes: writes.count,
        last_change: earlier.map(write).transpose()?,
        last_write: last,
        found: &found,
    };
    match options.json {
        true => println!("{}", json::to_string(&Members::of(&answer))),
        false => print(&answer, options),
    }
    // As in `run`.
    std::mem::forget(end.store);
    Ok(ExitCode::SUCCESS)
}

/// The option as messages name it.
fn option(text: &str) -> String {
    format!("--last-write {}", Printable(format_args!("{text:?}")))
}

impl<'a> Program<'a> {
    fn compile(options: &'a Replay) -> Result<Program<'a>> {
        let Opened {
            log,
            start,
            contents,
        } = open(&options.file)?;
        let run = Arc::new(as_run(options, &start));
        let (engine, module) = compile(&run, &contents, true)?;
        Ok(Program {
            options,
            log,
            run,
            engine,
            module,
        })
    }

    /// Runs the program to its end, or to a write.
    fn run(&self, watch: Option<Watch>) -> Result<Ended> {
        let file = || self.options.file.display().to_string();
        let log = self.log.again().with_context(file)?;
        let mut store = Store::new(&self.engine, WasiCtxBuilder::new().build());
        store.replay_to_look(log);
        if let Some(watch) = watch {
            store.watch(watch);
        }
        let mut linker = Linker::new(&self.engine);
        // None of the functions is called.
        linker.define_unknown_imports_as_default_values(&mut store, &self.module)?;
        let ended = call(&self.run, &linker, &self.module, &mut store);
        if store.stopped() == Some(Stopped::Diverged) {
            let error = ended
                .err()
                .unwrap_or_else(|| anyhow::anyhow!("it diverged"));
            return Err(error.context(file()));
        }
        let is_whole = store.stopped().is_none() && !store.watched().is_some_and(|(_, it)| it);
        if is_whole {
            recording::end(&ended, &mut store).1.with_context(file)?;
        }
        let error = match ended {
            Ok(()) => None,
            Err(error) => Some(error.downcast::<Error>().with_context(file)?),
        };
        Ok(Ended {
            why: why(error.as_ref()),
            backtrace: error
                .as_ref()
                .and_then(Error::backtrace)
                .cloned()
                .unwrap_or_default(),
            store,
        })
    }

    /// The writes to a place, and the number of the last one that changed it.
    fn count(&self, found: &Found) -> Result<(Writes, Option<u64>)> {
        let mut ended = self.run(Some(watch(found)))?;
        let watched = ended.store.watched();
        // Its image is not taken from debuggers: nobody has it.
        std::mem::forget(ended.store);
        let (writes, _) = watched.context("no writes were counted")?;
        Ok((writes, writes.last_change))
    }

    /// Goes to a write.
    fn write(&self, found: &Found, number: u64, is_change: bool, value: &[u8]) -> Result<Write> {
        let mut ended = self.run(Some(watch(found).stop_at(number)))?;
        if !ended
            .store
            .watched()
            .is_some_and(|(_, is_stopped)| is_stopped)
        {
            bail!(
                "{}: write {number} was there and is not there again",
                self.options.file.display()
            );
        }
        let old = ended.store.bytes_of(found).unwrap_or_default();
        let write = Write {
            number,
            backtrace: ended.backtrace,
            old: ended.store.text_of(found, &old),
            new: ended.store.text_of(found, value),
            is_change,
        };
        std::mem::forget(ended.store);
        Ok(write)
    }
}

fn watch(found: &Found) -> Watch {
    Watch::new(found.address, found.len).with_mask(found.mask())
}

/// The reason for which a run ended.
fn why(error: Option<&Error>) -> String {
    match error {
        None => "the program has ended by itself, and no function of it runs".to_owned(),
        Some(Error::Trap(trap)) => format!("wasm trap: {}", trap.kind()),
        Some(Error::Host(error)) => error.to_string(),
        Some(error) => error.to_string(),
    }
}

/// The function whose variable was found.
fn frame_of(backtrace: &WasmBacktrace, found: &Found) -> Option<String> {
    let (frame, level) = found.frame?;
    let frame = backtrace.frames().get(frame)?;
    let name = frame.symbols.get(level).and_then(|it| it.function.clone());
    let name = name.unwrap_or_else(|| frame.name());
    Some(short_name(&name).into_owned())
}

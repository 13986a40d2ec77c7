//! How a program ends: its exit code, report and core dump. Of several threads that end it at once, the first does.

use crate::args::Run;
use crate::backtrace::{Backtrace, Output};
use crate::imports::Aborted;
use crate::report;
use crate::report_json::Threads;
use crate::shell;
use anyhow::{Context, Result};
#[cfg(feature = "component-model")]
use dwalin_runtime::component::{Violation, wasi::Overdue};
use dwalin_runtime::wasi::WasiCtx;
use dwalin_runtime::{Error, Module, Store, Trap};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The exit code of a program that trapped: what a shell shows for SIGABRT.
const TRAPPED: u8 = 134;

/// The exit code for the way that a program ended.
pub fn exit_code(ended: &Result<()>) -> u8 {
    let Err(error) = ended else { return 0 };
    match error.downcast_ref::<Error>() {
        Some(Error::Exit(code)) => *code as u8,
        Some(Error::Trap(_)) => TRAPPED,
        _ if is_trap(error) => TRAPPED,
        _ => 1,
    }
}

/// The end of a program.
pub struct Ending {
    options: Arc<Run>,
    module: Module,
    /// Locked by the thread that ends the program, and not unlocked again.
    json: Mutex<Option<Output>>,
}

impl Ending {
    /// The end of a program, whose report as JSON goes to `json`.
    pub fn new(options: &Arc<Run>, module: &Module, json: Option<Output>) -> Arc<Ending> {
        Arc::new(Ending {
            options: options.clone(),
            module: module.clone(),
            json: Mutex::new(json),
        })
    }

    /// Reports how the program ended, in its first thread or in one with a number; the exit code. The process is to end then: other threads
    /// that would end it wait.
    pub fn end(
        &self,
        ended: Result<()>,
        store: &Store<WasiCtx>,
        thread: Option<u32>,
    ) -> Result<u8> {
        let mut json = self.json.lock().unwrap_or_else(PoisonError::into_inner);
        let output = json.take();
        std::mem::forget(json);
        self.exit_code(ended, store, thread, output)
    }

    /// Ends the process for a thread that ended with an error.
    pub fn exit(&self, store: Store<WasiCtx>, thread: u32, error: Error) {
        let code = self.end(Err(error.into()), &store, Some(thread));
        let code = code.unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            1
        });
        // Its code runs in other threads until the process has ended.
        std::mem::forget(store);
        std::process::exit(code.into());
    }

    /// Ends the process of a program whose time is over and that waits in the host; does nothing if the program ends already.
    pub fn waits_in_host(&self, timeout: Duration) {
        let json = self.json.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.options.file().display();
        eprintln!(
            "error: {file}: interrupted after {timeout:?} in a call of the host, which does not return"
        );
        std::mem::forget(json);
        std::process::exit(TRAPPED.into())
    }

    fn exit_code(
        &self,
        ended: Result<()>,
        store: &Store<WasiCtx>,
        thread: Option<u32>,
        json: Option<Output>,
    ) -> Result<u8> {
        let options = &*self.options;
        let reported = ended.as_ref().is_err_and(|error| {
            let error = error.downcast_ref::<Error>();
            !matches!(error, Some(Error::Exit(_)))
        });
        if reported && store.has_open_line() {
            eprintln!();
        }
        let others = match reported {
            true => dwalin_runtime::other_threads(store),
            false => Vec::new(),
        };
        let who = Threads {
            own: thread,
            others: &others,
        };
        let code = exit_code(&ended);
        match ended {
            Ok(()) => Ok(code),
            Err(error) => match error.downcast_ref::<Error>() {
                Some(Error::Exit(_)) => Ok(code),
                Some(Error::Trap(trap)) => {
                    report::print(trap, options, &self.module, who, json);
                    if let Some(path) = &options.coredump {
                        write_coredump(path, store, trap, options)?;
                    }
                    Ok(code)
                }
                Some(Error::Host(host)) => {
                    report::print_host_error(host, options, who, json);
                    Ok(code)
                }
                _ => Err(error.context(options.file().display().to_string())),
            },
        }
    }
}

/// Returns true for what a host function ends a program for as an instruction does: it gave up, broke a rule, or its time is over.
fn is_trap(error: &anyhow::Error) -> bool {
    let Some(error) = error.downcast_ref::<Error>() else {
        return false;
    };
    #[cfg(feature = "component-model")]
    if error.downcast_ref::<Violation>().is_some() || error.downcast_ref::<Overdue>().is_some() {
        return true;
    }
    error.downcast_ref::<Aborted>().is_some()
}

fn write_coredump(path: &Path, store: &Store<WasiCtx>, trap: &Trap, options: &Run) -> Result<()> {
    let written = std::fs::File::create(path).and_then(|file| {
        let mut out = std::io::BufWriter::new(file);
        let process = options.file().to_string_lossy();
        dwalin_runtime::coredump::write(store, trap, &process, &mut out)?;
        out.flush()
    });
    written.with_context(|| format!("cannot write the core dump {}", path.display()))?;
    if options.backtrace == Some(Backtrace::Json) {
        return Ok(());
    }
    eprintln!(
        "core dump written to {}: see `dwalin inspect {}`",
        path.display(),
        shell::word(path)
    );
    Ok(())
}

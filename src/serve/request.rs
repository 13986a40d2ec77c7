//! A request that a guest answers, in an instance of its own.

use crate::args::Run;
use crate::component::Served;
use crate::ending::Ending;
use crate::run;
use anyhow::{Context, Result, bail};
use dwalin_runtime::component::wasi::http::{Request, Respond};
use dwalin_runtime::wasi::WasiCtx;
use dwalin_runtime::{Engine, Error, Store};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Stack for a guest's thread, besides what the guest may use.
const HOST_STACK: usize = 4 << 20;

/// A guest's stack, where no option says another.
const GUEST_STACK: u64 = 4 << 20;

/// Parts of `-W timeout` that are counted.
const PARTS: u32 = 10;

/// A request, and the way for its response.
pub struct Job {
    pub request: Request,
    pub respond: Respond,
}

/// A component that answers.
pub struct Handler {
    options: Arc<Run>,
    served: Served,
    /// Held while a guest's end is told.
    telling: Mutex<()>,
}

impl Handler {
    /// One for a component that was compiled; its guests' time is counted from now on.
    pub fn new(options: Arc<Run>, served: Served) -> Result<Handler> {
        if let Some(timeout) = options.wasm.timeout() {
            count(served.component.engine().clone(), timeout / PARTS)
                .context("-W timeout: cannot start a thread")?;
        }
        Ok(Handler {
            options,
            served,
            telling: Mutex::new(()),
        })
    }

    /// Stack for the threads that guests run in.
    pub fn stack_size(&self) -> usize {
        let guest = self.options.code.max_wasm_stack.unwrap_or(GUEST_STACK);
        usize::try_from(guest)
            .unwrap_or(usize::MAX)
            .saturating_add(HOST_STACK)
    }

    /// Has a guest answer, and says on standard error why it did not.
    pub fn answer(&self, job: Job) {
        if let Err(error) = self.try_answer(job) {
            eprintln!("error: {error:#}");
        }
    }

    fn try_answer(&self, job: Job) -> Result<()> {
        let options = &self.options;
        let engine = self.served.component.engine();
        let mut store = Store::new(engine, run::context(options)?);
        let ending = Ending::new(options, &self.served.program, None);
        run::limit_resources(&mut store, options)?;
        let has_answered = Arc::new(AtomicBool::new(false));
        let (answered, respond) = (has_answered.clone(), job.respond);
        let respond: Respond = Box::new(move |response| {
            answered.store(true, Ordering::Relaxed);
            respond(response);
        });
        let ended = self.call(&mut store, job.request, respond);
        let has_answered = has_answered.load(Ordering::Relaxed);
        let _telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let file = options.file().display();
        let silent = match &ended {
            Ok(()) => Some("returned".to_owned()),
            Err(error) => match error.downcast_ref() {
                Some(Error::Exit(code)) => Some(format!("exited with {code}")),
                _ => None,
            },
        };
        ending.end(ended, &store, None)?;
        match silent {
            Some(how) if !has_answered => bail!(
                "{file}: the handler {how} without a response: `response-outparam.set` was not called"
            ),
            _ => Ok(()),
        }
    }

    /// Begins to count a guest's time.
    fn begin(&self, store: &mut Store<WasiCtx>) {
        if let Some(timeout) = self.options.wasm.timeout() {
            store.set_epoch_deadline(u64::from(PARTS) + 1);
            store
                .data_mut()
                .set_deadline(Instant::now().checked_add(timeout));
        }
    }

    fn call(&self, store: &mut Store<WasiCtx>, request: Request, respond: Respond) -> Result<()> {
        let served = &self.served;
        self.begin(store);
        let instance = served.linker.instantiate(&mut *store, &served.component)?;
        let Some(handle) = instance.get_func(&mut *store, &served.export) else {
            bail!("the component's `{}` is not a function", served.export);
        };
        let arguments = served.proxy.request(store.data_mut(), request, respond)?;
        // Making an image for debuggers is not the guest's.
        self.begin(store);
        Ok(handle.call(store, &arguments, &mut [])?)
    }
}

/// Counts parts of the time that a guest has.
fn count(engine: Engine, part: Duration) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("timeout".to_owned());
    let count = move || loop {
        std::thread::sleep(part);
        engine.increment_epoch();
    };
    // Nobody waits for it: it ends with the process.
    thread.spawn(count).map(drop)
}

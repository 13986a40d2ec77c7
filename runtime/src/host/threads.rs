//! wasi-threads: a program starts a thread by an import, and each thread has an instance of its own of the program's module, in a store of its
//! own, with the same memory (the proposal's README, "Detailed design discussion").

use super::{Caller, Linker};
use crate::compiled::Module;
use crate::error::{Error, Result};
use crate::module::types::ExternType;
use crate::unwind::snapshot::{self, ProgramId};
use crate::vm::context::{AsContext, AsContextMut};
use crate::vm::shared::SharedMemory;
use crate::vm::store::Store;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

/// The import by which a program starts threads, and the export that is called in them.
const MODULE: &str = "wasi";
const SPAWN: &str = "thread-spawn";
const START: &str = "wasi_thread_start";

/// The largest number of a thread (wasi-threads: the three highest bits are the C library's).
const LAST: u32 = (1 << 29) - 1;

/// Room on a thread's stack besides what guests may use.
const HOST_STACK: usize = 1 << 20;

/// Makes a new thread's data of the data of the one that starts it.
type Fork<T> = Box<dyn Fn(&mut T) -> T + Send + Sync>;
/// Gets a thread's store and its number where it ended with an error, [`Error::Exit`] too.
type Ended<T> = Box<dyn Fn(Store<T>, u32, Error) + Send + Sync>;

/// The threads of a program. Clones are of the same program.
pub struct WasiThreads<T: 'static>(Arc<Inner<T>>);

struct Inner<T: 'static> {
    id: ProgramId,
    module: Module,
    linker: OnceLock<Linker<T>>,
    last: AtomicU32,
    fork: Fork<T>,
    ended: Ended<T>,
}

impl<T: 'static> Clone for WasiThreads<T> {
    fn clone(&self) -> WasiThreads<T> {
        WasiThreads(self.0.clone())
    }
}

impl<T: Send + 'static> WasiThreads<T> {
    /// Returns true if a module starts threads.
    pub fn are_started_by(module: &Module) -> bool {
        let mut imports = module.imports();
        imports.any(|(from, name, _)| (from, name) == (MODULE, SPAWN))
    }

    /// The threads of a program. `fork` makes a new thread's data of the data of the one that starts it. `ended` gets the store and the
    /// number of a thread that ended with an error, [`Error::Exit`] too, in the thread: the program is to end.
    pub fn new(
        module: &Module,
        fork: impl Fn(&mut T) -> T + Send + Sync + 'static,
        ended: impl Fn(Store<T>, u32, Error) + Send + Sync + 'static,
    ) -> WasiThreads<T> {
        WasiThreads(Arc::new(Inner {
            id: ProgramId::new(),
            module: module.clone(),
            linker: OnceLock::new(),
            last: AtomicU32::new(0),
            fork: Box::new(fork),
            ended: Box::new(ended),
        }))
    }

    /// Defines the import, and the shared memories that the module imports and that have no definition.
    ///
    /// # Errors
    /// Where the import is defined already, or a memory cannot be made.
    pub fn add_to_linker(&self, linker: &mut Linker<T>) -> Result<()> {
        let threads = self.clone();
        linker.func_wrap(MODULE, SPAWN, move |mut caller: Caller<'_, T>, arg: i32| {
            // The error is any negative number.
            threads.spawn(&mut caller, arg).unwrap_or(-1)
        })?;
        for (from, name, ty) in self.0.module.imports() {
            let ExternType::Memory(ty) = ty else { continue };
            if ty.shared && !linker.has(from, name) {
                let memory = SharedMemory::new(linker.engine(), *ty)?;
                linker.define(from, name, memory)?;
            }
        }
        Ok(())
    }

    /// Takes the definitions that the instances of all threads are linked with, and returns them for that of the first.
    pub fn link(&self, linker: Linker<T>) -> &Linker<T> {
        self.0.linker.get_or_init(|| linker)
    }

    /// Starts a thread; its number.
    fn spawn(&self, caller: &mut Caller<'_, T>, arg: i32) -> Option<i32> {
        let next = |last| (last < LAST).then_some(last + 1);
        let last = &self.0.last;
        let last = last.try_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let number = last.ok()? + 1;
        let mut store = Store::new(self.0.module.engine(), (self.0.fork)(caller.data_mut()));
        caller.core_mut().program = Some(self.0.id);
        // The threads that were started are registered already.
        snapshot::register(self.0.id, 0);
        store.core_mut().inherit(caller.core().inherited());
        let threads = self.clone();
        let stack = self.0.module.engine().config().wasm_stack();
        thread::Builder::new()
            .name(format!("wasi-thread-{number}"))
            .stack_size(stack.saturating_add(HOST_STACK))
            .spawn(move || threads.run(store, number, arg))
            .ok()?;
        Some(number as i32)
    }

    /// Runs a thread of the program.
    fn run(&self, mut store: Store<T>, number: u32, arg: i32) {
        snapshot::register(self.0.id, number);
        let start = || self.start(&mut store, number, arg);
        let ended = panic::catch_unwind(AssertUnwindSafe(start));
        // Whoever waits for a thread that panicked would wait for ever.
        let ended = ended.unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let text = text.unwrap_or("without a message");
            let what = format!("thread {number}: a function of the host panicked: {text}");
            Err(io::Error::other(what).into())
        });
        if let Err(error) = ended {
            (self.0.ended)(store, number, error);
        }
    }

    fn start(&self, store: &mut Store<T>, number: u32, arg: i32) -> Result<()> {
        let linker = self.0.linker.get();
        let linker = linker.ok_or_else(|| Error::Type("the program is not linked yet".into()))?;
        let instance = linker.instantiate(&mut *store, &self.0.module)?;
        let start = instance.get_typed_func::<(i32, i32), ()>(&mut *store, START)?;
        start.call(store, (number as i32, arg))
    }
}

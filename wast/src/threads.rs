//! Threads of a script: each runs directives of its own, with instances of its own, at once with those of the others. It has the shared
//! memories of one module of the script's.

use crate::outcome::Run;
use dwalin_runtime::{Error, Instance, Linker, SharedMemory, Store};
use std::collections::BTreeMap;
use std::thread::{Builder, Scope, ScopedJoinHandle};
use wast::token::Id;

/// The memories that a module exports and that threads share, by their names.
pub(crate) struct Shared(Vec<(String, SharedMemory)>);

impl Shared {
    pub(crate) fn of(instance: Instance, store: &mut Store<()>) -> Shared {
        let names: Vec<_> = instance
            .exports(&mut *store)
            .into_iter()
            .map(|it| it.0)
            .collect();
        let memories = names.into_iter().filter_map(|name| {
            let memory = instance.get_shared_memory(&mut *store, &name)?;
            Some((name, memory))
        });
        Shared(memories.collect())
    }

    /// Defines them as a module's.
    ///
    /// # Errors
    /// Names that are defined already.
    pub(crate) fn define(&self, linker: &mut Linker<()>, module: &str) -> Result<(), Error> {
        for (name, memory) in &self.0 {
            linker.define(module, name, memory.clone())?;
        }
        Ok(())
    }
}

/// The threads that a script, or a thread of it, began.
pub(crate) struct Threads<'scope, 'text> {
    scope: &'scope Scope<'scope, 'text>,
    /// The script.
    pub(crate) text: &'text str,
    running: BTreeMap<String, ScopedJoinHandle<'scope, Run>>,
    /// The outcome of those that have ended.
    ended: Run,
}

impl<'scope, 'text> Threads<'scope, 'text> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'text>, text: &'text str) -> Self {
        Threads {
            scope,
            text,
            running: BTreeMap::new(),
            ended: Run::default(),
        }
    }

    /// Begins a thread, which may begin others.
    ///
    /// # Errors
    /// One of this name that runs, and the system's.
    pub(crate) fn begin(
        &mut self,
        name: &str,
        run: impl FnOnce(Threads<'scope, 'text>) -> Run + Send + 'scope,
    ) -> Result<(), String> {
        if self.running.contains_key(name) {
            return Err(format!("thread ${name} is running already"));
        }
        let threads = Threads::new(self.scope, self.text);
        let running = Builder::new().spawn_scoped(self.scope, move || run(threads));
        let running = running.map_err(|error| format!("no thread can be made: {error}"))?;
        self.running.insert(name.to_owned(), running);
        Ok(())
    }

    /// Waits for a thread.
    ///
    /// # Errors
    /// None of this name.
    pub(crate) fn wait(&mut self, thread: Id<'_>) -> Result<(), String> {
        let name = thread.name();
        let running = self.running.remove(name);
        self.join(running.ok_or_else(|| format!("there is no thread ${name}"))?);
        Ok(())
    }

    /// Waits for all that run, and returns what they and those before them did.
    pub(crate) fn all(&mut self) -> Run {
        while let Some((_, running)) = self.running.pop_first() {
            self.join(running);
        }
        std::mem::take(&mut self.ended)
    }

    fn join(&mut self, running: ScopedJoinHandle<'_, Run>) {
        let run = running.join();
        let run = run.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        self.ended.directives += run.directives;
        self.ended.failures.extend(run.failures);
    }
}

#[cfg(test)]
mod tests {
    use dwalin_runtime::Config;

    /// A thread waits until the other one writes, and both see what was written.
    const WAIT: &str = r#"
        (module $Mem (memory (export "shared") 1 1 shared))
        (thread $waits (shared (module $Mem))
            (register "mem" $Mem)
            (module
                (memory (import "mem" "shared") 1 1 shared)
                (func (export "run") (result i32)
                    (loop $again
                        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1000000)))
                        (br_if $again (i32.eqz (i32.atomic.load (i32.const 0)))))
                    (i32.atomic.load (i32.const 0))))
            (assert_return (invoke "run") (i32.const 42)))
        (thread $writes (shared (module $Mem))
            (register "mem" $Mem)
            (module
                (memory (import "mem" "shared") 1 1 shared)
                (func (export "run")
                    (i32.atomic.store (i32.const 0) (i32.const 42))
                    (drop (memory.atomic.notify (i32.const 0) (i32.const 9)))))
            (invoke "run")
            (assert_return (invoke "run") (i32.const 1)))
        (wait $waits)
        (wait $writes)
        (wait $writes)
        (register "mem" $Mem)
        (module
            (memory (import "mem" "shared") 1 1 shared)
            (func (export "read") (result i32) (i32.load (i32.const 0))))
        (assert_return (invoke "read") (i32.const 42))
        (thread $other
            (register "mem" $Mem))
        (thread $own (shared (module $Mem))
            (module $Mem (memory (export "shared") 1 1 shared) (data (i32.const 0) "\07"))
            (register "mem" $Mem)
            (module
                (memory (import "mem" "shared") 1 1 shared)
                (func (export "read") (result i32) (i32.load (i32.const 0))))
            (assert_return (invoke "read") (i32.const 7)))"#;

    #[test]
    fn threads_run_at_once_and_tell_what_failed() {
        let run = crate::run(&Config::new(), WAIT).unwrap();
        let failures: Vec<_> = run.failures.iter().map(ToString::to_string).collect();
        let expected = [
            "21:14: expected (i32.const 1), found no result",
            "24:10: there is no thread $writes",
            "31:14: there is no module $Mem",
        ];
        assert_eq!(
            (run.directives, &failures[..]),
            (23, &expected.map(String::from)[..])
        );
    }
}

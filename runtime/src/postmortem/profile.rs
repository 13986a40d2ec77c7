//! Samples of guests → frames with names and places in the source: a profile.

use super::instruction::{called_import, waits};
use super::symbolize::describe;
use crate::report::backtrace::FrameInfo;
use crate::report::backtrace::WasmBacktrace;
use crate::unwind::interrupted::{DEEPER, HOST};
use crate::unwind::sampler::Sampler;
use crate::unwind::snapshot;
use crate::vm::context::AsContext;
use crate::vm::store::StoreCore;
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// Samples the guests that this thread runs, by its CPU time: what waits is not seen. It uses SIGPROF.
pub struct GuestProfiler {
    sampler: Sampler,
    interval: Duration,
}

/// Samples of guests.
#[derive(Clone, Debug)]
pub struct GuestProfile {
    /// The interval that was asked for.
    pub interval: Duration,
    /// The frames that samples name, each once.
    pub frames: Vec<FrameInfo>,
    /// The samples, in order.
    pub samples: Vec<GuestSample>,
    /// The number of samples that were left out since there were too many.
    pub lost: u64,
}

/// A sample.
#[derive(Clone, Debug)]
pub struct GuestSample {
    /// The thread's CPU time since profiling began.
    pub cpu_time: Duration,
    /// Its frames, the innermost first, by their positions in [`GuestProfile::frames`].
    pub frames: Vec<usize>,
}

impl GuestProfiler {
    /// Begins to sample, after each such interval of CPU time; many systems have timers of 1 to 10 ms only.
    ///
    /// # Errors
    /// The system's, and where the thread is sampled already.
    pub fn new(interval: Duration) -> io::Result<GuestProfiler> {
        let sampler = Sampler::new(interval)?;
        Ok(GuestProfiler { sampler, interval })
    }

    /// Ends sampling. Frames are those of the store's guests.
    pub fn finish(self, store: impl AsContext) -> GuestProfile {
        let mut frames = Frames {
            store: store.core(),
            all: Vec::new(),
            known: HashMap::new(),
        };
        let samples = self.sampler.samples().map(|(cpu_time, words)| GuestSample {
            cpu_time,
            frames: frames.of(words),
        });
        let samples = samples.filter(|sample| !sample.frames.is_empty()).collect();
        GuestProfile {
            interval: self.interval,
            samples,
            frames: frames.all,
            lost: self.sampler.lost(),
        }
    }
}

/// A thread of a program whose frames another one asked for.
#[derive(Clone, Debug)]
pub struct OtherThread {
    /// Its number in the program (wasi-threads); 0 for the first.
    pub number: u32,
    /// Its frames, without variables: it went on while they were looked up.
    pub backtrace: WasmBacktrace,
}

/// The frames of the other threads that run the guests of a store's program (wasi-threads), as they are now. One that is in no guest has none,
/// and one that does not answer within half a second is left out. From then on SIGPROF is handled by the runtime.
pub fn other_threads(store: impl AsContext) -> Vec<OtherThread> {
    let core = store.core();
    let sources = core.engine().config().backtraces().sources;
    let others = core.program.map_or_else(Vec::new, snapshot::others);
    let described = others.into_iter().map(|(number, words)| {
        let mut frames = Frames {
            store: core,
            all: Vec::new(),
            known: HashMap::new(),
        };
        let places = frames.of(&words).into_iter();
        let backtrace = places.map(|place| frames.all[place].clone()).collect();
        OtherThread {
            number,
            backtrace: WasmBacktrace::new(backtrace, None, sources),
        }
    });
    described.collect()
}

/// The frames of samples.
/// A word of a sample, and what it is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Word {
    Guest(u64),
    /// The function of the host that the guest has called there.
    CallOf(u64),
}

struct Frames<'s> {
    store: &'s StoreCore,
    all: Vec<FrameInfo>,
    /// Frames by the words for them; of the host by the frame that called it.
    known: HashMap<Word, Option<usize>>,
}

impl Frames<'_> {
    /// The frames of a sample.
    fn of(&mut self, words: &[u64]) -> Vec<usize> {
        let mut frames = Vec::new();
        let mut is_in_host = false;
        for word in words {
            if *word == HOST {
                is_in_host = true;
                continue;
            }
            let Some(frame) = self.get(Word::Guest(*word), |store| guest(store, *word)) else {
                continue;
            };
            if std::mem::take(&mut is_in_host) {
                let caller = self.all[frame].clone();
                let host = |store: &_| {
                    // No function is called where a thread waits in a memory.
                    let calls = !waits(store, &caller);
                    calls.then(|| FrameInfo::host(called_import(store, &caller)))
                };
                frames.extend(self.get(Word::CallOf(*word), host));
            }
            frames.push(frame);
        }
        frames
    }

    fn get(
        &mut self,
        key: Word,
        make: impl FnOnce(&StoreCore) -> Option<FrameInfo>,
    ) -> Option<usize> {
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let position = make(self.store).map(|frame| {
            self.all.push(frame);
            self.all.len() - 1
        });
        self.known.insert(key, position);
        position
    }
}

/// The frame of a guest at an address; `None` for trampolines and the host.
fn guest(store: &StoreCore, word: u64) -> Option<FrameInfo> {
    if word == DEEPER {
        return Some(FrameInfo::host(Some(
            "(frames that were left out)".to_owned(),
        )));
    }
    let mut instances = store.instances.iter().enumerate();
    instances.find_map(|(index, instance)| {
        let (func, pc) = instance.code.wasm_pc(word as usize)?;
        let func = instance.module.info().func_index(func);
        Some(describe(&instance.module, func, pc, index, true))
    })
}

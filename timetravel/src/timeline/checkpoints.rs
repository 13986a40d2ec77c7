//! Forks that wait at the beginnings of ticks, bounded in number and memory.

use crate::error::Result;
use crate::process::Process;
use std::fs;

/// Checkpoints along the whole run.
const MOST: usize = 48;
/// Checkpoints near the moments that were asked for last.
const MOST_NEAR: usize = 24;

/// A process at the beginning of a tick.
struct Checkpoint {
    tick: u64,
    process: Process,
    /// Bytes that only this process had when the next checkpoint was made.
    bytes: u64,
}

/// The checkpoints of a run.
pub struct Checkpoints {
    /// The process that is ready, and at the start for good.
    pub first: Process,
    /// By tick.
    along: Vec<Checkpoint>,
    /// By age.
    near: Vec<Checkpoint>,
    most_bytes: u64,
}

impl Checkpoints {
    /// The checkpoints of a process that is ready.
    pub fn new(first: Process) -> Checkpoints {
        Checkpoints {
            first,
            along: Vec::new(),
            near: Vec::new(),
            most_bytes: available_memory() / 3,
        }
    }

    /// The ticks of those along the run.
    pub fn ticks(&self) -> Vec<u64> {
        let ticks = self.along.iter().map(|it| it.tick);
        [0].into_iter().chain(ticks).collect()
    }

    /// The last tick of which there is one along the run.
    pub fn newest(&self) -> u64 {
        self.along.last().map_or(0, |it| it.tick)
    }

    /// The tick of the checkpoint that is nearest before a tick, or at it; 0 is the start.
    pub fn nearest(&self, tick: u64) -> u64 {
        let all = self.along.iter().chain(&self.near).map(|it| it.tick);
        all.filter(|it| *it <= tick).max().unwrap_or(0)
    }

    /// A fork of the checkpoint of a tick, or of the start.
    pub fn fork(&mut self, tick: u64) -> Result<Process> {
        let mut all = self.near.iter_mut().chain(&mut self.along);
        match all.find(|it| it.tick == tick) {
            Some(checkpoint) => checkpoint.process.fork(),
            None => self.first.fork(),
        }
    }

    /// Keeps a checkpoint along the run, of a tick after all others.
    pub fn add(&mut self, tick: u64, process: Process) {
        if let Some(last) = self.along.last_mut() {
            last.bytes = last.process.tracee.own_memory();
        }
        self.along.push(Checkpoint {
            tick,
            process,
            bytes: 0,
        });
        let bytes = |it: &Checkpoints| it.along.iter().map(|it| it.bytes).sum::<u64>();
        while self.along.len() > MOST || (self.along.len() > 2 && bytes(self) > self.most_bytes) {
            self.thin();
        }
    }

    /// Ends the one that leaves the smallest gap for its age: gaps grow with the distance from the newest.
    fn thin(&mut self) {
        let newest = self.newest();
        let gap = |at: &usize| {
            let before = at.checked_sub(1).map_or(0, |it| self.along[it].tick);
            let after = self.along[at + 1].tick;
            (after - before) as f64 / (newest - before).max(1) as f64
        };
        let all = 0..self.along.len() - 1;
        let least = all.min_by(|a, b| gap(a).total_cmp(&gap(b)));
        self.along.remove(least.unwrap_or(0));
    }

    /// Keeps a checkpoint for questions about what is near.
    pub fn add_near(&mut self, tick: u64, process: Process) {
        if self.near.len() >= MOST_NEAR {
            self.near.remove(0);
        }
        self.near.push(Checkpoint {
            tick,
            process,
            bytes: 0,
        });
    }

    /// Returns true if there is one of exactly this tick.
    pub fn has(&self, tick: u64) -> bool {
        tick == 0
            || self
                .along
                .iter()
                .chain(&self.near)
                .any(|it| it.tick == tick)
    }
}

/// Bytes of memory that the system could give (proc_meminfo(5)).
fn available_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|it| it.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(1 << 20) << 10
}

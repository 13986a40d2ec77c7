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
        let sizes = |it: &Checkpoints| -> Vec<_> {
            it.along.iter().map(|it| (it.tick, it.bytes)).collect()
        };
        while let Some(ended) = excess(&sizes(self), self.most_bytes) {
            self.along.remove(ended);
        }
    }

    /// Keeps a checkpoint for questions about what is near.
    pub fn add_near(&mut self, tick: u64, process: Process) {
        if let Some(last) = self.near.last_mut() {
            last.bytes = last.process.tracee.own_memory();
        }
        let bytes = |it: &Checkpoints| it.near.iter().map(|it| it.bytes).sum::<u64>();
        while self.near.len() >= MOST_NEAR
            || (self.near.len() > 1 && bytes(self) > self.most_bytes / 4)
        {
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

/// The checkpoint to be ended where there are too many along a run, by their ticks and bytes: the one that leaves the smallest gap for its
/// age. Gaps grow with the distance from the newest.
fn excess(all: &[(u64, u64)], most_bytes: u64) -> Option<usize> {
    let bytes = all.iter().map(|(_, bytes)| bytes).sum::<u64>();
    let newest = all.last()?.0;
    if all.len() <= MOST && (all.len() <= 2 || bytes <= most_bytes) {
        return None;
    }
    let gap = |at: &usize| {
        let before = at.checked_sub(1).map_or(0, |it| all[it].0);
        let after = all[at + 1].0;
        (after - before) as f64 / (newest - before).max(1) as f64
    };
    (0..all.len() - 1).min_by(|a, b| gap(a).total_cmp(&gap(b)))
}

/// Bytes of memory that the system could give (proc_meminfo(5)).
fn available_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|it| it.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(1 << 20) << 10
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checkpoints of a run, one each thousand ticks, of so many bytes.
    fn along(count: u64, bytes: u64, most_bytes: u64) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = Vec::new();
        for tick in 1..=count {
            all.push((tick * 1000, bytes));
            while let Some(ended) = excess(&all, most_bytes) {
                all.remove(ended);
            }
            assert!(all.len() <= MOST);
            let held: u64 = all.iter().map(|(_, bytes)| bytes).sum();
            assert!(held <= most_bytes || all.len() <= 2);
        }
        all
    }

    #[test]
    fn there_are_never_more_than_so_many_and_their_gaps_grow_with_age() {
        let all = along(20_000, 1, 1 << 30);
        assert!(all.len() > MOST / 2);
        let newest = all[all.len() - 1].0;
        let mut before = 0;
        for (tick, _) in all {
            // From any tick it is not far to the one before, beside how far back it is.
            assert!(
                tick - before <= (newest - before).max(8000) / 4,
                "{before} {tick}"
            );
            before = tick;
        }
    }

    #[test]
    fn their_memory_is_bounded() {
        let all = along(500, 64 << 20, 640 << 20);
        assert_eq!(all.len(), 10);
        assert_eq!(along(500, 2 << 30, 1 << 30).len(), 2);
    }
}

//! From any moment to any other.

use super::state::{Moment, Reason, Timeline};
use crate::error::{Error, Result};
use crate::process::{Event, Process, Traps};
use crate::tracee::General;

/// Distances, in ticks, of checkpoints before a moment.
const NEAR: [u64; 3] = [1 << 20, 1 << 14, 1 << 8];

impl Timeline {
    /// Throws a change away; true if there was one.
    pub fn discard(&mut self) -> Result<bool> {
        let Some(change) = self.change.take() else {
            return Ok(false);
        };
        let is_same = |now: &General| {
            let words = |it: &General| {
                [
                    it.rax, it.rbx, it.rcx, it.rdx, it.rsi, it.rdi, it.rbp, it.rsp,
                ]
            };
            let others =
                |it: &General| [it.r8, it.r9, it.r10, it.r11, it.r12, it.r13, it.r14, it.r15];
            let rest = |it: &General| [it.rip, it.eflags, it.fs_base, it.gs_base];
            let old = &change.registers;
            words(now) == words(old) && others(now) == others(old) && rest(now) == rest(old)
        };
        if !change.is_memory && is_same(&self.shown()?.registers()?) {
            return Ok(false);
        }
        self.seek(self.here)?;
        Ok(true)
    }

    /// Shows the process at a moment.
    pub fn seek(&mut self, moment: Moment) -> Result<()> {
        self.change = None;
        let process = self.process_at(moment)?;
        self.show(process, moment);
        Ok(())
    }

    /// Shows a process, which is at a moment.
    pub(super) fn show(&mut self, process: Process, moment: Moment) {
        // Without it the debugger finds zeros there: its expressions fail, the program does not.
        let _ = self.scratch.fill(&process.tracee);
        self.now = Some(process);
        self.here = moment;
    }

    /// A new process at a moment.
    pub(super) fn process_at(&mut self, moment: Moment) -> Result<Process> {
        match moment {
            Moment::Start => self.checkpoints.first.fork(),
            Moment::At { tick, pc } => {
                let mut process = self.process_at_tick(tick)?;
                if process.pc()? != pc {
                    let mut traps = Traps::default();
                    traps.breaks.insert(pc);
                    match self.run(&mut process, Some(tick + 1), &traps)? {
                        Event::Break(at) if at == pc => {}
                        // Nothing runs between this and the fault but the signal's delivery.
                        Event::Signal(_) if process.pc()? == pc => {}
                        Event::Interrupted => {
                            self.interrupt.postpone();
                            return self.process_at(moment);
                        }
                        _ => return Err(Error::Lost { tick }),
                    }
                }
                Ok(process)
            }
            Moment::Said { tick, stop } => {
                let mut process = self.process_at_tick(tick)?;
                match self.run(&mut process, Some(tick + 1), &Traps::default())? {
                    Event::Said(said) if said == stop => Ok(process),
                    Event::Interrupted => {
                        self.interrupt.postpone();
                        self.process_at(moment)
                    }
                    _ => Err(Error::Lost { tick }),
                }
            }
        }
    }

    /// A new process at the beginning of a tick; at the start, for tick 0. On a long way there, checkpoints are made for steps back from it.
    pub(super) fn process_at_tick(&mut self, tick: u64) -> Result<Process> {
        let from = self.checkpoints.nearest(tick);
        let mut process = self.checkpoints.fork(from)?;
        for distance in NEAR {
            let before = tick.saturating_sub(distance);
            if before > from.saturating_add(distance) {
                self.run_to_tick(&mut process, before)?;
                self.keep_near(before, &mut process)?;
            }
        }
        self.run_to_tick(&mut process, tick)?;
        Ok(process)
    }

    /// Runs a process to the beginning of a tick, which has been there before.
    pub(super) fn run_to_tick(&mut self, process: &mut Process, tick: u64) -> Result<()> {
        while process.tick(&self.control)? < tick {
            match self.run(process, Some(tick), &Traps::default())? {
                Event::Tick => {}
                Event::Interrupted => self.interrupt.postpone(),
                _ => return Err(process.lost(&self.control)),
            }
        }
        Ok(())
    }

    /// Shows the beginning of a tick, or the end if there are not as many.
    pub fn go_to_tick(&mut self, tick: u64) -> Result<Reason> {
        self.change = None;
        if tick == 0 {
            self.seek(Moment::Start)?;
            return Ok(Reason::Begin);
        }
        if let Some(newest) = self.newest_moment().filter(|it| it.tick() < tick) {
            self.seek(newest)?;
            return Ok(Reason::Step);
        }
        let mut process = self.checkpoints.fork(self.checkpoints.nearest(tick))?;
        if process.tick(&self.control)? < tick {
            let event = self.run(&mut process, Some(tick), &Traps::default())?;
            if matches!(event, Event::Exited(_) | Event::Killed(_)) {
                return Err(Error::Lost { tick });
            }
            let moment = self.moment(&process, &event)?;
            if let Event::Signal(signal) = event {
                self.trap = Some((moment, signal));
            }
            self.show(process, moment);
            return Ok(match event {
                Event::Tick => Reason::Step,
                Event::Signal(signal) => Reason::Signal(signal),
                _ => Reason::End,
            });
        }
        let moment = self.moment(&process, &Event::Tick)?;
        self.show(process, moment);
        Ok(Reason::Step)
    }

    /// Makes checkpoints on the way to a tick where windows before it will begin, whose lengths double.
    pub(super) fn prepare_windows(&mut self, low: u64, width: u64) -> Result<Process> {
        let from = self.checkpoints.nearest(low);
        let mut starts = Vec::new();
        let (mut at, mut width) = (low, width);
        while at > from.saturating_add(2 * width) && starts.len() < 12 {
            at -= 2 * width;
            width *= 2;
            starts.push(at);
        }
        let mut process = self.checkpoints.fork(from)?;
        for tick in starts.into_iter().rev().chain([low]) {
            self.run_to_tick(&mut process, tick)?;
            self.keep_near(tick, &mut process)?;
        }
        Ok(process)
    }

    /// Keeps a fork of a process that is at the beginning of a tick.
    pub(super) fn keep_near(&mut self, tick: u64, process: &mut Process) -> Result<()> {
        if !self.checkpoints.has(tick) {
            let fork = process.fork()?;
            self.checkpoints.add_near(tick, fork);
        }
        Ok(())
    }
}

//! Forwards: to what stops the program next, with checkpoints on the way.

use super::state::{Moment, Reason, Timeline};
use crate::control::{Stop, Word};
use crate::error::{Error, Result};
use crate::process::{Event, Process, Traps};
use std::ops::Range;

/// CPU time between checkpoints, in nanoseconds.
const APART: u64 = 200_000_000;
/// CPU time after which it is asked how much there was.
const LOOK: u64 = 20_000_000;

impl Timeline {
    /// Runs on.
    pub fn go_on(&mut self) -> Result<Reason> {
        let traps = self.traps.clone();
        if self.newest_moment().is_some() {
            return self.go_on_live(&traps);
        }
        let mut process = self.take()?;
        if let Moment::Said { .. } = self.here {
            let event = process.deliver(0, &traps, &self.control, &self.interrupt)?;
            return self.arrive(process, event);
        }
        let event = self.run_with_checkpoints(&mut process, &traps)?;
        self.arrive(process, event)
    }

    /// Delivers the signal that stopped the program: a trap's handler reports it, and the process ends. gdb sends the last one again where it
    /// has been brought elsewhere since: the program goes on there.
    pub fn deliver(&mut self, signal: i32) -> Result<Reason> {
        if self.is_newest() {
            return self.deliver_to_newest(signal);
        }
        if self.newest_moment().is_some() || self.trap != Some((self.here, signal)) {
            return self.go_on();
        }
        let mut process = self.take()?;
        let event = self.trap_again(&mut process, signal)?;
        self.arrive(process, event)
    }

    /// The signal that stopped the program where it is.
    pub fn signal(&self) -> Option<i32> {
        let trap = self.trap.filter(|(at, _)| *at == self.here);
        trap.map(|(_, signal)| signal)
    }

    /// Has a process trap, and delivers the signal.
    pub(super) fn trap_again(&mut self, process: &mut Process, signal: i32) -> Result<Event> {
        // The signal comes with its information when the instruction is executed again.
        match self.run(process, None, &Traps::default())? {
            Event::Signal(same) if same == signal => {
                process.deliver(signal, &Traps::default(), &self.control, &self.interrupt)
            }
            other => Ok(other),
        }
    }

    /// Executes instructions of the program while the program counter is in a range, and one at least.
    pub fn step_forward(&mut self, range: Range<u64>) -> Result<Reason> {
        if self.is_newest() {
            return self.step_newest(&range);
        }
        let traps = self.traps.clone();
        let mut process = self.take()?;
        if let Moment::Said { .. } = self.here {
            let event = process.deliver(0, &traps, &self.control, &self.interrupt)?;
            return self.arrive(process, event);
        }
        match self.steps(&mut process, &range, &traps)? {
            Event::Said(_) if self.is_newest_calling() => self.step_newest(&range),
            event => self.arrive(process, event),
        }
    }

    /// Steps while the program counter is in a range, no further than to the newest moment.
    pub(super) fn steps(
        &mut self,
        process: &mut Process,
        range: &Range<u64>,
        traps: &Traps,
    ) -> Result<Event> {
        loop {
            let event = self.step(process, traps)?;
            let pc = match event {
                Event::Stepped => process.pc()?,
                event => return Ok(event),
            };
            return Ok(match traps.breaks.contains(&pc) {
                true => Event::Break(pc),
                false if self.interrupt.is_asked() => Event::Interrupted,
                false if range.contains(&pc) && !self.has_caught_up(process)? => continue,
                false => Event::Stepped,
            });
        }
    }

    /// Runs a process that the debugger has changed, for a call of a function.
    pub fn run_call(&mut self) -> Result<Reason> {
        let traps = self.traps.clone();
        let mut process = self.take()?;
        // What it writes is to be taken back too.
        if let Some(change) = &mut self.change {
            change.is_memory = true;
        }
        let control = &self.control;
        control.set_word(&process.tracee, Word::Diverted, 1)?;
        let event = self.run(&mut process, None, &traps)?;
        let reason = match event {
            Event::Exited(_) | Event::Killed(_) => {
                self.seek(self.here)?;
                return Ok(Reason::Signal(libc::SIGABRT));
            }
            Event::Signal(signal) => Reason::Signal(signal),
            Event::Interrupted => Reason::Signal(libc::SIGINT),
            Event::Watch(hits) => self.access_to(hits[0], None),
            Event::Break(_) => Reason::Break,
            Event::Said(_) => Reason::Signal(libc::SIGABRT),
            Event::Tick | Event::Stepped => Reason::Step,
        };
        self.now = Some(process);
        Ok(reason)
    }

    pub(super) fn take(&mut self) -> Result<Process> {
        let gone = Error::Ended("it is gone; `run` goes to the start");
        self.now.take().ok_or(gone)
    }

    /// Runs in slices, and makes checkpoints between them where no run has been before.
    pub(super) fn run_with_checkpoints(
        &mut self,
        process: &mut Process,
        traps: &Traps,
    ) -> Result<Event> {
        let mut slice = 1 << 12;
        let mut last = process.tracee.cpu_time();
        let mut looked = last;
        loop {
            let until = process.tick(&self.control)?.saturating_add(slice);
            let event = self.run(process, Some(until), traps)?;
            if event != Event::Tick {
                return Ok(event);
            }
            let time = process.tracee.cpu_time();
            match time.saturating_sub(looked) {
                0..LOOK => slice = (slice * 2).min(1 << 40),
                took if took > 3 * LOOK => slice = (slice / 2).max(1 << 12),
                _ => {}
            }
            looked = time;
            if until > self.checkpoints.newest() && time.saturating_sub(last) >= APART {
                let fork = self.fork_to_replay(process)?;
                self.checkpoints.add(until, fork);
                last = time;
            }
            if traps.breaks.contains(&process.pc()?) {
                return Ok(Event::Break(process.pc()?));
            }
        }
    }

    /// Shows a process that has stopped, and says why it did.
    pub(super) fn arrive(&mut self, process: Process, event: Event) -> Result<Reason> {
        match event {
            Event::Exited(code) => return Ok(Reason::Exited(code)),
            Event::Killed(signal) => return Ok(Reason::Killed(signal)),
            Event::Interrupted => return self.interrupted(process),
            _ => {}
        }
        if let Event::Watch(hits) = &event {
            return self.arrive_at_access(process, hits[0]);
        }
        let moment = self.moment(&process, &event)?;
        if let Event::Signal(signal) = event {
            self.trap = Some((moment, signal));
        }
        self.show(process, moment);
        Ok(reason(&event))
    }

    /// Shows the moment after an access: after the call, where the host accessed the place.
    fn arrive_at_access(&mut self, mut process: Process, watch: usize) -> Result<Reason> {
        let name = self.leave_host(&mut process)?;
        let moment = self.moment(&process, &Event::Stepped)?;
        self.show(process, moment);
        Ok(self.access_to(watch, name))
    }

    /// Runs a process that is in the host to where it returns: to an instruction of this tick, each of which is executed once. The name of the
    /// import that it was in, if it was in one: code also calls the host to copy memory.
    pub(super) fn leave_host(&mut self, process: &mut Process) -> Result<Option<String>> {
        if self.control.is_guest(process.pc()?) {
            return Ok(None);
        }
        let name = self.control.call_name(&process.tracee);
        let tick = process.tick(&self.control)?;
        let mut traps = Traps::default();
        traps.breaks.extend(self.instructions_of(tick, None)?);
        while !self.control.is_guest(process.pc()?) {
            match self.run(process, Some(tick + 1), &traps)? {
                Event::Interrupted => self.interrupt.postpone(),
                Event::Break(_) | Event::Tick => {}
                _ => return Err(Error::Lost { tick }),
            }
        }
        Ok(name)
    }

    /// The moment at which the program makes a call of the host, by the number of calls before it, and a process after the call.
    pub(super) fn around_call(&mut self, tick: u64, call: u64) -> Result<(Moment, Process)> {
        let mut process = self.process_at_tick(tick)?;
        loop {
            let pc = process.pc()?;
            let at = process.tick(&self.control)?;
            let before = match at {
                0 => Moment::Start,
                tick => Moment::At { tick, pc },
            };
            let event = self.step(&mut process, &Traps::default())?;
            if event == Event::Interrupted {
                self.interrupt.postpone();
                return self.around_call(tick, call);
            }
            if !matches!(event, Event::Stepped) || at > tick {
                return Err(Error::Lost { tick });
            }
            // An instruction that calls the host without being a call in the log leaves the number as it is.
            if self.control.word(&process.tracee, Word::Calls)? > call {
                return Ok((before, process));
            }
        }
    }

    /// Ctrl-C: the next tick is near, and a place of the program's.
    fn interrupted(&mut self, mut process: Process) -> Result<Reason> {
        self.interrupt.forget();
        let here = process.tick(&self.control)?;
        if let Some(newest) = self.newest_moment().filter(|it| it.tick() <= here) {
            self.seek(newest)?;
            return Ok(Reason::Signal(libc::SIGINT));
        }
        let next = process.tick(&self.control)? + 1;
        let traps = Traps::default();
        let event = self.run(&mut process, Some(next), &traps)?;
        match self.arrive(process, event)? {
            Reason::Step => Ok(Reason::Signal(libc::SIGINT)),
            other => Ok(other),
        }
    }
}

/// The reason for which a program has stopped at what is no access.
pub(super) fn reason(event: &Event) -> Reason {
    match event {
        Event::Break(_) => Reason::Break,
        Event::Signal(signal) => Reason::Signal(*signal),
        Event::Said(Stop::HostError) => Reason::Signal(libc::SIGABRT),
        Event::Said(_) => Reason::End,
        _ => Reason::Step,
    }
}

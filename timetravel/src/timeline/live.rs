//! A run that is recorded while it is debugged. The newest process is the only one whose calls of the host are made: all others replay what it
//! has recorded, and it goes on when they have caught up with it.

use super::forward::reason;
use super::state::{Moment, Newest, Reason, Timeline};
use crate::control::{Stop, Word};
use crate::error::{Error, Result};
use crate::process::{Event, Process, Traps};
use std::ops::Range;

impl Timeline {
    /// The moment up to which the run is recorded, while it is.
    pub fn newest_moment(&self) -> Option<Moment> {
        self.newest.as_ref().map(|it| it.moment)
    }

    /// Returns true if the newest moment is shown.
    pub fn is_newest(&self) -> bool {
        self.newest_moment() == Some(self.here)
    }

    /// Returns true if the newest moment is shown, and the program waits there for a call of the host.
    pub fn is_in_call_of_host(&self) -> bool {
        self.is_newest() && self.is_newest_calling()
    }

    /// Returns true if the newest process waits in a call of the host.
    pub(super) fn is_newest_calling(&self) -> bool {
        self.newest.as_ref().is_some_and(|it| it.is_calling)
    }

    /// Returns true if a process that replays is at the newest moment.
    pub(super) fn has_caught_up(&self, process: &Process) -> Result<bool> {
        Ok(match self.newest_moment() {
            Some(Moment::At { tick, pc }) => {
                process.tick(&self.control)? == tick && process.pc()? == pc
            }
            _ => false,
        })
    }

    /// A fork that makes no calls of the host.
    pub(super) fn fork_to_replay(&self, process: &mut Process) -> Result<Process> {
        let fork = process.fork()?;
        self.control.set_word(&fork.tracee, Word::Live, 0)?;
        Ok(fork)
    }

    /// Runs on: replays up to the newest moment, and from there with calls that are made.
    pub(super) fn go_on_live(&mut self, traps: &Traps) -> Result<Reason> {
        if !self.is_newest() {
            let mut process = self.take()?;
            if let Some(event) = self.catch_up(&mut process, traps)? {
                return self.arrive(process, event);
            }
        }
        let (mut process, is_said) = self.take_newest()?;
        let event = match is_said {
            true => process.deliver(0, traps, &self.control, &self.interrupt)?,
            false => self.run_with_checkpoints(&mut process, traps)?,
        };
        self.arrive_newest(process, event)
    }

    /// Runs a process to the newest moment; what stops it before, or there.
    fn catch_up(&mut self, process: &mut Process, traps: &Traps) -> Result<Option<Event>> {
        let (tick, pc) = match self.newest_moment() {
            Some(Moment::At { tick, pc }) => (tick, pc),
            Some(Moment::Said { .. }) => {
                let event = self.run(process, None, traps)?;
                let goes_on = matches!(event, Event::Said(_)) && self.is_newest_calling();
                return Ok((!goes_on).then_some(event));
            }
            Some(Moment::Start) | None => return Ok(None),
        };
        let is_break = traps.breaks.contains(&pc);
        if process.tick(&self.control)? < tick {
            let event = self.run(process, Some(tick), traps)?;
            let at = process.pc()?;
            match event {
                Event::Tick if traps.breaks.contains(&at) => return Ok(Some(Event::Break(at))),
                Event::Tick => {}
                event => return Ok(Some(event)),
            }
        }
        if self.has_caught_up(process)? {
            return Ok(None);
        }
        let mut last = traps.clone();
        last.breaks.insert(pc);
        let event = self.run(process, Some(tick + 1), &last)?;
        Ok(match event {
            Event::Break(at) if at == pc && !is_break => None,
            Event::Tick => return Err(Error::Lost { tick }),
            event => Some(event),
        })
    }

    /// Steps from the newest moment.
    pub(super) fn step_newest(&mut self, range: &Range<u64>) -> Result<Reason> {
        let traps = self.traps.clone();
        let (mut process, is_said) = self.take_newest()?;
        let event = match is_said {
            true => process.deliver(0, &traps, &self.control, &self.interrupt)?,
            false => self.steps(&mut process, range, &traps)?,
        };
        self.arrive_newest(process, event)
    }

    /// Delivers the signal of a trap at the newest moment.
    pub(super) fn deliver_to_newest(&mut self, signal: i32) -> Result<Reason> {
        let (mut process, _) = self.take_newest()?;
        let event = self.trap_again(&mut process, signal)?;
        self.arrive_newest(process, event)
    }

    /// The newest process, to run; true if it is where it has said something.
    fn take_newest(&mut self) -> Result<(Process, bool)> {
        self.now = None;
        let newest = self.newest.take().ok_or(Error::Ended("it is gone"))?;
        let is_said = matches!(newest.moment, Moment::Said { .. }) && !newest.is_calling;
        Ok((newest.process, is_said))
    }

    /// Shows where the newest process has stopped, and says why it did. One that has ended is gone, and its recording is whole.
    fn arrive_newest(&mut self, mut process: Process, event: Event) -> Result<Reason> {
        match event {
            Event::Exited(code) => return Ok(Reason::Exited(code)),
            Event::Killed(signal) => return Ok(Reason::Killed(signal)),
            Event::Interrupted => return self.interrupt_newest(process),
            _ => {}
        }
        let why = match &event {
            Event::Watch(hits) => {
                let call = self.leave_host(&mut process)?;
                self.access_to(hits[0], call)
            }
            event => reason(event),
        };
        let moment = self.moment(&process, &event)?;
        let mut shown = self.fork_to_replay(&mut process)?;
        if let Event::Signal(_) = event {
            // A fork has not been told of it.
            self.run(&mut shown, None, &Traps::default())?;
        }
        self.newest = Some(Newest {
            process,
            moment,
            is_calling: false,
        });
        self.show(shown, moment);
        Ok(why)
    }

    /// Ctrl-C, in a call of the host or elsewhere.
    fn interrupt_newest(&mut self, mut process: Process) -> Result<Reason> {
        self.interrupt.forget();
        let tick = process.tick(&self.control)?;
        if self.control.call_name(&process.tracee).is_some() {
            let stop = Stop::End;
            let moment = Moment::Said { tick, stop };
            // Not if the call is in the recording already, and about to return.
            if let Ok(shown) = self.process_at(moment) {
                self.newest = Some(Newest {
                    process,
                    moment,
                    is_calling: true,
                });
                self.show(shown, moment);
                return Ok(Reason::Signal(libc::SIGINT));
            }
        }
        let event = self.run(&mut process, Some(tick + 1), &Traps::default())?;
        match self.arrive_newest(process, event)? {
            Reason::Step => Ok(Reason::Signal(libc::SIGINT)),
            other => Ok(other),
        }
    }
}

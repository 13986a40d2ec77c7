//! Backwards: to what would have stopped the program last. Windows before now are run again, each twice as long as the one after it.

use super::state::{Moment, Reason, Timeline};
use crate::control::Word;
use crate::error::{Error, Result};
use crate::process::{Event, Process, Traps};

/// A stop that a window has.
#[derive(Clone, Copy)]
enum Hit {
    Break {
        tick: u64,
        pc: u64,
    },
    /// An access by the instruction before an address.
    Access {
        tick: u64,
        pc: u64,
        watch: usize,
    },
    /// An access by the host in no call of an import, by the number of such accesses in its tick before it.
    Inside {
        tick: u64,
        nth: usize,
        watch: usize,
    },
    /// An access by the host, in a call.
    Call {
        tick: u64,
        call: u64,
        watch: usize,
    },
}

/// The end of a window.
enum End {
    /// The beginning of a tick.
    Tick(u64),
    /// The moment that is shown.
    Here(Moment),
}

impl Timeline {
    /// Runs backwards.
    pub fn go_back(&mut self) -> Result<Reason> {
        let tick = match self.here {
            Moment::Start => return Ok(Reason::Begin),
            Moment::At { tick, .. } | Moment::Said { tick, .. } => tick,
        };
        let process = self.process_at_tick(tick)?;
        if let Some(hit) = self.last_hit(process, End::Here(self.here))? {
            return self.go_to_hit(hit);
        }
        let (mut high, mut width) = (tick, 1);
        while high > 0 {
            if self.interrupt.is_asked() {
                self.interrupt.forget();
                return Ok(Reason::Signal(libc::SIGINT));
            }
            let low = high.saturating_sub(width);
            let process = self.prepare_windows(low, width)?;
            if self.interrupt.is_asked() {
                continue;
            }
            if let Some(hit) = self.last_hit(process, End::Tick(high))? {
                return self.go_to_hit(hit);
            }
            (high, width) = (low, width * 2);
        }
        self.seek(Moment::Start)?;
        Ok(Reason::Begin)
    }

    /// The last stop from the beginning of a tick, where the process is, to an end.
    fn last_hit(&mut self, mut process: Process, end: End) -> Result<Option<Hit>> {
        let mut traps = self.traps.clone();
        let (mut last, mut inside) = (None, (0, 0));
        let (until, stop_at) = match end {
            End::Tick(tick) => (Some(tick), None),
            End::Here(Moment::At { tick, pc }) => (Some(tick + 1), Some((tick, pc))),
            End::Here(_) => (None, None),
        };
        let here = (process.tick(&self.control)?, process.pc()?);
        if Some(here) == stop_at {
            return Ok(None);
        }
        if traps.breaks.contains(&here.1) {
            let (tick, pc) = here;
            last = Some(Hit::Break { tick, pc });
        }
        traps.breaks.extend(stop_at.map(|(_, pc)| pc));
        loop {
            let event = self.run(&mut process, until, &traps)?;
            let here = (process.tick(&self.control), process.pc());
            match event {
                Event::Break(pc) => {
                    let tick = here.0?;
                    if Some((tick, pc)) == stop_at {
                        return Ok(last);
                    }
                    if self.traps.breaks.contains(&pc) {
                        last = Some(Hit::Break { tick, pc });
                    }
                }
                Event::Watch(hits) => {
                    let (tick, pc) = (here.0?, here.1?);
                    if inside.0 != tick {
                        inside = (tick, 0);
                    }
                    let hit = self.access(&process, (tick, pc), hits[0], inside.1)?;
                    inside.1 += usize::from(matches!(hit, Hit::Inside { .. }));
                    last = Some(hit);
                    if Some((tick, pc)) == stop_at {
                        return Ok(last);
                    }
                    if self.traps.breaks.contains(&pc) {
                        last = Some(Hit::Break { tick, pc });
                    }
                }
                // What was found may not be the last.
                Event::Interrupted => return Ok(None),
                Event::Tick | Event::Said(_) | Event::Signal(_) => return Ok(last),
                Event::Stepped | Event::Exited(_) | Event::Killed(_) => {
                    return Err(process_lost(here.0));
                }
            }
        }
    }

    /// An access after which a process is at a tick and an address, and before which there were `nth` inside the host in this tick.
    fn access(
        &self,
        process: &Process,
        (tick, pc): (u64, u64),
        watch: usize,
        nth: usize,
    ) -> Result<Hit> {
        if self.control.is_guest(pc) {
            return Ok(Hit::Access { tick, pc, watch });
        }
        if self.control.call_name(&process.tracee).is_none() {
            return Ok(Hit::Inside { tick, nth, watch });
        }
        let call = self.control.word(&process.tracee, Word::Calls)?;
        Ok(Hit::Call { tick, call, watch })
    }

    /// Shows the moment of a stop: of an access, the moment before it.
    fn go_to_hit(&mut self, hit: Hit) -> Result<Reason> {
        match hit {
            Hit::Break { tick, pc } => {
                self.seek(Moment::At { tick, pc })?;
                Ok(Reason::Break)
            }
            Hit::Access { tick, pc, watch } => {
                let before = self.before(Moment::At { tick, pc })?;
                self.seek(before.unwrap_or(Moment::Start))?;
                Ok(self.access_to(watch, None))
            }
            Hit::Inside { tick, nth, watch } => {
                let pc = self.return_from(tick, nth)?;
                self.go_to_hit(Hit::Access { tick, pc, watch })
            }
            Hit::Call { tick, call, watch } => {
                let (before, _) = self.around_call(tick, call)?;
                let name = self.name_of_call(before)?;
                self.seek(before)?;
                Ok(self.access_to(watch, name))
            }
        }
    }

    /// The place to which the host returns from an access in no call, by the number of such before it in its tick.
    fn return_from(&mut self, tick: u64, nth: usize) -> Result<u64> {
        let mut process = self.process_at_tick(tick)?;
        let traps = Traps {
            watches: self.traps.watches.clone(),
            ..Traps::default()
        };
        let mut before = 0;
        loop {
            match self.run(&mut process, Some(tick + 1), &traps)? {
                Event::Interrupted => self.interrupt.postpone(),
                Event::Watch(_) => {
                    let is_inside = !self.control.is_guest(process.pc()?)
                        && self.control.call_name(&process.tracee).is_none();
                    if is_inside && before == nth {
                        self.leave_host(&mut process)?;
                        return process.pc();
                    }
                    before += usize::from(is_inside);
                }
                _ => return Err(Error::Lost { tick }),
            }
        }
    }

    /// The name of the call of the host that is made at a moment, by an access that it makes.
    fn name_of_call(&mut self, before: Moment) -> Result<Option<String>> {
        let mut process = self.process_at(before)?;
        let traps = Traps {
            watches: self.traps.watches.clone(),
            ..Traps::default()
        };
        let event = self.run(&mut process, None, &traps)?;
        Ok(match event {
            Event::Watch(_) => self.control.call_name(&process.tracee),
            _ => None,
        })
    }
}

fn process_lost(tick: Result<u64>) -> Error {
    Error::Lost {
        tick: tick.unwrap_or(0),
    }
}

//! Backwards: to what would have stopped the program last. Windows before now are run again, each twice as long as the one after it.

use super::state::{Moment, Reason, Timeline};
use crate::control::Word;
use crate::error::{Error, Result};
use crate::process::{Event, Process, Traps};

/// Stops that are looked at one by one: each takes as long as some thousand ticks.
const MANY: usize = 64;
/// Ticks for which a process is not forked.
const WORTH_HALVING: u64 = 1 << 14;

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

impl End {
    /// The tick at which to stop, if nothing does before.
    fn tick(&self) -> Option<u64> {
        match self {
            End::Tick(tick) => Some(*tick),
            End::Here(Moment::At { tick, .. }) => Some(tick + 1),
            End::Here(_) => None,
        }
    }

    /// The tick and the instruction at which to stop.
    fn stop_at(&self) -> Option<(u64, u64)> {
        match self {
            End::Here(Moment::At { tick, pc }) => Some((*tick, *pc)),
            _ => None,
        }
    }
}

/// Stops of a window that have been seen.
struct Window {
    last: Option<Hit>,
    /// The tick of the last access of the host in no call of an import, and how many there were in it.
    inside: (u64, usize),
    /// Stops before what is left of the window is halved.
    patience: usize,
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
            let low = self.window_before(high, width);
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

    /// The beginning of a window before a tick. The way from the last checkpoint before it is not run without looking, unless it is longer than
    /// the window.
    fn window_before(&self, high: u64, width: u64) -> u64 {
        let low = high.saturating_sub(width);
        let from = self.checkpoints.nearest(low);
        match low - from <= width {
            true => from,
            false => low,
        }
    }

    /// The last stop from where a process is to an end. Where there are many, what is left is halved: the first half is looked at only if the
    /// second has none.
    fn last_hit(&mut self, mut process: Process, mut end: End) -> Result<Option<Hit>> {
        let mut window = Window {
            last: None,
            inside: (0, 0),
            patience: MANY,
        };
        let here = (process.tick(&self.control)?, process.pc()?);
        if end.stop_at() == Some(here) {
            return Ok(None);
        }
        if self.traps.breaks.contains(&here.1) {
            let (tick, pc) = here;
            window.last = Some(Hit::Break { tick, pc });
        }
        loop {
            if self.look_through(&mut process, &end, &mut window)? {
                return Ok(window.last);
            }
            window.patience = MANY;
            let (tick, End::Tick(high)) = (process.tick(&self.control)?, &end) else {
                continue;
            };
            let middle = tick + high.saturating_sub(tick) / 2;
            if middle - tick < WORTH_HALVING {
                continue;
            }
            let mut ahead = process.fork()?;
            self.run_to_tick(&mut ahead, middle)?;
            self.keep_near(middle, &mut ahead)?;
            if let Some(hit) = self.last_hit(ahead, End::Tick(*high))? {
                return Ok(Some(hit));
            }
            end = End::Tick(middle);
        }
    }

    /// Notes stops up to an end; false if there have been as many as there is patience for.
    fn look_through(
        &mut self,
        process: &mut Process,
        end: &End,
        window: &mut Window,
    ) -> Result<bool> {
        let mut traps = self.traps.clone();
        let stop_at = end.stop_at();
        traps.breaks.extend(stop_at.map(|(_, pc)| pc));
        while window.patience > 0 {
            let event = self.run(process, end.tick(), &traps)?;
            window.patience -= 1;
            let here = (process.tick(&self.control), process.pc());
            match event {
                Event::Break(_) => {}
                Event::Watch(hits) => {
                    let (tick, pc) = (here.0?, here.1?);
                    if window.inside.0 != tick {
                        window.inside = (tick, 0);
                    }
                    let hit = self.access(process, tick, pc, hits[0], window.inside.1)?;
                    window.inside.1 += usize::from(matches!(hit, Hit::Inside { .. }));
                    window.last = Some(hit);
                }
                Event::Interrupted => {
                    // What was found may not be the last.
                    window.last = None;
                    return Ok(true);
                }
                Event::Tick | Event::Said(_) | Event::Signal(_) => return Ok(true),
                Event::Stepped | Event::Exited(_) | Event::Killed(_) => {
                    return Err(process_lost(here.0));
                }
            }
            let (tick, pc) = (process.tick(&self.control)?, process.pc()?);
            if stop_at == Some((tick, pc)) {
                return Ok(true);
            }
            if self.traps.breaks.contains(&pc) {
                window.last = Some(Hit::Break { tick, pc });
            }
        }
        Ok(false)
    }

    /// An access after which a process is at a tick and an address, and before which there were `nth` inside the host in this tick.
    fn access(
        &self,
        process: &Process,
        tick: u64,
        pc: u64,
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

//! The instructions of one tick, in the order in which they were executed: the one before the current is where a step back goes.

use super::state::{Instructions, Moment, Reason, Timeline};
use crate::error::Result;
use crate::process::{Event, Process, Traps};
use crate::watch::{Kind, Watch};

/// More instructions than straight code between two ticks has.
const MOST: usize = 1 << 20;

impl Timeline {
    /// Steps back by an instruction. If it changed a watched place, that is why the program stops.
    pub fn step_back(&mut self) -> Result<Reason> {
        let Some(moment) = self.before(self.here)? else {
            return Ok(Reason::Begin);
        };
        let after = self.watched()?;
        self.seek(moment)?;
        let before = self.watched()?;
        let changed = after.iter().zip(before).position(|(a, b)| *a != b);
        Ok(match (moment, changed) {
            (_, Some(watch)) => self.access_to(watch, None),
            (Moment::Start, None) => Reason::Begin,
            (_, None) => Reason::Step,
        })
    }

    /// The bytes of the places that are watched for writes; none of others.
    fn watched(&self) -> Result<Vec<Vec<u8>>> {
        let process = self.shown()?;
        let bytes = |it: &Watch| {
            let is_write = it.kind == Kind::Write;
            let mut bytes = vec![0; if is_write { it.length as usize } else { 0 }];
            process.read_some(it.address, &mut bytes);
            bytes
        };
        Ok(self.traps.watches.iter().map(bytes).collect())
    }

    /// The moment before another; none before the start.
    pub(super) fn before(&mut self, moment: Moment) -> Result<Option<Moment>> {
        let (tick, pc) = match moment {
            Moment::Start => return Ok(None),
            Moment::At { tick, pc } => (tick, Some(pc)),
            Moment::Said { tick, .. } => (tick, None),
        };
        if tick == 0 {
            return Ok(Some(Moment::Start));
        }
        let addresses = self.instructions_of(tick, pc)?;
        let at = pc.and_then(|pc| addresses.iter().position(|it| *it == pc));
        let before = match at {
            Some(0) => None,
            Some(at) => Some(addresses[at - 1]),
            None => addresses.last().copied(),
        };
        if let Some(pc) = before {
            return Ok(Some(Moment::At { tick, pc }));
        }
        if tick == 1 {
            return Ok(Some(Moment::Start));
        }
        let last = self.instructions_of(tick - 1, None)?.last().copied();
        Ok(last.map(|pc| Moment::At { tick: tick - 1, pc }))
    }

    /// The instructions of a tick, at least up to one of them.
    pub(super) fn instructions_of(&mut self, tick: u64, up_to: Option<u64>) -> Result<&[u64]> {
        let is_known = |it: &Instructions| {
            it.tick == tick && up_to.is_some_and(|pc| it.addresses.contains(&pc))
        };
        if !self.instructions.as_ref().is_some_and(is_known) {
            let addresses = loop {
                let mut process = self.process_at_tick(tick)?;
                self.keep_near(tick, &mut process)?;
                if let Some(addresses) = self.follow(&mut process, tick, up_to)? {
                    break addresses;
                }
                self.interrupt.postpone();
            };
            self.instructions = Some(Instructions { tick, addresses });
        }
        Ok(self.instructions.as_ref().map_or(&[], |it| &it.addresses))
    }

    /// The instructions from where a process is; `None` if it was interrupted.
    fn follow(
        &mut self,
        process: &mut Process,
        tick: u64,
        up_to: Option<u64>,
    ) -> Result<Option<Vec<u64>>> {
        let mut addresses = vec![process.pc()?];
        while addresses.len() < MOST && addresses.last().copied() != up_to {
            match self.step(process, &Traps::default())? {
                Event::Stepped if process.tick(&self.control)? == tick => {}
                Event::Interrupted => return Ok(None),
                _ => break,
            }
            addresses.push(process.pc()?);
        }
        Ok(Some(addresses))
    }
}

//! A process that replays: it runs to a tick, to a breakpoint, to a watched access, or by one instruction of the program.

use crate::control::{Control, Stop, Word};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::tracee::{General, Tracee, Wait};
use crate::watch::{self, Kind, Watch};
use std::collections::BTreeSet;

const BREAKPOINT: u8 = 0xcc;
/// Instructions that count a tick, with some to spare.
const MOST_OF_TICK: usize = 16;

/// The reason for which a process stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The tick that was asked for has begun.
    Tick,
    /// The instruction that was asked for has been executed.
    Stepped,
    /// A breakpoint is at the program counter.
    Break(u64),
    /// Places were accessed, by the instruction before or by the host.
    Watch(Vec<usize>),
    /// A signal is about to be delivered: a trap of the program.
    Signal(i32),
    /// The process says something.
    Said(Stop),
    /// It exited with a code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// The debugger asked for a stop.
    Interrupted,
}

/// The places where a run ends.
#[derive(Default, Clone)]
pub struct Traps {
    /// Addresses of code.
    pub breaks: BTreeSet<u64>,
    /// Watched places.
    pub watches: Vec<Watch>,
}

/// A process that replays, stopped.
pub struct Process {
    /// The process.
    pub tracee: Tracee,
    /// The values that watched places had when they were last looked at.
    seen: Vec<Vec<u8>>,
    has_watches: bool,
}

impl Process {
    /// A process that is ready.
    pub fn new(tracee: Tracee) -> Process {
        Process {
            tracee,
            seen: Vec::new(),
            has_watches: false,
        }
    }

    /// A fork.
    pub fn fork(&mut self) -> Result<Process> {
        Ok(Process {
            tracee: self.tracee.fork()?,
            seen: Vec::new(),
            has_watches: false,
        })
    }

    /// The tick.
    pub fn tick(&self, control: &Control) -> Result<u64> {
        control.tick(&self.tracee)
    }

    /// The program counter.
    pub fn pc(&self) -> Result<u64> {
        Ok(self.tracee.registers()?.rip)
    }

    /// Sets the tick at which it stops, after this one.
    fn count_to(&mut self, tick: Option<u64>, control: &Control) -> Result<()> {
        let next = self.tick(control)? + 1;
        control.set_stop_at(&self.tracee, tick.map(|tick| tick.max(next)))
    }

    /// Runs to a tick at most. A breakpoint where the process is does not stop it.
    pub fn run(
        &mut self,
        until: Option<u64>,
        traps: &Traps,
        control: &Control,
        interrupt: &Interrupt,
    ) -> Result<Event> {
        self.look(&traps.watches);
        let mut pc = self.pc()?;
        loop {
            if traps.breaks.contains(&pc) {
                let event = self.step(&traps.watches, control, interrupt)?;
                if event != Event::Stepped {
                    return Ok(event);
                }
                pc = self.pc()?;
                if until.is_some_and(|until| self.tick(control).is_ok_and(|it| it >= until)) {
                    return Ok(Event::Tick);
                }
                if traps.breaks.contains(&pc) {
                    return Ok(Event::Break(pc));
                }
            }
            self.count_to(until, control)?;
            match self.go(0, traps, control, interrupt)? {
                // The value is what it was.
                Event::Watch(hits) if self.changed(&hits, &traps.watches).is_empty() => {
                    pc = self.pc()?;
                    if traps.breaks.contains(&pc) {
                        return Ok(Event::Break(pc));
                    }
                }
                event => return Ok(event),
            }
        }
    }

    /// Delivers a signal that has stopped the process, or resumes it where it has said something.
    pub fn deliver(
        &mut self,
        signal: i32,
        traps: &Traps,
        control: &Control,
        interrupt: &Interrupt,
    ) -> Result<Event> {
        self.look(&traps.watches);
        self.count_to(None, control)?;
        self.go(signal, traps, control, interrupt)
    }

    /// Runs with breakpoints in the code, which are taken out again.
    fn go(
        &mut self,
        signal: i32,
        traps: &Traps,
        control: &Control,
        interrupt: &Interrupt,
    ) -> Result<Event> {
        if self.has_watches || !traps.watches.is_empty() {
            watch::set(&self.tracee, &traps.watches)?;
            self.has_watches = !traps.watches.is_empty();
        }
        let mut covered = Vec::new();
        for address in &traps.breaks {
            let mut byte = [0];
            // What is not mapped cannot be executed either.
            if self.tracee.read(*address, &mut byte).is_ok() && byte[0] != BREAKPOINT {
                self.tracee.write(*address, &[BREAKPOINT])?;
                covered.push((*address, byte));
            }
        }
        let event = self.resume(signal, &covered, traps, control, interrupt);
        for (address, byte) in covered {
            // Nothing is there when the process has ended.
            let _ = self.tracee.write(address, &byte);
        }
        event
    }

    fn resume(
        &mut self,
        mut signal: i32,
        covered: &[(u64, [u8; 1])],
        traps: &Traps,
        control: &Control,
        interrupt: &Interrupt,
    ) -> Result<Event> {
        loop {
            if !interrupt.begin(self.tracee.pid()) {
                interrupt.end();
                return Ok(Event::Interrupted);
            }
            self.tracee.resume(signal)?;
            let how = self.tracee.wait();
            interrupt.end();
            let stopped = match how? {
                Wait::Exited(code) => return Ok(Event::Exited(code)),
                Wait::Killed(signal) => return Ok(Event::Killed(signal)),
                Wait::Stopped(status) => status & 0xff,
            };
            signal = 0;
            match stopped {
                libc::SIGSTOP if interrupt.is_asked() => return Ok(Event::Interrupted),
                // Of a Ctrl-C that came too late.
                libc::SIGSTOP => {}
                libc::SIGTRAP => return self.trapped(covered, traps, control),
                other => return Ok(Event::Signal(other)),
            }
        }
    }

    /// Tells apart what stops with SIGTRAP.
    fn trapped(
        &mut self,
        covered: &[(u64, [u8; 1])],
        traps: &Traps,
        control: &Control,
    ) -> Result<Event> {
        let mut registers = self.tracee.registers()?;
        let before = registers.rip.wrapping_sub(1);
        let hits = watch::hits(&self.tracee, &traps.watches)?;
        if !hits.is_empty() {
            return Ok(Event::Watch(hits));
        }
        if covered.iter().any(|(address, _)| *address == before) {
            registers.rip = before;
            self.tracee.set_registers(&registers)?;
            return Ok(Event::Break(before));
        }
        let mut byte = [0];
        self.tracee.read(before, &mut byte)?;
        if byte[0] != BREAKPOINT {
            return Ok(Event::Signal(libc::SIGTRAP));
        }
        if control.is_guest(before) && self.tick(control)? == control.stop_at(&self.tracee)? {
            self.follow_jumps()?;
            return Ok(Event::Tick);
        }
        Ok(Stop::of(&registers).map_or(Event::Signal(libc::SIGTRAP), Event::Said))
    }

    /// Goes to where the instructions that count a tick end, whichever way they came: both ways go by jumps.
    fn follow_jumps(&mut self) -> Result<()> {
        for _ in 0..MOST_OF_TICK {
            let code = self.code(self.pc()?)?;
            if !matches!(code[0], 0xe9 | 0xeb) {
                break;
            }
            self.tracee.step()?;
        }
        Ok(())
    }

    fn code(&self, pc: u64) -> Result<[u8; 2]> {
        let mut code = [0; 2];
        self.tracee.read(pc, &mut code)?;
        Ok(code)
    }

    /// Executes one instruction of the program. The instructions that count a tick are one, and so is a call of the host with the
    /// instruction that enters it. From the host, it runs to the next tick.
    pub fn step(
        &mut self,
        watches: &[Watch],
        control: &Control,
        interrupt: &Interrupt,
    ) -> Result<Event> {
        let traps = Traps {
            breaks: BTreeSet::new(),
            watches: watches.to_vec(),
        };
        let before = self.tracee.registers()?;
        let tick = self.tick(control)?;
        if !control.is_guest(before.rip) {
            self.count_to(Some(tick + 1), control)?;
            let event = self.go(0, &traps, control, interrupt)?;
            return Ok(match event {
                Event::Tick => Event::Stepped,
                event => event,
            });
        }
        self.count_to(None, control)?;
        if self.has_watches || !watches.is_empty() {
            watch::set(&self.tracee, watches)?;
            self.has_watches = !watches.is_empty();
        }
        if self.seen.len() != watches.len() {
            self.look(watches);
        }
        if let Some(event) = self.single()? {
            return Ok(event);
        }
        let after = self.tracee.registers()?;
        let mut hits = watch::hits(&self.tracee, watches)?;
        if !control.is_guest(after.rip) {
            let outside =
                self.leave_host(&before, &after, &traps, control, interrupt, &mut hits)?;
            if let Some(event) = outside {
                return Ok(event);
            }
        } else if self.tick(control)? != tick
            && let Some(event) = self.end_of_tick()?
        {
            return Ok(event);
        }
        let hits = self.changed(&hits, watches);
        Ok(match hits.is_empty() {
            true => Event::Stepped,
            false => Event::Watch(hits),
        })
    }

    /// One instruction of the machine; an event if it is not just executed.
    fn single(&mut self) -> Result<Option<Event>> {
        loop {
            match self.tracee.step()? {
                Wait::Exited(code) => return Ok(Some(Event::Exited(code))),
                Wait::Killed(signal) => return Ok(Some(Event::Killed(signal))),
                Wait::Stopped(status) => match status & 0xff {
                    libc::SIGTRAP => return Ok(None),
                    libc::SIGSTOP => {}
                    signal => return Ok(Some(Event::Signal(signal))),
                },
            }
        }
    }

    /// The tick has been counted: goes by the comparison behind it.
    fn end_of_tick(&mut self) -> Result<Option<Event>> {
        for _ in 0..MOST_OF_TICK {
            let code = self.code(self.pc()?)?;
            if let Some(event) = self.single()? {
                return Ok(Some(event));
            }
            // jcc with 8 or 32 bits.
            if code[0] & 0xf0 == 0x70 || (code[0] == 0x0f && code[1] & 0xf0 == 0x80) {
                self.follow_jumps()?;
                break;
            }
        }
        Ok(None)
    }

    /// Runs from the first instruction of the host to where it returns; an event if it does not.
    fn leave_host(
        &mut self,
        before: &General,
        after: &General,
        traps: &Traps,
        control: &Control,
        interrupt: &Interrupt,
        hits: &mut Vec<usize>,
    ) -> Result<Option<Event>> {
        let mut back = Traps {
            watches: traps.watches.clone(),
            ..Traps::default()
        };
        let to = self.tracee.word(after.rsp)?;
        let is_call = after.rsp < before.rsp && control.is_guest(to);
        let mut until = None;
        match is_call {
            true => _ = back.breaks.insert(to),
            // A return to the host: what comes next is the next tick.
            false => until = Some(self.tick(control)? + 1),
        }
        loop {
            self.count_to(until, control)?;
            match self.go(0, &back, control, interrupt)? {
                Event::Watch(more) => hits.extend(more),
                Event::Tick => return Ok(None),
                Event::Break(at) if self.tracee.registers()?.rsp > after.rsp => {
                    debug_assert_eq!(at, to);
                    return Ok(None);
                }
                // Another call that has the same place to return to, deeper on the stack.
                Event::Break(_) => _ = self.single()?,
                event => return Ok(Some(event)),
            }
        }
    }

    /// Notes the values of watched places.
    fn look(&mut self, watches: &[Watch]) {
        let value = |it: &Watch| {
            let mut bytes = vec![0; it.length as usize];
            self.tracee.read_some(it.address, &mut bytes);
            bytes
        };
        self.seen = watches.iter().map(value).collect();
    }

    /// Those of the places whose values have changed since the last question, or that are watched for reads.
    fn changed(&mut self, hits: &[usize], watches: &[Watch]) -> Vec<usize> {
        let seen = std::mem::take(&mut self.seen);
        self.look(watches);
        let is_new = |hit: &usize| {
            watches[*hit].kind != Kind::Write || seen.get(*hit) != self.seen.get(*hit)
        };
        let mut hits: Vec<_> = hits.iter().copied().filter(is_new).collect();
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    /// Tells a process of the first call whose output has not been written yet.
    pub fn silence(&self, below: u64, control: &Control) -> Result<()> {
        control.set_word(&self.tracee, Word::SilentBelow, below)
    }

    /// The error for a process that did not do as before.
    pub fn lost(&self, control: &Control) -> Error {
        let tick = self.tick(control).unwrap_or(0);
        Error::Lost { tick }
    }
}

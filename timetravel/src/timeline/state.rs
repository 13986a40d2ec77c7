//! The state of a run, and what all ways through it need.

use super::checkpoints::Checkpoints;
use crate::control::{Control, Stop, Word};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::process::{Event, Process, Traps};
use crate::scratch::Scratch;
use crate::tracee::{General, Tracee, Wait};
use crate::watch::Kind;
use std::process::Command;
use std::sync::Arc;

/// A moment of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of the program has run.
    Start,
    /// An instruction of the program is next.
    At {
        /// The tick.
        tick: u64,
        /// The instruction's address.
        pc: u64,
    },
    /// The process said something, in the host: the recording ends, mostly.
    Said {
        /// The tick.
        tick: u64,
        /// The reason.
        stop: Stop,
    },
}

impl Moment {
    /// The tick; 0 at the start.
    pub fn tick(self) -> u64 {
        match self {
            Moment::Start => 0,
            Moment::At { tick, .. } | Moment::Said { tick, .. } => tick,
        }
    }
}

/// The reason for which the debugger is told that the program stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A step is done.
    Step,
    /// A breakpoint.
    Break,
    /// A watched place.
    Watch(Access),
    /// A signal.
    Signal(i32),
    /// The start.
    Begin,
    /// The end.
    End,
    /// The process ended with a code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// An access to a watched place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The debugger's address of the place.
    pub asked: u64,
    /// The accesses that the place is watched for.
    pub kind: Kind,
    /// The call of the host that made it.
    pub call: Option<String>,
}

/// The run, with the process that the debugger sees.
pub struct Timeline {
    /// Stops that are asked for.
    pub traps: Traps,
    /// The addresses that the process and we agree on.
    pub control: Control,
    /// Memory for the debugger.
    pub scratch: Scratch,
    pub(super) here: Moment,
    /// The process at `here`; none when it has ended.
    pub(super) now: Option<Process>,
    /// The moment at which a signal stopped the program.
    pub(super) trap: Option<(Moment, i32)>,
    /// The process that records, where one does.
    pub(super) newest: Option<Newest>,
    /// The change that the debugger made at `here`.
    pub(super) change: Option<Change>,
    pub(super) checkpoints: Checkpoints,
    pub(super) instructions: Option<Instructions>,
    silent_below: u64,
    pub(super) interrupt: Arc<Interrupt>,
}

/// The process that records.
pub(super) struct Newest {
    /// The process.
    pub process: Process,
    /// The moment that it is at.
    pub moment: Moment,
    /// It waits in a call of the host: its moment is where a replay has no more.
    pub is_calling: bool,
}

impl Newest {
    /// The newest process of a run that is about to begin, if it is to be recorded. `first` replays from then on.
    pub fn at_start(first: &mut Process, control: &Control) -> Result<Option<Newest>> {
        if control.word(&first.tracee, Word::Live)? == 0 {
            return Ok(None);
        }
        let process = first.fork()?;
        control.set_word(&first.tracee, Word::Live, 0)?;
        Ok(Some(Newest {
            process,
            moment: Moment::Start,
            is_calling: false,
        }))
    }
}

/// The instructions of a tick.
pub(super) struct Instructions {
    /// The tick.
    pub tick: u64,
    /// Their addresses, from its beginning.
    pub addresses: Vec<u64>,
}

/// A change of the process that is shown, which is not part of the recording.
pub(super) struct Change {
    /// The registers before it.
    pub registers: General,
    /// Something was written to memory, or vector registers.
    pub is_memory: bool,
}

impl Timeline {
    /// Starts a process, and runs it until it is ready to replay.
    pub fn start(command: &mut Command, interrupt: Arc<Interrupt>) -> Result<Timeline> {
        let mut tracee = Tracee::spawn(command)?;
        let block = ready(&mut tracee)?;
        tracee.prepare_forks()?;
        let control = Control::read(&tracee, block)?;
        let scratch = Scratch::new(&mut tracee)?;
        let mut first = Process::new(tracee);
        let newest = Newest::at_start(&mut first, &control)?;
        let now = first.fork()?;
        let silent_below = control.word(&now.tracee, Word::SilentBelow)?;
        Ok(Timeline {
            traps: Traps::default(),
            control,
            scratch,
            here: Moment::Start,
            now: Some(now),
            trap: None,
            newest,
            change: None,
            checkpoints: Checkpoints::new(first),
            instructions: None,
            silent_below,
            interrupt,
        })
    }

    /// The number by which debuggers know the process: the first one's, which waits at the start.
    pub fn pid(&self) -> i32 {
        self.checkpoints.first.tracee.pid()
    }

    /// The debugger's wish that the program stops.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// The process that is shown.
    pub fn shown(&self) -> Result<&Tracee> {
        let now = self.now.as_ref().map(|it| &it.tracee);
        now.ok_or(Error::Ended("it is gone; `run` goes to the start"))
    }

    /// The moment that is shown.
    pub fn here(&self) -> Moment {
        self.here
    }

    /// The ticks of all checkpoints that are kept.
    pub fn checkpoints(&self) -> Vec<u64> {
        self.checkpoints.ticks()
    }

    /// The process that is shown, to be changed: the change is thrown away when the recording goes on from here.
    pub fn to_change(&mut self, is_memory: bool) -> Result<&Tracee> {
        let registers = self.shown()?.registers()?;
        let change = self.change.get_or_insert(Change {
            registers,
            is_memory: false,
        });
        change.is_memory |= is_memory;
        self.shown()
    }

    /// Returns true if the debugger is in a call of a function that it has begun: the program counter is elsewhere.
    pub fn is_in_call(&self) -> bool {
        let pc = self.shown().and_then(Tracee::registers).map(|it| it.rip);
        (self.change.as_ref()).is_some_and(|it| pc.is_ok_and(|pc| pc != it.registers.rip))
    }

    /// An access to a watched place, by its number, of the program or of a call of the host.
    pub(super) fn access_to(&self, watch: usize, call: Option<String>) -> Reason {
        let watch = &self.traps.watches[watch];
        Reason::Watch(Access {
            asked: watch.asked,
            kind: watch.kind,
            call,
        })
    }

    /// The process to be run, told what has been written already.
    pub(super) fn run(
        &mut self,
        process: &mut Process,
        until: Option<u64>,
        traps: &Traps,
    ) -> Result<Event> {
        process.silence(self.silent_below, &self.control)?;
        let event = process.run(until, traps, &self.control, &self.interrupt);
        self.note_output(process);
        event
    }

    /// Executes one instruction of the program.
    pub(super) fn step(&mut self, process: &mut Process, traps: &Traps) -> Result<Event> {
        process.silence(self.silent_below, &self.control)?;
        let event = process.step(&traps.watches, &self.control, &self.interrupt);
        self.note_output(process);
        event
    }

    fn note_output(&mut self, process: &Process) {
        let written = self.control.word(&process.tracee, Word::SilentBelow);
        self.silent_below = self.silent_below.max(written.unwrap_or(0));
    }

    /// The moment of a process, which stopped with an event.
    pub(super) fn moment(&self, process: &Process, event: &Event) -> Result<Moment> {
        let tick = process.tick(&self.control)?;
        let pc = process.pc()?;
        Ok(match event {
            Event::Said(stop) => Moment::Said { tick, stop: *stop },
            _ => Moment::At { tick, pc },
        })
    }
}

/// Runs a process until it is ready; the address of its control block.
fn ready(tracee: &mut Tracee) -> Result<u64> {
    let mut signal = 0;
    loop {
        tracee.resume(signal)?;
        match tracee.wait()? {
            Wait::Exited(code) => {
                return Err(Error::NotReady(format!("exited with {code}")));
            }
            Wait::Killed(signal) => {
                return Err(Error::NotReady(format!("was ended by signal {signal}")));
            }
            Wait::Stopped(status) if status == libc::SIGTRAP => {
                let registers = tracee.registers()?;
                if Stop::of(&registers) == Some(Stop::Ready) {
                    return Ok(registers.rsi);
                }
                signal = libc::SIGTRAP;
            }
            Wait::Stopped(status) => signal = status,
        }
    }
}

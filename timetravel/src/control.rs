//! The words by which a process that replays and this server know of each other.

use crate::error::{Error, Result};
use crate::tracee::{General, Tracee};
use std::ops::Range;

/// The value of rax where the process stops for the server: "dwalinTT".
pub const MAGIC: u64 = 0x5454_6e69_6c61_7764;
const VERSION: u64 = 2;
/// The number of ticks at the start, in the process: no address is as large.
const FIRST_TICK: u64 = 1 << 63;
const MOST_TEXT: u64 = 1 << 16;

/// A stop that the process makes for the server, by a breakpoint instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All is in place, and nothing of the program has run.
    Ready,
    /// The recording ends here.
    End,
    /// A function of the host failed for good.
    HostError,
    /// The run is another than the one that was recorded.
    Diverged,
}

impl Stop {
    /// The stop that registers tell of.
    pub fn of(registers: &General) -> Option<Stop> {
        let kind = (registers.rax == MAGIC).then_some(registers.rdi)?;
        [Self::Ready, Self::End, Self::HostError, Self::Diverged]
            .get(kind as usize)
            .copied()
    }
}

/// The addresses of the words of the control block, which stay the same.
#[derive(Clone, Debug)]
pub struct Control {
    block: u64,
    /// The address of the number of ticks.
    ticks: u64,
    /// The address of the tick at which the process stops.
    stop_at: u64,
    /// The base of the program's memory, 0 without one.
    pub memory_base: u64,
    /// Bytes there.
    pub memory_length: u64,
    text: Vec<Range<u64>>,
}

/// The words of the block that change, by their numbers.
#[derive(Clone, Copy)]
pub enum Word {
    /// Calls of the host that have been completed.
    Calls = 7,
    /// The address of the name of the call in progress.
    CallName = 8,
    /// The length of that name.
    CallNameLength = 9,
    /// The first call whose output has not been written yet.
    SilentBelow = 10,
    /// The address of a message about a divergence.
    Message = 13,
    /// The length of it.
    MessageLength = 14,
    /// Not zero in a process whose calls are made where the recording ends.
    Live = 15,
    /// Not zero in a process that runs a function for the debugger, which the recording has nothing of.
    Diverted = 17,
    /// The address of the name of a call that was refused to such a function.
    Refused = 18,
    /// The length of that name.
    RefusedLength = 19,
}

impl Control {
    /// Reads the block of a process that is ready.
    pub fn read(tracee: &Tracee, block: u64) -> Result<Control> {
        let word = |number: u64| tracee.word(block + 8 * number);
        if word(0)? != MAGIC || word(1)? != VERSION {
            return Err(Error::NotReady("is of another version".to_owned()));
        }
        let (text, count) = (word(3)?, word(4)?.min(MOST_TEXT));
        let range = |number: u64| -> Result<Range<u64>> {
            let at = text + 16 * number;
            Ok(tracee.word(at)?..tracee.word(at + 8)?)
        };
        let mut text: Vec<_> = (0..count).map(range).collect::<Result<_>>()?;
        text.sort_unstable_by_key(|it| it.start);
        Ok(Control {
            block,
            ticks: word(2)?,
            stop_at: word(2)? + 8,
            memory_base: word(5)?,
            memory_length: word(6)?,
            text,
        })
    }

    /// The number of ticks: in a register, where the program's code runs and has it there.
    pub fn tick(&self, tracee: &Tracee) -> Result<u64> {
        let registers = tracee.registers()?;
        let number = match self.is_guest(registers.rip) && registers.r15 >= FIRST_TICK {
            true => registers.r15,
            false => tracee.word(self.ticks)?,
        };
        Ok(number.wrapping_sub(FIRST_TICK))
    }

    /// The tick at which the process stops.
    pub fn stop_at(&self, tracee: &Tracee) -> Result<u64> {
        Ok(tracee.word(self.stop_at)?.wrapping_sub(FIRST_TICK))
    }

    /// Sets the tick at which the process stops; `None` for none.
    pub fn set_stop_at(&self, tracee: &Tracee, tick: Option<u64>) -> Result<()> {
        let number = tick.map_or(u64::MAX, |tick| tick | FIRST_TICK);
        tracee.write(self.stop_at, &number.to_le_bytes())
    }

    /// Returns true if an address is of the program's code.
    pub fn is_guest(&self, pc: u64) -> bool {
        let after = self.text.partition_point(|it| it.start <= pc);
        after > 0 && self.text[after - 1].contains(&pc)
    }

    /// A word that changes.
    pub fn word(&self, tracee: &Tracee, word: Word) -> Result<u64> {
        tracee.word(self.block + 8 * word as u64)
    }

    /// Sets a word.
    pub fn set_word(&self, tracee: &Tracee, word: Word, value: u64) -> Result<()> {
        tracee.write(self.block + 8 * word as u64, &value.to_le_bytes())
    }

    /// The name of the call of the host that is in progress.
    pub fn call_name(&self, tracee: &Tracee) -> Option<String> {
        self.text_at(tracee, Word::CallName, Word::CallNameLength)
    }

    /// The name of a call that a function of the debugger's made, and that was refused.
    pub fn refused(&self, tracee: &Tracee) -> Option<String> {
        self.text_at(tracee, Word::Refused, Word::RefusedLength)
    }

    /// The message about a divergence.
    pub fn message(&self, tracee: &Tracee) -> Option<String> {
        self.text_at(tracee, Word::Message, Word::MessageLength)
    }

    fn text_at(&self, tracee: &Tracee, at: Word, length: Word) -> Option<String> {
        const LONGEST: u64 = 4096;
        let at = self.word(tracee, at).ok().filter(|at| *at != 0)?;
        let length = self.word(tracee, length).ok()?.min(LONGEST);
        let mut bytes = vec![0; length as usize];
        tracee.read(at, &mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The process's address of what a debugger has at an address: the program's own are below its memory's size.
    pub fn address(&self, asked: u64) -> u64 {
        match self.memory_base != 0 && asked < self.memory_length {
            true => self.memory_base + asked,
            false => asked,
        }
    }
}

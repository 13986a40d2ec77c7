//! A program's run with a recording: it is written, or it is what calls return.

use super::control::{Control, State, Stop};
use super::entry::{Call, End, Ended, Entry, Growth, Outcome};
use super::log::{Log, LogError, Tail};
use std::error::Error;
use std::fmt;

/// The effects of a call of the host that are to be recorded when it has ended.
pub(crate) enum Write {
    /// Bytes of a memory, by its place in the instance.
    Memory { memory: u32, at: u64, len: u64 },
    /// Any bytes of a memory, which had these before.
    Whole { memory: u32, before: Vec<u8> },
    /// A global, by its place in the instance.
    Global { global: u32 },
    /// Output on a standard stream.
    #[cfg(feature = "wasi")]
    Output { stream: u8, bytes: Vec<u8> },
}

/// A run that is another than the recorded one.
#[derive(Debug)]
pub(crate) struct Divergence {
    /// The number of the call, from 0.
    pub call: u64,
    /// The program's entry.
    pub now: String,
    /// The recorded entry.
    pub recorded: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence {
            call,
            now,
            recorded,
        } = self;
        write!(
            f,
            "the program does not do what was recorded, at call {call} of its imports: it {now}, and {recorded} in the recording"
        )
    }
}

impl Error for Divergence {}

/// Why there is no recorded call to answer with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The recording could not be read.
    Log(LogError),
    /// The recording has no more, and no end either.
    CutOff { calls: u64, tail: Tail },
    /// The recorded program ran out of stack before the call.
    StackOverflow,
    /// A host function did something that cannot be recorded.
    Unrecordable(&'static str),
    /// The host function failed when it was recorded, with this message.
    Recorded(String),
    /// It was called by a function that a debugger called.
    Diverted,
    /// The run is only looked at, and was stopped.
    Stopped(Stopped),
}

/// The reason for which a run that is looked at was stopped in a call of an import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// The program exited with a code.
    Exited(i32),
    /// The recording ends, after so many calls.
    CutOff(u64),
    /// The call is about to write to the place that is watched.
    Written,
    /// The run is another than the recorded one.
    Diverged,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Exited(code) => write!(f, "the program exited with code {code}"),
            Stopped::CutOff(calls) => {
                write!(f, "the recording ends here, after {calls} calls of imports")
            }
            Stopped::Written => f.write_str("the call writes to the watched place"),
            Stopped::Diverged => f.write_str("the program does not do what was recorded"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Log(error) => write!(f, "cannot read the recording: {error}"),
            Failure::CutOff { calls, tail } => {
                write!(f, "the recording ends here, after {calls} calls of imports")?;
                match tail {
                    Tail::Clean => f.write_str(": the program did not end by itself"),
                    Tail::Torn(at) => {
                        write!(f, ": of the next, at byte {at}, there is only a part")
                    }
                    Tail::Damaged(at) => write!(f, ": what follows, at byte {at}, is damaged"),
                }
            }
            Failure::StackOverflow => {
                f.write_str("the program ran out of stack here when it was recorded")
            }
            Failure::Unrecordable(what) => write!(f, "{what} cannot be recorded"),
            Failure::Recorded(message) => f.write_str(message),
            Failure::Diverted => {
                f.write_str("the recording has nothing of a call from the debugger")
            }
            Failure::Stopped(stopped) => stopped.fmt(f),
        }
    }
}

impl Error for Failure {}

/// The answer to a call of an import.
pub(crate) enum Answer {
    /// The call is to be made.
    Make,
    /// This was recorded of a call.
    Call(Call),
    /// This was recorded instead of a call.
    Other(Entry),
}

/// A program's run with a recording.
pub(crate) struct Session {
    log: Log,
    /// False where the recording could not be written on.
    is_written: bool,
    /// True if the process that records is one of several.
    has_newest: bool,
    control: Box<Control>,
    is_traced: bool,
    has_stopped_at_end: bool,
    /// True if nothing is written, and guests stay where calls end the program.
    is_looked_at: bool,
    stopped: Option<Stopped>,
    /// The names of imported functions, by number.
    names: Vec<String>,
    is_calling: bool,
    writes: Vec<Write>,
    unrecordable: Option<&'static str>,
    divergence: Option<Divergence>,
    /// The code of guests, as the server reads it.
    text: Box<[u64; 2]>,
}

impl Session {
    /// A run that is recorded, or answered from a recording.
    pub(crate) fn new(log: Log, is_recorded: bool, is_traced: bool) -> Session {
        Session {
            log,
            is_written: true,
            has_newest: is_recorded,
            control: Control::new(is_recorded),
            is_traced,
            has_stopped_at_end: false,
            is_looked_at: false,
            stopped: None,
            names: Vec::new(),
            is_calling: false,
            writes: Vec::new(),
            unrecordable: None,
            divergence: None,
            text: Box::new([0; 2]),
        }
    }

    /// Has the run say nothing, and calls fail that would end the program.
    pub(crate) fn look(&mut self) {
        self.is_looked_at = true;
        self.control.silent_below.set(u64::MAX);
    }

    pub(crate) fn is_looked_at(&self) -> bool {
        self.is_looked_at
    }

    pub(crate) fn stopped(&self) -> Option<Stopped> {
        self.stopped
    }

    /// Notes why a run that is looked at is stopped.
    pub(crate) fn stop(&mut self, why: Stopped) -> Failure {
        self.stopped = Some(why);
        Failure::Stopped(why)
    }

    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    /// Returns true if a debugger's server traces the process.
    pub(crate) fn is_traced(&self) -> bool {
        self.is_traced
    }

    /// Returns true if calls are made and recorded now.
    pub(crate) fn is_live(&self) -> bool {
        self.control.is_live()
    }

    /// Returns true while a function runs that a debugger has called.
    pub(crate) fn is_diverted(&self) -> bool {
        self.control.is_diverted()
    }

    /// Refuses an import to a function that a debugger has called; one that is not told so by a result ends there.
    pub(crate) fn refuse(&mut self, function: u32, can_go_on: bool) {
        if let Some(name) = self.names.get(function as usize) {
            self.control.refuse(name);
        }
        if !can_go_on {
            self.control.stop(Stop::HostError);
        }
    }

    /// Takes the names of imported functions, and where the code of guests is. The process stops, if it is traced, before anything of the
    /// program has run.
    pub(crate) fn ready(&mut self, names: Vec<String>, text: [u64; 2]) {
        self.names = names;
        *self.text = text;
        self.control.text.set(self.text.as_ptr() as u64);
        self.control.text_count.set(1);
        self.control.log_end.set(self.log.offset());
        if self.is_traced {
            self.control.stop(Stop::Ready);
        }
    }

    /// The name of an imported function.
    pub(crate) fn name(&self, function: u32) -> &str {
        let name = self.names.get(function as usize);
        name.map_or("a function that it does not import", |name| name)
    }

    /// A call of an import begins.
    ///
    /// # Errors
    /// A call from within another, and a run that has diverged before.
    pub(crate) fn enter(&mut self, function: u32) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.is_calling {
            return Err(Box::new(Failure::Unrecordable(
                "a host function that calls the program back",
            )));
        }
        if let Some(divergence) = self.divergence.take() {
            return Err(Box::new(self.diverged(divergence)));
        }
        self.is_calling = true;
        self.writes.clear();
        self.unrecordable = None;
        self.control.enter_call(
            self.names
                .get(function as usize)
                .map_or("", |name| name.as_str()),
        );
        Ok(())
    }

    /// The call has ended.
    pub(crate) fn leave(&mut self) {
        self.is_calling = false;
        self.control.leave_call();
    }

    /// The way in which a call is carried out.
    ///
    /// # Errors
    /// A recording that has no more.
    pub(crate) fn answer(&mut self) -> Result<Answer, Failure> {
        if self.is_live() {
            return Ok(Answer::Make);
        }
        let mut found = self.next()?;
        if found.is_none() && self.is_traced {
            self.end_at(match self.has_newest {
                true => State::Newest,
                false => State::CutOff,
            });
            if self.is_live() {
                return Ok(Answer::Make);
            }
            // More may have been appended.
            found = self.next()?;
        }
        match found {
            Some(Entry::Call(call)) => Ok(Answer::Call(call)),
            Some(other) => Ok(Answer::Other(other)),
            None => {
                let (calls, tail) = (self.control.calls.get(), self.log.tail());
                self.stopped = Some(Stopped::CutOff(calls));
                Err(Failure::CutOff { calls, tail })
            }
        }
    }

    /// The next entry of the recording.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Failure> {
        let next = self.log.next().map_err(Failure::Log);
        self.control.log_end.set(self.log.offset());
        next
    }

    /// Notes what the running call does, if it is to be recorded.
    pub(crate) fn note(&mut self, write: impl FnOnce() -> Write) {
        if self.is_calling && self.is_live() {
            self.writes.push(write());
        }
    }

    /// Notes that the running call does what cannot be recorded.
    pub(crate) fn note_unrecordable(&mut self, what: &'static str) {
        if self.is_calling && self.is_live() {
            self.unrecordable.get_or_insert(what);
        }
    }

    /// The effects of the running call.
    ///
    /// # Errors
    /// What cannot be recorded.
    pub(crate) fn take_writes(&mut self) -> Result<Vec<Write>, Failure> {
        match self.unrecordable.take() {
            Some(what) => Err(Failure::Unrecordable(what)),
            None => Ok(std::mem::take(&mut self.writes)),
        }
    }

    /// Appends an entry; the error the first time that it fails: the recording ends there.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<(), LogError> {
        if !self.is_written {
            return Ok(());
        }
        let appended = self.log.append(entry);
        self.is_written = appended.is_ok();
        self.control.log_end.set(self.log.offset());
        appended
    }

    /// The result of something that grows by so much: as `grow` does it, or as it was recorded.
    pub(crate) fn grow(
        &mut self,
        growth: Growth,
        delta: u64,
        grow: impl FnOnce() -> u64,
    ) -> (u64, Result<(), LogError>) {
        if self.is_diverted() {
            return (grow(), Ok(()));
        }
        if self.is_live() {
            let result = grow();
            return (result, self.append(&Entry::Growth(growth, delta, result)));
        }
        let now = |result: &str| format!("grows a {} by {delta}{result}", growth.kind());
        let found = match self.next() {
            Ok(Some(Entry::Growth(found, by, result))) if (found, by) == (growth, delta) => {
                let grown = match result {
                    u64::MAX => u64::MAX,
                    _ => grow(),
                };
                if grown != result {
                    self.diverges(now(", which fails here"), "it did".to_owned());
                }
                return (grown, Ok(()));
            }
            // The next call says so, if there is one.
            Ok(None) => return (grow(), Ok(())),
            Ok(Some(entry)) => self.described(&entry),
            Err(failure) => failure.to_string(),
        };
        self.diverges(now(""), found);
        (grow(), Ok(()))
    }

    /// Notes a divergence where nothing can fail.
    fn diverges(&mut self, now: String, recorded: String) {
        let call = self.control.calls.get();
        self.divergence.get_or_insert(Divergence {
            call,
            now,
            recorded,
        });
    }

    /// Describes an entry, in a sentence about the recorded program.
    pub(crate) fn described(&self, entry: &Entry) -> String {
        match entry {
            Entry::Call(call) => format!("it called {}", self.name(call.function)),
            Entry::Growth(growth, delta, _) => {
                format!("it grew a {} by {delta}", growth.kind())
            }
            Entry::End(_) => "it ended".to_owned(),
            Entry::Start(_) | Entry::Module(_) => "another program began".to_owned(),
        }
    }

    /// A call has ended in this way, and its number was this.
    pub(crate) fn count(&mut self, outcome: &Outcome) {
        self.control.calls.set(self.control.calls.get() + 1);
        match outcome {
            Outcome::Exited(code) if self.is_traced => {
                self.control.exit_code.set(*code as u32 as u64);
                self.end_at(State::Exited);
            }
            Outcome::Failed(_) if self.is_traced => self.control.stop(Stop::HostError),
            _ => {}
        }
    }

    fn end_at(&mut self, state: State) {
        self.has_stopped_at_end = state == State::Exited;
        self.control.state.set(state as u64);
        self.control.stop(Stop::End);
        self.control.state.set(State::Running as u64);
    }

    /// Shows a divergence to the server, before its message is printed.
    pub(crate) fn diverged(&mut self, divergence: Divergence) -> Divergence {
        self.stopped = Some(Stopped::Diverged);
        if self.is_traced {
            let message = divergence.to_string();
            self.control.message.set(message.as_ptr() as u64);
            self.control.message_len.set(message.len() as u64);
            self.control.stop(Stop::Diverged);
        }
        divergence
    }

    /// The program has ended. Records it, or compares it with the recording; the recorded exit code.
    ///
    /// # Errors
    /// A recording that has another end, or cannot be written.
    pub(crate) fn end(&mut self, end: &End) -> Result<Option<u8>, Box<dyn Error + Send + Sync>> {
        if self.is_live() {
            self.append(&Entry::End(end.clone()))?;
        }
        if self.is_traced && end.ended == Ended::Finished && !self.has_stopped_at_end {
            self.control.exit_code.set(end.exit_code.into());
            self.end_at(State::Exited);
        }
        if self.is_live() {
            return Ok(None);
        }
        if let Some(divergence) = self.divergence.take() {
            return Err(Box::new(divergence));
        }
        let recorded = match self.next()? {
            Some(Entry::End(found)) if found.ended == end.ended => {
                return Ok(Some(found.exit_code));
            }
            Some(Entry::End(found)) => format!("it {}", found.ended.verb()),
            Some(entry) => self.described(&entry),
            // It was killed, or damaged, where it might have ended by itself.
            None => return Ok(None),
        };
        // It has been said why.
        if end.ended == Ended::Failed {
            return Ok(None);
        }
        let call = self.control.calls.get();
        Err(Box::new(Divergence {
            call,
            now: end.ended.verb(),
            recorded,
        }))
    }
}

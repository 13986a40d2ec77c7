//! Commands that move the program, and the replies that say where it stopped.

use super::state::Server;
use crate::error::Result;
use crate::packet::{hex, number};
use crate::timeline::{Access, Moment, Reason};
use crate::watch::Kind;
use std::ops::Range;

/// A movement.
#[derive(Debug, PartialEq, Eq)]
pub enum Resume {
    /// Forwards, with a signal.
    Continue(i32),
    /// By an instruction, or while the program counter is in a range.
    Step(Range<u64>),
    /// Backwards.
    Back,
    /// Backwards by an instruction.
    StepBack,
}

/// The movement that a packet asks for.
pub fn parse(text: &str) -> Option<Resume> {
    let action = match text.strip_prefix("vCont;") {
        Some(actions) => {
            let first = actions.split(';').next()?;
            first.split(':').next()?
        }
        None => text,
    };
    let signal = |digits: &str| number(digits.split(';').next()?).map(|it| it as i32);
    let one = || Some(Resume::Step(0..0));
    match action {
        "bc" => return Some(Resume::Back),
        "bs" => return Some(Resume::StepBack),
        "c" => return Some(Resume::Continue(0)),
        "s" => return one(),
        _ => {}
    }
    let rest = action.get(1..)?;
    match action.as_bytes()[0] {
        b'C' => Some(Resume::Continue(signal(rest)?)),
        b'S' => one().filter(|_| signal(rest).is_some()),
        b'r' if text.starts_with("vCont;") => {
            let (start, end) = rest.split_once(',')?;
            Some(Resume::Step(number(start)?..number(end)?))
        }
        _ => None,
    }
}

/// Signals of the protocol (include/gdb/signals.def), and Linux's; the first 15 are the same but for a few.
const SIGNALS: [(i32, i32); 3] = [(10, libc::SIGBUS), (30, libc::SIGUSR1), (31, libc::SIGUSR2)];

fn to_protocol(signal: i32) -> i32 {
    let found = SIGNALS.iter().find(|it| it.1 == signal);
    found.map_or(signal, |it| it.0)
}

fn from_protocol(signal: i32) -> i32 {
    let found = SIGNALS.iter().find(|it| it.0 == signal);
    found.map_or(signal, |it| it.1)
}

impl Server {
    /// Moves the program; the reply.
    pub(super) fn resume(&mut self, how: Resume) -> Result<Vec<u8>> {
        self.timeline.interrupt().forget();
        let is_forward = !matches!(how, Resume::Back | Resume::StepBack);
        if self.timeline.is_in_call() && is_forward {
            let reason = self.timeline.run_call()?;
            self.say_refusal()?;
            return self.reply_to_stop(reason);
        }
        if self.timeline.discard()?
            && let Some(text) = self.changes()
        {
            self.say(text)?;
        }
        let reason = match how {
            Resume::StepBack => self.timeline.step_back()?,
            Resume::Back => self.timeline.go_back()?,
            // lldb refuses to go back from a signal that it would deliver, so it is told not to.
            Resume::Continue(0) => match self.timeline.signal().filter(|_| self.is_lldb) {
                Some(signal) => self.timeline.deliver(signal)?,
                None => self.timeline.go_on()?,
            },
            Resume::Continue(signal) => self.timeline.deliver(from_protocol(signal))?,
            Resume::Step(range) => self.timeline.step_forward(range)?,
        };
        self.reply_to_stop(reason)
    }

    fn reply_to_stop(&mut self, reason: Reason) -> Result<Vec<u8>> {
        self.last_stop = match reason {
            Reason::Exited(code) => format!("W{:02x}", code & 0xff).into_bytes(),
            Reason::Killed(signal) => format!("X{:02x}", to_protocol(signal)).into_bytes(),
            Reason::Step => self.stopped(5, ""),
            Reason::Break => self.stopped(5, "swbreak:;"),
            Reason::Begin => self.stopped(5, "replaylog:begin;"),
            Reason::End => {
                self.say_divergence()?;
                self.stopped(5, "replaylog:end;")
            }
            Reason::Signal(signal) => self.stopped(to_protocol(signal), ""),
            Reason::Watch(access) => self.accessed(access)?,
        };
        Ok(self.last_stop.clone())
    }

    /// The reply for an access, by the kind of the watchpoint (GDB's manual, "Stop Reply Packets").
    fn accessed(&self, access: Access) -> Result<Vec<u8>> {
        let (key, does) = match access.kind {
            Kind::Write => ("watch", "writes"),
            Kind::Read => ("rwatch", "reads or writes"),
            Kind::Access => ("awatch", "reads or writes"),
        };
        if let Some(call) = access.call {
            self.say(&format!("dwalin: the host {does} here: {call}"))?;
        }
        Ok(self.stopped(5, &format!("{key}:{:x};", access.asked)))
    }

    /// Says, once, that a function which the debugger called has called the host in vain.
    fn say_refusal(&mut self) -> Result<()> {
        let shown = self.timeline.shown();
        let refused = shown.ok().and_then(|it| self.timeline.control.refused(it));
        let Some(name) = refused.filter(|_| !self.said_refusal) else {
            return Ok(());
        };
        self.said_refusal = true;
        self.say(&format!(
            "dwalin: a function that is called from the debugger gets nothing of the host but output: {name} failed"
        ))
    }

    fn say_divergence(&self) -> Result<()> {
        let Moment::Said { .. } = self.timeline.here() else {
            return Ok(());
        };
        let tracee = self.timeline.shown()?;
        match self.timeline.control.message(tracee) {
            Some(message) => self.say(&format!("dwalin: {message}")),
            None => Ok(()),
        }
    }

    /// The reply for a stop by a signal, in the protocol's numbers.
    pub(super) fn stopped(&self, signal: i32, why: &str) -> Vec<u8> {
        let registers = self
            .timeline
            .shown()
            .and_then(crate::registers::Registers::read);
        let frame = registers.map(|mut it| it.of_frame()).unwrap_or_default();
        let frame: String = frame
            .into_iter()
            .map(|(number, bytes)| format!("{number:02x}:{};", hex(&bytes)))
            .collect();
        let pid = self.timeline.pid();
        let why = match (self.is_lldb, why) {
            // lldb has no such key.
            (true, "swbreak:;") => "reason:breakpoint;",
            (true, "") if signal == 5 => "reason:trace;",
            (_, why) => why,
        };
        format!("T{signal:02x}{why}thread:{pid:x};{frame}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movements_are_known() {
        assert_eq!(parse("vCont;s:p1.1;c:p1.-1"), Some(Resume::Step(0..0)));
        assert_eq!(parse("vCont;r10,20:1"), Some(Resume::Step(0x10..0x20)));
        assert_eq!(parse("vCont;C0b:1"), Some(Resume::Continue(11)));
        assert_eq!(parse("bc"), Some(Resume::Back));
        assert_eq!(parse("c"), Some(Resume::Continue(0)));
        for other in [
            "vCont?",
            "vCont;",
            "",
            "Cx",
            "vRun;",
            "r1,2",
            "qC",
            "vCont;t:1",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}

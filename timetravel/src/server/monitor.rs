//! `monitor` commands: positions, and the way to one.

use super::state::Server;
use crate::error::Result;
use crate::packet::hex;
use crate::timeline::Moment;

const HELP: &str = "\
monitor when         the position here: a tick, and the address of the next instruction
monitor goto TICK    go to where a tick began; 0 is the start
monitor checkpoints  the ticks at which the run is kept, to go back to quickly
Ticks are counted at entries and ends of functions and heads of loops.
";

const CHANGES: &str = "dwalin: what is written or called happens to a copy of the program: it is taken back when the recording goes on";

impl Server {
    /// Runs a command, and returns what it says.
    pub(super) fn monitor(&mut self, line: &str) -> Vec<u8> {
        let words: Vec<_> = line.split_whitespace().collect();
        let text = match words[..] {
            ["when"] => self.when(),
            ["goto", tick] => match tick.parse() {
                Ok(tick) => self.go_to(tick).unwrap_or_else(|why| format!("{why}\n")),
                Err(_) => format!("`{tick}` is not a tick: a number, as `monitor when` says it\n"),
            },
            ["checkpoints"] => self.list(),
            // Asked by scripts of the debugger, which has not been told.
            ["moved"] => match std::mem::take(&mut self.has_moved) {
                true => "yes\n".to_owned(),
                false => "no\n".to_owned(),
            },
            ["changed"] => self.changes().unwrap_or_default().to_owned() + "\n",
            [] | ["help", ..] => HELP.to_owned(),
            _ => format!("`{line}` is not known\n{HELP}"),
        };
        hex(text.as_bytes()).into_bytes()
    }

    /// The words for changes that the debugger makes, said once.
    pub(super) fn changes(&mut self) -> Option<&'static str> {
        let is_said = std::mem::replace(&mut self.said_changes, true);
        (!is_said).then_some(CHANGES)
    }

    fn when(&self) -> String {
        let newest = match self.timeline.is_newest() {
            true => ", as far as the program has run",
            false => "",
        };
        match self.timeline.here() {
            Moment::Start => format!("tick 0, the start{newest}\n"),
            Moment::At { tick, pc } => format!("tick {tick}, {pc:#x}{newest}\n"),
            Moment::Said { tick, .. } if self.timeline.is_in_call_of_host() => {
                format!("tick {tick}, in a call of the host{newest}\n")
            }
            Moment::Said { tick, .. } => format!("tick {tick}, the end{newest}\n"),
        }
    }

    /// Goes to a tick; a debugger takes what it knows of registers to be so still, until a script asks if the program has moved.
    fn go_to(&mut self, tick: u64) -> Result<String> {
        self.timeline.interrupt().forget();
        self.timeline.go_to_tick(tick)?;
        self.last_stop = self.stopped(5, "");
        self.has_moved = true;
        Ok(self.when())
    }

    fn list(&self) -> String {
        let ticks = self.timeline.checkpoints();
        let list: Vec<_> = ticks.iter().map(u64::to_string).collect();
        format!("{} checkpoints, at ticks {}\n", list.len(), list.join(", "))
    }
}

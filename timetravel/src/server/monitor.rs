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
            [] | ["help", ..] => HELP.to_owned(),
            _ => format!("`{line}` is not known\n{HELP}"),
        };
        hex(text.as_bytes()).into_bytes()
    }

    fn when(&self) -> String {
        match self.timeline.here() {
            Moment::Start => "tick 0, the start\n".to_owned(),
            Moment::At { tick, pc } => format!("tick {tick}, {pc:#x}\n"),
            Moment::Said { tick, .. } => format!("tick {tick}, the end\n"),
        }
    }

    /// Goes to a tick; registers that the debugger has are told to be old by a command of its own.
    fn go_to(&mut self, tick: u64) -> Result<String> {
        self.timeline.interrupt().forget();
        self.timeline.go_to_tick(tick)?;
        self.last_stop = self.stopped(5, "");
        Ok(format!(
            "{}`maintenance flush register-cache` shows the frames here\n",
            self.when()
        ))
    }

    fn list(&self) -> String {
        let ticks = self.timeline.checkpoints();
        let list: Vec<_> = ticks.iter().map(u64::to_string).collect();
        format!("{} checkpoints, at ticks {}\n", list.len(), list.join(", "))
    }
}

//! The commands of the remote protocol (GDB's manual, "Packets"; LLDB's document "GDB Remote Protocol Extensions").

mod memory;
mod monitor;
mod query;
mod register;
mod resume;
mod state;

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::output::Output;
use crate::timeline::Timeline;
use state::{FAILED, OK, Server, UNKNOWN};
use std::io::{self, PipeReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The place that the program's output goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Streams {
    /// To the streams that its command has.
    Own,
    /// To the debugger, which prints it.
    Debugger,
}

/// The state that a debugger finds when it connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beginning {
    /// The program is there, and stands at its start.
    Started,
    /// None is: the debugger's `run` begins it.
    Waits,
}

/// Serves a debugger until it goes: `command` starts the process that replays, which runs `executable`.
///
/// # Errors
/// The process cannot be started or traced, or the connection fails.
pub fn serve(
    command: &mut Command,
    executable: PathBuf,
    connection: Connection,
    streams: Streams,
    beginning: Beginning,
) -> Result<()> {
    let pipe = match streams {
        Streams::Own => None,
        Streams::Debugger => Some(redirected(command).map_err(Error::Start)?),
    };
    let started = Timeline::start(command, connection.interrupt());
    // Of a process that ended before it was ready; its streams are not the debugger's yet.
    if let (Err(_), Some(pipe)) = (&started, &pipe) {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        io::copy(&mut &*pipe, &mut io::stderr()).ok();
    }
    let timeline = started?;
    let output = pipe.map(|pipe| Output::new(pipe, connection.sender()));
    let mut server = Server {
        connection,
        timeline,
        output: output.transpose().map_err(Error::Start)?,
        executable,
        last_stop: Vec::new(),
        is_waiting: beginning == Beginning::Waits,
        said_changes: false,
        said_refusal: false,
        has_moved: false,
        is_lldb: false,
        is_over: false,
    };
    server.last_stop = match server.is_waiting {
        true => b"W00".to_vec(),
        false => server.stopped(5, ""),
    };
    while !server.is_over {
        let Some(packet) = server.connection.next() else {
            break;
        };
        let reply = server.handle(&packet)?;
        if let Some(reply) = reply {
            server.connection.reply(&reply)?;
        }
        if packet == b"QStartNoAckMode" {
            server.connection.stop_acknowledging();
        }
    }
    Ok(())
}

/// A pipe for a command's output.
fn redirected(command: &mut Command) -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok(reader)
}

impl Server {
    /// Handles a packet; none is the reply to what has none.
    fn handle(&mut self, packet: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(rest) = packet.strip_prefix(b"X") {
            return Ok(Some(self.write_binary(rest)));
        }
        let Ok(text) = str::from_utf8(packet) else {
            return Ok(Some(FAILED.to_vec()));
        };
        if let Some(how) = resume::parse(text) {
            if let Some(output) = &self.output {
                output.open();
            }
            let reply = self.resume(how);
            if let Some(output) = &self.output {
                output.close();
            }
            return reply.map(Some);
        }
        let reply = match text.as_bytes().first() {
            None => UNKNOWN.to_vec(),
            Some(b'q') => self.query(text),
            Some(b'Q') => self.set_mode(text),
            Some(b'v') => return self.v_packet(text).map(Some),
            Some(b'?') => self.last_stop.clone(),
            // The one thread there is.
            Some(b'H' | b'T' | b'!') => OK.to_vec(),
            Some(b'g') => self.read_registers(),
            Some(b'G') => self.write_registers(&text[1..]),
            Some(b'p') => self.read_register(&text[1..]),
            Some(b'P') => self.write_register(&text[1..]),
            Some(b'm') => self.read_memory(&text[1..]),
            Some(b'x') => self.read_memory_binary(&text[1..]),
            Some(b'M') => self.write_memory(&text[1..]),
            Some(b'Z' | b'z') => self.set_trap(text),
            Some(b'_') => self.allocate(text),
            Some(b'R') => return self.restart().map(|_| None),
            Some(b'k') => {
                // `run` comes next, or the end of the connection.
                return Ok(self.is_lldb.then(|| {
                    self.is_over = true;
                    b"X09".to_vec()
                }));
            }
            Some(b'D') => {
                self.is_over = true;
                OK.to_vec()
            }
            Some(_) => UNKNOWN.to_vec(),
        };
        Ok(Some(reply))
    }

    fn v_packet(&mut self, text: &str) -> Result<Vec<u8>> {
        Ok(match text {
            "vCont?" => b"vCont;c;C;s;S;r".to_vec(),
            // vRun;FILE;ARG;...: the arguments are those of the recording.
            _ if text.starts_with("vRun") && text.split(';').skip(2).any(|it| !it.is_empty()) => {
                FAILED.to_vec()
            }
            _ if text.starts_with("vRun") => self.restart()?,
            _ if text.starts_with("vKill") => OK.to_vec(),
            _ => UNKNOWN.to_vec(),
        })
    }

    /// Goes to the start.
    fn restart(&mut self) -> Result<Vec<u8>> {
        self.is_waiting = false;
        self.timeline.go_to_tick(0)?;
        self.last_stop = self.stopped(5, "");
        Ok(self.last_stop.clone())
    }
}

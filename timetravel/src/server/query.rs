//! Questions about the process, the protocol and the files that are involved.

use super::state::{FAILED, OK, Server, UNKNOWN};
use crate::description;
use crate::packet::{MOST, escaped, hex, number, unhex};
use std::fs;
use std::os::unix::ffi::OsStrExt;

const TRIPLE: &str = "x86_64-pc-linux-gnu";

impl Server {
    pub(super) fn query(&mut self, text: &str) -> Vec<u8> {
        let pid = self.timeline.pid();
        let name = text.split([':', ',', ';']).next().unwrap_or_default();
        let reply = match name {
            "qSupported" => return self.supported(text),
            "qXfer" => return self.transfer(text),
            "qRcmd" => {
                let line = text.strip_prefix("qRcmd,").and_then(unhex);
                let line = line.and_then(|it| String::from_utf8(it).ok());
                return line.map_or(FAILED.to_vec(), |line| self.monitor(line.trim()));
            }
            "qMemoryRegionInfo" => return self.region(text),
            "qfThreadInfo" if self.is_waiting => "l".to_owned(),
            "qC" => format!("QC{pid:x}"),
            "qAttached" => "0".to_owned(),
            // None, of a process that has ended.
            "qfThreadInfo" if self.timeline.shown().is_err() => "l".to_owned(),
            "qfThreadInfo" => format!("m{pid:x}"),
            "qsThreadInfo" => "l".to_owned(),
            "qThreadStopInfo" | "qThreadStopInfo0" => return self.last_stop.clone(),
            _ if name.starts_with("qThreadStopInfo") => return self.last_stop.clone(),
            "qHostInfo" => {
                self.is_lldb = true;
                format!(
                    "triple:{};ostype:linux;endian:little;ptrsize:8;watchpoint_exceptions_received:after;",
                    hex(TRIPLE.as_bytes())
                )
            }
            "qProcessInfo" => format!(
                "pid:{pid:x};parent-pid:1;real-uid:0;triple:{};ostype:linux;endian:little;ptrsize:8;",
                hex(TRIPLE.as_bytes())
            ),
            "qWatchpointSupportInfo" => "num:4;".to_owned(),
            "qSymbol" => "OK".to_owned(),
            _ => return UNKNOWN.to_vec(),
        };
        reply.into_bytes()
    }

    fn supported(&mut self, text: &str) -> Vec<u8> {
        // lldb asks for registers in this way; gdb names all of the architectures that it has.
        self.is_lldb |= text.contains("xmlRegisters=i386,arm,mips");
        format!(
            "PacketSize={MOST:x};QStartNoAckMode+;qXfer:features:read+;qXfer:auxv:read+;qXfer:exec-file:read+;\
             qXfer:siginfo:read+;swbreak+;hwbreak+;vContSupported+;ReverseStep+;ReverseContinue+"
        )
        .into_bytes()
    }

    pub(super) fn set_mode(&self, text: &str) -> Vec<u8> {
        match text {
            "QStartNoAckMode" => OK.to_vec(),
            _ => UNKNOWN.to_vec(),
        }
    }

    /// A part of a file: qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH.
    fn transfer(&self, text: &str) -> Vec<u8> {
        let words: Vec<_> = text.splitn(5, ':').collect();
        let [_, object, "read", _, range] = words[..] else {
            return UNKNOWN.to_vec();
        };
        let range = range.split_once(',');
        let range = range.and_then(|(at, length)| Some((number(at)?, number(length)?)));
        let Some((at, length)) = range else {
            return FAILED.to_vec();
        };
        let bytes = match object {
            "features" => description::xml().into_bytes(),
            "auxv" => fs::read(format!("/proc/{}/auxv", self.timeline.pid())).unwrap_or_default(),
            "exec-file" => self.executable.as_os_str().as_bytes().to_vec(),
            "siginfo" => {
                let shown = self.timeline.shown();
                match shown.and_then(|it| it.signal_information()) {
                    Ok(bytes) => bytes,
                    Err(_) => return FAILED.to_vec(),
                }
            }
            _ => return UNKNOWN.to_vec(),
        };
        let from = (at as usize).min(bytes.len());
        let to = from.saturating_add(length as usize).min(bytes.len());
        let mark: &[u8] = if to < bytes.len() { b"m" } else { b"l" };
        [mark, &escaped(&bytes[from..to])].concat()
    }

    /// The mapping that an address is in (LLDB's document).
    fn region(&self, text: &str) -> Vec<u8> {
        let Some(address) = text.split_once(':').and_then(|it| number(it.1)) else {
            return FAILED.to_vec();
        };
        let pid = self.timeline.shown().map(|it| it.pid()).unwrap_or(0);
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        let mut free = 0;
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let range = words.next().and_then(|it| it.split_once('-'));
            let Some((start, end)) =
                range.and_then(|(start, end)| Some((number(start)?, number(end)?)))
            else {
                continue;
            };
            if address < start {
                return format!("start:{free:x};size:{:x};", start - free).into_bytes();
            }
            if address < end {
                let rights = words.next().unwrap_or_default().chars();
                let rights: String = rights.filter(|it| "rwx".contains(*it)).collect();
                return format!(
                    "start:{start:x};size:{:x};permissions:{rights};",
                    end - start
                )
                .into_bytes();
            }
            free = end;
        }
        format!("start:{free:x};size:{:x};", 0u64.wrapping_sub(free)).into_bytes()
    }
}

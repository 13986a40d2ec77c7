//! Memory, breakpoints and watched places. The program's own addresses are below its memory's size.

use super::state::{FAILED, OK, Server, UNKNOWN};
use crate::packet::{self, escaped, hex, number};
use crate::watch::{self, Kind, Watch};

/// Bytes that one packet reads at most.
const MOST: u64 = 0x8000;

fn two(text: &str) -> Option<(u64, u64)> {
    let (address, length) = text.split_once(',')?;
    Some((number(address)?, number(length)?))
}

impl Server {
    pub(super) fn read_memory(&self, text: &str) -> Vec<u8> {
        match self.bytes_at(text) {
            Some(bytes) if !bytes.is_empty() => hex(&bytes).into_bytes(),
            _ => FAILED.to_vec(),
        }
    }

    pub(super) fn read_memory_binary(&self, text: &str) -> Vec<u8> {
        if text.ends_with(",0") {
            return OK.to_vec();
        }
        match self.bytes_at(text) {
            Some(bytes) if !bytes.is_empty() && self.is_lldb => escaped(&bytes),
            Some(bytes) if !bytes.is_empty() => [b"b", &*escaped(&bytes)].concat(),
            _ => FAILED.to_vec(),
        }
    }

    fn bytes_at(&self, text: &str) -> Option<Vec<u8>> {
        let (address, length) = two(text)?;
        let mut bytes = vec![0; length.min(MOST) as usize];
        let address = self.timeline.control.address(address);
        let read = self.timeline.shown().ok()?.read_some(address, &mut bytes);
        bytes.truncate(read);
        Some(bytes)
    }

    pub(super) fn write_memory(&mut self, text: &str) -> Vec<u8> {
        let Some((place, digits)) = text.split_once(':') else {
            return FAILED.to_vec();
        };
        let bytes = packet::unhex(digits);
        self.write_at(place, bytes.as_deref())
    }

    pub(super) fn write_binary(&mut self, packet: &[u8]) -> Vec<u8> {
        let Some(colon) = packet.iter().position(|byte| *byte == b':') else {
            return FAILED.to_vec();
        };
        let place = String::from_utf8_lossy(&packet[..colon]).into_owned();
        self.write_at(&place, Some(&packet[colon + 1..]))
    }

    fn write_at(&mut self, place: &str, bytes: Option<&[u8]>) -> Vec<u8> {
        let (Some((address, length)), Some(bytes)) = (two(place), bytes) else {
            return FAILED.to_vec();
        };
        if length != bytes.len() as u64 {
            return FAILED.to_vec();
        }
        if length == 0 {
            return OK.to_vec();
        }
        let address = self.timeline.control.address(address);
        if self.timeline.scratch.note(address, bytes) {
            let shown = self.timeline.shown();
            let written = shown.and_then(|it| it.write(address, bytes));
            return if written.is_ok() { OK } else { FAILED }.to_vec();
        }
        match self
            .timeline
            .to_change(true)
            .and_then(|it| it.write(address, bytes))
        {
            Ok(()) => OK.to_vec(),
            Err(_) => FAILED.to_vec(),
        }
    }

    /// lldb's allocation of memory for itself (LLDB's document, "_M" and "_m").
    pub(super) fn allocate(&mut self, text: &str) -> Vec<u8> {
        let size = match text.split_at_checked(2) {
            Some(("_m", _)) => return OK.to_vec(),
            Some(("_M", rest)) => rest.split(',').next().and_then(number),
            _ => return UNKNOWN.to_vec(),
        };
        let place = size.and_then(|size| self.timeline.scratch.allocate(size));
        place.map_or(FAILED.to_vec(), |it| format!("{it:x}").into_bytes())
    }

    /// Sets or removes a breakpoint or a watched place.
    pub(super) fn set_trap(&mut self, text: &str) -> Vec<u8> {
        let is_set = text.starts_with('Z');
        let mut words = text[1..].split([',', ';']);
        let kind = words.next().unwrap_or_default();
        let (Some(asked), Some(length)) =
            (words.next().and_then(number), words.next().and_then(number))
        else {
            return FAILED.to_vec();
        };
        let traps = &mut self.timeline.traps;
        let kind = match kind {
            "0" | "1" => {
                match is_set {
                    true => _ = traps.breaks.insert(asked),
                    false => _ = traps.breaks.remove(&asked),
                }
                return OK.to_vec();
            }
            "2" => Kind::Write,
            // No debug register watches reads alone. gdb then watches all accesses, and compares the values, as it does natively.
            "3" if self.is_lldb => Kind::Read,
            "4" => Kind::Access,
            _ => return UNKNOWN.to_vec(),
        };
        let watch = Watch {
            address: self.timeline.control.address(asked),
            length,
            kind,
            asked,
        };
        let traps = &mut self.timeline.traps;
        if !is_set {
            traps.watches.retain(|it| *it != watch);
            return OK.to_vec();
        }
        let mut all = traps.watches.clone();
        if !all.contains(&watch) {
            all.push(watch);
        }
        if !watch::fits(&all) {
            return FAILED.to_vec();
        }
        traps.watches = all;
        OK.to_vec()
    }
}

//! Registers: all, or one.

use super::state::{FAILED, OK, Server};
use crate::packet::{self, hex};
use crate::registers::Registers;

impl Server {
    pub(super) fn read_registers(&self) -> Vec<u8> {
        let read = self.timeline.shown().and_then(Registers::read);
        match read {
            Ok(mut registers) => hex(&registers.bytes()).into_bytes(),
            Err(_) => FAILED.to_vec(),
        }
    }

    pub(super) fn read_register(&self, number: &str) -> Vec<u8> {
        let number = number.split(';').next().and_then(packet::number);
        let read = self.timeline.shown().and_then(Registers::read).ok();
        let bytes = number
            .zip(read)
            .and_then(|(number, mut it)| it.bytes_of(number as usize));
        bytes.map_or(FAILED.to_vec(), |it| hex(&it).into_bytes())
    }

    pub(super) fn write_registers(&mut self, digits: &str) -> Vec<u8> {
        let change = |it: &mut Registers, bytes: &[u8]| {
            it.take(bytes);
            true
        };
        self.change_registers(packet::unhex(digits), change)
    }

    pub(super) fn write_register(&mut self, text: &str) -> Vec<u8> {
        let text = text.split(';').next().unwrap_or_default();
        let Some((number, digits)) = text.split_once('=') else {
            return FAILED.to_vec();
        };
        let Some(number) = packet::number(number) else {
            return FAILED.to_vec();
        };
        let change = |it: &mut Registers, bytes: &[u8]| it.take_one(number as usize, bytes);
        self.change_registers(packet::unhex(digits), change)
    }

    fn change_registers(
        &mut self,
        bytes: Option<Vec<u8>>,
        change: impl FnOnce(&mut Registers, &[u8]) -> bool,
    ) -> Vec<u8> {
        let Some(bytes) = bytes else {
            return FAILED.to_vec();
        };
        let Ok(tracee) = self.timeline.to_change(false) else {
            return FAILED.to_vec();
        };
        let changed = Registers::read(tracee).and_then(|mut registers| {
            let is_known = change(&mut registers, &bytes);
            registers.set(tracee).map(|()| is_known)
        });
        match changed {
            Ok(true) => OK.to_vec(),
            _ => FAILED.to_vec(),
        }
    }
}

//! Registers of a process in the protocol's order (`description.rs`).

use crate::description::{GENERAL, SEGMENTS, registers};
use crate::error::Result;
use crate::tracee::{General, Tracee};

/// Places in the state that FXSAVE and XSAVE save (Intel SDM, volume 1, "FXSAVE Area", "XSAVE Area").
const CONTROL_WORDS: usize = 0;
const MXCSR: usize = 24;
const STACK: usize = 32;
const XMM: usize = 160;
const HEADER: usize = 512;
const UPPER: usize = 576;
const AVX: u8 = 1 << 2;

/// A place of a register's bytes.
enum Place {
    /// A word of the general registers.
    General(fn(&mut General) -> &mut u64),
    /// Bytes of the saved state.
    State(usize),
    /// It has a fixed value.
    Fixed(u32),
}

fn general(name: &str) -> Option<fn(&mut General) -> &mut u64> {
    Some(match name {
        "rax" => |it| &mut it.rax,
        "rbx" => |it| &mut it.rbx,
        "rcx" => |it| &mut it.rcx,
        "rdx" => |it| &mut it.rdx,
        "rsi" => |it| &mut it.rsi,
        "rdi" => |it| &mut it.rdi,
        "rbp" => |it| &mut it.rbp,
        "rsp" => |it| &mut it.rsp,
        "r8" => |it| &mut it.r8,
        "r9" => |it| &mut it.r9,
        "r10" => |it| &mut it.r10,
        "r11" => |it| &mut it.r11,
        "r12" => |it| &mut it.r12,
        "r13" => |it| &mut it.r13,
        "r14" => |it| &mut it.r14,
        "r15" => |it| &mut it.r15,
        "rip" => |it| &mut it.rip,
        "eflags" => |it| &mut it.eflags,
        "cs" => |it| &mut it.cs,
        "ss" => |it| &mut it.ss,
        "ds" => |it| &mut it.ds,
        "es" => |it| &mut it.es,
        "fs" => |it| &mut it.fs,
        "gs" => |it| &mut it.gs,
        "fs_base" => |it| &mut it.fs_base,
        "gs_base" => |it| &mut it.gs_base,
        "orig_rax" => |it| &mut it.orig_rax,
        _ => return None,
    })
}

fn place(name: &str) -> Place {
    if let Some(word) = general(name) {
        return Place::General(word);
    }
    let numbered = |prefix: &str| name.strip_prefix(prefix)?.parse::<usize>().ok();
    let upper = name
        .strip_suffix('h')
        .and_then(|it| it.strip_prefix("ymm")?.parse::<usize>().ok());
    match (numbered("st"), numbered("xmm"), upper) {
        (Some(it), ..) => Place::State(STACK + 16 * it),
        (_, Some(it), _) => Place::State(XMM + 16 * it),
        (.., Some(it)) => Place::State(UPPER + 16 * it),
        _ if name == "mxcsr" => Place::State(MXCSR),
        _ if name == "fctrl" => Place::State(CONTROL_WORDS),
        _ if name == "fstat" => Place::State(CONTROL_WORDS + 2),
        _ if name == "ftag" => Place::Fixed(0xffff),
        _ => Place::Fixed(0),
    }
}

/// All registers of a process.
pub struct Registers {
    general: General,
    state: Vec<u8>,
}

impl Registers {
    /// Reads them.
    pub fn read(tracee: &Tracee) -> Result<Registers> {
        Ok(Registers {
            general: tracee.registers()?,
            state: tracee.xstate()?,
        })
    }

    /// Sets those of a process.
    pub fn set(&mut self, tracee: &Tracee) -> Result<()> {
        tracee.set_registers(&self.general)?;
        tracee.set_xstate(&mut self.state)
    }

    /// The bytes of all.
    pub fn bytes(&mut self) -> Vec<u8> {
        let all = registers();
        all.iter()
            .flat_map(|it| self.of(&it.name, it.size))
            .collect()
    }

    /// The bytes of one, by number.
    pub fn bytes_of(&mut self, number: usize) -> Option<Vec<u8>> {
        let all = registers();
        let it = all.get(number)?;
        Some(self.of(&it.name, it.size))
    }

    fn of(&mut self, name: &str, size: usize) -> Vec<u8> {
        let mut bytes = match place(name) {
            Place::General(word) => word(&mut self.general).to_le_bytes().to_vec(),
            Place::Fixed(value) => value.to_le_bytes().to_vec(),
            // Upper halves that have not been used are zero, and not saved.
            Place::State(at) if at >= UPPER && !self.has_upper() => vec![0; size],
            Place::State(at) => {
                let length = if matches!(name, "fctrl" | "fstat") {
                    2
                } else {
                    size
                };
                self.state.get(at..at + length).unwrap_or_default().to_vec()
            }
        };
        bytes.resize(size, 0);
        bytes
    }

    fn has_upper(&self) -> bool {
        self.state.get(HEADER).is_some_and(|it| it & AVX != 0)
    }

    /// Takes values from the bytes of all.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        for (number, it) in registers().iter().enumerate() {
            let Some((own, behind)) = rest.split_at_checked(it.size) else {
                return;
            };
            self.take_one(number, own);
            rest = behind;
        }
    }

    /// Takes the value of one; false if there is no such register.
    pub fn take_one(&mut self, number: usize, bytes: &[u8]) -> bool {
        let all = registers();
        let Some(it) = all.get(number).filter(|it| it.size == bytes.len()) else {
            return false;
        };
        let is_constant = SEGMENTS.contains(&it.name.as_str());
        match place(&it.name) {
            Place::General(word) if !is_constant => {
                let mut value = [0; 8];
                value[..bytes.len()].copy_from_slice(bytes);
                *word(&mut self.general) = u64::from_le_bytes(value);
            }
            Place::State(at) if at >= UPPER && !self.has_upper() => {}
            Place::State(at) if !matches!(it.name.as_str(), "fctrl" | "fstat") => {
                if let Some(own) = self.state.get_mut(at..at + bytes.len()) {
                    own.copy_from_slice(bytes);
                }
            }
            _ => {}
        }
        true
    }

    /// The numbers and bytes of the registers that debuggers ask for at each stop: of frames.
    pub fn of_frame(&mut self) -> Vec<(usize, Vec<u8>)> {
        let number = |name| GENERAL.iter().position(|it| *it == name);
        let names = ["rbp", "rsp", "rip"];
        let numbers = names.into_iter().filter_map(number);
        let pairs = numbers.filter_map(|it| Some((it, self.bytes_of(it)?)));
        pairs.collect()
    }
}

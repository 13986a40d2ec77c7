//! The entries of a recording.

use super::bytes::{Decoder, Encoder};
use crate::abi::trap::TrapKind;

/// The program of a recording.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Start {
    /// The version of the Dwalin that recorded it.
    pub version: String,
    /// The length of the module in bytes: of the file, which may be text.
    pub module_len: u64,
    /// The CRC-32 of the module.
    pub module_checksum: u32,
    /// The path of the module, as it was given.
    pub file: Vec<u8>,
    /// The program's arguments, after the file.
    pub args: Vec<Vec<u8>>,
    /// The options of the run that a replay needs: names with values.
    pub options: Vec<(String, String)>,
}

impl Start {
    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| &**value)
    }
}

/// A call of an imported function, when it had ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The function, by its place among the imported functions.
    pub function: u32,
    /// The arguments, one after the other, as wide as their types.
    pub args: Vec<u8>,
    /// The way it ended.
    pub outcome: Outcome,
    /// Its effects on the program and its output, in order.
    pub effects: Vec<Effect>,
}

/// The way a call ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It returned these results, as wide as their types.
    Returned(Vec<u8>),
    /// It ended the program, with this exit code.
    Exited(i32),
    /// It failed, with this message.
    Failed(String),
}

/// An effect of a call besides its results.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Bytes in a memory.
    Memory {
        /// The memory, by its place in the instance.
        memory: u32,
        /// The address of the first byte.
        at: u64,
        /// The bytes, as they were when the call had ended.
        bytes: Vec<u8>,
    },
    /// The value of a global: its 16 bytes.
    Global {
        /// The global, by its place in the instance.
        global: u32,
        /// The value.
        value: u128,
    },
    /// Output on standard output (1) or standard error (2).
    Output {
        /// The stream.
        stream: u8,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// A memory or table that grew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Growth {
    /// A memory, by its place in the instance.
    Memory(u32),
    /// A table, by its place in the instance.
    Table(u32),
}

/// The end of the program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    /// The exit code of the process.
    pub exit_code: u8,
    /// The way it ended.
    pub ended: Ended,
}

/// The way a program ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It returned, or exited.
    Finished,
    /// It trapped.
    Trapped(TrapKind),
    /// A host function failed, or something else of the host's.
    Failed,
}

/// An entry of a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// The program.
    Start(Start),
    /// A piece of the module.
    Module(Vec<u8>),
    /// A call of an import.
    Call(Call),
    /// Something grew by so many pages or elements; what `memory.grow` or `table.grow` returned, -1 where it could not.
    Growth(Growth, u64, u64),
    /// The end.
    End(End),
}

impl Entry {
    /// Appends the entry.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut out = Encoder(out);
        match self {
            Entry::Start(start) => {
                out.u8(0);
                encode_start(start, &mut out);
            }
            Entry::Module(bytes) => encode_module(bytes, out.0),
            Entry::Call(call) => {
                out.u8(2);
                encode_call(call, &mut out);
            }
            Entry::Growth(growth, delta, result) => {
                out.u8(3);
                let (kind, index) = match growth {
                    Growth::Memory(index) => (0, index),
                    Growth::Table(index) => (1, index),
                };
                out.u8(kind);
                out.u32(*index);
                out.u64(*delta);
                out.u64(*result);
            }
            Entry::End(end) => {
                out.u8(4);
                out.u8(end.exit_code);
                out.u8(match end.ended {
                    Ended::Finished => 0,
                    Ended::Failed => 0xff,
                    Ended::Trapped(kind) => kind as u8,
                });
            }
        }
    }

    /// Decodes an entry; `None` if it is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Entry> {
        let mut from = Decoder(bytes);
        let entry = match from.u8()? {
            0 => Entry::Start(decode_start(&mut from)?),
            1 => return Some(Entry::Module(from.0.to_vec())),
            2 => Entry::Call(decode_call(&mut from)?),
            3 => {
                let growth = match from.u8()? {
                    0 => Growth::Memory(from.u32()?),
                    1 => Growth::Table(from.u32()?),
                    _ => return None,
                };
                Entry::Growth(growth, from.u64()?, from.u64()?)
            }
            4 => Entry::End(End {
                exit_code: from.u8()?,
                ended: match from.u8()? {
                    0 => Ended::Finished,
                    0xff => Ended::Failed,
                    kind => Ended::Trapped(TrapKind::from_code(kind)?),
                },
            }),
            _ => return None,
        };
        from.0.is_empty().then_some(entry)
    }
}

/// Appends a piece of a module, as [`Entry::Module`].
pub(super) fn encode_module(piece: &[u8], out: &mut Vec<u8>) {
    out.push(1);
    out.extend(piece);
}

fn encode_start(start: &Start, out: &mut Encoder<'_>) {
    out.bytes(start.version.as_bytes());
    out.u64(start.module_len);
    out.u32(start.module_checksum);
    out.bytes(&start.file);
    out.u32(start.args.len() as u32);
    for arg in &start.args {
        out.bytes(arg);
    }
    out.u32(start.options.len() as u32);
    for (name, value) in &start.options {
        out.bytes(name.as_bytes());
        out.bytes(value.as_bytes());
    }
}

fn decode_start(from: &mut Decoder<'_>) -> Option<Start> {
    let version = from.text()?;
    let (module_len, module_checksum) = (from.u64()?, from.u32()?);
    let file = from.bytes()?.to_vec();
    let count = from.count(4)?;
    let args = (0..count).map(|_| Some(from.bytes()?.to_vec()));
    let args = args.collect::<Option<_>>()?;
    let count = from.count(8)?;
    let options = (0..count).map(|_| Some((from.text()?, from.text()?)));
    Some(Start {
        version,
        module_len,
        module_checksum,
        file,
        args,
        options: options.collect::<Option<_>>()?,
    })
}

fn encode_call(call: &Call, out: &mut Encoder<'_>) {
    out.u32(call.function);
    out.bytes(&call.args);
    match &call.outcome {
        Outcome::Returned(results) => {
            out.u8(0);
            out.bytes(results);
        }
        Outcome::Exited(code) => {
            out.u8(1);
            out.u32(*code as u32);
        }
        Outcome::Failed(message) => {
            out.u8(2);
            out.bytes(message.as_bytes());
        }
    }
    out.u32(call.effects.len() as u32);
    for effect in &call.effects {
        match effect {
            Effect::Memory { memory, at, bytes } => {
                out.u8(0);
                out.u32(*memory);
                out.u64(*at);
                out.bytes(bytes);
            }
            Effect::Global { global, value } => {
                out.u8(1);
                out.u32(*global);
                out.u64(*value as u64);
                out.u64((*value >> 64) as u64);
            }
            Effect::Output { stream, bytes } => {
                out.u8(2);
                out.u8(*stream);
                out.bytes(bytes);
            }
        }
    }
}

fn decode_call(from: &mut Decoder<'_>) -> Option<Call> {
    let function = from.u32()?;
    let args = from.bytes()?.to_vec();
    let outcome = match from.u8()? {
        0 => Outcome::Returned(from.bytes()?.to_vec()),
        1 => Outcome::Exited(from.u32()? as i32),
        2 => Outcome::Failed(from.text()?),
        _ => return None,
    };
    let count = from.count(6)?;
    let effects = (0..count).map(|_| decode_effect(from));
    Some(Call {
        function,
        args,
        outcome,
        effects: effects.collect::<Option<_>>()?,
    })
}

fn decode_effect(from: &mut Decoder<'_>) -> Option<Effect> {
    Some(match from.u8()? {
        0 => Effect::Memory {
            memory: from.u32()?,
            at: from.u64()?,
            bytes: from.bytes()?.to_vec(),
        },
        1 => Effect::Global {
            global: from.u32()?,
            value: u128::from(from.u64()?) | u128::from(from.u64()?) << 64,
        },
        2 => Effect::Output {
            stream: from.u8()?,
            bytes: from.bytes()?.to_vec(),
        },
        _ => return None,
    })
}

impl Growth {
    /// The word for it.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Growth::Memory(_) => "memory",
            Growth::Table(_) => "table",
        }
    }
}

impl Ended {
    /// The end as what a program did.
    pub(super) fn verb(&self) -> String {
        match self {
            Ended::Finished => "ended".to_owned(),
            Ended::Trapped(kind) => format!("trapped: {kind}"),
            Ended::Failed => "failed".to_owned(),
        }
    }
}

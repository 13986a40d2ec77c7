//! What an instance of a module does, told in the same words by all engines: each function that it exports is called, and then its globals,
//! memories and tables are read.

use super::mutate::Numbers;
use std::fmt;

/// The type of a parameter. References that may be null are, and functions that take others are not called.
#[derive(Clone, Copy)]
pub enum Type {
    I32,
    I64,
    F32,
    F64,
    V128,
    Nullable,
    Reference,
}

/// A value; floats are their bits.
pub enum Value {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null,
    /// A reference, as what can be told of it.
    Reference(String),
}

/// The end of a call that does not return.
pub enum Failure {
    /// A trap, an exception, or an error of an import.
    Told(String),
    /// Out of stack or of room for objects: sizes of frames and objects are the engine's own.
    DependsOnEngine,
}

/// The kind of an export.
pub enum Kind {
    Func(Vec<Type>),
    Global,
    Memory,
    Table,
    Other,
}

/// An instance, in an engine.
pub trait Subject {
    /// The exports; each engine has them in its own order.
    fn exports(&mut self) -> Vec<(String, Kind)>;
    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Failure>;
    fn global(&mut self, name: &str) -> Value;
    fn memory(&mut self, name: &str) -> &[u8];
    /// The number of elements that are not null, and of all.
    fn table(&mut self, name: &str) -> (u64, u64);
}

/// An account of an instance, a line for each thing; `None` if it depends on the engine.
pub fn account(subject: &mut impl Subject) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    // Of its own, so that each engine passes the same arguments.
    let mut numbers = Numbers::new(77);
    let mut exports = subject.exports();
    exports.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    for (name, kind) in &exports {
        let Kind::Func(params) = kind else { continue };
        let arguments = params.iter().map(|ty| argument(&mut numbers, *ty));
        let Some(arguments) = arguments.collect::<Option<Vec<_>>>() else {
            continue;
        };
        lines.push(match subject.call(name, &arguments) {
            Ok(results) => format!("{name:?}: {}", text(&results)),
            Err(Failure::Told(failure)) => format!("{name:?}: {failure}"),
            Err(Failure::DependsOnEngine) => return None,
        });
    }
    for (name, kind) in &exports {
        lines.push(match kind {
            Kind::Global => format!("{name:?} = {}", subject.global(name)),
            Kind::Memory => {
                let bytes = subject.memory(name);
                format!("{name:?}: {} bytes, {:#x}", bytes.len(), hash(bytes))
            }
            Kind::Table => {
                let (there, size) = subject.table(name);
                format!("{name:?}: {there} of {size}")
            }
            Kind::Func(_) | Kind::Other => continue,
        });
    }
    Some(lines)
}

/// An argument of a type: integers of all magnitudes, floats of which many are no numbers.
fn argument(numbers: &mut Numbers, ty: Type) -> Option<Value> {
    let bits = numbers.next();
    Some(match ty {
        Type::I32 => Value::I32((bits >> (bits & 31)) as u32),
        Type::I64 => Value::I64(bits >> (bits & 63)),
        Type::F32 => Value::F32(bits as u32 | if bits >> 62 == 0 { 0x7f80_0000 } else { 0 }),
        Type::F64 => Value::F64(bits | if bits & 3 == 0 { 0x7ff0 << 48 } else { 0 }),
        Type::V128 => Value::V128(u128::from(bits) << 64 | u128::from(numbers.next())),
        Type::Nullable => Value::Null,
        Type::Reference => return None,
    })
}

fn text(values: &[Value]) -> String {
    let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::I32(bits) | Value::F32(bits) => write!(f, "{bits:#x}"),
            Value::I64(bits) | Value::F64(bits) => write!(f, "{bits:#x}"),
            Value::V128(bits) => write!(f, "{bits:#x}"),
            Value::Null => f.write_str("null"),
            Value::Reference(text) => f.write_str(text),
        }
    }
}

/// A hash of bytes that is quick in a build that is not optimised (FNV-1a, of words).
fn hash(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| {
        (hash ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}

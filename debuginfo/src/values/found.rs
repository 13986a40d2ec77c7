//! What an expression names: a type, and where a value of it is.

use super::machine::Unavailable;
use crate::units::Place;
use std::fmt;

/// A type: an entry, or one that an expression makes.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ty {
    Entry(Place),
    Number(Number),
    Pointer(Box<Ty>),
    /// Elements, bytes from one to the next, and how many there are in each dimension.
    Array(Box<Ty>, u64, Vec<u64>),
    /// Bytes of no type.
    Bytes(u64),
}

/// A number as languages have it, for programs whose debug info does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Number {
    pub name: &'static str,
    pub bytes: u64,
    pub kind: NumberKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NumberKind {
    Signed,
    Unsigned,
    Float,
}

/// The numbers that need no debug info.
const NUMBERS: [Number; 29] = {
    use NumberKind::{Float, Signed, Unsigned};
    const fn of(name: &'static str, bytes: u64, kind: NumberKind) -> Number {
        Number { name, bytes, kind }
    }
    [
        of("char", 1, Signed),
        of("signed char", 1, Signed),
        of("unsigned char", 1, Unsigned),
        of("short", 2, Signed),
        of("unsigned short", 2, Unsigned),
        of("int", 4, Signed),
        of("unsigned", 4, Unsigned),
        of("unsigned int", 4, Unsigned),
        of("long long", 8, Signed),
        of("unsigned long long", 8, Unsigned),
        of("float", 4, Float),
        of("double", 8, Float),
        of("int8_t", 1, Signed),
        of("uint8_t", 1, Unsigned),
        of("int16_t", 2, Signed),
        of("uint16_t", 2, Unsigned),
        of("int32_t", 4, Signed),
        of("uint32_t", 4, Unsigned),
        of("int64_t", 8, Signed),
        of("uint64_t", 8, Unsigned),
        of("i8", 1, Signed),
        of("u8", 1, Unsigned),
        of("i16", 2, Signed),
        of("u16", 2, Unsigned),
        of("i32", 4, Signed),
        of("u32", 4, Unsigned),
        of("i64", 8, Signed),
        of("u64", 8, Unsigned),
        of("f64", 8, Float),
    ]
};

impl Number {
    /// The number of a name.
    pub fn named(name: &str) -> Option<Number> {
        NUMBERS.into_iter().find(|it| it.name == name)
    }

    /// The text of a value of so many bytes.
    pub fn text(self, bytes: &[u8]) -> Option<String> {
        let mut wide = [0; 8];
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        let unused = 64 - 8 * self.bytes as u32;
        Some(match (self.kind, self.bytes) {
            (NumberKind::Float, 4) => f32::from_bits(bits as u32).to_string(),
            (NumberKind::Float, _) => f64::from_bits(bits).to_string(),
            (NumberKind::Signed, _) => ((bits << unused) as i64 >> unused).to_string(),
            (NumberKind::Unsigned, _) => bits.to_string(),
        })
    }
}

/// The bits of a bit-field, from the lowest of the first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bits {
    pub start: u64,
    pub len: u64,
}

/// A place in the first memory that an expression names.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// Its first byte.
    pub address: u64,
    /// Its bytes.
    pub len: u64,
    /// The name of its type.
    pub ty: String,
    /// The frame that the variable is of, by its number among those given, and the function that is inlined there; `None` of what
    /// is there all the time.
    pub frame: Option<(usize, usize)>,
    pub(super) shape: Ty,
    pub(super) bits: Option<Bits>,
}

impl Found {
    /// The bits of its bytes that are the value's, where it shares them with others.
    pub fn mask(&self) -> Option<Vec<u8>> {
        let bits = self.bits?;
        let mut mask = vec![0; usize::try_from(self.len).ok()?];
        for bit in bits.start..bits.start.saturating_add(bits.len) {
            *mask.get_mut(usize::try_from(bit / 8).ok()?)? |= 1 << (bit % 8);
        }
        Some(mask)
    }
}

/// Why an expression names nothing in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotFound {
    /// No variable has the name.
    NoVariable(String),
    /// Several have it, in these units.
    Several(String, Vec<String>),
    /// The compiler's description does not lead to it.
    Unavailable(String, Unavailable),
    /// It is in a local, a global or an operand of WebAssembly, or a constant.
    NotInMemory(String),
    /// A type that is no pointer.
    NoPointer(String),
    /// A type without elements.
    NoElements(String),
    /// A type without such a member, and those that it has.
    NoMember {
        /// The type.
        ty: String,
        /// The member.
        member: String,
        /// Those that it has.
        members: Vec<String>,
    },
    /// No type has the name.
    NoType(String),
    /// A type whose size is not known.
    NoSize(String),
    /// No integer.
    NoInteger(String),
    /// A number or a sum, and not a place.
    NoPlace,
    /// Bytes that are not all in the memory.
    Outside(u64, u64),
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFound::NoVariable(name) => write!(
                f,
                "no function that is running has a variable `{name}`, and there is no global one in the debug info"
            ),
            NotFound::Several(name, units) => write!(
                f,
                "there are several `{name}`, in {}: put a function's name, a namespace's or a file's in quotes before it, as in 'a.c'::{name}",
                units.join(" and ")
            ),
            NotFound::Unavailable(name, reason) => write!(f, "`{name}` is not available: {reason}"),
            NotFound::NotInMemory(name) => write!(
                f,
                "`{name}` is not in memory here: it is in a local, a global or an operand of WebAssembly, or a constant, and nothing tells who wrote those"
            ),
            NotFound::NoPointer(ty) => write!(f, "`{ty}` is no pointer"),
            NotFound::NoElements(ty) => write!(f, "`{ty}` has no elements"),
            NotFound::NoMember {
                ty,
                member,
                members,
            } => {
                write!(f, "`{ty}` has no member `{member}`")?;
                match members.is_empty() {
                    true => Ok(()),
                    false => write!(f, "; it has {}", members.join(", ")),
                }
            }
            NotFound::NoType(name) => write!(f, "there is no type `{name}` in the debug info"),
            NotFound::NoSize(ty) => write!(f, "nothing says how large a `{ty}` is"),
            NotFound::NoInteger(ty) => write!(f, "a `{ty}` is no integer"),
            NotFound::NoPlace => f.write_str(
                "this is a number, and no place in memory: `*(int *)ADDRESS` and `ADDRESS:BYTES` are places",
            ),
            NotFound::Outside(address, len) => {
                write!(f, "{len} bytes at {address:#x} are not in the memory")
            }
        }
    }
}

impl std::error::Error for NotFound {}

//! The rows of supertypes: what tells in constant time whether one type is a declared subtype of another.
//!
//! ```text
//! number of types above | the topmost of them | ... | the type itself | zeros, up to SHORT types
//! ```
//! A type's id is the number of the word that its row begins with, in an array that all modules of an engine share. A type is a
//! subtype of another one with `n` types above it if the word `1 + n` of its row is that one's id. Rows are long enough for `n` below
//! [`SHORT`]; for more the row's own number is compared first.

/// The number of types that each row has room for.
pub const SHORT: u32 = 8;

/// The bits of an id. Whatever number is taken for an id, its row is within the array and the room behind it.
pub const ID_BITS: u32 = 24;

/// Words behind those that ids reach: more than a type can have types above it (the standard's limit is 63).
pub const BEHIND: usize = 128;

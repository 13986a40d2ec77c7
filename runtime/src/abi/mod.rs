//! The contract between compiled code and the runtime that runs it: the layout of what both read ([`layout`]), the layout of frames
//! ([`frame`], [`slots`]), the runtime functions that code calls ([`builtin`]), the codes of its traps ([`mod@trap`]) and its handlers of
//! exceptions ([`handlers`]). The compiler and the runtime both depend on this, and neither on the other.

pub mod builtin;
pub mod frame;
pub mod handlers;
pub mod heap;
pub mod layout;
pub mod settings;
pub mod slots;
pub mod supertypes;
pub mod trap;
pub mod word;

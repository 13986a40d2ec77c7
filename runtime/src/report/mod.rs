//! Traps and errors of host functions as data that belongs to nobody else, and as people read them: the [`render`]ed report, its
//! [`listing`] of frames, and what is left out of that because a [`library`] has it. Nothing here knows a store.

pub mod backtrace;
pub mod cause;
mod columns;
pub mod exception;
pub mod host_error;
pub mod library;
pub mod listing;
pub mod options;
pub mod render;
pub(crate) mod shorten;
pub mod trap;

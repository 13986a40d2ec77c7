//! The history of a run: the process that is shown, checkpoints, and ways from one moment to another.
//!
//! A moment is a tick and an address. Checkpoints are forks that are stopped where a tick begins, so all of a tick's addresses are
//! ahead of them.

mod backward;
mod checkpoints;
mod forward;
mod instructions;
mod live;
mod seek;
mod state;

pub use state::{Access, Moment, Reason, Timeline};

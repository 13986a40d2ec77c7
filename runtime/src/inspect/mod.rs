//! Looking things up in a module without running it.

pub mod file;

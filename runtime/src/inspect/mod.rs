//! Looking things up in a module without running it.

pub mod core_module;
pub mod file;

//! Execution (WebAssembly 2.0, section 4): instances are made ([`instantiate`]), functions are called ([`call`]), code calls the
//! runtime ([`builtins`]), and throws ([`throw`]).

mod builtins;
pub mod call;
mod diverted;
pub mod forwards;
mod gc;
pub mod instantiate;
mod recorded;
mod running;
mod segments;
mod streams;
mod throw;
mod watched;

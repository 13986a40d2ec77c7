//! The host's side: functions that guests can import, found by name, with Rust's own types.

pub mod caller;
mod definition;
mod exception;
mod external;
pub mod func;
mod global;
mod imports;
pub mod instance;
pub mod linker;
mod memory;
pub mod object;
pub mod pre;
mod reference;
mod shared_memory;
mod table;
pub mod threads;
pub mod typed;
mod undefined;
mod unknown;
#[cfg(feature = "wasi")]
pub mod wasi;

pub use caller::Caller;
pub use linker::Linker;
pub use typed::{IntoFunc, TypedFunc, WasmParams, WasmResults, WasmTy};
pub use undefined::{Undefined, UnknownImport};

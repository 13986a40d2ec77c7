//! What exists at run time: a store and the memories, tables, globals, functions and instances in it.

pub mod builtins;
pub mod callee;
pub mod context;
pub mod exception;
pub mod external;
pub mod func;
pub mod global;
pub mod imports;
pub mod instance;
pub mod instantiate;
pub mod memory;
pub mod said;
pub mod store;
pub mod table;
pub mod throw;
pub mod value;

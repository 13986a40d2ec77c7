//! What exists at run time: a store and the memories, tables, globals, functions and instances in it.

pub mod callee;
mod constant;
pub mod context;
pub mod exception;
pub mod gc;
mod growth;
pub mod handle;
pub mod host_objects;
pub mod instance;
mod interruption;
mod language_exception;
pub mod limits;
pub mod memory;
pub mod parking;
mod racing;
pub mod roots;
pub mod shared;
mod shown_exceptions;
pub mod slot;
pub mod stderr_tail;
pub mod store;
pub mod table;
pub mod thrown;
pub mod value;

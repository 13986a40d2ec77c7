//! Components (the component model, synchronous, as of WASI 0.2): core modules and the border around them.
//!
//! ```text
//! component ─take apart→ Parts: core modules, initializers, trampolines, types        (parts/, at compile time)
//!    core modules ─Module::from_input→ one artifact each; one image for each instance of one
//!    Parts + Linker ─instantiate→ State: memories, reallocs, handles                  (instance.rs)
//!    call ─lower arguments→ core function ─lift results→ Val                          (func.rs, lower.rs, lift.rs)
//!    import ←lower results─ host function ←lift arguments─ trampoline                 (trampoline.rs)
//! ```
//!
//! A component's nesting is resolved when it is taken apart, so that an instance is a flat list of steps. Values cross the border by
//! interpreting their types ([`Val`]), which names arguments for free; nothing is generated for a type.
//!
//! ```
//! use dwalin_runtime::component::{Component, Linker, Val};
//! use dwalin_runtime::{Engine, Store};
//!
//! # fn main() -> dwalin_runtime::Result<()> {
//! let engine = Engine::default();
//! let component = Component::new(&engine, r#"
//!     (component
//!       (core module $m
//!         (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
//!       (core instance $i (instantiate $m))
//!       (func (export "add") (param "a" u32) (param "b" u32) (result u32)
//!         (canon lift (core func $i "add"))))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
//! let add = instance.get_func(&mut store, "add").expect("it is exported");
//! let mut results = [Val::Bool(false)];
//! add.call(&mut store, &[Val::U32(2), Val::U32(3)], &mut results)?;
//! assert_eq!(results, [Val::U32(5)]);
//! # Ok(())
//! # }
//! ```

mod called;
mod canonical;
mod compiled;
mod crossing;
mod definition;
mod error;
mod func;
mod fused;
mod handles;
mod instance;
mod lift;
mod linker;
mod lower;
mod parts;
mod resource;
mod skeleton;
mod state;
mod strings;
mod trampoline;
mod transcode;
mod types;
mod val;
pub mod wasi;
mod wave;

pub use compiled::{Component, Draft};
pub use error::Violation;
pub use func::Func;
pub use instance::Instance;
pub use linker::{Linker, LinkerInstance};
pub use resource::{Resource, ResourceType};
pub use types::{FuncType, Type};
pub use val::Val;

//! A WebAssembly runtime for the hours in which a program does not work yet.
//!
//! The names are those that embedders of WebAssembly in Rust know:
//!
//! ```
//! use dwalin_runtime::{Config, Engine, Linker, Module, Store};
//!
//! # fn main() -> dwalin_runtime::Result<()> {
//! let engine = Engine::new(Config::new().debug_info(true));
//! let module = Module::new(&engine, r#"
//!     (module
//!       (import "host" "double" (func $double (param i32) (result i32)))
//!       (func (export "answer") (result i32) i32.const 21 call $double))"#)?;
//! let mut linker = Linker::new(&engine);
//! linker.func_wrap("host", "double", |n: i32| n * 2)?;
//! let mut store = Store::new(&engine, ());
//! let instance = linker.instantiate(&mut store, &module)?;
//! let answer = instance.get_typed_func::<(), i32>(&mut store, "answer")?;
//! assert_eq!(answer.call(&mut store, ())?, 42);
//! # Ok(())
//! # }
//! ```
//!
//! [`Config::debug_info`] shows the module to a debugger that traces or attaches to the process, as `gdb --args ./host`. What traps is an
//! [`Error::Trap`], which prints as a [`Report`] with source lines and variables, or as data: [`WasmBacktrace`]. [`wasi`] gives modules
//! WASI preview 1, [`coredump`] writes and reads core dumps, and [`ModuleFile`] looks things up in a module without running it.
//!
//! # Features
//!
//! * `compile` (default): modules are compiled. Without it, artifacts run ([`Module::deserialize_file`]), and Cranelift's code generator
//!   is not built.
//! * `wasi` (default): WASI preview 1.
//! * `component-model`: components, and WASI 0.2.
//!
//! Fuel, threads, the garbage collector, profiles and debug info bring no dependency that the rest does not have: settings of [`Config`]
//! have them or not.
//!
//! # From a module to a program
//!
//! ```text
//! wasm bytes ─parse→ ModuleInfo ─translate→ CLIF per function ─codegen→ code + address map + homes + traps + unwind
//!    ─link→ Artifact (an ELF image, mapped as it is) ─place→ PlacedCode, every address final
//!    ─describe→ native DWARF ─register→ GDB JIT interface                                  (with debug info only)
//!    ─call→ … trap ─walk frame pointers→ frames ─symbolize with the wasm's own DWARF→ Trap
//! ```

pub mod abi;
#[cfg(feature = "compile")]
mod build;
mod cache;
pub mod code;
#[cfg(feature = "compile")]
pub mod compile;
mod compile_error;
mod compiled;
#[cfg(feature = "component-model")]
pub mod component;
mod config;
pub mod coredump;
mod debug_files;
mod describe;
mod embedded;
mod engine;
mod error;
mod execution;
mod host;
pub mod index;
mod inspect;
pub mod module;
mod named_file;
mod outline;
mod postmortem;
mod printable;
pub mod record;
mod report;
mod threads;
mod unwind;
mod vm;

pub use abi::trap::TrapKind;
pub use code::profile::Profile;
pub use compiled::Module;
pub use config::{Collector, Config, Debugger, OptLevel, is_traced};
pub use debug_files::DebugFiles;
pub use dwalin_debuginfo::SourceFrame;
pub use dwalin_debuginfo::address::WasmPc;
pub use dwalin_debuginfo::check;
pub use dwalin_debuginfo::nearest;
pub use dwalin_debuginfo::values::{
    Expression, Found, NotFound, SyntaxError, Unavailable, Variable, WasmValue,
};
pub use engine::Engine;
pub use error::{Error, OutOfBounds, Result};
pub use host::instance::Instance;
pub use host::object::I31;
pub use host::pre::InstancePre;
pub use host::threads::WasiThreads;
#[cfg(feature = "wasi")]
pub use host::wasi;
pub use host::{Caller, IntoFunc, Linker, TypedFunc, Undefined, UnknownImport};
pub use host::{WasmParams, WasmResults, WasmTy};
pub use inspect::core_module::CoreModule;
pub use inspect::file::{Location, ModuleFile};
pub use module::composite::{CompositeType, FieldType, StorageType};
pub use module::features::Proposal;
pub use module::foreign::NotAModule;
pub use module::instructions::Instructions;
pub use module::reference::{HeapType, RefType};
pub use module::types::{
    AddressType, ExternType, FuncType, GlobalType, Limits, MemoryType, Mutability, TableType,
    ValType,
};
pub use named_file::{open_chosen, read_chosen, read_source};
pub use outline::Input as ModuleInput;
pub use postmortem::profile::{
    GuestProfile, GuestProfiler, GuestSample, OtherThread, other_threads,
};
pub use printable::{Printable, PrintableLines, is_control};
pub use report::backtrace::{FrameInfo, WasmBacktrace};
pub use report::cause::Cause;
pub use report::host_error::HostError;
pub use report::library::{LIBRARY_WORDS, is_library_file};
pub use report::options::ReportOptions;
pub use report::render::Report;
pub use report::shorten::short as short_name;
pub use report::trap::Trap;
pub use vm::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub use vm::exception::ThrownException;
pub use vm::handle::{
    AnyRef, ArrayRef, ExnRef, Extern, ExternRef, Func, Global, Memory, StructRef, Table, Tag,
};
pub use vm::limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use vm::parking::WaitResult;
pub use vm::shared::SharedMemory;
pub use vm::store::Store;
pub use vm::value::Val;

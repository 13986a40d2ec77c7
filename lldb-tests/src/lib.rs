//! Drives a real lldb, in this process, for tests: a small safe layer over the parts of liblldb's API that tests need.
//!
//! ```no_run
//! use lldb_tests::{Session, Stop};
//! let mut session = Session::launch("target/debug/dwalin", &["run", "-g", "list.wasm"], &[]).unwrap();
//! let breakpoint = session.break_at("list.c", 12); // pending: the code is not there yet
//! assert_eq!(session.resume(), Stop::Breakpoint(breakpoint));
//! assert_eq!(session.frame(0).read("node->value"), "1");
//! session.step_out();
//! assert_eq!(session.returned().unwrap().text(), "30");
//! ```
//!
//! Everything is synchronous: what resumes the program returns when it has stopped again. One session lives at a time;
//! [`Session::launch`] waits for the one before to be dropped, as lldb's state is global.

mod breakpoint;
mod checkout;
mod frame;
mod handle;
mod launch;
mod output;
mod session;
mod value;
mod watchdog;

pub use breakpoint::BreakpointId;
pub use checkout::{bin, dwalin, root};
pub use frame::Frame;
pub use session::{Session, Stop};
pub use value::Value;

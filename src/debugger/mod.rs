//! The subcommands that start a debugger on `dwalin run -g`, and what debuggers load.

mod command_line;
pub mod formatters;
pub mod gdb;
pub mod handed_over;
pub mod image;
pub mod lldb;
pub mod nearest;
pub mod own_options;
mod scripts;

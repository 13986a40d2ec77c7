//! The subcommands that start a debugger on `dwalin run -g`.

mod command_line;
pub mod gdb;
pub mod lldb;
mod scripts;

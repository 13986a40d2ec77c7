//! The subcommands that start a debugger on `dwalin run -g`.

pub mod gdb;

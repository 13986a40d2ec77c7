//! Options of commands that look things up in files.

use clap::Args;
use std::path::PathBuf;

/// `dwalin addr2line`.
#[derive(Args)]
pub struct Addr2line {
    /// Offsets count from the start of the code section, as DWARF's do, not of the file.
    #[arg(short, long)]
    pub code_offsets: bool,
    /// The core module of a component that the offsets count in, by the name that reports give it; else they count in the file.
    #[arg(long, value_name = "NAME")]
    pub module: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The module or component: a .wasm or .wat file, or an artifact.
    pub file: PathBuf,
    /// Offsets, in decimal or with 0x.
    #[arg(required = true, value_name = "OFFSET")]
    pub offsets: Vec<String>,
}

/// `dwalin inspect`.
#[derive(Args)]
pub struct Inspect {
    /// The module or component that the program was; by default it is looked for beside the core dump and here, by its name.
    #[arg(long, value_name = "FILE")]
    pub module: Option<PathBuf>,
    /// Show bytes of the first memory instead.
    #[arg(long, value_name = "ADDRESS[:LENGTH]")]
    pub memory: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The core dump.
    pub file: PathBuf,
}

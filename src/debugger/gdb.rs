//! `dwalin gdb`: becomes gdb, with the scripts of gdb/ loaded and `dwalin run -g` as the program to debug.

use super::replayed::{From, Replayed, Server};
use super::scripts::{self, GDB};
use super::{cannot_be_started, command_line, handed_over, python};
use crate::args::Gdb;
use crate::files;
use anyhow::{Context, Result};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Becomes gdb; returns only if that fails.
pub fn gdb(options: &Gdb) -> Result<()> {
    let program = env::current_exe().context("the path of this program")?;
    let file = options.run.file();
    // Found here, and not by gdb at `run`: the user would see gdb start and then the program fail.
    if !goes_elsewhere(options) {
        fs::metadata(file).map_err(|error| files::cannot_read(file, error))?;
    }
    let folder = scripts::folder("gdb")?;
    let error = scripts::install(&GDB, &folder)
        .map_err(anyhow::Error::from)
        .and_then(|_| {
            let run = &options.run;
            match Replayed::of(run, options.reverse, "gdb-addresses", &folder)? {
                Some(replayed) => command_of_replayed(options, replayed, &program, &folder),
                None => command(options, &program, &folder),
            }
        });
    let error = error.map(|mut command| command.exec());
    fs::remove_dir_all(&folder).ok();
    Err(error?).with_context(|| cannot_be_started("gdb", &debugger(options)))
}

/// Returns true if gdb is told to be in another folder, where the file is then.
fn goes_elsewhere(options: &Gdb) -> bool {
    let is_cd = |option: &OsString| {
        let option = option.to_string_lossy();
        matches!(option.trim_start_matches('-').split('=').next(), Some("cd"))
    };
    options.gdb_option.iter().any(is_cd)
}

fn debugger(options: &Gdb) -> PathBuf {
    let from_environment = || env::var_os("GDB").filter(|path| !path.is_empty());
    let chosen = options.gdb.clone().map(OsString::from);
    chosen
        .or_else(from_environment)
        .unwrap_or_else(|| "gdb".into())
        .into()
}

/// Set for a gdb that has the launcher's scripts: those that `dwalin setup` wrote, of another version maybe, are not loaded there too.
pub const LAUNCHED: &str = "DWALIN_LAUNCHED";

fn command(options: &Gdb, program: &Path, folder: &Path) -> Result<Command> {
    let mut gdb = Command::new(debugger(options));
    // The program is not named here: gdb would read its symbols, which symbols.py explains why not to. All of it is done before gdb
    // attaches to a process, and before the user's own commands.
    gdb.arg("-q")
        .arg("-iex")
        .arg(format!(
            "python import sys; sys.path.insert(0, {}); import dwalin_gdb.launcher",
            python(&folder.to_string_lossy())
        ))
        .arg("-iex")
        .arg(start(options, program, folder)?)
        .args(&options.gdb_option)
        .env(LAUNCHED, "1");
    Ok(gdb)
}

/// gdb with a server that replays, which it is connected to before the user's commands.
fn command_of_replayed(
    options: &Gdb,
    replayed: Replayed<'_>,
    program: &Path,
    folder: &Path,
) -> Result<Command> {
    let interpreter = interpreter(&options.gdb_option);
    let from = match interpreter.as_deref() {
        Some("dap") => From::Adapter,
        Some(it) if it.starts_with("mi") => From::Editor,
        _ => From::Terminal,
    };
    let server = Server::start(program, replayed, folder, from)?;
    let connect = format!("target extended-remote {}", server.socket.display());
    let (folder, program) = (folder.to_string_lossy(), program.to_string_lossy());
    let mut gdb = Command::new(debugger(options));
    let import = format!(
        "python import sys; sys.path.insert(0, {}); import dwalin_gdb.launcher",
        python(&folder)
    );
    let replay = format!(
        "python dwalin_gdb.launcher.replay({}, {})",
        python(&folder),
        python(&program)
    );
    gdb.args(["-q", "-iex", &import, "-iex", &replay, "-ex", &connect])
        .args(&options.gdb_option)
        .env(LAUNCHED, "1");
    Ok(gdb)
}

/// The interpreter that gdb is told to have (GDB's manual, "Mode Options"): an editor's, maybe.
fn interpreter(options: &[OsString]) -> Option<String> {
    let mut words = options.iter().map(|it| it.to_string_lossy());
    while let Some(word) = words.next() {
        let word = word.trim_start_matches('-');
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if name == "i" || name.starts_with("interp") || name == "ui" {
            return match value {
                "" => words.next().map(String::from),
                value => Some(value.to_owned()),
            };
        }
    }
    None
}

fn start(options: &Gdb, program: &Path, folder: &Path) -> Result<String> {
    let arguments = options.run.args()?;
    let arguments: Vec<_> = arguments.iter().map(|it| python(it)).collect();
    let options = handed_over::encoded(&command_line::run_or_serve(
        &options.run,
        options.serve,
        Some("gdb"),
    ));
    Ok(format!(
        "python dwalin_gdb.launcher.start({}, {}, {}, [{}])",
        python(&folder.to_string_lossy()),
        python(&program.to_string_lossy()),
        python(&options),
        arguments.join(", ")
    ))
}

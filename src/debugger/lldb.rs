//! `dwalin lldb`: becomes lldb, with the formatters of lldb/ loaded and `dwalin run -g` as the program to debug.

use super::replayed::{From, Replayed, Server};
use super::scripts::{self, LLDB};
use super::{cannot_be_started, command_line, handed_over};
use crate::args::Lldb;
use crate::files;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The names of lldb where distributions have several.
const NAMES: [&str; 6] = [
    "lldb", "lldb-19", "lldb-20", "lldb-21", "lldb-22", "lldb-23",
];

/// Becomes lldb; returns only if that fails.
pub fn lldb(options: &Lldb) -> Result<()> {
    let program = env::current_exe().context("the path of this program")?;
    let file = options.run.file();
    // Found here, and not when the program is run: lldb would start and the program fail.
    if is_named(file) {
        fs::metadata(file).map_err(|error| files::cannot_read(file, error))?;
    }
    let folder = scripts::folder("lldb")?;
    let debugger = debugger(options);
    let error = LLDB
        .write(&folder)
        .map_err(anyhow::Error::from)
        .and_then(|package| {
            match Replayed::of(&options.run, options.reverse, "lldb-formatters", &folder)? {
                Some(replayed) => {
                    command_of_replayed(options, replayed, &debugger, &program, &package)
                }
                None => Ok(command(options, &debugger, &program, &package)),
            }
        });
    let error = error.map(|mut command| command.exec());
    fs::remove_dir_all(&folder).ok();
    Err(error?).with_context(|| cannot_be_started("lldb", &debugger))
}

/// Returns true if there is a program to start: lldb may be told to attach to one.
fn is_named(file: &Path) -> bool {
    !file.as_os_str().is_empty()
}

fn debugger(options: &Lldb) -> PathBuf {
    let from_environment = || env::var_os("LLDB").filter(|path| !path.is_empty());
    let chosen = options.lldb.clone().map(OsString::from);
    let chosen = chosen.or_else(from_environment).unwrap_or_else(|| {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = env::split_paths(&path).collect();
        let is_there = |name: &&&str| folders.iter().any(|folder| folder.join(name).is_file());
        NAMES.iter().find(is_there).unwrap_or(&NAMES[0]).into()
    });
    chosen.into()
}

fn command(options: &Lldb, debugger: &Path, program: &Path, package: &Path) -> Command {
    let mut lldb = Command::new(debugger);
    // Before the user's commands; the package deletes its folder when it is loaded.
    lldb.arg("-O")
        .arg(format!("command script import '{}'", package.display()));
    let folder = package.parent().unwrap_or(package);
    if !is_named(options.run.file()) {
        let launched = format!("script dwalin_lldb.launched({folder:?})");
        lldb.arg("-O").arg(launched).args(&options.lldb_option);
        return lldb;
    }
    let handed_over = handed_over::encoded(&command_line::run_or_serve(
        &options.run,
        options.serve,
        None,
    ));
    lldb.arg("-O").arg(format!(
        "settings append target.env-vars \"{}={handed_over}\"",
        handed_over::VARIABLE
    ));
    // With the target there, and before the user's commands.
    lldb.arg("-o").arg(launched(options, program, folder));
    lldb.args(&options.lldb_option);
    lldb.arg("--").arg(program).args(&options.run.program[1..]);
    lldb
}

/// lldb with a server that replays, which it is connected to before the user's commands.
fn command_of_replayed(
    options: &Lldb,
    replayed: Replayed<'_>,
    debugger: &Path,
    program: &Path,
    package: &Path,
) -> Result<Command> {
    let folder = package.parent().unwrap_or(package);
    let server = Server::start(program, replayed, folder, From::Terminal)?;
    let mut lldb = Command::new(debugger);
    lldb.arg("-O")
        .arg(format!("command script import '{}'", package.display()))
        // The program is compiled before the server answers; lldb waits for 6 seconds by itself.
        .arg("-O")
        .arg("settings set plugin.process.gdb-remote.packet-timeout 120")
        .arg("-o")
        .arg(format!(
            "process connect -p gdb-remote unix-connect://{}",
            server.socket.display()
        ))
        .arg("-o")
        .arg(format!("script dwalin_lldb.replays({folder:?})"))
        .args(&options.lldb_option)
        .arg("--")
        .arg(program);
    Ok(lldb)
}

/// Tells the package of the command by which it has the program's image before the program runs.
fn launched(options: &Lldb, program: &Path, folder: &Path) -> String {
    let mut command = vec![program.as_os_str().to_owned(), "debug-image".into()];
    let run = command_line::run(&options.run, Some("lldb-formatters"));
    command.extend(run.into_iter().skip(1));
    let command = handed_over::encoded(&command);
    let file = handed_over::encoded(&[options.run.file().into()]);
    // All are literals of Python, too.
    format!("script dwalin_lldb.launched({folder:?}, {command:?}, {file:?})")
}

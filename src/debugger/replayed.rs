//! Debuggers on a recording: a server of ours replays it, forwards and backwards, and the debugger is connected to that.

use super::command_line;
use crate::args::Run;
use crate::server_options::ReplayServer;
use anyhow::{Context, Result, bail};
use dwalin_runtime::record::Log;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The first bytes of a recording, of any version.
const MAGIC: &[u8] = b"dwalin recording ";

/// Returns true if a file is what `dwalin run --record` wrote.
pub fn is_recording(path: &Path) -> bool {
    let mut bytes = [0; MAGIC.len()];
    let is_file = path.metadata().is_ok_and(|it| it.is_file());
    is_file
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut bytes).is_ok())
        && bytes == *MAGIC
}

/// The side that a server's debugger is used from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A terminal, or a script.
    Terminal,
    /// An editor: the standard streams are the protocol between it and the debugger.
    Editor,
    /// An editor that speaks the Debug Adapter Protocol, and has the program started.
    Adapter,
}

/// The run that a server replays.
pub enum Replayed<'a> {
    /// A recording, described for a kind of debugger.
    Recording(&'a Path, &'a str),
    /// A program that is recorded while it runs, by the arguments of `dwalin`.
    Live(Vec<OsString>),
}

impl<'a> Replayed<'a> {
    /// The run that a launcher's file is: a recording, or a program if people want to go `back` in it; otherwise `None`.
    pub fn of(
        run: &'a Run,
        back: bool,
        debugger: &'a str,
        folder: &Path,
    ) -> Result<Option<Replayed<'a>>> {
        if is_recording(run.file()) {
            // What is wrong with it is told here, and not by a server whose debugger then tells of a lost connection.
            let opened = Log::open(run.file());
            opened.with_context(|| format!("cannot replay {}", run.file().display()))?;
            return Ok(Some(Replayed::Recording(run.file(), debugger)));
        }
        if !back {
            return Ok(None);
        }
        let file = run.file().display();
        if run.code.optimize.optimize {
            bail!("{file}: --reverse goes back in code for debugging; leave -O out");
        }
        let mut words = command_line::run(run, Some(debugger));
        words.insert(1, "--traced".into());
        if run.record.is_none() {
            let mut option = OsString::from("--record=");
            option.push(folder.join("recording"));
            words.insert(1, option);
        }
        words.extend(run.program[1..].iter().cloned());
        Ok(Some(Replayed::Live(words)))
    }
}

/// The start of a server.
pub struct Server {
    /// The socket that it listens at.
    pub socket: PathBuf,
}

impl Server {
    /// Starts one of `program` in the background.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    pub fn start(program: &Path, what: Replayed<'_>, folder: &Path, from: From) -> Result<Server> {
        use rustix::io::{FdFlags, fcntl_setfd};
        use std::os::fd::AsRawFd;
        use std::os::unix::net::UnixListener;
        use std::os::unix::process::CommandExt;

        let socket = folder.join("server");
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("cannot listen at {}", socket.display()))?;
        let mut server = Command::new(program);
        server.arg("replay-server");
        server.arg(format!("--socket={}", listener.as_raw_fd()));
        if from == From::Adapter {
            server.arg("--wait-for-run");
        }
        if from != From::Terminal {
            server.arg("--output-to-debugger");
            server.stdin(Stdio::null()).stdout(Stdio::null());
        }
        match what {
            Replayed::Recording(file, debugger) => {
                server.args(["--debugger", debugger, "--"]).arg(file);
                // A terminal's Ctrl-C is the debugger's.
                server.stdin(Stdio::null()).process_group(0);
            }
            // The program reads what is typed, which is for the group that the debugger is in.
            Replayed::Live(words) => _ = server.args(["--live", "--"]).args(words),
        }
        let prepare = move || {
            // With this process, which becomes the debugger, or fails to.
            // SAFETY: the request is given a signal's number, as it wants it.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            Ok(fcntl_setfd(&listener, FdFlags::empty())?)
        };
        // SAFETY: prctl and fcntl are async-signal-safe.
        unsafe { server.pre_exec(prepare) };
        let server = server.spawn();
        server.context("cannot start the server that replays")?;
        Ok(Server { socket })
    }

    /// There is none for this system.
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    pub fn start(_: &Path, _: Replayed<'_>, _: &Path, _: From) -> Result<Server> {
        bail!("debuggers go back in time on Linux on x86-64 only")
    }
}

/// `dwalin replay-server`: serves one debugger, by a socket or by both standard streams.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn serve(options: &ReplayServer) -> Result<()> {
    use dwalin_timetravel::{Beginning, Connection, Streams, serve};
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};
    use std::os::unix::net::UnixListener;
    use std::{env, io};

    let program = env::current_exe().context("the path of this program")?;
    let mut command = Command::new(&program);
    match options.live {
        true => live(&mut command, &options.words),
        false => recorded(&mut command, options)?,
    }
    // No handler is replaced: what is typed at a terminal is for the debugger, and output is written whoever has the terminal.
    for signal in [
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGTSTP,
        libc::SIGTTOU,
        libc::SIGPIPE,
    ] {
        // SAFETY: no handler is called.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let connection = match options.socket {
        Some(descriptor) => {
            // SAFETY: whoever names a descriptor gives it away.
            let listener = unsafe { OwnedFd::from_raw_fd(descriptor) };
            let (stream, _) = UnixListener::from(listener).accept()?;
            Connection::new(stream.try_clone()?, stream)
        }
        None => {
            // The standard output is the protocol's.
            command.stdout(io::stderr().as_fd().try_clone_to_owned()?);
            Connection::new(io::stdin(), io::stdout())
        }
    };
    let streams = match options.output_to_debugger {
        true => Streams::Debugger,
        false => Streams::Own,
    };
    let beginning = match options.wait_for_run {
        true => Beginning::Waits,
        false => Beginning::Started,
    };
    Ok(serve(
        &mut command,
        program,
        connection,
        streams,
        beginning,
    )?)
}

/// The process that replays a recording.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn recorded(command: &mut Command, options: &ReplayServer) -> Result<()> {
    use std::os::unix::process::CommandExt;

    let file = Path::new(&options.words[0]);
    if !is_recording(file) {
        bail!(
            "{} is not a recording, as `dwalin run --record FILE` makes them",
            file.display()
        );
    }
    let debugger = OsString::from(format!("--debugger={}", options.debugger));
    command
        .args(["replay".into(), "--traced".into(), debugger, "--".into()])
        .arg(file)
        .stdin(Stdio::null())
        .process_group(0);
    Ok(())
}

/// The process that runs and is recorded: it reads from the terminal, and is stopped by the debugger, not by keys.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn live(command: &mut Command, words: &[OsString]) {
    use std::os::unix::process::CommandExt;

    command.args(words);
    let block = || {
        // SAFETY: a set of signals is plain bytes, and these functions are async-signal-safe.
        unsafe {
            let mut signals = std::mem::zeroed();
            libc::sigemptyset(&mut signals);
            for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP] {
                libc::sigaddset(&mut signals, signal);
            }
            libc::sigprocmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
        }
        Ok(())
    };
    // SAFETY: `block` does what may be done between fork and exec.
    unsafe { command.pre_exec(block) };
}

/// There is none for this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn serve(options: &ReplayServer) -> Result<()> {
    bail!(
        "{}: debuggers go back in recordings on Linux on x86-64 only",
        Path::new(&options.words[0]).display()
    )
}

//! Debuggers on a recording: a server of ours replays it, forwards and backwards, and the debugger is connected to that.

use crate::args::ReplayServer;
use anyhow::{Context, Result, bail};
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

/// The start of a server.
pub struct Server {
    /// The socket that it listens at.
    pub socket: PathBuf,
}

impl Server {
    /// Starts one in the background: `program` replays a recording, described for a kind of debugger.
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    pub fn start(
        program: &Path,
        recording: &Path,
        debugger: &str,
        folder: &Path,
    ) -> Result<Server> {
        use std::os::unix::net::UnixListener;
        use std::os::unix::process::CommandExt;

        let socket = folder.join("server");
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("cannot listen at {}", socket.display()))?;
        let listener = std::os::fd::OwnedFd::from(listener);
        // A terminal's Ctrl-C is the debugger's.
        let server = Command::new(program)
            .args(["replay-server", "--socket", "--debugger"])
            .arg(debugger)
            .arg("--")
            .arg(recording)
            .stdin(Stdio::from(listener))
            .process_group(0)
            .spawn();
        server.context("cannot start the server that replays")?;
        Ok(Server { socket })
    }

    /// There is none for this system.
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    pub fn start(_: &Path, recording: &Path, _: &str, _: &Path) -> Result<Server> {
        bail!(
            "{}: debuggers go back in recordings on Linux on x86-64 only",
            recording.display()
        )
    }
}

/// `dwalin replay-server`: serves one debugger, by a socket that is the standard input, or by both standard streams.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn serve(options: &ReplayServer) -> Result<()> {
    use dwalin_timetravel::{Connection, serve};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixListener;
    use std::{env, io};

    if !is_recording(&options.file) {
        bail!(
            "{} is not a recording, as `dwalin run --record FILE` makes them",
            options.file.display()
        );
    }
    // SAFETY: no handler is replaced: a terminal's Ctrl-C is for the debugger, and output is written whoever has the terminal.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_IGN);
        libc::signal(libc::SIGTTOU, libc::SIG_IGN);
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
    let program = env::current_exe().context("the path of this program")?;
    let mut command = Command::new(&program);
    let debugger = OsString::from(format!("--debugger={}", options.debugger));
    command
        .args(["replay".into(), "--traced".into(), debugger, "--".into()])
        .arg(&options.file)
        .stdin(Stdio::null());
    let connection = match options.socket {
        true => {
            let listener = io::stdin().as_fd().try_clone_to_owned()?;
            let (stream, _) = UnixListener::from(listener).accept()?;
            Connection::new(stream.try_clone()?, stream)
        }
        false => {
            // The standard output is the protocol's.
            command.stdout(io::stderr().as_fd().try_clone_to_owned()?);
            Connection::new(io::stdin(), io::stdout())
        }
    };
    Ok(serve(&mut command, program, connection)?)
}

/// There is none for this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn serve(options: &ReplayServer) -> Result<()> {
    bail!(
        "{}: debuggers go back in recordings on Linux on x86-64 only",
        options.file.display()
    )
}

//! What one program sees of the world, and how an embedder puts it together.

use super::descriptor::{Descriptor, Descriptors};
use super::types::rights;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// A program's arguments, environment and open descriptors.
#[derive(Debug)]
pub struct WasiCtx {
    pub(super) args: Vec<String>,
    pub(super) env: Vec<String>,
    pub(super) descriptors: Descriptors,
}

/// Puts a [`WasiCtx`] together. At first there are no arguments, no environment, no directories, and standard input and
/// output are closed.
#[derive(Default, Debug)]
pub struct WasiCtxBuilder {
    args: Vec<String>,
    env: Vec<String>,
    stdio: [Option<File>; 3],
    preopens: Vec<Descriptor>,
}

impl WasiCtxBuilder {
    /// An empty context.
    pub fn new() -> WasiCtxBuilder {
        WasiCtxBuilder::default()
    }

    /// Adds an argument; the first is the program's name. It ends at a NUL.
    pub fn arg(&mut self, arg: impl AsRef<str>) -> &mut WasiCtxBuilder {
        self.args.push(until_nul(arg.as_ref()));
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: &[impl AsRef<str>]) -> &mut WasiCtxBuilder {
        self.args
            .extend(args.iter().map(|arg| until_nul(arg.as_ref())));
        self
    }

    /// Adds an environment variable.
    pub fn env(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut WasiCtxBuilder {
        self.env
            .push(until_nul(&format!("{}={}", name.as_ref(), value.as_ref())));
        self
    }

    /// Standard input, output and error are those of this process.
    pub fn inherit_stdio(&mut self) -> &mut WasiCtxBuilder {
        let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
        let fds: [BorrowedFd<'_>; 3] = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
        self.stdio = fds.map(|fd| fd.try_clone_to_owned().ok().map(File::from));
        self
    }

    /// Standard input is read from this file.
    pub fn stdin(&mut self, file: File) -> &mut WasiCtxBuilder {
        self.stdio[0] = Some(file);
        self
    }

    /// Standard output is written to this file.
    pub fn stdout(&mut self, file: File) -> &mut WasiCtxBuilder {
        self.stdio[1] = Some(file);
        self
    }

    /// Standard error is written to this file.
    pub fn stderr(&mut self, file: File) -> &mut WasiCtxBuilder {
        self.stdio[2] = Some(file);
        self
    }

    /// The program can reach what is below a directory of the host, by a name of its own.
    ///
    /// # Errors
    /// Where the directory cannot be opened.
    pub fn preopened_dir(
        &mut self,
        host: impl AsRef<Path>,
        guest: impl AsRef<str>,
    ) -> io::Result<&mut WasiCtxBuilder> {
        let dir = cap_primitives::fs::open_ambient_dir(
            host.as_ref(),
            cap_primitives::ambient_authority(),
        )?;
        let mut descriptor = Descriptor::new(dir, rights::DIRECTORY, rights::ALL)?;
        descriptor.preopen = Some(guest.as_ref().to_owned());
        self.preopens.push(descriptor);
        Ok(self)
    }

    /// The context. What the builder holds is moved into it.
    pub fn build(&mut self) -> WasiCtx {
        let WasiCtxBuilder {
            args,
            env,
            stdio,
            preopens,
        } = std::mem::take(self);
        let stdio = stdio.map(|file| file.and_then(|file| Descriptor::stdio(file).ok()));
        WasiCtx {
            args,
            env,
            descriptors: Descriptors::new(stdio, preopens),
        }
    }
}

/// The guest reads strings up to a NUL.
fn until_nul(text: &str) -> String {
    text.split('\0').next().unwrap_or_default().to_owned()
}

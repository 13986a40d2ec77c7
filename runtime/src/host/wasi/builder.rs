//! What the guest of one program sees, and how an embedder puts it together.

use super::descriptor::{Descriptor, Descriptors};
use super::shared_descriptors::SharedDescriptors;
use super::stream::{Source, Stream};
use cap_std::fs::Dir;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "component-model")]
use std::time::Instant;

/// The environment of one program: arguments, environment variables, descriptors.
pub struct WasiCtx {
    pub(crate) args: Vec<String>,
    /// As `NAME=value`.
    pub(crate) environment: Vec<String>,
    pub(crate) descriptors: Descriptors,
    /// The descriptors, where the program has several threads; those above are only there during a call.
    pub(crate) shared: Option<Arc<SharedDescriptors>>,
    pub(crate) is_entered: bool,
    /// The bytes that the running call wrote on standard error.
    pub(crate) to_stderr: Vec<u8>,
    /// The output of the running call on the standard streams 1 and 2 of the process, if it is recorded.
    pub(crate) outputs: Option<Vec<(u8, Vec<u8>)>>,
    /// Resources of WASI 0.2 other than descriptors.
    #[cfg(feature = "component-model")]
    pub(crate) handles: super::handles::Handles,
    #[cfg(feature = "component-model")]
    pub(crate) network: super::network::Network,
    #[cfg(feature = "component-model")]
    pub(crate) deadline: Option<Instant>,
}

impl fmt::Debug for WasiCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiCtx")
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

/// A directory could not be opened for the guest.
#[derive(Debug)]
pub struct PreopenError {
    /// The directory of the host.
    pub host_path: PathBuf,
    /// The guest's path for it.
    pub guest_path: String,
    source: io::Error,
}

impl fmt::Display for PreopenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PreopenError {
            host_path,
            guest_path,
            ..
        } = self;
        write!(f, "cannot open the directory {}", host_path.display())?;
        match host_path.as_os_str() == guest_path.as_str() {
            true => Ok(()),
            false => write!(f, " as the guest's {guest_path}"),
        }
    }
}

impl std::error::Error for PreopenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl From<PreopenError> for io::Error {
    fn from(error: PreopenError) -> io::Error {
        io::Error::new(error.source.kind(), error)
    }
}

/// Puts a [`WasiCtx`] together. Without being told, a program has no arguments, no environment, no directories, an empty
/// standard input, and outputs that go nowhere.
#[derive(Default)]
pub struct WasiCtxBuilder {
    args: Vec<String>,
    environment: Vec<String>,
    stdin: Option<Source>,
    stdout: Option<Source>,
    stderr: Option<Source>,
    preopens: Vec<(Dir, String)>,
    #[cfg(feature = "component-model")]
    network: super::network::Network,
}

impl WasiCtxBuilder {
    /// Of a program that sees nothing.
    pub fn new() -> WasiCtxBuilder {
        WasiCtxBuilder::default()
    }

    /// Appends an argument; the first is the program's name.
    pub fn arg(&mut self, arg: impl AsRef<str>) -> &mut WasiCtxBuilder {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Appends arguments.
    pub fn args(&mut self, args: &[impl AsRef<str>]) -> &mut WasiCtxBuilder {
        self.args
            .extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Appends a variable to the environment.
    pub fn env(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut WasiCtxBuilder {
        self.environment
            .push(format!("{}={}", name.as_ref(), value.as_ref()));
        self
    }

    /// Appends variables to the environment.
    pub fn envs(
        &mut self,
        variables: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> &mut WasiCtxBuilder {
        for (name, value) in variables {
            self.env(name, value);
        }
        self
    }

    /// Appends the host's environment, without the variables that are not in UTF-8, which WASI's are.
    pub fn inherit_env(&mut self) -> &mut WasiCtxBuilder {
        for (name, value) in std::env::vars_os() {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                self.env(name, value);
            }
        }
        self
    }

    /// Makes the host's standard streams the guest's.
    pub fn inherit_stdio(&mut self) -> &mut WasiCtxBuilder {
        self.inherit_stdin().inherit_stdout().inherit_stderr()
    }

    /// Makes the host's standard input the guest's.
    pub fn inherit_stdin(&mut self) -> &mut WasiCtxBuilder {
        self.stdin = Some(Source::HostInput(io::stdin()));
        self
    }

    /// Makes the host's standard output the guest's; what Rust's `stdout()` has buffered is the embedder's to flush.
    pub fn inherit_stdout(&mut self) -> &mut WasiCtxBuilder {
        self.stdout = Some(Source::HostOutput(io::stdout()));
        self
    }

    /// Makes the host's standard error the guest's.
    pub fn inherit_stderr(&mut self) -> &mut WasiCtxBuilder {
        self.stderr = Some(Source::HostError(io::stderr()));
        self
    }

    /// Sets the source of standard input.
    pub fn stdin(&mut self, reader: Box<dyn Read + Send>) -> &mut WasiCtxBuilder {
        self.stdin = Some(Source::Reader(reader));
        self
    }

    /// Sets the destination of standard output; it is flushed after each write.
    pub fn stdout(&mut self, writer: Box<dyn Write + Send>) -> &mut WasiCtxBuilder {
        self.stdout = Some(Source::Writer(writer));
        self
    }

    /// Sets the destination of standard error; it is flushed after each write.
    pub fn stderr(&mut self, writer: Box<dyn Write + Send>) -> &mut WasiCtxBuilder {
        self.stderr = Some(Source::Writer(writer));
        self
    }

    /// Opens a directory of the host's, with all below it, to the guest as `guest_path`.
    pub fn preopened_dir(
        &mut self,
        host_path: impl AsRef<Path>,
        guest_path: impl AsRef<str>,
    ) -> Result<&mut WasiCtxBuilder, PreopenError> {
        let (host_path, guest_path) = (host_path.as_ref(), guest_path.as_ref());
        let dir = open_directory(host_path).map_err(|source| PreopenError {
            host_path: host_path.to_owned(),
            guest_path: guest_path.to_owned(),
            source,
        })?;
        self.preopens.push((dir, guest_path.to_owned()));
        Ok(self)
    }

    /// Lets the program use all addresses of the host's network: without this its sockets of WASI 0.2 cannot be bound or connected.
    #[cfg(feature = "component-model")]
    pub fn inherit_network(&mut self) -> &mut WasiCtxBuilder {
        self.network.is_open = true;
        self
    }

    /// Says whether a network that the program may use has TCP; it has without being told.
    #[cfg(feature = "component-model")]
    pub fn allow_tcp(&mut self, allow: bool) -> &mut WasiCtxBuilder {
        self.network.is_without_tcp = !allow;
        self
    }

    /// As [`WasiCtxBuilder::allow_tcp`], of UDP.
    #[cfg(feature = "component-model")]
    pub fn allow_udp(&mut self, allow: bool) -> &mut WasiCtxBuilder {
        self.network.is_without_udp = !allow;
        self
    }

    /// Says whether the program may look up addresses of names.
    #[cfg(feature = "component-model")]
    pub fn allow_ip_name_lookup(&mut self, allow: bool) -> &mut WasiCtxBuilder {
        self.network.looks_names_up = allow;
        self
    }

    /// The context; the builder is empty afterwards.
    pub fn build(&mut self) -> WasiCtx {
        let builder = std::mem::take(self);
        let nowhere = || Source::Writer(Box::new(io::sink()));
        let streams = [
            builder
                .stdin
                .unwrap_or_else(|| Source::Reader(Box::new(io::empty()))),
            builder.stdout.unwrap_or_else(nowhere),
            builder.stderr.unwrap_or_else(nowhere),
        ];
        let mut descriptors = Descriptors::default();
        for source in streams {
            descriptors.push(Descriptor::stream(Stream::new(source)));
        }
        // Guests look for these from number 3 on, up to the first number that is closed.
        for (dir, name) in builder.preopens {
            descriptors.push(Descriptor::preopen(dir, name));
        }
        WasiCtx {
            to_stderr: Vec::new(),
            outputs: None,
            #[cfg(feature = "component-model")]
            handles: Default::default(),
            #[cfg(feature = "component-model")]
            network: builder.network,
            #[cfg(feature = "component-model")]
            deadline: None,
            args: builder.args,
            environment: builder.environment,
            descriptors,
            shared: None,
            is_entered: false,
        }
    }
}

// Not `Dir::open_ambient_dir`, which asks for `O_PATH`: such a directory cannot be listed.
fn open_directory(path: &Path) -> io::Result<Dir> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty())?;
    Ok(Dir::from_std_file(opened.into()))
}

//! Contexts of a program's threads, with the descriptors in common. A call takes the table, and gives it back while it waits for something.

use super::builder::WasiCtx;
use super::descriptor::Descriptors;
use super::errno::Errno;
use super::shared_descriptors::SharedDescriptors;
use super::types::{FileType, fdflags};
use rustix::event::{PollFd, PollFlags, poll};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A context during a call: with the descriptors in it.
pub(crate) struct Entered<'c>(&'c mut WasiCtx);

impl Deref for Entered<'_> {
    type Target = WasiCtx;

    fn deref(&self) -> &WasiCtx {
        self.0
    }
}

impl DerefMut for Entered<'_> {
    fn deref_mut(&mut self) -> &mut WasiCtx {
        self.0
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl WasiCtx {
    /// A context for another thread of the same program: with the same arguments, environment and descriptors.
    pub fn for_thread(&mut self) -> WasiCtx {
        let shared = self.shared.get_or_insert_with(|| {
            let shared = SharedDescriptors::default();
            shared.give_back(std::mem::take(&mut self.descriptors));
            Arc::new(shared)
        });
        WasiCtx {
            args: self.args.clone(),
            environment: self.environment.clone(),
            descriptors: Descriptors::default(),
            shared: Some(shared.clone()),
            is_entered: false,
            to_stderr: Vec::new(),
            outputs: None,
            #[cfg(feature = "component-model")]
            handles: Default::default(),
            #[cfg(feature = "component-model")]
            network: self.network,
            #[cfg(feature = "component-model")]
            deadline: self.deadline,
        }
    }

    /// Takes the descriptors for a call.
    pub(crate) fn enter(&mut self) -> Entered<'_> {
        self.take_descriptors();
        Entered(self)
    }

    fn take_descriptors(&mut self) {
        if let Some(shared) = &self.shared {
            self.descriptors = shared.take();
            self.is_entered = true;
        }
    }

    fn leave(&mut self) {
        if let Some(shared) = self.shared.as_ref().filter(|_| self.is_entered) {
            shared.give_back(std::mem::take(&mut self.descriptors));
            self.is_entered = false;
        }
    }

    /// Waits for something while other threads have the descriptors.
    pub(crate) fn waiting<R>(&mut self, wait: impl FnOnce() -> R) -> R {
        self.leave();
        let result = wait();
        self.take_descriptors();
        result
    }

    /// Waits until a read of a descriptor does not: in the read other threads would wait for the descriptors.
    pub(crate) fn wait_to_read(&mut self, fd: u32) -> Result<(), Errno> {
        if self.shared.is_none() {
            return Ok(());
        }
        let descriptor = self.descriptors.get(fd)?;
        let Some(host) = descriptor.host() else {
            return Ok(());
        };
        let waits = !matches!(
            descriptor.filetype()?,
            FileType::RegularFile | FileType::Directory
        );
        if !waits || descriptor.flags()? & fdflags::NONBLOCK != 0 {
            return Ok(());
        }
        let host = host.try_clone_to_owned()?;
        // What goes wrong with this goes wrong with the read.
        let _ = self.waiting(|| poll(&mut [PollFd::new(&host, PollFlags::IN)], None));
        Ok(())
    }
}

//! Shows code that a program generates at run time to gdb and lldb, through GDB's JIT interface ("Debugging with GDB",
//! chapter "JIT Compilation Interface"), which lldb on Linux reads too.
//!
//! What is registered is an ELF image in memory, symbols and DWARF included, in which the addresses of all sections are those
//! that the code really has. Register one image for much code rather than many for little: debuggers take time that grows
//! with the square of their number.
//!
//! ```no_run
//! # fn elf_image() -> Vec<u8> { Vec::new() }
//! let registration = dwalin_gdb_jit::Registration::new(elf_image());
//! // The debugger knows the code now, and one that attaches later finds it.
//! drop(registration); // Now it has let go of it, and the code may be freed.
//! ```

mod abi;
mod list;

use list::First;
use std::ptr::NonNull;

/// An image that debuggers see while this lives.
#[derive(Debug)]
pub struct Registration {
    node: NonNull<list::Node>,
}

// SAFETY: the node is only touched through `list`, which locks.
unsafe impl Send for Registration {}
// SAFETY: a shared reference gives nothing to touch it with.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers an ELF image. If a debugger controls the process, it reads the image before this returns.
    pub fn new(image: impl AsRef<[u8]> + Send + Sync + 'static) -> Registration {
        Registration {
            node: list::link(Box::new(image), First::Image),
        }
    }

    /// Registers an image that the debugger which controls the process has from elsewhere: only those that come later get it.
    pub fn known(image: impl AsRef<[u8]> + Send + Sync + 'static) -> Registration {
        Registration {
            node: list::link(Box::new(image), First::Nothing),
        }
    }

    /// Registers an image that a debugger can have from a file: `link` is an image that leads there (`.gnu_debuglink`), and what a
    /// debugger that controls the process now gets. Those that come later get the image itself.
    pub fn linked(
        link: impl Into<Box<[u8]>>,
        image: impl AsRef<[u8]> + Send + Sync + 'static,
    ) -> Registration {
        Registration {
            node: list::link(Box::new(image), First::Link(link.into())),
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: `new` linked the node, and nothing else unlinks it.
        unsafe { list::unlink(self.node) };
    }
}

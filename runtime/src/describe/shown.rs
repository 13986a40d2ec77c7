//! Code as debuggers are shown it, for one instance or for several that have all memories in common: the threads of a program.

use crate::code::PlacedCode;
use crate::code::pointers::PointerFunctions;
use dwalin_debuginfo::address::HostAddress;
use dwalin_gdb_jit::Registration;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Code and its image, as long as an instance has it.
pub struct Shown {
    // Dropped first: the debugger lets go of the code before it is unmapped.
    _registration: Registration,
    /// The functions that the image's expressions call.
    _pointer_functions: Option<PointerFunctions>,
    pub code: Arc<PlacedCode>,
    /// The memories that the image names.
    memories: Vec<HostAddress>,
}

impl Shown {
    /// Of code for instances that have these memories.
    pub fn new(
        registration: Registration,
        pointer_functions: Option<PointerFunctions>,
        code: Arc<PlacedCode>,
        memories: Vec<HostAddress>,
    ) -> Shown {
        Shown {
            _registration: registration,
            _pointer_functions: pointer_functions,
            code,
            memories,
        }
    }
}

/// The images of a module that more instances may use.
#[derive(Default)]
pub struct ShownCodes(Mutex<Vec<Weak<Shown>>>);

impl ShownCodes {
    /// The image of an instance with the same memories.
    pub fn find(&self, memories: &[HostAddress]) -> Option<Arc<Shown>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = all.iter().filter_map(Weak::upgrade);
        all.find(|shown| shown.memories == memories)
    }

    /// Offers an image to further instances.
    pub fn add(&self, shown: &Arc<Shown>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|shown| shown.strong_count() > 0);
        all.push(Arc::downgrade(shown));
    }
}

//! The list of images, changed under a lock of ours: the interface has none.

use crate::abi::{
    __jit_debug_descriptor, __jit_debug_register_code, CodeEntry, Descriptor, NO_ACTION, REGISTER,
    UNREGISTER,
};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, MutexGuard};

static LOCK: Mutex<()> = Mutex::new(());

/// An entry of the list and what it points to. The entry comes first: a pointer to one is one to the other.
#[repr(C)]
pub struct Node {
    entry: CodeEntry,
    image: Image,
    first: First,
}

/// The image that a present debugger is told of at registration, and again at the end.
pub enum First {
    /// The image.
    Image,
    /// Another one in its place.
    Link(Box<[u8]>),
    /// Nothing: it has the image.
    Nothing,
}

/// The owner of an image's bytes, at a stable address.
pub type Image = Box<dyn AsRef<[u8]> + Send + Sync>;

impl CodeEntry {
    fn show(&mut self, image: &[u8]) {
        self.symfile_addr = image.as_ptr();
        self.symfile_size = image.len() as u64;
    }
}

/// The lock guards no data of Rust's, so a panic of another holder spoils nothing.
fn lock() -> MutexGuard<'static, ()> {
    LOCK.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Puts an image at the head of the list and tells the debugger.
pub fn link(image: Image, first: First) -> NonNull<Node> {
    let mut entry = CodeEntry {
        next: ptr::null_mut(),
        prev: ptr::null_mut(),
        symfile_addr: ptr::null(),
        symfile_size: 0,
    };
    entry.show(match &first {
        First::Link(link) => link,
        First::Image | First::Nothing => (*image).as_ref(),
    });
    let is_told = !matches!(first, First::Nothing);
    let node = Node {
        entry,
        image,
        first,
    };
    let node = NonNull::from(Box::leak(Box::new(node)));
    let entry = node.as_ptr().cast::<CodeEntry>();
    let _guard = lock();
    // SAFETY: with the lock held, the descriptor and all nodes in the list are ours; nodes are freed only after `unlink`.
    unsafe {
        let descriptor = __jit_debug_descriptor.0.get();
        (*entry).next = (*descriptor).first_entry;
        if let Some(next) = (*descriptor).first_entry.as_mut() {
            next.prev = entry;
        }
        (*descriptor).first_entry = entry;
        if is_told {
            notify(descriptor, REGISTER, entry);
        }
        // For those that come later.
        (*entry).show((*(*node.as_ptr()).image).as_ref());
    }
    node
}

/// Takes an image out of the list, tells the debugger, and frees it.
///
/// # Safety
/// `node` must come from [`link`] and not have been unlinked.
pub unsafe fn unlink(node: NonNull<Node>) {
    let entry = node.as_ptr().cast::<CodeEntry>();
    let _guard = lock();
    // SAFETY: with the lock held, the descriptor and all nodes in the list are ours, and this one is in it.
    unsafe {
        let descriptor = __jit_debug_descriptor.0.get();
        match (*entry).prev.as_mut() {
            Some(prev) => prev.next = (*entry).next,
            None => (*descriptor).first_entry = (*entry).next,
        }
        // What the debugger knows the code by.
        if let First::Link(link) = &(*node.as_ptr()).first {
            (*entry).show(link);
        }
        if let Some(next) = (*entry).next.as_mut() {
            next.prev = (*entry).prev;
        }
        notify(descriptor, UNREGISTER, entry);
        // The debugger has let go of the image by now.
        drop(Box::from_raw(node.as_ptr()));
    }
}

/// Stops the process in the debugger, if there is one, with the descriptor saying why.
///
/// A pointer, no `&mut`: the compiler may take it that nobody reads through another pointer while a `&mut` is in use, and
/// drop the first two writes, because the last two overwrite them.
///
/// # Safety
/// The lock is held, and `entry` is alive.
unsafe fn notify(descriptor: *mut Descriptor, action: u32, entry: *mut CodeEntry) {
    // SAFETY: the lock is held.
    unsafe {
        (*descriptor).action_flag = action;
        (*descriptor).relevant_entry = entry;
        __jit_debug_register_code();
        (*descriptor).action_flag = NO_ACTION;
        (*descriptor).relevant_entry = ptr::null_mut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registration;
    use std::sync::PoisonError;

    /// Keeps the tests apart: a process has one list, and they say what is in it.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The images in the list, as a debugger that attaches walks it.
    fn images() -> Vec<Vec<u8>> {
        let _guard = lock();
        let mut images = Vec::new();
        // SAFETY: the lock is held.
        unsafe {
            let mut entry = (*__jit_debug_descriptor.0.get()).first_entry;
            let mut before = ptr::null_mut();
            while let Some(node) = entry.as_ref() {
                assert_eq!(node.prev, before, "the list is linked both ways");
                images.push(
                    std::slice::from_raw_parts(node.symfile_addr, node.symfile_size as usize)
                        .to_vec(),
                );
                (before, entry) = (entry, node.next);
            }
        }
        images
    }

    #[test]
    fn what_is_shown_first_is_not_in_the_list() {
        let _alone = alone();
        let image = b"whole image".to_vec();
        let shown = Registration::linked(*b"link", image.clone());
        assert!(images().contains(&image));
        assert!(!images().contains(&b"link".to_vec()));
        drop(shown);
        assert!(!images().contains(&image));
    }

    #[test]
    fn what_the_debugger_knows_is_in_the_list_for_others() {
        let _alone = alone();
        let image = b"known image".to_vec();
        let known = Registration::known(image.clone());
        assert!(images().contains(&image));
        drop(known);
        assert!(!images().contains(&image));
    }

    #[test]
    fn the_list_holds_what_is_registered_newest_first() {
        let _alone = alone();
        let one = Registration::new(*b"one");
        let two = Registration::new(*b"two");
        let three = Registration::new(*b"three");
        assert_eq!(images(), [&b"three"[..], b"two", b"one"]);
        drop(two);
        assert_eq!(images(), [&b"three"[..], b"one"]);
        drop(three);
        assert_eq!(images(), [&b"one"[..]]);
        drop(one);
        assert!(images().is_empty());
    }
}

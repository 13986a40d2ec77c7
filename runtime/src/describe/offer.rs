//! An image that Dwalin's scripts in lldb load by themselves, as they would a library: by the program's name, and in the place of the
//! image that they had before the program ran, so that breakpoints stay what they are. lldb's own reader of the JIT interface makes
//! a new module of each image, whose name is an address, and keeps those of processes that have ended.

use std::ffi::CString;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// An image to load, and whether it was. Scripts find it by its name, and know its layout.
#[repr(C)]
struct Offer {
    /// Two strings, the file's path and the program's name, each with a zero after it; null while there is nothing to load.
    text: AtomicPtr<u8>,
    size: AtomicU32,
    /// Not zero once it is loaded: the scripts write it.
    taken: AtomicU32,
}

#[unsafe(export_name = "__dwalin_offer")]
static OFFER: Offer = Offer {
    text: AtomicPtr::new(ptr::null_mut()),
    size: AtomicU32::new(0),
    taken: AtomicU32::new(0),
};

/// Returns true if the scripts have loaded the image in a file. The process stops for it, so it must be traced: a stop that nobody is told
/// of.
pub fn is_taken(path: &str, name: &str) -> bool {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let (Ok(path), Ok(name)) = (CString::new(path), CString::new(name)) else {
        return false;
    };
    let mut text = [path.as_bytes_with_nul(), name.as_bytes_with_nul()].concat();
    let _guard = ONE_AT_A_TIME.lock();
    OFFER.taken.store(0, Ordering::SeqCst);
    OFFER.size.store(text.len() as u32, Ordering::SeqCst);
    OFFER.text.store(text.as_mut_ptr(), Ordering::SeqCst);
    // SAFETY: the tracer keeps the signal to itself.
    unsafe { libc::raise(libc::SIGTRAP) };
    OFFER.text.store(ptr::null_mut(), Ordering::SeqCst);
    OFFER.taken.load(Ordering::SeqCst) != 0
}

//! Owned objects of lldb's API, and its strings.

use std::ffi::{CStr, CString, c_char};
use std::fmt;

/// An object that liblldb made for us, and its destructor.
///
/// Most of these are a counted reference to the real thing, which can be gone: lldb answers for those with nothing.
pub struct Handle<T> {
    raw: *mut T,
    dispose: unsafe extern "C" fn(*mut T),
}

impl<T> Handle<T> {
    /// # Safety
    ///
    /// `raw` was made by liblldb for the caller to own (a null is fine), and `dispose` is its type's destructor.
    pub unsafe fn new(raw: *mut T, dispose: unsafe extern "C" fn(*mut T)) -> Handle<T> {
        Handle { raw, dispose }
    }

    pub fn raw(&self) -> *mut T {
        self.raw
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            // SAFETY: `new`'s caller gave us the object and the destructor that goes with it; it runs once.
            unsafe { (self.dispose)(self.raw) };
        }
    }
}

/// The contents of a C string of lldb's; none for a null.
///
/// # Safety
///
/// `text` is null or a C string that is alive now.
pub unsafe fn text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller says so.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}

/// A C string for lldb. Panics at a zero byte, which no test means to write.
pub fn c(text: &str) -> CString {
    CString::new(text).expect("a string for lldb must not contain a zero byte")
}

/// A null-terminated array of C strings, and what owns them.
pub struct CArray {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

impl CArray {
    pub fn new(strings: &[&str]) -> CArray {
        let strings: Vec<_> = strings.iter().map(|text| c(text)).collect();
        let pointers = strings
            .iter()
            .map(|text| text.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        CArray {
            pointers,
            _strings: strings,
        }
    }

    pub fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

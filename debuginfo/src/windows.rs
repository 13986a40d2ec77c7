//! Paths as compilers on Windows write them.

use std::borrow::Cow;

/// Whether a path begins with a drive or names another machine.
pub fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive = matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    drive || path.starts_with("\\\\")
}

/// A path with the separators of other systems.
pub fn with_slashes(path: &str) -> Cow<'_, str> {
    match path.contains('\\') {
        true => path.replace('\\', "/").into(),
        false => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_has_a_letter_and_a_separator() {
        for path in ["C:\\work", "c:/work", "\\\\server\\share"] {
            assert!(is_absolute(path), "{path}");
        }
        for path in ["src\\a.c", "/c:/a", "C:", "1:/a", "http://a", "\\a", ""] {
            assert!(!is_absolute(path), "{path}");
        }
        assert_eq!(with_slashes("C:\\a/b\\c"), "C:/a/b/c");
    }
}

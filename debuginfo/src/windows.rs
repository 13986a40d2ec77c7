//! Paths as compilers on Windows write them.

use std::borrow::Cow;

/// Returns true if a path begins with a drive or names another machine.
pub fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive = matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    drive || path.starts_with("\\\\")
}

/// As [`is_absolute`], and where it names another machine with the separators of other systems, which have no use for two of them.
pub fn is_or_may_be_absolute(path: &str) -> bool {
    is_absolute(path) || path.starts_with("//")
}

/// A path with the separators of other systems, and without the prefixes by which programs there say that a path is as it is, as Rust's
/// `canonicalize` does ("Naming Files, Paths, and Namespaces", Win32 File Namespaces).
pub fn plain(path: &str) -> Cow<'_, str> {
    let path = with_slashes(path);
    let network = path
        .get(..8)
        .filter(|it| it.eq_ignore_ascii_case("//?/UNC/"));
    match (network, path.strip_prefix("//?/")) {
        (Some(prefix), _) => format!("//{}", &path[prefix.len()..]).into(),
        (None, Some(rest)) => rest.to_owned().into(),
        (None, None) => path,
    }
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

    #[test]
    fn paths_of_other_machines_are_one_however_they_are_written() {
        for path in [
            "\\\\server\\share\\a.c",
            "//server/share/a.c",
            "\\\\?\\UNC\\server\\share\\a.c",
        ] {
            assert!(is_or_may_be_absolute(path), "{path}");
            assert_eq!(plain(path), "//server/share/a.c");
        }
        assert_eq!(plain("\\\\?\\C:\\a"), "C:/a");
        assert!(!is_or_may_be_absolute("/home/a"));
    }
}

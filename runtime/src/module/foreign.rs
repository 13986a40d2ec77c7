//! Files that are no modules: what they are instead, as far as their first bytes tell, and what to do about it.

use std::fmt;

/// Why a file is no module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotAModule(String);

impl fmt::Display for NotAModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a WebAssembly module: {}", self.0)
    }
}

impl std::error::Error for NotAModule {}

/// The first bytes of files that are taken for modules, their kind, and the remedy.
const KNOWN: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "it is compressed: unpack it first (gunzip)"),
    (
        b"\x28\xb5\x2f\xfd",
        "it is compressed: unpack it first (unzstd)",
    ),
    (b"\xfd7zXZ\0", "it is compressed: unpack it first (unxz)"),
    (b"BZh", "it is compressed: unpack it first (bunzip2)"),
    (
        b"PK\x03\x04",
        "it is a zip archive: unpack it first (unzip)",
    ),
    (
        b"!<arch>\n",
        "it is an archive of object files: link it with a program (wasm-ld)",
    ),
    (
        b"BC\xc0\xde",
        "it is LLVM bitcode: compile it without -flto or -emit-llvm",
    ),
    (
        b"\x7fELF",
        "it is native code (ELF): compile the source with clang --target=wasm32-wasi, or cargo build --target wasm32-wasip1",
    ),
    (
        b"\xff\xfe",
        "it is text in UTF-16, as PowerShell's `>` writes it: save it as UTF-8",
    ),
    (b"\x89PNG", "it is a picture"),
    (b"MZ", "it is a program for Windows"),
    (b"\xcf\xfa\xed\xfe", "it is a program for macOS"),
    (b"#!", "it is a script"),
    (
        b"version https://git-lfs",
        "it is a pointer of Git LFS: `git lfs pull` fetches the file",
    ),
    (b"<", "it is a page of the web: the download went wrong"),
    (b"{", "it is JSON"),
];

impl NotAModule {
    /// Returns the kind of a file that is neither a module nor a text that could be one's.
    pub(crate) fn of(bytes: &[u8]) -> Option<NotAModule> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let start = text.trim_ascii_start();
        let is_text = start.starts_with(b"(") || start.starts_with(b";;");
        if is_text || bytes.starts_with(b"\0asm") {
            return None;
        }
        if start.is_empty() {
            return Some(NotAModule("the file is empty".to_owned()));
        }
        let known = KNOWN.iter().find(|(magic, _)| start.starts_with(magic));
        Some(NotAModule(match known {
            Some((_, what)) => (*what).to_owned(),
            None => format!("it begins with {}", beginning(start)),
        }))
    }
}

/// The first bytes of a file: as text, where they are.
fn beginning(bytes: &[u8]) -> String {
    const MOST: usize = 24;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    let text = std::str::from_utf8(line).ok();
    let text = text.filter(|it| !it.contains(|c: char| c.is_control() && c != '\r' && c != '\t'));
    match text {
        Some(text) => {
            let cut: String = text.chars().take(MOST).collect();
            let more = if cut.len() < text.len() { "..." } else { "" };
            format!("`{}{more}`", cut.trim_end())
        }
        None => {
            let hex: Vec<_> = bytes.iter().take(8).map(|it| format!("{it:02x}")).collect();
            format!("the bytes {}, and not with 00 61 73 6d", hex.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NotAModule;

    #[test]
    fn what_is_no_module_is_told_by_its_beginning() {
        let of = |bytes: &[u8]| NotAModule::of(bytes).map(|it| it.0);
        for text in [
            "(module)",
            " \n;; a\n(module)",
            "\0asm",
            "\u{feff}(module)",
            "(; ;)",
        ] {
            assert_eq!(of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(of(b" \n").unwrap(), "the file is empty");
        assert!(of(b"\x1f\x8b\x08").unwrap().contains("gunzip"));
        assert_eq!(
            of(b"#include <stdio.h>\nint a;").unwrap(),
            "it begins with `#include <stdio.h>`"
        );
        assert_eq!(
            of(b"\xfe\x00").unwrap(),
            "it begins with the bytes fe 00, and not with 00 61 73 6d"
        );
        let long = "\u{e4}".repeat(40);
        assert!(of(long.as_bytes()).unwrap().ends_with("\u{e4}...`"));
    }
}

//! Words of commands that people are told to type.

use std::ffi::OsStr;

/// Quotes a file's name where a shell would not take it for one word (POSIX.1-2024, Shell Command Language, section 2.2).
pub fn word(name: impl AsRef<OsStr>) -> String {
    let name = name.as_ref().to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "_-./+=:,@%".contains(c);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name.into_owned(),
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn names_are_quoted_where_a_shell_divides_or_expands_them() {
        for plain in ["app.wasm", "../a/b-c_1.rec", "a=b,c", "\u{e4}.wasm"] {
            assert_eq!(word(plain), plain);
        }
        assert_eq!(word("a b.rec"), "'a b.rec'");
        assert_eq!(word("$HOME"), "'$HOME'");
        assert_eq!(word("~"), "'~'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }
}

//! Names that gdb and lldb take in expressions: `p name` is C there, and `$name` would be a variable of the debugger's own.

use std::collections::HashSet;

/// Words that are no names in C or C++.
const KEYWORDS: [&str; 44] = [
    "auto", "bool", "break", "case", "catch", "char", "class", "const", "continue", "default",
    "delete", "do", "double", "else", "enum", "extern", "false", "float", "for", "friend", "goto",
    "if", "inline", "int", "long", "new", "operator", "private", "public", "register", "return",
    "short", "signed", "sizeof", "static", "struct", "switch", "template", "true", "typedef",
    "union", "unsigned", "void", "while",
];

/// Returns true if a debugger takes a text as a name.
pub fn is_identifier(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(word)
        && text.starts_with(|c: char| !c.is_ascii_digit())
        && !KEYWORDS.contains(&text)
}

/// Names that are given so far in one scope, no two the same.
#[derive(Default, Debug)]
pub struct Identifiers(HashSet<String>);

impl Identifiers {
    /// The identifier for what is called `name`, or for number `index` of a kind: the name, with `_` for what an identifier
    /// cannot have; with the number where another has it already.
    pub fn give(&mut self, name: Option<&str>, kind: &str, index: u32) -> String {
        let mut given = match name.filter(|name| !name.is_empty()) {
            Some(name) => identifier(name),
            None => format!("{kind}{index}"),
        };
        while !self.0.insert(given.clone()) {
            given = format!("{given}_{index}");
        }
        given
    }
}

fn identifier(name: &str) -> String {
    let word = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    };
    let mut text: String = name.chars().map(word).collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        text.insert(0, '_');
    }
    if KEYWORDS.contains(&text.as_str()) {
        text.push('_');
    }
    text
}

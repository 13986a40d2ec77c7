//! Functions' names as a programmer would write them, without a library's namespaces and default arguments.

use std::borrow::Cow;

/// libc++'s inline namespaces, and what they are in.
const VERSIONED: [&str; 2] = ["std::__2::", "std::__1::"];

/// Arguments of templates that are so unless something else is asked for.
const DEFAULTS: [&str; 6] = [
    "std::allocator<",
    "std::char_traits<",
    "std::default_delete<",
    "std::less<",
    "std::hash<",
    "std::equal_to<",
];

/// Names for what is left then.
const ALIASES: [(&str, &str); 2] = [
    ("std::basic_string<char>", "std::string"),
    ("std::basic_string_view<char>", "std::string_view"),
];

/// The longest name that is looked into: nobody reads them to here.
const LONGEST: usize = 4 << 10;

/// The name that clang gives a `main` with arguments.
const MAIN: &str = "__main_argc_argv";

/// A function's name as reports have it: without arguments of templates that are so by default, and libraries' inline namespaces.
pub fn short(name: &str) -> Cow<'_, str> {
    if name == MAIN {
        return "main".into();
    }
    let long = name.contains("std::__") || name.contains("[abi:");
    if !long || name.len() > LONGEST {
        return name.into();
    }
    let mut text = VERSIONED
        .iter()
        .fold(name.to_owned(), |text, it| text.replace(it, "std::"));
    while let Some((at, tag)) = between(&text, "[abi:", ']') {
        text.replace_range(at..tag, "");
    }
    for default in DEFAULTS {
        without(&mut text, &format!(", {default}"));
    }
    for (long, alias) in ALIASES {
        text = text.replace(long, alias);
    }
    text.into()
}

/// Returns the position of a text between `start` and `end`.
fn between(text: &str, start: &str, end: char) -> Option<(usize, usize)> {
    let at = text.find(start)?;
    let len = text[at..].find(end)?;
    Some((at, at + len + end.len_utf8()))
}

/// Takes out all arguments that begin so, up to the bracket that closes them, and the space that older demanglers put after.
fn without(text: &mut String, start: &str) {
    while let Some(at) = text.find(start) {
        let mut open = 0usize;
        let end = text[at..].char_indices().find_map(|(i, c)| {
            match c {
                '<' => open += 1,
                '>' => open = open.saturating_sub(1),
                _ => return None,
            }
            (open == 0).then_some(at + i + 1)
        });
        let Some(end) = end else { return };
        let space = text[end..].starts_with(" >");
        text.replace_range(at..end + usize::from(space), "");
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn what_is_so_by_default_is_left_out() {
        let string =
            "std::__2::basic_string<char, std::__2::char_traits<char>, std::__2::allocator<char> >";
        assert_eq!(
            short(&format!("f({string} const&)")),
            "f(std::string const&)"
        );
        let vector = format!("std::__2::vector<{string}, std::__2::allocator<{string} > >");
        assert_eq!(short(&vector), "std::vector<std::string>");
        let map = format!(
            "std::__2::map<{string}, int, std::__2::less<{string} >, std::__2::allocator<std::__2::pair<{string} const, int> > >::at[abi:nn190107](int)"
        );
        assert_eq!(short(&map), "std::map<std::string, int>::at(int)");
        assert_eq!(
            short("std::__2::set<int, std::__2::greater<int>, std::__2::allocator<int> >"),
            "std::set<int, std::greater<int>>"
        );
    }

    #[test]
    fn other_names_stay() {
        for name in [
            "f",
            "core::slice::index",
            "a, std::less<int",
            "std::__1::x<, [abi:",
        ] {
            assert_eq!(short(name), name.replace("std::__1::", "std::"));
        }
        assert_eq!(short("__main_argc_argv"), "main");
    }
}

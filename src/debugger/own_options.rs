//! A debugger's own options among those of `dwalin gdb` and `dwalin lldb`: what is in front of FILE and none of ours is the debugger's,
//! in the order in which it was typed.

use crate::args::Options;
use clap::{Command, CommandFactory};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The syntax of a debugger's options.
struct Syntax {
    /// The subcommand.
    name: &'static str,
    /// Options whose value may be a word of its own, without hyphens.
    with_value: &'static [&'static str],
    /// Options without, where one could be taken for the beginning of another.
    without: &'static [&'static str],
    /// An option after which the program comes.
    program: &'static str,
    /// Options by which there is a process, or what is left of one, without a program being named.
    attaching: &'static [&'static str],
}

/// GDB's manual, "Choosing Files" and "Choosing Modes"; gdb/main.c has a few more, and takes one hyphen or two, and beginnings that are
/// of one option only.
const GDB: Syntax = Syntax {
    name: "gdb",
    with_value: &[
        "annotate",
        "b",
        "c",
        "cd",
        "command",
        "core",
        "D",
        "d",
        "data-directory",
        "directory",
        "e",
        "early-init-command",
        "early-init-eval-command",
        "eiex",
        "eix",
        "eval-command",
        "ex",
        "exec",
        "i",
        "iex",
        "init-command",
        "init-eval-command",
        "interpreter",
        "ix",
        "l",
        "p",
        "pid",
        "s",
        "se",
        "symbols",
        "t",
        "tty",
        "ui",
        "x",
    ],
    without: &[
        "n",
        "nx",
        "nh",
        "nw",
        "q",
        "quiet",
        "r",
        "readnow",
        "readnever",
        "silent",
        "statistics",
        "tui",
        "w",
        "write",
    ],
    program: "args",
    attaching: &[],
};

/// `lldb --help`.
const LLDB: Syntax = Syntax {
    name: "lldb",
    with_value: &[
        "a",
        "arch",
        "attach-name",
        "attach-pid",
        "c",
        "core",
        "f",
        "file",
        "K",
        "k",
        "l",
        "n",
        "O",
        "o",
        "one-line",
        "one-line-before-file",
        "one-line-on-crash",
        "p",
        "repl-language",
        "S",
        "s",
        "script-language",
        "source",
        "source-before-file",
        "source-on-crash",
    ],
    without: &[],
    program: "",
    attaching: &["attach-name", "attach-pid", "c", "core", "n", "p"],
};

impl Syntax {
    /// Returns true if an option is the debugger's although we have one of its name: lldb's -O has a command, and ours is before another
    /// option or FILE.
    fn has(&self, word: &str, next: Option<&OsString>) -> bool {
        let is_command =
            |next: &OsString| !next.as_bytes().starts_with(b"-") && !Path::new(next).exists();
        self.name == "lldb" && word == "-O" && next.is_some_and(is_command)
    }

    fn attaches(&self, word: &str) -> bool {
        self.attaching.contains(&word.trim_start_matches('-'))
    }

    /// Returns true if an option has a value in the word after it.
    fn has_value_behind(&self, word: &str) -> bool {
        let name = word.trim_start_matches('-');
        let is = |names: &[&str]| names.contains(&name);
        if word.contains('=') || is(self.without) {
            return false;
        }
        let longer = |names: &[&str]| names.iter().filter(|it| it.starts_with(name)).count();
        is(self.with_value)
            || name.len() > 1 && longer(self.with_value) == 1 && longer(self.without) == 0
    }
}

/// The syntax of an option of ours.
enum Ours {
    /// With its value, if it has one.
    Whole,
    /// The value is in the word after it.
    ValueBehind,
}

/// An option of a subcommand of ours.
fn ours(command: &Command, word: &str) -> Option<Ours> {
    let found = if let Some(long) = word.strip_prefix("--") {
        let name = long.split('=').next();
        command
            .get_arguments()
            .find(|option| option.get_long() == name)
            .map(|option| (option, long.contains('=') || option.is_require_equals_set()))
    } else {
        // `-gO`; `-Ccache=n`.
        let mut letters = word.strip_prefix('-')?.chars();
        let option = letters.find_map(|letter| {
            let mut all = command.get_arguments();
            let option = all.find(|option| option.get_short() == Some(letter));
            match option {
                Some(option) if !option.get_action().takes_values() => None,
                option => Some(option),
            }
        });
        match option {
            // All of them are ours, and without values.
            None => return Some(Ours::Whole),
            Some(None) => return None,
            Some(Some(option)) => Some((option, !letters.as_str().is_empty())),
        }
    };
    found.map(
        |(option, has_value)| match option.get_action().takes_values() && !has_value {
            true => Ours::ValueBehind,
            false => Ours::Whole,
        },
    )
}

/// The command line with `-O KEY=VALUE` as `--optimize=KEY=VALUE`: an option of clap's has a value or has none.
pub fn with_keys(line: Vec<OsString>) -> Vec<OsString> {
    let mut options = Options::command();
    options.build();
    let name = line.get(1).and_then(|word| word.to_str());
    let Some(command) = name.and_then(|name| options.find_subcommand(name)) else {
        return line;
    };
    let has_keys = command
        .get_arguments()
        .any(|it| it.get_long() == Some("optimize"));
    if !has_keys {
        return line;
    }
    let mut words = line.into_iter();
    let mut out: Vec<_> = words.by_ref().take(2).collect();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if text == "--" || text == "-" || !text.starts_with('-') {
            out.push(word);
            break;
        }
        if let Some(keys) = text.strip_prefix("-O").filter(|keys| are_keys(keys)) {
            out.push(format!("--optimize={keys}").into());
            continue;
        }
        let next = words.as_slice().first().and_then(|next| next.to_str());
        match (ours(command, &text), next) {
            // `-g -O opt-level=2`, `-gO opt-level=2`.
            (Some(Ours::Whole), Some(keys))
                if !text.starts_with("--") && text.ends_with('O') && are_keys(keys) =>
            {
                let others = text.trim_end_matches('O');
                out.extend((others != "-").then(|| others.into()));
                out.push(format!("--optimize={keys}").into());
                words.next();
            }
            (Some(Ours::ValueBehind), _) => {
                out.push(word);
                out.extend(words.next());
            }
            _ => out.push(word),
        }
    }
    out.extend(words);
    out
}

/// Returns true if a word is keys with values, and not the name of a file.
fn are_keys(word: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    word == "help" || word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// The command line with the debugger's options as values of an option of ours. An empty FILE stands for none, where the debugger needs
/// none.
pub fn marked(line: Vec<OsString>) -> Vec<OsString> {
    let debuggers = [GDB, LLDB];
    let is_first = |debugger: &&Syntax| line.get(1).is_some_and(|word| word == debugger.name);
    let Some(debugger) = debuggers.iter().find(is_first) else {
        return line;
    };
    let mut options = Options::command();
    // So that `--help` and options of all subcommands are there.
    options.build();
    let Some(command) = options.find_subcommand(debugger.name) else {
        return line;
    };
    let mut words = line.into_iter();
    let mut out: Vec<_> = words.by_ref().take(2).collect();
    let mut needs_file = true;
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        let text = word.to_string_lossy().into_owned();
        if bytes == b"--" || !bytes.starts_with(b"-") || bytes == b"-" {
            needs_file = true;
            out.push(word);
            break;
        }
        if !debugger.program.is_empty() && text.trim_start_matches('-') == debugger.program {
            out.push("--".into());
            break;
        }
        let is_own = debugger.has(&text, words.as_slice().first());
        match ours(command, &text).filter(|_| !is_own) {
            Some(Ours::Whole) => out.push(word),
            Some(Ours::ValueBehind) => {
                out.push(word);
                out.extend(words.next());
            }
            None => {
                needs_file &= !debugger.attaches(&text);
                out.push(option(debugger, &word));
                if debugger.has_value_behind(&text) {
                    out.extend(words.next().map(|value| option(debugger, &value)));
                }
            }
        }
    }
    out.extend(words);
    if !needs_file {
        out.extend(["--".into(), OsString::new()]);
    }
    out
}

fn option(debugger: &Syntax, word: &OsStr) -> OsString {
    let mut option = OsString::from(format!("--{}-option=", debugger.name));
    option.push(word);
    option
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words = super::marked(words);
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        words
            .join(" ")
            .replace("--gdb-option=", "^")
            .replace("--lldb-option=", "^")
    }

    #[test]
    fn an_option_with_keys_is_told_from_the_one_without() {
        for (typed, right) in [
            ("dwalin run -O app.wasm", "dwalin run -O app.wasm"),
            (
                "dwalin run -O opt-level=s app.wasm -O a=b",
                "dwalin run --optimize=opt-level=s app.wasm -O a=b",
            ),
            (
                "dwalin run --dir a -gO opt-level=0 app.wasm",
                "dwalin run --dir a -g --optimize=opt-level=0 app.wasm",
            ),
            (
                "dwalin compile -Oopt-level=1 -o out app.wasm",
                "dwalin compile --optimize=opt-level=1 -o out app.wasm",
            ),
            ("dwalin run -O ./a=b", "dwalin run -O ./a=b"),
            ("dwalin run -O -- a=b", "dwalin run -O -- a=b"),
            ("dwalin wast -O a=b", "dwalin wast -O a=b"),
            ("dwalin", "dwalin"),
        ] {
            let words = typed.split(' ').map(OsString::from).collect();
            let words = with_keys(words);
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(words.join(" "), right);
        }
    }

    #[test]
    fn what_is_in_front_of_the_file_and_not_ours_is_the_debuggers() {
        for (typed, right) in [
            (
                "dwalin gdb app.wasm -q -ex run",
                "dwalin gdb app.wasm -q -ex run",
            ),
            (
                "dwalin gdb -q -ex run app.wasm",
                "dwalin gdb ^-q ^-ex ^run app.wasm",
            ),
            (
                "dwalin gdb -nx --dir . --tui a",
                "dwalin gdb ^-nx --dir . ^--tui a",
            ),
            ("dwalin gdb -gO -i=mi a -O", "dwalin gdb -gO ^-i=mi a -O"),
            (
                "dwalin gdb -Ccache=n -C cache=n -p 7 a",
                "dwalin gdb -Ccache=n -C cache=n ^-p ^7 a",
            ),
            (
                "dwalin gdb --dir=x --eval-comm run --batch a",
                "dwalin gdb --dir=x ^--eval-comm ^run ^--batch a",
            ),
            (
                "dwalin gdb -cd /x -iex y --args a -q",
                "dwalin gdb ^-cd ^/x ^-iex ^y -- a -q",
            ),
            (
                "dwalin gdb --gdb /x/gdb -x f -- -a",
                "dwalin gdb --gdb /x/gdb ^-x ^f -- -a",
            ),
            ("dwalin gdb --help", "dwalin gdb --help"),
            (
                "dwalin lldb --no-use-colors -o run a",
                "dwalin lldb ^--no-use-colors ^-o ^run a",
            ),
            (
                "dwalin lldb -O x -b -s f -O -g a",
                "dwalin lldb ^-O ^x ^-b ^-s ^f -O -g a",
            ),
            ("dwalin lldb -O Cargo.toml", "dwalin lldb -O Cargo.toml"),
            ("dwalin lldb -b -p 7", "dwalin lldb ^-b ^-p ^7 -- "),
            ("dwalin lldb -p 7 a", "dwalin lldb ^-p ^7 a"),
            (
                "dwalin lldb -Q -k quit --dwp x a -k",
                "dwalin lldb ^-Q ^-k ^quit --dwp x a -k",
            ),
            ("dwalin run -q a", "dwalin run -q a"),
        ] {
            assert_eq!(marked(typed), right);
        }
    }
}

//! Command lines that are none: what was probably meant.

use crate::files;
use crate::shell;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::ffi::OsString;
use std::path::Path;

/// Commands by the names that other tools have for them.
const OTHER_NAMES: [(&str, &str); 6] = [
    ("build", "compile"),
    ("debug", "gdb"),
    ("disassemble", "objdump"),
    ("dump", "objdump"),
    ("exec", "run"),
    ("start", "run"),
];

/// Ends the process with a message about a mistaken command line.
pub fn exit(mut error: clap::Error, options: &Command, arguments: &[OsString]) -> ! {
    let words: Vec<_> = arguments.iter().filter_map(|it| it.to_str()).collect();
    let said = match error.kind() {
        ErrorKind::InvalidSubcommand => no_command(&mut error, options),
        ErrorKind::UnknownArgument => no_option(&mut error, options, &words),
        ErrorKind::MissingRequiredArgument => taken_as_value(options, &words),
        _ => None,
    };
    let Some(said) = said else { error.exit() };
    eprintln!("error: {said}");
    std::process::exit(2)
}

fn no_command(error: &mut clap::Error, options: &Command) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    // As other runtimes are called.
    if Path::new(word).is_file() {
        return Some(format!(
            "{word} is a file and no command: `dwalin run {}` runs it",
            shell::word(word)
        ));
    }
    if word.contains(['.', '/']) {
        return Some(format!(
            "{word} is no command, and no file either: `dwalin run FILE` runs one"
        ));
    }
    // clap finds none for some that are two letters away: `rnu`.
    let names = options.get_subcommands().filter(|it| !it.is_hide_set());
    let other = OTHER_NAMES.iter().find(|it| it.0 == word);
    let near = other.map(|it| it.1);
    let near = near.or_else(|| files::nearest(word, names.map(|it| it.get_name())))?;
    let near = ContextValue::Strings(vec![near.to_owned()]);
    error.insert(ContextKind::SuggestedSubcommand, near);
    None
}

fn no_option(error: &mut clap::Error, options: &Command, words: &[&str]) -> Option<String> {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    if !unknown.starts_with('-') {
        return None;
    }
    let unknown = unknown.clone();
    // Levels as compilers have them, whose number clap takes for an option of its own.
    let level = |option: &str| {
        let rest = |word: &&str| word.strip_prefix(option) == unknown.strip_prefix('-');
        words.iter().copied().find(rest)
    };
    if let Some(level) = level("-O") {
        return Some(format!(
            "{level}: optimised code is of one kind, `-O`, without a number; -O help lists more"
        ));
    }
    if let Some(level) = level("-g") {
        return Some(format!(
            "{level}: code for debugging is of one kind, `-g`, without a number"
        ));
    }
    let name = unknown.trim_start_matches('-');
    let Some(command) = command(options, words) else {
        let run = options.find_subcommand("run")?;
        let is_of_run = run.get_arguments().any(|it| is_called(it, name));
        let rest = words.get(1..).unwrap_or_default().iter().map(shell::word);
        let rest = Vec::from_iter(rest).join(" ");
        return is_of_run
            .then(|| format!("{unknown} comes behind a command: `dwalin run {rest}` runs a file"));
    };
    let visible = command.get_arguments().filter(|it| !it.is_hide_set());
    let near = files::nearest(name, visible.filter_map(Arg::get_long));
    // In place of clap's tip to pass it as a value, which would be FILE.
    let mut tips = Vec::new();
    match near {
        Some(near) => {
            let near = ContextValue::String(format!("--{near}"));
            error.insert(ContextKind::SuggestedArg, near);
        }
        None => {
            let name = command.get_name();
            tips.push(format!("dwalin {name} --help lists the options").into());
        }
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    None
}

/// A file that is missing as it was taken for the value of the option in front of it.
fn taken_as_value(options: &Command, words: &[&str]) -> Option<String> {
    let [.., option, file] = words else {
        return None;
    };
    let name = option.trim_start_matches('-');
    let taken = command(options, words)?.get_arguments().find(|it| {
        option.starts_with('-') && is_called(it, name) && it.get_action().takes_values()
    });
    let is_taken = taken.is_some() && Path::new(file).is_file();
    is_taken.then(|| format!("{option} takes a value, for which {file} was taken: no file is left"))
}

/// The command of a command line.
fn command<'c>(options: &'c Command, words: &[&str]) -> Option<&'c Command> {
    let word = words.get(1)?;
    options.find_subcommand(word)
}

fn is_called(argument: &Arg, name: &str) -> bool {
    let short = argument.get_short().map(String::from);
    argument.get_long() == Some(name) || short.as_deref() == Some(name)
}

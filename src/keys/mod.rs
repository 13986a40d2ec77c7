//! Options that take `KEY=VALUE,...`: each has a table of its keys, by which values are parsed and listed. Keys have the names that they have
//! in wasmtime.

pub mod codegen;
pub mod optimize;
pub mod wasm;

use crate::files::nearest;
use clap::builder::TypedValueParser;
use dwalin_runtime::{Collector, OptLevel};
use std::time::Duration;

/// A key.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// The effect, and its default.
    pub help: &'static str,
}

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, help }
}

/// The kind of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `y` or `n`; a key alone is `y`.
    Flag,
    /// A whole number.
    Number,
    /// A time, with its unit.
    Time,
    /// A level of optimisation.
    Level,
    /// A collector of objects.
    Collector,
}

/// A value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    Flag(bool),
    Number(u64),
    Time(Duration),
    Level(OptLevel),
    Collector(Collector),
}

/// A key with its value, as typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    key: &'static str,
    value: Value,
    text: String,
}

impl Given {
    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The value of a flag that was given last.
fn flag(given: &[Given], key: &str) -> Option<bool> {
    match last(given, key)? {
        Value::Flag(flag) => Some(flag),
        _ => None,
    }
}

/// The number that was given last for a key.
fn number(given: &[Given], key: &str) -> Option<u64> {
    match last(given, key)? {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

/// The time that was given last for a key.
fn time(given: &[Given], key: &str) -> Option<Duration> {
    match last(given, key)? {
        Value::Time(time) => Some(time),
        _ => None,
    }
}

/// The collector that was given last for a key.
fn collector(given: &[Given], key: &str) -> Option<Collector> {
    match last(given, key)? {
        Value::Collector(collector) => Some(collector),
        _ => None,
    }
}

/// The level that was given last for a key.
fn level(given: &[Given], key: &str) -> Option<OptLevel> {
    match last(given, key)? {
        Value::Level(level) => Some(level),
        _ => None,
    }
}

fn last(given: &[Given], key: &str) -> Option<Value> {
    let given = given.iter().rev().find(|given| given.key == key);
    given.map(|given| given.value)
}

/// Parses what one of these options is given; `help` lists the table, and ends the process.
fn parser(option: &'static str, table: &'static [Key]) -> impl TypedValueParser<Value = Given> {
    let parse = move |text: String| match &*text {
        "help" => {
            print!("{}", list(option, table));
            std::process::exit(0)
        }
        _ => parse(option, table, &text),
    };
    clap::builder::StringValueParser::new().try_map(parse)
}

/// A mistake in what was given.
type Mistake = Box<dyn std::error::Error + Send + Sync>;

fn parse(option: &str, table: &'static [Key], text: &str) -> Result<Given, Mistake> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    // wasmtime takes both.
    let name = name.replace('_', "-");
    let Some(key) = table.iter().find(|key| key.name == name) else {
        let near = nearest(&name, table.iter().map(|key| key.name));
        let near = near.map_or_else(String::new, |near| format!("; there is `{near}`"));
        return Err(format!("no key of this option{near}; {option} help lists all").into());
    };
    let value = match (key.kind, value) {
        (Kind::Flag, None) => Value::Flag(true),
        (kind, None) => return Err(format!("{} is missing", kind.missing()).into()),
        (Kind::Flag, Some(value)) => Value::Flag(yes_or_no(value)?),
        (Kind::Number, Some(value)) => Value::Number(whole(value)?),
        (Kind::Time, Some(value)) => Value::Time(duration(value)?),
        (Kind::Collector, Some(value)) => Value::Collector(collector_of(value)?),
        (Kind::Level, Some(value)) => Value::Level(optimisation(value)?),
    };
    Ok(Given {
        key: key.name,
        value,
        text: text.to_owned(),
    })
}

impl Kind {
    fn missing(self) -> &'static str {
        match self {
            Kind::Flag => "y or n",
            Kind::Number => "a number, as in KEY=1000,",
            Kind::Time => "a time, as in KEY=10s,",
            Kind::Level => "a level, as in KEY=2,",
            Kind::Collector => "a collector, as in KEY=null,",
        }
    }

    /// As a list of keys shows it.
    fn placeholder(self) -> &'static str {
        match self {
            Kind::Flag => "[=y|n]",
            Kind::Number => "=N",
            Kind::Time => "=TIME",
            Kind::Level => "=0|1|2|s",
            Kind::Collector => "=auto|mark-sweep|null",
        }
    }
}

fn yes_or_no(text: &str) -> Result<bool, Mistake> {
    match text {
        "y" | "yes" | "true" => Ok(true),
        "n" | "no" | "false" => Ok(false),
        _ => Err("not y or n".into()),
    }
}

/// A level, as compilers have them; more than one level of speed there is not.
fn optimisation(text: &str) -> Result<OptLevel, Mistake> {
    match text {
        "0" => Ok(OptLevel::None),
        "1" | "2" => Ok(OptLevel::Speed),
        "s" => Ok(OptLevel::SpeedAndSize),
        _ => Err("not 0, 1, 2 or s".into()),
    }
}

/// A collector of objects.
fn collector_of(text: &str) -> Result<Collector, Mistake> {
    match text {
        "auto" => Ok(Collector::Auto),
        "mark-sweep" => Ok(Collector::MarkSweep),
        "null" => Ok(Collector::Null),
        _ => Err("not auto, mark-sweep or null".into()),
    }
}

/// A number, in decimal or with 0x.
fn whole(text: &str) -> Result<u64, Mistake> {
    let value = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    value.map_err(|_| "not a number, as 1048576 or 0x100000".into())
}

/// A time: seconds, or a number with its unit.
fn duration(text: &str) -> Result<Duration, Mistake> {
    // The longest first: `ms` ends with `s`.
    const UNITS: [(&str, f64); 6] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let unit = UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (number, seconds) = unit.unwrap_or((text, 1.0));
    let is_number = number.starts_with(|first: char| first.is_ascii_digit());
    let time = number.parse::<f64>().ok().filter(|_| is_number);
    let time = time.and_then(|number| Duration::try_from_secs_f64(number * seconds).ok());
    time.ok_or_else(|| "not a time, as 10s, 500ms or 2m".into())
}

/// The keys of an option, one a line, with what they do.
pub fn list(option: &str, table: &[Key]) -> String {
    let names = table
        .iter()
        .map(|key| format!("{option} {}{}", key.name, key.kind.placeholder()));
    let names: Vec<_> = names.collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let lines = names
        .iter()
        .zip(table)
        .map(|(name, key)| format!("  {name:width$}  {}\n", key.help));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let millis = |text| duration(text).ok().map(|time| time.as_millis());
        assert_eq!(millis("10s"), Some(10_000));
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis("1.5"), Some(1500));
        assert_eq!(millis("2m"), Some(120_000));
        for text in ["", "s", "-1s", "inf", "nan", "1e99s", "10 s", "10d"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}

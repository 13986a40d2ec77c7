//! The answer, as people read it.

use super::answer::{Answer, Write, own, writer};
use crate::args::Replay;
use crate::backtrace::Backtrace;
use dwalin_runtime::{Printable, ReportOptions, SourceFrame, read_source};

/// Prints it.
pub fn print(answer: &Answer<'_>, options: &Replay) {
    let Answer {
        expression,
        found,
        end,
        ..
    } = answer;
    let bytes = match found.len {
        1 => "1 byte".to_owned(),
        len => format!("{len} bytes"),
    };
    let of = answer.frame.as_deref();
    let of = of.map_or(String::new(), |frame| format!(", where {frame} has it"));
    let (ty, address) = (&found.ty, found.address);
    let ty = match ty == &bytes {
        true => String::new(),
        false => format!("{ty}, "),
    };
    println!(
        "{}",
        Printable(format_args!(
            "{expression}: {ty}{bytes} at {address:#x}{of}"
        ))
    );
    println!("{}", Printable(format_args!("the end: {end}")));
    let Some(write) = &answer.last_write else {
        let value = &answer.value;
        println!(
            "{}",
            Printable(format_args!(
                "nothing wrote it: its value, {value}, is what the module gives it at the start"
            ))
        );
        return;
    };
    let writes = answer.writes;
    let number = write.number;
    let who = writer(write.backtrace.frames());
    print_write(
        &format!("last written by {who}, write {number} of {writes}"),
        write,
        options,
    );
    if let Some(change) = &answer.last_change {
        let number = change.number;
        let who = writer(change.backtrace.frames());
        println!();
        print_write(
            &format!(
                "that was its value already; last changed by {who}, write {number} of {writes}"
            ),
            change,
            options,
        );
    }
}

fn print_write(sentence: &str, write: &Write, options: &Replay) {
    let frames = write.backtrace.frames();
    println!("{}", Printable(sentence));
    if let Some(line) = own(frames).and_then(|(_, symbol)| line(symbol)) {
        println!("{}", Printable(line));
    }
    println!("old value: {}", Printable(&write.old));
    println!("new value: {}", Printable(&write.new));
    let style = match options.backtrace {
        Some(Backtrace::Short) => ReportOptions::short(),
        Some(Backtrace::Full) => ReportOptions::full(),
        _ => ReportOptions::normal(),
    };
    println!("wasm backtrace, innermost first:");
    print!("{}", write.backtrace.display(&style));
}

/// The line of the source, as debuggers show it.
fn line(symbol: &SourceFrame) -> Option<String> {
    let number = symbol.line?;
    let source = read_source(symbol.file.as_deref()?).ok()?;
    let line = source.lines().nth((number as usize).checked_sub(1)?)?;
    Some(format!("{number}\t{line}"))
}

//! What the lines of a trap's frames cost the addr2line crate: the processor's microseconds from the debug sections of a module in
//! memory to the text of all frames, inlined ones too; of the first offset alone, and of all.
//!
//!     cargo run --release -p dwalin-debuginfo --example symbolize -- MODULE OFFSET...
//!
//! Offsets are bytes from the start of the code section's contents, innermost frame first.

use dwalin_debuginfo::container::Container;
use gimli::{EndianSlice, LittleEndian};
use rustix::time::{ClockId, clock_gettime};
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

/// The processor time of this thread.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

type Context<'a> = addr2line::Context<EndianSlice<'a, LittleEndian>>;

fn frames(context: &Context<'_>, pc: u64) -> Result<String, gimli::Error> {
    let mut text = String::new();
    let mut frames = context.find_frames(pc).skip_all_loads()?;
    while let Some(frame) = frames.next()? {
        if let Some(name) = &frame.function {
            let _ = write!(text, "{} ", dwalin_debuginfo::demangle(&name.raw_name()?));
        }
        if let Some(place) = &frame.location {
            let (line, column) = (place.line.unwrap_or(0), place.column.unwrap_or(0));
            let _ = writeln!(text, "{}:{line}:{column}", place.file.unwrap_or("??"));
        }
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let module = std::fs::read(args.next().ok_or("a module")?)?;
    let offsets = args
        .map(|text| text.parse())
        .collect::<Result<Vec<u64>, _>>()?;
    let container = Container::parse(&module)?;

    let start = processor_time();
    let section = |id: gimli::SectionId| {
        let bytes = container.section(id.name()).unwrap_or(&[]);
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    let context = Context::from_dwarf(gimli::read::Dwarf::load(section)?)?;
    let made = processor_time();
    black_box(frames(&context, offsets[0])?);
    let first = processor_time();
    let mut texts = Vec::new();
    for offset in &offsets {
        texts.push(frames(&context, *offset)?);
    }
    let all = processor_time();
    black_box(texts);
    println!(
        "context {} first {} all {}",
        (made - start).as_micros(),
        (first - start).as_micros(),
        (all - start).as_micros()
    );
    Ok(())
}

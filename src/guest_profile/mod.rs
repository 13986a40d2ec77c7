//! `--profile=guest`: samples → a file that a profiler's viewer opens. `*.speedscope.json` is for speedscope
//! (<https://www.speedscope.app/file-format-schema.json>), all else for Firefox's profiler, in its processed format (docs-developer/ of
//! firefox-devtools/profiler); both are tables of frames, of which samples have the numbers.

mod firefox;
mod speedscope;

use crate::json;
use anyhow::{Context, Result};
use dwalin_runtime::{FrameInfo, GuestProfile, GuestSample, SourceFrame, is_library_file};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Writes a profile of a program that took the time since `start`.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(profile: &GuestProfile, path: &Path, program: &str, start: SystemTime) -> Result<()> {
    let is_for_speedscope = path.to_string_lossy().ends_with(".speedscope.json");
    let tables = Tables::of(profile);
    let json = match is_for_speedscope {
        true => json::to_string(&speedscope::File::new(&tables, profile, program)),
        false => json::to_string(&firefox::File::new(&tables, profile, program, start)),
    };
    let written = std::fs::write(path, json);
    written.with_context(|| format!("cannot write the profile {}", path.display()))?;
    let (path, count) = (path.display(), profile.samples.len());
    let viewer = match is_for_speedscope {
        true => "https://www.speedscope.app",
        false => "https://profiler.firefox.com",
    };
    eprintln!("dwalin: profile of {count} samples written to {path}: open it in {viewer}");
    if profile.lost > 0 {
        let lost = profile.lost;
        eprintln!(
            "dwalin: {lost} samples more were left out; give a longer interval: --profile=guest,FILE,10ms"
        );
    }
    Ok(())
}

/// The kinds of frames, as positions in [`CATEGORIES`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Category {
    Program,
    Library,
    Host,
}

/// Their names and colours in Firefox.
const CATEGORIES: [(&str, &str); 3] = [
    ("Program", "blue"),
    ("Library", "purple"),
    ("Host", "orange"),
];

/// A function: name and file, by their positions in the strings.
type Function = (u64, Option<u64>);

/// A frame: function, line, column, kind, how many frames it is inlined into, offset in the module.
type Frame = (u64, Option<u32>, Option<u32>, Category, u64, Option<usize>);

/// Things that are named by numbers.
struct Numbered<T> {
    numbers: HashMap<T, u64>,
    all: Vec<T>,
}

impl<T: Eq + Hash + Clone> Numbered<T> {
    fn new() -> Numbered<T> {
        Numbered {
            numbers: HashMap::new(),
            all: Vec::new(),
        }
    }

    fn add(&mut self, item: T) -> u64 {
        let next = self.all.len() as u64;
        let number = *self.numbers.entry(item.clone()).or_insert(next);
        if number == next {
            self.all.push(item);
        }
        number
    }

    fn len(&self) -> usize {
        self.all.len()
    }

    fn column<V>(&self, value: impl Fn(&T) -> V) -> Vec<V> {
        self.all.iter().map(value).collect()
    }
}

/// The tables of a profile.
struct Tables {
    strings: Numbered<String>,
    functions: Numbered<Function>,
    frames: Numbered<Frame>,
    /// For each frame of the runtime's those that it is here, the outermost first: inlined functions are frames of their own.
    inlined: Vec<Vec<u64>>,
}

impl Tables {
    fn of(profile: &GuestProfile) -> Tables {
        let mut tables = Tables {
            strings: Numbered::new(),
            functions: Numbered::new(),
            frames: Numbered::new(),
            inlined: Vec::new(),
        };
        for frame in &profile.frames {
            let inlined = tables.inlined(frame);
            tables.inlined.push(inlined);
        }
        tables
    }

    fn inlined(&mut self, frame: &FrameInfo) -> Vec<u64> {
        if frame.symbols.is_empty() {
            let kind = match frame.host {
                true => Category::Host,
                false => Category::Program,
            };
            return vec![self.frame(frame, None, kind, 0)];
        }
        let outermost_first = frame.symbols.iter().rev().zip(0..);
        let frame = |(symbol, depth): (&SourceFrame, u64)| {
            let is_library = symbol.file.as_deref().is_some_and(is_library_file);
            let kind = match is_library {
                true => Category::Library,
                false => Category::Program,
            };
            self.frame(frame, Some(symbol), kind, depth)
        };
        outermost_first.map(frame).collect()
    }

    fn frame(
        &mut self,
        frame: &FrameInfo,
        symbol: Option<&SourceFrame>,
        category: Category,
        depth: u64,
    ) -> u64 {
        let name = symbol.and_then(|it| it.function.as_ref());
        let name = self.strings.add(name.unwrap_or(&frame.func_name).clone());
        let file = symbol.and_then(|it| it.file.clone());
        let file = file.map(|file| self.strings.add(file));
        let function = self.functions.add((name, file));
        let (line, column) = symbol.map_or((None, None), |it| (it.line, it.column));
        let offset = frame.module_offset;
        self.frames
            .add((function, line, column, category, depth, offset))
    }

    /// The frames of a sample, the outermost first.
    fn stack<'t>(&'t self, sample: &'t GuestSample) -> impl Iterator<Item = u64> + 't {
        let outermost_first = sample.frames.iter().rev();
        outermost_first.flat_map(|frame| self.inlined[*frame].iter().copied())
    }

    fn string(&self, number: u64) -> &str {
        &self.strings.all[number as usize]
    }
}

/// The CPU time of each sample since the one before, in microseconds.
fn cpu_times(profile: &GuestProfile) -> impl Iterator<Item = u64> {
    let mut before = 0;
    profile.samples.iter().map(move |sample| {
        let now = micros(sample.cpu_time);
        now - std::mem::replace(&mut before, now)
    })
}

fn micros(time: Duration) -> u64 {
    time.as_micros() as u64
}

fn exporter() -> String {
    format!("dwalin {}", env!("CARGO_PKG_VERSION"))
}

//! The tables of a profile: strings, functions and frames by number.

use dwalin_runtime::{FrameInfo, GuestProfile, GuestSample, SourceFrame, is_library_file};
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// The kinds of frames, as positions in [`CATEGORIES`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Category {
    Program,
    Library,
    Host,
}

/// Their names and colours in Firefox.
pub(super) const CATEGORIES: [(&str, &str); 3] = [
    ("Program", "blue"),
    ("Library", "purple"),
    ("Host", "orange"),
];

/// A function: name and file, by their positions in the strings.
pub(super) type Function = (u64, Option<u64>);

/// A frame: function, line, column, kind, how many frames it is inlined into, offset in the module.
pub(super) type Frame = (u64, Option<u32>, Option<u32>, Category, u64, Option<usize>);

/// Things that are named by numbers.
pub(super) struct Numbered<T> {
    numbers: HashMap<T, u64>,
    pub(super) all: Vec<T>,
}

impl<T: Eq + Hash + Clone> Numbered<T> {
    pub(super) fn new() -> Numbered<T> {
        Numbered {
            numbers: HashMap::new(),
            all: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, item: T) -> u64 {
        let next = self.all.len() as u64;
        let number = *self.numbers.entry(item.clone()).or_insert(next);
        if number == next {
            self.all.push(item);
        }
        number
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn column<V>(&self, value: impl Fn(&T) -> V) -> Vec<V> {
        self.all.iter().map(value).collect()
    }
}

/// The tables of a profile.
pub(super) struct Tables {
    pub(super) strings: Numbered<String>,
    pub(super) functions: Numbered<Function>,
    pub(super) frames: Numbered<Frame>,
    /// For each frame of the runtime's those that it is here, the outermost first: inlined functions are frames of their own.
    inlined: Vec<Vec<u64>>,
}

impl Tables {
    pub(super) fn of(profile: &GuestProfile) -> Tables {
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
    pub(super) fn stack<'t>(&'t self, sample: &'t GuestSample) -> impl Iterator<Item = u64> + 't {
        let outermost_first = sample.frames.iter().rev();
        outermost_first.flat_map(|frame| self.inlined[*frame].iter().copied())
    }

    pub(super) fn string(&self, number: u64) -> &str {
        &self.strings.all[number as usize]
    }
}

/// The CPU time of each sample since the one before, in microseconds.
pub(super) fn cpu_times(profile: &GuestProfile) -> impl Iterator<Item = u64> {
    let mut before = 0;
    profile.samples.iter().map(move |sample| {
        let now = micros(sample.cpu_time);
        now - std::mem::replace(&mut before, now)
    })
}

pub(super) fn micros(time: Duration) -> u64 {
    time.as_micros() as u64
}

pub(super) fn exporter() -> String {
    format!("dwalin {}", env!("CARGO_PKG_VERSION"))
}

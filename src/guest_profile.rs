//! `--profile=guest`: samples → a file that a profiler's viewer opens. `*.speedscope.json` is for speedscope
//! (<https://www.speedscope.app/file-format-schema.json>), all else for Firefox's profiler, in its processed format (docs-developer/ of
//! firefox-devtools/profiler); both are tables of frames, of which samples have the numbers.

use crate::json::Json;
use anyhow::{Context, Result};
use dwalin_runtime::{FrameInfo, GuestProfile, GuestSample, SourceFrame, is_library_file};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The version of the processed format: what its readers upgrade from.
const VERSION: u64 = 55;

/// Writes a profile of a program that took the time since `start`.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(profile: &GuestProfile, path: &Path, program: &str, start: SystemTime) -> Result<()> {
    let is_for_speedscope = path.to_string_lossy().ends_with(".speedscope.json");
    let tables = Tables::of(profile);
    let json = match is_for_speedscope {
        true => tables.speedscope(profile, program),
        false => tables.firefox(profile, program, start),
    };
    let written = std::fs::write(path, json.to_string());
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

    fn len(&self) -> Json {
        Json::number(self.all.len() as u64)
    }

    fn column(&self, value: impl Fn(&T) -> Json) -> Json {
        Json::array(self.all.iter().map(value))
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

    fn speedscope(&self, profile: &GuestProfile, program: &str) -> Json {
        let frame = |(function, line, column, ..): &Frame| {
            let (name, file) = self.functions.all[*function as usize];
            let mut members = vec![("name", Json::string(self.string(name)))];
            members.extend(file.map(|file| ("file", Json::string(self.string(file)))));
            members.extend(line.map(|line| ("line", Json::number(line.into()))));
            members.extend(column.map(|column| ("col", Json::number(column.into()))));
            Json::object(members)
        };
        let samples = profile.samples.iter();
        let stacks = samples.map(|sample| Json::numbers(self.stack(sample)));
        let end = profile.samples.last().map_or(0, |it| micros(it.cpu_time));
        let sampled = Json::object([
            ("type", Json::string("sampled")),
            ("name", Json::string(program)),
            ("unit", Json::string("microseconds")),
            ("startValue", Json::number(0)),
            ("endValue", Json::number(end)),
            ("samples", Json::array(stacks)),
            ("weights", Json::numbers(cpu_times(profile))),
        ]);
        let schema = "https://www.speedscope.app/file-format-schema.json";
        let frames = self.frames.column(frame);
        Json::object([
            ("$schema", Json::string(schema)),
            ("shared", Json::object([("frames", frames)])),
            ("profiles", Json::array([sampled])),
            ("name", Json::string(program)),
            ("exporter", Json::string(&exporter())),
        ])
    }

    fn firefox(&self, profile: &GuestProfile, program: &str, start: SystemTime) -> Json {
        let list = || Json::array([]);
        let start = start
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let categories = CATEGORIES.iter().map(|(name, color)| {
            Json::object([
                ("name", Json::string(name)),
                ("color", Json::string(color)),
                ("subcategories", Json::array([Json::string("Other")])),
            ])
        });
        let units = [
            ("time", "ms"),
            ("eventDelay", "ms"),
            ("threadCPUDelta", "µs"),
        ];
        let units = units.map(|(name, unit)| (name, Json::string(unit)));
        let meta = Json::object([
            ("categories", Json::array(categories)),
            ("debug", Json::bool(false)),
            ("extensions", empty(&["baseURL", "id", "name"])),
            ("interval", Json::thousandths(micros(profile.interval))),
            ("markerSchema", list()),
            ("pausedRanges", list()),
            ("preprocessedProfileVersion", Json::number(VERSION)),
            ("processType", Json::number(0)),
            ("product", Json::string(&exporter())),
            ("sampleUnits", Json::object(units)),
            ("sourceCodeIsNotOnSearchfox", Json::bool(true)),
            ("startTime", Json::thousandths(micros(start))),
            ("symbolicated", Json::bool(true)),
            ("usesOnlyOneStackType", Json::bool(true)),
            ("version", Json::number(24)),
        ]);
        Json::object([
            ("meta", meta),
            ("libs", list()),
            ("threads", Json::array([self.thread(profile, program)])),
            ("pages", list()),
            ("profilerOverhead", list()),
            ("counters", list()),
        ])
    }

    /// The only thread.
    fn thread(&self, profile: &GuestProfile, program: &str) -> Json {
        let process = std::process::id().to_string();
        let (stacks, samples) = self.samples(profile);
        let markers = ["category", "data", "endTime", "name", "phase", "startTime"];
        let symbols = ["address", "functionSize", "libIndex", "name"];
        Json::object([
            ("frameTable", self.frame_table()),
            ("funcTable", self.function_table()),
            ("isMainThread", Json::bool(true)),
            ("markers", empty(&markers)),
            ("name", Json::string(program)),
            ("nativeSymbols", empty(&symbols)),
            ("pausedRanges", Json::array([])),
            ("pid", Json::string(&process)),
            ("processName", Json::string(program)),
            ("processShutdownTime", Json::null()),
            ("processStartupTime", Json::number(0)),
            ("processType", Json::string("default")),
            ("registerTime", Json::number(0)),
            ("resourceTable", empty(&["host", "lib", "name", "type"])),
            ("samples", samples),
            ("showMarkersInTimeline", Json::bool(false)),
            ("stackTable", stacks),
            ("stringArray", self.strings.column(|it| Json::string(it))),
            ("tid", Json::string(&process)),
            ("unregisterTime", Json::null()),
        ])
    }

    fn frame_table(&self) -> Json {
        let frames = &self.frames;
        Json::object([
            ("length", frames.len()),
            (
                "address",
                frames.column(|it| it.5.map_or_else(minus_one, |it| Json::number(it as u64))),
            ),
            ("inlineDepth", frames.column(|it| Json::number(it.4))),
            ("category", frames.column(|it| Json::number(it.3 as u64))),
            ("subcategory", frames.column(|_| Json::number(0))),
            ("func", frames.column(|it| Json::number(it.0))),
            ("nativeSymbol", frames.column(|_| Json::null())),
            ("innerWindowID", frames.column(|_| Json::number(0))),
            ("line", frames.column(|it| Json::number_or_null(it.1))),
            ("column", frames.column(|it| Json::number_or_null(it.2))),
        ])
    }

    fn function_table(&self) -> Json {
        let functions = &self.functions;
        Json::object([
            ("length", functions.len()),
            ("name", functions.column(|it| Json::number(it.0))),
            ("isJS", functions.column(|_| Json::bool(false))),
            ("relevantForJS", functions.column(|_| Json::bool(false))),
            ("resource", functions.column(|_| minus_one())),
            (
                "fileName",
                functions.column(|it| Json::number_or_null(it.1)),
            ),
            ("lineNumber", functions.column(|_| Json::null())),
            ("columnNumber", functions.column(|_| Json::null())),
        ])
    }

    /// The tables of stacks and of samples: a stack is a frame and the stack that it is on.
    fn samples(&self, profile: &GuestProfile) -> (Json, Json) {
        let mut stacks: Numbered<(Option<u64>, u64)> = Numbered::new();
        let stack = |sample: &GuestSample| {
            let on = |below, frame| Some(stacks.add((below, frame)));
            self.stack(sample).fold(None, on)
        };
        let of_samples: Vec<_> = profile.samples.iter().map(stack).collect();
        let deltas: Vec<_> = cpu_times(profile).collect();
        let samples = Json::object([
            ("length", Json::number(of_samples.len() as u64)),
            ("weightType", Json::string("samples")),
            (
                "stack",
                Json::array(of_samples.into_iter().map(Json::number_or_null)),
            ),
            (
                "timeDeltas",
                Json::array(deltas.iter().map(|it| Json::thousandths(*it))),
            ),
            ("weight", Json::numbers(deltas.iter().map(|_| 1))),
            ("threadCPUDelta", Json::numbers(deltas)),
        ]);
        let table = Json::object([
            ("length", stacks.len()),
            ("prefix", stacks.column(|it| Json::number_or_null(it.0))),
            ("frame", stacks.column(|it| Json::number(it.1))),
        ]);
        (table, samples)
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

fn minus_one() -> Json {
    Json::negative(1)
}

/// A table without rows.
fn empty(columns: &[&'static str]) -> Json {
    let columns = columns.iter().map(|column| (*column, Json::array([])));
    Json::object([("length", Json::number(0))].into_iter().chain(columns))
}

fn exporter() -> String {
    format!("dwalin {}", env!("CARGO_PKG_VERSION"))
}

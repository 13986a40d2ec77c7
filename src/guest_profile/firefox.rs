//! The processed format of Firefox's profiler: docs-developer/ and src/types/profile.js of firefox-devtools/profiler.

use super::tables::{CATEGORIES, Numbered, Tables, cpu_times, exporter, micros};
use dwalin_runtime::{GuestProfile, GuestSample};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::time::SystemTime;

/// The version of the processed format: what its readers upgrade from.
const VERSION: u32 = 55;

/// The whole file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct File<'a> {
    meta: Meta,
    libs: Empty,
    threads: [Thread<'a>; 1],
    pages: Empty,
    profiler_overhead: Empty,
    counters: Empty,
}

impl<'a> File<'a> {
    /// That of a program's profile, which took the time since `start`.
    pub fn new(
        tables: &'a Tables,
        profile: &GuestProfile,
        program: &'a str,
        start: SystemTime,
    ) -> File<'a> {
        File {
            meta: Meta::new(profile, start),
            libs: [],
            threads: [Thread::new(tables, profile, program)],
            pages: [],
            profiler_overhead: [],
            counters: [],
        }
    }
}

/// A list without elements.
type Empty = [(); 0];

/// A table without rows, of these columns.
struct EmptyTable(&'static [&'static str]);

impl Serialize for EmptyTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len() + 1))?;
        map.serialize_entry("length", &0)?;
        for column in self.0 {
            map.serialize_entry(column, &Empty::default())?;
        }
        map.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    categories: [CategoryMeta; CATEGORIES.len()],
    debug: bool,
    extensions: EmptyTable,
    /// In milliseconds.
    interval: f64,
    marker_schema: Empty,
    paused_ranges: Empty,
    preprocessed_profile_version: u32,
    process_type: u32,
    product: String,
    sample_units: SampleUnits,
    source_code_is_not_on_searchfox: bool,
    /// In milliseconds since 1970.
    start_time: f64,
    symbolicated: bool,
    uses_only_one_stack_type: bool,
    version: u32,
}

impl Meta {
    fn new(profile: &GuestProfile, start: SystemTime) -> Meta {
        let start = start
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Meta {
            categories: CATEGORIES.map(|(name, color)| CategoryMeta {
                name,
                color,
                subcategories: ["Other"],
            }),
            debug: false,
            extensions: EmptyTable(&["baseURL", "id", "name"]),
            interval: millis(micros(profile.interval)),
            marker_schema: [],
            paused_ranges: [],
            preprocessed_profile_version: VERSION,
            process_type: 0,
            product: exporter(),
            sample_units: SampleUnits {
                time: "ms",
                event_delay: "ms",
                thread_cpu_delta: "µs",
            },
            source_code_is_not_on_searchfox: true,
            start_time: millis(micros(start)),
            symbolicated: true,
            uses_only_one_stack_type: true,
            version: 24,
        }
    }
}

#[derive(Serialize)]
struct CategoryMeta {
    name: &'static str,
    color: &'static str,
    subcategories: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SampleUnits {
    time: &'static str,
    event_delay: &'static str,
    #[serde(rename = "threadCPUDelta")]
    thread_cpu_delta: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thread<'a> {
    frame_table: FrameTable,
    func_table: FuncTable,
    is_main_thread: bool,
    markers: EmptyTable,
    name: &'a str,
    native_symbols: EmptyTable,
    paused_ranges: Empty,
    pid: String,
    process_name: &'a str,
    process_shutdown_time: (),
    process_startup_time: u32,
    process_type: &'static str,
    register_time: u32,
    resource_table: EmptyTable,
    samples: Samples,
    show_markers_in_timeline: bool,
    stack_table: StackTable,
    string_array: &'a [String],
    tid: String,
    unregister_time: (),
}

impl<'a> Thread<'a> {
    fn new(tables: &'a Tables, profile: &GuestProfile, program: &'a str) -> Thread<'a> {
        let process = std::process::id().to_string();
        let (stack_table, samples) = samples(tables, profile);
        Thread {
            frame_table: FrameTable::new(tables),
            func_table: FuncTable::new(tables),
            is_main_thread: true,
            markers: EmptyTable(&["category", "data", "endTime", "name", "phase", "startTime"]),
            name: program,
            native_symbols: EmptyTable(&["address", "functionSize", "libIndex", "name"]),
            paused_ranges: [],
            pid: process.clone(),
            process_name: program,
            process_shutdown_time: (),
            process_startup_time: 0,
            process_type: "default",
            register_time: 0,
            resource_table: EmptyTable(&["host", "lib", "name", "type"]),
            samples,
            show_markers_in_timeline: false,
            stack_table,
            string_array: &tables.strings.all,
            tid: process,
            unregister_time: (),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FrameTable {
    length: usize,
    /// Offsets in the module; -1 where there is none.
    address: Vec<i64>,
    inline_depth: Vec<u64>,
    category: Vec<usize>,
    subcategory: Vec<u32>,
    func: Vec<u64>,
    native_symbol: Vec<()>,
    #[serde(rename = "innerWindowID")]
    inner_window_id: Vec<u32>,
    line: Vec<Option<u32>>,
    column: Vec<Option<u32>>,
}

impl FrameTable {
    fn new(tables: &Tables) -> FrameTable {
        let frames = &tables.frames;
        let none = -1;
        FrameTable {
            length: frames.len(),
            address: frames.column(|it| it.5.map_or(none, |offset| offset as i64)),
            inline_depth: frames.column(|it| it.4),
            category: frames.column(|it| it.3 as usize),
            subcategory: frames.column(|_| 0),
            func: frames.column(|it| it.0),
            native_symbol: frames.column(|_| ()),
            inner_window_id: frames.column(|_| 0),
            line: frames.column(|it| it.1),
            column: frames.column(|it| it.2),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FuncTable {
    length: usize,
    name: Vec<u64>,
    #[serde(rename = "isJS")]
    is_js: Vec<bool>,
    #[serde(rename = "relevantForJS")]
    relevant_for_js: Vec<bool>,
    /// Rows of the table of resources; -1 for none.
    resource: Vec<i32>,
    file_name: Vec<Option<u64>>,
    line_number: Vec<()>,
    column_number: Vec<()>,
}

impl FuncTable {
    fn new(tables: &Tables) -> FuncTable {
        let functions = &tables.functions;
        FuncTable {
            length: functions.len(),
            name: functions.column(|it| it.0),
            is_js: functions.column(|_| false),
            relevant_for_js: functions.column(|_| false),
            resource: functions.column(|_| -1),
            file_name: functions.column(|it| it.1),
            line_number: functions.column(|_| ()),
            column_number: functions.column(|_| ()),
        }
    }
}

/// A stack is a frame and the stack that it is on.
#[derive(Serialize)]
struct StackTable {
    length: usize,
    prefix: Vec<Option<u64>>,
    frame: Vec<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Samples {
    length: usize,
    weight_type: &'static str,
    stack: Vec<Option<u64>>,
    /// In milliseconds.
    time_deltas: Vec<f64>,
    weight: Vec<u32>,
    /// In microseconds.
    #[serde(rename = "threadCPUDelta")]
    thread_cpu_delta: Vec<u64>,
}

/// Returns the tables of stacks and of samples.
fn samples(tables: &Tables, profile: &GuestProfile) -> (StackTable, Samples) {
    let mut stacks: Numbered<(Option<u64>, u64)> = Numbered::new();
    let stack = |sample: &GuestSample| {
        let on = |below, frame| Some(stacks.add((below, frame)));
        tables.stack(sample).fold(None, on)
    };
    let of_samples: Vec<_> = profile.samples.iter().map(stack).collect();
    let deltas: Vec<_> = cpu_times(profile).collect();
    let samples = Samples {
        length: of_samples.len(),
        weight_type: "samples",
        stack: of_samples,
        time_deltas: deltas.iter().map(|it| millis(*it)).collect(),
        weight: vec![1; deltas.len()],
        thread_cpu_delta: deltas,
    };
    let table = StackTable {
        length: stacks.len(),
        prefix: stacks.column(|it| it.0),
        frame: stacks.column(|it| it.1),
    };
    (table, samples)
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

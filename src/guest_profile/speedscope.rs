//! Speedscope's file format: <https://www.speedscope.app/file-format-schema.json>.

use super::tables::{Frame, Tables, cpu_times, exporter, micros};
use dwalin_runtime::GuestProfile;
use serde::Serialize;

/// The whole file.
#[derive(Serialize)]
pub struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    shared: Shared<'a>,
    profiles: [Sampled<'a>; 1],
    name: &'a str,
    exporter: String,
}

impl<'a> File<'a> {
    /// That of a program's profile.
    pub fn new(tables: &'a Tables, profile: &GuestProfile, program: &'a str) -> File<'a> {
        let frames = tables.frames.column(|it| SharedFrame::new(tables, it));
        let samples = profile.samples.iter();
        let sampled = Sampled {
            ty: "sampled",
            name: program,
            unit: "microseconds",
            start_value: 0,
            end_value: profile.samples.last().map_or(0, |it| micros(it.cpu_time)),
            samples: samples.map(|it| tables.stack(it).collect()).collect(),
            weights: cpu_times(profile).collect(),
        };
        File {
            schema: "https://www.speedscope.app/file-format-schema.json",
            shared: Shared { frames },
            profiles: [sampled],
            name: program,
            exporter: exporter(),
        }
    }
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<SharedFrame<'a>>,
}

#[derive(Serialize)]
struct SharedFrame<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    col: Option<u32>,
}

impl<'a> SharedFrame<'a> {
    fn new(tables: &'a Tables, &(function, line, col, ..): &Frame) -> SharedFrame<'a> {
        let (name, file) = tables.functions.all[function as usize];
        SharedFrame {
            name: tables.string(name),
            file: file.map(|file| tables.string(file)),
            line,
            col,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sampled<'a> {
    #[serde(rename = "type")]
    ty: &'static str,
    name: &'a str,
    unit: &'static str,
    start_value: u64,
    end_value: u64,
    samples: Vec<Vec<u64>>,
    weights: Vec<u64>,
}

//! What `dwalin check-debug` found, as JSON. docs/debugging.md documents the members.

use dwalin_runtime::WasmPc;
use dwalin_runtime::check::{Bytes, Check, Count, Loss, Lost, Place, Variable};
use serde::Serialize;
use std::ops::Range;

/// The version: another one where a member goes or means something else.
const VERSION: u32 = 2;

/// A module's debug info, beside what debuggers are given.
#[derive(Serialize)]
pub struct Members<'a> {
    version: u32,
    /// The core module, of a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    complete: bool,
    entries: Entries,
    bytes: Sums,
    compiler_describes: Availability,
    operands_not_there: InVariables,
    locals_overwritten: InVariables,
    outside_code: usize,
    outside_scope: usize,
    code: InFunctions,
    shown_as_text: InFunctions,
    by_source_map: InFunctions,
    losses: Vec<OfReason<'a>>,
    variables: Vec<Asked<'a>>,
    messages: &'a [String],
}

impl<'a> Members<'a> {
    /// Those of a check.
    pub fn new(
        module: Option<&'a str>,
        check: &'a Check,
        messages: &'a [String],
        complete: bool,
    ) -> Members<'a> {
        Members {
            version: VERSION,
            module,
            complete,
            entries: Entries::new(check),
            bytes: Sums::new(check),
            compiler_describes: Availability::new(check.availability),
            operands_not_there: InVariables::from(check.astray),
            locals_overwritten: InVariables::from(check.overwritten),
            outside_code: check.elsewhere,
            outside_scope: check.outside,
            code: InFunctions::from(check.code),
            shown_as_text: InFunctions::from(check.made.by_text),
            by_source_map: InFunctions::from(check.made.by_source_map),
            losses: check.losses.iter().map(OfReason::new).collect(),
            variables: check.asked.iter().map(Asked::new).collect(),
            messages,
        }
    }
}

/// Debugging information entries, by what they describe.
#[derive(Serialize)]
struct Entries {
    units: Counted,
    functions: Counted,
    #[serde(rename = "inlined functions")]
    inlined: Counted,
    variables: Counted,
    #[serde(rename = "static variables")]
    statics: Counted,
    macros: Counted,
}

impl Entries {
    fn new(check: &Check) -> Entries {
        Entries {
            units: Counted::new(check.units),
            functions: Counted::new(check.functions),
            inlined: Counted::new(check.inlined),
            variables: Counted::new(check.variables),
            statics: Counted::new(check.statics),
            macros: Counted::new(check.macros),
        }
    }
}

#[derive(Serialize)]
struct Counted {
    described: usize,
    in_image: usize,
    lost: usize,
    dropped: usize,
}

impl Counted {
    fn new(count: Count) -> Counted {
        Counted {
            described: count.input,
            in_image: count.output,
            lost: count.lost,
            dropped: count.dropped,
        }
    }
}

/// Bytes of code, by what is described of them.
#[derive(Serialize)]
struct Sums {
    variables: InBytes,
    functions: InBytes,
    lines: InBytes,
}

impl Sums {
    fn new(check: &Check) -> Sums {
        Sums {
            variables: InBytes::new(&check.variable_bytes),
            functions: InBytes::new(&check.function_bytes),
            lines: InBytes::new(&check.line_bytes),
        }
    }
}

#[derive(Serialize)]
struct InBytes {
    in_scope: u64,
    described: u64,
    with_machine_code: u64,
    kept: u64,
    lost: u64,
}

impl InBytes {
    fn new(bytes: &Bytes) -> InBytes {
        InBytes {
            in_scope: bytes.scope,
            described: bytes.described,
            with_machine_code: bytes.with_code,
            kept: bytes.kept,
            lost: bytes.lost(),
        }
    }
}

/// Variables that the compiler gives locations.
#[derive(Serialize)]
struct Availability {
    everywhere: usize,
    in_part: usize,
    nowhere: usize,
}

impl Availability {
    fn new([everywhere, in_part, nowhere]: [usize; 3]) -> Availability {
        Availability {
            everywhere,
            in_part,
            nowhere,
        }
    }
}

#[derive(Serialize)]
struct InVariables {
    variables: usize,
    bytes: u64,
}

impl From<(usize, u64)> for InVariables {
    fn from((variables, bytes): (usize, u64)) -> InVariables {
        InVariables { variables, bytes }
    }
}

#[derive(Serialize)]
struct InFunctions {
    functions: usize,
    bytes: u64,
}

impl From<(usize, u64)> for InFunctions {
    fn from((functions, bytes): (usize, u64)) -> InFunctions {
        InFunctions { functions, bytes }
    }
}

/// The entries that are missing for one reason.
#[derive(Serialize)]
struct OfReason<'a> {
    reason: &'a str,
    count: usize,
    bytes: u64,
    first: Vec<Missing<'a>>,
}

impl OfReason<'_> {
    fn new(loss: &Loss) -> OfReason<'_> {
        OfReason {
            reason: &loss.reason,
            count: loss.count,
            bytes: loss.bytes,
            first: loss.first.iter().map(Missing::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct Missing<'a> {
    kind: &'a str,
    bytes: u64,
    #[serde(flatten)]
    place: Entry<'a>,
}

impl Missing<'_> {
    fn new(lost: &Lost) -> Missing<'_> {
        Missing {
            kind: lost.kind,
            bytes: lost.bytes,
            place: Entry::new(&lost.place),
        }
    }
}

/// An entry in the module's debug info.
#[derive(Serialize)]
struct Entry<'a> {
    name: Option<&'a str>,
    function: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u64>,
    offset: usize,
}

impl Entry<'_> {
    fn new(place: &Place) -> Entry<'_> {
        Entry {
            name: place.name.as_deref(),
            function: place.function.as_deref(),
            file: place.file.as_deref(),
            line: place.line,
            offset: place.offset,
        }
    }
}

/// A variable that was asked for.
#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    place: Entry<'a>,
    bytes: InBytes,
    scope: Vec<[u32; 2]>,
    described: Vec<[u32; 2]>,
    reason: Option<&'a str>,
}

impl Asked<'_> {
    fn new(variable: &Variable) -> Asked<'_> {
        let ranges = |ranges: &[Range<WasmPc>]| {
            let ends = ranges.iter().map(|it| [it.start.0, it.end.0]);
            ends.collect()
        };
        Asked {
            place: Entry::new(&variable.place),
            bytes: InBytes::new(&variable.bytes),
            scope: ranges(&variable.scope),
            described: ranges(&variable.described),
            reason: variable.reason.as_deref(),
        }
    }
}

//! What a debugger says, against what the DWARF says.

use crate::arrivals::Arrivals;
use crate::evaluate::{Answer, Place, read};
use crate::machine::{End, Machine, Wanted};
use crate::module::{Failure, Module, Pc};
use crate::scopes::{Info, Variable, operands};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

/// A number of a variable's: where, in bits, and what it is if it is shown.
struct Leaf {
    offset: u64,
    size: u64,
    value: Option<u128>,
    said: String,
}

/// A debugger's text for a variable.
struct Shown {
    name: String,
    line: u64,
    leaves: Vec<Leaf>,
}

/// The kinds of entries that are counted.
#[derive(Default, Debug, Clone)]
pub struct Count {
    /// Stops that were compared.
    pub stops: usize,
    /// Places that one of both arrived at more often than the other, and calls that are elsewhere.
    pub astray: Vec<String>,
    /// Places that the program gets to in several ways, of which machine code may have some elsewhere, and nothing tells which.
    pub ambiguous: usize,
    /// Frames of callers that were compared.
    pub callers: usize,
    /// Variables that are in scope.
    pub in_scope: usize,
    /// Those of them that the DWARF says something of.
    pub described: usize,
    /// Numbers of these that are known by the DWARF.
    pub numbers: usize,
    /// Those that are shown as they are.
    pub right: usize,
    /// Those that are said not to be available.
    pub unavailable: usize,
    /// Those of variables that the debugger does not have.
    pub missing: usize,
    /// The variables that this judge cannot evaluate, by reason.
    pub unsupported: BTreeMap<String, usize>,
    /// Numbers that are shown otherwise, or where nothing is known.
    pub wrong: Vec<String>,
    /// The reasons of those that are not available, with their numbers and the first place.
    pub reasons: BTreeMap<String, (usize, String)>,
}

/// A variable as the DWARF has it.
struct Expected {
    name: String,
    line: u64,
    answer: Answer,
}

/// A frame: where it is, and its variables.
struct ExpectedFrame {
    pc: Pc,
    variables: Vec<Expected>,
    /// Those of its unit that are in no function.
    statics: Vec<Expected>,
}

/// A debugger's stop: an address of its own, and the instruction of wasm that has its code there.
pub struct Stop {
    /// The debugger's.
    pub address: u64,
    /// The module's.
    pub pc: Pc,
}

/// The instruction that called the function where a debugger stopped, where it says so.
fn call(said: &Json, instruction: &dyn Fn(u64) -> Option<Pc>) -> Option<Pc> {
    instruction(said["frames"][1]["address"].as_u64()?)
}

/// The number of frames that are compared.
const FRAMES: usize = 2;

/// Stops as a debugger told them, by their addresses.
fn by_address(said: &str) -> Result<HashMap<u64, Vec<Json>>, Failure> {
    let mut said_at: HashMap<u64, Vec<Json>> = HashMap::new();
    for line in said.lines() {
        let stop: Json = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let address = stop["address"].as_u64().ok_or("no address")?;
        said_at.entry(address).or_default().push(stop);
    }
    Ok(said_at)
}

/// Compares. `said` is what a debugger said, a line of JSON for each stop; `instruction` finds the instruction of wasm for an
/// address of the debugger's; of each stop, `most` arrivals were looked at.
pub fn judge(
    wasm: &[u8],
    program: &str,
    stops: &[Stop],
    most: usize,
    said: &str,
    instruction: &dyn Fn(u64) -> Option<Pc>,
) -> Result<(Count, Vec<u8>), Failure> {
    let module = Module::parse(wasm)?;
    let info = Info::read(&module)?;
    let mut wanted = Wanted {
        stops: stops.iter().map(|stop| stop.pc).collect(),
        ..Wanted::default()
    };
    for named in operands(&info) {
        wanted.operands.entry(named.from).or_default().push(named);
    }
    let mut arrivals: HashMap<Pc, Arrivals<Vec<ExpectedFrame>>> = HashMap::new();
    let mut machine = Machine::new(&module, program);
    let end = machine.run(&wanted, &mut |machine, pc| {
        let way = machine.frames.last().and_then(|frame| frame.came_from);
        let arrivals = arrivals.entry(pc).or_default();
        arrivals.add(way, most, || frames(&info, machine, pc));
    });
    if let End::Trap(failure) = &end {
        return Err(format!("the program ended with {failure}"));
    }
    let mut count = Count::default();
    let mut said_at = by_address(said)?;
    for stop in stops {
        let said = said_at.remove(&stop.address).unwrap_or_default();
        let at = arrivals.entry(stop.pc).or_default();
        let calls: Vec<_> = said.iter().map(|said| call(said, instruction)).collect();
        let same = |said: &Option<Pc>, expected: &Vec<ExpectedFrame>| {
            said.is_none() || *said == expected.get(1).map(|caller| caller.pc)
        };
        let mut found = at.agreeing(&calls, most, same);
        let expected = match found.len() {
            0 => {
                let there = at.times().min(most);
                let astray = format!("{:#x}: {} arrivals, not {there}", stop.pc, said.len());
                count.astray.push(astray);
                continue;
            }
            1 => found.remove(0),
            _ => {
                count.ambiguous += 1;
                continue;
            }
        };
        for (i, (said, expected)) in said.iter().zip(expected).enumerate() {
            count.stops += 1;
            let place = format!("{:#x}, arrival {}", stop.pc, i + 1);
            let expected = at.seen(expected);
            compare(&said["frames"], expected, &place, instruction, &mut count);
        }
    }
    Ok((count, machine.output))
}

fn frames<'a>(info: &Info<'a>, machine: &Machine<'_, 'a>, pc: Pc) -> Vec<ExpectedFrame> {
    let mut found = Vec::new();
    for (depth, frame) in machine.frames.iter().rev().take(FRAMES).enumerate() {
        let code = &machine.module.bodies[frame.function].code;
        let pc = if depth == 0 { pc } else { code[frame.at].0 };
        let (mut variables, mut statics) = (Vec::new(), Vec::new());
        if let Some(function) = info.function_at(pc) {
            let place = Place {
                module: machine.module,
                info,
                unit: function.unit,
                frame_base: &function.frame_base,
                frame,
                globals: if depth == 0 {
                    &machine.globals
                } else {
                    &frame.globals
                },
                memory: &machine.memory,
                pc,
            };
            let expect = |variable: &Variable<'a>| Expected {
                name: variable.name.clone(),
                line: variable.line,
                answer: read(&place, variable),
            };
            variables.extend(function.scope.variables_at(pc).into_iter().map(expect));
            statics.extend(info.statics[function.unit].iter().map(expect));
        }
        found.push(ExpectedFrame {
            pc,
            variables,
            statics,
        });
    }
    found
}

fn compare(
    said: &Json,
    expected: &[ExpectedFrame],
    place: &str,
    instruction: &dyn Fn(u64) -> Option<Pc>,
    count: &mut Count,
) {
    for (depth, (said, expected)) in said
        .as_array()
        .into_iter()
        .flatten()
        .zip(expected)
        .enumerate()
    {
        if depth > 0 {
            let at = said["address"].as_u64().and_then(instruction);
            if at != Some(expected.pc) {
                if let Some(at) = at {
                    count.astray.push(format!("{place}: a call at {at:#x}"));
                }
                return;
            }
            count.callers += 1;
        }
        let place = format!("{place}, frame {depth} at {:#x}", expected.pc);
        let shown = said["variables"].as_array().into_iter().flatten();
        let mut shown: Vec<_> = shown.filter_map(shown_variable).collect();
        for variable in &expected.variables {
            let found = shown
                .iter()
                .position(|it| it.name == variable.name && it.line == variable.line);
            let found = found.map(|found| shown.remove(found));
            variable_right(variable, found.as_ref(), &place, count);
        }
        for more in shown {
            // A member is named with its class.
            let same = |it: &&Expected| {
                let class = more.name.strip_suffix(&it.name[..]);
                let is_name = class.is_some_and(|class| class.is_empty() || class.ends_with("::"));
                is_name && it.line == more.line
            };
            // Instances of a template have one name and line: one of them it is.
            let found = expected.statics.iter().filter(same);
            let described = found.filter(|it| it.answer != Answer::NotDescribed);
            match described.max_by_key(|it| agreeing(it, &more)) {
                Some(variable) => variable_right(variable, Some(&more), &place, count),
                // What is in no scope must not have a value.
                None if more.leaves.iter().all(|leaf| leaf.value.is_none()) => {}
                None => {
                    let wrong = format!("{place}: {} is not in scope", more.name);
                    count.wrong.push(wrong);
                }
            }
        }
    }
}

fn variable_right(variable: &Expected, shown: Option<&Shown>, place: &str, count: &mut Count) {
    count.in_scope += 1;
    let place = format!("{place}: {}:{}", variable.name, variable.line);
    let bytes = match &variable.answer {
        Answer::NotDescribed => &Vec::new(),
        Answer::Unsupported(reason) => {
            *count.unsupported.entry(reason.clone()).or_default() += 1;
            return;
        }
        Answer::Bytes(bytes) => bytes,
    };
    count.described += usize::from(!bytes.is_empty());
    let Some(shown) = shown else {
        if !bytes.is_empty() {
            count.missing += 1;
            let reason = "the debugger does not have it".to_owned();
            count.reasons.entry(reason).or_insert((0, place)).0 += 1;
        }
        return;
    };
    for leaf in &shown.leaves {
        let known = known(bytes, leaf);
        count.numbers += usize::from(known.is_some());
        match (known, leaf.value) {
            (Some(known), Some(value)) if known == value => count.right += 1,
            (Some(_), None) => {
                count.unavailable += 1;
                let reasons = &mut count.reasons;
                let known = reasons.entry(leaf.said.clone());
                known.or_insert((0, place.clone())).0 += 1;
            }
            (None, None) => {}
            (known, Some(_)) => count.wrong.push(format!(
                "{place}, bits {} to {}: shown as {}, is {known:x?}",
                leaf.offset,
                leaf.offset + leaf.size,
                leaf.said,
            )),
        }
    }
}

/// The number of numbers that are shown rightly.
fn agreeing(variable: &Expected, shown: &Shown) -> usize {
    let Answer::Bytes(bytes) = &variable.answer else {
        return 0;
    };
    let leaves = shown.leaves.iter();
    leaves
        .filter(|leaf| leaf.value.is_some() && known(bytes, leaf) == leaf.value)
        .count()
}

/// The number in these bits, if all of them are known.
fn known(bytes: &[Option<u8>], leaf: &Leaf) -> Option<u128> {
    let mut value = 0;
    for i in 0..leaf.size.min(128) {
        let bit = leaf.offset + i;
        let byte = (*bytes.get((bit / 8) as usize)?)?;
        value |= u128::from(byte >> (bit % 8) & 1) << i;
    }
    Some(value)
}

fn shown_variable(said: &Json) -> Option<Shown> {
    let leaves = said["leaves"].as_array()?.iter().filter_map(|leaf| {
        Some(Leaf {
            offset: leaf[0].as_u64()?,
            size: leaf[1].as_u64()?,
            value: leaf[2]
                .as_str()
                .and_then(|hex| u128::from_str_radix(hex, 16).ok()),
            said: leaf[3].as_str()?.to_owned(),
        })
    });
    Some(Shown {
        name: said["name"].as_str()?.to_owned(),
        line: said["line"].as_u64()?,
        leaves: leaves.collect(),
    })
}

//! Random functions that run with and without homes: who looks where a location names a local finds its value in its home, what a
//! debugger writes there is read, and code never reads another value.

use super::*;
use crate::locals::tests::{first_body, operators};
use wasmparser::Operator;

/// Locals of a function.
const LOCALS: u64 = 3;

/// Random numbers (Marsaglia, Xorshift RNGs, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Statements within so many structured instructions.
fn statements(random: &mut Random, depth: u64, text: &mut String) {
    for _ in 0..random.below(6) {
        let (local, label) = (random.below(LOCALS), random.below(depth + 1));
        match random.below(if depth < 4 { 12 } else { 8 }) {
            0 | 1 => *text += &format!("i32.const 1 local.set {local} "),
            2 => *text += &format!("i32.const 1 local.tee {local} drop "),
            3 | 4 => *text += &format!("local.get {local} drop "),
            5 => *text += &format!("local.get {local} local.set {local} "),
            6 => *text += &format!("i32.const 1 br_if {label} "),
            7 => *text += "nop ",
            8 => nested(random, depth, "block", text),
            9 => nested(random, depth, "loop", text),
            10 => {
                *text += "i32.const 1 if ";
                statements(random, depth + 1, text);
                *text += "else ";
                statements(random, depth + 1, text);
                *text += "end ";
            }
            _ => {
                *text += "i32.const 1 if ";
                statements(random, depth + 1, text);
                *text += &format!("br {label} end ");
            }
        }
    }
}

fn nested(random: &mut Random, depth: u64, kind: &str, text: &mut String) {
    *text += &format!("{kind} ");
    statements(random, depth + 1, text);
    *text += "end ";
}

/// A function's body: its bytes, its beginning, and its operators with their addresses.
struct Code {
    bytes: Vec<u8>,
    start: WasmPc,
    operators: Vec<(WasmPc, Step)>,
}

/// An operator of those that run here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Get(u32),
    Set(u32),
    Open { is_loop: bool, is_if: bool },
    Else,
    End,
    Branch { depth: u32, is_conditional: bool },
    Other,
}

impl Code {
    fn new(text: &str) -> Code {
        let module = format!("(module (func (local i32 i32 i32) {text}))");
        let (start, bytes) = first_body(&module);
        let operators = operators(start, &bytes).map(|(at, operator)| (at, step(&operator)));
        Code {
            operators: operators.collect(),
            bytes,
            start,
        }
    }

    /// The `else` or `end` of the instruction at a position.
    fn partner(&self, open: usize, with_else: bool) -> usize {
        let mut depth = 0;
        for (at, (_, step)) in self.operators.iter().enumerate().skip(open + 1) {
            match step {
                Step::Open { .. } => depth += 1,
                Step::Else if depth == 0 && with_else => return at,
                Step::End if depth == 0 => return at,
                Step::End => depth -= 1,
                _ => {}
            }
        }
        self.operators.len() - 1
    }

    /// Random ranges in which locations name each local.
    fn named(&self, random: &mut Random) -> Vec<Observed> {
        let end = self.operators.last().unwrap().0.0 + 1;
        let of_local = |local| {
            let mut ranges = Vec::new();
            for _ in 0..random.below(4) {
                let at = |random: &mut Random| {
                    let operator = random.below(self.operators.len() as u64);
                    self.operators[operator as usize].0
                };
                let (a, b) = (at(random), at(random));
                ranges.push(a.min(b)..WasmPc((a.max(b).0 + 1).min(end)));
            }
            let named = merged(ranges);
            Observed { local, named }
        };
        (0..LOCALS as u32).map(of_local).collect()
    }
}

fn step(operator: &Operator<'_>) -> Step {
    let open = |is_loop, is_if| Step::Open { is_loop, is_if };
    match *operator {
        Operator::LocalGet { local_index } => Step::Get(local_index),
        Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
            Step::Set(local_index)
        }
        Operator::Block { .. } => open(false, false),
        Operator::Loop { .. } => open(true, false),
        Operator::If { .. } => open(false, true),
        Operator::Else => Step::Else,
        Operator::End => Step::End,
        Operator::BrIf { relative_depth } => Step::Branch {
            depth: relative_depth,
            is_conditional: true,
        },
        Operator::Br { relative_depth } => Step::Branch {
            depth: relative_depth,
            is_conditional: false,
        },
        _ => Step::Other,
    }
}

/// A local's value, what is in its home, and in the register where code has it otherwise.
#[derive(Clone, Copy, Default)]
struct Places {
    value: u64,
    home: u64,
    register: u64,
}

/// A run of a function.
struct Run<'a> {
    code: &'a Code,
    named: &'a [Observed],
    found: &'a Unobserved,
    readers: Readers,
    locals: Vec<Places>,
    /// The last value that was new.
    newest: u64,
}

impl Run<'_> {
    fn run(&mut self, random: &mut Random) {
        for (local, places) in self.locals.iter_mut().enumerate() {
            let is_in_home = !self.found.at_entry.contains(&(local as u32));
            places.home = if is_in_home { 0 } else { u64::MAX };
        }
        // The positions of the instructions that are open.
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        for _ in 0..300 {
            let (pc, step) = self.code.operators[at];
            self.look(pc, random);
            at += 1;
            match step {
                Step::Get(local) => self.get(local, pc),
                Step::Set(local) => self.set(local, pc, at),
                Step::Open { is_if, .. } => {
                    open.push(at - 1);
                    if is_if && random.below(2) == 0 {
                        let otherwise = self.code.partner(at - 1, true);
                        let is_end = self.code.operators[otherwise].1 == Step::End;
                        at = otherwise + usize::from(!is_end);
                    }
                }
                Step::Else => at = self.code.partner(at - 1, false),
                Step::End if open.pop().is_none() => return,
                Step::Branch {
                    depth,
                    is_conditional,
                } if !is_conditional || random.below(2) == 0 => {
                    let Some(target) = open.len().checked_sub(1 + depth as usize) else {
                        return;
                    };
                    let first = open[target];
                    open.truncate(target);
                    at = match self.code.operators[first].1 {
                        Step::Open { is_loop: true, .. } => first,
                        _ => self.code.partner(first, false) + 1,
                    };
                }
                _ => {}
            }
        }
    }

    fn is_unseen(&self, pc: WasmPc) -> bool {
        self.found.accesses.binary_search(&pc).is_ok()
    }

    fn get(&mut self, local: u32, pc: WasmPc) {
        let places = self.locals[local as usize];
        let read = match self.readers == Readers::Code && !self.is_unseen(pc) {
            true => places.home,
            false => places.register,
        };
        assert_eq!(read, places.value, "local {local} at {pc:?}");
    }

    fn set(&mut self, local: u32, pc: WasmPc, next: usize) {
        // Of the value that it has, no new one.
        let is_own = next > 1 && self.code.operators[next - 2].1 == Step::Get(local);
        if !is_own {
            self.newest += 1;
            self.locals[local as usize].value = self.newest;
        }
        let is_unseen = self.is_unseen(pc);
        let places = &mut self.locals[local as usize];
        if !is_unseen {
            places.home = places.value;
        }
        if is_unseen || self.readers == Readers::Locations {
            places.register = places.value;
        }
    }

    /// The debugger reads and writes where control is.
    fn look(&mut self, pc: WasmPc, random: &mut Random) {
        for observed in self.named {
            let places = &mut self.locals[observed.local as usize];
            let gaps = self.found.gaps.iter();
            let mut gaps = gaps.filter(|(local, _)| *local == observed.local);
            let is_in_gap = gaps.any(|(_, gap)| gap.contains(&pc));
            let is_named = observed.named.iter().any(|range| range.contains(&pc));
            assert!(!(is_named && is_in_gap));
            if !is_in_gap {
                assert_eq!(places.home, places.value, "{} at {pc:?}", observed.local);
            }
            if is_named && self.readers == Readers::Code && random.below(4) == 0 {
                self.newest += 1;
                places.home = self.newest;
                places.value = self.newest;
            }
        }
    }
}

#[test]
fn values_are_in_homes_where_locations_name_them() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut left_out = [0, 0];
    for _ in 0..3000 {
        let mut text = String::new();
        statements(&mut random, 0, &mut text);
        let code = Code::new(&text);
        let named = code.named(&mut random);
        for (i, readers) in [Readers::Code, Readers::Locations].into_iter().enumerate() {
            let found = unobserved(&code.bytes, code.start, &named, readers).unwrap();
            left_out[i] += found.accesses.len();
            for _ in 0..4 {
                let mut run = Run {
                    code: &code,
                    named: &named,
                    found: &found,
                    readers,
                    locals: vec![Places::default(); LOCALS as usize],
                    newest: 0,
                };
                run.run(&mut random);
            }
        }
    }
    assert!(left_out.iter().all(|it| *it > 1000), "{left_out:?}");
}

/// The positions of operators of a text whose accesses to local 0 nobody can see, where it is named at these positions.
fn unseen(text: &str, named: Range<usize>) -> (Vec<usize>, bool) {
    let code = Code::new(text);
    let at = |i: usize| code.operators[i].0;
    let observed = Observed {
        local: 0,
        named: vec![at(named.start)..at(named.end)],
    };
    let found = unobserved(&code.bytes, code.start, &[observed], Readers::Code).unwrap();
    let position = |pc: &WasmPc| code.operators.iter().position(|it| it.0 == *pc).unwrap();
    let accesses = found.accesses.iter().map(position).collect();
    (accesses, found.at_entry == [0])
}

#[test]
fn a_local_with_two_values_has_a_home_for_one() {
    let text =
        "i32.const 1 local.set 0 local.get 0 drop i32.const 2 local.set 0 nop local.get 0 drop";
    assert_eq!(unseen(text, 6..7), (vec![1, 2], true));
    assert_eq!(unseen(text, 2..3), (vec![5, 7], true));
    assert_eq!(unseen(text, 0..1), (vec![1, 2, 5, 7], false));
}

#[test]
fn what_is_read_after_both_ways_is_in_one_place() {
    let text = "i32.const 0 if i32.const 1 local.set 0 nop else i32.const 2 local.set 0 end local.get 0 drop";
    assert_eq!(unseen(text, 4..5), (vec![], true));
    let separate = "i32.const 0 if i32.const 1 local.set 0 nop else i32.const 2 local.set 0 local.get 0 drop end";
    assert_eq!(unseen(separate, 4..5), (vec![7, 8], true));
}

#[test]
fn a_value_that_a_handler_may_see_is_in_its_home() {
    let text = "block try_table (catch_all 0) i32.const 1 local.set 0 call 0 i32.const 2 local.set 0 end return end nop";
    // The handler begins at the block's end.
    assert_eq!(unseen(text, 10..11), (vec![6], true));
    let outside = "block try_table (catch_all 0) call 0 end return end nop";
    assert_eq!(unseen(outside, 6..7), (vec![], false));
}

//! What functions keep for debuggers: homes, operands, code for statements, calls and traps by their places.

mod code_motion;
mod confirmed;
mod operands;

use super::env::{CallTarget, Env};
use super::function::compile_all;
use super::observe::CompiledFunction;
use super::target::Targets;
use crate::abi::settings::{OptLevel, Settings};
use crate::abi::trap::TrapKind;
use crate::abi::word::Word;
use crate::module::parse::parse;
use crate::module::stack_pointer::stack_pointer;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{KeptValue, NamedLocal, Questions, Statement, ValueType};
use wasmparser::{BinaryReader, OperatorsReader};

pub(super) fn settings(debug_info: bool) -> Settings {
    Settings {
        debug_info,
        all_locals: false,
        opt_level: OptLevel::None,
        memory_reservation: 1 << 32,
        memory_guard_size: 1 << 31,
        epoch_interruption: false,
        consume_fuel: false,
        canonical_nans: false,
        ticks: false,
        watch_writes: false,
        parallel: false,
    }
}

/// A module.
pub(super) struct Text {
    wasm: Vec<u8>,
    /// The operators of its first function: as DWARF counts, and by name.
    operators: Vec<(WasmPc, String)>,
    /// Its beginning.
    pub(super) start: WasmPc,
}

impl Text {
    pub(super) fn new(text: &str) -> Text {
        let wasm = wat::parse_str(text).unwrap();
        let module = parse(&wasm).unwrap();
        let body = module.bodies.values().next().unwrap().clone();
        let pc = |at: usize| module.pc(at);
        let start = pc(body.start);
        let bytes = BinaryReader::new(&wasm[body.clone()], body.start as _);
        let function = wasmparser::FunctionBody::new(bytes);
        let mut reader = function.get_operators_reader().unwrap();
        let mut operators = Vec::new();
        while !reader.eof() {
            let at = pc(reader.original_position() as usize);
            let name = format!("{:?}", reader.read().unwrap());
            operators.push((at, name));
        }
        Text {
            wasm,
            operators,
            start,
        }
    }

    /// The only operator of a name, or the n-th of several.
    pub(super) fn nth(&self, name: &str, n: usize) -> WasmPc {
        let mut all = self.operators.iter().filter(|it| it.1.starts_with(name));
        all.nth(n).unwrap().0
    }

    pub(super) fn compiled(
        &self,
        settings: &Settings,
        questions: Option<&Questions>,
    ) -> CompiledFunction {
        let module = parse(&self.wasm).unwrap();
        let targets = Targets::new(settings).unwrap();
        let env = Env::new(&module, &self.wasm, settings, &targets, questions);
        compile_all(&env, &self.wasm, None).unwrap().all.remove(0)
    }
}

/// Returns true if an address has code.
fn has_code(function: &CompiledFunction, pc: WasmPc) -> bool {
    function.rows.iter().any(|(_, at)| *at == Some(pc))
}

/// The number of pieces of code that begin at an address.
fn pieces(function: &CompiledFunction, pc: WasmPc) -> usize {
    function
        .rows
        .iter()
        .filter(|(_, at)| *at == Some(pc))
        .count()
}

const LOCALS: &str = "(module (func (param i32 i64) (result i32) (local f64)
    local.get 0 i32.const 3 i32.div_s local.set 0 local.get 0))";

/// A local that a location names wherever its function is.
pub(super) fn everywhere(function: WasmPc, local: u32) -> NamedLocal {
    NamedLocal {
        function,
        local,
        from: WasmPc(0),
        until: WasmPc(u32::MAX),
    }
}

#[test]
fn locals_that_are_asked_for_have_homes() {
    let text = Text::new(LOCALS);
    let homes = |function: &CompiledFunction| -> Vec<_> {
        let homes = function.slots.homes().iter();
        homes.map(|it| (it.local().unwrap(), it.ty)).collect()
    };
    let without = text.compiled(&settings(false), None);
    assert_eq!(homes(&without), []);
    // Nobody says which.
    let all = text.compiled(&settings(true), None);
    let types = [ValueType::I32, ValueType::I64, ValueType::F64];
    assert_eq!(homes(&all), [(0, types[0]), (1, types[1]), (2, types[2])]);
    let questions = Questions {
        locals: vec![(text.start, 1)],
        variables: vec![everywhere(text.start, 1)],
        ..Questions::default()
    };
    let one = text.compiled(&settings(true), Some(&questions));
    assert_eq!(homes(&one), [(1, ValueType::I64)]);
    let every = Settings {
        all_locals: true,
        ..settings(true)
    };
    assert_eq!(homes(&text.compiled(&every, Some(&questions))).len(), 3);
}

#[test]
fn homes_do_not_overlap() {
    let function = Text::new(LOCALS).compiled(&settings(true), None);
    let mut places: Vec<_> = function
        .slots
        .homes()
        .iter()
        .map(|it| it.offset.0)
        .collect();
    places.sort_unstable();
    // Below the frame pointer and the return address.
    assert!(places.iter().all(|place| *place <= -16 - 4));
    assert!(
        places.windows(2).all(|pair| pair[1] - pair[0] >= 4),
        "{places:?}"
    );
}

#[test]
fn rows_cover_the_code_from_its_start() {
    let text = Text::new(LOCALS);
    let function = text.compiled(&settings(true), None);
    assert_eq!(function.rows[0].0.0, 0);
    let offsets: Vec<_> = function.rows.iter().map(|row| row.0).collect();
    assert!(offsets.is_sorted());
    assert!(has_code(&function, text.nth("I32DivS", 0)));
}

#[test]
fn traps_are_of_the_instruction_that_traps() {
    let text = Text::new(LOCALS);
    // The divisor is a constant, which is known not to be 0 or -1.
    let function = text.compiled(&settings(true), None);
    assert!(
        function
            .traps
            .iter()
            .all(|(_, kind)| *kind != TrapKind::IntegerDivisionByZero)
    );
    let text =
        Text::new("(module (func (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s))");
    let function = text.compiled(&settings(true), None);
    let divide = text.nth("I32DivS", 0);
    let traps = function.traps.iter();
    let kinds: Vec<_> = traps.clone().map(|(_, kind)| *kind).collect();
    assert!(kinds.contains(&TrapKind::IntegerDivisionByZero));
    for (offset, _) in traps.filter(|(_, kind)| *kind == TrapKind::IntegerDivisionByZero) {
        let row = function.rows.partition_point(|(at, _)| at <= offset) - 1;
        assert_eq!(function.rows[row].1, Some(divide));
    }
}

fn statements(all: &[(WasmPc, u32)]) -> Questions {
    let all = all.iter().map(|(pc, line)| Statement {
        pc: *pc,
        line: *line,
    });
    Questions {
        statements: all.collect(),
        ..Questions::default()
    }
}

#[test]
fn each_of_several_statements_at_one_address_has_code() {
    let text = Text::new(LOCALS);
    let get = text.nth("LocalGet", 1);
    let one = statements(&[(get, 3)]);
    let three = statements(&[(get, 3), (get, 4), (get, 5)]);
    let one = text.compiled(&settings(true), Some(&one));
    let three = text.compiled(&settings(true), Some(&three));
    assert_eq!(pieces(&three, get), pieces(&one, get) + 2);
}

#[test]
fn no_statement_is_a_breakpoint() {
    let text = Text::new("(module (func (result i32) block br 0 end nop nop i32.const 7))");
    let all = ["Br ", "End", "Nop", "I32Const"].map(|name| (text.nth(name, 0), 1));
    let all: Vec<_> = all.into_iter().flat_map(|it| [it; 3]).collect();
    let function = text.compiled(&settings(true), Some(&statements(&all)));
    let count = |byte| function.code.iter().filter(|it| **it == byte).count();
    assert_eq!(count(0xcc), 0);
    assert!(count(0x90) >= 8, "{:x?}", function.code);
}

#[test]
fn declared_locals_are_set_to_zero_by_twos() {
    // `mov` of a constant to a quadword in memory.
    let singly = |locals: &str| {
        let text = format!("(module (func (local {locals})))");
        let code = Text::new(&text).compiled(&settings(true), None).code;
        code.windows(2).filter(|it| *it == [0x48, 0xc7]).count()
    };
    assert_eq!(singly("i64"), 1);
    assert_eq!(singly("i64 f64"), 0);
    assert_eq!(singly("i64 i32 f32 i64"), 0);
    assert_eq!(singly("f64 i32 i64"), 1);
    assert_eq!(singly("i64 v128 i64"), 2);
}

#[test]
fn a_statement_that_is_a_jump_to_what_follows_has_code() {
    let text = Text::new("(module (func (result i32) block br 0 end i32.const 7))");
    let jump = text.nth("Br ", 0);
    let without = text.compiled(&settings(true), Some(&Questions::default()));
    assert!(!has_code(&without, jump));
    let with = text.compiled(&settings(true), Some(&statements(&[(jump, 2)])));
    assert!(has_code(&with, jump));
}

/// A null `list` of `list⏎->next` traps on its own line.
#[test]
fn a_load_that_another_line_uses_has_code_of_its_own() {
    let text = Text::new(
        "(module (memory 1) (func (param i32) (result i32) (local i32)
            local.get 0 i32.load local.set 1 local.get 1 i32.load))",
    );
    let next = text.nth("LocalGet", 1);
    let traps = |line: u32| -> Vec<_> {
        let questions = statements(&[(text.start, 2), (next, line)]);
        let function = text.compiled(&settings(true), Some(&questions));
        let row = |offset| function.rows.partition_point(|(at, _)| at <= offset) - 1;
        let traps = function.traps.iter();
        traps.map(|(at, _)| function.rows[row(at)].1).collect()
    };
    let (first, second) = (text.nth("I32Load", 0), text.nth("I32Load", 1));
    assert_eq!(traps(2), [Some(second); 2]);
    assert_eq!(traps(3), [Some(first), Some(second)]);
}

#[test]
fn a_statement_begins_at_the_first_operator_that_is_code() {
    let text = Text::new(
        "(module (func (param i32) (result i32) block loop local.get 0 br_if 1 br 0 end end local.get 0))",
    );
    let block = text.nth("Block", 0);
    let questions = statements(&[(block, 2)]);
    let function = text.compiled(&settings(true), Some(&questions));
    assert!(has_code(&function, text.nth("BrIf", 0)));
    assert!(!has_code(&function, block));
}

/// The head of a `while` is entered by a jump, as natively: a debugger stops at it once.
#[test]
fn a_loop_that_its_statement_closes_is_entered_by_a_jump() {
    let text = Text::new(
        "(module (func (param i32) (result i32) local.get 0 if end block loop local.get 0 br_if 1 br 0 end end local.get 0))",
    );
    let (head, back) = (text.nth("Loop", 0), text.nth("Br ", 0));
    let entered = text.compiled(&settings(true), Some(&statements(&[(head, 2), (back, 2)])));
    assert!(has_code(&entered, head));
    // Its last operator is of another line.
    let other = text.compiled(&settings(true), Some(&statements(&[(head, 2), (back, 3)])));
    assert!(!has_code(&other, head));
}

/// Questions for each instruction of a function.
fn each_instruction(text: &Text) -> Questions {
    let lines = text.operators.iter().zip(1..);
    let all: Vec<_> = lines.map(|((pc, _), line)| (*pc, line)).collect();
    Questions {
        instructions: vec![text.start..WasmPc(u32::MAX)],
        ..statements(&all)
    }
}

#[test]
fn instructions_of_text_have_code_each() {
    let text = Text::new(
        "(module (func (param i32) (result i32) local.get 0 drop i32.const 2 i32.const 3 i32.add))",
    );
    let function = text.compiled(&settings(true), Some(&each_instruction(&text)));
    for (pc, name) in &text.operators {
        assert!(has_code(&function, *pc), "{name}");
    }
}

/// A load that another one takes its address from could become a part of it.
#[test]
fn loads_and_stores_of_text_are_their_own_code_behind_an_instruction_that_does_nothing() {
    let text = Text::new(
        "(module (memory 1) (global $g (mut i32) (i32.const 0)) (func (param i32)
            local.get 0 i32.load i32.load drop global.get $g i32.load drop
            i32.const 8 i32.load drop local.get 0 i32.const 7 i32.store))",
    );
    let function = text.compiled(&settings(true), Some(&each_instruction(&text)));
    let starts_with_nop = |name, n| {
        let pc = text.nth(name, n);
        let row = function.rows.iter().find(|(_, at)| *at == Some(pc));
        let (offset, _) = row.unwrap_or_else(|| panic!("{name} {n}"));
        function.code[offset.0 as usize] == 0x90
    };
    for (pc, name) in &text.operators {
        assert!(has_code(&function, *pc), "{name}");
    }
    let loads = [0, 1, 2, 3].map(|n| starts_with_nop("I32Load", n));
    assert_eq!(loads, [false, true, true, false]);
    assert!(!starts_with_nop("I32Store", 0));
}

#[test]
fn calls_return_where_debug_info_asks() {
    let text = Text::new(
        "(module (func (result i32) call 1 call 1 i32.add) (func (result i32) i32.const 1))",
    );
    let none = text.compiled(&settings(true), Some(&Questions::default()));
    assert_eq!(none.returns, []);
    let questions = Questions {
        call_sites: vec![text.nth("Call", 1)],
        ..Questions::default()
    };
    let function = text.compiled(&settings(true), Some(&questions));
    assert_eq!(function.returns.len(), 2);
    // A relative call ends with the 4 bytes that are resolved.
    let mut ends = function.calls.iter().map(|call| call.offset.0 + 4);
    assert!(
        function
            .returns
            .iter()
            .all(|it| ends.any(|end| end == it.0))
    );
}

#[test]
fn what_a_function_had_at_entry_is_kept() {
    let text = Text::new(
        "(module (global $sp (mut i32) (i32.const 9)) (func (param i32) i32.const 1 local.set 0))",
    );
    let questions = Questions {
        kept: vec![
            (text.start, KeptValue::Entry(0)),
            (text.start, KeptValue::Global(0)),
        ],
        ..Questions::default()
    };
    let function = text.compiled(&settings(true), Some(&questions));
    let kept = function.slots.kept();
    for value in [KeptValue::Global(0), KeptValue::Entry(0)] {
        assert!(kept.iter().any(|slot| slot.keeps(value)), "{kept:?}");
    }
    assert_eq!(kept.len(), 2);
}

#[test]
fn a_leaf_s_frame_is_known_by_its_only_read_of_the_stack_pointer() {
    let global = |body: &str| {
        let text = format!(
            "(module (type (func)) (table 1 funcref) (global $sp (mut i32) (i32.const 9)) (global $constant i32 (i32.const 9)) (func $f {body}))"
        );
        let wasm = wat::parse_str(text).unwrap();
        let module = parse(&wasm).unwrap();
        let range = module.bodies.values().next().unwrap().clone();
        let body = wasmparser::FunctionBody::new(BinaryReader::new(&wasm[range], 0));
        let operators: OperatorsReader<'_> = body.get_operators_reader().unwrap();
        stack_pointer(&module, &operators).is_some()
    };
    assert!(global("global.get $sp i32.const 16 i32.sub drop"));
    for body in [
        "i32.const 16 global.get $sp i32.sub drop",
        "global.get $constant drop",
        "global.get $sp drop global.get $sp drop",
        "global.get $sp drop i32.const 3 global.set $sp",
        "global.get $sp drop call $f",
        "global.get $sp drop i32.const 0 call_indirect (type 0)",
    ] {
        assert!(!global(body), "{body}");
    }
}

#[test]
fn the_stack_is_checked_by_functions_that_call_or_have_large_frames() {
    let checks = |text: &str| {
        let function = Text::new(text).compiled(&settings(true), None);
        let kinds = function.traps.iter().map(|(_, kind)| *kind);
        kinds
            .filter(|kind| *kind == TrapKind::StackOverflow)
            .count()
    };
    assert_eq!(checks(LOCALS), 0);
    let locals = "i64 ".repeat(200);
    let large = format!("(module (func (local {locals}) local.get 7 local.set 9))");
    assert_eq!(checks(&large), 1);
    assert_eq!(checks("(module (func call 0))"), 1);
    let grows = "(module (memory 1) (func (result i32) i32.const 1 memory.grow))";
    assert_eq!(checks(grows), 1);
}

#[test]
fn the_local_of_a_frame_base_is_not_read_back() {
    let text = Text::new(
        "(module (memory 1) (func (param i32)
            local.get 0 i32.const 7 i32.store local.get 0 i32.const 8 i32.store))",
    );
    let statement = |n| Statement {
        pc: text.nth("LocalGet", n),
        line: n as u32 + 1,
    };
    let reads = |variables: Vec<NamedLocal>| {
        let questions = Questions {
            locals: vec![(text.start, 0)],
            variables,
            statements: vec![statement(0), statement(1)],
            ..Questions::default()
        };
        let function = text.compiled(&settings(true), Some(&questions));
        assert_eq!(function.slots.homes().len(), 1);
        // `mov` from the slot, which is the frame's lowest.
        let is_read = |it: &&[u8]| it[0] == 0x8b && it[1] & 0xc7 == 4 && it[2] == 0x24;
        function.code.windows(3).filter(is_read).count()
    };
    assert_eq!(reads(Vec::new()), 0);
    let mut named = everywhere(text.start, 0);
    assert_eq!(reads(vec![named.clone()]), 2, "at each statement");
    // A debugger at the second statement can write to it, and nowhere before.
    named.from = statement(1).pc;
    assert_eq!(reads(vec![named.clone()]), 1);
    named.from.0 += 1;
    assert_eq!(reads(vec![named]), 0);
}

/// Returns true if code computes the address of a place on its stack: `lea` of rsp and a displacement.
fn takes_a_slots_address(code: &[u8]) -> bool {
    let is_lea = |it: &[u8]| it[0] & 0xf8 == 0x48 && it[1] == 0x8d && it[2] & 7 == 4;
    code.windows(4).any(|it| is_lea(it) && it[3] == 0x24)
}

#[test]
fn homes_are_read_by_their_distance_from_the_stack_pointer() {
    let text = Text::new(
        "(module (func (param i32 i64) (loop
            (local.set 0 (i32.add (i32.const 1) (local.get 0)))
            (local.set 1 (i64.add (i64.const 1) (local.get 1)))
            (br_if 0 (local.get 0)))))",
    );
    let code = text.compiled(&settings(true), None).code;
    assert!(!takes_a_slots_address(&code), "{code:x?}");
}

/// The number of references of code to a word after all code.
fn references(function: &CompiledFunction, word: Word) -> usize {
    let calls = function.calls.iter();
    calls
        .filter(|it| it.target == CallTarget::Word(word))
        .count()
}

#[test]
fn what_code_for_debugging_needs_of_its_instance_is_one_load() {
    let text = Text::new(
        "(module (memory 1) (func (param i32) (result i32) (block
            (br_if 0 (i32.load (local.get 0)))
            (br_if 0 (i32.load offset=8 (local.get 0)))
            (i32.store (i32.const 4) (local.get 0)))
            (i32.const 0)))",
    );
    let function = text.compiled(&settings(true), None);
    assert_eq!(references(&function, Word::Memory), 1, "not at each branch");
    assert_eq!(references(&function, Word::Context), 0);
    let shared = text.compiled(&settings(false), None);
    assert!(shared.calls.is_empty());
    let text = Text::new("(module (func $f (call $f)))");
    let function = text.compiled(&settings(true), None);
    assert_eq!(
        references(&function, Word::Store),
        1,
        "for the stack's limit"
    );
    assert_eq!(references(&function, Word::Context), 0);
}

#[test]
fn a_constant_index_is_a_part_of_the_offset() {
    let code = |access: &str| {
        let text = format!("(module (memory 1) (func (result i32) {access}))");
        Text::new(&text).compiled(&settings(true), None).code
    };
    let one = code("(i32.load offset=8 (i32.const 4))");
    assert_eq!(one, code("(i32.load offset=12 (i32.const 0))"));
    // Offsets of more than 31 bits are none, and -1 is not below the memory.
    let last = code("(i32.load8_u (i32.const -1))");
    assert_ne!(last, code("(i32.load8_u (i32.const 0))"));
}

#[test]
fn each_way_out_of_a_function_is_code_of_its_own() {
    let returns = |body: &str, debug_info| {
        let text = Text::new(&format!("(module (func (param i32) (result i32) {body}))"));
        let code = text.compiled(&settings(debug_info), None).code;
        code.iter().filter(|byte| **byte == 0xc3).count()
    };
    let early = "(if (local.get 0) (then (return (i32.const 7)))) (i32.const 8)";
    assert_eq!((returns(early, false), returns(early, true)), (2, 2));
    // What locations say at the function's end is not so where a branch goes there.
    let branch = "(br_if 0 (i32.const 7) (local.get 0)) drop (i32.const 8)";
    assert_eq!((returns(branch, false), returns(branch, true)), (1, 2));
    // The targets of a table are one way.
    let table = "(block (br_table 1 0 1 1 (i32.const 7) (local.get 0))) (i32.const 8)";
    assert_eq!((returns(table, false), returns(table, true)), (1, 2));
}

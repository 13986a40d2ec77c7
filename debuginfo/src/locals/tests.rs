//! Locals over the code of small functions.

use super::{Body, Claim, Frame, Listed};
use crate::address::WasmPc;
use crate::code::EVERYWHERE;
use crate::container::{self, Container};
use crate::expr::decode::Op;
use std::ops::Range;
use std::rc::Rc;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// A function with three locals of i32, the first two its parameters, which it reads, and a global: its body, and the addresses of its
/// `nop`s.
fn body(text: &str) -> (Body, Vec<WasmPc>) {
    let text = format!(
        "(module (memory 1) (global $sp (mut i32) (i32.const 0)) (func (param i32 i32) (local i32 f64) local.get 1 drop {text}))"
    );
    let (start, bytes) = first_body(&text);
    let nops = operators(start, &bytes).filter(|(_, it)| matches!(it, Operator::Nop));
    let nops = nops.map(|(at, _)| at).collect();
    (Body::parse(&bytes, start).unwrap(), nops)
}

/// The body of a module's first function, with its address.
pub(super) fn first_body(module: &str) -> (WasmPc, Vec<u8>) {
    let wasm = wat::parse_str(module).unwrap();
    let code = Container::parse(&wasm).unwrap().code.unwrap();
    let range = container::bodies(code)[0].clone();
    let bytes = &code[range.start.0 as usize..range.end.0 as usize];
    (range.start, bytes.to_vec())
}

/// The operators of a body that begins at an address, with theirs.
pub(super) fn operators(
    start: WasmPc,
    body: &[u8],
) -> impl Iterator<Item = (WasmPc, Operator<'_>)> {
    let reader = BinaryReader::new(body, u64::from(start.0));
    let operators = FunctionBody::new(reader).get_operators_reader().unwrap();
    let operators = operators.into_iter_with_offsets().map(Result::unwrap);
    operators.map(|(operator, at)| (WasmPc(at as u32), operator))
}

/// Which of the `nop`s a claim does not count at.
fn stale(text: &str, local: u32, claim: impl Fn(&[WasmPc]) -> Claim) -> Vec<usize> {
    let (body, nops) = body(text);
    let stale = body.stale(local, &claim(&nops), &EVERYWHERE);
    let at = |pc: &WasmPc| stale.iter().any(|range: &Range<WasmPc>| range.contains(pc));
    (0..nops.len()).filter(|i| at(&nops[*i])).collect()
}

fn scope(_: &[WasmPc]) -> Claim {
    Claim::Scope(WasmPc(0))
}

const NONE: [usize; 0] = [];
const SET: &str = "i32.const 9 local.set 0";

#[test]
fn a_local_that_is_set_in_its_scope_has_no_value_before() {
    let text = "nop i32.const 9 local.set 2 nop local.get 2 drop nop";
    assert_eq!(stale(text, 2, scope), [0, 1, 2]);
    // One that is read before is a parameter, and so are those below it.
    let on_one_way = "nop local.get 0 if nop i32.const 9 local.set 2 nop end local.get 2 drop";
    assert_eq!(stale(on_one_way, 2, scope), [2]);
    let above = "nop local.get 2 drop nop i32.const 9 local.set 2 nop";
    assert_eq!(stale(above, 2, scope), [2]);
}

#[test]
fn a_location_for_all_of_a_scope_ends_with_a_write() {
    assert_eq!(stale(&format!("nop {SET} nop"), 0, scope), [1]);
    assert_eq!(stale("nop i32.const 9 local.tee 0 drop nop", 0, scope), [1]);
    assert_eq!(stale(&format!("nop {SET} nop"), 2, scope), NONE);
}

#[test]
fn what_many_variables_ask_of_a_local_is_followed_once() {
    // Many blocks, so that following control through them 10,000 times is too much.
    let many = "local.get 0 if end ".repeat(200);
    let (body, nops) = body(&format!("{many} nop {SET} nop"));
    let asked = |from: &WasmPc| body.stale(0, &Claim::Scope(*from), &EVERYWHERE);
    let is_stale = |at: &WasmPc| asked(&WasmPc(0)).iter().any(|range| range.contains(at));
    for _ in 0..10_000 {
        assert!(!is_stale(&nops[0]) && is_stale(&nops[1]));
    }
    // Another question is answered as before.
    let later = asked(&nops[0]);
    assert!(!later.iter().any(|range| range.contains(&nops[0])));
}

#[test]
fn a_write_on_one_way_counts_where_the_ways_meet() {
    let one = format!("local.get 0 if nop {SET} nop else nop end nop");
    assert_eq!(stale(&one, 0, scope), [1, 3]);
    let skipped = format!("block local.get 0 br_if 0 {SET} nop return end nop");
    assert_eq!(stale(&skipped, 0, scope), [0]);
    let table = format!("block block local.get 0 br_table 0 0 2 end nop {SET} br 0 end nop");
    assert_eq!(stale(&table, 0, scope), [1]);
}

#[test]
fn a_write_late_in_a_loop_counts_at_its_head() {
    let text = format!("nop loop nop {SET} nop local.get 2 br_if 0 end nop");
    assert_eq!(stale(&text, 0, scope), [1, 2, 3]);
}

#[test]
fn a_scope_in_a_loop_begins_anew_each_time() {
    let text = format!("nop loop nop nop {SET} nop local.get 2 br_if 0 end nop");
    let claim = |nops: &[WasmPc]| Claim::Scope(nops[2]);
    assert_eq!(stale(&text, 0, claim), [1, 3, 4]);
}

#[test]
fn a_write_counts_to_the_end_of_its_block_in_an_entry_of_a_list() {
    let text = format!("local.get 2 if end nop {SET} nop local.get 0 if nop end nop");
    let all = |nops: &[WasmPc]| Claim::entry(nops[0]..WasmPc(nops[3].0 + 1));
    assert_eq!(stale(&text, 0, all), [1]);
    let behind = |nops: &[WasmPc]| Claim::entry(nops[1]..WasmPc(nops[3].0 + 1));
    assert_eq!(stale(&text, 0, behind), NONE);
    let before = |nops: &[WasmPc]| Claim::entry(nops[0]..nops[1]);
    assert_eq!(stale(&text, 0, before), NONE);
}

#[test]
fn a_write_counts_on_in_an_entry_that_the_function_begins_with() {
    let text = format!("nop {SET} nop local.get 0 if nop end nop");
    let all = |nops: &[WasmPc]| Claim::entry(nops[0]..WasmPc(nops[3].0 + 1));
    assert_eq!(stale(&text, 0, all), [1, 2, 3]);
    let first = |nops: &[WasmPc]| Claim::entry(nops[0]..nops[1]);
    assert_eq!(stale(&text, 0, first), [1, 2, 3]);
}

#[test]
fn a_write_counts_to_a_branch_behind_a_conditional_one() {
    // Both are terminators of one block of LLVM's, `br` at 2 too; the code after it is another's.
    let branches = "local.get 2 br_if 0 br 2 end nop end end nop";
    let text = format!("local.get 2 if end block block block nop {SET} nop {branches}");
    let all = |nops: &[WasmPc]| Claim::entry(nops[0]..WasmPc(nops[3].0 + 1));
    assert_eq!(stale(&text, 0, all), [1]);
    let (body, nops) = body(&text);
    // One `end` comes between the branch and the next `nop`.
    let end = body.stale(0, &all(&nops), &EVERYWHERE)[0].end;
    assert_eq!(end, WasmPc(nops[2].0 - 1));
}

#[test]
fn a_write_of_the_value_that_is_there_does_not_count() {
    assert_eq!(stale("nop local.get 0 local.set 0 nop", 0, scope), NONE);
    assert_eq!(
        stale("nop local.get 0 local.tee 0 drop nop", 0, scope),
        NONE
    );
    assert_eq!(stale("nop local.get 2 local.set 0 nop", 0, scope), [1]);
    let other = "nop local.get 0 i32.const 0 i32.add local.set 0 nop";
    assert_eq!(stale(other, 0, scope), [1]);
}

#[test]
fn code_behind_a_branch_is_reached_from_elsewhere_only() {
    let text = format!("block {SET} br 0 nop end nop");
    assert_eq!(stale(&text, 0, scope), [1]);
    let text = format!("{SET} return nop");
    assert_eq!(stale(&text, 0, scope), NONE);
}

#[test]
fn handlers_are_reached_from_the_calls_before_and_behind_a_write() {
    // A write after the only call is not seen by the handler.
    let behind =
        format!("block try_table (catch_all 0) nop call 0 nop {SET} nop end nop return end nop");
    assert_eq!(stale(&behind, 0, scope), [2, 3]);
    let before =
        format!("block try_table (catch_all 0) nop {SET} nop call 0 nop end nop return end nop");
    assert_eq!(stale(&before, 0, scope), [1, 2, 3, 4]);
    // Outside of the body nothing leads there, but the exceptions that a handler within does not take.
    let outside = format!("block try_table (catch_all 0) end {SET} call 0 return end nop");
    assert_eq!(stale(&outside, 0, scope), NONE);
    let nested = |inner| {
        format!(
            "block try_table (catch_all 0) block try_table ({inner} 0) {SET} throw 0 end end return end end nop"
        )
    };
    assert_eq!(stale(&nested("catch 0"), 0, scope), [0]);
    assert_eq!(stale(&nested("catch_all"), 0, scope), NONE);
}

#[test]
fn clauses_of_a_legacy_try_are_reached_from_its_body_alone() {
    let clauses =
        format!("try nop call 0 {SET} nop catch 0 nop {SET} rethrow 0 catch_all nop end nop");
    assert_eq!(stale(&clauses, 0, scope), [1, 4]);
    let rethrown =
        format!("try try call 0 catch 0 {SET} rethrow 0 end return catch_all nop end nop");
    assert_eq!(stale(&rethrown, 0, scope), [0, 1]);
    let delegated = format!(
        "try try try {SET} call 0 delegate 1 return catch_all nop end return catch_all nop end nop"
    );
    assert_eq!(stale(&delegated, 0, scope), [1, 2]);
    let to_the_caller = format!("try try {SET} call 0 delegate 1 return catch_all nop end nop");
    assert_eq!(stale(&to_the_caller, 0, scope), NONE);
}

#[test]
fn a_call_with_a_handler_ends_no_block_of_the_compiler() {
    let text = format!(
        "local.get 2 if end block try_table (catch_all 0) nop {SET} nop call 0 nop end nop end nop"
    );
    let all = |nops: &[WasmPc]| Claim::entry(nops[0]..WasmPc(nops[4].0 + 1));
    assert_eq!(stale(&text, 0, all), [1, 2, 3]);
}

#[test]
fn a_frame_is_below_the_stack_pointer() {
    let frames = [
        "global.get $sp i32.const 16 i32.sub local.tee 2 global.set $sp",
        "global.get $sp local.set 2",
        "i32.const -16 global.get $sp i32.add local.set 2",
        "global.get $sp i32.const 64 i32.sub i32.const -64 i32.and local.set 2",
        // As without optimisation: each value by way of a local.
        "global.get $sp local.set 0 i32.const 16 local.set 1 local.get 0 local.get 1 i32.sub local.set 2",
    ];
    for text in frames {
        assert!(body(text).0.is_frame_base(2), "{text}");
    }
    let others = [
        "",
        "i32.const 16 local.set 2",
        "local.get 0 i32.const 16 i32.sub local.set 2",
        "i32.const 16 global.get $sp i32.sub local.set 2",
        // What is in a frame is above its address.
        "global.get $sp i32.const 16 i32.sub i32.const 8 i32.add local.set 2",
        "global.get $sp i32.load local.set 2",
    ];
    for text in others {
        assert!(!body(text).0.is_frame_base(2), "{text}");
    }
}

#[test]
fn a_frame_base_ends_where_its_local_becomes_something_else() {
    let frame = "nop global.get $sp i32.const 16 i32.sub local.set 2 nop";
    let claim = |_: &[WasmPc]| Claim::FrameBase;
    assert_eq!(stale(&format!("{frame} nop"), 2, claim), NONE);
    let text = format!("{frame} local.get 0 if i32.const 9 local.set 2 nop unreachable end nop");
    assert_eq!(stale(&text, 2, claim), [2]);
}

#[test]
fn pieces_that_are_overwritten_are_left_out() {
    let (body, nops) = body(&format!("nop {SET} nop"));
    let frame = Frame::believing(Some(Rc::new(body)), None);
    let piece = |local| [Op::Local(local), Op::StackValue, Op::Piece(32, None)];
    let ops = [piece(0), piece(1)].concat();
    let all = nops[0]..WasmPc(nops[1].0 + 1);
    let stale = frame.stale(&ops, &Claim::Scope(WasmPc(0)), &all);
    assert_eq!(stale.rest(&ops, None, nops[0]), Some(ops.clone()));
    let rest = [&[Op::Piece(32, None)][..], &piece(1)].concat();
    assert_eq!(stale.rest(&ops, None, nops[1]), Some(rest));
    assert_eq!(stale.rest(&ops[..2], None, nops[1]), None);
}

#[test]
fn what_has_no_frame_base_is_believed() {
    let frame = Frame::believing(None, None);
    let ops = [Op::Local(0), Op::StackValue];
    let all = WasmPc(0)..WasmPc(100);
    assert!(frame.stale(&ops, &Claim::Scope(WasmPc(0)), &all).is_empty());
    assert!(!frame.is_lost());
}

#[test]
fn questions_end() {
    let text = format!("{SET} {}", "local.get 0 if nop end ".repeat(50));
    let (body, _) = body(&text);
    for at in 0..20_000 {
        body.stale(0, &Claim::Scope(WasmPc(1000 + at)), &EVERYWHERE);
    }
    let (first, last) = (&body.blocks[0], &body.blocks[body.blocks.len() - 1]);
    let all = [first.code.start..last.code.end];
    assert_eq!(
        body.stale(0, &Claim::Scope(first.code.start), &EVERYWHERE),
        all
    );
}

#[test]
fn one_question_with_a_long_answer_ends_too() {
    let left = format!("block local.get 1 br_if 0 {SET} nop return end ");
    let (body, _) = body(&left.repeat(200));
    let ask = || body.stale(0, &Claim::Scope(WasmPc(0)), &EVERYWHERE);
    assert_eq!(ask().len(), 200);
    for _ in 0..20_000 {
        ask();
    }
    assert_eq!(ask().len(), 1);
}

#[test]
fn a_piece_that_an_entry_repeats_was_written_before_it() {
    // As LLVM writes lists: one piece changes its place after the second `nop`, the other is repeated.
    let text = format!("local.get 2 if end nop {SET} nop nop local.get 2 if nop end nop");
    let (body, nops) = body(&text);
    let frame = Frame::believing(Some(Rc::new(body)), None);
    let piece = |local| [Op::Local(local), Op::StackValue, Op::Piece(32, None)];
    let first = [piece(0).as_slice(), &[Op::Piece(32, None)]].concat();
    let both = [piece(0), piece(2)].concat();
    let mut listed = Listed::default();
    listed.claim(&(nops[0]..nops[1]), &first);
    let range = nops[1]..WasmPc(nops[4].0 + 1);
    let claim = listed.claim(&range, &both);
    let stale = frame.stale(&both, &claim, &range);
    let rest = [&[Op::Piece(32, None)][..], &piece(2)].concat();
    assert_eq!(stale.rest(&both, None, nops[1]), Some(rest));
    // Behind the end of the block it was said anew.
    assert_eq!(stale.rest(&both, None, nops[3]), Some(both.clone()));
    // A gap, another piece or another place of it is a location that begins.
    for (gap, before) in [(1, first), (0, [piece(1), piece(2)].concat())] {
        let mut listed = Listed::default();
        listed.claim(&(nops[0]..WasmPc(nops[1].0 - gap)), &before);
        let claim = listed.claim(&range, &both);
        assert!(frame.stale(&both, &claim, &range).is_empty());
    }
}

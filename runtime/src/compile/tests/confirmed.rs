//! Floating-point values that are compared with their slots.

use super::{Text, everywhere, settings};
use dwalin_debuginfo::code::{Questions, Statement};

/// The number of comparisons in code: moves of the bits of floating-point registers, `movq` and `movd` with or without AVX.
fn comparisons(code: &[u8]) -> usize {
    let is_move = |it: &[u8]| {
        let is_older = it[0] == 0x66 && it[1] & 0xf0 == 0x40 && it[2..4] == [0x0f, 0x7e];
        let is_avx = it[0] == 0xc4 && it[2] == 0xf9 && it[3] == 0x7e;
        is_older || is_avx
    };
    code.windows(4).filter(|it| is_move(it)).count()
}

/// The comparisons of a function with a loop, where each read of its local is a statement.
fn of_loop(body: &str) -> usize {
    let text = Text::new(&format!(
        "(module (func (result f64) (local f64 i32) (loop {body} (br_if 0 (local.get 1)))
            (local.get 0)) (func $other))"
    ));
    let reads = body.matches("local.get 0").count() as u32;
    let statement = |line| Statement {
        pc: text.nth("LocalGet { local_index: 0 }", line as usize),
        line: line + 1,
    };
    let questions = Questions {
        locals: vec![(text.start, 0)],
        variables: vec![everywhere(text.start, 0)],
        statements: (0..=reads).map(statement).collect(),
        ..Questions::default()
    };
    comparisons(&text.compiled(&settings(true), Some(&questions)).code)
}

#[test]
fn a_value_in_a_loop_is_compared_when_it_is_first_read() {
    let add = "(local.set 0 (f64.add (local.get 0) (f64.const 1)))";
    assert_eq!(of_loop(add), 1);
    assert_eq!(of_loop(&add.repeat(2)), 2, "and when it was set");
    let twice = "(local.set 0 (f64.add (local.get 0) (local.get 0)))";
    assert_eq!(of_loop(twice), 1, "what was stored before is there");
}

#[test]
fn a_loop_that_calls_reads_what_it_keeps_over_the_call() {
    let add = "(local.set 0 (f64.add (local.get 0) (f64.const 1)))";
    assert_eq!(of_loop(&format!("{add} (call $other)")), 0);
    let inner = format!("(call $other) (loop {add} (br_if 0 (local.get 1)))");
    assert_eq!(of_loop(&inner), 1, "but not in a loop within");
}

//! Code that the optimizer moves: it has the address of what it is moved to.

use super::{Text, has_code, settings};
use crate::abi::settings::OptLevel;
use crate::compile::observe::CompiledFunction;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::Questions;

fn optimised(text: &Text) -> CompiledFunction {
    let mut settings = settings(true);
    settings.opt_level = OptLevel::Speed;
    text.compiled(&settings, Some(&Questions::default()))
}

/// The addresses that have code, in the order of the code.
fn addresses(function: &CompiledFunction) -> Vec<WasmPc> {
    function.rows.iter().filter_map(|row| row.1).collect()
}

#[test]
fn code_that_is_moved_out_of_a_loop_is_of_what_is_before_the_loop() {
    let text = Text::new(
        "(module (memory 1) (func (param i32 i32 i32)
           loop
             i32.const 0
             local.get 0 local.get 1 i32.mul
             i32.store
             local.get 2 i32.const 1 i32.sub local.tee 2
             br_if 0
           end))",
    );
    let function = optimised(&text);
    let multiplication = text.nth("I32Mul", 0);
    assert!(!has_code(&function, multiplication));
    let store = text.nth("I32Store", 0);
    let in_order = addresses(&function);
    let first = in_order.iter().position(|it| *it >= multiplication);
    assert_eq!(in_order[first.unwrap()], store);
}

#[test]
fn code_that_is_moved_to_its_first_use_is_of_what_uses_it() {
    let text = Text::new(
        "(module (memory 1) (func (param i32 i32) (local i32)
           local.get 0 local.get 1 i32.mul local.set 2
           i32.const 0 local.get 0 i32.store
           i32.const 8 local.get 2 i32.store))",
    );
    let function = optimised(&text);
    assert!(!has_code(&function, text.nth("I32Mul", 0)));
    let in_order = addresses(&function);
    assert!(in_order.is_sorted(), "{in_order:?}");
}

#[test]
fn code_that_stays_keeps_its_address() {
    let text = Text::new(
        "(module (memory 1) (func (param i32 i32)
           i32.const 0 local.get 0 local.get 1 i32.mul i32.store))",
    );
    assert!(has_code(&optimised(&text), text.nth("I32Mul", 0)));
}

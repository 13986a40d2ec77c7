//! Operands that locations name.

use super::{Text, has_code, settings, statements};
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{DebugSlot, KeptValue, OperandQuestion, Questions, ValueType};

#[test]
fn operands_are_kept_while_they_are_named() {
    let text = Text::new(
        "(module (func (param i32) (result i32) local.get 0 i32.const 5 i32.mul local.get 0 call 0 i32.add))",
    );
    let from = text.nth("LocalGet", 1);
    let until = text.nth("I32Add", 0);
    let question = OperandQuestion {
        from,
        place: 0,
        until,
        is_shared: false,
        is_of_scope: false,
    };
    let questions = Questions {
        operands: vec![question.clone()],
        ..Questions::default()
    };
    let function = text.compiled(&settings(true), Some(&questions));
    let kept = function.slots.kept();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].keeps(KeptValue::Operand(0)));
    assert_eq!((kept[0].range.start, kept[0].ty), (from, ValueType::I32));
    assert!(kept[0].range.end <= until && kept[0].range.end > from);
    // There is no second one there.
    let questions = Questions {
        operands: vec![OperandQuestion {
            place: 1,
            ..question
        }],
        ..Questions::default()
    };
    let function = text.compiled(&settings(true), Some(&questions));
    assert_eq!(function.slots.kept(), []);
}

#[test]
fn an_operand_that_is_named_for_a_scope_is_the_last_one_at_its_beginning() {
    let text = Text::new(
        "(module (func (param i32) (result i32)
            (i32.add (i32.mul (local.get 0) (i32.const 5)) (i32.const 7))))",
    );
    let kept = |place, is_of_scope| {
        let questions = Questions {
            operands: vec![OperandQuestion {
                from: text.nth("I32Mul", 0),
                place,
                until: text.nth("I32Add", 0),
                is_shared: false,
                is_of_scope,
            }],
            ..Questions::default()
        };
        let function = text.compiled(&settings(true), Some(&questions));
        function.slots.kept().len()
    };
    assert_eq!((kept(1, true), kept(1, false)), (1, 1));
    assert_eq!((kept(0, true), kept(0, false)), (0, 1));
}

#[test]
fn an_operand_that_is_named_on_is_the_next_value_of_a_variable_alone_in_its_place() {
    let text = Text::new(
        "(module (func (param i32) (result i32)
            (i32.sub (i32.mul (i32.add (local.get 0) (i32.const 5)) (i32.const 7)) (i32.const 3))))",
    );
    let (from, until) = (text.nth("I32Const", 1), text.nth("I32Sub", 0));
    let kept = |operands: Vec<OperandQuestion>| {
        let questions = Questions {
            operands,
            ..Questions::default()
        };
        let function = text.compiled(&settings(true), Some(&questions));
        function.slots.kept().to_vec()
    };
    let question = |until, is_shared| OperandQuestion {
        from,
        place: 0,
        until,
        is_shared,
        is_of_scope: false,
    };
    let multiplied = text.nth("I32Const", 2);
    let end = |kept: &[DebugSlot]| kept.iter().map(|it| it.range.end).max().unwrap();
    assert_eq!(end(&kept(vec![question(until, false)])), until);
    assert_eq!(end(&kept(vec![question(until, true)])), multiplied);
    // Another one that is in the place ends there.
    let other = OperandQuestion {
        from: text.nth("I32Mul", 0),
        until: multiplied,
        ..question(until, false)
    };
    let both = kept(vec![question(until, false), other]);
    assert_eq!(end(&both), multiplied);
}

#[test]
fn an_operand_that_is_named_until_it_is_in_its_local_needs_no_slot() {
    let text = Text::new(
        "(module (func (param i32) (result i32)
            (i32.mul (local.tee 0 (i32.add (i32.const 5) (local.get 0))) (local.get 0))))",
    );
    let (from, until) = (text.nth("LocalTee", 0), text.nth("LocalGet", 1));
    let compiled = |until, all: &[(WasmPc, u32)]| {
        let questions = Questions {
            locals: vec![(text.start, 0)],
            operands: vec![OperandQuestion {
                from,
                place: 0,
                until,
                is_shared: false,
                is_of_scope: false,
            }],
            ..statements(all)
        };
        text.compiled(&settings(true), Some(&questions))
    };
    let function = compiled(until, &[]);
    assert_eq!(function.slots.kept(), []);
    assert!(!has_code(&function, from), "nobody stops there");
    // Somebody does, or it is named for longer.
    let stops = compiled(until, &[(from, 1)]);
    assert_eq!(stops.slots.kept().len(), 1);
    assert!(has_code(&stops, from));
    let longer = compiled(text.nth("I32Mul", 0), &[]);
    assert_eq!(longer.slots.kept().len(), 1);
}

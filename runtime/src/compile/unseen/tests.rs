//! Stores to homes, where locations name a local and where none does.

use super::super::tests::{Text, everywhere, settings};
use crate::abi::settings::{OptLevel, Settings};
use dwalin_debuginfo::code::{NamedLocal, Questions};

#[test]
fn a_value_that_no_location_names_is_not_in_the_home() {
    let text = Text::new(
        "(module (func (param i32) (result i32)
            (local.set 0 (i32.mul (local.get 0) (local.get 0)))
            (local.set 0 (i32.add (local.get 0) (i32.const 3)))
            (i32.div_s (i32.const 7) (local.get 0))))",
    );
    let (first, second) = (text.nth("LocalSet", 0), text.nth("LocalSet", 1));
    let named = NamedLocal {
        from: text.nth("I32Const", 1),
        ..everywhere(text.start, 0)
    };
    // `mov` of 4 bytes from a register to a place on the stack.
    let is_store = |it: &&[u8]| it[0] == 0x89 && it[1] < 0xc0 && it[1] & 7 == 4 && it[2] == 0x24;
    let compiled = |variables: &[NamedLocal], opt_level, is_frame_base: bool| {
        let locals = vec![(text.start, 0)];
        let questions = Questions {
            variables: variables.to_vec(),
            frame_bases: locals
                .clone()
                .into_iter()
                .filter(|_| is_frame_base)
                .collect(),
            locals,
            ..Questions::default()
        };
        let settings = Settings {
            opt_level,
            ..settings(true)
        };
        let function = text.compiled(&settings, Some(&questions));
        let stores = function.code.windows(3).filter(is_store).count();
        (stores, function.slots)
    };
    for level in [OptLevel::None, OptLevel::Speed] {
        let (stores, slots) = compiled(&[named.clone()], level, false);
        assert_eq!(stores, 1, "{level:?}");
        let holds = |at| slots.hold(slots.home(0).unwrap(), Some(at));
        assert!(holds(named.from) && !holds(second) && !holds(first));
        let (stores, slots) = compiled(&[named.clone()], level, true);
        assert_eq!(
            (stores, slots.gaps),
            (3, vec![]),
            "{level:?}, of a frame base"
        );
        let (stores, slots) = compiled(&[everywhere(text.start, 0)], level, false);
        assert_eq!((stores, slots.gaps), (3, vec![]));
    }
}

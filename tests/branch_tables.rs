//! Branches by a number: each selector goes to its target, however large the table is and however often the targets are the same ones.

use dwalin_runtime::{Config, Engine, Instance, Module, OptLevel, Store};

/// Tables of the same targets, one after the other, each in blocks of its own; the second parameter says which of them is asked. The last
/// target is that of all selectors beyond. The result is 7, and a thousand for each block that is further out.
fn module(targets: &[u32], tables: usize) -> String {
    let blocks = *targets.iter().max().unwrap();
    let labels: Vec<_> = targets.iter().map(u32::to_string).collect();
    let ends: String = (0..=blocks)
        .map(|block| format!("end i32.const {} i32.add return ", block * 1000))
        .collect();
    let one = |table| {
        format!(
            "local.get 1 i32.const {table} i32.eq if {} i32.const 7 local.get 0 br_table {} {ends} end ",
            "block (result i32) ".repeat(blocks as usize + 1),
            labels.join(" "),
        )
    };
    let all: String = (0..tables).map(one).collect();
    format!("(module (func (export \"f\") (param i32 i32) (result i32) {all} unreachable))")
}

fn check(targets: &[u32], tables: usize) {
    let text = module(targets, tables);
    let (default, others) = targets.split_last().unwrap();
    for debug_info in [false, true] {
        for level in [OptLevel::None, OptLevel::Speed] {
            let engine = Engine::new(
                Config::new()
                    .debug_info(debug_info)
                    .cranelift_opt_level(level),
            );
            let module = Module::new(&engine, &text).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance
                .get_typed_func::<(i32, i32), i32>(&mut store, "f")
                .unwrap();
            let beyond = [others.len(), others.len() + 1, 1 << 16, 1 << 31];
            let beyond = beyond.map(|selector| (selector, default));
            for (selector, target) in others.iter().enumerate().chain(beyond) {
                for table in [0, tables - 1] {
                    let parameters = (selector as u32 as i32, table as i32);
                    let result = f.call(&mut store, parameters).unwrap();
                    let right = 7 + 1000 * *target as i32;
                    assert_eq!(result, right, "{selector} of {} targets", others.len());
                }
            }
        }
    }
}

/// Numbers below a limit, none of which is found from the one before by looking.
fn numbers(count: usize, limit: u32) -> Vec<u32> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % limit
    };
    (0..count).map(next).collect()
}

#[test]
fn large_tables_with_few_targets() {
    for different in [1, 2, 3, 5, 17, 250, 300] {
        for count in [513, 2_600] {
            check(&numbers(count + 1, different), 1);
        }
    }
    // Long rows of one target, and a default that is none of the others.
    let rows: Vec<u32> = (0..3_000).map(|at| at / 700).chain([9]).collect();
    check(&rows, 1);
}

#[test]
fn many_tables_of_one_function() {
    check(&numbers(401, 3), 60);
}

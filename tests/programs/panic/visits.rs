// The host is called with numbers, and calls back for each.
#![crate_type = "cdylib"]

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    safe fn each(count: i32) -> i32;
    safe fn fail(why: *const u8, code: i32) -> i32;
}

const ORDERS: [(&str, Option<i32>); 3] = [("pears", Some(2)), ("plums", Some(1)), ("figs", None)];

#[unsafe(no_mangle)]
extern "C" fn visit(number: i32) -> i32 {
    let (item, count) = ORDERS[number as usize];
    let Some(count) = count else {
        panic!("no {item}");
    };
    12 / count
}

#[unsafe(no_mangle)]
extern "C" fn run(wrong: i32) -> i32 {
    if wrong != 0 { fail("Gimli".as_ptr(), 42) } else { each(3) }
}
// no report of its own

//! The component that is called. What bindings' generators write is written out, and no more than that.

fn add(a: i32, b: i32) -> i32 {
    let sum = a + b;
    sum
}

fn total(name: String, cents: Vec<u32>) -> u32 {
    let mut all = 0;
    for cents in &cents {
        all += cents;
    }
    println!("{name}: {all}");
    all
}

#[unsafe(export_name = "shop:callee/prices#add")]
extern "C" fn lifted_add(a: i32, b: i32) -> i32 {
    add(a, b)
}

#[unsafe(export_name = "shop:callee/prices#total")]
extern "C" fn lifted_total(name: *mut u8, name_len: usize, cents: *mut u32, len: usize) -> u32 {
    // SAFETY: the adapter allocated both by `cabi_realloc`, as long as they are.
    let (name, cents) = unsafe {
        (String::from_raw_parts(name, name_len, name_len), Vec::from_raw_parts(cents, len, len))
    };
    total(name, cents)
}

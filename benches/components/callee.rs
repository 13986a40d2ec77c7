//! The component that is called.

#[unsafe(export_name = "bench:callee/prices#add")]
extern "C" fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

#[unsafe(export_name = "bench:callee/prices#total")]
extern "C" fn total(name: *mut u8, name_len: usize, cents: *mut u32, len: usize) -> u32 {
    // SAFETY: the adapter allocated both by `cabi_realloc`, as long as they are.
    let (name, cents) = unsafe {
        (String::from_raw_parts(name, name_len, name_len), Vec::from_raw_parts(cents, len, len))
    };
    cents.iter().sum::<u32>() + name.len() as u32
}

//! The component that calls another one: numbers, texts and lists.

mod prices {
    #[link(wasm_import_module = "bench:callee/prices")]
    unsafe extern "C" {
        #[link_name = "add"]
        pub fn add(a: i32, b: i32) -> i32;
        #[link_name = "total"]
        pub fn total(name: *const u8, name_len: usize, cents: *const u32, len: usize) -> u32;
    }
}

fn main() {
    let times = if std::env::args().count() > 1 { 1 } else { 200 };
    let (name, cents) = ("a name of some length", (0..64).collect::<Vec<u32>>());
    let mut sum = 0;
    for _ in 0..times {
        for i in 0..100_000 / 200 * times.min(40) {
            // SAFETY: of numbers.
            sum = unsafe { prices::add(sum, i) };
        }
        for _ in 0..1000 {
            // SAFETY: the other component has copies of both.
            let total = unsafe { prices::total(name.as_ptr(), name.len(), cents.as_ptr(), cents.len()) };
            sum = sum.wrapping_add(total as i32);
        }
    }
    println!("{sum}");
}

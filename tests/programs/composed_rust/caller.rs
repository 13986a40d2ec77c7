//! The component that calls.

mod prices {
    #[link(wasm_import_module = "shop:callee/prices")]
    unsafe extern "C" {
        #[link_name = "add"]
        pub fn add(a: i32, b: i32) -> i32;
        #[link_name = "total"]
        pub fn total(name: *const u8, name_len: usize, cents: *const u32, len: usize) -> u32;
    }
}

struct Order {
    name: String,
    cents: Vec<u32>,
}

fn bill(order: &Order) -> i32 {
    // SAFETY: of numbers and of what is borrowed.
    let first = unsafe { prices::add(40, 2) };
    let (name, cents) = (&order.name, &order.cents);
    let rest = unsafe { prices::total(name.as_ptr(), name.len(), cents.as_ptr(), cents.len()) };
    first + rest as i32
}

fn main() {
    let order = Order { name: "tea".to_owned(), cents: vec![250, 350] };
    let sum = bill(&order);
    println!("{sum}");
}

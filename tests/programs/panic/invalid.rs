// A reference that was made of a number.
fn read(place: &u64) -> u64 {
    *place + 1
}

fn main() {
    let address = 0x9000_0000_usize + std::env::args().count();
    println!("{}", read(unsafe { &*((address & !7) as *const u64) }));
}
// report: -O0 -g

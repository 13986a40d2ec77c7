// An abort, without a panic.
fn check(limit: u64) {
    if limit > 3 {
        eprintln!("giving up at {limit}");
        std::process::abort();
    }
}

fn main() {
    (0..10).for_each(check);
}
// report: -O0 -g

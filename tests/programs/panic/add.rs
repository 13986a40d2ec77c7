// A sum that does not fit, where overflow is checked.
fn add(all: &[u8]) -> u8 {
    let mut sum = 0;
    for one in all {
        sum += one;
    }
    sum
}

fn main() {
    println!("{}", add(&std::env::args().map(|it| it.len() as u8 + 90).chain([200]).collect::<Vec<_>>()));
}
// report: -O0 -g

// An index beyond the end of a vector.
fn middle(numbers: &[u16], step: usize) -> u16 {
    let at = numbers.len() / 2 + step;
    numbers[at]
}

fn main() {
    let numbers: Vec<u16> = (1..=6).collect();
    println!("{}", middle(&numbers, 1));
    println!("{}", middle(&numbers, 4));
}
// report: -O0 -g
// report: -O2 -g
// report: -O2

// `expect` of an error.
fn number(text: &str) -> i32 {
    text.trim().parse().expect("the file has numbers only")
}

fn main() {
    let lines = "12\n 34\nfifty\n";
    let sum: i32 = lines.lines().map(number).sum();
    println!("{sum}");
}
// report: -O0 -g
// report: -O2 -g -O

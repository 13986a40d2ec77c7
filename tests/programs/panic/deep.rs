// Recursion that does not end.
fn depth(list: &[u32], level: u64) -> u64 {
    let rest = &list[level as usize % list.len()..];
    1 + depth(rest.get(..1).map_or(list, |_| list), level + 1) + rest.len() as u64
}

fn main() {
    println!("{}", depth(&[1, 2, 3], 0));
}
// report: -O0 -g

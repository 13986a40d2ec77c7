// `unwrap` of nothing.
use std::collections::BTreeMap;

fn find<'a>(names: &'a BTreeMap<u32, String>, id: u32) -> &'a str {
    names.get(&id).unwrap()
}

fn main() {
    let names = BTreeMap::from([(1, "Dori".to_owned()), (2, "Nori".to_owned())]);
    println!("{} {}", find(&names, 1), find(&names, 3));
}
// report: -O0 -g
// report: -O2 -g

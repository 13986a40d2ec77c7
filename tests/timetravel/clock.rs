//! A hash map in a random order, a clock and input; it ends in a panic.
use std::collections::HashMap;
use std::io::BufRead;

static mut CALLS: u32 = 0;

#[derive(Clone, Copy)]
struct Entry {
    key: u32,
    weight: u64,
}

fn weigh(key: u32, salt: u64) -> u64 {
    unsafe { CALLS += 1 };
    let mut weight = salt;
    for bit in 0..key % 5 {
        weight = weight.rotate_left(bit) ^ u64::from(key);
    }
    weight
}

fn heaviest(entries: &[Entry]) -> Option<Entry> {
    let mut best: Option<Entry> = None;
    for entry in entries {
        match best {
            Some(it) if it.weight >= entry.weight => {}
            _ => best = Some(*entry),
        }
    }
    best
}

fn main() {
    let start = std::time::Instant::now();
    let mut lengths = 0;
    for line in std::io::stdin().lock().lines() {
        lengths += line.unwrap().len();
    }
    let map: HashMap<u32, u64> = (0..6).map(|n| (n, u64::from(n) * 7)).collect();
    let mut entries = Vec::new();
    for (key, salt) in &map {
        let weight = weigh(*key, *salt);
        entries.push(Entry { key: *key, weight });
    }
    let best = heaviest(&entries).map_or(0, |it| it.key);
    println!("{best} {lengths} {}", start.elapsed().as_nanos() > 0);
    let index = lengths + entries.len();
    println!("{}", entries[index].key);
}

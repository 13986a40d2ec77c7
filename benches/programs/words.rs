//! Counts words and sorts them: strings, hash maps, iterators and traits of Rust's library.

use std::collections::{BTreeMap, HashMap};

fn text(words: usize) -> String {
    let mut state = 1u32;
    let mut text = String::new();
    for _ in 0..words {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        text.push_str(&format!("word{} ", (state >> 16) % 1000));
    }
    text
}

fn main() {
    let text = text(if std::env::args().count() > 1 { 60 } else { 60_000 });
    let mut counts = HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_insert(0u32) += 1;
    }
    let mut by_count: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (word, count) in &counts {
        by_count.entry(*count).or_default().push(word);
    }
    for words in by_count.values_mut() {
        words.sort();
    }
    let longest = by_count.iter().max_by_key(|(_, words)| words.len());
    let (count, words) = longest.expect("words");
    let letters: usize = text.chars().filter(char::is_ascii_alphabetic).count();
    println!("{} {count} {} {letters}", counts.len(), words.join(","));
}

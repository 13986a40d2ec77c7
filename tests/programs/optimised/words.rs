//! Words of a text, counted: structures, slices, enums, boxes and closures, for optimised builds.

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Short(u8),
    Long { length: u32, weight: f64 },
}

struct Word<'a> {
    text: &'a str,
    kind: Kind,
    next: Option<Box<Word<'a>>>,
}

fn kind_of(text: &str) -> Kind {
    let length = text.len() as u32;
    if length < 5 {
        Kind::Short(length as u8)
    } else {
        let weight = f64::from(length) * 1.5;
        Kind::Long { length, weight }
    }
}

#[inline(never)]
fn list<'a>(text: &'a str, limit: usize) -> Option<Box<Word<'a>>> {
    let mut first = None;
    for (at, word) in text.split(' ').enumerate() {
        if at == limit {
            break;
        }
        let kind = kind_of(word);
        first = Some(Box::new(Word {
            text: word,
            kind,
            next: first,
        }));
    }
    first
}

#[inline(never)]
fn weigh(first: &Option<Box<Word>>, each: impl Fn(u32) -> u64) -> (u64, f64) {
    let (mut total, mut heavy) = (0u64, 0.0);
    let mut at = first;
    while let Some(word) = at {
        match word.kind {
            Kind::Short(length) => total += each(u32::from(length)),
            Kind::Long { length, weight } => {
                total = total.wrapping_mul(31) + u64::from(length);
                heavy += weight;
            }
        }
        at = &word.next;
    }
    (total, heavy)
}

#[inline(never)]
fn checksum(bytes: &[u8], seed: i64) -> i64 {
    let mut sum = seed;
    for (at, byte) in bytes.iter().enumerate() {
        let shifted = i64::from(*byte) << (at % 40);
        sum ^= shifted - at as i64;
    }
    sum
}

fn main() {
    let text = "the quick brown fox jumps over a lazy dog and sleeps afterwards";
    let words = list(text, 10);
    let (total, heavy) = weigh(&words, |length| u64::from(length) << 33);
    let sum = checksum(text.as_bytes(), -7);
    println!("{total} {heavy} {sum}");
    if let Some(word) = &words {
        println!("{} {:?}", word.text, word.kind);
    }
}

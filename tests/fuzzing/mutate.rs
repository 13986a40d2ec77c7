//! Changes to debug info, each by the numbers that a seed gives.

/// A file's sections, by name.
pub type Sections = Vec<(String, Vec<u8>)>;

/// Numbers that look random (xorshift64*), the same for a seed.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One below a limit; 0 for none.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit.max(1)
    }
}

/// The values for lengths, counts and offsets of all sizes in hostile files.
const VALUES: [&[u8]; 10] = [
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0xf0, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    &[0x01],
    &[0x00],
    &[0xff, 0xff],
];

/// Changes a file's sections in a few ways.
pub fn mutate(sections: &mut Sections, numbers: &mut Numbers) {
    if sections.is_empty() {
        return;
    }
    for _ in 0..=numbers.below(4) {
        let at = pick(sections, numbers);
        let other = pick(sections, numbers);
        match numbers.below(16) {
            kind @ 0..=10 => overwrite(&mut sections[at].1, kind, numbers),
            14 => {
                let copy = sections[other].1.clone();
                sections[other].1 = std::mem::replace(&mut sections[at].1, copy);
            }
            kind => rearrange(&mut sections[at].1, kind, numbers),
        }
    }
}

/// Changes bytes in place.
fn overwrite(bytes: &mut [u8], kind: usize, numbers: &mut Numbers) {
    match kind {
        0..=3 => {
            for _ in 0..=numbers.below(4) {
                if let Some(byte) = bytes.get_mut(numbers.below(bytes.len())) {
                    *byte = numbers.next() as u8;
                }
            }
        }
        4 | 5 => {
            if let Some(byte) = bytes.get_mut(numbers.below(bytes.len())) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        6..=8 => {
            let (i, value) = (numbers.below(bytes.len()), numbers.below(VALUES.len()));
            put(bytes, i, VALUES[value]);
        }
        // A reference into the same section, near its start so that it leads somewhere.
        _ => {
            let (i, to) = (numbers.below(bytes.len()), numbers.below(bytes.len()));
            put(bytes, i, &(to as u32).to_le_bytes());
        }
    }
}

/// Writes a value, if there is room for it.
fn put(bytes: &mut [u8], i: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(i..i + value.len()) {
        place.copy_from_slice(value);
    }
}

/// Cuts, copies and moves bytes.
fn rearrange(bytes: &mut Vec<u8>, kind: usize, numbers: &mut Numbers) {
    match kind {
        11 => bytes.truncate(numbers.below(bytes.len())),
        12 => {
            let (from, to) = (numbers.below(bytes.len()), numbers.below(bytes.len()));
            let length = numbers.below(64).min(bytes.len() - from.max(to));
            bytes.copy_within(from..from + length, to);
        }
        13 => bytes.extend_from_within(..),
        _ => {
            let length = numbers.below(40);
            let start = numbers.below(bytes.len());
            bytes.drain(start..(start + length).min(bytes.len()));
        }
    }
}

/// One of the sections: mostly of those that others are found by.
fn pick(sections: &Sections, numbers: &mut Numbers) -> usize {
    let any = numbers.below(sections.len());
    if numbers.below(2) == 0 {
        return any;
    }
    let preferred = [".debug_info", ".debug_abbrev"][numbers.below(2)];
    let found = sections
        .iter()
        .position(|(name, _)| name.trim_end_matches(".dwo") == preferred);
    found.unwrap_or(any)
}

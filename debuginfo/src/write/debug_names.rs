//! `.debug_names` (DWARF 5, section 6.1.1.4): one index of all units.
//!
//! ```text
//! header · units · buckets · hashes · strings · where entries are · abbreviations · entries
//!                            └──── one each, for every name, in the buckets' order ┘
//! ```
//!
//! lldb 19 reads all entries of units that are not in an index to make one, and takes those that are at their word.

use super::names::{Listed, Name};
use super::strings::Used;
use super::{set_length, uleb};
use gimli::{DwTag, constants as dw};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, HashMap};

/// Numbers of buckets that are tried beside the one that is right for the number of names.
const CANDIDATES: u32 = 64;

/// A unit with what it lists, and where it begins.
pub(super) type IndexedUnit<'u> = (u32, &'u [Listed]);

/// A name of the index.
struct IndexName {
    hash: u32,
    /// Its place in `.debug_str`.
    place: u32,
}

/// An entry that has a name.
#[derive(Clone, Copy)]
struct IndexEntry {
    /// Number of the name.
    name: u32,
    /// Number of the unit.
    unit: u32,
    tag: DwTag,
    offset: u32,
}

/// Variables of a unit that have one name, in different scopes: the first, and a later one. lldb takes the first that it comes upon in the
/// order of the index for the one that `v NAME` means, and without an index, mostly, the first of the unit.
struct Namesakes {
    name: u32,
    /// The first one's linkage name, or its name where it has no other.
    first: u32,
    /// The later one's linkage name.
    later: u32,
}

/// The contents of an index.
#[derive(Default)]
struct Index {
    names: Vec<IndexName>,
    entries: Vec<IndexEntry>,
}

/// Writes the index. Names that it alone has go into `used`.
pub(super) fn write<'d>(
    units: &[IndexedUnit<'_>],
    used: &mut Used<'d>,
    input: &'d [u8],
) -> Vec<u8> {
    let text = |listed: &Listed| -> bool {
        match &listed.name {
            Name::Input(place) => used.text(*place, input).is_ascii(),
            Name::Own(own) => own.is_ascii() && !own.contains(&0),
        }
    };
    // Others are hashed as Unicode folds them: lldb lists such units by itself.
    let units: Vec<_> = units
        .iter()
        .filter(|(_, listed)| listed.iter().all(text))
        .collect();
    if units.is_empty() {
        return Vec::new();
    }
    let index = Index::of(&units, used, input);
    index.write(&units)
}

/// The hash of a name (DWARF 5, section 7.33), which is in ASCII.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash: u32, byte| {
        hash.wrapping_mul(33)
            .wrapping_add(byte.to_ascii_lowercase().into())
    })
}

impl Index {
    fn of<'d>(units: &[&IndexedUnit<'_>], used: &mut Used<'d>, input: &'d [u8]) -> Index {
        let mut index = Index::default();
        let mut by_place: FxHashMap<u32, u32> = FxHashMap::default();
        let mut by_text: HashMap<Vec<u8>, u32> = HashMap::new();
        for (unit, (_, listed)) in (0..).zip(units) {
            for it in *listed {
                let known = match &it.name {
                    Name::Input(place) => by_place.get(place).copied(),
                    Name::Own(_) => None,
                };
                let name = known.unwrap_or_else(|| {
                    let text = match &it.name {
                        Name::Input(place) => used.text(*place, input),
                        Name::Own(own) => own,
                    };
                    // Equal strings may be at different places, as ends of others.
                    let number = by_text.get(text).copied().unwrap_or_else(|| {
                        by_text.insert(text.to_vec(), index.names.len() as u32);
                        let hash = hash(text);
                        let place = match &it.name {
                            Name::Input(place) => used.place(*place),
                            Name::Own(own) => used.strings.add(own),
                        };
                        index.names.push(IndexName { hash, place });
                        index.names.len() as u32 - 1
                    });
                    if let Name::Input(place) = &it.name {
                        by_place.insert(*place, number);
                    }
                    number
                });
                index.entries.push(IndexEntry {
                    name,
                    unit,
                    tag: it.tag,
                    offset: it.offset,
                });
            }
        }
        index
    }

    /// The number of buckets: of some that are about right, the one by which most variables come in the order of the source.
    fn buckets(&self) -> u32 {
        let count = match self.names.len() {
            count @ 1024.. => count / 4,
            count @ 16.. => count / 2,
            count => count.max(1),
        } as u32;
        let namesakes = self.namesakes();
        let wrong = |buckets: u32| {
            let rank = |name: u32| self.rank(name, buckets);
            let is_wrong = |it: &&Namesakes| rank(it.name).min(rank(it.first)) > rank(it.later);
            namesakes.iter().filter(is_wrong).count()
        };
        let candidates = (count..=count + CANDIDATES).map(|buckets| (buckets, wrong(buckets)));
        let mut best = (count, usize::MAX);
        for candidate in candidates {
            if candidate.1 < best.1 {
                best = candidate;
            }
            if best.1 == 0 {
                break;
            }
        }
        best.0
    }

    /// The place of a name in the index's order.
    fn rank(&self, name: u32, buckets: u32) -> (u32, u32, u32) {
        let hash = self.names[name as usize].hash;
        (hash % buckets, hash, name)
    }

    /// Variables of a unit that have one name, in the order of its entries.
    fn namesakes(&self) -> Vec<Namesakes> {
        let mut found = Vec::new();
        let mut known: FxHashMap<u64, u32> = FxHashMap::default();
        // An entry's linkage name is listed before its name.
        let mut linkage_name = None;
        for (at, entry) in self.entries.iter().enumerate() {
            let is_of_next = self
                .entries
                .get(at + 1)
                .is_some_and(|next| (next.unit, next.offset) == (entry.unit, entry.offset));
            if is_of_next {
                linkage_name = Some(entry.name);
                continue;
            }
            let later = linkage_name.take();
            if entry.tag != dw::DW_TAG_variable {
                continue;
            }
            let key = u64::from(entry.unit) << 32 | u64::from(entry.name);
            match (known.get(&key), later) {
                (None, _) => {
                    known.insert(key, later.unwrap_or(entry.name));
                }
                (Some(&first), Some(later)) => found.push(Namesakes {
                    name: entry.name,
                    first,
                    later,
                }),
                (Some(_), None) => {}
            }
        }
        found
    }

    fn write(mut self, units: &[&IndexedUnit<'_>]) -> Vec<u8> {
        let buckets = self.buckets();
        let mut order: Vec<u32> = (0..self.names.len() as u32).collect();
        order.sort_unstable_by_key(|name| self.rank(*name, buckets));
        let mut rank = vec![0; order.len()];
        for (at, number) in (0..).zip(&order) {
            rank[*number as usize] = at;
        }
        self.order_entries(&rank);
        let mut abbreviations = Abbreviations::of(units.len());
        let (starts, pool) = self.entry_pool(&mut abbreviations);
        let sorted = || order.iter().map(|number| &self.names[*number as usize]);
        let abbreviations = abbreviations.written();

        let mut out = vec![0; 4];
        out.extend([5, 0, 0, 0]);
        let counts = [
            units.len() as u32,
            0,
            0,
            buckets,
            order.len() as u32,
            abbreviations.len() as u32,
            0,
        ];
        let words = |out: &mut Vec<u8>, words: &mut dyn Iterator<Item = u32>| {
            out.extend(words.flat_map(u32::to_le_bytes));
        };
        words(&mut out, &mut counts.into_iter());
        words(&mut out, &mut units.iter().map(|unit| unit.0));
        let mut first = vec![0; buckets as usize];
        for (number, name) in (1..).zip(sorted()) {
            let bucket = &mut first[(name.hash % buckets) as usize];
            if *bucket == 0 {
                *bucket = number;
            }
        }
        words(&mut out, &mut first.into_iter());
        words(&mut out, &mut sorted().map(|name| name.hash));
        words(&mut out, &mut sorted().map(|name| name.place));
        words(&mut out, &mut starts.into_iter());
        out.extend(abbreviations);
        out.extend(pool);
        set_length(&mut out, 0);
        out
    }

    /// Renames entries by their names' ranks, and puts those of a name together, in the order in which they were found.
    fn order_entries(&mut self, rank: &[u32]) {
        let mut next = vec![0_usize; rank.len() + 1];
        for entry in &mut self.entries {
            entry.name = rank[entry.name as usize];
            next[entry.name as usize + 1] += 1;
        }
        for name in 1..next.len() {
            next[name] += next[name - 1];
        }
        let mut ordered = self.entries.clone();
        for entry in &self.entries {
            let place = &mut next[entry.name as usize];
            ordered[*place] = *entry;
            *place += 1;
        }
        self.entries = ordered;
    }

    /// All entries, sorted, and where those of each name begin.
    fn entry_pool(&self, abbreviations: &mut Abbreviations) -> (Vec<u32>, Vec<u8>) {
        let mut starts = Vec::with_capacity(self.names.len());
        let mut pool = Vec::with_capacity(self.entries.len() * 6);
        for of_name in self.entries.chunk_by(|a, b| a.name == b.name) {
            starts.push(pool.len() as u32);
            for entry in of_name {
                uleb(&mut pool, abbreviations.code(entry.tag));
                let unit = entry.unit.to_le_bytes();
                pool.extend(&unit[..abbreviations.unit_size]);
                uleb(&mut pool, entry.offset.into());
            }
            pool.push(0);
        }
        (starts, pool)
    }
}

/// A code for each tag.
struct Abbreviations {
    codes: BTreeMap<u16, u64>,
    /// Bytes of a unit's number.
    unit_size: usize,
}

impl Abbreviations {
    fn of(units: usize) -> Abbreviations {
        Abbreviations {
            codes: BTreeMap::new(),
            unit_size: match units {
                ..=0x100 => 1,
                ..=0x1_0000 => 2,
                _ => 4,
            },
        }
    }

    fn code(&mut self, tag: DwTag) -> u64 {
        let next = self.codes.len() as u64 + 1;
        *self.codes.entry(tag.0).or_insert(next)
    }

    fn written(&self) -> Vec<u8> {
        let unit = match self.unit_size {
            1 => dw::DW_FORM_data1,
            2 => dw::DW_FORM_data2,
            _ => dw::DW_FORM_data4,
        };
        let mut out = Vec::new();
        for (tag, code) in &self.codes {
            uleb(&mut out, *code);
            uleb(&mut out, (*tag).into());
            for (attribute, form) in [
                (dw::DW_IDX_compile_unit, unit),
                (dw::DW_IDX_die_offset, dw::DW_FORM_ref_udata),
            ] {
                uleb(&mut out, attribute.0.into());
                uleb(&mut out, form.0.into());
            }
            out.extend([0, 0]);
        }
        out.push(0);
        out
    }
}

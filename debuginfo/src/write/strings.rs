//! `.debug_str`: the strings of the input that are used, each once. It is the table of symbols' names, too.

use crate::offset_set::OffsetSet;
use std::collections::HashMap;
use std::ffi::CStr;

/// Strings, each with its place.
#[derive(Debug)]
pub(crate) struct Strings<'d> {
    /// As they are written: the first is empty, as that of a symbol table must be.
    pub bytes: Vec<u8>,
    known: HashMap<&'d [u8], u32>,
}

impl Default for Strings<'_> {
    fn default() -> Self {
        Strings {
            bytes: vec![0],
            known: HashMap::new(),
        }
    }
}

impl<'d> Strings<'d> {
    fn add_known(&mut self, string: &'d [u8]) -> u32 {
        let bytes = &mut self.bytes;
        *self
            .known
            .entry(string)
            .or_insert_with(|| append(bytes, string))
    }

    /// The place of a name, which has no NUL in it.
    pub fn add(&mut self, name: &[u8]) -> u32 {
        match self.known.get(name) {
            Some(place) => *place,
            None => append(&mut self.bytes, name),
        }
    }
}

fn append(bytes: &mut Vec<u8>, string: &[u8]) -> u32 {
    let place = bytes.len() as u32;
    bytes.extend(string);
    bytes.push(0);
    place
}

/// Which strings of the input are used, and where they came to be.
pub(super) struct Used<'d> {
    set: OffsetSet,
    /// By number in the set.
    places: Vec<u32>,
    pub strings: Strings<'d>,
}

impl<'d> Used<'d> {
    /// Takes those at the given places. Not all linkers merge them.
    pub fn find(mut set: OffsetSet, input: &'d [u8]) -> Used<'d> {
        let mut places = Vec::with_capacity(set.count() as usize);
        let mut strings = Strings::default();
        // The last one: where it is in the input, and came to be. One that begins in it is its end.
        let (mut last, mut place) = (0..0, 0);
        for start in set.iter() {
            if start >= last.end {
                let rest = &input[start..];
                let len = CStr::from_bytes_until_nul(rest).map_or(rest.len(), CStr::count_bytes);
                last = start..start + len + 1;
                place = strings.add_known(&rest[..len]);
            }
            places.push(place + (start - last.start) as u32);
        }
        Used {
            set,
            places,
            strings,
        }
    }

    /// A string of the input.
    pub fn text(&self, string: u32, input: &'d [u8]) -> &'d [u8] {
        let rest = input.get(string as usize..).unwrap_or_default();
        CStr::from_bytes_until_nul(rest).map_or(rest, CStr::to_bytes)
    }

    /// Returns the new offset of a string of the input.
    pub fn place(&self, string: u32) -> u32 {
        let index = self.set.index(string as usize);
        index.map_or(0, |index| self.places[index as usize])
    }
}

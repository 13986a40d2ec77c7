//! Range lists and location lists (DWARF 5, sections 7.25 and 7.29), encoded as they are added to a unit.

use super::{Address, Expression, Named, uleb};
use gimli::constants as dw;
use std::collections::HashMap;

/// One range of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Range {
    StartLength { begin: Address, length: u64 },
}

/// The code of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RangeList(pub Vec<Range>);

/// One place of a variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Location {
    StartLength {
        begin: Address,
        length: u64,
        data: Expression,
    },
}

/// The places of a variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LocationList(pub Vec<Location>);

/// Lists of one kind, of one unit.
#[derive(Default, Debug)]
pub(crate) struct Lists {
    /// The lists, one after the other, without a header.
    pub bytes: Vec<u8>,
    /// Entries in expressions: where in the bytes, and which.
    pub named: Vec<(usize, Named)>,
    /// The offsets of lists that name no entries: each is written once.
    known: HashMap<Vec<u8>, ListOffset>,
}

/// Which list, by where it begins in its unit's part.
pub(crate) type ListOffset = u32;

/// Kinds of entries that both kinds of lists have, with the numbers of each.
struct Kinds {
    end: u8,
    base: u8,
    pair: u8,
    start_length: u8,
}

const RANGES: Kinds = Kinds {
    end: dw::DW_RLE_end_of_list.0,
    base: dw::DW_RLE_base_address.0,
    pair: dw::DW_RLE_offset_pair.0,
    start_length: dw::DW_RLE_start_length.0,
};

const LOCATIONS: Kinds = Kinds {
    end: dw::DW_LLE_end_of_list.0,
    base: dw::DW_LLE_base_address.0,
    pair: dw::DW_LLE_offset_pair.0,
    start_length: dw::DW_LLE_start_length.0,
};

impl Lists {
    pub fn add_ranges(&mut self, list: &RangeList) -> ListOffset {
        let range = |Range::StartLength { begin, length }: &Range| {
            let Address::Constant(begin) = begin;
            (*begin, *length, None)
        };
        self.add(&RANGES, list.0.iter().map(range))
    }

    pub fn add_locations(&mut self, list: &LocationList) -> ListOffset {
        fn place(location: &Location) -> (u64, u64, Option<&Expression>) {
            let Location::StartLength {
                begin: Address::Constant(begin),
                length,
                data,
            } = location;
            (*begin, *length, Some(data))
        }
        self.add(&LOCATIONS, list.0.iter().map(place))
    }

    /// Of several entries, all but the first address are distances from it: 3 bytes instead of 10.
    fn add<'l>(
        &mut self,
        kinds: &Kinds,
        entries: impl ExactSizeIterator<Item = (u64, u64, Option<&'l Expression>)> + Clone,
    ) -> ListOffset {
        let offset = self.bytes.len();
        let named = self.named.len();
        let base = entries.clone().map(|(begin, ..)| begin).min();
        let base = base.filter(|_| entries.len() > 1);
        if let Some(base) = base {
            self.bytes.push(kinds.base);
            self.bytes.extend(base.to_le_bytes());
        }
        for (begin, length, data) in entries {
            match base {
                Some(base) => {
                    self.bytes.push(kinds.pair);
                    uleb(&mut self.bytes, begin - base);
                    uleb(&mut self.bytes, begin - base + length);
                }
                None => {
                    self.bytes.push(kinds.start_length);
                    self.bytes.extend(begin.to_le_bytes());
                    uleb(&mut self.bytes, length);
                }
            }
            if let Some(data) = data {
                uleb(&mut self.bytes, data.bytes().len() as u64);
                let named = &mut self.named;
                data.write(&mut self.bytes, &mut |at, entry| named.push((at, entry)));
            }
        }
        self.bytes.push(kinds.end);
        if self.named.len() > named {
            return offset as u32;
        }
        let list = self.bytes.split_off(offset);
        if let Some(known) = self.known.get(&list) {
            return *known;
        }
        self.bytes.extend(&list);
        self.known.insert(list, offset as u32);
        offset as u32
    }
}

/// Takes lists of one kind from a unit: to add to, and to write.
macro_rules! table {
    ($name:ident, $list:ty, $add:ident) => {
        /// The lists of a unit.
        #[derive(Default, Debug)]
        pub(crate) struct $name(pub Lists);

        impl $name {
            pub fn add(&mut self, list: $list) -> ListOffset {
                self.0.$add(&list)
            }
        }
    };
}

table!(RangeListTable, RangeList, add_ranges);
table!(LocationListTable, LocationList, add_locations);

//! A set of offsets in a section, which numbers its members in their order: a bit for each byte of the section, and for each 64
//! of these how many members are before them.

/// Members are added in any order, then counted once.
#[derive(Default, Debug)]
pub(crate) struct OffsetSet {
    words: Vec<u64>,
    before: Vec<u32>,
}

impl OffsetSet {
    /// Of offsets below `end`.
    pub fn new(end: usize) -> OffsetSet {
        OffsetSet {
            words: vec![0; end.div_ceil(64)],
            before: Vec::new(),
        }
    }

    /// Adds an offset; one beyond the end is ignored.
    pub fn insert(&mut self, offset: usize) {
        if let Some(word) = self.words.get_mut(offset / 64) {
            *word |= 1 << (offset % 64);
        }
    }

    /// Counts the members, for [`Self::index`], and returns their number.
    pub fn count(&mut self) -> u32 {
        let mut total = 0;
        self.before.clear();
        self.before.reserve_exact(self.words.len());
        for word in &self.words {
            self.before.push(total);
            total += word.count_ones();
        }
        total
    }

    pub fn contains(&self, offset: usize) -> bool {
        self.words
            .get(offset / 64)
            .is_some_and(|word| word >> (offset % 64) & 1 != 0)
    }

    /// A member's number.
    pub fn index(&self, offset: usize) -> Option<u32> {
        let below = (1u64 << (offset % 64)) - 1;
        self.contains(offset)
            .then(|| self.before[offset / 64] + (self.words[offset / 64] & below).count_ones())
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(i * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::OffsetSet;

    #[test]
    fn members_are_numbered_in_their_order() {
        let mut set = OffsetSet::new(200);
        for offset in [190, 3, 64, 63, 500] {
            set.insert(offset);
        }
        assert_eq!(set.count(), 4);
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 63, 64, 190]);
        assert_eq!(set.index(64), Some(2));
        assert_eq!(set.index(65), None);
        assert_eq!(set.index(500), None);
    }
}

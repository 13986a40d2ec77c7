//! Knobs of objects: structures and arrays.

use super::Config;
use super::collector::Collector;
use std::num::NonZeroU32;

impl Config {
    /// The collector of structures and arrays. Default: [`Collector::Auto`].
    pub fn collector(&mut self, collector: Collector) -> &mut Config {
        self.collector = collector;
        self
    }

    pub(crate) fn chosen_collector(&self) -> Collector {
        self.collector
    }

    /// Has each n-th allocation of a structure or an array collect first, to find errors of embedders and of this crate. Default: none.
    pub fn gc_zeal_alloc_counter(&mut self, each: Option<NonZeroU32>) -> &mut Config {
        self.gc_zeal = each;
        self
    }

    pub(crate) fn gc_zeal(&self) -> Option<NonZeroU32> {
        self.gc_zeal
    }
}

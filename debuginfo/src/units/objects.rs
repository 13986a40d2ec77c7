//! The types of objects, which an [outline](crate::outline) has in its first unit, by their indices in the module.

use super::{Place, Units};
use crate::outline::kind_of;
use crate::outline::object::TYPE_PREFIX;
use crate::source::attr_string;
use gimli::constants as dw;
use std::collections::HashMap;

impl Units<'_> {
    /// The type of objects that has an index in the module.
    pub fn object_type(&self, index: u32) -> Option<Place> {
        let objects = self.objects.get_or_init(|| self.find_objects());
        objects.get(&index).copied()
    }

    fn find_objects(&self) -> HashMap<u32, Place> {
        let mut found = HashMap::new();
        for number in 0..self.roots.units.len() {
            let Some(unit) = self.get(number).filter(|unit| kind_of(*unit).is_some()) else {
                continue;
            };
            let mut entries = unit.entries();
            while let Ok(Some(entry)) = entries.next_dfs() {
                if entry.tag() != dw::DW_TAG_typedef {
                    continue;
                }
                let name = entry.attr_value(dw::DW_AT_name);
                let name = name.and_then(|name| attr_string(unit, name).ok());
                let index = name.and_then(|name| {
                    let name = std::str::from_utf8(name.slice()).ok()?;
                    name.strip_prefix(TYPE_PREFIX)?.parse().ok()
                });
                let ty = entry.attr_value(dw::DW_AT_type);
                let ty = ty.and_then(|ty| self.reference(number, ty));
                found.extend(index.zip(ty));
            }
            break;
        }
        found
    }
}

//! Values of C++'s standard library as a programmer thinks of them: strings, what containers contain, what smart pointers point to.
//! libc++'s types are known by their names and members, which begin with underscores as only a library's may; one that looks
//! otherwise is shown as a structure.

use super::render::{Renderer, address, number};
use super::rust::entries;
use super::shown::Shown;
use crate::units::Place;
use gimli::constants as dw;

/// The depth of structures in which a member is searched: compressed pairs, bases and anonymous unions are around most.
const AROUND: usize = 8;
/// The number of members that are examined: far more than libc++'s have, and an end to recursive types.
const LOOKED_AT: usize = 200;

/// A member's type and bytes.
type Member = (Place, Vec<u8>);

impl Renderer<'_, '_> {
    /// A type of libc++; `None` for others.
    pub(super) fn libcxx(&self, value: Shown<'_>) -> Option<String> {
        let name = self.units.name(value.ty)?;
        let (head, _) = name.split_once('<')?;
        match head {
            "basic_string" => self.string_object(value),
            "basic_string_view" => {
                let (pointer, address) = self.pointed(self.inside(value, "__data_")?)?;
                let len = self.count_in(value, "__size_")?;
                self.is_char(pointer).then(|| self.text(address, len))?
            }
            "vector" => {
                let (element, begin) = self.pointed(self.inside(value, "__begin_")?)?;
                let (_, end) = self.pointed(self.inside(value, "__end_")?)?;
                let size = self.size(element).filter(|it| *it > 0)?;
                let bytes = end.checked_sub(begin).filter(|bytes| bytes % size == 0)?;
                self.elements(element, begin, (bytes / size) as usize, value.depth)
            }
            "initializer_list" => {
                let (element, begin) = self.pointed(self.inside(value, "__begin_")?)?;
                let count = self.count_in(value, "__size_")?;
                self.elements(element, begin, count, value.depth)
            }
            "stack" | "queue" | "priority_queue" => {
                let (ty, bytes) = self.inside(value, "c")?;
                self.value(ty, &bytes, value.depth)
            }
            "array" => {
                let (ty, bytes) = self.inside(value, "__elems_")?;
                self.value(ty, &bytes, value.depth)
            }
            "unique_ptr" | "shared_ptr" => {
                let (ty, bytes) = self.bare_member(self.inside(value, "__ptr_")?)?;
                self.value(ty, &bytes, value.depth)
            }
            "optional" => match number(&self.inside(value, "__engaged_")?.1)? {
                0 => Some("nullopt".to_owned()),
                1 => {
                    let (ty, bytes) = self.inside(value, "__val_")?;
                    self.value(ty, &bytes, value.depth)
                }
                _ => None,
            },
            "map" | "multimap" | "set" | "multiset" => self.sized(value, &["__pair3_", "__size_"]),
            "unordered_map" | "unordered_multimap" | "unordered_set" | "unordered_multiset" => {
                self.sized(value, &["__p2_", "__size_"])
            }
            "list" => self.sized(value, &["__size_alloc_", "__size_"]),
            "deque" => self.sized(value, &["__size_"]),
            _ => None,
        }
    }

    /// A string, which is in the object itself where it is short.
    fn string_object(&self, value: Shown<'_>) -> Option<String> {
        let of = |(ty, bytes): &Member, name| {
            let depth = value.depth;
            let (_, member) = self.inside(
                Shown {
                    ty: *ty,
                    bytes,
                    depth,
                },
                name,
            )?;
            number(&member)
        };
        let short = self.inside(value, "__s")?;
        if of(&short, "__is_long_")? == 0 {
            let len = usize::try_from(of(&short, "__size_")?).ok()?;
            let (ty, bytes) = &short;
            let shown = Shown {
                ty: *ty,
                bytes,
                depth: value.depth,
            };
            let (array, text) = self.inside(shown, "__data_")?;
            let is_text = self.is_char(self.units.ty(self.bare(array)?.0)?);
            return is_text.then(|| Some(super::render::quote(text.get(..len)?, false)))?;
        }
        let (ty, bytes) = self.inside(value, "__l")?;
        let long = Shown {
            ty,
            bytes: &bytes,
            depth: value.depth,
        };
        let (character, address) = self.pointed(self.inside(long, "__data_")?)?;
        let len = self.count_in(long, "__size_")?;
        self.is_char(character).then(|| self.text(address, len))?
    }

    /// Returns the number of elements of a container, by the first of these members that exists.
    fn sized(&self, value: Shown<'_>, names: &[&str]) -> Option<String> {
        let count = names.iter().find_map(|name| self.count_in(value, name))?;
        Some(entries(count))
    }

    fn count_in(&self, value: Shown<'_>, name: &str) -> Option<usize> {
        let (_, bytes) = self.bare_member(self.inside(value, name)?)?;
        usize::try_from(number(&bytes)?).ok()
    }

    /// A member that may be in a compressed pair.
    fn bare_member(&self, (ty, bytes): Member) -> Option<Member> {
        let (_, tag) = self.bare(ty)?;
        let depth = 0;
        match tag {
            dw::DW_TAG_class_type | dw::DW_TAG_structure_type => self.inside(
                Shown {
                    ty,
                    bytes: &bytes,
                    depth,
                },
                "__value_",
            ),
            _ => Some((ty, bytes)),
        }
    }

    /// Returns the type and the address that a pointer member points to.
    fn pointed(&self, member: Member) -> Option<(Place, u64)> {
        let (ty, bytes) = self.bare_member(member)?;
        let (pointer, tag) = self.bare(ty)?;
        let address = address(&bytes)?;
        (tag == dw::DW_TAG_pointer_type).then(|| Some((self.units.ty(pointer)?, address)))?
    }

    /// The first member of that name, in the structure or in those that it consists of: the outermost.
    fn inside(&self, value: Shown<'_>, name: &str) -> Option<Member> {
        let mut level = vec![(value.ty, value.bytes.to_vec())];
        let mut left = LOOKED_AT;
        for _ in 0..AROUND {
            let mut next = Vec::new();
            for (ty, bytes) in level {
                let Some((ty, tag)) = self.bare(ty) else {
                    continue;
                };
                if !is_structure(tag) {
                    continue;
                }
                for (child, tag) in self.units.children(ty) {
                    if !matches!(tag, dw::DW_TAG_member | dw::DW_TAG_inheritance) {
                        continue;
                    }
                    left = left.checked_sub(1)?;
                    let Some(member) = self.member(child, &bytes) else {
                        continue;
                    };
                    if self.units.name(child).as_deref() == Some(name) {
                        return Some(member);
                    }
                    next.push(member);
                }
            }
            level = next;
        }
        None
    }
}

fn is_structure(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_class_type | dw::DW_TAG_structure_type | dw::DW_TAG_union_type
    )
}

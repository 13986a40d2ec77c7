//! The members, base classes and elements of types, with the bits of a variable that each takes.

use super::array::dimensions;
use super::{DieRef, Types};
use crate::expr::decode::member_offset;
use gimli::constants as dw;
use std::ops::Range;

/// The most members or elements that are looked at in one type.
const MAX_MEMBERS: u64 = 256;

/// The members of a structure, a union or an array.
pub(crate) struct Members<'a, 'd> {
    pub all: Vec<Member<'a, 'd>>,
    /// True if some of them share their place: a value, or the program, says which one is there.
    pub are_alternatives: bool,
}

/// One of its parts.
pub(crate) struct Member<'a, 'd> {
    /// The entry that has its type: the member's, or the array's.
    pub of: DieRef<'a, 'd>,
    /// The bits of the variable that it takes.
    pub bits: Range<u64>,
    /// The last part of its path: empty for a member without a name.
    pub name: String,
    /// True if those in it go by the path of what it is in: a base class or an unnamed structure.
    pub is_transparent: bool,
    /// True if it shares bytes with others.
    pub is_bit_field: bool,
    /// Of what it is, if its structure has variants (DWARF 5, section 5.7.10).
    pub role: Role,
}

/// The role of a member in a structure that has variants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is there always.
    Common,
    /// The discriminant: it selects the variant.
    Discriminant,
    /// It is there where the discriminant has this value, or none of the others' for the default.
    Variant(Option<u64>),
}

impl<'a, 'd> Member<'a, 'd> {
    fn in_role(self, role: Role) -> Member<'a, 'd> {
        let is_unnamed = role == Role::Discriminant && self.name.is_empty();
        let name = match is_unnamed {
            true => ".discriminant".to_owned(),
            false => self.name,
        };
        Member { role, name, ..self }
    }
}

impl<'a, 'd> Types<'_, 'a, 'd> {
    /// The members of what an entry is of, which begins at a bit; `None` for what has none.
    pub(crate) fn members(&self, of: &DieRef<'a, 'd>, at: u64) -> Option<Members<'a, 'd>> {
        let ty = self.bare_type(of.unit, &of.entry)?;
        match ty.entry.tag() {
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type | dw::DW_TAG_union_type => {
                self.fields(&ty, at)
            }
            dw::DW_TAG_array_type => self.elements(&ty, at),
            _ => None,
        }
    }

    pub(crate) fn fields(&self, structure: &DieRef<'a, 'd>, at: u64) -> Option<Members<'a, 'd>> {
        let unit = structure.unit;
        let mut members = Members {
            all: Vec::new(),
            are_alternatives: structure.entry.tag() == dw::DW_TAG_union_type,
        };
        let mut entries = unit.entries_at_offset(structure.entry.offset()).ok()?;
        entries.next_dfs().ok()?;
        // A structure's own members, and those of its variants.
        let mut depth = 1;
        let mut variant = Role::Common;
        while let Some(entry) = entries.next_dfs().ok()?.filter(|it| it.depth() > 0) {
            if entry.depth() > depth {
                continue;
            }
            depth = entry.depth();
            match entry.tag() {
                dw::DW_TAG_variant_part => {
                    members.are_alternatives = true;
                    variant = Role::Discriminant;
                    depth += 1;
                }
                dw::DW_TAG_variant => {
                    // No compiler makes lists of values.
                    if entry.attr(dw::DW_AT_discr_list).is_some() {
                        return None;
                    }
                    let value = entry.attr(dw::DW_AT_discr_value);
                    variant = Role::Variant(value.and_then(|value| value.udata_value()));
                    depth += 1;
                }
                dw::DW_TAG_inheritance | dw::DW_TAG_member => {
                    if members.all.len() as u64 == MAX_MEMBERS {
                        return None;
                    }
                    let entry = entry.clone();
                    let role = match depth {
                        1 => Role::Common,
                        _ => variant,
                    };
                    let field = self.field(DieRef { unit, entry }, at)?;
                    members.all.extend(field.map(|it| it.in_role(role)));
                }
                _ => {}
            }
        }
        Some(members)
    }

    /// A member or a base class; nothing for a static member, which is declared here only.
    fn field(&self, of: DieRef<'a, 'd>, at: u64) -> Option<Option<Member<'a, 'd>>> {
        let is_base = of.entry.tag() == dw::DW_TAG_inheritance;
        let declares = [dw::DW_AT_external, dw::DW_AT_declaration];
        if declares.iter().any(|name| of.entry.attr(*name).is_some()) {
            return Some(None);
        }
        let number = |name| {
            let attr = of.entry.attr(name)?;
            attr.udata_value()
        };
        let bytes = match of.entry.attr_value(dw::DW_AT_data_member_location) {
            // Not where it is computed, as those of virtual bases are.
            Some(place) => member_offset(place, of.unit)?,
            None => 0,
        };
        let is_bit_field = of.entry.attr(dw::DW_AT_bit_size).is_some();
        // Before DWARF 5 a bit field has the unit of storage that it is in: more of it than its own bits is not looked at.
        let (start, bits) = match number(dw::DW_AT_data_bit_offset) {
            Some(offset) => (offset, number(dw::DW_AT_bit_size)?),
            None => (bytes.checked_mul(8)?, self.bits(&of)?),
        };
        let start = at.checked_add(start)?;
        let ty = self.type_at(of.unit, &of.entry);
        let named = match is_base {
            true => ty.as_ref().and_then(|ty| ty.name()),
            false => of.name(),
        };
        Some(Some(Member {
            bits: start..start.checked_add(bits)?,
            is_transparent: is_base || named.is_none(),
            name: named.map_or_else(String::new, |name| format!(".{name}")),
            is_bit_field,
            role: Role::Common,
            of,
        }))
    }

    pub(crate) fn elements(&self, array: &DieRef<'a, 'd>, at: u64) -> Option<Members<'a, 'd>> {
        let strides = [dw::DW_AT_byte_stride, dw::DW_AT_bit_stride];
        if strides.iter().any(|name| array.entry.attr(*name).is_some()) {
            return None;
        }
        let dimensions = dimensions(array)?;
        let count = dimensions.iter().copied().try_fold(1, u64::checked_mul)?;
        let bits = self.bits(array)?;
        if count > MAX_MEMBERS {
            return None;
        }
        let element = |index: u64| {
            let (mut name, mut rest) = (String::new(), index);
            for dimension in dimensions.iter().rev() {
                name.insert_str(0, &format!("[{}]", rest % dimension));
                rest /= dimension;
            }
            let start = at.checked_add(index.checked_mul(bits)?)?;
            Some(Member {
                of: DieRef {
                    unit: array.unit,
                    entry: array.entry.clone(),
                },
                bits: start..start.checked_add(bits)?,
                name,
                is_transparent: false,
                is_bit_field: false,
                role: Role::Common,
            })
        };
        Some(Members {
            all: (0..count).map(element).collect::<Option<_>>()?,
            are_alternatives: false,
        })
    }

    /// The size of what an entry is of.
    fn bits(&self, of: &DieRef<'a, 'd>) -> Option<u64> {
        self.byte_size(of.unit, &of.entry)?.checked_mul(8)
    }
}

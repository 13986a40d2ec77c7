//! Members, those of bases and of members without names among them.

use super::super::found::{Bits, NotFound, Ty};
use super::super::render::MEMBERS;
use super::value::{Finder, Held, Result, Value};
use crate::units::Place;
use gimli::constants as dw;

/// The depth to which members are searched in bases and in members without names.
const DEPTH: usize = 16;

/// A member, and where what it is in begins.
struct Member {
    place: Place,
    ty: Place,
    start: u64,
}

impl Finder<'_, '_> {
    pub(super) fn member(&self, value: Value, name: &str) -> Result<Value> {
        let mut value = self.settled(value)?;
        if self.pointed(&value.ty).is_some() {
            value = self.target(value)?;
        }
        let no_member = |members| NotFound::NoMember {
            ty: self.type_name(&value.ty),
            member: name.to_owned(),
            members,
        };
        let Ty::Entry(ty) = value.ty else {
            return Err(no_member(Vec::new()));
        };
        let mut others = Vec::new();
        let found = self.search(ty, name, 0, DEPTH, &mut others);
        others.truncate(MEMBERS);
        let member = found.ok_or_else(|| no_member(others))?;
        let size = self.size(&Ty::Entry(member.ty))?;
        let held = match (&value.held, self.bits(&member)) {
            (Held::Memory(at), None) => Held::Memory(at.wrapping_add(member.start)),
            (Held::Memory(at), Some(bits)) => Held::Bits(*at, bits),
            (Held::Bytes(bytes, name), None) => {
                let start = usize::try_from(member.start).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
                let part = bytes.get(start..end).unwrap_or_default();
                Held::Bytes(part.to_vec(), name.clone())
            }
            (Held::Bytes(_, Some(name)), Some(_)) => {
                return Err(NotFound::NotInMemory(name.clone()));
            }
            _ => return Err(NotFound::NoPlace),
        };
        Ok(Value {
            ty: Ty::Entry(member.ty),
            held,
        })
    }

    /// A member of a type; what has other names goes to `others`.
    fn search(
        &self,
        ty: Place,
        name: &str,
        start: u64,
        depth: usize,
        others: &mut Vec<String>,
    ) -> Option<Member> {
        let (ty, _) = self.renderer.bare(ty)?;
        let depth = depth.checked_sub(1)?;
        let children = self.units.children(ty).into_iter();
        let members: Vec<_> = children
            .filter(|(place, tag)| {
                matches!(*tag, dw::DW_TAG_member | dw::DW_TAG_inheritance)
                    && !self.renderer.is_static(*place)
            })
            .filter_map(|(place, tag)| {
                let member = Member {
                    place,
                    ty: self.units.ty(place)?,
                    start: start.checked_add(self.renderer.member_start(place)?)?,
                };
                let name = self.units.name(place);
                Some((member, name.filter(|_| tag == dw::DW_TAG_member)))
            })
            .collect();
        let mut inner = Vec::new();
        for (member, its_name) in members {
            match its_name {
                Some(its_name) if its_name == name => return Some(member),
                Some(its_name) => others.push(its_name),
                None => inner.push(member),
            }
        }
        let mut inner = inner.into_iter();
        inner.find_map(|it| self.search(it.ty, name, it.start, depth, others))
    }

    /// The bits of a bit-field, from the beginning of what it is in.
    fn bits(&self, member: &Member) -> Option<Bits> {
        let len = self.units.number(member.place, dw::DW_AT_bit_size)?;
        let own = self.renderer.member_start(member.place)?;
        let outer = member.start.checked_sub(own)?;
        let start = self
            .renderer
            .bit_offset(member.place, member.ty, own, len)?;
        Some(Bits {
            start: start.checked_add(outer.checked_mul(8)?)?,
            len: len.min(64),
        })
    }
}

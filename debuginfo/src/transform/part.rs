//! Variables of which lldb gets what is there of them: it shows zeros for bits that no piece of a location is of (DWARF 5, section
//! 2.6.1.2). Where only padding is missing that does no harm; otherwise each member that is there becomes a variable of its own,
//! `point.x`, and the whole has no location there.

use super::convert::ConvertUnitEntry;
use super::location::{Aim, Span};
use super::member::{Member, Members, Role};
use super::reference::There;
use super::unit::UnitTransform;
use crate::dies::{Die, MAX_DEPTH};
use crate::expr::decode::Op;
use crate::expr::emit::Purpose;
use crate::expr::piece::{Piece, cut};
use crate::expr::unlocatable::Unlocatable;
use crate::source::Reader;
use crate::write::{AttributeValue, UnitEntryId};
use gimli::constants as dw;
use std::ops::Range;

/// The most members that are made variables, in all places of one variable.
const MAX_PARTS: usize = 1024;

/// The budget of members visited and named for all of a unit's variables, per byte and in addition: far more than compilers need.
/// Members that lie in each other would be without end, and paths longer than the input.
const EFFORT: usize = 16;
const EFFORT_BESIDE: usize = 1 << 16;

/// The members that may be visited in a unit of a length, with the bytes of their paths.
pub(super) fn effort(unit_bytes: usize) -> usize {
    unit_bytes
        .saturating_mul(EFFORT)
        .saturating_add(EFFORT_BESIDE)
}

/// A member that is there where the whole is not.
pub(super) struct Part<'a, 'd> {
    /// The bit of the variable that it begins at.
    at: u64,
    /// Behind the variable's name.
    path: String,
    /// The entry that has its type.
    of: There<'a, 'd>,
    ops: Vec<Op>,
    span: Span,
}

/// The availability of a variable's parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Nothing,
    /// Some of the members.
    Some,
    /// All that has a name.
    All,
}

/// A search for the parts of a variable that are available.
struct Search<'s, 'a, 'd> {
    pieces: &'s [Piece],
    span: &'s Span,
    found: Vec<Part<'a, 'd>>,
    /// True if something that is there has no name of its own.
    lost: bool,
    /// The rest of the budget: see [`effort`].
    left: usize,
}

impl Search<'_, '_, '_> {
    /// Takes what a path costs, or so many members; `false`, and something is lost, where there is no more.
    fn spend(&mut self, effort: usize) -> bool {
        let left = self.left.checked_sub(effort);
        self.left = left.unwrap_or(0);
        self.lost |= left.is_none();
        left.is_some()
    }

    fn presence(&self, bits: &Range<u64>) -> Presence {
        let touches = |piece: &&Piece| piece.bits.start < bits.end && bits.start < piece.bits.end;
        let mut there = self
            .pieces
            .iter()
            .filter(touches)
            .map(|it| !it.ops.is_empty());
        // What has no bits is not missed.
        let Some(first) = there.next() else {
            return Presence::All;
        };
        match there.all(|it| it == first) {
            true if first => Presence::All,
            true => Presence::Nothing,
            false => Presence::Some,
        }
    }

    /// Leaves out the variants that are not there, where the discriminant is a constant.
    fn choose_variant(&self, members: &mut Members<'_, '_>) {
        let discriminant = members.all.iter().find(|it| it.role == Role::Discriminant);
        let Some(bits) = discriminant.map(|it| it.bits.clone()) else {
            return;
        };
        let value = match cut(self.pieces, &bits).as_deref() {
            Some([Op::Unsigned(value), Op::StackValue]) => *value,
            Some([Op::Signed(value), Op::StackValue]) => *value as u64,
            _ => return,
        };
        let mask = u64::MAX >> 64u64.saturating_sub(bits.end - bits.start).min(63);
        let is = |it: &Member<'_, '_>| match it.role {
            Role::Variant(Some(of)) => of & mask == value & mask,
            _ => false,
        };
        let is_default = !members.all.iter().any(is);
        members.all.retain(|it| match it.role {
            Role::Variant(None) => is_default,
            Role::Variant(_) => is(it),
            _ => true,
        });
        members.are_alternatives = false;
    }
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// Returns how much of a variable its pieces describe, and whether some of that has no name. Available members are noted, where others
    /// are not.
    pub(super) fn present(
        &mut self,
        aim: Aim<'_, 'a, 'd>,
        pieces: &[Piece],
        span: &Span,
    ) -> (Presence, bool) {
        let (unit, entry) = aim.of;
        let whole = There {
            unit,
            entry: entry.clone(),
        };
        let mut search = Search {
            pieces,
            span,
            found: Vec::new(),
            lost: false,
            left: self.effort,
        };
        let bits = 0..pieces.last().map_or(0, |piece| piece.bits.end);
        let presence = self.search(&whole, bits, "", 0, &mut search);
        let Search {
            found, lost, left, ..
        } = search;
        self.effort = left;
        if presence == Presence::Some {
            if self.parts.len() + found.len() > MAX_PARTS {
                return (Presence::Nothing, true);
            }
            self.parts.extend(found);
        }
        (presence, lost)
    }

    fn search(
        &self,
        of: &There<'a, 'd>,
        bits: Range<u64>,
        path: &str,
        depth: usize,
        search: &mut Search<'_, 'a, 'd>,
    ) -> Presence {
        let known = search.presence(&bits);
        if known != Presence::Some {
            return known;
        }
        if !search.spend(1 + path.len()) {
            return Presence::Nothing;
        }
        let members = self.members(of, bits.start).filter(|_| depth < MAX_DEPTH);
        let members = members.filter(|members| search.spend(members.all.len()));
        let Some(mut members) = members else {
            search.lost = true;
            return Presence::Nothing;
        };
        search.choose_variant(&mut members);
        let before = (search.found.len(), search.lost);
        let (mut all, mut nothing, mut discriminant) = (true, true, None);
        for member in members.all {
            let inner = match member.is_transparent {
                true => path.to_owned(),
                false => format!("{path}{}", member.name),
            };
            let bits = member.bits.clone();
            let presence = self.search(&member.of, bits, &inner, depth + 1, search);
            all &= presence == Presence::All;
            if presence == Presence::All && member.role == Role::Discriminant {
                discriminant = Some(member);
                continue;
            }
            nothing &= presence == Presence::Nothing;
            if presence == Presence::All {
                self.note(member, path, depth, search);
            }
        }
        if all {
            search.found.truncate(before.0);
            search.lost = before.1;
            return Presence::All;
        }
        // Which of them the parts are of is not known.
        if members.are_alternatives && !nothing {
            search.found.truncate(before.0);
            search.lost = true;
        }
        if let Some(member) = discriminant {
            self.note(member, path, depth, search);
        }
        match search.found.len() > before.0 {
            true => Presence::Some,
            false => Presence::Nothing,
        }
    }

    /// Notes a member that is there; one without a name by those in it.
    fn note(
        &self,
        member: Member<'a, 'd>,
        path: &str,
        depth: usize,
        search: &mut Search<'_, 'a, 'd>,
    ) {
        if member.bits.is_empty() || search.found.len() > MAX_PARTS || !search.spend(1 + path.len())
        {
            return;
        }
        if member.name.is_empty() {
            let inner = self.members(&member.of, member.bits.start);
            match inner.filter(|_| depth < MAX_DEPTH) {
                Some(inner) => inner
                    .all
                    .into_iter()
                    .for_each(|it| self.note(it, path, depth + 1, search)),
                None => search.lost = true,
            }
            return;
        }
        match cut(search.pieces, &member.bits).filter(|_| !member.is_bit_field) {
            Some(ops) => search.found.push(Part {
                at: member.bits.start,
                path: format!("{path}{}", member.name),
                of: member.of,
                ops,
                span: search.span.clone(),
            }),
            None => search.lost = true,
        }
    }

    /// Makes variables of the members that were noted while a variable's location was converted.
    pub(super) fn finish_parts(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) {
        let mut parts = std::mem::take(&mut self.parts);
        // Those of one member one after the other.
        parts.sort_by(|one, other| (one.at, &one.path).cmp(&(other.at, &other.path)));
        for same in parts.chunk_by(|one, other| one.path == other.path) {
            if let Err(reason) = self.part(id, entry, same) {
                let what = format!("a member of a variable cannot be shown: {reason}");
                self.warnings.lost(what, self.offset(entry));
            }
        }
    }

    fn part(
        &mut self,
        variable: UnitEntryId,
        entry: &Die<'d>,
        same: &[Part<'a, 'd>],
    ) -> Result<(), Unlocatable> {
        let (Some(first), Some(declared)) = (same.first(), self.declared(entry)) else {
            return Ok(());
        };
        let left = self.effort.checked_sub(declared.name.len());
        self.effort = left.ok_or("its name is too long for so many members")?;
        let pointer = self.pointer_type(first.of.unit, &first.of.entry);
        let ty = match &pointer {
            Some(pointer) => AttributeValue::UnitRef(self.native_pointer(pointer)?),
            None => {
                let ty = first.of.entry.attr_value(dw::DW_AT_type);
                self.converted(first.of.unit, ty.ok_or("it has no type")?)?
            }
        };
        let purpose = match pointer {
            Some(_) => Purpose::Pointer,
            None => Purpose::Location,
        };
        let mut list = Vec::new();
        for part in same {
            let aim = Aim {
                purpose,
                size: self.byte_size(part.of.unit, &part.of.entry),
                of: (part.of.unit, &part.of.entry),
            };
            self.add_locations(&mut list, &part.ops, &part.span, aim)?;
        }
        let Some(list) = self.list(list) else {
            return Ok(());
        };
        let unit = &mut self.unit.unit;
        let parent = unit.get(variable).parent().unwrap_or(unit.root());
        let part = unit.add(parent, dw::DW_TAG_variable);
        let part = unit.get_mut(part);
        let name = [declared.name.slice(), first.path.as_bytes()].concat();
        part.set(dw::DW_AT_name, AttributeValue::String(name));
        if let Some(line) = declared.line {
            part.set(dw::DW_AT_decl_line, AttributeValue::Udata(line));
        }
        if declared.is_artificial {
            part.set(dw::DW_AT_artificial, AttributeValue::Flag(true));
        }
        part.set(dw::DW_AT_type, ty);
        part.set(dw::DW_AT_location, list);
        Ok(())
    }
}

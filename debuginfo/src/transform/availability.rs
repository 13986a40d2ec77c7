//! The availability of a variable's members, where a location of pieces leaves bits out: lldb shows zeros for those (DWARF 5, section
//! 2.6.1.2). Where only padding is missing that does no harm.

use super::context::Context;
use super::request::Span;
use crate::dies::{Die, DieRef, MAX_DEPTH, Member, Members, Role};
use crate::expr::decode::Op;
use crate::expr::piece::{Piece, cut};
use crate::source::ReadUnit;
use std::ops::Range;

/// The most members that are made variables, in all places of one variable.
pub(super) const MAX_FRAGMENTS: usize = 1024;

/// A member that is there where the whole is not.
pub(super) struct Fragment<'a, 'd> {
    /// The bit of the variable that it begins at.
    pub at: u64,
    /// Behind the variable's name.
    pub path: String,
    /// The entry that has its type.
    pub of: DieRef<'a, 'd>,
    pub ops: Vec<Op>,
    pub span: Span,
}

/// The availability of a variable's parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Availability {
    Nothing,
    /// Some of the members.
    Partial,
    /// All that has a name.
    Whole,
}

/// A search for the members of a variable that are available.
pub(super) struct Search<'s, 'u, 'a, 'd> {
    cx: &'s Context<'u, 'a, 'd>,
    pieces: &'s [Piece],
    span: &'s Span,
    found: Vec<Fragment<'a, 'd>>,
    /// True if something that is there has no name of its own.
    lost: bool,
}

impl<'s, 'u, 'a, 'd> Search<'s, 'u, 'a, 'd> {
    /// Returns how much of a variable its pieces describe, whether some of that has no name, and the members that are available.
    pub fn run(
        cx: &'s Context<'u, 'a, 'd>,
        unit: ReadUnit<'a, 'd>,
        entry: &Die<'d>,
        pieces: &'s [Piece],
        span: &'s Span,
    ) -> (Availability, bool, Vec<Fragment<'a, 'd>>) {
        let whole = DieRef {
            unit,
            entry: entry.clone(),
        };
        let mut search = Search {
            cx,
            pieces,
            span,
            found: Vec::new(),
            lost: false,
        };
        let bits = 0..pieces.last().map_or(0, |piece| piece.bits.end);
        let availability = search.search_entry(&whole, bits, "", 0);
        (availability, search.lost, search.found)
    }

    /// Takes what a path costs, or so many members; `false`, and something is lost, where there is no more.
    fn spend(&mut self, cost: usize) -> bool {
        let has_budget = self.cx.spend_members(cost).is_some();
        if !has_budget {
            self.cx.spend_all_members();
            self.lost = true;
        }
        has_budget
    }

    fn availability(&self, bits: &Range<u64>) -> Availability {
        let touches = |piece: &&Piece| piece.bits.start < bits.end && bits.start < piece.bits.end;
        let mut there = self
            .pieces
            .iter()
            .filter(touches)
            .map(|it| !it.ops.is_empty());
        // What has no bits is not missed.
        let Some(first) = there.next() else {
            return Availability::Whole;
        };
        match there.all(|it| it == first) {
            true if first => Availability::Whole,
            true => Availability::Nothing,
            false => Availability::Partial,
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

    fn search_entry(
        &mut self,
        of: &DieRef<'a, 'd>,
        bits: Range<u64>,
        path: &str,
        depth: usize,
    ) -> Availability {
        let known = self.availability(&bits);
        if known != Availability::Partial {
            return known;
        }
        if !self.spend(1 + path.len()) {
            return Availability::Nothing;
        }
        let Some(members) = self.members(of, bits.start, depth) else {
            self.lost = true;
            return Availability::Nothing;
        };
        let before = (self.found.len(), self.lost);
        let (mut all, mut nothing, mut discriminant) = (true, true, None);
        for member in members.all {
            let inner = match member.is_transparent {
                true => path.to_owned(),
                false => format!("{path}{}", member.name),
            };
            let bits = member.bits.clone();
            let availability = self.search_entry(&member.of, bits, &inner, depth + 1);
            all &= availability == Availability::Whole;
            if availability == Availability::Whole && member.role == Role::Discriminant {
                discriminant = Some(member);
                continue;
            }
            nothing &= availability == Availability::Nothing;
            if availability == Availability::Whole {
                self.note(member, path, depth);
            }
        }
        if all {
            self.found.truncate(before.0);
            self.lost = before.1;
            return Availability::Whole;
        }
        // Which of them the parts are of is not known.
        if members.are_alternatives && !nothing {
            self.found.truncate(before.0);
            self.lost = true;
        }
        if let Some(member) = discriminant {
            self.note(member, path, depth);
        }
        match self.found.len() > before.0 {
            true => Availability::Partial,
            false => Availability::Nothing,
        }
    }

    /// The members of an entry's type, which begins at a bit, without the variants that are not there.
    fn members(&mut self, of: &DieRef<'a, 'd>, at: u64, depth: usize) -> Option<Members<'a, 'd>> {
        let members = self.cx.types.members(of, at);
        let mut members = members.filter(|_| depth < MAX_DEPTH)?;
        if !self.spend(members.all.len()) {
            return None;
        }
        self.choose_variant(&mut members);
        Some(members)
    }

    /// Notes a member that is there; one without a name by those in it.
    fn note(&mut self, member: Member<'a, 'd>, path: &str, depth: usize) {
        if member.bits.is_empty() || self.found.len() > MAX_FRAGMENTS || !self.spend(1 + path.len())
        {
            return;
        }
        if member.name.is_empty() {
            let inner = self.cx.types.members(&member.of, member.bits.start);
            match inner.filter(|_| depth < MAX_DEPTH) {
                Some(inner) => inner
                    .all
                    .into_iter()
                    .for_each(|it| self.note(it, path, depth + 1)),
                None => self.lost = true,
            }
            return;
        }
        match cut(self.pieces, &member.bits).filter(|_| !member.is_bit_field) {
            Some(ops) => self.found.push(Fragment {
                at: member.bits.start,
                path: format!("{path}{}", member.name),
                of: member.of,
                ops,
                span: self.span.clone(),
            }),
            None => self.lost = true,
        }
    }
}

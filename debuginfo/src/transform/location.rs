//! The native locations of variables, frame bases and calls: read from the module's entries, with reasons where there are none.
//! Nothing is written here.

use super::availability::{Availability, Fragment, MAX_FRAGMENTS, Search};
use super::context::Context;
use super::convert::Entry;
use super::expression::Expressions;
use super::request::{LocationRequest, Span};
use super::scopes::{Function, Scopes};
use super::variant::{VARIANTS, mistakes_variants_at};
use crate::address::WasmPc;
use crate::code::Flavor;
use crate::dies::{Die, Kind, kind, ranges};
use crate::expr::decode::{Op, decode};
use crate::expr::dwarf3::infer_stack_values;
use crate::expr::emit::Purpose;
use crate::expr::piece::{Piece, join, split};
use crate::expr::unlocatable::Unlocatable;
use crate::locals::numbering::Number;
use crate::locals::{Claim, Listed, MISFIT, NO_FRAME};
use crate::lookup::EXHAUSTED;
use crate::ranges::extent;
use crate::source::Reader;
use crate::write::{Address, Expression as Native, Location};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read, Expression};
use std::ops::Range;

/// The location of an entry.
pub(super) struct Located<'a, 'd> {
    pub place: Result<Place, Unlocatable>,
    /// Members that have a location where the whole variable has none.
    pub fragments: Vec<Fragment<'a, 'd>>,
    /// Why parts of a location list have no native form.
    pub lost: Vec<Unlocatable>,
}

/// A location, native.
pub(super) enum Place {
    /// There is none.
    Nowhere,
    /// It counts wherever its entry does.
    Everywhere(Native),
    /// The entries of a location list.
    List(Vec<Location>),
    /// The attribute is no location.
    Other,
}

/// Locates the frame base of a function.
pub(super) fn frame_base<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &Scopes,
    entry: &Entry<'a, 'd>,
    attr: &Attribute<Reader<'d>>,
) -> Located<'a, 'd> {
    let mut locator = Locator::new(cx, scopes);
    let place = locator.frame_base(entry, attr);
    locator.finish(place)
}

/// Locates a variable, or what a call passes.
pub(super) fn locate<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &Scopes,
    entry: &Entry<'a, 'd>,
    purpose: Purpose,
    attr: &Attribute<Reader<'d>>,
) -> Located<'a, 'd> {
    let mut locator = Locator::new(cx, scopes);
    let place = locator.location(entry, attr, purpose);
    locator.finish(place)
}

/// Locates one member, whose operations are known for several extents.
pub(super) fn locate_fragments<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    scopes: &Scopes,
    same: &[Fragment<'a, 'd>],
    purpose: Purpose,
) -> Result<Vec<Location>, Unlocatable> {
    let mut locator = Locator::new(cx, scopes);
    for fragment in same {
        let request = LocationRequest {
            purpose,
            size: cx.types.byte_size(fragment.of.unit, &fragment.of.entry),
            of: (fragment.of.unit, &fragment.of.entry),
        };
        locator.add_locations(&fragment.ops, &fragment.span, request)?;
    }
    Ok(locator.list)
}

/// A location that is being converted.
struct Locator<'c, 'u, 'a, 'd> {
    cx: &'c Context<'u, 'a, 'd>,
    scopes: &'c Scopes,
    expressions: Expressions<'c, 'u, 'a, 'd>,
    list: Vec<Location>,
    fragments: Vec<Fragment<'a, 'd>>,
    lost: Vec<Unlocatable>,
}

impl<'c, 'u, 'a, 'd> Locator<'c, 'u, 'a, 'd> {
    fn new(cx: &'c Context<'u, 'a, 'd>, scopes: &'c Scopes) -> Self {
        Locator {
            cx,
            scopes,
            expressions: Expressions {
                cx,
                function: scopes.function(),
            },
            list: Vec::new(),
            fragments: Vec::new(),
            lost: Vec::new(),
        }
    }

    fn finish(self, place: Result<Option<Place>, Unlocatable>) -> Located<'a, 'd> {
        let place = place.map(|place| match place {
            Some(place) => place,
            None if self.list.is_empty() => Place::Nowhere,
            None => Place::List(self.list),
        });
        Located {
            place,
            fragments: self.fragments,
            lost: self.lost,
        }
    }

    fn function(&self) -> Option<&'c Function> {
        self.expressions.function
    }

    fn frame_base(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
    ) -> Result<Option<Place>, Unlocatable> {
        let Some(function) = self.function().filter(|it| it.index.is_some()) else {
            return Ok(None);
        };
        match attr.value() {
            _ if function.frame.is_lost() => Err(NO_FRAME.into()),
            Read::Exprloc(expression) => self
                .expressions
                .expression(expression, Purpose::FrameBase)
                .map(|it| Some(Place::Everywhere(it))),
            Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => match self.cx.flavor() {
                Flavor::Gdb => self.location_list(entry, attr, Purpose::FrameBase),
                Flavor::Lldb => Ok(None),
            },
            _ => Err("it is neither an expression nor a list".into()),
        }
    }

    /// Returns the requirements that a variable's location has to meet.
    fn request<'e>(
        &self,
        entry: &'e Die<'d>,
        ops: &[Op],
        purpose: Purpose,
    ) -> LocationRequest<'e, 'a, 'd> {
        let matters = match ops {
            [_, Op::StackValue] | [Op::ImplicitPointer(..)] => true,
            ops => ops.iter().any(|op| matches!(op, Op::Piece(..))),
        };
        let matters = matters && purpose == Purpose::Location;
        let unit = self.cx.unit;
        let size = matters.then(|| self.cx.types.byte_size(unit, entry));
        LocationRequest {
            purpose,
            size: size.flatten(),
            of: (unit, entry),
        }
    }

    fn location(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
        purpose: Purpose,
    ) -> Result<Option<Place>, Unlocatable> {
        match attr.value() {
            // An empty location says that there is none.
            Read::Exprloc(expression) if expression.0.is_empty() => {
                Ok(Some(Place::Everywhere(Native::new())))
            }
            Read::Exprloc(expression) => {
                let ops = self.operations(entry, expression)?;
                self.location_everywhere(entry, &ops, purpose)
            }
            Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => {
                self.location_list(entry, attr, purpose)
            }
            _ => Ok(Some(Place::Other)),
        }
    }

    /// Returns the operations of a variable's location.
    fn operations(
        &self,
        entry: &Die<'d>,
        expression: Expression<Reader<'d>>,
    ) -> Result<Vec<Op>, Unlocatable> {
        let unit = self.cx.unit;
        let ops = decode(expression, unit)?;
        if let Some(reason) = self.misplaced(entry, &ops) {
            return Err(reason.into());
        }
        if mistakes_variants_at(self.cx, entry, &ops) {
            return Err(VARIANTS.into());
        }
        let is_scalar = || {
            let ty = self.cx.types.bare_type(unit, entry);
            ty.is_some_and(|ty| matches!(kind(ty.entry.tag()), Kind::Scalar))
        };
        let version = unit.encoding().version;
        infer_stack_values(ops, version, version < 4 && is_scalar())
    }

    /// The reason why a variable's location cannot be right.
    fn misplaced(&self, entry: &Die<'d>, ops: &[Op]) -> Option<&'static str> {
        if let Some(reason) = self.function()?.frame.misplaced(ops, self.cx.renumbered) {
            return Some(reason);
        }
        let [Op::Local(local), Op::StackValue] = *ops else {
            return None;
        };
        let home = self.expressions.slots()?.home(local)?;
        let ty = self.cx.bare_type(entry)?.entry;
        let encoding = match ty.attr_value(dw::DW_AT_encoding) {
            Some(Read::Encoding(encoding)) => Some(encoding),
            _ => None,
        };
        let number = Number::of(ty.tag(), encoding)?;
        let bytes = self.cx.types.byte_size(self.cx.unit, entry)?;
        (!number.fits(home.ty, bytes)).then_some(MISFIT)
    }

    /// A location that counts in all of a scope.
    fn location_everywhere(
        &mut self,
        entry: &Entry<'a, 'd>,
        ops: &[Op],
        purpose: Purpose,
    ) -> Result<Option<Place>, Unlocatable> {
        let request = self.request(entry, ops, purpose);
        if self.needs_frame_bases(ops) {
            let everywhere = Span::of_entry(WasmPc(0)..WasmPc(u32::MAX));
            self.add_by_frame_bases(ops, &everywhere, request)?;
            return Ok(None);
        }
        let names_operand = ops.iter().any(|op| matches!(op, Op::Stack(_)));
        let may_be_stale = self.function().is_some_and(|it| it.frame.may_be_stale(ops));
        let ranges = match names_operand || may_be_stale {
            true => self.scope_ranges()?,
            false => Vec::new(),
        };
        let claim = Claim::Scope(extent(&ranges).map_or(WasmPc(0), |extent| extent.start));
        let stale = |it: &Function| {
            ranges
                .iter()
                .any(|range| !it.frame.stale(ops, &claim, range).is_empty())
        };
        if !names_operand && !self.function().is_some_and(stale) {
            let places = self.expressions.places(None, request.size);
            let is_split = ops.iter().any(|op| matches!(op, Op::Piece(..)));
            match self
                .expressions
                .emit_onto(Native::new(), ops, &places, purpose)
            {
                Err(Unlocatable::MissingPart) => {}
                Err(_) if is_split => {}
                whole => return whole.map(|it| Some(Place::Everywhere(it))),
            }
        }
        // An operand is the one that is there where the scope begins.
        let mut missing = None;
        let ranges = match ranges.is_empty() {
            true => self.scope_ranges()?,
            false => ranges,
        };
        for wasm in ranges {
            let span = Span {
                anchor: claim.begins(&wasm),
                wasm,
                claim: claim.clone(),
            };
            let added = self.add_locations(ops, &span, request);
            missing = missing.or(added.err());
        }
        match missing {
            Some(reason) if self.list.is_empty() && self.fragments.is_empty() => {
                return Err(reason);
            }
            Some(reason) => self.lost.push(reason),
            None => {}
        }
        Ok(None)
    }

    /// The ranges of the scope around the entry: one that says none is where the outer one is.
    fn scope_ranges(&self) -> Result<Vec<Range<WasmPc>>, Unlocatable> {
        let unit = self.cx.unit;
        for scope in self.scopes.around() {
            let Some(entry) = self.cx.types.entry_at(unit, scope) else {
                break;
            };
            let found = ranges(unit, &entry, &self.cx.listed)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err("a location outside of code".into())
    }

    /// A location list: each entry over the code of its wasm range.
    fn location_list(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
        purpose: Purpose,
    ) -> Result<Option<Place>, Unlocatable> {
        let unit = self.cx.unit;
        let locations = unit.attr_locations(attr.value());
        let Some(mut locations) = locations? else {
            return Ok(None);
        };
        let mut listed = Listed::default();
        while let Some(location) = locations.next()? {
            if self.cx.lookup.is_exhausted() {
                self.lost.push(EXHAUSTED.into());
                break;
            }
            self.cx.lookup.spend(1);
            let (Some(start), Some(end)) = (
                WasmPc::from_dwarf(location.range.begin),
                WasmPc::from_dwarf(location.range.end),
            ) else {
                continue;
            };
            let ops = match purpose {
                Purpose::FrameBase => decode(location.data, unit).map_err(Unlocatable::from),
                _ => self.operations(entry, location.data),
            };
            let mut span = Span::of_entry(start..end);
            span.claim = listed.claim(&span.wasm, ops.as_deref().unwrap_or(&[]));
            let added = ops.and_then(|ops| {
                let request = self.request(entry, &ops, purpose);
                self.add_locations(&ops, &span, request)
            });
            if let Err(reason) = added {
                self.lost.push(reason);
            }
        }
        Ok(None)
    }

    /// Adds the locations of operations: the code of a wasm range, as far as the operands that they name are known.
    fn add_locations(
        &mut self,
        ops: &[Op],
        span: &Span,
        request: LocationRequest<'_, 'a, 'd>,
    ) -> Result<(), Unlocatable> {
        if self.cx.lookup.is_exhausted() {
            return Err(EXHAUSTED.into());
        }
        if self.needs_frame_bases(ops) {
            return self.add_by_frame_bases(ops, span, request);
        }
        let stale = self
            .function()
            .map(|it| it.frame.stale(ops, &span.claim, &span.wasm));
        if let Some(stale) = stale.filter(|stale| !stale.is_empty()) {
            for (wasm, rest) in stale.parts(ops, request.size, &span.wasm) {
                if let Some(rest) = rest {
                    self.add_locations(&rest, &span.part(wasm), request)?;
                }
            }
            return Ok(());
        }
        let places = self.expressions.places(Some(span.anchor), request.size);
        let until = places.until(ops).filter(|until| *until < span.wasm.end);
        match self
            .expressions
            .emit_onto(Native::new(), ops, &places, request.purpose)
        {
            Ok(native) if until.is_none() => {
                self.add_code(&span.wasm, &native);
                Ok(())
            }
            result => self.add_pieces(ops, span, request, result.err()),
        }
    }

    fn add_code(&mut self, wasm: &Range<WasmPc>, native: &Native) {
        let code = self.cx.lookup.code_ranges(wasm.clone());
        self.list
            .extend(code.into_iter().map(|code| Location::StartLength {
                begin: Address::Constant(code.start.0),
                length: code.end.0 - code.start.0,
                data: native.clone(),
            }));
    }

    /// The same, with each piece where what it names is known: a piece without a place is as one that is not there.
    fn add_pieces(
        &mut self,
        ops: &[Op],
        span: &Span,
        request: LocationRequest<'_, 'a, 'd>,
        reason: Option<Unlocatable>,
    ) -> Result<(), Unlocatable> {
        let Some(pieces) = split(ops, request.size) else {
            return reason.map_or(Ok(()), Err);
        };
        let mut reason = reason.filter(|reason| *reason != Unlocatable::MissingPart);
        let mut from = span.wasm.start;
        while from < span.wasm.end {
            let (mut known, mut end) = (pieces.clone(), span.wasm.end);
            for piece in &mut known {
                let bytes = (piece.bits.end - piece.bits.start).div_ceil(8);
                let places = self.expressions.places(Some(span.anchor), Some(bytes));
                let until = places.until(&piece.ops).unwrap_or(span.wasm.end);
                let native =
                    self.expressions
                        .emit_onto(Native::new(), &piece.ops, &places, request.purpose);
                if until <= from || native.is_err() {
                    piece.ops.clear();
                } else {
                    end = end.min(until);
                }
            }
            if known.iter().all(|piece| piece.ops.is_empty()) {
                break;
            }
            let counts = span.part(from..end);
            if let Err(error) = self.add_known(&known, &counts, request) {
                reason = reason.or(Some(error));
            }
            from = end;
        }
        reason.map_or(Ok(()), Err)
    }

    /// A location of pieces that are there or not, for all of a range.
    fn add_known(
        &mut self,
        pieces: &[Piece],
        span: &Span,
        request: LocationRequest<'_, 'a, 'd>,
    ) -> Result<(), Unlocatable> {
        let ops = join(pieces);
        let mut places = self.expressions.places(Some(span.anchor), request.size);
        let native = match self
            .expressions
            .emit_onto(Native::new(), &ops, &places, request.purpose)
        {
            Err(Unlocatable::MissingPart) => match self.available(request, pieces, span) {
                (Availability::Whole, _) => {
                    places = self.expressions.places(Some(span.anchor), request.size);
                    places.only_padding_is_missing = true;
                    self.expressions
                        .emit_onto(Native::new(), &ops, &places, request.purpose)
                }
                (Availability::Partial, false) => return Ok(()),
                _ => Err(Unlocatable::MissingPart),
            },
            result => result,
        }?;
        self.add_code(&span.wasm, &native);
        Ok(())
    }

    /// Returns true if operations count from a frame base that is put in.
    fn needs_frame_bases(&self, ops: &[Op]) -> bool {
        self.function().is_some_and(|it| !it.frame_bases.is_empty())
            && ops.iter().any(|op| matches!(op, Op::FrameOffset(_)))
    }

    /// The same as [`Self::add_locations`], with each frame base put in where it counts.
    fn add_by_frame_bases(
        &mut self,
        ops: &[Op],
        span: &Span,
        request: LocationRequest<'_, 'a, 'd>,
    ) -> Result<(), Unlocatable> {
        if ops
            .iter()
            .any(|op| matches!(op, Op::Branch(_) | Op::Skip(_)))
        {
            return Err("branches, with a frame base that is a list".into());
        }
        let bases = self.function().map(|it| it.frame_bases.clone());
        for (counts, base) in bases.iter().flatten() {
            let from = counts.start.max(span.wasm.start);
            let until = counts.end.min(span.wasm.end);
            let is_frame_offset = |op: &Op| matches!(op, Op::FrameOffset(_));
            if from >= until || base.iter().any(is_frame_offset) {
                continue;
            }
            let mut whole = Vec::new();
            for op in ops {
                match op {
                    Op::FrameOffset(offset) => {
                        let value = base.strip_suffix(&[Op::StackValue]);
                        whole.extend_from_slice(value.unwrap_or(base));
                        whole.extend([Op::Signed(*offset), Op::Plain(dw::DW_OP_plus)]);
                    }
                    op => whole.push(op.clone()),
                }
            }
            self.add_locations(&whole, &Span::of_entry(from..until), request)?;
        }
        Ok(())
    }

    /// Returns how much of a variable its pieces describe, and whether some of that has no name. Available members are kept, where
    /// others are not.
    fn available(
        &mut self,
        request: LocationRequest<'_, 'a, 'd>,
        pieces: &[Piece],
        span: &Span,
    ) -> (Availability, bool) {
        let (unit, entry) = request.of;
        let (availability, lost, found) = Search::run(self.cx, unit, entry, pieces, span);
        if availability == Availability::Partial {
            if self.fragments.len() + found.len() > MAX_FRAGMENTS {
                return (Availability::Nothing, true);
            }
            self.fragments.extend(found);
        }
        (availability, lost)
    }
}

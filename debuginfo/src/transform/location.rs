//! Locations: of variables, frame bases, members and what calls pass.

use super::convert::ConvertUnitEntry;
use super::member::dimensions;
use super::part::Presence;
use super::unit::{Function, UnitTransform};
use super::variant::VARIANTS;
use crate::address::WasmPc;
use crate::code::Flavor;
use crate::dies::{Die, Kind, MAX_DEPTH, is_pointer, kind, pointer_size, ranges};
use crate::expr::decode::{Op, decode};
use crate::expr::dwarf3::infer_stack_values;
use crate::expr::emit::{Entries, Places, Purpose, emit};
use crate::expr::piece::{Piece, join, split};
use crate::expr::unlocatable::Unlocatable;
use crate::expr::width::BaseType;
use crate::locals::numbering::Number;
use crate::locals::{Claim, MISFIT, NO_FRAME};
use crate::lookup::EXHAUSTED;
use crate::source::{ReadUnit, Reader};
use crate::write::{Address, AttributeValue, Expression as Native, Location, LocationList};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read, Expression};
use std::ops::Range;

type Entry<'a, 'd> = ConvertUnitEntry<'a, Reader<'d>>;
type Converted = Result<Option<AttributeValue>, Unlocatable>;

/// The subject of an expression.
#[derive(Clone, Copy)]
pub(super) struct Aim<'e, 'a, 'd> {
    pub purpose: Purpose,
    /// Bytes of the variable, where they matter and are known.
    pub size: Option<u64>,
    /// The entry that has its type, and the unit that it is of.
    pub of: (ReadUnit<'a, 'd>, &'e Die<'d>),
}

/// The extent of a location.
#[derive(Clone)]
pub(super) struct Span {
    /// Its beginning in the module: by that operands are known.
    pub from: WasmPc,
    pub wasm: Range<WasmPc>,
    /// The claim on locals there.
    pub claim: Claim,
}

impl Span {
    /// Of an entry of a list.
    fn of_entry(wasm: Range<WasmPc>) -> Span {
        Span {
            from: wasm.start,
            claim: Claim::Entry(wasm.clone()),
            wasm,
        }
    }

    /// A part of it, from the same beginning.
    fn part(&self, wasm: Range<WasmPc>) -> Span {
        Span {
            wasm,
            ..self.clone()
        }
    }
}

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    pub(super) fn frame_base(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
    ) -> Converted {
        if self.function().is_none_or(|it| it.index.is_none()) {
            return Ok(None);
        }
        match attr.value() {
            _ if self.function().is_some_and(|it| it.frame.is_lost()) => Err(NO_FRAME.into()),
            Read::Exprloc(expression) => self
                .expression(expression, Purpose::FrameBase)
                .map(|it| Some(AttributeValue::Exprloc(it))),
            Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => {
                match self.lookup.code.flavor {
                    Flavor::Gdb => self.location_list(entry, attr, Purpose::FrameBase),
                    Flavor::Lldb => Ok(None),
                }
            }
            _ => Err("it is neither an expression nor a list".into()),
        }
    }

    /// A frame base that is a list, where variables have to do without: each of their locations has it put in.
    pub(super) fn frame_bases(&self, function: &Die<'d>) -> Vec<(Range<WasmPc>, Vec<Op>)> {
        let unit = self.unit.read_unit;
        let attr = function.attr(dw::DW_AT_frame_base);
        let list = attr.filter(|attr| {
            self.lookup.code.flavor == Flavor::Lldb && attr.exprloc_value().is_none()
        });
        let Some(Ok(Some(mut list))) = list.map(|attr| unit.attr_locations(attr.value())) else {
            return Vec::new();
        };
        let entries = std::iter::from_fn(|| list.next().ok().flatten());
        let entries = entries.filter_map(|entry| {
            let start = WasmPc::from_dwarf(entry.range.begin)?;
            let end = WasmPc::from_dwarf(entry.range.end)?;
            Some((start..end, decode(entry.data, unit).ok()?))
        });
        entries.collect()
    }

    /// The native form of an expression that counts wherever its entry does.
    pub(super) fn expression(
        &self,
        expression: Expression<Reader<'d>>,
        purpose: Purpose,
    ) -> Result<Native, Unlocatable> {
        self.expression_onto(Native::new(), (expression, self.unit.read_unit), purpose)
    }

    /// The same of any unit's, behind operations that are there.
    pub(super) fn expression_onto(
        &self,
        out: Native,
        (expression, unit): (Expression<Reader<'d>>, ReadUnit<'a, 'd>),
        purpose: Purpose,
    ) -> Result<Native, Unlocatable> {
        let ops = decode(expression, unit)?;
        let is_own = unit.header.offset() == self.unit.read_unit.header.offset();
        if !is_own && ops.iter().any(Op::names_type) {
            return Err("a base type of another unit".into());
        }
        let size = None;
        self.emit_onto(out, &ops, &self.places(None, size), purpose)
    }

    fn emit_onto(
        &self,
        out: Native,
        ops: &[Op],
        places: &Places<'_>,
        purpose: Purpose,
    ) -> Result<Native, Unlocatable> {
        let base_type = |offset| {
            let id = self.unit.convert_unit_ref(offset).ok()?;
            let entry = self.unit.read_unit.entry(offset).ok()?;
            if self.is_replaced_number(&entry) {
                return None;
            }
            let number = |name| entry.attr(name).and_then(|it| it.udata_value());
            let bytes = || number(dw::DW_AT_byte_size)?.checked_mul(8);
            let Some(Read::Encoding(encoding)) = entry.attr_value(dw::DW_AT_encoding) else {
                return None;
            };
            let bits = number(dw::DW_AT_bit_size).or_else(bytes)?;
            let bits = u32::try_from(bits).ok().filter(|bits| *bits > 0)?;
            Some(BaseType { id, encoding, bits })
        };
        let entries = Entries {
            base_type: &base_type,
            any: &|entry| self.unit.convert_debug_info_ref(entry).ok(),
        };
        emit(out, ops, places, purpose, entries)
    }

    fn places(&self, from: Option<WasmPc>, size: Option<u64>) -> Places<'_> {
        Places {
            code: self.lookup.code,
            homes: self.homes(),
            has_frame_base: self.function().is_some_and(|it| it.has_frame_base),
            from,
            size,
            only_padding_is_missing: false,
            addresses: self.address_size(),
        }
    }

    /// Returns the purpose of a variable's location.
    fn location_purpose(&mut self, entry: &Entry<'a, 'd>) -> Purpose {
        if self.takes_native_pointer(entry) {
            Purpose::Pointer
        } else if self.takes_native_field_pointer(entry) {
            Purpose::FieldPointer
        } else {
            Purpose::Location
        }
    }

    /// Returns the requirements that a variable's location has to meet.
    fn aim<'e>(&self, entry: &'e Die<'d>, ops: &[Op], purpose: Purpose) -> Aim<'e, 'a, 'd> {
        let matters = match ops {
            [_, Op::StackValue] | [Op::ImplicitPointer(..)] => true,
            ops => ops.iter().any(|op| matches!(op, Op::Piece(..))),
        };
        let matters = matters && purpose == Purpose::Location;
        let unit = self.unit.read_unit;
        let size = matters.then(|| self.byte_size(unit, entry)).flatten();
        Aim {
            purpose,
            size,
            of: (unit, entry),
        }
    }

    pub(super) fn location(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
    ) -> Converted {
        if entry.tag() == dw::DW_TAG_call_site_parameter
            || entry.tag() == dw::DW_TAG_GNU_call_site_parameter
        {
            // gdb looks up by it what a callee's register, or place in its frame, was at entry. A wasm local is neither: entry values
            // are read from what the callee keeps of itself, and so nothing is lost. No compiler has been seen to write these
            // for wasm.
            return Ok(None);
        }
        let purpose = self.location_purpose(entry);
        match attr.value() {
            // An empty location says that there is none.
            Read::Exprloc(expression) if expression.0.is_empty() => {
                Ok(Some(AttributeValue::Exprloc(Native::new())))
            }
            Read::Exprloc(expression) => {
                let ops = self.operations(entry, expression)?;
                self.location_everywhere(entry, &ops, purpose)
            }
            Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => {
                self.location_list(entry, attr, purpose)
            }
            _ => self.other(entry, attr),
        }
    }

    /// Returns the operations of a variable's location.
    fn operations(
        &self,
        entry: &Die<'d>,
        expression: Expression<Reader<'d>>,
    ) -> Result<Vec<Op>, Unlocatable> {
        let unit = self.unit.read_unit;
        let ops = decode(expression, unit)?;
        if let Some(reason) = self.misplaced(entry, &ops) {
            return Err(reason.into());
        }
        if self.mistakes_variants_at(entry, &ops) {
            return Err(VARIANTS.into());
        }
        let is_scalar = || {
            let ty = self.bare_type(unit, entry);
            ty.is_some_and(|ty| matches!(kind(ty.entry.tag()), Kind::Scalar))
        };
        let version = unit.encoding().version;
        infer_stack_values(ops, version, version < 4 && is_scalar())
    }

    /// Why a variable cannot be where it is said to be.
    fn misplaced(&self, entry: &Die<'d>, ops: &[Op]) -> Option<&'static str> {
        if let Some(reason) = self.function()?.frame.misplaced(ops, self.renumbered) {
            return Some(reason);
        }
        let [Op::Local(local), Op::StackValue] = *ops else {
            return None;
        };
        let homes = &self.homes()?.locals;
        let home = homes
            .binary_search_by_key(&local, |(local, ..)| *local)
            .ok()?;
        let ty = self.bare_type(self.unit.read_unit, entry)?.entry;
        let encoding = match ty.attr_value(dw::DW_AT_encoding) {
            Some(Read::Encoding(encoding)) => Some(encoding),
            _ => None,
        };
        let number = Number::of(ty.tag(), encoding)?;
        let bytes = self.byte_size(self.unit.read_unit, entry)?;
        (!number.fits(homes[home].2, bytes)).then_some(MISFIT)
    }

    /// A location that counts in all of a scope.
    fn location_everywhere(
        &mut self,
        entry: &Entry<'a, 'd>,
        ops: &[Op],
        purpose: Purpose,
    ) -> Converted {
        let aim = self.aim(entry, ops, purpose);
        let mut list = Vec::new();
        if self.needs_frame_bases(ops) {
            let everywhere = Span::of_entry(WasmPc(0)..WasmPc(u32::MAX));
            self.add_by_frame_bases(&mut list, ops, &everywhere, aim)?;
            return Ok(self.list(list));
        }
        let names_operand = ops.iter().any(|op| matches!(op, Op::Stack(_)));
        let may_be_stale = self.function().is_some_and(|it| it.frame.may_be_stale(ops));
        let ranges = match names_operand || may_be_stale {
            true => self.scope_ranges()?,
            false => Vec::new(),
        };
        let claim = Claim::Scope(ranges.first().map_or(WasmPc(0), |first| first.start));
        let stale = |it: &Function| {
            ranges
                .iter()
                .any(|range| !it.frame.stale(ops, &claim, range).is_empty())
        };
        if !names_operand && !self.function().is_some_and(stale) {
            let places = self.places(None, aim.size);
            let is_split = ops.iter().any(|op| matches!(op, Op::Piece(..)));
            match self.emit_onto(Native::new(), ops, &places, purpose) {
                Err(Unlocatable::MissingPart) => {}
                Err(_) if is_split => {}
                whole => return whole.map(|it| Some(AttributeValue::Exprloc(it))),
            }
        }
        // An operand is the one that is there where each of its ranges begins.
        let mut missing = None;
        let ranges = match ranges.is_empty() {
            true => self.scope_ranges()?,
            false => ranges,
        };
        for wasm in ranges {
            let span = Span {
                from: wasm.start,
                wasm,
                claim: claim.clone(),
            };
            let added = self.add_locations(&mut list, ops, &span, aim);
            missing = missing.or(added.err());
        }
        match missing {
            Some(reason) if list.is_empty() && self.parts.is_empty() => return Err(reason),
            Some(reason) => self.lost_part(entry, &reason),
            None => {}
        }
        Ok(self.list(list))
    }

    /// The ranges of the scope around the entry: one that says none is where the outer one is.
    fn scope_ranges(&self) -> Result<Vec<Range<WasmPc>>, Unlocatable> {
        let unit = self.unit.read_unit;
        for scope in self.scopes() {
            let entry = unit.entry(scope)?;
            let found = ranges(unit, &entry, &self.listed)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err("a location outside of code".into())
    }

    /// Converts an expression for a purpose, or the default without one.
    pub(super) fn computed(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
        purpose: Purpose,
    ) -> Converted {
        match attr.value() {
            Read::Exprloc(expression) => self
                .expression(expression, purpose)
                .map(|it| Some(AttributeValue::Exprloc(it))),
            _ => self.other(entry, attr),
        }
    }

    /// A location list: each entry over the code of its wasm range.
    fn location_list(
        &mut self,
        entry: &Entry<'a, 'd>,
        attr: &Attribute<Reader<'d>>,
        purpose: Purpose,
    ) -> Converted {
        let unit = self.unit.read_unit;
        let locations = unit.attr_locations(attr.value());
        let Some(mut locations) = locations? else {
            return Ok(None);
        };
        let mut list = Vec::new();
        while let Some(location) = locations.next()? {
            if self.lookup.is_exhausted() {
                self.lost_part(entry, &EXHAUSTED.into());
                break;
            }
            self.lookup.spend(1);
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
            let added = ops.and_then(|ops| {
                let aim = self.aim(entry, &ops, purpose);
                self.add_locations(&mut list, &ops, &Span::of_entry(start..end), aim)
            });
            if let Err(reason) = added {
                self.lost_part(entry, &reason);
            }
        }
        Ok(self.list(list))
    }

    fn lost_part(&mut self, entry: &Entry<'a, 'd>, reason: &Unlocatable) {
        let what = format!("a part of a location list cannot be shown: {reason}");
        let offset = self.offset(entry);
        self.warnings.lost(what, offset);
    }

    pub(super) fn list(&mut self, list: Vec<Location>) -> Option<AttributeValue> {
        if list.is_empty() {
            return None;
        }
        let list = self.unit.unit.locations.add(LocationList(list));
        Some(AttributeValue::LocationListRef(list))
    }

    /// Adds the locations of operations: the code of a wasm range, as far as the operands that they name are known.
    pub(super) fn add_locations(
        &mut self,
        list: &mut Vec<Location>,
        ops: &[Op],
        span: &Span,
        aim: Aim<'_, 'a, 'd>,
    ) -> Result<(), Unlocatable> {
        if self.lookup.is_exhausted() {
            return Err(EXHAUSTED.into());
        }
        if self.needs_frame_bases(ops) {
            return self.add_by_frame_bases(list, ops, span, aim);
        }
        let stale = self
            .function()
            .map(|it| it.frame.stale(ops, &span.claim, &span.wasm));
        if let Some(stale) = stale.filter(|stale| !stale.is_empty()) {
            for (wasm, rest) in stale.parts(ops, aim.size, &span.wasm) {
                if let Some(rest) = rest {
                    self.add_locations(list, &rest, &span.part(wasm), aim)?;
                }
            }
            return Ok(());
        }
        let places = self.places(Some(span.from), aim.size);
        let until = places.until(ops).filter(|until| *until < span.wasm.end);
        match self.emit_onto(Native::new(), ops, &places, aim.purpose) {
            Ok(native) if until.is_none() => {
                self.add_code(list, &span.wasm, &native);
                Ok(())
            }
            result => self.add_pieces(list, ops, span, aim, result.err()),
        }
    }

    fn add_code(&self, list: &mut Vec<Location>, wasm: &Range<WasmPc>, native: &Native) {
        let code = self.lookup.code_ranges(wasm.clone());
        list.extend(code.into_iter().map(|code| Location::StartLength {
            begin: Address::Constant(code.start.0),
            length: code.end.0 - code.start.0,
            data: native.clone(),
        }));
    }

    /// The same, with each piece where what it names is known: a piece without a place is as one that is not there.
    fn add_pieces(
        &mut self,
        list: &mut Vec<Location>,
        ops: &[Op],
        span: &Span,
        aim: Aim<'_, 'a, 'd>,
        reason: Option<Unlocatable>,
    ) -> Result<(), Unlocatable> {
        let Some(pieces) = split(ops, aim.size) else {
            return reason.map_or(Ok(()), Err);
        };
        let mut reason = reason.filter(|reason| *reason != Unlocatable::MissingPart);
        let mut from = span.wasm.start;
        while from < span.wasm.end {
            let (mut known, mut end) = (pieces.clone(), span.wasm.end);
            for piece in &mut known {
                let bytes = (piece.bits.end - piece.bits.start).div_ceil(8);
                let places = self.places(Some(span.from), Some(bytes));
                let until = places.until(&piece.ops).unwrap_or(span.wasm.end);
                let native = self.emit_onto(Native::new(), &piece.ops, &places, aim.purpose);
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
            if let Err(error) = self.add_known(list, &known, &counts, aim) {
                reason = reason.or(Some(error));
            }
            from = end;
        }
        reason.map_or(Ok(()), Err)
    }

    /// A location of pieces that are there or not, for all of a range.
    fn add_known(
        &mut self,
        list: &mut Vec<Location>,
        pieces: &[Piece],
        span: &Span,
        aim: Aim<'_, 'a, 'd>,
    ) -> Result<(), Unlocatable> {
        let ops = join(pieces);
        let mut places = self.places(Some(span.from), aim.size);
        let native = match self.emit_onto(Native::new(), &ops, &places, aim.purpose) {
            Err(Unlocatable::MissingPart) => match self.present(aim, pieces, span) {
                (Presence::All, _) => {
                    places = self.places(Some(span.from), aim.size);
                    places.only_padding_is_missing = true;
                    self.emit_onto(Native::new(), &ops, &places, aim.purpose)
                }
                (Presence::Some, false) => return Ok(()),
                _ => Err(Unlocatable::MissingPart),
            },
            result => result,
        }?;
        self.add_code(list, &span.wasm, &native);
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
        list: &mut Vec<Location>,
        ops: &[Op],
        span: &Span,
        aim: Aim<'_, 'a, 'd>,
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
            self.add_locations(list, &whole, &Span::of_entry(from..until), aim)?;
        }
        Ok(())
    }

    /// Bytes of a variable, where its type says so.
    pub(super) fn byte_size(&self, unit: ReadUnit<'a, 'd>, entry: &Die<'d>) -> Option<u64> {
        let mut ty = self.bare_type(unit, entry)?;
        let mut count = 1u64;
        for _ in 0..MAX_DEPTH {
            let said = ty.entry.attr(dw::DW_AT_byte_size);
            if let Some(size) = said.and_then(|size| size.udata_value()) {
                return size.checked_mul(count);
            }
            match ty.entry.tag() {
                tag if is_pointer(tag) => {
                    let to_function = self.is_function_at(&ty);
                    let size = pointer_size(tag, to_function, self.address_size())?;
                    return count.checked_mul(size);
                }
                dw::DW_TAG_array_type => {
                    let mut dimensions = dimensions(&ty)?.into_iter();
                    count = dimensions.try_fold(count, u64::checked_mul)?;
                }
                _ => return None,
            }
            ty = self.bare_type(ty.unit, &ty.entry)?;
        }
        None
    }
}

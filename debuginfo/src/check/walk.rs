//! What debug info describes, entry by entry: the same walk over a module's DWARF and over an image's, in the addresses of each.

use super::units::{MAX_NAME, Units, text};
use crate::address::{AddressSize, WasmPc};
use crate::budget::Budget;
use crate::dies::Die;
use crate::expr::decode::{Op, decode};
use crate::expr::piece::split;
use crate::locals::{Claim, Frame, Listed, is_numbered};
use crate::ranges::{self, extent};
use crate::source::{ReadUnit, Reader};
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::AttributeValue;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::rc::Rc;

/// Addresses of one space, half-open; in lists sorted and disjoint.
pub(super) type Ranges = Rc<[Range<u64>]>;

/// The facts that differ between wasm addresses and host addresses.
pub(super) trait Space {
    /// The address as it counts, if it is not one that linkers write in place of that of dropped code.
    fn code(&self, address: u64) -> Option<u64>;
    /// The number of the function that an address is in.
    fn function_at(&self, address: u64) -> Option<usize>;
    /// Returns true if a unit says of an address what a linker's other copy of that function was like.
    fn is_copy(&self, unit: DebugInfoOffset, address: u64) -> bool;
    /// The part of ranges that a scope within a function covers: none has begun before the first instruction of its function.
    fn body(&self, ranges: &Ranges) -> Ranges;
    /// Returns true if scopes without code count: an image says where there is no machine code for what is in the module.
    fn has_points(&self) -> bool;
    /// Returns true if data at an address was not dropped.
    fn has_data(&self, address: u64, size: AddressSize) -> bool;
    /// Up to where a value that is at a place of the operand stack at an address is known on all ways there. None where the stack
    /// does not have the place.
    fn operand_until(&self, function: usize, at: u64, place: u32) -> Option<u64>;
    /// Returns the frame that the locations of a function, given by index and entry, are checked against.
    fn frame<'d>(&self, function: usize, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Frame;
    /// Returns true if locals have other numbers than locations name them by.
    fn is_renumbered(&self) -> bool;
    /// Returns true if a location outside functions with code leads to data: locals of functions without have locations too.
    fn is_data(&self, location: &[Op]) -> bool;
}

/// The identity of an entry in both debug infos: its names and line are the same, its offset is not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub kind: Kind,
    /// The function that it is in, or that it is.
    pub function: Option<usize>,
    /// The inlined functions that a variable is in: an image can have it behind those of functions that are inlined there.
    path: u64,
    name: u64,
    line: u64,
}

/// The kinds of entries that are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    Unit,
    Function,
    Inlined,
    Variable,
    Static,
}

/// An entry that describes something.
pub(super) struct Found<'u, 'd> {
    pub key: Key,
    pub unit: ReadUnit<'u, 'd>,
    pub entry: &'u Die<'d>,
    /// The entry of the function that it is in.
    pub function: Option<DebugInfoOffset>,
    /// The code that it covers, or may be asked for in.
    pub scope: Ranges,
    /// The ranges of its scope where a variable has a location.
    pub described: Ranges,
    /// The ranges where its location names operands that the stack does not have, or has on some paths only.
    pub astray: Ranges,
    /// The ranges where all that its location names has been overwritten.
    pub overwritten: Ranges,
    /// The number of macros of the unit.
    pub macros: usize,
    /// The variable that it is a member of: an image describes members by themselves where the whole is not there.
    pub part_of: Option<Key>,
}

/// The ranges a variable is described in, and the validity of its location there.
#[derive(Default)]
struct Described {
    there: Ranges,
    astray: Ranges,
    overwritten: Ranges,
}

impl Described {
    fn all(scope: &Ranges) -> Described {
        Described {
            there: scope.clone(),
            ..Described::default()
        }
    }
}

/// The same, while it is found.
#[derive(Default)]
struct Places {
    there: Vec<Range<u64>>,
    astray: Vec<Range<u64>>,
    overwritten: Vec<Range<u64>>,
}

impl Places {
    fn within(self, scope: &Ranges) -> Described {
        let within = |ranges| common(&merged(ranges), scope);
        Described {
            there: within(self.there),
            astray: within(self.astray),
            overwritten: within(self.overwritten),
        }
    }
}

/// Something else that a walk meets.
pub(super) enum Other {
    /// A function without code, which the linker dropped.
    Dropped(Kind),
    /// A function at addresses that are no code.
    Elsewhere,
    /// A scope with code that is not in that of the scope around it.
    Outside,
}

/// A function, or a scope within one.
struct Scope {
    depth: isize,
    ranges: Ranges,
    /// The part of it where something is shown: see [`Space::body`].
    body: Ranges,
    /// See [`Key::path`].
    path: u64,
    /// Its number and its entry; `None` for one without code.
    function: Option<(usize, DebugInfoOffset)>,
    /// The frame that its locations are checked against.
    frame: Rc<Frame>,
    /// True if it is one that was dropped.
    dropped: bool,
}

/// A walk over all units that can be read.
pub(super) struct Walk<'w, 'd> {
    pub units: &'w Units<'w, 'd>,
    pub space: &'w dyn Space,
    pub budget: &'w Budget,
    pub found: &'w mut dyn FnMut(Found<'_, 'd>),
    pub other: &'w mut dyn FnMut(Other),
}

impl<'d> Walk<'_, 'd> {
    /// Walks.
    pub fn run(&mut self) {
        let units = self.units;
        for unit in units.iter() {
            // What is after damage is not described to anybody.
            let _ = self.unit(unit);
        }
    }

    fn unit(&mut self, unit: ReadUnit<'_, 'd>) -> gimli::Result<()> {
        let mut entries = unit.entries();
        let Some(root) = entries.next_dfs()? else {
            return Ok(());
        };
        let key = self.key(Kind::Unit, None, unit, root);
        let root = root.clone();
        let scope = self.ranges(unit, &root);
        self.found(key, unit, &root, None, scope, Described::default());
        let mut scopes: Vec<Scope> = Vec::new();
        while let Some(entry) = entries.next_dfs()? {
            let depth = entry.depth();
            while scopes.last().is_some_and(|scope| scope.depth >= depth) {
                scopes.pop();
            }
            match entry.tag() {
                dw::DW_TAG_subprogram => {
                    let scope = self.function(unit, entry);
                    scopes.push(scope);
                }
                dw::DW_TAG_variable | dw::DW_TAG_formal_parameter => {
                    self.variable(unit, entry, scopes.last());
                }
                dw::DW_TAG_inlined_subroutine
                | dw::DW_TAG_lexical_block
                | dw::DW_TAG_try_block
                | dw::DW_TAG_catch_block => {
                    let inner = scopes.last().map(|outer| self.inner(unit, entry, outer));
                    scopes.extend(inner);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn function(&mut self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Scope {
        let offset = offset(unit, entry);
        let ranges = self.ranges(unit, entry);
        let number = ranges
            .iter()
            .find_map(|range| self.space.function_at(range.start));
        let has_code = has_code(entry);
        if let Some(number) = number {
            let key = self.key(Kind::Function, Some(number), unit, entry);
            let nothing = Described::default();
            self.found(key, unit, entry, Some(offset), ranges.clone(), nothing);
        } else if has_code {
            (self.other)(match ranges.is_empty() {
                true => Other::Dropped(Kind::Function),
                false => Other::Elsewhere,
            });
        }
        Scope {
            depth: entry.depth(),
            body: ranges.clone(),
            path: 0,
            ranges,
            function: number.map(|number| (number, offset)),
            frame: Rc::new(number.map_or_else(Frame::default, |number| {
                self.space.frame(number, unit, entry)
            })),
            dropped: has_code && number.is_none(),
        }
    }

    /// A scope within a function: without code of its own it is where the outer one is.
    fn inner(&mut self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>, outer: &Scope) -> Scope {
        let ranges = match has_code(entry) {
            true => self.within(unit, entry, &outer.ranges),
            false => outer.ranges.clone(),
        };
        let body = self.space.body(&ranges);
        let is_point = || self.space.has_points() && self.is_point(unit, entry);
        let is_there = !ranges.is_empty() || is_point();
        let path = match entry.tag() {
            dw::DW_TAG_inlined_subroutine => self.path(unit, entry, outer.path),
            _ => outer.path,
        };
        if let Some((number, function)) = outer.function
            && entry.tag() == dw::DW_TAG_inlined_subroutine
            && has_code(entry)
            && is_there
        {
            let key = self.key(Kind::Inlined, Some(number), unit, entry);
            let nothing = Described::default();
            self.found(key, unit, entry, Some(function), body.clone(), nothing);
        }
        let is_dropped = has_code(entry) && !is_there;
        if is_dropped && outer.function.is_some() && entry.tag() == dw::DW_TAG_inlined_subroutine {
            (self.other)(Other::Dropped(Kind::Inlined));
        }
        Scope {
            depth: entry.depth(),
            ranges,
            body,
            path,
            function: outer.function.filter(|_| !is_dropped),
            frame: outer.frame.clone(),
            dropped: outer.dropped || is_dropped,
        }
    }

    fn variable(&mut self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>, scope: Option<&Scope>) {
        // Those of types within a function are not its own.
        let own = scope.filter(|scope| scope.depth + 1 == entry.depth());
        if let Some(scope) = own
            && let Some((number, function)) = scope.function
        {
            let mut key = self.key(Kind::Variable, Some(number), unit, entry);
            key.path = scope.path;
            let described = self.described(number, unit, entry, scope);
            let scope = scope.body.clone();
            return self.found(key, unit, entry, Some(function), scope, described);
        }
        if entry.tag() == dw::DW_TAG_variable && self.is_static(unit, entry) {
            let key = self.key(Kind::Static, None, unit, entry);
            let nothing = Described::default();
            self.found(key, unit, entry, None, Ranges::default(), nothing);
        } else if own.is_some_and(|scope| scope.dropped) {
            (self.other)(Other::Dropped(Kind::Variable));
        }
    }

    fn found(
        &mut self,
        key: Key,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        function: Option<DebugInfoOffset>,
        scope: Ranges,
        described: Described,
    ) {
        (self.found)(Found {
            key,
            unit,
            entry,
            function,
            scope,
            described: described.there,
            astray: described.astray,
            overwritten: described.overwritten,
            part_of: part_of(key, unit, entry),
            macros: match key.kind {
                Kind::Unit => self.units.macros(unit, entry),
                _ => 0,
            },
        });
    }

    /// The code of an entry's ranges.
    fn ranges(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Ranges {
        let mut found = Vec::new();
        let Ok(mut ranges) = unit.die_ranges(entry) else {
            return Ranges::default();
        };
        while let Ok(Some(range)) = ranges.next() {
            if !self.budget.spend(1) {
                break;
            }
            let begin = range.begin;
            let range = self.range(range);
            found.extend(range.filter(|_| !self.space.is_copy(unit_offset(unit), begin)));
        }
        merged(found)
    }

    /// The code of a scope's ranges, as far as it is in that of the scope around it.
    fn within(&mut self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>, outer: &Ranges) -> Ranges {
        let said = self.ranges(unit, entry);
        let there = common(&said, outer);
        if there != said {
            (self.other)(Other::Outside);
        }
        there
    }

    /// Returns true if an entry covers no code at a place in it.
    fn is_point(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> bool {
        let Ok(mut ranges) = unit.die_ranges(entry) else {
            return false;
        };
        ranges.next().ok().flatten().is_some_and(|range| {
            let address = self
                .space
                .code(range.begin)
                .filter(|_| range.begin == range.end);
            address.is_some_and(|address| self.space.function_at(address).is_some())
        })
    }

    fn range(&self, range: gimli::Range) -> Option<Range<u64>> {
        let (begin, end) = (self.space.code(range.begin)?, self.space.code(range.end)?);
        (begin < end).then_some(begin..end)
    }

    /// Returns the ranges of its scope in which a variable of a function has a location or a constant value.
    fn described(
        &self,
        function: usize,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        scope: &Scope,
    ) -> Described {
        if entry.attr(dw::DW_AT_const_value).is_some() {
            return Described::all(&scope.body);
        }
        let mut places = Places::default();
        let mut add = |ops: Option<&[Op]>, range: &Range<u64>, claim: &Claim| {
            if let Some(ops) = ops.filter(|ops| self.is_place(unit, ops)) {
                self.place(function, &scope.frame, ops, range, claim, &mut places);
            }
        };
        match entry.attr_value(dw::DW_AT_location) {
            Some(AttributeValue::Exprloc(expression)) => {
                let start = extent(&scope.ranges).map_or(0, |extent| extent.start);
                let claim = Claim::Scope(WasmPc(start as u32));
                let ops = operations(unit, expression);
                let ranges = scope.ranges.iter();
                ranges.for_each(|range| add(ops.as_deref(), range, &claim));
            }
            Some(value) => {
                let Ok(Some(mut locations)) = unit.attr_locations(value) else {
                    return Described::default();
                };
                let mut listed = Listed::default();
                while let Ok(Some(location)) = locations.next() {
                    if !self.budget.spend(1) {
                        break;
                    }
                    if let Some(range) = self.range(location.range) {
                        let ops = operations(unit, location.data);
                        let claim = listed.claim(&pcs(&range), ops.as_deref().unwrap_or(&[]));
                        add(ops.as_deref(), &range, &claim);
                    }
                }
            }
            None => {}
        }
        places.within(&scope.body)
    }

    /// Returns the parts of a range in which operations hold what is claimed of them.
    fn place(
        &self,
        function: usize,
        frame: &Frame,
        ops: &[Op],
        range: &Range<u64>,
        claim: &Claim,
        places: &mut Places,
    ) {
        let from = u64::from(claim.begins(&pcs(range)).0);
        if !self.has_operands(function, ops, from) {
            return places.astray.push(range.clone());
        }
        let until = self.operands_until(function, ops, from, range);
        if until < range.end {
            places.astray.push(until..range.end);
        }
        let range = &(range.start..until);
        // Of locals with other numbers nothing can be told.
        if self.space.is_renumbered() && ops.iter().any(is_numbered) {
            return places.there.push(range.clone());
        }
        let stale = frame.stale(ops, claim, &pcs(range));
        if stale.is_empty() {
            return places.there.push(range.clone());
        }
        for (part, rest) in stale.parts(ops, None, &pcs(range)) {
            let part = u64::from(part.start.0)..u64::from(part.end.0);
            match rest {
                Some(rest) if self.has_operands(function, &rest, from) => {
                    places.there.push(part);
                }
                _ => places.overwritten.push(part),
            }
        }
    }

    /// Returns true if the stack has the operands that a location from an address on names, of one of its pieces at least.
    fn has_operands(&self, function: usize, ops: &[Op], from: u64) -> bool {
        let is_there = |op: &Op| match op {
            Op::Stack(place) => self.space.operand_until(function, from, *place).is_some(),
            _ => true,
        };
        match split(ops, None) {
            Some(pieces) => pieces
                .iter()
                .any(|piece| !piece.ops.is_empty() && piece.ops.iter().all(is_there)),
            None => ops.iter().all(is_there),
        }
    }

    /// Up to where in a range all operands are known that operations name and the stack has at an address.
    fn operands_until(&self, function: usize, ops: &[Op], from: u64, range: &Range<u64>) -> u64 {
        let ends = ops.iter().filter_map(|op| match op {
            Op::Stack(place) => self.space.operand_until(function, from, *place),
            _ => None,
        });
        ends.fold(range.end, u64::min).max(range.start)
    }

    /// Returns true if operations say where something is: dropped data is nowhere.
    fn is_place(&self, unit: ReadUnit<'_, 'd>, ops: &[Op]) -> bool {
        match ops.first() {
            Some(Op::Address(address)) => self
                .space
                .has_data(*address, AddressSize::of(unit.encoding())),
            _ => true,
        }
    }

    /// Returns true if a variable is at an address of its own.
    fn is_static(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> bool {
        let Some(AttributeValue::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else {
            return false;
        };
        operations(unit, expression)
            .is_some_and(|ops| self.is_place(unit, &ops) && self.space.is_data(&ops))
    }

    /// The path of what is in an inlined function, which is itself in those of another path.
    fn path(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>, outer: u64) -> u64 {
        let mut path = DefaultHasher::new();
        outer.hash(&mut path);
        self.key(Kind::Inlined, None, unit, entry).hash(&mut path);
        path.finish()
    }

    fn key(
        &self,
        kind: Kind,
        function: Option<usize>,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
    ) -> Key {
        let mut name = DefaultHasher::new();
        if kind == Kind::Unit {
            let directory = entry.attr_value(dw::DW_AT_comp_dir);
            let directory = directory.and_then(|it| text(unit, it));
            directory.map(|it| it.slice()).hash(&mut name);
        }
        let (text, line) = self.units.name_and_line(unit, entry);
        let text = text.map(|it| it.slice());
        hash_name(text, &mut name);
        Key {
            kind,
            function,
            path: 0,
            name: name.finish(),
            line,
        }
    }
}

/// The key of the variable that an entry is a member of by its name, `point.x`: such are declared nowhere.
fn part_of<'d>(key: Key, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Option<Key> {
    if key.kind != Kind::Variable || entry.attr(dw::DW_AT_decl_file).is_some() {
        return None;
    }
    let path = text(unit, entry.attr_value(dw::DW_AT_name)?)?;
    let end = path.slice().iter().position(|byte| b".[".contains(byte))?;
    let mut name = DefaultHasher::new();
    hash_name(path.slice().get(..end), &mut name);
    let name = name.finish();
    Some(Key { name, ..key })
}

/// Many entries can share a name that is as long as the input.
fn hash_name(name: Option<&[u8]>, hasher: &mut DefaultHasher) {
    let start = name.map(|it| it.get(..MAX_NAME).unwrap_or(it));
    (name.map(<[u8]>::len), start).hash(hasher);
}

/// Returns true if an entry has attributes for code.
fn has_code(entry: &Die<'_>) -> bool {
    entry.attr(dw::DW_AT_ranges).is_some()
        || entry.attr(dw::DW_AT_low_pc).is_some() && entry.attr(dw::DW_AT_high_pc).is_some()
}

/// The offset of a unit.
pub(super) fn unit_offset(unit: ReadUnit<'_, '_>) -> DebugInfoOffset {
    DebugInfoOffset(unit.header.offset().0)
}

/// The offset of an entry.
pub(super) fn offset(unit: ReadUnit<'_, '_>, entry: &Die<'_>) -> DebugInfoOffset {
    DebugInfoOffset(unit.header.offset().0 + entry.offset().0)
}

/// Sorted, without overlaps and empty ones.
pub(super) fn merged(ranges: Vec<Range<u64>>) -> Ranges {
    ranges::merged(ranges).into()
}

/// The intersection of two lists.
pub(super) fn common(one: &[Range<u64>], other: &[Range<u64>]) -> Ranges {
    ranges::within(one, other).into()
}

/// Addresses of the input: [`Space::code`] lets only such through.
pub(super) fn pcs(range: &Range<u64>) -> Range<WasmPc> {
    WasmPc(range.start as u32)..WasmPc(range.end as u32)
}

/// The operations of an expression; `None` where it says that something is nowhere, or cannot be read.
fn operations<'d>(
    unit: ReadUnit<'_, 'd>,
    expression: gimli::read::Expression<Reader<'d>>,
) -> Option<Vec<Op>> {
    match expression.0.is_empty() {
        true => None,
        false => decode(expression, unit).ok(),
    }
}

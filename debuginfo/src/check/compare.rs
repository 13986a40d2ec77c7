//! Entries of the input, and the same ones of the image.

use super::instructions::{Instructions, covers};
use super::lines;
use super::result::{Bytes, Check, Count, FIRST, Loss, Lost, Place, Variable};
use super::spaces::{Input, Output};
use super::units::Units;
use super::walk::{Found, Key, Kind, Other, Ranges, Walk, common, merged, offset, pcs};
use crate::budget::Budget;
use crate::code::{CodeMap, Flavor};
use crate::container::Container;
use crate::dies::Die;
use crate::locals::numbering;
use crate::lookup::Lookup;
use crate::outline;
use crate::prevailing::Prevailing;
use crate::source::{ReadUnit, Reader, Warning, WasmDwarf};
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// The bytes and the number of names that a misspelt one is compared with.
const MAX_OTHER: usize = 100;
const MAX_OTHERS: usize = 10_000;

/// Steps for each byte of debug info: far more than there are in that of compilers.
const STEPS: usize = 2;

/// Entries of one name that are looked at for the one that is meant.
const MAX_NEXT: usize = 64;

/// The entry's description in the image.
struct Shown {
    scope: Ranges,
    described: Ranges,
    macros: usize,
}

/// The comparison.
struct Compare<'c, 'd> {
    units: &'c Units<'c, 'd>,
    code: &'c CodeMap<'c>,
    lookup: &'c Lookup<'c>,
    prevailing: &'c Prevailing,
    renumbered: bool,
    budget: &'c Budget,
    /// Why entries are missing, by their offsets.
    reasons: HashMap<usize, &'c str>,
    shown: HashMap<Key, VecDeque<Shown>>,
    /// The instructions of the function that was asked for last.
    latest: Option<(usize, Instructions)>,
    /// The unit that is being looked at, with its macros, until something in it is live.
    unit: Option<(Key, DebugInfoOffset, usize)>,
    asked: Option<&'c str>,
    losses: HashMap<String, Loss>,
    check: Check,
    /// The kind of outline that the current unit was made of, unless it is the module's own, and the sums of all such units.
    kind: Option<outline::Kind>,
    made: Check,
}

pub(super) fn compare(
    dwarf: &WasmDwarf<'_>,
    code: &CodeMap<'_>,
    image: &[u8],
    warnings: &[Warning],
    asked: Option<&str>,
) -> Check {
    let read = dwarf.read();
    let units = Units::of(&read);
    let lookup = Lookup::new(code);
    let prevailing = Prevailing::of(units.iter(), code);
    let sections = Container::parse(image).unwrap_or_default().sections;
    let native = WasmDwarf::new(sections.into_iter()).read();
    let native_units = Units::of(&native);
    let budget = Budget::of_bytes(dwarf.len() + image.len(), STEPS, 0);
    let shown = index(&native_units, code, &budget);
    let reasons = warnings.iter().flat_map(|warning| {
        let reason = warning.reason();
        warning.offsets.iter().map(move |offset| (*offset, reason))
    });
    let bodies: Vec<_> = code.functions.iter().map(|it| it.wasm.clone()).collect();
    let mut compare = Compare {
        units: &units,
        code,
        lookup: &lookup,
        prevailing: &prevailing,
        renumbered: numbering::of_read(&read, code.wasm, &bodies).is_some(),
        budget: &budget,
        reasons: reasons.collect(),
        shown,
        latest: None,
        unit: None,
        asked,
        losses: HashMap::new(),
        check: Check::default(),
        kind: None,
        made: Check::default(),
    };
    compare.check.code = functions_and_bytes(code);
    compare.run();
    let covered = lines::rows(&native_units, &Output::of(code), &budget);
    for (offset, rows) in lines::by_unit(&units, &compare.input(), &budget) {
        compare.lines(offset, &rows, &covered);
    }
    compare.finish()
}

/// All that an image describes.
fn index(
    units: &Units<'_, '_>,
    code: &CodeMap<'_>,
    budget: &Budget,
) -> HashMap<Key, VecDeque<Shown>> {
    let mut shown: HashMap<Key, VecDeque<Shown>> = HashMap::new();
    let mut walk = Walk {
        units,
        space: &Output::of(code),
        budget,
        found: &mut |found| {
            let whole = found
                .part_of
                .and_then(|whole| shown.get_mut(&whole)?.back_mut());
            if let Some(whole) = whole {
                let both = [&whole.described[..], &found.described].concat();
                whole.described = merged(both);
            }
            shown.entry(found.key).or_default().push_back(Shown {
                scope: found.scope,
                described: found.described,
                macros: found.macros,
            });
        },
        other: &mut |_| {},
    };
    walk.run();
    shown
}

impl<'c, 'd> Compare<'c, 'd> {
    fn input(&self) -> Input<'c> {
        Input {
            lookup: self.lookup,
            prevailing: self.prevailing,
            renumbered: self.renumbered,
        }
    }

    fn run(&mut self) {
        let (units, budget) = (self.units, self.budget);
        let input = self.input();
        let mut others = Vec::new();
        let mut walk = Walk {
            units,
            space: &input,
            budget,
            found: &mut |found| self.found(&found),
            other: &mut |other| others.push(other),
        };
        walk.run();
        self.kind = None;
        for other in others {
            match other {
                Other::Dropped(kind) => self.count(kind).dropped += 1,
                Other::Elsewhere => self.check.elsewhere += 1,
                Other::Outside => self.check.outside += 1,
            }
        }
    }

    /// Returns the sums that the current unit counts towards.
    fn sums(&mut self) -> &mut Check {
        match self.kind {
            Some(_) => &mut self.made,
            None => &mut self.check,
        }
    }

    fn count(&mut self, kind: Kind) -> &mut Count {
        let sums = self.sums();
        match kind {
            Kind::Unit => &mut sums.units,
            Kind::Function => &mut sums.functions,
            Kind::Inlined => &mut sums.inlined,
            Kind::Variable => &mut sums.variables,
            Kind::Static => &mut sums.statics,
        }
    }

    fn found(&mut self, found: &Found<'_, 'd>) {
        let key = found.key;
        if key.kind == Kind::Unit {
            if self.unit.is_some() {
                self.check.units.dropped += 1;
            }
            self.kind = outline::kind_of(found.unit);
            let header = found.unit.header.offset().0;
            self.unit = Some((key, DebugInfoOffset(header), found.macros));
            if !self.bodies(&found.scope).is_empty() {
                self.unit_is_live();
            }
            return;
        }
        self.unit_is_live();
        let shown = self.take(found);
        self.count(key.kind).input += 1;
        self.count(key.kind).output += usize::from(shown.is_some());
        let bytes = match key.kind {
            Kind::Variable => self.variable(found, shown.as_ref()),
            Kind::Function | Kind::Inlined => {
                let covered = shown.as_ref().map_or(&[][..], |it| &it.scope);
                self.bytes(&found.scope, &found.scope, covered)
            }
            Kind::Unit | Kind::Static => Bytes::default(),
        };
        if key.kind == Kind::Function {
            add(&mut self.sums().function_bytes, bytes);
            self.made(bytes.described);
        }
        let is_whole = match key.kind {
            // What the compiler does not describe cannot be missing.
            Kind::Variable => found.described.is_empty() || shown.is_some(),
            _ => shown.is_some(),
        };
        if !is_whole || bytes.lost() > 0 {
            self.lost(found, shown.is_some(), bytes);
        }
    }

    /// Takes an entry's description. Of several of one name, as of a function that is inlined often, it is the first whose scope has the
    /// entry's first instruction; of an entry without machine code, one without.
    fn take(&mut self, found: &Found<'_, 'd>) -> Option<Shown> {
        if self.shown.get(&found.key)?.len() < 2 {
            return self.shown.get_mut(&found.key)?.pop_front();
        }
        let mut bodies = self.bodies(&found.scope).into_iter();
        let code = bodies.find_map(|(number, body)| self.instructions(number).first_in(&body));
        let all = self.shown.get_mut(&found.key)?;
        let at = all.iter().take(MAX_NEXT).position(|it| match &code {
            Some(code) => covers(&it.scope, code),
            None => it.scope.is_empty(),
        });
        all.remove(at.unwrap_or(0))
    }

    /// Counts a function, if what describes it was made.
    fn made(&mut self, bytes: u64) {
        let made = &mut self.check.made;
        let (functions, of_them) = match self.kind {
            Some(outline::Kind::Text | outline::Kind::LongText) => &mut made.by_text,
            Some(outline::Kind::SourceMap) => &mut made.by_source_map,
            None => return,
        };
        *functions += 1;
        *of_them += bytes;
    }

    /// Counts the unit that is being looked at, once.
    fn unit_is_live(&mut self) {
        let Some((key, offset, macros)) = self.unit.take() else {
            return;
        };
        let shown = self.shown.get_mut(&key).and_then(VecDeque::pop_front);
        if let Some(shown) = &shown {
            self.macros(offset, macros, shown.macros);
        }
        self.count(Kind::Unit).input += 1;
        self.count(Kind::Unit).output += usize::from(shown.is_some());
        if shown.is_none()
            && let Some((unit, entry)) = self.units.root(offset)
        {
            self.count(Kind::Unit).lost += 1;
            let reason = self.reasons.get(&offset.0).copied();
            let reason = reason.unwrap_or("the unit is not in the image").to_owned();
            let place = self.place(unit, &entry, None);
            self.add_loss(reason, "unit", place, 0);
        }
    }

    /// Counts the macros of a unit.
    fn macros(&mut self, unit: DebugInfoOffset, input: usize, output: usize) {
        if self.code.flavor == Flavor::Lldb || input == 0 {
            return;
        }
        let lost = input.saturating_sub(output);
        let count = &mut self.check.macros;
        count.input += input;
        count.output += output.min(input);
        count.lost += lost;
        if lost > 0
            && let Some((unit, root)) = self.units.root(unit)
        {
            let reason = self.reasons.get(&offset(unit, &root).0).or_else(|| {
                let header = unit.header.offset().0;
                self.reasons.get(&header)
            });
            let reason = reason
                .map_or("macros are not in the image", |it| *it)
                .to_owned();
            let place = self.place(unit, &root, None);
            self.add_loss(reason, "macros of the unit", place, 0);
        }
    }

    fn variable(&mut self, found: &Found<'_, 'd>, shown: Option<&Shown>) -> Bytes {
        let covered = shown.map_or(&[][..], |it| &it.described);
        let bytes = self.bytes(&found.scope, &found.described, covered);
        add(&mut self.sums().variable_bytes, bytes);
        let length = |(_, body): &(usize, Range<u64>)| body.end - body.start;
        let astray = self.bodies(&found.astray).iter().map(length).sum();
        if astray > 0 {
            self.check.astray.0 += 1;
            self.check.astray.1 += astray;
        }
        let overwritten = self.bodies(&found.overwritten).iter().map(length).sum();
        if overwritten > 0 {
            self.check.overwritten.0 += 1;
            self.check.overwritten.1 += overwritten;
        }
        let availability = match bytes.described {
            0 => 2,
            all if all == bytes.scope => 0,
            _ => 1,
        };
        self.sums().availability[availability] += 1;
        let Some(asked) = self.asked else {
            return bytes;
        };
        let (name, _) = self.units.name_and_line(found.unit, found.entry);
        let name = name.map_or(&[][..], |name| name.slice());
        if name != asked.as_bytes() {
            let short = name.len() <= MAX_OTHER && self.check.others.len() < MAX_OTHERS;
            let text = str::from_utf8(name)
                .ok()
                .filter(|it| short && !it.is_empty());
            self.check.others.extend(text.map(str::to_owned));
        } else {
            let reason = (bytes.lost() > 0).then(|| self.reason(found, shown.is_some()));
            let place = self.place(found.unit, found.entry, found.function);
            let pcs = |ranges: &Ranges| ranges.iter().map(pcs).collect();
            self.check.asked.push(Variable {
                place,
                scope: pcs(&found.scope),
                described: pcs(&found.described),
                bytes,
                astray,
                overwritten,
                reason,
            });
        }
        bytes
    }

    /// The bodies that ranges are in, with their numbers.
    fn bodies(&self, ranges: &[Range<u64>]) -> Vec<(usize, Range<u64>)> {
        let functions = &self.code.functions;
        let mut found = Vec::new();
        for range in ranges {
            let from = functions.partition_point(|it| u64::from(it.wasm.end.0) <= range.start);
            let to = functions.partition_point(|it| u64::from(it.wasm.start.0) < range.end);
            for number in from..to {
                if !self.budget.spend(1) {
                    return found;
                }
                let body = &functions[number].wasm;
                let start = range.start.max(u64::from(body.start.0));
                found.push((number, start..range.end.min(u64::from(body.end.0))));
            }
        }
        found
    }

    /// Compares what is described in a scope with what is shown of it.
    fn bytes(
        &mut self,
        scope: &[Range<u64>],
        described: &[Range<u64>],
        covered: &[Range<u64>],
    ) -> Bytes {
        let length = |(_, body): &(usize, Range<u64>)| body.end - body.start;
        let mut bytes = Bytes {
            scope: self.bodies(scope).iter().map(length).sum(),
            ..Bytes::default()
        };
        for (number, body) in self.bodies(&common(described, scope)) {
            bytes.described += body.end - body.start;
            let budget = self.budget;
            let instructions = self.instructions(number);
            if budget.spend(instructions.pieces_in(&body)) {
                let shown = instructions.shown(&body, covered);
                bytes.with_code += shown.with_code;
                bytes.kept += shown.kept;
            }
        }
        bytes
    }

    fn instructions(&mut self, function: usize) -> &Instructions {
        let latest = self.latest.take();
        let latest = latest.filter(|(number, _)| *number == function);
        let latest =
            latest.unwrap_or_else(|| (function, Instructions::of(&self.code.functions[function])));
        &self.latest.insert(latest).1
    }

    fn lines(&mut self, unit: DebugInfoOffset, rows: &[Range<u64>], covered: &[Range<u64>]) {
        let bytes = self.bytes(rows, rows, covered);
        let Some((unit, root)) = self.units.root(unit) else {
            return;
        };
        self.kind = outline::kind_of(unit);
        add(&mut self.sums().line_bytes, bytes);
        if bytes.lost() > 0 {
            let place = self.place(unit, &root, None);
            let reason = "code has no line".to_owned();
            self.add_loss(reason, "unit", place, bytes.lost());
        }
    }

    fn lost(&mut self, found: &Found<'_, 'd>, is_there: bool, bytes: Bytes) {
        self.count(found.key.kind).lost += 1;
        let kind = match found.key.kind {
            Kind::Unit => "unit",
            Kind::Function => "function",
            Kind::Inlined => "inlined function",
            Kind::Variable if found.entry.tag() == dw::DW_TAG_formal_parameter => "parameter",
            Kind::Variable => "variable",
            Kind::Static => "static variable",
        };
        let reason = self.reason(found, is_there);
        let place = self.place(found.unit, found.entry, found.function);
        self.add_loss(reason, kind, place, bytes.lost());
    }

    /// The reason why an entry is missing: its own, or that of its function.
    fn reason(&self, found: &Found<'_, 'd>, is_there: bool) -> String {
        let own = self.reasons.get(&offset(found.unit, found.entry).0);
        let functions = found.function.and_then(|it| self.reasons.get(&it.0));
        match (own.or(functions), found.key.kind) {
            (Some(reason), _) => (*reason).to_owned(),
            (None, Kind::Variable) if is_there => {
                "its location covers less code than in the module".to_owned()
            }
            (None, _) if is_there => "it covers less code than in the module".to_owned(),
            (None, _) => "it is not in the image".to_owned(),
        }
    }

    fn add_loss(&mut self, reason: String, kind: &'static str, place: Place, bytes: u64) {
        let loss = self.losses.entry(reason.clone()).or_insert(Loss {
            reason,
            count: 0,
            bytes: 0,
            first: Vec::new(),
        });
        loss.count += 1;
        loss.bytes += bytes;
        if loss.first.len() < FIRST {
            loss.first.push(Lost { kind, place, bytes });
        }
    }

    fn place(
        &self,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        function: Option<DebugInfoOffset>,
    ) -> Place {
        let text = |name: Option<Reader<'d>>| name.map(|it| it.to_string_lossy().into_owned());
        let (name, line) = self.units.name_and_line(unit, entry);
        let own = offset(unit, entry);
        let function = function.filter(|it| *it != own);
        let function = function.and_then(|it| self.units.entry(it));
        let function = function.map(|(unit, entry)| self.units.name_and_line(unit, &entry).0);
        Place {
            name: text(name),
            function: text(function.flatten()),
            file: self.units.file(unit, entry),
            line: (line > 0).then_some(line),
            offset: own.0,
        }
    }

    fn finish(mut self) -> Check {
        if self.unit.is_some() {
            self.check.units.dropped += 1;
        }
        let mut losses: Vec<_> = self.losses.into_values().collect();
        losses.sort_by(|one, other| {
            let order = |it: &Loss| (std::cmp::Reverse((it.bytes, it.count)), it.reason.clone());
            order(one).cmp(&order(other))
        });
        Check {
            losses,
            incomplete: self.budget.is_exhausted(),
            ..self.check
        }
    }
}

/// Returns the number of functions with code, and the bytes of wasm in them.
fn functions_and_bytes(code: &CodeMap<'_>) -> (usize, u64) {
    let bytes = code.functions.iter();
    let bytes = bytes.map(|it| u64::from(it.wasm.end.0 - it.wasm.start.0));
    (code.functions.len(), bytes.sum())
}

fn add(sum: &mut Bytes, more: Bytes) {
    sum.scope += more.scope;
    sum.described += more.described;
    sum.with_code += more.with_code;
    sum.kept += more.kept;
}

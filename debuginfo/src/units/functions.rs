//! The functions of a unit, found by going through its entries up to the one that is asked for; and the scopes in a function: what
//! is inlined there, and the blocks, with their variables.

use super::place::Place;
use super::ranges::RangeAttributes;
use crate::address::WasmPc;
use crate::ranges::ListRoom;
use crate::skip::skip_attributes;
use crate::source::{ReadUnit, Reader};
use gimli::UnitOffset;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue, EntriesRaw};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The functions of a unit that have been found.
#[derive(Default)]
pub(crate) struct Functions {
    seen: RefCell<Seen>,
    scopes: RefCell<HashMap<UnitOffset, Arc<Function>>>,
}

/// As far as the unit has been gone through.
#[derive(Default)]
struct Seen {
    /// By where their code begins: its end, and the entry.
    found: BTreeMap<WasmPc, (WasmPc, UnitOffset)>,
    /// The next offset; `None` at the start.
    next: Option<UnitOffset>,
    /// True if that was all.
    all: bool,
}

impl Seen {
    fn at(&self, pc: WasmPc) -> Option<(Range<WasmPc>, UnitOffset)> {
        let (start, (end, entry)) = self.found.range(..=pc).next_back()?;
        (pc < *end).then_some((*start..*end, *entry))
    }

    /// Goes on up to a function that has code at an address.
    fn search(&mut self, unit: ReadUnit<'_, '_>, pc: WasmPc) -> gimli::Result<()> {
        let mut entries = unit.entries_raw(self.next)?;
        let room = ListRoom::of(unit);
        while !entries.is_empty() {
            let offset = entries.next_offset();
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            if abbreviation.tag() != dw::DW_TAG_subprogram {
                skip_attributes(&mut entries, abbreviation.attributes())?;
                continue;
            }
            let mut ranges = RangeAttributes::default();
            for spec in abbreviation.attributes() {
                ranges.note(&entries.read_attribute(*spec)?);
            }
            let mut here = false;
            for code in ranges.read(unit, &room) {
                here |= code.contains(&pc);
                self.found.entry(code.start).or_insert((code.end, offset));
            }
            if here {
                self.next = Some(entries.next_offset());
                // What is after the last entry is no place to go on at.
                self.all = entries.is_empty();
                return Ok(());
            }
        }
        self.all = true;
        Ok(())
    }
}

impl Functions {
    /// The range of a function's code that an address is in, and the function's entry.
    fn find(&self, unit: ReadUnit<'_, '_>, pc: WasmPc) -> Option<(Range<WasmPc>, UnitOffset)> {
        let mut seen = self.seen.borrow_mut();
        if let Some(found) = seen.at(pc) {
            return Some(found);
        }
        // What is after damage is not found.
        if !seen.all && seen.search(unit, pc).is_err() {
            seen.all = true;
        }
        seen.at(pc)
    }
}

/// A function, and the scopes in it.
pub(crate) struct Function {
    pub place: Place,
    /// The function's code that it was asked for by.
    pub code: Range<WasmPc>,
    /// In the order of the entries: a scope, then those in it. The first is the function's own.
    scopes: Vec<Scope>,
}

/// A function, a function that is inlined, or a block.
pub(crate) struct Scope {
    pub place: Place,
    /// The inlined call, if it is one.
    pub inlined: Option<Inlined>,
    /// Empty if it has no such attributes.
    code: Vec<Range<WasmPc>>,
    pub variables: Vec<UnitOffset>,
    /// The number of the first scope that is not in it.
    end: usize,
    name: OnceLock<Option<String>>,
}

/// The site of an inlined call.
#[derive(Clone, Copy, Default)]
pub(crate) struct Inlined {
    pub file: Option<u64>,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

impl Inlined {
    /// Takes note of an attribute, if it is one of them.
    fn note(&mut self, attr: &Attribute<Reader<'_>>) {
        let number = || {
            let number = attr.udata_value().filter(|it| *it != 0)?;
            Some(u32::try_from(number).unwrap_or(u32::MAX))
        };
        match (attr.name(), attr.value()) {
            (dw::DW_AT_call_file, AttributeValue::FileIndex(file)) => self.file = Some(file),
            (dw::DW_AT_call_file, _) => self.file = attr.udata_value(),
            (dw::DW_AT_call_line, _) => self.line = number(),
            (dw::DW_AT_call_column, _) => self.column = number(),
            _ => {}
        }
    }
}

impl Scope {
    fn new(place: Place) -> Scope {
        Scope {
            place,
            inlined: None,
            code: Vec::new(),
            variables: Vec::new(),
            end: usize::MAX,
            name: OnceLock::new(),
        }
    }

    /// The beginning of its code.
    pub fn start(&self) -> Option<WasmPc> {
        self.code.iter().map(|code| code.start).min()
    }

    /// A function's name, demangled, once its linkage name was found.
    pub fn name(&self, linkage_name: impl FnOnce(Place) -> Option<String>) -> Option<&str> {
        let name = || {
            let name = linkage_name(self.place)?;
            Some(crate::demangle::demangle(&name).into_owned())
        };
        self.name.get_or_init(name).as_deref()
    }
}

impl Function {
    /// The scopes around an address, the function's first.
    pub fn scopes_at(&self, pc: WasmPc) -> Vec<&Scope> {
        let mut found = vec![&self.scopes[0]];
        let (mut at, mut end) = (1, self.scopes.len());
        while at < end {
            let scope = &self.scopes[at];
            // A block that does not say where it is can have what does; its variables are not known to be there.
            if scope.code.is_empty() && scope.inlined.is_none() {
                at += 1;
            } else if scope.code.iter().any(|code| code.contains(&pc)) {
                found.push(scope);
                (at, end) = (at + 1, scope.end);
            } else {
                at = scope.end;
            }
        }
        found
    }
}

impl Functions {
    /// The function of a unit, by the unit's number, that has code at an address.
    pub fn at(&self, unit: ReadUnit<'_, '_>, number: usize, pc: WasmPc) -> Option<Arc<Function>> {
        let (code, offset) = self.find(unit, pc)?;
        if let Some(known) = self.scopes.borrow().get(&offset) {
            return Some(known.clone());
        }
        let place = Place {
            unit: number,
            offset,
        };
        let function = Function {
            place,
            code,
            scopes: scopes(unit, place)?,
        };
        let mut known = self.scopes.borrow_mut();
        Some(known.entry(offset).or_insert(Arc::new(function)).clone())
    }
}

/// The scopes in a function; as far as they can be read.
fn scopes(unit: ReadUnit<'_, '_>, function: Place) -> Option<Vec<Scope>> {
    let mut tree = Tree::default();
    let mut entries = unit.entries_raw(Some(function.offset)).ok()?;
    let room = ListRoom::of(unit);
    while !entries.is_empty() && tree.add(unit, &room, function, &mut entries).is_some() {}
    tree.close(isize::MIN);
    (!tree.scopes.is_empty()).then_some(tree.scopes)
}

/// Scopes that are being read.
#[derive(Default)]
struct Tree {
    scopes: Vec<Scope>,
    /// Those that are open: depth and number.
    open: Vec<(isize, usize)>,
    /// The depth of an entry what is in which is passed over: a function in a function has code of its own, and types have no
    /// variables of frames.
    passed: Option<isize>,
}

impl Tree {
    /// Takes the next entry; `None` after the function, and where it cannot be read.
    fn add<'a>(
        &mut self,
        unit: ReadUnit<'_, 'a>,
        room: &ListRoom,
        function: Place,
        entries: &mut EntriesRaw<'_, Reader<'a>>,
    ) -> Option<()> {
        let (offset, depth) = (entries.next_offset(), entries.next_depth());
        if depth <= 0 && !self.scopes.is_empty() {
            return None;
        }
        let Some(abbreviation) = entries.read_abbreviation().ok()? else {
            return Some(());
        };
        let (tag, specs) = (abbreviation.tag(), abbreviation.attributes());
        if self.passed.is_some_and(|passed| depth > passed) {
            return skip_attributes(entries, specs).ok();
        }
        self.passed = None;
        self.close(depth);
        let is_function = self.scopes.is_empty();
        if is_function
            || matches!(
                tag,
                dw::DW_TAG_inlined_subroutine | dw::DW_TAG_lexical_block
            )
        {
            let mut scope = Scope::new(Place { offset, ..function });
            let mut inlined = Inlined::default();
            let mut ranges = RangeAttributes::default();
            for spec in specs {
                let attr = entries.read_attribute(*spec).ok()?;
                ranges.note(&attr);
                inlined.note(&attr);
            }
            scope.code = ranges.read(unit, room);
            scope.inlined = (tag == dw::DW_TAG_inlined_subroutine).then_some(inlined);
            self.open.push((depth, self.scopes.len()));
            self.scopes.push(scope);
            return Some(());
        }
        if matches!(tag, dw::DW_TAG_formal_parameter | dw::DW_TAG_variable) {
            let (_, scope) = self.open.last()?;
            self.scopes[*scope].variables.push(offset);
        }
        self.passed = Some(depth);
        skip_attributes(entries, specs).ok()
    }

    /// Closes the scopes that an entry at a depth is not in.
    fn close(&mut self, depth: isize) {
        let count = self.scopes.len();
        while let Some((_, scope)) = self.open.pop_if(|(outer, _)| depth <= *outer) {
            self.scopes[scope].end = count;
        }
    }
}

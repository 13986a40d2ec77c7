//! Which entries describe something that exists: functions that were compiled and variables that were not dropped. What they
//! refer to and what they are in is found by [`filter`](super::filter).

use super::declared::{Declarations, DeclaredAt};
use super::filter::{FilterUnit, FilterUnitEntry, Graph};
use crate::address::{AddressSize, WasmPc};
use crate::code::Flavor;
use crate::dies::{Die, is_call_site, is_scope, ranges};
use crate::expr::decode::{Op, decode};
use crate::lookup::Lookup;
use crate::outline;
use crate::ranges::{ListRoom, merged, within};
use crate::source::{ReadDwarf, ReadUnit, Reader, StringRoom, Warnings, attr_string};
use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;

/// The depth to which entries may nest, as they are written recursively: scopes, namespaces and inlined calls are far less.
const MAX_NESTING: isize = 1000;

/// The live entries of one unit and their requirements.
pub(super) struct Live<'d> {
    /// The unit.
    pub unit: gimli::read::Unit<Reader<'d>>,
    /// Its entries, and which to keep.
    pub graph: Graph,
    /// Functions, and the declarations of functions, that say they return something and return it in memory: by a parameter
    /// of wasm's that the source does not have. Debuggers would take it from the host's registers.
    pub returns_in_memory: HashSet<DebugInfoOffset>,
    /// Hashes of the names of variables that all files may mean.
    pub globals: HashSet<u64>,
    /// The places where its functions are declared, by their numbers: for gdb.
    pub declared: HashMap<usize, DeclaredAt>,
}

/// Stands for a name in a set of them. Two names of one hash cost no more than the place of one in an order.
pub(super) fn name_hash(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.finish()
}

/// The live entries of a unit: of one that is damaged, up to there.
///
/// # Errors
/// Where not even its root can be read.
pub(super) fn find<'d>(
    read: &ReadDwarf<'d>,
    unit: gimli::read::Unit<Reader<'d>>,
    lookup: &Lookup<'_>,
    warnings: &mut Warnings,
) -> gimli::Result<Live<'d>> {
    let offset = unit.header.offset().0;
    let mut found = Found::default();
    let mut filter = FilterUnit::new(unit.unit_ref(read))?;
    match require(&mut filter, lookup, &mut found) {
        Ok(true) => {}
        Ok(false) => warnings.add("entries are too deep in each other", offset),
        Err(error) => warnings.add(format!("a unit is damaged: {error}"), offset),
    }
    let graph = filter.finish();
    Ok(Live {
        unit,
        graph,
        returns_in_memory: found.returns_in_memory,
        globals: found.globals,
        declared: found.declared,
    })
}

/// Returns true if a call site is a tail call. gdb would show the frame that was left, and read its variables where they are no more: in
/// the frame of the callee.
fn is_tail_call(entry: &Die<'_>) -> bool {
    let marks = [dw::DW_AT_call_tail_call, dw::DW_AT_GNU_tail_call];
    let mut marks = marks.into_iter().filter_map(|mark| entry.attr_value(mark));
    marks.any(|mark| mark == Read::Flag(true))
}

/// The parts of [`Live`] that are found on the way.
#[derive(Default)]
struct Found {
    returns_in_memory: HashSet<DebugInfoOffset>,
    globals: HashSet<u64>,
    declared: HashMap<usize, DeclaredAt>,
}

impl Found {
    /// Notes what is to be known of a function that an entry describes the code of.
    fn note<'d>(
        &mut self,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        index: usize,
        lookup: &Lookup<'_>,
        room: &StringRoom,
    ) {
        let returns_in_memory = !lookup.function(index).has_results;
        let is_for_gdb = lookup.code.flavor == Flavor::Gdb;
        if !returns_in_memory && !is_for_gdb {
            return;
        }
        let declarations = Declarations::of(unit, entry, room);
        if returns_in_memory {
            self.returns_in_memory.extend(declarations.offsets(unit));
        }
        if is_for_gdb {
            let place = declarations.place(unit);
            self.declared.extend(place.map(|it| (index, it)));
        }
    }
}

/// Requires a unit's live entries, up to one that is too deep: `false`.
fn require<'d>(
    unit: &mut FilterUnit<'_, Reader<'d>>,
    lookup: &Lookup<'_>,
    found: &mut Found,
) -> gimli::Result<bool> {
    let mut entry = unit.null_entry();
    let mut scopes = Scopes::default();
    let referred = StringRoom::of(unit.read_unit);
    let is_outline = outline::kind_of(unit.read_unit).is_some();
    while unit.read_entry(&mut entry)? {
        if entry.read_entry.depth() > MAX_NESTING {
            return Ok(false);
        }
        let live = match entry.read_entry.tag() {
            dw::DW_TAG_subprogram => {
                scopes.enter(unit.read_unit, &entry.read_entry, lookup)?;
                let function = function(unit.read_unit, &entry.read_entry, lookup)?;
                if let Some(index) = function {
                    found.note(unit.read_unit, &entry.read_entry, index, lookup, &referred);
                }
                function.is_some()
            }
            dw::DW_TAG_variable => is_live_variable(unit, &entry),
            dw::DW_TAG_imported_module | dw::DW_TAG_imported_declaration => {
                entry.parent_tag.is_none()
            }
            // Objects say themselves what type they have: nothing else may refer to it.
            dw::DW_TAG_typedef => is_outline && entry.parent_tag.is_none(),
            tag if is_scope(tag) => {
                if !scopes.enter(unit.read_unit, &entry.read_entry, lookup)? {
                    unit.leave_out();
                }
                false
            }
            tag if is_call_site(tag) && is_tail_call(&entry.read_entry) => {
                unit.leave_out();
                false
            }
            _ => false,
        };
        if live {
            unit.require_entry(entry.read_entry.offset());
            found
                .globals
                .extend(global(unit.read_unit, &entry.read_entry, &referred));
        }
    }
    Ok(true)
}

/// The functions, blocks and inlined functions around an entry: their depths, and their code where they say which.
#[derive(Default)]
struct Scopes(Vec<(isize, Option<Vec<Range<WasmPc>>>)>);

impl Scopes {
    /// Enters one; whether it covers any code that is there, as far as it says. A block without would be as wide as what it is in, and
    /// what it hides there would stay hidden. Optimisers that know little of DWARF leave such behind, and others outside of theirs.
    fn enter<'d>(
        &mut self,
        unit: ReadUnit<'_, 'd>,
        entry: &Die<'d>,
        lookup: &Lookup<'_>,
    ) -> gimli::Result<bool> {
        self.0
            .truncate(self.0.partition_point(|(depth, _)| *depth < entry.depth()));
        let says_code =
            entry.attr(dw::DW_AT_ranges).is_some() || entry.attr(dw::DW_AT_high_pc).is_some();
        if !says_code || lookup.is_exhausted() {
            self.0.push((entry.depth(), None));
            return Ok(true);
        }
        let said = ranges(unit, entry, &ListRoom::one())?;
        lookup.spend(said.len());
        let mut code = merged(said);
        let outer = self.0.iter().rev().find_map(|(_, code)| code.as_deref());
        if entry.tag() != dw::DW_TAG_subprogram
            && let Some(outer) = outer
        {
            code = within(&code, outer);
        }
        let is_there = code.iter().any(|it| lookup.function_at(it.start).is_some());
        self.0.push((entry.depth(), Some(code)));
        Ok(is_there)
    }
}

/// The function that an entry describes the code of.
fn function<'d>(
    unit: ReadUnit<'_, 'd>,
    entry: &Die<'d>,
    lookup: &Lookup<'_>,
) -> gimli::Result<Option<usize>> {
    let mut ranges = unit.die_ranges(entry)?;
    while let Some(range) = ranges.next()? {
        if lookup.is_exhausted() {
            break;
        }
        lookup.spend(1);
        let found = WasmPc::from_dwarf(range.begin).and_then(|pc| lookup.function_at(pc));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Tells each unit of its declarations that others complete. Units are in the order of `.debug_info`.
pub(super) fn share_declarations(units: &mut [Live<'_>]) {
    let mut foreign = Vec::new();
    for live in &mut *units {
        let header = &live.unit.header;
        let returns = &mut live.returns_in_memory;
        foreign.extend(returns.extract_if(|offset| offset.to_unit_offset(header).is_none()));
    }
    for offset in foreign {
        let behind = units.partition_point(|live| live.unit.header.offset().0 <= offset.0);
        if let Some(unit) = behind.checked_sub(1) {
            units[unit].returns_in_memory.insert(offset);
        }
    }
}

/// Data of the guest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    There,
    /// It is nowhere, as its value is known.
    Constant,
    /// The linker left it out, as nothing refers to it, or an optimiser did, which then says no place.
    Dropped,
}

/// Returns true if what is in an entry of this kind is in no function.
fn is_outside(parent: Option<gimli::DwTag>) -> bool {
    !matches!(
        parent,
        Some(dw::DW_TAG_subprogram | dw::DW_TAG_lexical_block | dw::DW_TAG_inlined_subroutine)
    )
}

/// Returns true for a variable outside functions, or a static one inside: the locals of live functions are part of these, and a
/// constant is not what keeps a scope without code.
fn is_live_variable<'d>(
    unit: &FilterUnit<'_, Reader<'d>>,
    entry: &FilterUnitEntry<Reader<'d>>,
) -> bool {
    match data(unit.read_unit, &entry.read_entry) {
        Some(Data::There) => true,
        Some(Data::Constant) => is_outside(entry.parent_tag),
        // So that nobody looks for a mistake in its name; but not the function that it is in, if that was dropped as well.
        Some(Data::Dropped) => {
            is_outside(entry.parent_tag) && !is_vtable(unit.read_unit, &entry.read_entry)
        }
        None => false,
    }
}

/// The hash of a name that all files may mean a variable by.
fn global<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>, room: &StringRoom) -> Option<u64> {
    if entry.tag() != dw::DW_TAG_variable || entry.attr(dw::DW_AT_external).is_none() {
        return None;
    }
    let name = attr_string(unit, entry.attr_value(dw::DW_AT_name)?).ok()?;
    room.take(name.slice())?;
    Some(name_hash(name.slice()))
}

/// Returns true if a variable is one of the tables that rustc describes for each type and trait, which nobody asks for.
fn is_vtable<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> bool {
    let name = entry.attr_value(dw::DW_AT_name);
    let name = name.and_then(|name| attr_string(unit, name).ok());
    name.is_some_and(|name| name.slice().ends_with(b"{vtable}"))
}

/// The place of a variable that is at an address of the guest's data, a global of wasm's, or constant.
fn data<'d>(unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> Option<Data> {
    if entry.attr_value(dw::DW_AT_const_value).is_some() {
        return Some(Data::Constant);
    }
    let expression = match entry.attr_value(dw::DW_AT_location) {
        Some(Read::Exprloc(expression)) => expression,
        None if entry.attr(dw::DW_AT_declaration).is_none() => return Some(Data::Dropped),
        _ => return None,
    };
    let ops = decode(expression, unit).ok()?;
    // A global of the module's that is a variable.
    if matches!(ops[..], [Op::Global(_), Op::StackValue]) {
        return Some(Data::There);
    }
    // The address may not be the first: that of a thread's variable is added to the thread's base.
    let address = ops.iter().find_map(|op| match op {
        Op::Address(address) => Some(*address),
        _ => None,
    })?;
    match AddressSize::of(unit.encoding()).data(address) {
        Some(_) => Some(Data::There),
        None => Some(Data::Dropped),
    }
}

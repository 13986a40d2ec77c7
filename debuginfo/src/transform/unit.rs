//! One unit after the other: line table, root, entries.

use super::base::Hidden;
use super::convert::{ConvertUnit, ConvertUnitEntry};
use super::filter::Kept;
use super::live::Live;
use super::part::{Part, effort};
use super::passing::{Passed, Passing, Uncallable};
use super::pointee::Pointees;
use super::pointer::Pointers;
use super::reference::There;
use super::wrapper::Wrappers;
use super::{Object, attribute, line};
use crate::address::{CodeOffset, HostAddress, WasmPc};
use crate::code::{CodeMap, Flavor, FunctionCode, Homes};
use crate::dies::{is_call_site, is_scope, ranges};
use crate::expr::decode::Op;
use crate::locals::Frame;
use crate::lookup::{EXHAUSTED, Lookup};
use crate::macros::Room;
use crate::prevailing::Prevailing;
use crate::ranges::{ListRoom, merged, within};
use crate::source::{ReadDwarf, Reader, Warnings};
use crate::write::{Address, AttributeValue, Encoded, MacroTable, UnitEntryId, encode};
use gimli::constants as dw;
use gimli::{DebugInfoOffset, UnitOffset};
use std::collections::HashSet;
use std::ops::Range;

/// A unit that was made anew.
#[derive(Default)]
pub(super) struct Converted<'d> {
    /// Its part of the sections.
    pub encoded: Encoded<'d>,
    /// Names of functions: the linkage name, or the name, by number.
    pub names: Vec<(usize, String)>,
    /// Static variables.
    pub objects: Vec<Object>,
    /// True if it refers to the functions of the table.
    pub has_function_pointers: bool,
    pub warnings: Warnings,
}

/// The facts that all units' conversions share.
pub(super) struct Shared<'s> {
    pub code: &'s CodeMap<'s>,
    pub prevailing: &'s Prevailing,
    pub room: &'s Room,
    /// True if the module's locals have other numbers than in its debug info.
    pub renumbered: bool,
}

/// Converts what is kept of a unit.
pub(super) fn convert<'d>(
    read: &ReadDwarf<'d>,
    units: &[Live<'d>],
    number: usize,
    kept: &Kept,
    shared: &Shared<'_>,
) -> Converted<'d> {
    let Shared {
        code,
        prevailing,
        room,
        ..
    } = *shared;
    let mut out = Converted::default();
    let live = &units[number];
    let offset = live.unit.header.offset().0;
    let (mut unit, root) = match ConvertUnit::new(live.unit.unit_ref(read), number, kept) {
        Ok(found) => found,
        Err(error) => {
            out.warnings
                .add(format!("a unit cannot be converted: {error}"), offset);
            return out;
        }
    };
    if !matches!(
        root.tag(),
        dw::DW_TAG_compile_unit | dw::DW_TAG_partial_unit | dw::DW_TAG_skeleton_unit
    ) {
        out.warnings.add(
            format!("units of the kind {} are not supported yet", root.tag()),
            offset,
        );
        return out;
    }
    unit.unit.is_indexed = code.flavor == Flavor::Lldb;
    let lookup = Lookup::of_unit(code, prevailing, &live.unit.header);
    let mut transform = UnitTransform::new(&mut unit, (read, units), (&lookup, room), &mut out);
    transform.returns_in_memory = Some(&live.returns_in_memory);
    transform.renumbered = shared.renumbered;
    let result = transform.run(root);
    let line = transform.line.take();
    let macro_table = transform.macro_table.take();
    if let Err(error) = result {
        out.warnings
            .add(format!("a unit is damaged: {error}"), offset);
    }
    let describes = kept.count(number) > 0 || line.as_ref().is_some_and(|line| line.has_rows);
    if !describes {
        return out;
    }
    out.encoded = encode(unit.unit);
    out.encoded.macro_table = macro_table.unwrap_or_default();
    if !kept.has_foreign {
        out.encoded.entries = Vec::new();
    }
    if let Some(line) = line {
        out.encoded.line = line.bytes;
        out.encoded.line_strings = line.strings;
    }
    out
}

/// The bytes of names that symbols of a unit's functions may have: for each byte of the unit, and beside these.
const NAMES_OF_BYTE: usize = 16;
const NAMES_BESIDE: usize = 1 << 16;

/// The state of a unit's conversion that entries need of those around them.
pub(super) struct UnitTransform<'u, 'a, 'd> {
    pub(super) unit: &'u mut ConvertUnit<'a, Reader<'d>>,
    /// All units, for entries of others that it refers to.
    pub(super) read: &'a ReadDwarf<'d>,
    pub(super) units: &'a [Live<'d>],
    pub(super) lookup: &'u Lookup<'u>,
    pub(super) warnings: &'u mut Warnings,
    names: &'u mut Vec<(usize, String)>,
    pub(super) objects: &'u mut Vec<Object>,
    pub(super) has_function_pointers: &'u mut bool,
    pub(super) line: Option<line::LineTable<'d>>,
    pub(super) macro_table: Option<MacroTable>,
    /// The budget of macros that all units share.
    pub(super) room: &'u Room,
    pub(super) pointers: Pointers,
    pub(super) pointees: Pointees,
    pub(super) wrappers: Wrappers,
    pub(super) hidden: Hidden,
    /// Members that are there of the variable that is being converted.
    pub(super) parts: Vec<Part<'a, 'd>>,
    /// The rest of the budget for that.
    pub(super) effort: usize,
    returns_in_memory: Option<&'u HashSet<DebugInfoOffset>>,
    /// True if the module's locals have other numbers than in its debug info.
    pub(super) renumbered: bool,
    /// The functions around the entry, innermost last.
    functions: Vec<Function>,
    /// The passing of values of types.
    pub(super) passed: Passed,
    /// Functions that must not be called, and why.
    pub(super) uncallable: Vec<(UnitOffset, Uncallable)>,
    /// The bytes that the unit's functions may still have in names.
    name_room: usize,
    /// The range lists that are read beside those that are converted.
    pub(super) listed: ListRoom,
    /// The scopes of code around it.
    scopes: Vec<Scope>,
    /// All code that the unit describes.
    code: Vec<Range<HostAddress>>,
}

/// A function, a block or an inlined function that the entry is in.
struct Scope {
    depth: isize,
    offset: UnitOffset,
    /// Its code, where it says which: sorted and disjoint.
    code: Option<Vec<Range<HostAddress>>>,
}

/// A function whose entries are being converted.
pub(super) struct Function {
    pub(super) depth: isize,
    offset: UnitOffset,
    /// True if it is refused for what it returns.
    returns_in_memory: bool,
    /// The passing of its parameters.
    passing: Passing,
    /// Its number.
    pub(super) index: Option<usize>,
    /// True if it is what instances have in common.
    pub(super) is_abstract: bool,
    /// True if it has a frame base that the debugger knows.
    pub(super) has_frame_base: bool,
    /// A frame base that is a list, for lldb, which looks for it in a section of DWARF 4.
    pub(super) frame_bases: Vec<(Range<WasmPc>, Vec<Op>)>,
    /// The frame that its locations are checked against.
    pub(super) frame: Frame,
    /// Calls, and where they return to: sorted.
    pub(super) returns: Vec<(WasmPc, HostAddress)>,
}

/// A function's calls by their addresses.
fn returns(function: &FunctionCode<'_>) -> Vec<(WasmPc, HostAddress)> {
    let call = |offset: &CodeOffset| {
        let row = function.rows.partition_point(|(at, _)| at < offset);
        let pc = function.rows.get(row.checked_sub(1)?)?.1?;
        Some((pc, function.code.start.offset(offset.0)))
    };
    let mut returns: Vec<_> = function.returns.iter().filter_map(call).collect();
    returns.sort_unstable();
    returns
}

impl<'u, 'a, 'd> UnitTransform<'u, 'a, 'd> {
    fn new(
        unit: &'u mut ConvertUnit<'a, Reader<'d>>,
        (read, units): (&'a ReadDwarf<'d>, &'a [Live<'d>]),
        (lookup, room): (&'u Lookup<'u>, &'u Room),
        out: &'u mut Converted<'d>,
    ) -> Self {
        let pointers = Pointers::new(lookup.code);
        let effort = effort(unit.read_unit.header.unit_length());
        let listed = ListRoom::of(unit.read_unit);
        let length = unit.read_unit.header.unit_length();
        let name_room = NAMES_BESIDE.saturating_add(length.saturating_mul(NAMES_OF_BYTE));
        UnitTransform {
            unit,
            read,
            units,
            lookup,
            warnings: &mut out.warnings,
            names: &mut out.names,
            objects: &mut out.objects,
            has_function_pointers: &mut out.has_function_pointers,
            line: None,
            macro_table: None,
            room,
            pointers,
            pointees: Pointees::new(lookup.code),
            wrappers: Wrappers::default(),
            hidden: Hidden::new(),
            parts: Vec::new(),
            effort,
            returns_in_memory: None,
            renumbered: false,
            functions: Vec::new(),
            passed: Passed::new(),
            uncallable: Vec::new(),
            name_room,
            listed,
            scopes: Vec::new(),
            code: Vec::new(),
        }
    }

    /// Returns true if an entry is of a function whose result debuggers would look for in the wrong place.
    pub(super) fn returns_in_memory(&self, entry: &ConvertUnitEntry<'a, Reader<'d>>) -> bool {
        let offset = entry
            .offset()
            .to_debug_info_offset(&self.unit.read_unit.header);
        entry.tag() == dw::DW_TAG_subprogram
            && offset.is_some_and(|offset| {
                self.returns_in_memory
                    .is_some_and(|all| all.contains(&offset))
            })
    }

    /// The offset of an entry, for warnings.
    pub(super) fn offset(&self, entry: &ConvertUnitEntry<'_, Reader<'_>>) -> usize {
        self.unit.read_unit.header.offset().0 + entry.offset().0
    }

    /// The function around the entry.
    pub(super) fn function(&self) -> Option<&Function> {
        self.functions.last()
    }

    /// The scopes around the entry, the innermost first.
    pub(super) fn scopes(&self) -> impl Iterator<Item = UnitOffset> {
        self.scopes.iter().rev().map(|scope| scope.offset)
    }

    /// Homes of the function around the entry.
    pub(super) fn homes(&self) -> Option<&'u Homes> {
        self.function()?
            .index
            .map(|index| &self.lookup.function(index).homes)
    }

    fn run(&mut self, root: ConvertUnitEntry<'a, Reader<'d>>) -> gimli::Result<()> {
        self.line_program(&root);
        self.begin_pointees(&root);
        // Not only that of functions with entries: with -g1 few have one.
        self.code = self.wasm_ranges(&root).unwrap_or_default();
        let id = self.unit.unit.root();
        self.unit.unit.get_mut(id).reserve(root.attrs().len());
        for attr in root.attrs() {
            let is_code = matches!(
                attr.name(),
                dw::DW_AT_low_pc | dw::DW_AT_high_pc | dw::DW_AT_ranges
            );
            let is_lost = attr.name() == dw::DW_AT_stmt_list && self.line.is_none();
            if !is_code && !is_lost {
                self.attribute(id, &root, attr);
            }
        }
        let mut entry = root;
        let mut damage = Ok(());
        loop {
            // What is before the damage is finished nevertheless.
            let id = match self.unit.read_entry(&mut entry) {
                Ok(Some(id)) => id,
                Ok(None) => break,
                Err(error) => {
                    damage = Err(error);
                    break;
                }
            };
            self.leave_functions(entry.depth());
            self.scopes.retain(|scope| scope.depth < entry.depth());
            self.entry(id, &entry);
        }
        self.leave_functions(0);
        self.refuse_calls();
        self.finish_pointees();
        let code = std::mem::take(&mut self.code);
        attribute::set_ranges(self.unit, id, code, true);
        damage
    }

    fn line_program(&mut self, root: &ConvertUnitEntry<'_, Reader<'_>>) {
        let offset = self.offset(root);
        match line::convert(self.unit.read_unit, self.lookup) {
            Ok(Some(table)) => {
                if let Some(damage) = &table.damage {
                    let what = format!("a line table is damaged: {damage}");
                    self.warnings.add(what, offset);
                }
                self.unit.files = table.files;
                self.line = Some(table);
            }
            Ok(None) => {}
            Err(error) => {
                let what = format!("a line table cannot be read: {error}");
                self.warnings.add(what, offset);
            }
        }
    }

    fn entry(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        if self.is_hidden(entry) {
            // Others may refer to it; it describes nothing.
            return self.hidden_base(entry);
        }
        if self.pointers.is_replaced(entry.tag()) || self.is_function_pointer(entry) {
            return self.pointer(id, entry);
        }
        if self.is_replaced_number(entry) {
            return self.replaced_number(id, entry);
        }
        if self.is_null_type(entry) {
            return self.null_type(id, entry);
        }
        if entry.tag() == dw::DW_TAG_subprogram {
            self.enter_function(entry);
        }
        match entry.tag() {
            dw::DW_TAG_variable => self.name_object(entry),
            dw::DW_TAG_formal_parameter | dw::DW_TAG_unspecified_parameters => {
                self.parameter(entry);
            }
            _ => {}
        }
        if is_scope(entry.tag()) {
            self.scopes.push(Scope {
                depth: entry.depth(),
                offset: entry.offset(),
                code: None,
            });
        }
        let id = self.unit.add_entry(Some(id), entry);
        for attr in entry.attrs() {
            self.attribute(id, entry, attr);
        }
        match entry.tag() {
            dw::DW_TAG_subprogram => self.check_calls(id, entry),
            dw::DW_TAG_variable => self.place_dropped(id, entry),
            _ => {}
        }
        self.code_ranges(id, entry);
        self.finish_type(id, entry);
        self.finish_parts(id, entry);
    }

    /// The frame base and the homes that the function's variables are found by.
    fn enter_function(&mut self, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let unit = self.unit.read_unit;
        let index = unit.die_ranges(entry).ok().and_then(|mut ranges| {
            self.listed
                .entries(|| ranges.next())
                .filter_map(|range| WasmPc::from_dwarf(range.begin))
                .find_map(|pc| self.lookup.function_at(pc))
        });
        if let Some(index) = index {
            self.name_function(index, entry);
        }
        let body = index.and_then(|index| self.lookup.body(index));
        self.functions.push(Function {
            depth: entry.depth(),
            offset: entry.offset(),
            returns_in_memory: self.returns_in_memory(entry) && self.type_at(unit, entry).is_some(),
            passing: Passing::default(),
            frame: Frame::of(unit, entry, body),
            index,
            is_abstract: entry.attr(dw::DW_AT_inline).is_some(),
            has_frame_base: entry.attr(dw::DW_AT_frame_base).is_some(),
            frame_bases: self.frame_bases(entry),
            returns: index.map_or_else(Vec::new, |index| returns(self.lookup.function(index))),
        });
    }

    /// Leaves functions that an entry of a depth is not in.
    fn leave_functions(&mut self, depth: isize) {
        while let Some(function) = self.functions.pop_if(|it| it.depth >= depth) {
            let code = function
                .index
                .filter(|_| !function.returns_in_memory)
                .map(|index| self.lookup.function(index));
            let why = code.and_then(|code| function.passing.check(&code.parameters));
            if self.lookup.code.flavor == Flavor::Lldb {
                self.uncallable
                    .extend(why.map(|why| (function.offset, why)));
            }
        }
    }

    /// Takes a function's parameter into account.
    fn parameter(&mut self, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        if let Some(function) = self.functions.last_mut()
            && function.depth + 1 == entry.depth()
            && function.index.is_some()
        {
            let mut passing = std::mem::take(&mut function.passing);
            self.pass(&mut passing, entry);
            if let Some(function) = self.functions.last_mut() {
                function.passing = passing;
            }
        }
    }

    /// The name that a debugger should find the function's symbol by, where the entry itself has it.
    fn name_function(&mut self, index: usize, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let main = entry.attr(dw::DW_AT_linkage_name);
        let name = match main.filter(|name| self.is_main(entry, name)) {
            Some(_) => Some("main".to_owned()),
            None => self.name_of(&self.here(entry)),
        };
        let Some(name) = name else { return };
        match self.name_room.checked_sub(name.len()) {
            Some(rest) => self.name_room = rest,
            // Functions may share a string that is as long as the input.
            None => return,
        }
        self.names.push((index, name));
    }

    pub(super) fn name_of(&self, there: &There<'a, 'd>) -> Option<String> {
        let names = [
            dw::DW_AT_linkage_name,
            dw::DW_AT_MIPS_linkage_name,
            dw::DW_AT_name,
        ];
        names.into_iter().find_map(|name| {
            let text = there.unit.attr_string(there.entry.attr_value(name)?).ok()?;
            Some(text.to_string_lossy().into_owned())
        })
    }

    /// The code that an entry covers.
    fn code_ranges(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let unit = self.unit.read_unit;
        let point =
            entry.attr(dw::DW_AT_high_pc).is_none() && entry.attr(dw::DW_AT_ranges).is_none();
        if point {
            if let Some(address) = entry.attr_value(dw::DW_AT_low_pc) {
                let pc = unit
                    .attr_address(address)
                    .ok()
                    .flatten()
                    .and_then(WasmPc::from_dwarf);
                // GNU's call sites begin where the call returns to.
                let address = pc.and_then(|pc| match is_call_site(entry.tag()) {
                    true => self.return_address(pc),
                    false => self.lookup.code_address(pc),
                });
                if let Some(address) = address {
                    let address = Address::Constant(address.0);
                    self.unit
                        .unit
                        .get_mut(id)
                        .set(dw::DW_AT_low_pc, AttributeValue::Address(address));
                }
            }
            return;
        }
        let Ok(code) = self.wasm_ranges(entry) else {
            return self
                .warnings
                .add("an entry's ranges cannot be read", self.offset(entry));
        };
        if self.lookup.is_exhausted() {
            let what = format!("not all code of an entry can be shown: {EXHAUSTED}");
            self.warnings.lost(what, self.offset(entry));
        }
        if entry.tag() == dw::DW_TAG_subprogram {
            self.code.extend(code.iter().cloned());
        }
        let code = match is_scope(entry.tag()) {
            true => self.scope_code(entry, code),
            false => code,
        };
        if code.is_empty() && is_scope(entry.tag()) && entry.tag() != dw::DW_TAG_subprogram {
            self.no_code(id, entry);
        }
        attribute::set_ranges(self.unit, id, code, false);
    }

    /// The part of a scope's code that is in the scope around it, but for functions. Where tools that change code leave such behind,
    /// debuggers make the outer one wider.
    fn scope_code(
        &mut self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
        code: Vec<Range<HostAddress>>,
    ) -> Vec<Range<HostAddress>> {
        let mut scopes = self.scopes.iter_mut().rev();
        let own = scopes.next();
        let outer = scopes.find_map(|scope| scope.code.as_deref());
        let outer = outer.filter(|_| entry.tag() != dw::DW_TAG_subprogram);
        let code = merged(code);
        let code = outer.map_or_else(|| code.clone(), |outer| within(&code, outer));
        self.lookup.spend(code.len());
        if let Some(own) = own {
            own.code = Some(code.clone());
        }
        code
    }

    /// Says of a scope that it has no machine code: it is an empty range. Without any, gdb would put what is in it in the scope around it.
    fn no_code(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let ranges = ranges(self.unit.read_unit, entry, &self.listed).unwrap_or_default();
        let address = ranges.iter().find_map(|range| {
            let function = self.lookup.function_at(range.start)?;
            let first = self.lookup.code_address(range.start);
            Some(first.unwrap_or(self.lookup.function(function).code.start))
        });
        // One that has none in the module either is there for a static variable in it.
        let start = |it: &Function| Some(self.lookup.function(it.index?).code.start);
        let address = address.or_else(|| self.function().and_then(start));
        let Some(address) = address else { return };
        let entry = self.unit.unit.get_mut(id);
        let address = Address::Constant(address.0);
        entry.set(dw::DW_AT_low_pc, AttributeValue::Address(address));
        entry.set(dw::DW_AT_high_pc, AttributeValue::Udata(0));
    }

    /// The code of the ranges that an entry says it covers.
    fn wasm_ranges(
        &self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) -> gimli::Result<Vec<Range<HostAddress>>> {
        let mut code = Vec::new();
        let mut ranges = self.unit.read_unit.die_ranges(entry)?;
        while let Ok(Some(range)) = ranges.next() {
            if self.lookup.is_exhausted() {
                break;
            }
            self.lookup.spend(1);
            if let (Some(start), Some(end)) = (
                WasmPc::from_dwarf(range.begin),
                WasmPc::from_dwarf(range.end),
            ) {
                code.extend(self.lookup.code_ranges(start..end));
            }
        }
        Ok(code)
    }
}

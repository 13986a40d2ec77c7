//! The conversion of one unit: its line table, its root, its entries one after the other.

use super::attribute::Attributes;
use super::callable::{check_calls, refuse_calls};
use super::callable_gdb::refuse_calls_by_gdb;
use super::code_range::{code_ranges, set_ranges, wasm_ranges};
use super::context::{Context, Shared};
use super::convert::{Entries, Entry, EntryIds, add_entry, new_unit};
use super::filter::Kept;
use super::fragment::add_fragments;
use super::line;
use super::live::Live;
use super::number::{finish_number, is_replaced_number, replaced_number};
use super::object::{object, place_dropped, show_to_all};
use super::output::{Object, Output};
use super::passing::PassedValues;
use super::pointers::{PointerModel, pointer_model};
use super::scopes::Scopes;
use crate::code::Flavor;
use crate::lookup::Lookup;
use crate::source::{ReadUnit, Warnings};
use crate::write::{Encoded, UnitEntryId, encode};
use gimli::constants as dw;

/// A converted unit.
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

/// Converts what is kept of a unit.
pub(super) fn convert<'a, 'd>(
    unit: ReadUnit<'a, 'd>,
    live: &Live<'d>,
    number: usize,
    kept: &'a Kept,
    shared: &Shared<'_, 'a, 'd>,
) -> Converted<'d> {
    let mut warnings = Warnings::default();
    let offset = unit.header.offset().0;
    let refused = |mut warnings: Warnings, what: String| {
        warnings.add(what, offset);
        Converted {
            warnings,
            ..Converted::default()
        }
    };
    let (entries, root) = match Entries::new(unit, number, kept) {
        Ok(found) => found,
        Err(error) => return refused(warnings, format!("a unit cannot be converted: {error}")),
    };
    if !matches!(
        root.tag(),
        dw::DW_TAG_compile_unit | dw::DW_TAG_partial_unit | dw::DW_TAG_skeleton_unit
    ) {
        let what = format!("units of the kind {} are not supported yet", root.tag());
        return refused(warnings, what);
    }
    let lookup = Lookup::of_unit(shared.code, shared.prevailing, &unit.header);
    let line = line_table(unit, live, &lookup, offset, &mut warnings);
    let files = line.as_ref().map(|line| line.files);
    let ids = EntryIds::new(number, kept, files.unwrap_or(0));
    let returns_in_memory = &live.returns_in_memory;
    let cx = Context::new(shared, unit, ids, lookup, files, &root, returns_in_memory);
    let mut out = Output::new(new_unit(number, kept), unit.header.unit_length(), warnings);
    out.unit.is_indexed = shared.code.flavor == Flavor::Lldb;
    let mut conversion = Conversion {
        cx: &cx,
        scopes: Scopes::default(),
        model: pointer_model(&cx),
        passed: PassedValues::default(),
        out,
    };
    if let Err(error) = conversion.run(entries, root) {
        let what = format!("a unit is damaged: {error}");
        conversion.out.warnings.add(what, offset);
    }
    let has_rows = line.as_ref().is_some_and(|line| line.has_rows);
    finish(
        conversion.out,
        line,
        kept,
        kept.count(number) > 0 || has_rows,
    )
}

/// Puts together what is written of a unit; nothing of one that describes nothing.
fn finish<'d>(
    out: Output,
    line: Option<line::LineTable<'d>>,
    kept: &Kept,
    describes: bool,
) -> Converted<'d> {
    let mut converted = Converted {
        encoded: Encoded::default(),
        names: out.names,
        objects: out.objects,
        has_function_pointers: out.has_function_pointers,
        warnings: out.warnings,
    };
    if !describes {
        return converted;
    }
    converted.encoded = encode(out.unit);
    converted.encoded.macro_table = out.macro_table.unwrap_or_default();
    if !kept.has_foreign {
        converted.encoded.entries = Vec::new();
    }
    if let Some(line) = line {
        converted.encoded.line = line.bytes;
        converted.encoded.line_strings = line.strings;
    }
    converted
}

/// The line table of a unit, where it has one that can be read.
fn line_table<'d>(
    unit: ReadUnit<'_, 'd>,
    live: &Live<'d>,
    lookup: &Lookup<'_>,
    offset: usize,
    warnings: &mut Warnings,
) -> Option<line::LineTable<'d>> {
    match line::convert(unit, lookup, &live.declared) {
        Ok(table) => {
            if let Some(damage) = table.as_ref().and_then(|table| table.damage.as_ref()) {
                warnings.add(format!("a line table is damaged: {damage}"), offset);
            }
            table
        }
        Err(error) => {
            let what = format!("a line table cannot be read: {error}");
            warnings.add(what, offset);
            None
        }
    }
}

/// The conversion of a unit's entries: what is read, where one is, how pointers are shown, and what is written.
struct Conversion<'c, 'u, 'a, 'd> {
    cx: &'c Context<'u, 'a, 'd>,
    scopes: Scopes,
    model: Box<dyn PointerModel<'a, 'd>>,
    /// The passing of values of types.
    passed: PassedValues,
    out: Output,
}

impl<'a, 'd> Conversion<'_, '_, 'a, 'd> {
    fn run(&mut self, mut entries: Entries<'a, 'd>, root: Entry<'a, 'd>) -> gimli::Result<()> {
        // Not only that of functions with entries: with -g1 few have one.
        self.out.code = wasm_ranges(self.cx, &root).unwrap_or_default();
        let id = self.out.unit.root();
        self.out.unit.get_mut(id).reserve(root.attrs().len());
        let has_lines = self.cx.line_files.is_some();
        self.attributes(id, &root, |name| name != dw::DW_AT_stmt_list || has_lines);
        let mut entry = root;
        let mut damage = Ok(());
        loop {
            // What is before the damage is finished nevertheless.
            let id = match entries.read_entry(&mut entry) {
                Ok(Some(id)) => id,
                Ok(None) => break,
                Err(error) => {
                    damage = Err(error);
                    break;
                }
            };
            self.scopes.leave(self.cx, entry.depth());
            self.entry(id, &entry);
        }
        self.scopes.leave(self.cx, 0);
        let refused = self.scopes.take_refused();
        match self.cx.flavor() {
            Flavor::Gdb => refuse_calls_by_gdb(self.cx, &mut self.out, refused),
            Flavor::Lldb => refuse_calls(self.cx, &mut self.out, refused),
        }
        self.model.finish_unit(self.cx, &mut self.out);
        let code = std::mem::take(&mut self.out.code);
        set_ranges(&mut self.out.unit, id, code, true);
        damage
    }

    fn entry(&mut self, id: UnitEntryId, entry: &Entry<'a, 'd>) {
        let cx = self.cx;
        if self.model.replaces(cx, entry) {
            return self.model.replace(cx, &mut self.out, id, entry);
        }
        if is_replaced_number(cx, entry) {
            return replaced_number(cx, &mut self.out, id, entry);
        }
        match entry.tag() {
            dw::DW_TAG_subprogram => self.enter_function(entry),
            dw::DW_TAG_variable => {
                if let Some(object) = object(cx, &self.scopes, entry) {
                    self.out.name_object(object);
                }
            }
            dw::DW_TAG_formal_parameter | dw::DW_TAG_unspecified_parameters => {
                if let Some(passing) = self.scopes.passing(entry) {
                    self.passed.pass(cx, passing, id, entry);
                }
            }
            _ => {}
        }
        self.scopes.enter(entry);
        add_entry(&mut self.out.unit, id, entry);
        self.attributes(id, entry, |_| true);
        match entry.tag() {
            dw::DW_TAG_subprogram => check_calls(cx, &mut self.out, id, entry),
            dw::DW_TAG_variable => {
                place_dropped(&self.scopes, &mut self.out, id, entry);
                show_to_all(cx, &mut self.out, id, entry);
            }
            _ => {}
        }
        code_ranges(cx, &mut self.scopes, &mut self.out, id, entry);
        if entry.tag() == dw::DW_TAG_base_type {
            finish_number(cx, &mut self.out, id, entry);
        }
        self.model.finish_entry(cx, &mut self.out, id, entry);
    }

    /// Converts those of an entry's attributes whose names are taken.
    fn attributes(
        &mut self,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
        takes: impl Fn(gimli::DwAt) -> bool,
    ) {
        let mut attributes = Attributes {
            cx: self.cx,
            scopes: &self.scopes,
            out: &mut self.out,
            model: &mut *self.model,
            id,
            entry,
            fragments: Vec::new(),
        };
        for attr in entry.attrs().iter().filter(|attr| takes(attr.name())) {
            attributes.convert(attr);
        }
        let fragments = attributes.fragments;
        add_fragments(
            self.cx,
            &self.scopes,
            &mut self.out,
            &mut *self.model,
            id,
            entry,
            fragments,
        );
    }

    /// Enters a function, and names it as a debugger should find its symbol, where the entry itself has the name.
    fn enter_function(&mut self, entry: &Entry<'a, 'd>) {
        let Some(index) = self.scopes.enter_function(self.cx, entry) else {
            return;
        };
        if let Some(name) = self.cx.own(entry).linkage_name() {
            self.out.name_function(index, name);
        }
    }
}

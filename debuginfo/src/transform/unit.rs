//! One unit after the other: line table, root, entries.

use super::Native;
use super::base::Hidden;
use super::live::Live;
use super::pointee::Pointees;
use super::pointer::Pointers;
use super::wrapper::Wrappers;
use super::{attribute, line};
use crate::address::{HostAddress, WasmPc};
use crate::code::Homes;
use crate::expr::decode::{Op, decode};
use crate::lookup::Lookup;
use crate::source::{Reader, Warnings};
use gimli::constants as dw;
use gimli::read::{AttributeValue as Read, DebuggingInformationEntry};
use gimli::write::{
    AttributeValue, ConvertUnit, ConvertUnitEntry, Dwarf, LineProgram, UnitEntryId,
};
use gimli::{DebugInfoOffset, Encoding, Format, LineEncoding};
use std::collections::HashSet;
use std::ops::Range;

/// What is written, whatever was read.
const ENCODING: Encoding = Encoding {
    address_size: 8,
    format: Format::Dwarf32,
    version: 5,
};

/// Rows of machine code are further apart than those of wasm.
const LINE_ENCODING: LineEncoding = LineEncoding {
    minimum_instruction_length: 1,
    maximum_operations_per_instruction: 1,
    default_is_stmt: true,
    line_base: -5,
    line_range: 14,
};

/// Converts the live entries of all units, and notes the names that they give.
pub(super) fn convert(
    live: Live<'_, '_>,
    lookup: &Lookup<'_>,
    out: &mut Dwarf,
    native: &mut Native,
    warnings: &mut Warnings,
) {
    let mut section = match out.convert_with_filter(live.filter) {
        Ok(section) => section,
        Err(error) => {
            warnings.add(format!("it cannot be converted: {error}"), 0);
            return;
        }
    };
    loop {
        match section.read_unit() {
            Ok(Some((mut unit, root))) => {
                let offset = unit.read_unit.header.offset().0;
                if !matches!(
                    root.tag(),
                    dw::DW_TAG_compile_unit | dw::DW_TAG_partial_unit | dw::DW_TAG_skeleton_unit
                ) {
                    warnings.add(
                        format!("units of the kind {} are not supported yet", root.tag()),
                        offset,
                    );
                    unit.skip();
                    continue;
                }
                let mut transform = UnitTransform::new(&mut unit, lookup, warnings, native);
                transform.returns_in_memory = Some(&live.returns_in_memory);
                if let Err(error) = transform.run(root) {
                    warnings.add(format!("a unit is damaged: {error}"), offset);
                }
            }
            Ok(None) => return,
            Err(error) => {
                warnings.add(format!("a unit cannot be converted: {error}"), 0);
                return;
            }
        }
    }
}

/// What a unit's entries need to know of those around them.
pub(super) struct UnitTransform<'u, 'a, 'd> {
    pub(super) unit: &'u mut ConvertUnit<'a, Reader<'d>>,
    pub(super) lookup: &'u Lookup<'u>,
    pub(super) warnings: &'u mut Warnings,
    pub(super) pointers: Pointers,
    pub(super) pointees: Pointees,
    pub(super) wrappers: Wrappers,
    pub(super) hidden: Hidden,
    /// Functions that debuggers must not call.
    pub(super) uncallable: Vec<UnitEntryId>,
    native: &'u mut Native,
    returns_in_memory: Option<&'u HashSet<DebugInfoOffset>>,
    /// The functions around the entry, innermost last.
    functions: Vec<Function>,
    /// All code that the unit describes.
    code: Vec<Range<HostAddress>>,
}

/// A function whose entries are being converted.
pub(super) struct Function {
    depth: isize,
    /// Its number.
    pub(super) index: Option<usize>,
    /// Its frame base, as the guest has it.
    pub(super) frame_base: Option<Vec<Op>>,
}

impl<'u, 'a, 'd> UnitTransform<'u, 'a, 'd> {
    fn new(
        unit: &'u mut ConvertUnit<'a, Reader<'d>>,
        lookup: &'u Lookup<'u>,
        warnings: &'u mut Warnings,
        native: &'u mut Native,
    ) -> Self {
        unit.unit.set_encoding(ENCODING);
        let pointers = Pointers::new(lookup.code);
        UnitTransform {
            unit,
            lookup,
            warnings,
            pointers,
            pointees: Pointees::new(lookup.code),
            wrappers: Wrappers::default(),
            hidden: Hidden::new(),
            uncallable: Vec::new(),
            native,
            returns_in_memory: None,
            functions: Vec::new(),
            code: Vec::new(),
        }
    }

    /// Whether an entry is of a function whose result debuggers would look for in the wrong place.
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

    /// Where an entry is, for warnings.
    pub(super) fn offset(&self, entry: &ConvertUnitEntry<'_, Reader<'_>>) -> usize {
        self.unit.read_unit.header.offset().0 + entry.offset().0
    }

    /// The function around the entry.
    pub(super) fn function(&self) -> Option<&Function> {
        self.functions.last()
    }

    /// Homes of the function around the entry.
    pub(super) fn homes(&self) -> Option<&'u Homes> {
        self.function()?
            .index
            .map(|index| &self.lookup.function(index).homes)
    }

    fn run(&mut self, root: ConvertUnitEntry<'a, Reader<'d>>) -> gimli::write::ConvertResult<()> {
        self.line_program(&root);
        self.begin_pointees(&root);
        // Not only that of functions with entries: with -g1 few have one.
        self.code = self.wasm_ranges(&root).unwrap_or_default();
        let id = self.unit.unit.root();
        self.unit.unit.get_mut(id).reserve(root.attrs().len());
        for attr in root.attrs() {
            if !matches!(
                attr.name(),
                dw::DW_AT_low_pc | dw::DW_AT_high_pc | dw::DW_AT_ranges
            ) {
                self.attribute(id, &root, attr);
            }
        }
        let mut entry = root;
        while let Some(id) = self.unit.read_entry(&mut entry)? {
            while self
                .functions
                .last()
                .is_some_and(|function| function.depth >= entry.depth())
            {
                self.functions.pop();
            }
            let Some(id) = id else { continue };
            self.entry(id, &entry);
        }
        self.finish_pointees();
        self.finish_calls();
        let code = std::mem::take(&mut self.code);
        attribute::set_ranges(self.unit, id, code, true);
        Ok(())
    }

    fn line_program(&mut self, root: &ConvertUnitEntry<'_, Reader<'_>>) {
        let offset = self.offset(root);
        let converted = match self
            .unit
            .read_line_program(Some(ENCODING), Some(LINE_ENCODING))
        {
            Ok(None) => return,
            Ok(Some(mut program)) => {
                let result = line::convert(&mut program, self.lookup);
                let (program, files) = program.program();
                if let Err(error) = result {
                    self.warnings
                        .add(format!("a line table is damaged: {error}"), offset);
                }
                // A sequence left open cannot be written.
                if program.in_sequence() {
                    (LineProgram::none(), files)
                } else {
                    (program, files)
                }
            }
            Err(error) => {
                self.warnings
                    .add(format!("a line table cannot be read: {error}"), offset);
                return;
            }
        };
        self.unit.set_line_program(converted.0, converted.1);
    }

    fn entry(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        if self.is_hidden(entry) {
            // Others may refer to it; it describes nothing.
            return self.hidden_base(entry);
        }
        if self.pointers.is_replaced(entry.tag()) {
            return self.pointer(id, entry);
        }
        if entry.tag() == dw::DW_TAG_subprogram {
            self.enter_function(entry);
        }
        if entry.tag() == dw::DW_TAG_variable {
            self.name_object(entry);
        }
        let id = self.unit.add_entry(Some(id), entry);
        for attr in entry.attrs() {
            self.attribute(id, entry, attr);
        }
        if entry.tag() == dw::DW_TAG_subprogram {
            self.check_calls(id, entry);
        }
        self.code_ranges(id, entry);
        self.finish_type(id, entry);
    }

    /// The frame base and the homes that the function's variables are found by.
    fn enter_function(&mut self, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let unit = self.unit.read_unit;
        let index = unit.die_ranges(entry).ok().and_then(|mut ranges| {
            std::iter::from_fn(|| ranges.next().ok().flatten())
                .filter_map(|range| WasmPc::from_dwarf(range.begin))
                .find_map(|pc| self.lookup.function_at(pc))
        });
        let frame_base = match entry.attr_value(dw::DW_AT_frame_base) {
            Some(Read::Exprloc(expression)) => decode(expression, unit).ok(),
            _ => None,
        };
        if let Some(index) = index {
            self.name_function(index, entry);
        }
        self.functions.push(Function {
            depth: entry.depth(),
            index,
            frame_base,
        });
    }

    /// The name that a debugger should find the function's symbol by, where the entry itself has it.
    fn name_function(&mut self, index: usize, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        if let Some(name) = self.name_of(entry) {
            self.native.names.entry(index).or_insert(name);
        }
    }

    fn name_of(&self, entry: &DebuggingInformationEntry<Reader<'d>>) -> Option<String> {
        let unit = self.unit.read_unit;
        [dw::DW_AT_linkage_name, dw::DW_AT_name]
            .into_iter()
            .find_map(|name| {
                let text = unit.attr_string(entry.attr_value(name)?).ok()?;
                Some(text.to_string_lossy().into_owned())
            })
    }

    /// A static variable gets a symbol: lldb's expressions find members of classes by it.
    fn name_object(&mut self, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let unit = self.unit.read_unit;
        let Some(Read::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else {
            return;
        };
        let ops = decode(expression, unit).unwrap_or_default();
        let [Op::Address(address)] = ops[..] else {
            return;
        };
        let (Some(memory), Ok(address)) =
            (self.lookup.code.memories.first(), u32::try_from(address))
        else {
            return;
        };
        // A static member is declared in its class, which has the name.
        let declared = match entry.attr_value(dw::DW_AT_specification) {
            Some(Read::UnitRef(offset)) => unit.entry(offset).ok(),
            _ => None,
        };
        let name = self
            .name_of(entry)
            .or_else(|| self.name_of(declared.as_ref()?));
        self.native
            .objects
            .extend(name.map(|name| (name, memory.offset(address))));
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
                if let Some(address) = pc.and_then(|pc| self.lookup.code_address(pc)) {
                    let address = gimli::write::Address::Constant(address.0);
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
        if entry.tag() == dw::DW_TAG_subprogram {
            self.code.extend(code.iter().cloned());
        }
        attribute::set_ranges(self.unit, id, code, false);
    }

    /// The code of the ranges that an entry says it covers.
    fn wasm_ranges(
        &self,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) -> gimli::Result<Vec<Range<HostAddress>>> {
        let mut code = Vec::new();
        let mut ranges = self.unit.read_unit.die_ranges(entry)?;
        while let Ok(Some(range)) = ranges.next() {
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

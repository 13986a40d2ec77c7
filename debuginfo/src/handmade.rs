//! Debug info that tests write with gimli, the code that it describes, and debug info as a tree that tests can look at.

use crate::address::{CodeOffset, FrameOffset, HostAddress, WasmPc};
use crate::code::{
    CodeMap, DebugSlot, DebugSlots, Flavor, FunctionCode, GlobalAddress, GlobalPlace, MemoryPlace,
    ValueType,
};
use crate::source::{ReadUnit, Reader, WasmDwarf};
use gimli::constants as dw;
use gimli::read::{AttributeValue as Read, EndianSlice, MacroEntry, MacroString};
use gimli::write::{
    Address, AttributeValue as Value, Dwarf, EndianVec, Expression, LineProgram, LineString,
    Location, LocationList, RangeList, Sections, Unit, UnitEntryId, UnitId,
};
use gimli::{
    DwAt, DwAte, DwTag, Encoding, Format, LineEncoding, LittleEndian, Operation, SectionId,
};
use std::ops::Range;

/// The machine code.
pub const TEXT: u64 = 0x7000_0000_0000;
/// Bytes of machine code of one byte of the module's.
pub const STEP: u64 = 4;
/// The first memory.
pub const MEMORY: u64 = 0x100_0000_0000;
/// The first global.
pub const GLOBAL: u64 = 0x9000;

/// Two functions: `f`, whose local 0 is an i32 at -16 from the CFA and whose local 1 is a f64 at -24, and `g` without a result.
pub const F: Range<u64> = 10..30;
pub const G: Range<u64> = 32..40;

pub fn encoding(version: u16) -> Encoding {
    Encoding {
        format: Format::Dwarf32,
        version,
        address_size: 4,
    }
}

/// The machine code of an address of the module's.
pub fn native(pc: u64) -> u64 {
    TEXT + pc * STEP
}

fn function(name: &'static str, wasm: Range<u64>, slots: DebugSlots) -> FunctionCode<'static> {
    let row = |pc: u64| {
        let offset = (pc - wasm.start) * STEP;
        (CodeOffset(offset as u32), Some(WasmPc(pc as u32)))
    };
    FunctionCode {
        index: 0,
        name,
        wasm: WasmPc(wasm.start as u32)..WasmPc(wasm.end as u32),
        parameters: Vec::new(),
        has_results: name != "g",
        pops_arguments: false,
        code: HostAddress(native(wasm.start))..HostAddress(native(wasm.end)),
        rows: wasm.clone().map(row).collect(),
        slots,
        returns: Vec::new(),
    }
}

/// The code that tests describe.
pub fn code(flavor: Flavor) -> CodeMap<'static> {
    let slots = DebugSlots {
        slots: vec![
            DebugSlot::home(0, FrameOffset(-16), ValueType::I32),
            DebugSlot::home(1, FrameOffset(-24), ValueType::F64),
        ],
        ..DebugSlots::default()
    };
    CodeMap {
        module_name: "test",
        wasm: &[],
        text: HostAddress(TEXT)..HostAddress(TEXT + 0x1000),
        functions: vec![
            function("f", F, slots),
            function("g", G, DebugSlots::default()),
        ],
        trampolines: Vec::new(),
        eh_frame: (HostAddress(0), &[]),
        memories: vec![MemoryPlace {
            base: HostAddress(MEMORY),
            address_type: ValueType::I32,
        }],
        table: Vec::new(),
        globals: vec![GlobalPlace {
            address: GlobalAddress::Fixed(HostAddress(GLOBAL)),
            ty: ValueType::I32,
        }],
        forwards: Vec::new(),
        heap: None,
        context: None,
        flavor,
        at_own_addresses: false,
        pointer_code: None,
    }
}

/// Debug info of one unit or more, of which the last is written to.
pub struct Handmade {
    dwarf: Dwarf,
    unit: UnitId,
    encoding: Encoding,
}

impl Handmade {
    /// One unit of C, of DWARF 5.
    pub fn new() -> Handmade {
        Handmade::of(encoding(5))
    }

    pub fn of(encoding: Encoding) -> Handmade {
        let mut dwarf = Dwarf::new();
        let unit = dwarf.units.add(Unit::new(encoding, LineProgram::none()));
        let mut info = Handmade {
            dwarf,
            unit,
            encoding,
        };
        info.begin_unit();
        info
    }

    /// Begins another unit.
    pub fn next_unit(&mut self) {
        let unit = Unit::new(self.encoding, LineProgram::none());
        self.unit = self.dwarf.units.add(unit);
        self.begin_unit();
    }

    fn begin_unit(&mut self) {
        let root = self.root();
        self.set(root, dw::DW_AT_name, text("handmade.c"));
        self.set(root, dw::DW_AT_language, Value::Language(dw::DW_LANG_C11));
    }

    pub fn root(&mut self) -> UnitEntryId {
        self.unit().root()
    }

    pub fn unit(&mut self) -> &mut Unit {
        self.dwarf.units.get_mut(self.unit)
    }

    pub fn set(&mut self, entry: UnitEntryId, name: DwAt, value: Value) {
        self.unit().get_mut(entry).set(name, value);
    }

    pub fn add(
        &mut self,
        parent: UnitEntryId,
        tag: DwTag,
        attributes: impl IntoIterator<Item = (DwAt, Value)>,
    ) -> UnitEntryId {
        let entry = self.unit().add(parent, tag);
        for (name, value) in attributes {
            self.set(entry, name, value);
        }
        entry
    }

    pub fn named(&mut self, parent: UnitEntryId, tag: DwTag, name: &str) -> UnitEntryId {
        self.add(parent, tag, [(dw::DW_AT_name, text(name))])
    }

    pub fn base(&mut self, name: &str, size: u8, encoding: DwAte) -> UnitEntryId {
        let root = self.root();
        let entry = self.named(root, dw::DW_TAG_base_type, name);
        self.set(entry, dw::DW_AT_byte_size, Value::Data1(size));
        self.set(entry, dw::DW_AT_encoding, Value::Encoding(encoding));
        entry
    }

    pub fn int(&mut self) -> UnitEntryId {
        self.base("int", 4, dw::DW_ATE_signed)
    }

    /// A type of another type: a pointer, a typedef and the like.
    pub fn derived(&mut self, tag: DwTag, inner: UnitEntryId) -> UnitEntryId {
        let root = self.root();
        self.add(root, tag, [(dw::DW_AT_type, Value::UnitRef(inner))])
    }

    /// A structure with members of these names, types and places.
    pub fn structure(
        &mut self,
        name: &str,
        size: u8,
        members: &[(&str, UnitEntryId, u8)],
    ) -> UnitEntryId {
        let root = self.root();
        let entry = self.named(root, dw::DW_TAG_structure_type, name);
        self.set(entry, dw::DW_AT_byte_size, Value::Data1(size));
        for (name, ty, place) in members {
            let member = self.named(entry, dw::DW_TAG_member, name);
            self.set(member, dw::DW_AT_type, Value::UnitRef(*ty));
            let place = Value::Data1(*place);
            self.set(member, dw::DW_AT_data_member_location, place);
        }
        entry
    }

    pub fn array(&mut self, element: UnitEntryId, counts: &[u64]) -> UnitEntryId {
        let array = self.derived(dw::DW_TAG_array_type, element);
        for count in counts {
            let count = [(dw::DW_AT_count, Value::Udata(*count))];
            self.add(array, dw::DW_TAG_subrange_type, count);
        }
        array
    }

    pub fn cover(&mut self, entry: UnitEntryId, range: Range<u64>) {
        let start = Address::Constant(range.start);
        self.set(entry, dw::DW_AT_low_pc, Value::Address(start));
        let length = Value::Udata(range.end - range.start);
        self.set(entry, dw::DW_AT_high_pc, length);
    }

    pub fn cover_ranges(&mut self, entry: UnitEntryId, ranges: &[Range<u64>]) {
        let range = |range: &Range<u64>| gimli::write::Range::StartEnd {
            begin: Address::Constant(range.start),
            end: Address::Constant(range.end),
        };
        let list = RangeList(ranges.iter().map(range).collect());
        let list = self.unit().ranges.add(list);
        self.set(entry, dw::DW_AT_ranges, Value::RangeListRef(list));
    }

    pub fn function(&mut self, name: &str, range: Range<u64>) -> UnitEntryId {
        let root = self.root();
        let entry = self.named(root, dw::DW_TAG_subprogram, name);
        self.cover(entry, range);
        entry
    }

    pub fn variable(
        &mut self,
        parent: UnitEntryId,
        name: &str,
        ty: UnitEntryId,
        location: &[u8],
    ) -> UnitEntryId {
        let entry = self.named(parent, dw::DW_TAG_variable, name);
        self.set(entry, dw::DW_AT_type, Value::UnitRef(ty));
        self.set(entry, dw::DW_AT_location, raw(location));
        entry
    }

    pub fn list(&mut self, entries: &[(Range<u64>, &[u8])]) -> Value {
        let entry = |(range, bytes): &(Range<u64>, &[u8])| Location::StartEnd {
            begin: Address::Constant(range.start),
            end: Address::Constant(range.end),
            data: Expression::raw(bytes.to_vec()),
        };
        let list = LocationList(entries.iter().map(entry).collect());
        Value::LocationListRef(self.unit().locations.add(list))
    }

    /// Gives the unit a line table of one sequence, of rows of addresses and lines. One of the line before is no statement.
    pub fn lines(&mut self, rows: &[(u64, u64)], end: u64) {
        let string = |text: &str| LineString::String(text.into());
        let line = LineEncoding::default();
        let (directory, name) = (string("/src"), string("handmade.c"));
        let mut program =
            LineProgram::new(self.encoding, line, directory, None, name.clone(), None);
        let directory = program.default_directory();
        let file = program.add_file(name, directory, None);
        let start = rows[0].0;
        program.begin_sequence(Some(Address::Constant(start)));
        let mut before = None;
        for (pc, line) in rows {
            let row = program.row();
            row.address_offset = pc - start;
            row.is_statement = before.replace(line) != Some(line);
            row.file = file;
            row.line = *line;
            program.generate_row();
        }
        program.end_sequence(end - start);
        self.unit().line_program = program;
        let root = self.root();
        self.set(root, dw::DW_AT_stmt_list, Value::LineProgramRef);
    }

    pub fn write(mut self) -> Written {
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        self.dwarf.write(&mut sections).unwrap();
        let mut written = Vec::new();
        let collect = |id: SectionId, data: &EndianVec<LittleEndian>| {
            written.push((id.name(), data.slice().to_vec()));
            Ok::<_, gimli::write::Error>(())
        };
        sections.for_each(collect).unwrap();
        Written(written)
    }
}

/// Sections by name.
pub struct Written(pub Vec<(&'static str, Vec<u8>)>);

impl Written {
    /// Adds a section that gimli does not write.
    pub fn with(mut self, id: SectionId, bytes: &[u8]) -> Written {
        self.0.retain(|(name, _)| *name != id.name());
        self.0.push((id.name(), bytes.to_vec()));
        self
    }

    pub fn dwarf(&self) -> WasmDwarf<'_> {
        let sections = self.0.iter();
        WasmDwarf::new(sections.map(|(name, bytes)| (*name, &bytes[..])))
    }

    /// Transforms it to native debug info.
    pub fn transformed(&self, code: &CodeMap<'_>) -> Shown {
        let dwarf = self.dwarf();
        let native = crate::transform::transform(&dwarf, code);
        let joined = native.sections.into_iter();
        let mut sections: Vec<_> = joined
            .map(|(name, pieces)| (name, pieces.concat()))
            .collect();
        sections.push((SectionId::DebugStr.name(), native.strings.bytes));
        let warnings = native.warnings.into_iter().map(|it| it.what).collect();
        Shown::of(&Written(sections), warnings)
    }

    pub fn section(&self, id: SectionId) -> &[u8] {
        let found = self.0.iter().find(|(name, _)| *name == id.name());
        found.map_or(&[], |(_, bytes)| bytes)
    }
}

pub fn text(text: &str) -> Value {
    Value::String(text.into())
}

pub fn raw(bytes: &[u8]) -> Value {
    Value::Exprloc(Expression::raw(bytes.to_vec()))
}

/// The value of a local.
pub const fn local(index: u8) -> [u8; 4] {
    let wasm = dw::DW_OP_WASM_location.0;
    [wasm, 0, index, dw::DW_OP_stack_value.0]
}

/// An object in memory.
pub fn address(at: u32) -> [u8; 5] {
    let [a, b, c, d] = at.to_le_bytes();
    [dw::DW_OP_addr.0, a, b, c, d]
}

/// An attribute's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Attr {
    Text(String),
    Number(u64),
    /// The place of an entry.
    Entry(usize),
    /// Operations.
    Ops(String),
    /// Operations by ranges of addresses.
    List(Vec<(Range<u64>, String)>),
    Other,
}

/// An entry that was written.
#[derive(Clone, Debug)]
pub struct Die {
    pub place: usize,
    pub tag: DwTag,
    pub parent: Option<usize>,
    pub attrs: Vec<(DwAt, Attr)>,
    /// The code that it covers.
    pub ranges: Vec<Range<u64>>,
}

impl Die {
    pub fn attr(&self, name: DwAt) -> Option<&Attr> {
        let found = self.attrs.iter().find(|(it, _)| *it == name);
        found.map(|(_, value)| value)
    }

    pub fn name(&self) -> &str {
        match self.attr(dw::DW_AT_name) {
            Some(Attr::Text(name)) => name,
            _ => "",
        }
    }

    pub fn number(&self, name: DwAt) -> Option<u64> {
        match self.attr(name) {
            Some(Attr::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Operations, as `fbreg 8`, one after the other.
    pub fn ops(&self, name: DwAt) -> &str {
        match self.attr(name) {
            Some(Attr::Ops(ops)) => ops,
            _ => "none",
        }
    }

    pub fn location(&self) -> &str {
        self.ops(dw::DW_AT_location)
    }

    pub fn list(&self) -> &[(Range<u64>, String)] {
        match self.attr(dw::DW_AT_location) {
            Some(Attr::List(list)) => list,
            _ => &[],
        }
    }
}

/// Debug info that was made, as entries in their order.
pub struct Shown {
    pub entries: Vec<Die>,
    pub rows: Vec<Row>,
    /// Macros, as `define 3 LIMIT 42`, with the files that they are in.
    pub macros: Vec<String>,
    /// The files of line tables, by their numbers.
    pub files: Vec<String>,
    pub warnings: Vec<String>,
}

/// A row of a line table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    pub address: u64,
    pub line: u64,
    pub is_statement: bool,
    pub prologue_end: bool,
}

impl Shown {
    pub fn of(sections: &Written, warnings: Vec<String>) -> Shown {
        let load = |id: SectionId| {
            let bytes = sections.section(id);
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        };
        let dwarf = gimli::read::Dwarf::load(load).unwrap();
        let mut shown = Shown {
            entries: Vec::new(),
            rows: Vec::new(),
            macros: Vec::new(),
            files: Vec::new(),
            warnings,
        };
        let mut units = dwarf.units();
        while let Some(header) = units.next().unwrap() {
            let unit = dwarf.unit(header).unwrap();
            read_unit(unit.unit_ref(&dwarf), &mut shown.entries);
            shown.macros.extend(macros(unit.unit_ref(&dwarf)));
            shown.files.extend(files(unit.unit_ref(&dwarf)));
            if let Some(program) = unit.line_program {
                shown.rows.extend(rows(program));
            }
        }
        shown
    }

    /// All entries of a name.
    pub fn all(&self, tag: DwTag, name: &str) -> Vec<&Die> {
        let is = |it: &&Die| it.tag == tag && it.name() == name;
        self.entries.iter().filter(is).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|it| it.name() == name)
    }

    /// The only one of a name, or the first of a type's.
    pub fn find(&self, tag: DwTag, name: &str) -> &Die {
        let all = self.all(tag, name);
        let first = all.first();
        first.unwrap_or_else(|| panic!("no {tag} {name} in {:#?}", self.entries))
    }

    pub fn variable(&self, name: &str) -> &Die {
        self.find(dw::DW_TAG_variable, name)
    }

    pub fn at(&self, place: usize) -> &Die {
        let index = self.entries.binary_search_by_key(&place, |it| it.place);
        &self.entries[index.unwrap()]
    }

    pub fn refers(&self, die: &Die, name: DwAt) -> Option<&Die> {
        match die.attr(name) {
            Some(Attr::Entry(place)) => Some(self.at(*place)),
            _ => None,
        }
    }

    pub fn ty(&self, die: &Die) -> &Die {
        let ty = self.refers(die, dw::DW_AT_type);
        ty.unwrap_or_else(|| panic!("no type: {die:?}"))
    }

    pub fn children(&self, die: &Die) -> impl Iterator<Item = &Die> {
        let place = die.place;
        let is = move |it: &&Die| it.parent == Some(place);
        self.entries.iter().filter(is)
    }
}

fn macros<'d>(unit: ReadUnit<'_, 'd>) -> Vec<String> {
    let root = unit.entry(unit.header.root_offset()).unwrap();
    let Some(Read::DebugMacroRef(offset)) = root.attr_value(dw::DW_AT_macros) else {
        return Vec::new();
    };
    let (mut entries, mut found) = (unit.dwarf.macros(offset).unwrap(), Vec::new());
    let text = |text: MacroString<Reader<'d>>| {
        let text = text.string(unit).unwrap();
        text.to_string_lossy().into_owned()
    };
    while let Some(entry) = entries.next().unwrap() {
        found.push(match entry {
            MacroEntry::Define { line, text: it } => format!("define {line} {}", text(it)),
            MacroEntry::Undef { line, name } => format!("undef {line} {}", text(name)),
            MacroEntry::StartFile { line, file } => format!("start {line} {file}"),
            MacroEntry::EndFile => "end".to_owned(),
            other => format!("{other:?}"),
        });
    }
    found
}

fn files(unit: ReadUnit<'_, '_>) -> Vec<String> {
    let Some(program) = &unit.line_program else {
        return Vec::new();
    };
    let names = program.header().file_names().iter().map(|file| {
        let name = unit.attr_string(file.path_name()).unwrap();
        name.to_string_lossy().into_owned()
    });
    names.collect()
}

fn rows(program: gimli::IncompleteLineProgram<Reader<'_>>) -> Vec<Row> {
    let (mut rows, mut found) = (program.rows(), Vec::new());
    while let Some((_, row)) = rows.next_row().unwrap() {
        if !row.end_sequence() {
            found.push(Row {
                address: row.address(),
                line: row.line().map_or(0, |line| line.get()),
                is_statement: row.is_stmt(),
                prologue_end: row.prologue_end(),
            });
        }
    }
    found
}

fn read_unit(unit: ReadUnit<'_, '_>, out: &mut Vec<Die>) {
    let mut entries = unit.entries();
    let mut around: Vec<(isize, usize)> = Vec::new();
    while let Some(entry) = entries.next_dfs().unwrap() {
        around.retain(|(depth, _)| *depth < entry.depth());
        let place = unit.header.offset().0 + entry.offset().0;
        let mut ranges = unit.die_ranges(entry).unwrap();
        let ranges = std::iter::from_fn(|| ranges.next().unwrap());
        let attrs = entry.attrs().iter();
        out.push(Die {
            place,
            tag: entry.tag(),
            parent: around.last().map(|(_, place)| *place),
            attrs: attrs
                .map(|attr| (attr.name(), read(unit, attr.value())))
                .collect(),
            ranges: ranges.map(|range| range.begin..range.end).collect(),
        });
        around.push((entry.depth(), place));
    }
}

fn read<'d>(unit: ReadUnit<'_, 'd>, value: Read<Reader<'d>>) -> Attr {
    if let Ok(text) = unit.attr_string(value) {
        return Attr::Text(text.to_string_lossy().into_owned());
    }
    match value {
        Read::UnitRef(offset) => Attr::Entry(unit.header.offset().0 + offset.0),
        Read::DebugInfoRef(offset) => Attr::Entry(offset.0),
        Read::Exprloc(expression) => Attr::Ops(ops(unit, expression)),
        Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => {
            let mut list = unit.attr_locations(value).unwrap().unwrap();
            let entries = std::iter::from_fn(|| list.next().unwrap());
            let entry = |it: gimli::LocationListEntry<_>| {
                (it.range.begin..it.range.end, ops(unit, it.data))
            };
            Attr::List(entries.map(entry).collect())
        }
        Read::Addr(address) => Attr::Number(address),
        Read::Encoding(encoding) => Attr::Number(encoding.0.into()),
        Read::CallingConvention(it) => Attr::Number(it.0.into()),
        Read::Sdata(number) => Attr::Number(number as u64),
        Read::Flag(flag) => Attr::Number(flag.into()),
        value => match value.udata_value() {
            Some(number) => Attr::Number(number),
            None => Attr::Other,
        },
    }
}

fn ops<'d>(unit: ReadUnit<'_, 'd>, expression: gimli::read::Expression<Reader<'d>>) -> String {
    let mut operations = expression.operations(unit.encoding());
    let mut all = Vec::new();
    while let Some(operation) = operations.next().unwrap() {
        all.push(match operation {
            Operation::FrameOffset { offset } => format!("fbreg {offset}"),
            Operation::UnsignedConstant { value } => format!("{value:#x}"),
            Operation::SignedConstant { value } => format!("{value}"),
            Operation::PlusConstant { value } => format!("plus_uconst {value}"),
            Operation::Address { address } => format!("addr {address:#x}"),
            Operation::Deref { size, .. } => format!("deref {size}"),
            Operation::Piece { size_in_bits, .. } => format!("piece {size_in_bits}"),
            Operation::CallFrameCFA => "cfa".to_owned(),
            other => {
                let name = format!("{other:?}");
                let end = name.find(' ').unwrap_or(name.len());
                name[..end].to_lowercase()
            }
        });
    }
    all.join(" ")
}

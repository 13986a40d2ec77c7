//! Debug info that was written, as a tree that tests can look at.

use crate::code::CodeMap;
use crate::source::{ReadUnit, Reader, WasmDwarf};
use gimli::constants as dw;
use gimli::read::{AttributeValue as Read, EndianSlice, MacroEntry, MacroString};
use gimli::{DwAt, DwTag, LittleEndian, Operation, SectionId, UnitOffset};
use std::ops::Range;

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
        Read::Language(it) => Attr::Number(it.0.into()),
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
    let named = |base_type: UnitOffset| {
        let entry = unit.entry(base_type).ok();
        let name = entry.and_then(|it| it.attr_value(dw::DW_AT_name));
        let name = name.and_then(|name| unit.attr_string(name).ok());
        name.map_or("generic".into(), |it| it.to_string_lossy().into_owned())
    };
    let mut all = Vec::new();
    while let Some(operation) = operations.next().unwrap() {
        all.push(match operation {
            Operation::FrameOffset { offset } => format!("fbreg {offset}"),
            Operation::UnsignedConstant { value } => format!("{value:#x}"),
            Operation::SignedConstant { value } => format!("{value}"),
            Operation::PlusConstant { value } => format!("plus_uconst {value}"),
            Operation::Address { address } => format!("addr {address:#x}"),
            Operation::Deref {
                base_type, size, ..
            } if base_type != UnitOffset(0) => format!("deref {size} {}", named(base_type)),
            Operation::Deref { size, .. } => format!("deref {size}"),
            Operation::Piece { size_in_bits, .. } => format!("piece {size_in_bits}"),
            Operation::CallFrameCFA => "cfa".to_owned(),
            Operation::Bra { target } => format!("bra {target}"),
            Operation::Skip { target } => format!("skip {target}"),
            Operation::Convert { base_type } => format!("convert {}", named(base_type)),
            Operation::Reinterpret { base_type } => format!("reinterpret {}", named(base_type)),
            Operation::TypedLiteral { base_type, value } => {
                format!("literal {} {:?}", named(base_type), value.slice())
            }
            other => {
                let name = format!("{other:?}");
                let end = name.find(' ').unwrap_or(name.len());
                name[..end].to_lowercase()
            }
        });
    }
    all.join(" ")
}

//! Debug info that tests write with gimli, the code that it describes, and debug info as a tree that tests can look at.

mod shown;

use crate::address::{CodeOffset, FrameOffset, HostAddress, WasmPc};
use crate::code::{
    CodeMap, DebugSlot, DebugSlots, Flavor, FunctionCode, GlobalAddress, GlobalPlace, MemoryPlace,
    ValueType,
};
use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue as Value, Dwarf, EndianVec, Expression, LineProgram, LineString,
    Location, LocationList, RangeList, Sections, Unit, UnitEntryId, UnitId,
};
use gimli::{DwAt, DwAte, DwTag, Encoding, Format, LineEncoding, LittleEndian, SectionId};
pub use shown::{Attr, Die, Row, Shown, Written};
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

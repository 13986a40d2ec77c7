//! Modules with sections that name something.

use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue as Value, Dwarf, EndianVec, LineProgram, LineString, Sections, Unit,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian};

/// A module that traps at once.
pub fn trapping() -> Vec<u8> {
    wat::parse_str("(module (memory 1) (func $f (export \"_start\") unreachable))").unwrap()
}

pub fn leb(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        out.push(byte | if value > 0 { 0x80 } else { 0 });
        if value == 0 {
            return out;
        }
    }
}

/// A name or other bytes after their length.
pub fn counted(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len()), bytes.to_vec()].concat()
}

/// A module with another custom section.
pub fn with_section(module: &[u8], name: &str, contents: &[u8]) -> Vec<u8> {
    let section = [counted(name.as_bytes()), contents.to_vec()].concat();
    [module, &[0][..], &counted(&section)].concat()
}

/// The function's place in the code section's contents.
const FUNCTION: std::ops::Range<u64> = 2..5;

/// The names in debug info, all of them.
pub struct Names<'a> {
    pub unit: &'a str,
    pub directory: &'a str,
    /// The text of the source, where the line table holds it.
    pub text: Option<&'a str>,
    /// The file of the unit's other half.
    pub split: Option<&'a str>,
}

/// A unit with the function and a row.
pub fn unit(names: &Names<'_>) -> Unit {
    let version = if names.split.is_some() { 4 } else { 5 };
    let encoding = Encoding {
        format: Format::Dwarf32,
        version,
        address_size: 4,
    };
    let string = |text: &str| LineString::String(text.into());
    let mut lines = LineProgram::new(
        encoding,
        LineEncoding::default(),
        string(names.directory),
        None,
        string(names.unit),
        None,
    );
    let directory = lines.default_directory();
    let info = names.text.map(|text| gimli::write::FileInfo {
        source: Some(string(text)),
        ..Default::default()
    });
    lines.file_has_source = info.is_some();
    let file = lines.add_file(string(names.unit), directory, info);
    lines.begin_sequence(Some(Address::Constant(FUNCTION.start)));
    lines.row().file = file;
    lines.row().line = 1;
    lines.row().is_statement = true;
    lines.generate_row();
    lines.end_sequence(FUNCTION.end - FUNCTION.start);
    let mut unit = Unit::new(encoding, lines);
    let root = unit.root();
    let entry = unit.get_mut(root);
    entry.set(dw::DW_AT_name, Value::String(names.unit.into()));
    entry.set(dw::DW_AT_comp_dir, Value::String(names.directory.into()));
    entry.set(dw::DW_AT_stmt_list, Value::LineProgramRef);
    entry.set(dw::DW_AT_language, Value::Language(dw::DW_LANG_C99));
    let extent = |entry: &mut gimli::write::DebuggingInformationEntry| {
        let start = Address::Constant(FUNCTION.start);
        entry.set(dw::DW_AT_low_pc, Value::Address(start));
        let length = Value::Udata(FUNCTION.end - FUNCTION.start);
        entry.set(dw::DW_AT_high_pc, length);
    };
    extent(entry);
    if let Some(split) = names.split {
        entry.set(dw::DW_AT_GNU_dwo_name, Value::String(split.into()));
        entry.set(dw::DW_AT_GNU_dwo_id, Value::Data8(0x1234));
    }
    let function = unit.add(root, dw::DW_TAG_subprogram);
    let entry = unit.get_mut(function);
    entry.set(dw::DW_AT_name, Value::String("f".into()));
    entry.set(dw::DW_AT_decl_file, Value::FileIndex(Some(file)));
    extent(entry);
    unit
}

/// A module with units.
pub fn with_units(module: &[u8], units: Vec<Unit>) -> Vec<u8> {
    let mut dwarf = Dwarf::new();
    for unit in units {
        dwarf.units.add(unit);
    }
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).unwrap();
    let mut out = module.to_vec();
    sections
        .for_each(|id, data| {
            if !data.slice().is_empty() {
                out = with_section(&out, id.name(), data.slice());
            }
            Ok::<_, gimli::write::Error>(())
        })
        .unwrap();
    out
}

/// A module whose debug info names files.
pub fn naming(names: &Names<'_>) -> Vec<u8> {
    with_units(&trapping(), vec![unit(names)])
}

/// A module whose source map has a source of a name, at its only instruction.
pub fn mapped(source: &str, content: Option<&str>) -> Vec<u8> {
    let module = trapping();
    // The instruction is the last but one byte of the code section, which comes last but for names.
    let at = module.windows(3).position(|it| it == [0, 0, 0x0b]).unwrap() + 1;
    let map = serde_json::json!({
        "version": 3, "sources": [source], "names": [], "mappings": format!("{}AAA", vlq(at)),
        "sourcesContent": [content],
    });
    with_source_map(&module, &map.to_string())
}

/// A module with a source map in its URL.
pub fn with_source_map(module: &[u8], map: &str) -> Vec<u8> {
    let url = format!("data:application/json;base64,{}", base64(map.as_bytes()));
    with_section(module, "sourceMappingURL", &counted(url.as_bytes()))
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let group = |group: &[u8]| {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |i: usize| match i <= group.len() {
            true => char::from(DIGITS[(bits >> (18 - 6 * i) & 63) as usize]),
            false => '=',
        };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(3).flat_map(group).collect()
}

fn vlq(value: usize) -> String {
    let (mut rest, mut out) = (value << 1, String::new());
    loop {
        let digit = rest & 31;
        rest >>= 5;
        let more = if rest > 0 { 32 } else { 0 };
        out.push(char::from(DIGITS[digit | more]));
        if rest == 0 {
            return out;
        }
    }
}

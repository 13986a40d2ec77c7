//! Line tables (DWARF 5, section 6.2): rows → a line number program, and its header.

use super::{entry_format, set_length, sleb, uleb};
use crate::source::{ReadDwarf, Reader};
use gimli::constants as dw;
use gimli::read::{AttributeValue as Read, FileEntry, LineProgramHeader};

/// Special opcodes advance the line by -1 to 2 and the address by up to 60: rows of unoptimised code are far apart. Of all
/// ranges this makes the smallest tables, or one that is 2 % larger.
const LINE_BASE: i64 = -1;
const LINE_RANGE: u64 = 4;
const OPCODE_BASE: u64 = 13;
/// The address advance of DW_LNS_const_add_pc.
const CONST_ADVANCE: u64 = (255 - OPCODE_BASE) / LINE_RANGE;

/// A row, but for its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LineRow {
    pub file: u32,
    pub line: u32,
    pub column: u32,
    pub discriminator: u32,
    pub is_statement: bool,
    pub basic_block: bool,
    pub prologue_end: bool,
    pub epilogue_begin: bool,
}

/// The registers at the beginning of a sequence.
const START: LineRow = LineRow {
    file: 1,
    line: 1,
    column: 0,
    discriminator: 0,
    is_statement: true,
    basic_block: false,
    prologue_end: false,
    epilogue_begin: false,
};

/// The name of a file without one, as gdb has it.
const NO_NAME: &[u8] = b"<unknown>";

/// Padding between functions is shorter.
const ALIGNMENT: u64 = 64;

/// A program on its way out.
#[derive(Debug)]
pub(crate) struct LineProgram {
    bytes: Vec<u8>,
    last: LineRow,
    /// The address of the last row.
    address: u64,
    /// The beginning of the function being written.
    start: u64,
    /// The end of the functions whose sequence is still open.
    end: Option<u64>,
}

impl LineProgram {
    pub fn new() -> LineProgram {
        LineProgram {
            bytes: Vec::new(),
            last: START,
            address: 0,
            start: 0,
            end: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Begins a function, at a line. One right after the last is in one sequence with it; but not if it begins without a line: gdb
    /// does not keep such a row, and would have the function at the last line of the one before.
    pub fn begin_function(&mut self, start: u64, line: u32) {
        let is_next = |end| line != 0 && (end..end + ALIGNMENT).contains(&start);
        if !self.end.is_some_and(is_next) {
            self.end_sequence();
            self.bytes.extend([0, 9, dw::DW_LNE_set_address.0]);
            self.bytes.extend(start.to_le_bytes());
            (self.last, self.address) = (START, start);
        }
        self.start = start;
    }

    /// Ends a function of a length.
    pub fn end_function(&mut self, length: u64) {
        self.end = Some(self.start + length);
    }

    fn end_sequence(&mut self) {
        let Some(end) = self.end.take() else { return };
        let advance = end.saturating_sub(self.address);
        if advance != 0 {
            self.bytes.push(dw::DW_LNS_advance_pc.0);
            uleb(&mut self.bytes, advance);
        }
        self.bytes.extend([0, 1, dw::DW_LNE_end_sequence.0]);
    }

    /// A row at a distance from the function's start, which is not below the last one's.
    pub fn row(&mut self, offset: u64, row: LineRow) {
        let out = &mut self.bytes;
        if row.discriminator != 0 {
            let mut operand = Vec::new();
            uleb(&mut operand, row.discriminator.into());
            out.extend([0, operand.len() as u8 + 1, dw::DW_LNE_set_discriminator.0]);
            out.extend(operand);
        }
        for (is_set, opcode) in [
            (row.basic_block, dw::DW_LNS_set_basic_block),
            (row.prologue_end, dw::DW_LNS_set_prologue_end),
            (row.epilogue_begin, dw::DW_LNS_set_epilogue_begin),
            (
                row.is_statement != self.last.is_statement,
                dw::DW_LNS_negate_stmt,
            ),
        ] {
            if is_set {
                out.push(opcode.0);
            }
        }
        for (value, last, opcode) in [
            (row.file, self.last.file, dw::DW_LNS_set_file),
            (row.column, self.last.column, dw::DW_LNS_set_column),
        ] {
            if value != last {
                out.push(opcode.0);
                uleb(out, value.into());
            }
        }
        let advance = i64::from(row.line) - i64::from(self.last.line);
        let address = self.start + offset;
        advance_to(out, advance, address.saturating_sub(self.address));
        (self.last, self.address) = (row, address);
    }

    /// The table: a header like that of the input, with the same numbers of files, and the program. Says where it refers to
    /// strings. `unit_name` is what file 0 is where there was none before DWARF 5.
    pub fn finish<'d>(
        mut self,
        dwarf: &ReadDwarf<'d>,
        header: &LineProgramHeader<Reader<'d>>,
        unit_name: &'d [u8],
    ) -> gimli::Result<(Vec<u8>, Vec<(u32, &'d [u8])>)> {
        self.end_sequence();
        let mut table = Table {
            dwarf,
            header,
            out: vec![0, 0, 0, 0, 5, 0, 8, 0, 0, 0, 0, 0],
            strings: Vec::new(),
        };
        const HEADER_LENGTH: usize = 8;
        table.out.extend([
            1,
            1,
            1,
            LINE_BASE as u8,
            LINE_RANGE as u8,
            OPCODE_BASE as u8,
        ]);
        table.out.extend([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
        table.directories()?;
        table.files(unit_name)?;
        set_length(&mut table.out, HEADER_LENGTH);
        table.out.extend(self.bytes);
        set_length(&mut table.out, 0);
        Ok((table.out, table.strings))
    }
}

/// Appends the row: one special opcode, where line and address are near enough.
fn advance_to(out: &mut Vec<u8>, line: i64, mut address: u64) {
    let mut special = OPCODE_BASE + (-LINE_BASE) as u64;
    if (LINE_BASE..LINE_BASE + LINE_RANGE as i64).contains(&line) {
        special = OPCODE_BASE + (line - LINE_BASE) as u64;
    } else {
        out.push(dw::DW_LNS_advance_line.0);
        sleb(out, line);
    }
    let reach = (255 - special) / LINE_RANGE;
    if address > reach + CONST_ADVANCE {
        out.push(dw::DW_LNS_advance_pc.0);
        uleb(out, address);
        address = 0;
    } else if address > reach {
        out.push(dw::DW_LNS_const_add_pc.0);
        address -= CONST_ADVANCE;
    }
    out.push((special + address * LINE_RANGE) as u8);
}

/// A table's header on its way out.
struct Table<'a, 'd> {
    dwarf: &'a ReadDwarf<'d>,
    header: &'a LineProgramHeader<Reader<'d>>,
    out: Vec<u8>,
    strings: Vec<(u32, &'d [u8])>,
}

impl<'d> Table<'_, 'd> {
    fn string(&mut self, string: &'d [u8]) {
        self.strings.push((self.out.len() as u32, string));
        self.out.extend([0; 4]);
    }

    fn attribute(&mut self, value: Read<Reader<'d>>) -> gimli::Result<()> {
        let string = self.dwarf.attr_line_string(value)?;
        self.string(string.slice());
        Ok(())
    }

    /// Number 0 is the directory of the compilation.
    fn directories(&mut self) -> gimli::Result<()> {
        let format = [(dw::DW_LNCT_path, dw::DW_FORM_line_strp)];
        entry_format(&mut self.out, &format);
        let directories = self.header.include_directories();
        let is_implicit = self.header.version() <= 4;
        uleb(
            &mut self.out,
            (directories.len() + usize::from(is_implicit)) as u64,
        );
        if is_implicit {
            match self.header.directory(0) {
                Some(directory) => self.attribute(directory)?,
                None => self.string(b""),
            }
        }
        for directory in directories {
            self.attribute(*directory)?;
        }
        Ok(())
    }

    /// With what the input says of files beyond their names, but for texts (DW_LNCT_LLVM_source): gdb 13 does not know them, and lldb 19
    /// shows them by names that no breakpoint finds. Where files are gone, others take their place.
    fn files(&mut self, unit_name: &'d [u8]) -> gimli::Result<()> {
        let header = self.header;
        let files = header.file_names();
        let has_time = files.iter().any(|file| file.timestamp() != 0);
        let has_size = files.iter().any(|file| file.size() != 0);
        let mut formats = vec![
            (dw::DW_LNCT_path, dw::DW_FORM_line_strp),
            (dw::DW_LNCT_directory_index, dw::DW_FORM_udata),
        ];
        formats.extend(has_time.then_some((dw::DW_LNCT_timestamp, dw::DW_FORM_udata)));
        formats.extend(has_size.then_some((dw::DW_LNCT_size, dw::DW_FORM_udata)));
        let has_md5 = header.file_has_md5();
        formats.extend(has_md5.then_some((dw::DW_LNCT_MD5, dw::DW_FORM_data16)));
        entry_format(&mut self.out, &formats);
        let is_implicit = header.version() <= 4;
        uleb(
            &mut self.out,
            (files.len() + usize::from(is_implicit)) as u64,
        );
        if is_implicit {
            self.file_name(unit_name);
            self.out.push(0);
            self.out.extend(
                [0].iter()
                    .cycle()
                    .take(usize::from(has_time) + usize::from(has_size)),
            );
        }
        for file in files {
            let name = self.dwarf.attr_line_string(file.path_name())?;
            self.file_name(name.slice());
            self.file_details(file, has_time, has_size)?;
        }
        Ok(())
    }

    /// A file's name: gdb 13 ends where one is empty and a breakpoint names a file.
    fn file_name(&mut self, name: &'d [u8]) {
        self.string(match name {
            b"" => NO_NAME,
            name => name,
        });
    }

    fn file_details(
        &mut self,
        file: &FileEntry<Reader<'d>>,
        has_time: bool,
        has_size: bool,
    ) -> gimli::Result<()> {
        uleb(&mut self.out, file.directory_index());
        if has_time {
            uleb(&mut self.out, file.timestamp());
        }
        if has_size {
            uleb(&mut self.out, file.size());
        }
        if self.header.file_has_md5() {
            self.out.extend(file.md5());
        }
        Ok(())
    }
}

//! Whether locals have the numbers that debug info has them by. wasm-opt gives them others, keeps the addresses in debug info right, and
//! leaves the numbers as they were: most of what it names is another local then, of which some have a type that could be right.

use super::believe::Frame;
use super::body::Body;
use crate::address::WasmPc;
use crate::code::ValueType;
use crate::dies::{Die, each_expression};
use crate::expr::decode::{Op, decode};
use crate::ranges::ListRoom;
use crate::source::{ReadDwarf, ReadUnit, WasmDwarf};
use gimli::constants as dw;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// Of how many functions one may have a frame base that is none: compilers that say a local is the frame base set it to that.
const TOLERATED: usize = 20;

/// The number of functions that are examined: those of one module all went through the same tools.
const SAMPLE: usize = 1000;

/// The locations that are examined.
const MOST_BEGUN: usize = 10_000;

/// The fewest locations at another local's write that tell more than chance: of those that LLVM 19 makes, one of 50 is such a one, in some
/// modules one of ten.
const LEAST: usize = 3;

/// The evidence that locals were renumbered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Renumbered {
    /// Functions whose frame base is a local.
    pub functions: usize,
    /// Those in which the local never has the address of a frame.
    pub lost: usize,
    /// Locations in locals that begin after a write to a local, in code that was encoded anew after it was linked.
    pub begun: usize,
    /// Those where that is another local.
    pub elsewhere: usize,
}

impl fmt::Display for Renumbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "debug info: variables in locals are not shown, as their numbers are of other code: ",
        )?;
        let Renumbered {
            functions,
            lost,
            begun,
            elsewhere,
        } = self;
        if lost * TOLERATED > *functions {
            let base = "the frame base is a local that never has the address of a frame";
            write!(f, "in {lost} of {functions} functions {base}")?;
        } else if *elsewhere >= LEAST {
            write!(
                f,
                "{elsewhere} of {begun} locations begin where another local is written"
            )?;
        } else {
            f.write_str(
                "it was encoded anew behind the linker, and nothing tells whether they are right",
            )?;
        }
        f.write_str(" (a tool that changed the module left them as they were)")
    }
}

impl Renumbered {
    /// Counts the locations of a variable that begin after a write: LLVM says a variable's after the instruction that makes its value.
    fn begins<'d>(
        &mut self,
        unit: ReadUnit<'_, 'd>,
        variable: &Die<'d>,
        written: &HashMap<WasmPc, u32>,
        room: &ListRoom,
    ) {
        let Some(attr) = variable.attr(dw::DW_AT_location) else {
            return;
        };
        each_expression(unit, attr, room, &mut |range, expression| {
            let written = range.and_then(|range| written.get(&range.start));
            let Some(written) = written.filter(|_| self.begun < MOST_BEGUN) else {
                return;
            };
            let ops = decode(expression, unit).unwrap_or_default();
            if let Some(Op::Local(local)) = ops.first() {
                self.begun += 1;
                self.elsewhere += usize::from(local != written);
            }
        });
    }

    /// Returns true if it is enough, of code that was encoded anew after it was linked or not.
    fn is_certain(&self, is_encoded_anew: bool) -> bool {
        let of_frames = self.lost * TOLERATED > self.functions;
        let of_locations = self.elsewhere >= LEAST && self.elsewhere * TOLERATED > self.begun;
        of_frames || is_encoded_anew && (of_locations || self.functions == 0 && self.begun > 0)
    }
}

/// Returns true if a module's locals have other numbers than in its debug info: of the contents of its code section, and the bodies of its
/// functions, sorted.
pub fn renumbered(
    dwarf: &WasmDwarf<'_>,
    code: &[u8],
    bodies: &[Range<WasmPc>],
) -> Option<Renumbered> {
    match dwarf.is_empty() {
        true => None,
        false => of_read(&dwarf.read(), code, bodies),
    }
}

/// The same of debug info that is being read.
pub(crate) fn of_read(
    read: &ReadDwarf<'_>,
    code: &[u8],
    bodies: &[Range<WasmPc>],
) -> Option<Renumbered> {
    let mut sample = Sample {
        code,
        bodies,
        is_encoded_anew: is_encoded_anew(code, bodies),
        found: Renumbered::default(),
    };
    let mut headers = read.units();
    while let (Ok(Some(header)), false) = (headers.next(), sample.is_enough()) {
        if let Ok(unit) = read.unit(header) {
            let unit = unit.unit_ref(read);
            // Damage is reported where it is read for a purpose.
            let _ = sample.add(unit);
        }
    }
    let found = sample.found;
    found.is_certain(sample.is_encoded_anew).then_some(found)
}

/// Returns true if code is not as a linker leaves it: linkers write what they relocate, the callee of each call among it, in 5 bytes
/// (WebAssembly tool conventions, "Relocation Sections"), and tools that read code and write it write numbers as short as they are.
fn is_encoded_anew(code: &[u8], bodies: &[Range<WasmPc>]) -> bool {
    const CALL: u64 = 6;
    let calls = bodies.iter().flat_map(|body| calls(code, body));
    let mut calls = calls.take(SAMPLE).peekable();
    calls.peek().is_some() && calls.all(|bytes| bytes < CALL)
}

/// The lengths of a function's calls.
fn calls(code: &[u8], body: &Range<WasmPc>) -> Vec<u64> {
    let bytes = code.get(body.start.0 as usize..body.end.0 as usize);
    let body = FunctionBody::new(BinaryReader::new(bytes.unwrap_or(&[]), 0));
    let Ok(mut operators) = body.get_operators_reader() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while !operators.eof() {
        let at = operators.original_position();
        let Ok(operator) = operators.read() else {
            break;
        };
        if matches!(operator, Operator::Call { .. }) {
            found.push(operators.original_position() - at);
        }
    }
    found
}

/// Functions and locations that are examined.
struct Sample<'a> {
    code: &'a [u8],
    bodies: &'a [Range<WasmPc>],
    is_encoded_anew: bool,
    found: Renumbered,
}

impl Sample<'_> {
    fn is_enough(&self) -> bool {
        self.found.functions >= SAMPLE
    }

    fn add(&mut self, unit: ReadUnit<'_, '_>) -> gimli::Result<()> {
        let mut entries = unit.entries();
        let room = ListRoom::of(unit);
        let mut latest: Option<(isize, HashMap<WasmPc, u32>)> = None;
        while let Some(entry) = entries.next_dfs()?
            && !self.is_enough()
        {
            if latest
                .as_ref()
                .is_some_and(|(depth, _)| entry.depth() <= *depth)
            {
                latest = None;
            }
            if entry.tag() == dw::DW_TAG_subprogram && entry.attr(dw::DW_AT_frame_base).is_some() {
                let Some(body) = self.body(unit, entry)? else {
                    continue;
                };
                let frame = Frame::of(unit, entry, Some(body.clone()));
                if frame.is_local() {
                    self.found.functions += 1;
                    self.found.lost += usize::from(frame.is_lost());
                }
                let written = self.is_encoded_anew.then(|| body.written());
                latest = written.map(|written| (entry.depth(), written));
            }
            if let Some((_, written)) = &latest
                && matches!(
                    entry.tag(),
                    dw::DW_TAG_variable | dw::DW_TAG_formal_parameter
                )
            {
                self.found.begins(unit, entry, written, &room);
            }
        }
        Ok(())
    }

    /// A function's body, if that is all of it.
    fn body<'d>(&self, unit: ReadUnit<'_, 'd>, entry: &Die<'d>) -> gimli::Result<Option<Rc<Body>>> {
        let Some(range) = unit.die_ranges(entry)?.next()? else {
            return Ok(None);
        };
        let [start, end] = [range.begin, range.end].map(WasmPc::from_dwarf);
        let body = start.and_then(|pc| {
            let body = self.bodies.binary_search_by_key(&pc, |body| body.start);
            Some(self.bodies[body.ok()?].clone())
        });
        // One of another size describes a copy of the function that the linker discarded (prevailing.rs), whose locals were its own.
        let body = body.filter(|body| end == Some(body.end)).and_then(|body| {
            let code = self.code.get(body.start.0 as usize..body.end.0 as usize)?;
            Body::parse(code, body.start)
        });
        Ok(body.map(Rc::new))
    }
}

/// A type whose values are numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Number {
    /// Whole ones, among them pointers.
    Integer,
    /// Floating point numbers.
    Float,
}

impl Number {
    /// Of a type's entry without qualifiers; `None` for other types, of which less is certain.
    pub fn of(tag: gimli::DwTag, encoding: Option<gimli::DwAte>) -> Option<Number> {
        if has_no_encoding(tag) {
            return Some(Number::Integer);
        }
        match (tag, encoding?) {
            (dw::DW_TAG_base_type, dw::DW_ATE_float) => Some(Number::Float),
            (
                dw::DW_TAG_base_type,
                dw::DW_ATE_signed
                | dw::DW_ATE_unsigned
                | dw::DW_ATE_signed_char
                | dw::DW_ATE_unsigned_char
                | dw::DW_ATE_boolean
                | dw::DW_ATE_UTF,
            ) => Some(Number::Integer),
            _ => None,
        }
    }

    /// Returns true if a local can be one of so many bytes. It may be of the other kind if it has its bits: LLVM takes no notice of casts
    /// that change none.
    pub fn fits(self, local: ValueType, bytes: u64) -> bool {
        match (local, self) {
            (ValueType::I32, Number::Float) => bytes == 4,
            (ValueType::I64, Number::Float) => bytes == 8,
            (ValueType::F32, _) => bytes == 4,
            (ValueType::F64, _) => bytes == 8,
            (ValueType::V128, _) => bytes == 16,
            _ => true,
        }
    }
}

/// Returns true if a type's values are whole numbers without an encoding of their own: addresses, and those of enumerations.
fn has_no_encoding(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_pointer_type
            | dw::DW_TAG_reference_type
            | dw::DW_TAG_rvalue_reference_type
            | dw::DW_TAG_enumeration_type
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linkers_write_callees_in_five_bytes() {
        // No locals, a call of function 3, the end; then the same call in two bytes.
        let code = [
            0, 0x10, 0x83, 0x80, 0x80, 0x80, 0, 0x0b, 0, 0x10, 3, 0x0b, 0, 0x0b,
        ];
        let [linked, anew, none] = [(0, 8), (8, 12), (12, 14)].map(|(a, b)| WasmPc(a)..WasmPc(b));
        assert!(!is_encoded_anew(&code, std::slice::from_ref(&linked)));
        assert!(is_encoded_anew(&code, &[anew.clone(), none.clone()]));
        assert!(!is_encoded_anew(&code, &[anew, linked]));
        assert!(!is_encoded_anew(&code, &[none]));
    }

    #[test]
    fn numbers_are_doubted_by_frames_and_where_code_was_encoded_anew_by_locations() {
        let certain = |functions, lost, begun, elsewhere, anew| {
            let found = Renumbered {
                functions,
                lost,
                begun,
                elsewhere,
            };
            found.is_certain(anew)
        };
        assert!(certain(20, 2, 0, 0, false));
        assert!(!certain(20, 1, 0, 0, true));
        assert!(certain(20, 0, 40, 3, true));
        assert!(!certain(20, 0, 40, 3, false));
        assert!(!certain(20, 0, 40, 2, true));
        assert!(!certain(20, 0, 60, 3, true));
        // Without frames nothing tells that they are right.
        assert!(certain(0, 0, 1, 0, true));
        assert!(!certain(0, 0, 0, 0, true));
        assert!(!certain(0, 0, 1, 0, false));
    }
}

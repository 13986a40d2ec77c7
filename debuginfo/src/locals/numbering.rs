//! Whether locals have the numbers that debug info has them by. wasm-opt gives them others, keeps the addresses in debug info right, and
//! leaves the numbers as they were: most of what it names is another local then, of which some have a type that could be right.

use super::believe::Frame;
use super::body::Body;
use crate::address::WasmPc;
use crate::code::ValueType;
use crate::source::{ReadDwarf, ReadUnit, WasmDwarf};
use gimli::constants as dw;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// Of how many functions one may have a frame base that is none: compilers that say a local is the frame base set it to that.
const TOLERATED: usize = 20;

/// The number of functions that are examined: those of one module all went through the same tools.
const SAMPLE: usize = 1000;

/// The evidence that locals were renumbered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Renumbered {
    /// Functions whose frame base is a local.
    pub functions: usize,
    /// Those in which the local never has the address of a frame.
    pub lost: usize,
}

impl fmt::Display for Renumbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "debug info: variables in locals are not shown, as their numbers are of other code: in {} of {} functions the frame base is a \
             local that never has the address of a frame (a tool that changed the module left them as they were)",
            self.lost, self.functions
        )
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
    let mut found = Renumbered::default();
    let mut headers = read.units();
    while let (Ok(Some(header)), true) = (headers.next(), found.functions < SAMPLE) {
        if let Ok(unit) = read.unit(header) {
            let unit = unit.unit_ref(read);
            // What is damaged is said where it is read for a purpose.
            let _ = count(unit, code, bodies, &mut found);
        }
    }
    (found.lost * TOLERATED > found.functions).then_some(found)
}

fn count(
    unit: ReadUnit<'_, '_>,
    code: &[u8],
    bodies: &[Range<WasmPc>],
    found: &mut Renumbered,
) -> gimli::Result<()> {
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()?
        && found.functions < SAMPLE
    {
        if entry.tag() != dw::DW_TAG_subprogram || entry.attr(dw::DW_AT_frame_base).is_none() {
            continue;
        }
        let Some(range) = unit.die_ranges(entry)?.next()? else {
            continue;
        };
        let [start, end] = [range.begin, range.end].map(WasmPc::from_dwarf);
        let body = start.and_then(|pc| bodies.binary_search_by_key(&pc, |body| body.start).ok());
        // One of another size describes a copy of the function that the linker discarded (prevailing.rs), whose locals were its own.
        let Some(Range { start, end }) = body
            .map(|body| bodies[body].clone())
            .filter(|body| end == Some(body.end))
        else {
            continue;
        };
        let body = code
            .get(start.0 as usize..end.0 as usize)
            .and_then(|code| Body::parse(code, start));
        let frame = Frame::of(unit, entry, body.map(Rc::new));
        if frame.is_local() {
            found.functions += 1;
            found.lost += usize::from(frame.is_lost());
        }
    }
    Ok(())
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

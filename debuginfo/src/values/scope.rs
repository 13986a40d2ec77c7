//! The functions around an address, inlined ones each for itself, and the variables in scope in each.

use super::evaluate::{self, Location};
use super::read::{Place, Units};
use super::render::Renderer;
use super::{Machine, Variable};
use crate::address::WasmPc;
use crate::expr::decode::{Op, decode};
use crate::source::ReadUnit;
use crate::symbolize::UnitPlace;
use gimli::constants as dw;
use gimli::read::{AttributeValue, DebuggingInformationEntry};

/// A function with code.
pub(super) struct Function {
    place: Place,
    /// The variables in scope: of the function itself, then of what is inlined, outside in.
    pub frames: Vec<Vec<Place>>,
}

/// The function at an address.
pub(super) fn function_at(
    units: &Units<'_>,
    pc: WasmPc,
    unit: Option<UnitPlace>,
) -> Option<Function> {
    let unit_index = units.at(pc, unit)?;
    let unit = units.get(unit_index)?;
    let mut entries = unit.entries();
    let mut function: Option<Function> = None;
    // Scopes that contain the address: their depth.
    let mut open: Vec<(isize, usize)> = Vec::new();
    let mut skipped: Option<isize> = None;
    while let Some(entry) = entries.next_dfs().ok()? {
        let depth = entry.depth();
        if skipped.is_some_and(|skipped| depth > skipped) {
            continue;
        }
        skipped = None;
        while open.last().is_some_and(|(outer, _)| depth <= *outer) {
            open.pop();
        }
        if function.is_some() && open.is_empty() {
            break;
        }
        let place = Place {
            unit: unit_index,
            offset: entry.offset(),
        };
        match entry.tag() {
            dw::DW_TAG_subprogram => match (contains(unit, entry, pc), &function) {
                (Some(true), None) => {
                    function = Some(Function {
                        place,
                        frames: vec![Vec::new()],
                    });
                    open.push((depth, 0));
                }
                _ => skipped = Some(depth),
            },
            dw::DW_TAG_inlined_subroutine | dw::DW_TAG_lexical_block => {
                let inside = contains(unit, entry, pc);
                let Some(function) = function.as_mut().filter(|_| inside == Some(true)) else {
                    skipped = Some(depth);
                    continue;
                };
                if entry.tag() == dw::DW_TAG_inlined_subroutine {
                    function.frames.push(Vec::new());
                }
                open.push((depth, function.frames.len() - 1));
            }
            dw::DW_TAG_formal_parameter | dw::DW_TAG_variable => {
                if let (Some(function), Some((_, frame))) = (function.as_mut(), open.last()) {
                    function.frames[*frame].push(place);
                }
                skipped = Some(depth);
            }
            _ => {}
        }
    }
    function
}

/// Whether an entry's code has an address; `None` where it has no code.
fn contains<'d>(
    unit: ReadUnit<'_, 'd>,
    entry: &DebuggingInformationEntry<crate::source::Reader<'d>>,
    pc: WasmPc,
) -> Option<bool> {
    let mut ranges = unit.die_ranges(entry).ok()?;
    let mut any = None;
    while let Some(range) = ranges.next().ok()? {
        if WasmPc::from_dwarf(range.begin).is_some() {
            any = Some(any == Some(true) || (range.begin..range.end).contains(&u64::from(pc.0)));
        }
    }
    any
}

/// Reads the variables of one function in one frame.
pub(super) struct Reader<'r, 'a> {
    units: &'r Units<'a>,
    machine: &'r dyn Machine,
    pc: WasmPc,
    frame_base: Option<u32>,
}

impl<'r, 'a> Reader<'r, 'a> {
    pub fn new(
        units: &'r Units<'a>,
        function: &Function,
        machine: &'r dyn Machine,
        pc: WasmPc,
    ) -> Reader<'r, 'a> {
        let mut reader = Reader {
            units,
            machine,
            pc,
            frame_base: None,
        };
        // Arguments are stored in the frame by the prologue: before its end, what is there is something else.
        if !(machine.innermost() && in_prologue(units, function.place, pc).unwrap_or(false)) {
            reader.frame_base = reader.frame_base(function.place);
        }
        reader
    }

    fn frame_base(&self, function: Place) -> Option<u32> {
        let (unit, attr) = self.units.attr(function, dw::DW_AT_frame_base)?;
        let ops = self.operations(unit, attr.value())?;
        // A global is not the frame's own: a callee, or the prologue, may have moved the stack pointer on.
        if ops.iter().any(|op| matches!(op, Op::Global(_))) {
            return None;
        }
        let value = match ops.last() {
            Some(Op::StackValue) => &ops[..ops.len() - 1],
            _ => &ops[..],
        };
        match evaluate::evaluate(value, self.machine, None)? {
            Location::Memory(address) => Some(address),
            Location::Bytes(_) => None,
        }
    }

    /// The expression that holds at the address.
    fn operations(
        &self,
        unit: usize,
        value: AttributeValue<crate::source::Reader<'a>>,
    ) -> Option<Vec<Op>> {
        let unit = self.units.get(unit)?;
        let expression = match value {
            AttributeValue::Exprloc(expression) => expression,
            AttributeValue::LocationListsRef(_) | AttributeValue::DebugLocListsIndex(_) => {
                let mut list = unit.attr_locations(value).ok()??;
                loop {
                    let entry = list.next().ok()??;
                    if (entry.range.begin..entry.range.end).contains(&u64::from(self.pc.0)) {
                        break entry.data;
                    }
                }
            }
            _ => return None,
        };
        decode(expression, unit).ok()
    }

    /// A variable, with its value where it has one; `None` for what is no variable of a frame, or is declared behind `line`.
    pub fn variable(&self, place: Place, line: Option<u32>) -> Option<Variable> {
        let (_, entry) = self.units.entry(place)?;
        let argument = entry.tag() == dw::DW_TAG_formal_parameter;
        let name = self.units.name(place)?;
        let ty = self.units.ty(place)?;
        let renderer = Renderer::new(self.units, self.machine);
        let ty_name = renderer.type_name(ty);
        let location = self.location(place);
        let set = argument || self.is_set(place, line);
        if matches!(location, Some((_, false))) && !set {
            return None;
        }
        let bytes = location.and_then(|(location, _)| renderer.bytes(ty, &location));
        let value = bytes
            .as_deref()
            .and_then(|bytes| renderer.value(ty, bytes, 0));
        let pointer = bytes.and_then(|bytes| renderer.pointer(ty, &bytes));
        Some(Variable {
            name,
            argument,
            ty: ty_name,
            value,
            pointer,
        })
    }

    /// Where a variable is, and whether that says that it has its value there already.
    fn location(&self, place: Place) -> Option<(Location, bool)> {
        if let Some((unit, attr)) = self.units.attr(place, dw::DW_AT_location) {
            let ops = self.operations(unit, attr.value())?;
            let listed = !matches!(attr.value(), AttributeValue::Exprloc(_));
            let fixed = matches!(ops[..], [Op::Address(_), ..]);
            let location = evaluate::evaluate(&ops, self.machine, self.frame_base)?;
            return Some((location, listed || fixed));
        }
        let (_, attr) = self.units.attr(place, dw::DW_AT_const_value)?;
        let bytes = match attr.value() {
            AttributeValue::Block(block) => block.slice().to_vec(),
            _ => match attr.sdata_value() {
                Some(value) => value.to_le_bytes().to_vec(),
                None => attr.udata_value()?.to_le_bytes().to_vec(),
            },
        };
        Some((Location::Bytes(bytes), true))
    }

    /// Whether control has passed a local's declaration, as far as lines tell: in the declaration itself it has no value yet.
    fn is_set(&self, place: Place, line: Option<u32>) -> bool {
        let declared = self.units.number(place, dw::DW_AT_decl_line);
        match (declared, line) {
            (Some(declared), Some(line)) => declared < u64::from(line),
            _ => false,
        }
    }
}

/// Whether an address is before the end of a function's prologue, as its line table marks it.
fn in_prologue(units: &Units<'_>, function: Place, pc: WasmPc) -> Option<bool> {
    let (unit, entry) = units.entry(function)?;
    let mut ranges = unit.die_ranges(&entry).ok()?;
    let range = ranges.next().ok()??;
    let mut rows = unit.line_program.clone()?.rows();
    let mut end: Option<u64> = None;
    while let Some((_, row)) = rows.next_row().ok()? {
        if row.prologue_end() && (range.begin..range.end).contains(&row.address()) {
            end = Some(end.map_or(row.address(), |end| end.min(row.address())));
        }
    }
    Some(u64::from(pc.0) < end?)
}

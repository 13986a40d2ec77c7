//! The functions around an address, inlined ones each for itself, and the variables in scope in each.

use super::evaluate::{self, Location};
use super::render::Renderer;
use super::{Machine, Variable};
use crate::address::WasmPc;
use crate::expr::decode::{Op, decode};
use crate::units::functions::Function;
use crate::units::{Place, Units};
use gimli::constants as dw;
use gimli::read::AttributeValue;

/// The variables in scope at an address of a function: of the function itself, then of what is inlined, outside in.
pub(super) fn frames(function: &Function, pc: WasmPc) -> Vec<Vec<Place>> {
    let mut frames = vec![Vec::new()];
    for scope in function.scopes_at(pc) {
        if scope.inlined.is_some() {
            frames.push(Vec::new());
        }
        let unit = function.place.unit;
        let variables = scope.variables.iter();
        let variables = variables.map(|offset| Place {
            unit,
            offset: *offset,
        });
        frames
            .last_mut()
            .into_iter()
            .for_each(|frame| frame.extend(variables.clone()));
    }
    frames
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
        if !(machine.innermost() && in_prologue(units, function, pc)) {
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
fn in_prologue(units: &Units<'_>, function: &Function, pc: WasmPc) -> bool {
    let lines = units.lines(function.place.unit);
    let end = lines.and_then(|lines| lines.prologue_end(&function.code));
    end.is_some_and(|end| pc < end)
}

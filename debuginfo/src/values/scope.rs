//! The functions around an address, inlined ones each for itself, and the variables in scope in each.

use super::evaluate::{self, Context, Location};
use super::machine::{Machine, Unavailable, Variable, WasmValue};
use super::render::Renderer;
use crate::address::{AddressSize, WasmPc};
use crate::code::{KeptValue, ValueType};
use crate::expr::decode::{Op, decode};
use crate::expr::dwarf3::infer_stack_values;
use crate::locals::numbering::Number;
use crate::locals::{Claim, Frame, Listed, is_numbered};
use crate::units::functions::Function;
use crate::units::{Place, Units};
use gimli::UnitOffset;
use gimli::constants as dw;
use gimli::read::AttributeValue;
use std::collections::VecDeque;

/// The entries of a location list that are read again for what one of them repeats: more than compilers make in one basic block, where alone
/// a piece is repeated, and an end to long lists.
const MOST_REPEATED: usize = 1 << 12;

/// A variable's entry, and where its scope begins.
#[derive(Clone, Copy)]
pub(super) struct Declared {
    place: Place,
    scope: Option<WasmPc>,
    /// True if it is of something that is inlined.
    inlined: bool,
}

/// The variables in scope at an address of a function: of the function itself, then of what is inlined, outside in.
pub(super) fn frames(function: &Function, pc: WasmPc) -> Vec<Vec<Declared>> {
    let mut frames: Vec<Vec<Declared>> = Vec::new();
    let mut start = None;
    for scope in function.scopes_at(pc) {
        if scope.inlined.is_some() || frames.is_empty() {
            frames.push(Vec::new());
        }
        // One that says no code is where the outer one is.
        start = scope.start().or(start);
        let (unit, inlined) = (function.place.unit, frames.len() > 1);
        let declared = |offset: &UnitOffset| Declared {
            place: Place {
                unit,
                offset: *offset,
            },
            scope: start,
            inlined,
        };
        if let Some(frame) = frames.last_mut() {
            frame.extend(scope.variables.iter().map(declared));
        }
    }
    frames
}

impl Declared {
    /// The variable's entry.
    pub(super) fn place(self) -> Place {
        self.place
    }

    /// Another entry, in the same scope.
    pub(super) fn with(self, place: Place) -> Declared {
        Declared { place, ..self }
    }
}

/// Reads the variables of one function in one frame.
pub(super) struct Reader<'r, 'a> {
    pub(super) units: &'r Units<'a>,
    machine: &'r dyn Machine,
    pc: WasmPc,
    /// The frame that locations are checked against.
    frame: Frame,
    /// The base of DW_OP_fbreg.
    frame_base: Result<u64, Unavailable>,
    /// The size of addresses in the function's unit.
    addresses: AddressSize,
    /// Types that the function was instantiated for.
    parameters: Vec<Place>,
}

/// The location of a variable, and whether it has its value there already.
type Located = (Location, bool);

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
            frame: units.frame(function.place, pc),
            // Arguments are stored in the frame by the prologue: before its end, what is there is something else.
            frame_base: Err(Unavailable::NotStored),
            addresses: units.address_size(function.place.unit),
            parameters: units.type_parameters(function.place),
        };
        if !(machine.innermost() && in_prologue(units, function, pc)) {
            let frame_base = reader.frame_base(function.place);
            reader.frame_base = frame_base.ok_or(Unavailable::NotKept);
        }
        reader
    }

    fn frame_base(&self, function: Place) -> Option<u64> {
        let (unit, attr) = self.units.attr(function, dw::DW_AT_frame_base)?;
        let (ops, entry) = self.operations(unit, attr.value())?;
        // A global itself is not the frame's own: a callee, or the prologue, may have moved the stack pointer on.
        let kept = |global| self.machine.kept(KeptValue::Global(global), None);
        let moved = |op: &Op| matches!(op, Op::Global(global) if kept(*global).is_none());
        if ops.iter().any(moved) {
            return None;
        }
        let value = match ops.last() {
            Some(Op::StackValue) => &ops[..ops.len() - 1],
            _ => &ops[..],
        };
        let context = Context {
            machine: self.machine,
            frame_base: None,
            addresses: self.addresses,
            from: entry.map(|(start, _)| start),
        };
        match evaluate::evaluate(value, context)? {
            Location::Memory(address) => Some(address),
            Location::Bytes(_) => None,
        }
    }

    /// The expression that holds at the address; of a list, the entry's beginning, and its claim.
    pub(super) fn operations(
        &self,
        unit: usize,
        value: AttributeValue<crate::source::Reader<'a>>,
    ) -> Option<(Vec<Op>, Option<(WasmPc, Claim)>)> {
        let unit = self.units.get(unit)?;
        let mut list = match value {
            AttributeValue::Exprloc(expression) => {
                return Some((decode(expression, unit).ok()?, None));
            }
            AttributeValue::LocationListsRef(_) | AttributeValue::DebugLocListsIndex(_) => {
                unit.attr_locations(value).ok()??
            }
            _ => return None,
        };
        // The entries before it that it may repeat the pieces of.
        let mut before = VecDeque::new();
        let (range, data) = loop {
            let entry = list.next().ok()??;
            let start = WasmPc::from_dwarf(entry.range.begin);
            let Some(range) = start.zip(WasmPc::from_dwarf(entry.range.end)) else {
                continue;
            };
            let range = range.0..range.1;
            if range.contains(&self.pc) {
                break (range, entry.data);
            }
            if before.len() == MOST_REPEATED {
                before.pop_front();
            }
            before.push_back((range, entry.data));
        };
        let ops = decode(data, unit).ok()?;
        let mut listed = Listed::default();
        if ops.iter().any(|op| matches!(op, Op::Piece(..))) {
            for (range, data) in before {
                listed.claim(&range, &decode(data, unit).unwrap_or_default());
            }
        }
        let claim = listed.claim(&range, &ops);
        Some((ops, Some((range.start, claim))))
    }

    /// A variable, with its value where it has one; `None` for what is no variable of a frame, or is declared after `line`.
    pub fn variable(&self, declared: Declared, line: Option<u32>) -> Option<Variable> {
        let place = declared.place;
        let (_, entry) = self.units.entry(place)?;
        let argument = entry.tag() == dw::DW_TAG_formal_parameter;
        let name = self.units.name(place)?;
        let ty = self.units.ty(place)?;
        let renderer = Renderer::new(self.units, self.machine);
        if let Some(target) = self.implicit_target(place) {
            return Some(Variable {
                name,
                argument,
                ty: renderer.type_name(ty),
                value: self.through(&renderer, ty, target, declared, line),
                pointer: None,
            });
        }
        let located = self.location(declared);
        let set = argument || self.is_set(place, line);
        if matches!(located, Ok((_, false))) && !set {
            return None;
        }
        let bytes = located.and_then(|(location, _)| {
            let bytes = renderer.bytes(ty, &location);
            bytes.ok_or(match location {
                Location::Memory(_) => Unavailable::Unreadable,
                Location::Bytes(_) => Unavailable::PartlyOptimisedOut,
            })
        });
        let pointer = bytes.as_ref().ok();
        let pointer = pointer.and_then(|bytes| renderer.pointer(ty, bytes));
        let value = bytes.and_then(|bytes| {
            // A function that is generic can be given a function itself, which has no size; what others are given is a pointer.
            let concrete = argument && !declared.inlined && !self.parameters.contains(&ty);
            let value = renderer.variable(ty, &bytes, concrete);
            value.ok_or(match renderer.is_function_of_rust(ty) {
                true => Unavailable::Function,
                false => Unavailable::Unreadable,
            })
        });
        Some(Variable {
            name,
            argument,
            ty: renderer.type_name(ty),
            value: match value {
                Ok(value) if self.is_assumed(place, ty) => Err(Unavailable::Constant(value)),
                value => value,
            },
            pointer: pointer.filter(|_| !self.is_assumed(place, ty)),
        })
    }

    /// Returns true if a variable has one constant for all of its scope, though it can change in it.
    pub(super) fn is_assumed(&self, variable: Place, ty: Place) -> bool {
        let says = |name| self.units.attr(variable, name).is_some();
        let constant = self.units.tag(ty) == Some(dw::DW_TAG_const_type);
        !says(dw::DW_AT_location) && says(dw::DW_AT_const_value) && !constant
    }

    pub(super) fn location(&self, declared: Declared) -> Result<Located, Unavailable> {
        let place = declared.place;
        if let Some((unit, attr)) = self.units.attr(place, dw::DW_AT_location) {
            let operations = self.operations(unit, attr.value());
            let found = operations.filter(|(ops, _)| !ops.is_empty());
            let (ops, entry) = found.ok_or(Unavailable::OptimisedOut)?;
            let (from, claim) = entry.unzip();
            let version = self.units.get(unit).map_or(5, |it| it.encoding().version);
            let ops = infer_stack_values(ops, version, version < 4 && self.is_scalar(place));
            let ops = ops.map_err(|_| Unavailable::Unreadable)?;
            let listed = !matches!(attr.value(), AttributeValue::Exprloc(_));
            let fixed = matches!(ops[..], [Op::Address(_), ..]);
            let framed = ops.iter().any(|op| matches!(op, Op::FrameOffset(_)));
            let renumbered = ops.iter().any(is_numbered) && self.units.are_renumbered();
            let misplaced = self.frame.misplaced(&ops, renumbered);
            if misplaced.is_some() || self.is_misfit(place, &ops) {
                return Err(Unavailable::Misplaced);
            }
            if let (true, Err(reason)) = (framed, &self.frame_base) {
                return Err(reason.clone());
            }
            let ops = self.believed(ops, claim.or(declared.scope.map(Claim::Scope)))?;
            let context = Context {
                machine: self.machine,
                frame_base: self.frame_base.clone().ok(),
                addresses: self.addresses,
                from: from.or(declared.scope),
            };
            let location = evaluate::evaluate(&ops, context);
            let location = location.ok_or(match lacks_pieces(&ops) {
                true => Unavailable::PartlyOptimisedOut,
                false => Unavailable::NotKept,
            })?;
            return Ok((location, listed || fixed));
        }
        let constant = self.constant(place).ok_or(Unavailable::OptimisedOut)?;
        Ok((Location::Bytes(constant), true))
    }

    /// Returns true if a variable's local has a type that cannot hold it.
    fn is_misfit(&self, variable: Place, ops: &[Op]) -> bool {
        let misfit = || {
            let [Op::Local(local), Op::StackValue] = *ops else {
                return None;
            };
            let local = match self.machine.local(local)? {
                WasmValue::I32(_) => ValueType::I32,
                WasmValue::I64(_) => ValueType::I64,
                WasmValue::F32(_) => ValueType::F32,
                WasmValue::F64(_) => ValueType::F64,
                WasmValue::V128(_) => ValueType::V128,
                // A tool that moved locals to others may have moved this one too.
                WasmValue::Ref(_) => ValueType::Ref,
            };
            let renderer = Renderer::new(self.units, self.machine);
            let ty = self.units.ty(variable)?;
            if (local == ValueType::Ref) != renderer.is_reference(ty) {
                return Some(true);
            }
            let (ty, tag) = renderer.bare(ty)?;
            let encoding = self.units.attr(ty, dw::DW_AT_encoding);
            let encoding = match encoding.map(|(_, attr)| attr.value()) {
                Some(AttributeValue::Encoding(encoding)) => Some(encoding),
                _ => None,
            };
            let bytes = renderer.size(ty)?;
            Some(!Number::of(tag, encoding)?.fits(local, bytes))
        };
        misfit().unwrap_or(false)
    }

    /// Returns the part of a location that can be trusted.
    fn believed(&self, ops: Vec<Op>, claim: Option<Claim>) -> Result<Vec<Op>, Unavailable> {
        let Some(claim) = claim else { return Ok(ops) };
        let here = self.pc..WasmPc(self.pc.0.saturating_add(1));
        let stale = self.frame.stale(&ops, &claim, &here);
        stale
            .rest(&ops, None, self.pc)
            .ok_or(Unavailable::Overwritten)
    }

    /// Returns true if a variable is a number or a pointer.
    fn is_scalar(&self, place: Place) -> bool {
        let ty = self.units.ty(place);
        let bare = ty.and_then(|ty| Renderer::new(self.units, self.machine).bare(ty));
        let is_scalar = |tag| {
            matches!(
                tag,
                dw::DW_TAG_base_type
                    | dw::DW_TAG_enumeration_type
                    | dw::DW_TAG_pointer_type
                    | dw::DW_TAG_reference_type
                    | dw::DW_TAG_rvalue_reference_type
            )
        };
        bare.is_some_and(|(_, tag)| is_scalar(tag))
    }

    fn constant(&self, place: Place) -> Option<Vec<u8>> {
        let (_, attr) = self.units.attr(place, dw::DW_AT_const_value)?;
        Some(match attr.value() {
            AttributeValue::Block(block) => block.slice().to_vec(),
            _ => match attr.sdata_value() {
                Some(value) => value.to_le_bytes().to_vec(),
                None => attr.udata_value()?.to_le_bytes().to_vec(),
            },
        })
    }

    /// Returns true if control has passed a local's declaration, as far as lines tell: in the declaration itself it has no value yet.
    pub(super) fn is_set(&self, place: Place, line: Option<u32>) -> bool {
        let declared = self.units.number(place, dw::DW_AT_decl_line);
        match (declared, line) {
            (Some(declared), Some(line)) => declared < u64::from(line),
            _ => false,
        }
    }
}

/// Returns true if pieces of a location are nowhere (DWARF 5, section 2.6.1.2).
fn lacks_pieces(ops: &[Op]) -> bool {
    let is_piece = |op: &Op| matches!(op, Op::Piece(..));
    ops.first().is_some_and(is_piece) || ops.windows(2).any(|pair| pair.iter().all(is_piece))
}

/// Returns true if an address is before the end of a function's prologue, as its line table marks it.
fn in_prologue(units: &Units<'_>, function: &Function, pc: WasmPc) -> bool {
    let lines = units.lines(function.place.unit);
    let end = lines.and_then(|lines| lines.prologue_end(&function.code));
    end.is_some_and(|end| pc < end)
}

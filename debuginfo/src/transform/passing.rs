//! How the parameters of functions are passed: by their types in the source, and by the type of the code.
//!
//! A debugger passes arguments as the host's C compiler would. WebAssembly's passes structures of several members by their address and
//! those of one as this one, and a variable number of arguments in memory (basic C ABI of the tool conventions); Rust's splits what has
//! two parts, and optimisers drop parameters that nobody uses.

use super::context::Context;
use super::convert::Entry;
use super::number::{Number, number};
use crate::code::{Flavor, FunctionCode, ValueType};
use crate::dies::{Die, DieRef, Kind, is_pointer, kind};
use crate::write::UnitEntryId;
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;
use gimli::{DebugInfoOffset, UnitOffset};
use std::collections::HashMap;

/// The depth to which structures of one member nest.
const MAX_DEPTH: usize = 16;
/// Registers that the host's convention has for integers and pointers (System V ABI, AMD64 supplement, 3.2.3).
const INTEGER_REGISTERS: usize = 6;

/// The reason why a function cannot be called by its source's signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Uncallable {
    /// It takes a structure, or a vector of another size than WebAssembly's, by value.
    Structure,
    /// It takes a number of 16 bytes of which the host passes both halves in memory, WebAssembly the first in a register.
    Wide,
    /// It takes `...`.
    Variadic,
    /// Its code has other parameters.
    Changed,
    /// Its code takes arguments off the stack, as functions with tail calls do.
    Popped,
}

impl Uncallable {
    /// A symbol that does not exist: the debugger's message that it cannot find it gives the reason.
    pub fn symbol(self, name: &str) -> String {
        // What lldb would take for parameters or scopes, and look for the rest of.
        let name = match name.contains(['(', ':']) {
            true => String::new(),
            false => format!(" '{name}'"),
        };
        let why = match self {
            Uncallable::Structure => ", to which lldb does not pass structures as WebAssembly does",
            Uncallable::Wide => {
                ", to which lldb does not pass numbers of 16 bytes as WebAssembly does"
            }
            Uncallable::Variadic => {
                ", to which lldb does not pass a variable number of arguments as WebAssembly does"
            }
            Uncallable::Changed => ", whose code does not have the parameters that its source says",
            Uncallable::Popped => ", whose arguments on the stack are passed as tail calls need it",
        };
        format!("the function{name}{why}")
    }
}

/// A function that is not to be called.
pub(super) struct Refused {
    pub function: UnitOffset,
    pub why: Uncallable,
    pub parameters: Vec<RefusedParameter>,
}

/// A parameter that is passed in another way, or `...`.
#[derive(Clone)]
pub(super) struct RefusedParameter {
    pub id: UnitEntryId,
    /// The name of its type without qualifiers.
    pub type_name: String,
    /// True if it is a number, an address, or any.
    pub is_number: bool,
}

impl RefusedParameter {
    /// A parameter by its entry.
    pub fn new<'a, 'd>(
        cx: &Context<'_, 'a, 'd>,
        id: UnitEntryId,
        entry: &Die<'d>,
    ) -> RefusedParameter {
        let ty = cx.types.type_at(cx.unit, entry);
        let unqualified = ty.and_then(|ty| cx.types.behind_qualifiers(ty));
        let kind = cx.bare_type(entry).map(|ty| kind(ty.entry.tag()));
        RefusedParameter {
            id,
            type_name: cx.type_name(unqualified.as_ref()),
            is_number: !matches!(kind, Some(Kind::Class | Kind::Array)),
        }
    }
}

/// The parameters of a function as the debugger is told of them.
#[derive(Default)]
pub(super) struct Passing {
    parameters: Vec<ValueType>,
    why: Option<Uncallable>,
    refused: Vec<RefusedParameter>,
}

/// The passing of values by their types, as far as that was asked: `None` where the host's way is another.
#[derive(Default)]
pub(super) struct PassedValues(HashMap<DebugInfoOffset, Option<Vec<ValueType>>>);

impl Passing {
    /// Says if a function with this code cannot be called by a debugger.
    pub fn check(
        self,
        flavor: Flavor,
        function: UnitOffset,
        code: &FunctionCode<'_>,
    ) -> Option<Refused> {
        // gdb finds its own frame by the frame pointer.
        let is_popped = code.pops_arguments && flavor == Flavor::Lldb;
        let popped = is_popped.then_some(Uncallable::Popped);
        let changed = (self.parameters != code.parameters).then_some(Uncallable::Changed);
        Some(Refused {
            function,
            why: self.why.or(changed).or(popped)?,
            parameters: self.refused,
        })
    }

    fn fail(&mut self, why: Uncallable) {
        self.why.get_or_insert(why);
    }

    /// Adds a parameter; returns true if the host passes it in another way.
    fn add(&mut self, values: &[ValueType]) -> bool {
        let is_integer = |it: &&ValueType| matches!(it, ValueType::I32 | ValueType::I64);
        let before = self.parameters.iter().filter(is_integer).count();
        // The host does not split one between a register and memory.
        let is_split = values.len() > 1 && before + values.len() > INTEGER_REGISTERS;
        if is_split {
            self.fail(Uncallable::Wide);
        }
        self.parameters.extend(values);
        is_split
    }
}

impl PassedValues {
    /// Takes a parameter, or `...`, into account.
    pub fn pass<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        passing: &mut Passing,
        id: UnitEntryId,
        entry: &Entry<'a, 'd>,
    ) {
        if entry.tag() == dw::DW_TAG_unspecified_parameters {
            passing.refused.push(RefusedParameter {
                id,
                type_name: "...".to_owned(),
                is_number: true,
            });
            return passing.fail(Uncallable::Variadic);
        }
        let ty = cx.bare_type(entry);
        let is_refused = match ty.as_ref().and_then(|ty| self.passed(cx, ty, 0)) {
            Some(values) => passing.add(&values),
            None => {
                passing.fail(Uncallable::Structure);
                true
            }
        };
        if is_refused && cx.flavor() == Flavor::Gdb {
            let parameter = RefusedParameter::new(cx, id, entry);
            passing.refused.push(parameter);
        }
    }

    /// Returns how a value of a type is passed.
    fn passed<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        ty: &DieRef<'a, 'd>,
        depth: usize,
    ) -> Option<Vec<ValueType>> {
        let offset = ty.offset()?;
        if let Some(known) = self.0.get(&offset) {
            return known.clone();
        }
        let found = self.passed_anew(cx, ty, depth);
        self.0.insert(offset, found.clone());
        found
    }

    fn passed_anew<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        ty: &DieRef<'a, 'd>,
        depth: usize,
    ) -> Option<Vec<ValueType>> {
        let size = byte_size(cx, ty);
        match ty.entry.tag() {
            dw::DW_TAG_base_type => number_passed(cx, ty, size?),
            dw::DW_TAG_enumeration_type => integer(size?),
            dw::DW_TAG_ptr_to_member_type if cx.types.is_function(ty) => None,
            dw::DW_TAG_array_type if is_vector(ty) => vector_passed(cx, ty),
            tag if is_pointer(tag) => integer(u64::from(cx.address_size().bytes())),
            dw::DW_TAG_structure_type | dw::DW_TAG_class_type => {
                self.structure_passed(cx, ty, size?, depth)
            }
            _ => None,
        }
    }

    /// One member that fills it, or nothing: so it is passed. A class that must be copied by its constructor is passed by its address.
    fn structure_passed<'a, 'd>(
        &mut self,
        cx: &Context<'_, 'a, 'd>,
        ty: &DieRef<'a, 'd>,
        size: u64,
        depth: usize,
    ) -> Option<Vec<ValueType>> {
        let convention = ty.entry.attr_value(dw::DW_AT_calling_convention);
        let by_reference = Read::CallingConvention(dw::DW_CC_pass_by_reference);
        if convention == Some(by_reference) || depth == MAX_DEPTH {
            return None;
        }
        let members = cx.types.fields(ty, 0)?;
        let [member] = &members.all[..] else {
            let is_empty = members.all.is_empty() && !members.are_alternatives;
            return is_empty.then(Vec::new);
        };
        if members.are_alternatives {
            return None;
        }
        let mut inner = cx.types.bare_type(member.of.unit, &member.of.entry)?;
        if inner.entry.tag() == dw::DW_TAG_array_type {
            let is_one = cx.types.elements(&inner, 0)?.all.len() == 1;
            inner = cx
                .types
                .bare_type(inner.unit, &inner.entry)
                .filter(|_| is_one)?;
        }
        // Of several arrays of one in each other no program is known.
        let fills = byte_size(cx, &inner) == Some(size);
        self.passed(cx, &inner, depth + 1).filter(|_| fills)
    }
}

/// Returns how a vector is passed: if it is as long as one of WebAssembly's, in the host's register for those.
fn vector_passed<'a, 'd>(cx: &Context<'_, 'a, 'd>, ty: &DieRef<'a, 'd>) -> Option<Vec<ValueType>> {
    let lane = cx.types.bare_type(ty.unit, &ty.entry)?;
    let count = cx.types.elements(ty, 0)?.all.len() as u64;
    let is_whole = byte_size(cx, &lane)?.checked_mul(count)? == 16;
    is_whole.then(|| vec![ValueType::V128])
}

fn number_passed<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    ty: &DieRef<'a, 'd>,
    size: u64,
) -> Option<Vec<ValueType>> {
    let Some(Read::Encoding(encoding)) = ty.entry.attr_value(dw::DW_AT_encoding) else {
        return None;
    };
    match (number(cx, &ty.entry), encoding, size) {
        // gdb has it in a vector's register, as the host's `__float128`.
        (Number::Quad, ..) => (cx.flavor() == Flavor::Lldb).then(|| vec![ValueType::I64; 2]),
        (Number::Known, dw::DW_ATE_float, 4) => Some(vec![ValueType::F32]),
        (Number::Known, dw::DW_ATE_float, 8) => Some(vec![ValueType::F64]),
        (_, dw::DW_ATE_float | dw::DW_ATE_complex_float, _) => None,
        (Number::Known, ..) => integer(size),
        _ => None,
    }
}

fn byte_size<'a, 'd>(cx: &Context<'_, 'a, 'd>, ty: &DieRef<'a, 'd>) -> Option<u64> {
    let attr = ty.entry.attr(dw::DW_AT_byte_size);
    attr.and_then(|size| size.udata_value())
        .or_else(|| is_pointer(ty.entry.tag()).then(|| cx.address_size().bytes().into()))
}
/// Returns true if a type is a vector, which clang and gcc describe as an array.
pub(super) fn is_vector(ty: &DieRef<'_, '_>) -> bool {
    let is_array = ty.entry.tag() == dw::DW_TAG_array_type;
    is_array && ty.entry.attr(dw::DW_AT_GNU_vector).is_some()
}

fn integer(size: u64) -> Option<Vec<ValueType>> {
    match size {
        1 | 2 | 4 => Some(vec![ValueType::I32]),
        8 => Some(vec![ValueType::I64]),
        16 => Some(vec![ValueType::I64; 2]),
        _ => None,
    }
}

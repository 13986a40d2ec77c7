//! Functions that gdb would call wrongly, but whose result `finish` shows: it passes structures by value, `...` and numbers of 16 bytes in
//! another way.
//!
//! DW_CC_nocall would have it refuse the call, and show no result either; and gdb does not look at it for methods, whose types it makes
//! anew from their classes (`smash_to_method_type` in gdbtypes.c). So the types of such functions have a parameter of a type that is
//! too large to be a value of gdb's (its setting `max-value-size`), below a typedef of the real type's name, as signatures show that. The
//! type of a function is made of its own entries for parameters alone: the variables are in a block without addresses, which is to gdb
//! what is around it (DWARF 5, section 3.5; `read_lexical_block_scope` in dwarf2/read.c).

use super::context::Context;
use super::output::Output;
use super::passing::{Refused, RefusedParameter, Uncallable};
use crate::dies::{Die, DieRef, is_qualifier};
use crate::write::{AttributeValue, UnitEntryId, Value};
use gimli::constants as dw;
use gimli::{DwAt, DwTag};
use std::collections::{HashMap, HashSet};

/// More than values of gdb's may have, unless somebody says so, and than it finds room for on a stack.
const TOO_LARGE: u64 = 1 << 27;
/// More entries that are declarations or instances of each other, or qualifiers of one type, are no compiler's.
const MAX_CHAIN: usize = 4;
/// More parameters are no program's.
const MAX_PARAMETERS: usize = 255;

/// The types that no argument can have.
#[derive(Default)]
struct Unpassable {
    /// Entries that debuggers do not look for names in, by what they are in.
    hidden: HashMap<UnitEntryId, UnitEntryId>,
    /// By the entries that they are in, the names that are shown and the reason.
    types: HashMap<(UnitEntryId, String, &'static str), UnitEntryId>,
}

impl Unpassable {
    /// An entry that debuggers do not look for names in. Names of what it has are those of the entry's own.
    fn hidden(&mut self, out: &mut Output, parent: UnitEntryId) -> UnitEntryId {
        let hidden = self.hidden.entry(parent);
        *hidden.or_insert_with(|| out.unit.add(parent, dw::DW_TAG_dwarf_procedure))
    }

    /// The type for a parameter, with its own type's qualifiers; `None` where there is no room for names.
    fn ty(
        &mut self,
        out: &mut Output,
        parameter: &RefusedParameter,
        why: &'static str,
    ) -> Option<UnitEntryId> {
        let (qualifiers, parent) = real_type(out, parameter.id);
        let hidden = self.hidden(out, parent);
        let key = (parent, parameter.type_name.clone(), why);
        let mut ty = match self.types.get(&key) {
            Some(known) => *known,
            None => {
                let made = unpassable(out, hidden, parameter, why)?;
                self.types.insert(key, made);
                made
            }
        };
        for qualifier in qualifiers.into_iter().rev() {
            let qualified = out.unit.add(hidden, qualifier);
            out.set(qualified, dw::DW_AT_type, AttributeValue::UnitRef(ty));
            ty = qualified;
        }
        Some(ty)
    }
}

/// A type too large, which gives the reason when gdb says so, behind a typedef with the real one's name.
fn unpassable(
    out: &mut Output,
    hidden: UnitEntryId,
    parameter: &RefusedParameter,
    why: &'static str,
) -> Option<UnitEntryId> {
    let name = &parameter.type_name;
    let reason = format!("{name}, {why},");
    if !out.has_room(name) || !out.has_room(&reason) {
        return None;
    }
    let tag = match parameter.is_number {
        // Each number is converted to it, and a structure cast.
        true => dw::DW_TAG_base_type,
        false => dw::DW_TAG_structure_type,
    };
    let ty = out.add_named(hidden, tag, &reason);
    out.set(ty, dw::DW_AT_byte_size, AttributeValue::Udata(TOO_LARGE));
    if parameter.is_number {
        let encoding = AttributeValue::Encoding(dw::DW_ATE_unsigned);
        out.set(ty, dw::DW_AT_encoding, encoding);
    }
    let alias = out.add_named(hidden, dw::DW_TAG_typedef, name);
    out.set(alias, dw::DW_AT_type, AttributeValue::UnitRef(ty));
    Some(alias)
}

/// The qualifiers of a parameter's type, outermost first, and the entry that the type itself is in.
fn real_type(out: &Output, parameter: UnitEntryId) -> (Vec<DwTag>, UnitEntryId) {
    let mut qualifiers = Vec::new();
    let mut ty = inherited(out, parameter, dw::DW_AT_type);
    while let Some(AttributeValue::UnitRef(id)) = ty {
        if !out.unit.has(id) {
            break;
        }
        let entry = out.unit.get(id);
        if !is_qualifier(entry.tag()) || qualifiers.len() == MAX_CHAIN {
            return (qualifiers, entry.parent().unwrap_or(out.unit.root()));
        }
        qualifiers.push(entry.tag());
        ty = entry.attr(dw::DW_AT_type).map(|it| it.to_owned());
    }
    (qualifiers, out.unit.root())
}

/// Has calls of functions fail whose parameters gdb passes in another way, and of methods that return in memory: when all entries are
/// there.
pub(super) fn refuse_calls_by_gdb<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    refused: Vec<Refused>,
) {
    let mut unpassable = Unpassable::default();
    let mut methods: HashSet<_> = out.methods_in_memory.iter().copied().collect();
    for function in refused {
        let Ok(id) = cx.ids.convert_unit_ref(function.function) else {
            continue;
        };
        let Ok(entry) = cx.unit.entry(function.function) else {
            continue;
        };
        let why = reason(function.why);
        let parameters = parameters(cx, out, id, &entry, &function);
        let method = declared_method(cx, cx.own(&entry));
        if let Some(method) = method.filter(|method| methods.insert(*method)) {
            refuse_method(out, &mut unpassable, method, &parameters, why);
        }
        refuse_function(out, &mut unpassable, id, &parameters, why);
    }
    for method in std::mem::take(&mut out.methods_in_memory) {
        refuse_method(out, &mut unpassable, method, &[], "");
    }
}

fn reason(why: Uncallable) -> &'static str {
    match why {
        Uncallable::Changed => "which the function's code does not take as its source says",
        _ => "which gdb does not pass as WebAssembly does",
    }
}

/// The class's own entry of a method, where that is in this unit.
fn declared_method<'a, 'd>(cx: &Context<'_, 'a, 'd>, entry: DieRef<'a, 'd>) -> Option<UnitEntryId> {
    let mut there = entry;
    for _ in 0..MAX_CHAIN {
        let origin = |name| there.entry.attr_value(name);
        if let Some(declared) = origin(dw::DW_AT_specification) {
            let declared = cx.types.resolve(there.unit, declared)?;
            let own = cx.is_own(&declared).then_some(declared.entry.offset())?;
            return cx.ids.convert_unit_ref(own).ok();
        }
        there = cx
            .types
            .resolve(there.unit, origin(dw::DW_AT_abstract_origin)?)?;
    }
    None
}

/// The entries of a function's parameters, with those that are passed in another way.
type Parameters = Vec<(UnitEntryId, Option<RefusedParameter>)>;

/// The parameters of a function. If the code has others than the source, the first one of the source's stands for all.
fn parameters<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &Output,
    id: UnitEntryId,
    entry: &Die<'d>,
    refused: &Refused,
) -> Parameters {
    let entries = out.unit.children(id);
    let entries = entries.filter(|id| is_parameter(out.unit.get(*id).tag()));
    let refused_one = |id| refused.parameters.iter().find(|it| it.id == id).cloned();
    let entries = entries.take(MAX_PARAMETERS + 1);
    let mut all: Parameters = entries.map(|id| (id, refused_one(id))).collect();
    // gdb depends on what `this` is.
    let is_written = |id| inherited(out, id, dw::DW_AT_artificial).is_none();
    if refused.why == Uncallable::Changed
        && let Some(first) = all.iter().position(|(id, _)| is_written(*id))
    {
        all[first].1 = nth_parameter(cx, entry, all[first].0, first);
    }
    all
}

/// A parameter of a function by its number.
fn nth_parameter<'d>(
    cx: &Context<'_, '_, 'd>,
    function: &Die<'d>,
    id: UnitEntryId,
    number: usize,
) -> Option<RefusedParameter> {
    let mut tree = cx.unit.entries_tree(Some(function.offset())).ok()?;
    let mut children = tree.root().ok()?.children();
    let mut before = 0;
    while let Ok(Some(child)) = children.next() {
        let entry = child.entry();
        if !is_parameter(entry.tag()) {
            continue;
        }
        if before == number {
            return Some(RefusedParameter::new(cx, id, entry));
        }
        before += 1;
    }
    None
}

fn is_parameter(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_formal_parameter | dw::DW_TAG_unspecified_parameters
    )
}

/// Gives a function's type parameters that no argument fits, and puts its variables beside them.
fn refuse_function(
    out: &mut Output,
    unpassable: &mut Unpassable,
    function: UnitEntryId,
    parameters: &[(UnitEntryId, Option<RefusedParameter>)],
    why: &'static str,
) {
    // What is an instance has the variables of what it is one of that are not its own.
    let is_instance = out.unit.get(function).attr(dw::DW_AT_abstract_origin);
    let has_refused = parameters.iter().any(|(_, refused)| refused.is_some());
    if !has_refused || is_instance.is_some() || parameters.len() > MAX_PARAMETERS {
        let convention = AttributeValue::CallingConvention(dw::DW_CC_nocall);
        return out.set(function, dw::DW_AT_calling_convention, convention);
    }
    let block = out.unit.add(function, dw::DW_TAG_lexical_block);
    for (variable, refused) in parameters {
        let refused = refused.as_ref();
        let refused = refused.and_then(|refused| unpassable.ty(out, refused, why));
        let parameter = out.unit.add(function, dw::DW_TAG_formal_parameter);
        let ty = match refused {
            Some(ty) => Some(AttributeValue::UnitRef(ty)),
            None => inherited(out, *variable, dw::DW_AT_type),
        };
        let artificial = inherited(out, *variable, dw::DW_AT_artificial);
        let attributes = [(dw::DW_AT_type, ty), (dw::DW_AT_artificial, artificial)];
        for (name, value) in attributes {
            if let Some(value) = value {
                out.set(parameter, name, value);
            }
        }
        out.unit.move_to(*variable, block);
    }
}

/// An attribute of an entry or of what it is an instance of.
fn inherited(out: &Output, id: UnitEntryId, name: DwAt) -> Option<AttributeValue> {
    let mut entry = out.unit.get(id);
    for _ in 0..MAX_CHAIN {
        if let Some(value) = entry.attr(name) {
            return Some(value.to_owned());
        }
        let Some(Value::UnitRef(origin)) = entry.attr(dw::DW_AT_abstract_origin) else {
            return None;
        };
        entry = out.unit.get(origin);
    }
    None
}

/// Gives a method's declaration parameters that no argument fits. Where it has none, it has one too many, which is not shown.
fn refuse_method(
    out: &mut Output,
    unpassable: &mut Unpassable,
    method: UnitEntryId,
    parameters: &[(UnitEntryId, Option<RefusedParameter>)],
    why: &'static str,
) {
    let declared = out.unit.children(method);
    let declared: Vec<_> = declared
        .filter(|id| is_parameter(out.unit.get(*id).tag()))
        .collect();
    let mut is_refused = false;
    for (id, (_, refused)) in declared.iter().zip(parameters) {
        let refused = refused.as_ref();
        let Some(ty) = refused.and_then(|refused| unpassable.ty(out, refused, why)) else {
            continue;
        };
        is_refused = true;
        let mut refused = *id;
        if out.unit.get(*id).tag() == dw::DW_TAG_unspecified_parameters {
            let root = out.unit.root();
            let hidden = unpassable.hidden(out, root);
            out.unit.move_to(*id, hidden);
            refused = out.unit.add(method, dw::DW_TAG_formal_parameter);
        }
        out.set(refused, dw::DW_AT_type, AttributeValue::UnitRef(ty));
    }
    if is_refused {
        return;
    }
    let root = out.unit.root();
    let hidden = unpassable.hidden(out, root);
    let nothing = out.add_named(hidden, dw::DW_TAG_unspecified_type, "void");
    let parameter = out.unit.add(method, dw::DW_TAG_formal_parameter);
    out.set(parameter, dw::DW_AT_type, AttributeValue::UnitRef(nothing));
    // The first of a method's that is artificial is `this` to gdb.
    if !declared.is_empty() {
        out.set(parameter, dw::DW_AT_artificial, AttributeValue::Flag(true));
    }
}

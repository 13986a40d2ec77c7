//! Functions that a debugger would call wrongly are not to be called.
//!
//! * One that returns a structure in memory takes the place of it as a parameter, which its type does not say: it would write to
//!   wherever its first argument points, and what it returns would be looked for at a place of the host's.
//! * A virtual method is found by a table of 4-byte indices, which debuggers take for 8-byte addresses; and lldb, to which it is
//!   not virtual at all, would call the static type's.
//! * One whose code takes arguments off the stack leaves it other than lldb expects; gdb finds its own frame by the frame pointer.
//! * gdb looks for a vector that a function returns in two registers, as for an array's halves, up to version 18 at least: it would show
//!   another value.
//!
//! gdb knows an attribute for that, and says so. lldb does not: there such a function returns a type that is only declared, of which
//! Clang says that nobody can call it, and a virtual method is called by a symbol that nobody has, and that says why.

use super::context::Context;
use super::convert::Entry;
use super::output::Output;
use super::passing::{Refused, Uncallable, is_vector};
use crate::code::Flavor;
use crate::dies::{DieRef, Kind, is_virtual, kind};
use crate::expr::unlocatable::Unlocatable;
use crate::source::{Reader, attr_string};
use crate::write::{AttributeValue, Unit, UnitEntryId};
use gimli::constants as dw;
use gimli::read::Attribute;

/// More entries that are declarations or instances of each other are no compiler's.
const MAX_DECLARATIONS: usize = 4;

/// The names of a function.
#[derive(Default)]
struct Names {
    name: Option<String>,
    linkage_name: Option<String>,
}

impl Names {
    /// The names of an entry, where none before has them.
    fn add(&mut self, die: &DieRef<'_, '_>) {
        let text = |name| {
            let text = attr_string(die.unit, die.entry.attr_value(name)?).ok()?;
            Some(text.to_string_lossy().into_owned())
        };
        let linkage_name =
            || text(dw::DW_AT_linkage_name).or_else(|| text(dw::DW_AT_MIPS_linkage_name));
        self.name = self.name.take().or_else(|| die.name());
        self.linkage_name = self.linkage_name.take().or_else(linkage_name);
    }

    /// Its linkage name, or one that is shown as its name.
    fn symbol(&self) -> Option<String> {
        let is_mangled = |name: &&String| name.starts_with("_Z") || name.starts_with("_R");
        if let Some(name) = self.linkage_name.as_ref().filter(is_mangled) {
            return Some(name.clone());
        }
        let name = self.name.as_ref()?;
        let is_plain = |it: char| it == '_' || it == '$' || it.is_ascii_alphanumeric();
        (!name.is_empty() && name.chars().all(is_plain)).then(|| format!("_Z{}{name}", name.len()))
    }
}

/// Marks a function that must not be called (DWARF 5, section 3.3.1.1).
pub(super) fn check_calls<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
) {
    let returns = cx.type_of(entry).is_some();
    // On others gdb would not show what they return either.
    let is_lost = cx.returns_in_memory(entry) || returns_unreadable_vector(cx, entry);
    if returns && is_lost {
        out.unit.get_mut(id).set(
            dw::DW_AT_calling_convention,
            AttributeValue::CallingConvention(dw::DW_CC_nocall),
        );
        // gdb does not look at it there.
        if cx.flavor() == Flavor::Gdb && is_method(out, id) {
            out.methods_in_memory.push(id);
        }
    }
    if cx.flavor() == Flavor::Lldb {
        check_virtual_calls(cx, out, id, entry);
    }
}

/// Returns true if an entry is a class's own.
fn is_method(out: &Output, id: UnitEntryId) -> bool {
    let parent = out.unit.get(id).parent();
    let is_class = |it| matches!(kind(out.unit.get(it).tag()), Kind::Class);
    parent.is_some_and(is_class) && out.unit.get(id).attr(dw::DW_AT_declaration).is_some()
}

/// Returns true if gdb would look for a function's result in other registers.
fn returns_unreadable_vector<'d>(cx: &Context<'_, '_, 'd>, entry: &Entry<'_, 'd>) -> bool {
    let ty = || cx.bare_type(entry);
    entry.tag() == dw::DW_TAG_subprogram
        && cx.flavor() == Flavor::Gdb
        && ty().is_some_and(|ty| is_vector(&ty))
}

/// lldb calls a method by the linkage name that it is declared with in its class, and names its frames by that of its definition.
fn check_virtual_calls<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
) {
    let unit = cx.unit;
    let symbol = if is_virtual(entry) {
        // Without what lldb would take for parameters or scopes, and look for the rest of.
        let name = cx.own(entry).name().unwrap_or_default();
        let name = match name.contains(['(', ':']) {
            true => String::new(),
            false => format!(" '{name}'"),
        };
        format!("the virtual method{name}, of which only the program knows which one is meant")
    } else if entry.attr_value(dw::DW_AT_linkage_name).is_some() {
        // Its own, which of a destructor is not declared: it stands for several functions (Itanium C++ ABI, section 5.1.4.3).
        return;
    } else {
        let declared = entry.attr_value(dw::DW_AT_specification);
        let declared = declared.and_then(|declared| cx.types.resolve(unit, declared));
        let declared = declared.filter(|declared| is_virtual(&declared.entry));
        let Some(symbol) = declared.and_then(|declared| declared.linkage_name()) else {
            return;
        };
        symbol
    };
    if !out.has_room(&symbol) {
        return;
    }
    let symbol = AttributeValue::string(symbol);
    out.unit.get_mut(id).set(dw::DW_AT_linkage_name, symbol);
}

/// Has calls of functions fail whose parameters are passed in another way than the debugger does: when all entries are there.
///
/// lldb calls a function by the linkage name of what it is declared with, and shows its own. One of C has to have one that is
/// mangled, as lldb calls others by their names. From lldb 22 on calls know the entry, and look by its linkage name only where it
/// is a declaration.
pub(super) fn refuse_calls(cx: &Context<'_, '_, '_>, out: &mut Output, refused: Vec<Refused>) {
    for function in refused {
        let Ok(entry) = cx.unit.entry(function.function) else {
            continue;
        };
        if let Some((chain, names)) = declarations(cx, cx.own(&entry)) {
            refuse_call(out, &chain, &names, function.why);
        }
    }
}

/// A function's entry and those that it is an instance or the definition of, as they are written, and its linkage name.
fn declarations<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    entry: DieRef<'a, 'd>,
) -> Option<(Vec<UnitEntryId>, Names)> {
    let mut ids = Vec::new();
    let mut names = Names::default();
    let mut next = Some(entry);
    while let Some(there) = next.take() {
        // A virtual method is refused already, and one that is returned from in memory.
        if !cx.is_own(&there) || ids.len() == MAX_DECLARATIONS || is_virtual(&there.entry) {
            return None;
        }
        ids.push(cx.ids.convert_unit_ref(there.entry.offset()).ok()?);
        names.add(&there);
        let origins = [dw::DW_AT_abstract_origin, dw::DW_AT_specification].into_iter();
        let mut origins = origins.filter_map(|name| there.entry.attr_value(name));
        if let Some(origin) = origins.next() {
            next = Some(cx.types.resolve(there.unit, origin)?);
        }
    }
    Some((ids, names))
}

fn refuse_call(out: &mut Output, chain: &[UnitEntryId], names: &Names, why: Uncallable) {
    let (Some((&last, instances)), Some(symbol)) = (chain.split_last(), names.symbol()) else {
        return;
    };
    let written = [Some(&symbol), names.name.as_ref()].into_iter().flatten();
    let mut written = written.cycle().take(2 * chain.len());
    if !written.all(|it| out.has_room(it)) {
        return;
    }
    let unit = &mut out.unit;
    let is_declared = unit.get(last).attr(dw::DW_AT_declaration).is_some();
    let own = if is_declared { instances } else { &[last] };
    for id in own {
        let name = AttributeValue::string(symbol.clone());
        unit.get_mut(*id).set(dw::DW_AT_linkage_name, name);
    }
    let declaration = if is_declared {
        last
    } else {
        declare(out, last)
    };
    let why = why.symbol(names.name.as_deref().unwrap_or_default());
    let why = AttributeValue::string(why);
    let mut entry = out.unit.get_mut(declaration);
    entry.set(dw::DW_AT_linkage_name, why);
}

/// Adds a declaration that a function is an instance of: what lldb makes a call of.
fn declare(out: &mut Output, function: UnitEntryId) -> UnitEntryId {
    let unit = &mut out.unit;
    let parent = unit.get(function).parent().unwrap_or(unit.root());
    let declaration = unit.add(parent, dw::DW_TAG_subprogram);
    let copy = |unit: &mut Unit, from: UnitEntryId, to: UnitEntryId| {
        for name in [dw::DW_AT_name, dw::DW_AT_type, dw::DW_AT_artificial] {
            if let Some(value) = unit.get(from).attr(name).map(|it| it.to_owned()) {
                unit.get_mut(to).set(name, value);
            }
        }
    };
    copy(unit, function, declaration);
    let children: Vec<_> = unit.children(function).collect();
    for child in children {
        let tag = unit.get(child).tag();
        if matches!(
            tag,
            dw::DW_TAG_formal_parameter | dw::DW_TAG_unspecified_parameters
        ) {
            let parameter = unit.add(declaration, tag);
            copy(unit, child, parameter);
        }
    }
    let is_declaration = AttributeValue::Flag(true);
    unit.get_mut(declaration)
        .set(dw::DW_AT_declaration, is_declaration);
    let origin = AttributeValue::UnitRef(declaration);
    unit.get_mut(function)
        .set(dw::DW_AT_abstract_origin, origin);
    declaration
}

/// The type of what a function returns in memory.
pub(super) fn type_in_memory<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
    attr: &Attribute<Reader<'d>>,
) -> Result<Option<AttributeValue>, Unlocatable> {
    if cx.flavor() == Flavor::Gdb {
        return cx.attribute_value(attr).map(Some);
    }
    let ty = cx.types.type_of(&cx.own(entry));
    let mut name = cx.type_name(ty.as_ref());
    // lldb looks for a definition by name, even of what is declared in a function, and no entry has such a name.
    let bare = cx.bare_type(entry);
    let keyword = match bare.map(|bare| bare.entry.tag()) {
        Some(dw::DW_TAG_class_type) => "class ",
        Some(dw::DW_TAG_union_type) => "union ",
        Some(dw::DW_TAG_structure_type) => "struct ",
        // Numbers that lldb does not know are structures by their own names (number.rs).
        Some(dw::DW_TAG_base_type) => {
            name.push_str(" in memory");
            ""
        }
        _ => "",
    };
    // C's types have it already.
    if !name.starts_with(keyword) {
        name.insert_str(0, keyword);
    }
    let declared = out.unit.add(id, dw::DW_TAG_structure_type);
    let mut entry = out.unit.get_mut(declared);
    entry.set(dw::DW_AT_name, AttributeValue::string(name));
    entry.set(dw::DW_AT_declaration, AttributeValue::Flag(true));
    Ok(Some(AttributeValue::UnitRef(declared)))
}

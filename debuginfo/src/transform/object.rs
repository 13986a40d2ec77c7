//! Static variables: their symbols, and those without a place.

use super::context::Context;
use super::convert::Entry;
use super::language::is_c;
use super::live::name_hash;
use super::output::{Object, Output};
use super::scopes::Scopes;
use crate::address::HostAddress;
use crate::code::Flavor;
use crate::dies::{Die, LINKAGE_NAMES, MAX_NAME};
use crate::expr::decode::{Op, decode};
use crate::write::{AttributeValue, Expression, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

/// The symbol of a variable, if that is static and has a name: lldb's expressions find members of classes by it.
pub(super) fn object<'d>(
    cx: &Context<'_, '_, 'd>,
    scopes: &Scopes,
    entry: &Die<'d>,
) -> Option<Object> {
    let Some(Read::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else {
        return None;
    };
    let ops = decode(expression, cx.unit).unwrap_or_default();
    let [Op::Address(address)] = ops[..] else {
        return None;
    };
    let address = cx.address_size().data(address)?;
    let memory = cx.code().dwarf_memory()?;
    // A static member is declared in its class, which has the name.
    let declared = entry.attr_value(dw::DW_AT_specification);
    let declared = declared.and_then(|declared| cx.types.resolve(cx.unit, declared));
    let own = cx.own(entry).linkage_name();
    let own = own.map(|name| in_function(cx, scopes, entry, name));
    let name = own.or_else(|| declared.as_ref()?.linkage_name());
    let size = cx.types.byte_size(cx.unit, entry);
    let size = size.or_else(|| {
        let declared = declared.as_ref()?;
        cx.types.byte_size(declared.unit, &declared.entry)
    });
    let is_external = |entry: &Die<'d>| entry.attr(dw::DW_AT_external).is_some();
    Some(Object {
        name: name?,
        address: HostAddress(memory.base.0.wrapping_add(address)),
        size: size.unwrap_or(0),
        is_external: is_external(entry) || declared.is_some_and(|it| is_external(&it.entry)),
    })
}

/// Gives a variable outside functions an empty location, where an optimiser left its place out: without a location, gdb looks for a
/// symbol of what is external.
pub(super) fn place_dropped(scopes: &Scopes, out: &mut Output, id: UnitEntryId, entry: &Die<'_>) {
    let places = [
        dw::DW_AT_location,
        dw::DW_AT_const_value,
        dw::DW_AT_declaration,
    ];
    let has_place = places.iter().any(|name| entry.attr(*name).is_some());
    if scopes.function().is_none() && !has_place {
        let nowhere = AttributeValue::exprloc(Expression::new());
        out.set(id, dw::DW_AT_location, nowhere);
    }
}

/// Has gdb find a file's own variable from other files before it looks into the host's libraries: what is not external it takes from the
/// file that it has first (`lookup_static_symbol` in symtab.c), and external variables from the file of the frame. One that has the
/// name of an external variable stays its file's own, and a table of rustc's (`<T as Trait>::{vtable}`), of which there are thousands.
pub(super) fn show_to_all<'a, 'd>(
    cx: &Context<'_, 'a, 'd>,
    out: &mut Output,
    id: UnitEntryId,
    entry: &Entry<'a, 'd>,
) {
    let is_outside = entry.parent.is_none_or(|it| it == out.unit.root());
    if cx.flavor() != Flavor::Gdb
        || !is_outside
        || out.unit.get(id).attr(dw::DW_AT_location).is_none()
    {
        return;
    }
    let not_own = [
        dw::DW_AT_external,
        dw::DW_AT_specification,
        dw::DW_AT_linkage_name,
    ];
    if not_own.iter().any(|name| entry.attr(*name).is_some()) {
        return;
    }
    let name = cx.own(entry).name();
    let name = name.filter(|name| !name.contains("::") && out.has_room(name));
    if name.is_some_and(|name| !cx.globals.contains(&name_hash(name.as_bytes()))) {
        out.set(id, dw::DW_AT_external, AttributeValue::Flag(true));
    }
}

/// Returns the name that compilers for the host give to the symbol of a function's static variable. gdb takes what has a symbol
/// of its name alone for a variable that is seen everywhere, and `function::name` for a syntax error: its lexer drops `::` before
/// such a name (`classify_inner_name` in its c-exp.y).
fn in_function<'d>(
    cx: &Context<'_, '_, 'd>,
    scopes: &Scopes,
    entry: &Die<'d>,
    name: String,
) -> String {
    let has_linkage_name = LINKAGE_NAMES.iter().any(|it| entry.attr(*it).is_some());
    if cx.flavor() != Flavor::Gdb || has_linkage_name {
        return name;
    }
    let function = function_around(cx, scopes).filter(|it| it.len() <= MAX_NAME);
    match function {
        Some(function) if is_c(cx.language) => format!("{function}.{name}"),
        // Itanium C++ ABI, section 5.1.6 (a local name).
        Some(function) => {
            let length = function.len();
            let encoding = match function.strip_prefix("_Z") {
                Some(encoding) => encoding.to_owned(),
                None => format!("{length}{function}"),
            };
            format!("_ZZ{encoding}E{}{name}", name.len())
        }
        None => name,
    }
}

/// The linkage name, or the name, of the function around the entry.
fn function_around(cx: &Context<'_, '_, '_>, scopes: &Scopes) -> Option<String> {
    let mut entries = scopes
        .around()
        .filter_map(|scope| cx.types.entry_at(cx.unit, scope));
    let entry = entries.find(|entry| entry.tag() == dw::DW_TAG_subprogram)?;
    let mut die = cx.own(&entry);
    // A concrete instance of a definition of a declaration.
    for _ in 0..3 {
        if let Some(name) = die.linkage_name() {
            return Some(name);
        }
        let completes = [dw::DW_AT_abstract_origin, dw::DW_AT_specification];
        let mut completes = completes.iter();
        let other = completes.find_map(|name| die.entry.attr_value(*name))?;
        die = cx.types.resolve(die.unit, other)?;
    }
    None
}

//! A call that crosses a component's border as reports show it: with the names and values that WIT has for it.

use super::canonical::Flat;
use super::lift::Lift;
use super::types::{Compound, FuncType, Shape, Type, align_to};
use super::val::Val;
use crate::error::Result;

/// The longest text of a value, in characters.
const LONGEST: usize = 200;

/// `add(a: 1, b: 2)`: a function by its name, with its arguments in WAVE.
pub(super) fn text(name: &str, ty: &FuncType, arguments: &[Val]) -> String {
    call(name, ty, arguments.iter().map(shown))
}

fn call(name: &str, ty: &FuncType, arguments: impl Iterator<Item = String>) -> String {
    let named = ty.params.iter().zip(arguments);
    let named = named.map(|((parameter, _), value)| format!("{parameter}: {value}"));
    format!("{name}({})", named.collect::<Vec<_>>().join(", "))
}

/// The same of a guest's core values, of which each that breaks a rule is the rule.
pub(super) fn text_of_core(name: &str, ty: &FuncType, core: &[u64], lift: &mut Lift<'_>) -> String {
    let mut flat = Flat(core.iter());
    let layout = ty.param_tuple;
    if layout.flat.is_some() {
        let arguments = ty.params.iter().map(|(_, ty)| {
            let mut own = flat.clone();
            flat.skip(ty.flat().unwrap_or(0));
            looked(ty, || lift.flat(ty, &mut own))
        });
        return call(name, ty, arguments);
    }
    let at = flat
        .next()
        .and_then(|at| lift.address(at as u32, layout.size, layout.align));
    let at = match at {
        Ok(at) => at,
        Err(error) => return format!("{name}({error})"),
    };
    let mut offset = 0;
    let arguments = ty.params.iter().map(|(_, ty)| {
        let mut own = offset;
        offset = align_to(offset, ty.align()) + ty.size();
        looked(ty, || lift.field(ty, at, &mut own))
    });
    call(name, ty, arguments)
}

/// A guest's result, of the core value that it is, or that says where it is.
pub(super) fn result_of_core(ty: &Type, core: &[u64], lift: &mut Lift<'_>) -> String {
    let mut flat = Flat(core.iter());
    if ty.flat().is_some_and(|count| count <= 1) {
        return looked(ty, || lift.flat(ty, &mut flat));
    }
    looked(ty, || {
        let at = lift.address(flat.next()? as u32, ty.size(), ty.align())?;
        lift.field(ty, at, &mut 0)
    })
}

/// A value that is read to be shown. Handles are left where they are.
fn looked(ty: &Type, read: impl FnOnce() -> Result<Val>) -> String {
    match ty {
        Type::Own(_) | Type::Borrow(_) => RESOURCE.to_owned(),
        ty if has_handle(ty) => "…".to_owned(),
        _ => read().map_or_else(|error| format!("({error})"), |value| shown(&value)),
    }
}

fn has_handle(ty: &Type) -> bool {
    let Type::Compound(compound) = ty else {
        return matches!(ty, Type::Own(_) | Type::Borrow(_));
    };
    let optional = |ty: &Option<Type>| ty.as_ref().is_some_and(has_handle);
    let Compound { shape, .. } = &**compound;
    match shape {
        Shape::List(ty) | Shape::Option(ty) => has_handle(ty),
        Shape::Record(fields) => fields.iter().any(|(_, ty)| has_handle(ty)),
        Shape::Tuple(types) => types.iter().any(has_handle),
        Shape::Variant(cases) => cases.iter().any(|(_, ty)| optional(ty)),
        Shape::Result(ok, error) => optional(ok) || optional(error),
        Shape::Enum(_) | Shape::Flags(_) => false,
    }
}

const RESOURCE: &str = "(resource)";

fn shown(value: &Val) -> String {
    let text = match value {
        Val::Resource(_) => RESOURCE.to_owned(),
        // Resources in others.
        value => value.to_wave().unwrap_or_else(|_| "…".to_owned()),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

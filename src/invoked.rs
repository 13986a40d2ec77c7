//! Calls of exports as they are typed: `--invoke NAME ARGS`, or `--invoke 'NAME(ARGS)'`.

use crate::files;
use anyhow::{Context, Result, bail};
use dwalin_runtime::wasi::WasiCtx;
use dwalin_runtime::{Func, Store, Val, ValType};

/// The name and the arguments of a call that is typed as one: `f(1, 2)`. Numbers have no commas.
pub fn call(typed: &str) -> Option<(&str, Vec<String>)> {
    let (name, args) = typed.strip_suffix(')')?.split_once('(')?;
    let args = args.split(',').map(|arg| arg.trim().to_owned());
    let args = args.filter(|arg| !arg.is_empty()).collect();
    Some((name.trim_end(), args))
}

/// The functions that can be called instead.
pub fn instead(wanted: &str, names: &[&str]) -> String {
    const MOST: usize = 12;
    if names.is_empty() {
        return "it exports none".to_owned();
    }
    if let Some(near) = files::nearest(wanted, names.iter().copied()) {
        return format!("there is `{near}`");
    }
    let more = match names.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = &names[..names.len().min(MOST)];
    format!(
        "--invoke NAME calls one that it has: {}{more}",
        named.join(", ")
    )
}

/// Calls an export with arguments as typed, and prints its results, one a line.
pub fn invoke(func: Func, store: &mut Store<WasiCtx>, name: &str, args: &[String]) -> Result<()> {
    let ty = func.ty(&*store);
    if args.len() != ty.params().len() {
        let (count, plural) = (args.len(), if args.len() == 1 { " was" } else { "s were" });
        bail!("`{name}` is of type {ty}, and {count} argument{plural} given");
    }
    let params = args
        .iter()
        .zip(ty.params())
        .enumerate()
        .map(|(i, (text, ty))| {
            parse(text, *ty).with_context(|| {
                format!(
                    "argument {} of `{name}`: `{text}` is not a value of type {ty}",
                    i + 1
                )
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let mut results: Vec<_> = ty
        .results()
        .iter()
        .map(|ty| Val::default_for(*ty))
        .collect();
    func.call(store, &params, &mut results)?;
    for result in results {
        println!("{result}");
    }
    Ok(())
}

/// An argument of a type; integers in decimal or with 0x, of either sign.
fn parse(text: &str, ty: ValType) -> Option<Val> {
    let integer = || {
        let (sign, digits) = text
            .strip_prefix('-')
            .map_or((1, text), |digits| (-1, digits));
        let value = match digits.strip_prefix("0x") {
            Some(digits) => i128::from_str_radix(digits, 16),
            None => digits.parse::<i128>(),
        };
        value.ok().map(|value| sign * value)
    };
    let within = |value: &i128, bits: u32| (-(1i128 << (bits - 1))..1i128 << bits).contains(value);
    match ty {
        ValType::I32 => integer()
            .filter(|value| within(value, 32))
            .map(|value| Val::from(value as i32)),
        ValType::I64 => integer()
            .filter(|value| within(value, 64))
            .map(|value| Val::from(value as i64)),
        ValType::F32 => text.parse().ok().map(|value: f32| Val::from(value)),
        ValType::F64 => text.parse().ok().map(|value: f64| Val::from(value)),
        ValType::V128 => match text.strip_prefix("0x") {
            Some(digits) => u128::from_str_radix(digits, 16),
            None => text.parse::<u128>(),
        }
        .ok()
        .map(Val::from),
        ValType::Ref(_) => (text == "null").then(|| Val::default_for(ty)),
    }
}

#[cfg(test)]
mod tests {
    use super::call;

    #[test]
    fn a_call_has_a_name_and_arguments() {
        let args = |args: &[&str]| args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(call("f(1, -0x2)"), Some(("f", args(&["1", "-0x2"]))));
        assert_eq!(call("f ()"), Some(("f", args(&[]))));
        assert_eq!(call("f"), None);
        assert_eq!(call("f(1"), None);
    }
}

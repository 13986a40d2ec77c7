//! Random types of components: their text, their values, and the core values that they flatten to (CanonicalABI.md, "Flattening").

use super::mutate::Numbers;
use dwalin_runtime::component::Val;

/// A type.
#[derive(Clone, Debug)]
pub enum Ty {
    Scalar(&'static str),
    List(Box<Ty>),
    Tuple(Vec<Ty>),
    Record(Vec<Ty>),
    Variant(Vec<Option<Ty>>),
    Enum(usize),
    Option(Box<Ty>),
    Result(Option<Box<Ty>>, Option<Box<Ty>>),
    Flags(usize),
}

const SCALARS: [&str; 13] = [
    "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string",
];

/// The most core values of parameters (`MAX_FLAT_PARAMS`).
const MAX_FLAT: usize = 16;

impl Ty {
    /// A type whose parts are so deep at most.
    pub fn random(numbers: &mut Numbers, depth: usize) -> Ty {
        let kinds = if depth == 0 { 5 } else { 12 };
        let inner = |numbers: &mut Numbers| Box::new(Ty::random(numbers, depth.saturating_sub(1)));
        let maybe = |numbers: &mut Numbers| (numbers.below(3) > 0).then(|| inner(numbers));
        match numbers.below(kinds) {
            0..=2 => Ty::Scalar(SCALARS[numbers.below(SCALARS.len())]),
            3 => Ty::Enum(count(numbers)),
            4 => Ty::Flags(1 + numbers.below(32)),
            5 => Ty::List(inner(numbers)),
            6 => Ty::Tuple((0..=numbers.below(5)).map(|_| *inner(numbers)).collect()),
            7 | 8 => Ty::Record((0..=numbers.below(6)).map(|_| *inner(numbers)).collect()),
            9 => {
                let (all, few) = (count(numbers), 1 + numbers.below(5));
                let case = |i: usize, numbers: &mut Numbers| {
                    (i < few).then(|| maybe(numbers)).flatten().map(|it| *it)
                };
                Ty::Variant((0..all).map(|i| case(i, numbers)).collect())
            }
            10 => Ty::Option(inner(numbers)),
            _ => Ty::Result(maybe(numbers), maybe(numbers)),
        }
    }

    /// The type as text; those that have names are appended to `named`, each after its parts.
    pub fn text(&self, named: &mut Vec<String>) -> String {
        let all = |types: &[Ty], named: &mut Vec<String>| -> Vec<String> {
            types.iter().map(|ty| ty.text(named)).collect()
        };
        let text = match self {
            Ty::Scalar(name) => return (*name).to_owned(),
            Ty::List(of) => return format!("(list {})", of.text(named)),
            Ty::Option(of) => return format!("(option {})", of.text(named)),
            Ty::Tuple(types) => return format!("(tuple {})", all(types, named).join(" ")),
            Ty::Result(ok, error) => {
                let ok = ok.as_ref().map(|ty| ty.text(named)).unwrap_or_default();
                let error = error
                    .as_ref()
                    .map(|ty| format!("(error {})", ty.text(named)));
                return format!("(result {ok} {})", error.unwrap_or_default());
            }
            Ty::Record(types) => {
                let fields = all(types, named).into_iter().enumerate();
                let fields = fields.map(|(i, ty)| format!("(field \"f{i}\" {ty})"));
                format!("(record {})", fields.collect::<String>())
            }
            Ty::Variant(cases) => {
                let case = |(i, ty): (usize, &Option<Ty>)| {
                    let ty = ty.as_ref().map(|ty| ty.text(named)).unwrap_or_default();
                    format!("(case \"c{i}\" {ty})")
                };
                format!(
                    "(variant {})",
                    cases.iter().enumerate().map(case).collect::<String>()
                )
            }
            Ty::Enum(count) => format!("(enum {})", names(*count)),
            Ty::Flags(count) => format!("(flags {})", names(*count)),
        };
        named.push(text);
        format!("$e{}", named.len() - 1)
    }

    /// A value.
    pub fn value(&self, numbers: &mut Numbers) -> Val {
        let some = |ty: &Option<Box<Ty>>, numbers: &mut Numbers| {
            ty.as_ref().map(|ty| Box::new(ty.value(numbers)))
        };
        match self {
            Ty::Scalar(name) => scalar(name, numbers),
            Ty::List(of) => {
                let count = numbers.below(5);
                let values: Vec<_> = (0..count).map(|_| of.value(numbers)).collect();
                let byte = |value: &Val| match value {
                    Val::U8(byte) => Some(*byte),
                    _ => None,
                };
                match matches!(**of, Ty::Scalar("u8")) {
                    true => Val::Bytes(values.iter().filter_map(byte).collect()),
                    false => Val::List(values),
                }
            }
            Ty::Tuple(types) => Val::Tuple(types.iter().map(|ty| ty.value(numbers)).collect()),
            Ty::Record(types) => {
                let fields = types.iter().enumerate();
                Val::Record(
                    fields
                        .map(|(i, ty)| (format!("f{i}"), ty.value(numbers)))
                        .collect(),
                )
            }
            Ty::Variant(cases) => {
                let few = if numbers.below(2) == 0 {
                    5
                } else {
                    cases.len()
                };
                let at = numbers.below(cases.len().min(few));
                let value = cases[at].as_ref().map(|ty| Box::new(ty.value(numbers)));
                Val::Variant(format!("c{at}"), value)
            }
            Ty::Enum(count) => Val::Enum(format!("n{}", numbers.below(*count))),
            Ty::Option(of) => {
                let is_some = numbers.below(2) == 0;
                Val::Option(is_some.then(|| Box::new(of.value(numbers))))
            }
            Ty::Result(ok, error) => Val::Result(match numbers.below(2) {
                0 => Ok(some(ok, numbers)),
                _ => Err(some(error, numbers)),
            }),
            Ty::Flags(count) => {
                let set = numbers.next();
                let names = (0..*count).filter(|i| set >> i & 1 != 0);
                Val::Flags(names.map(|i| format!("n{i}")).collect())
            }
        }
    }

    /// The core types that it flattens to.
    pub fn flat(&self) -> Vec<&'static str> {
        match self {
            Ty::Scalar("s64" | "u64") => vec!["i64"],
            Ty::Scalar("f32") => vec!["f32"],
            Ty::Scalar("f64") => vec!["f64"],
            Ty::Scalar("string") | Ty::List(_) => vec!["i32", "i32"],
            Ty::Scalar(_) | Ty::Enum(_) | Ty::Flags(_) => vec!["i32"],
            Ty::Tuple(types) | Ty::Record(types) => types.iter().flat_map(Ty::flat).collect(),
            Ty::Option(of) => joined(&[Some(of)]),
            Ty::Result(ok, error) => joined(&[ok.as_deref(), error.as_deref()]),
            Ty::Variant(cases) => joined(&cases.iter().map(Option::as_ref).collect::<Vec<_>>()),
        }
    }

    /// The core types of the parameters of a function with one parameter of the type.
    pub fn params(&self) -> Vec<&'static str> {
        let flat = self.flat();
        match flat.len() > MAX_FLAT {
            true => vec!["i32"],
            false => flat,
        }
    }
}

/// A number of cases: of more than 256, the discriminant takes two bytes.
fn count(numbers: &mut Numbers) -> usize {
    match numbers.below(12) {
        0 => 256 + numbers.below(2),
        _ => 1 + numbers.below(9),
    }
}

fn names(count: usize) -> String {
    (0..count).map(|i| format!("\"n{i}\" ")).collect()
}

/// A discriminant, and slots that hold the payload of any case.
fn joined(cases: &[Option<&Ty>]) -> Vec<&'static str> {
    let mut slots: Vec<&'static str> = Vec::new();
    for flat in cases.iter().flatten().map(|ty| ty.flat()) {
        for (i, ty) in flat.into_iter().enumerate() {
            match slots.get_mut(i) {
                None => slots.push(ty),
                Some(slot) if *slot == ty => {}
                Some(slot) if matches!((*slot, ty), ("i32", "f32") | ("f32", "i32")) => {
                    *slot = "i32";
                }
                Some(slot) => *slot = "i64",
            }
        }
    }
    [vec!["i32"], slots].concat()
}

fn scalar(name: &str, numbers: &mut Numbers) -> Val {
    // Small ones, large ones, and all between.
    let bits = match numbers.below(4) {
        0 => numbers.below(3) as u64,
        1 => !(numbers.below(3) as u64),
        _ => numbers.next(),
    };
    let float = |bits: u64| (bits as i64 as f64) / 3.0;
    match name {
        "bool" => Val::Bool(bits & 1 != 0),
        "s8" => Val::S8(bits as i8),
        "u8" => Val::U8(bits as u8),
        "s16" => Val::S16(bits as i16),
        "u16" => Val::U16(bits as u16),
        "s32" => Val::S32(bits as i32),
        "u32" => Val::U32(bits as u32),
        "s64" => Val::S64(bits as i64),
        "u64" => Val::U64(bits),
        "f32" => Val::Float32(float(bits) as f32),
        "f64" => Val::Float64(float(bits)),
        "char" => Val::Char(character(numbers)),
        _ => {
            let count = numbers.below(12);
            Val::String((0..count).map(|_| character(numbers)).collect())
        }
    }
}

/// A character of one byte of UTF-8, of Latin-1, or any.
fn character(numbers: &mut Numbers) -> char {
    let limit = [0x80, 0x100, 0x1000, 0x11_0000][numbers.below(4)];
    char::from_u32(numbers.below(limit) as u32).unwrap_or('\u{fffd}')
}

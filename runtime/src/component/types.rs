//! Types of the component model, with their layout by the canonical ABI (CanonicalABI.md, "Alignment", "Element Size", "Flattening").

use std::fmt;
use std::sync::Arc;

/// A type of values.
#[derive(Clone)]
pub enum Type {
    /// true or false.
    Bool,
    /// 8 bits with a sign.
    S8,
    /// 8 bits.
    U8,
    /// 16 bits with a sign.
    S16,
    /// 16 bits.
    U16,
    /// 32 bits with a sign.
    S32,
    /// 32 bits.
    U32,
    /// 64 bits with a sign.
    S64,
    /// 64 bits.
    U64,
    /// 32 bits of IEEE 754.
    Float32,
    /// 64 bits of IEEE 754.
    Float64,
    /// A Unicode scalar value.
    Char,
    /// Unicode scalar values.
    String,
    /// A handle that is given away.
    Own(Handle),
    /// A handle that is lent for a call.
    Borrow(Handle),
    /// A type that is made of others.
    Compound(Arc<Compound>),
}

/// The type of a handle: a resource, and the component instance whose table has the handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handle {
    /// The resource, numbered in its component.
    pub(super) resource: u32,
    /// The component instance.
    pub(super) instance: u32,
}

/// A type that is made of others.
pub struct Compound {
    pub(super) shape: Shape,
    /// Bytes in memory.
    pub(super) size: u32,
    pub(super) align: u32,
    /// Core values that a value is when it is not in memory; `None` of more than can be.
    pub(super) flat: Option<usize>,
    /// Bytes before the payload, where there are cases.
    pub(super) payload: u32,
}

/// The parts of a type that is made of others.
pub(super) enum Shape {
    List(Type),
    Record(Box<[(String, Type)]>),
    Tuple(Box<[Type]>),
    Variant(Box<[(String, Option<Type>)]>),
    Enum(Box<[String]>),
    Option(Type),
    Result(Option<Type>, Option<Type>),
    Flags(Box<[String]>),
}

impl Shape {
    /// The number of cases of a variant, an enumeration, an option or a result.
    pub(super) fn cases(&self) -> usize {
        match self {
            Shape::Variant(cases) => cases.len(),
            Shape::Enum(names) => names.len(),
            _ => 2,
        }
    }
}

/// Core values that the parameters of a function are at most (`MAX_FLAT_PARAMS`).
pub(super) const MAX_FLAT: usize = 16;

/// The type of a function.
#[derive(Clone)]
pub struct FuncType {
    /// Names and types of the parameters, as a type of their own: of more core values than 16, they are in memory as a tuple is.
    pub(super) params: Box<[(String, Type)]>,
    pub(super) param_tuple: Layout,
    pub(super) result: Option<Type>,
}

/// Size and alignment in memory, and the number of core values.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) size: u32,
    pub(super) align: u32,
    pub(super) flat: Option<usize>,
}

impl Layout {
    fn new(size: u32, align: u32, flat: Option<usize>) -> Layout {
        Layout { size, align, flat }
    }
}

impl FuncType {
    pub(super) fn new(params: Box<[(String, Type)]>, result: Option<Type>) -> FuncType {
        let param_tuple = fields(params.iter().map(|(_, ty)| ty));
        FuncType {
            params,
            param_tuple,
            result,
        }
    }

    /// The parameters: name and type of each.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&str, &Type)> {
        self.params.iter().map(|(name, ty)| (&**name, ty))
    }

    /// The result.
    pub fn result(&self) -> Option<&Type> {
        self.result.as_ref()
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (i, (name, ty)) in self.params.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{name}: {ty}")?;
        }
        f.write_str(")")?;
        match &self.result {
            Some(result) => write!(f, " -> {result}"),
            None => Ok(()),
        }
    }
}

/// The next multiple of an alignment, which is a power of two.
pub(super) fn align_to(offset: u32, align: u32) -> u32 {
    offset.saturating_add(align - 1) & !(align - 1)
}

/// The layout of fields, one after the other.
fn fields<'t>(types: impl Iterator<Item = &'t Type>) -> Layout {
    let (mut size, mut align, mut flat) = (0, 1, Some(0));
    for ty in types {
        size = align_to(size, ty.align()).saturating_add(ty.size());
        align = align.max(ty.align());
        flat = add(flat, ty.flat());
    }
    let size = align_to(size, align);
    Layout { size, align, flat }
}

/// The sum, if it is not more than can be.
fn add(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    Some(a? + b?).filter(|sum| *sum <= MAX_FLAT)
}

/// Bytes of the number of a case.
pub(super) fn discriminant_size(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// Bytes of flags, and the words that they are when they are not in memory.
pub(super) fn flags_size(count: usize) -> u32 {
    match count {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4 * count.div_ceil(32) as u32,
    }
}

impl Compound {
    pub(super) fn new(shape: Shape) -> Compound {
        let cases = match &shape {
            Shape::List(_) => {
                return Compound::of(shape, Layout::new(8, 4, Some(2)));
            }
            Shape::Record(types) => {
                let layout = fields(types.iter().map(|(_, ty)| ty));
                return Compound::of(shape, layout);
            }
            Shape::Tuple(types) => {
                let layout = fields(types.iter());
                return Compound::of(shape, layout);
            }
            Shape::Flags(names) => {
                let size = flags_size(names.len());
                let words = Some(names.len().div_ceil(32).max(1)).filter(|it| *it <= MAX_FLAT);
                return Compound::of(shape, Layout::new(size, size.min(4), words));
            }
            Shape::Enum(names) => {
                let size = discriminant_size(names.len());
                return Compound::of(shape, Layout::new(size, size, Some(1)));
            }
            Shape::Variant(cases) => cases.iter().map(|(_, ty)| ty.clone()).collect(),
            Shape::Option(some) => vec![None, Some(some.clone())],
            Shape::Result(ok, error) => vec![ok.clone(), error.clone()],
        };
        Compound::of_cases(shape, &cases)
    }

    fn of(shape: Shape, layout: Layout) -> Compound {
        Compound {
            shape,
            size: layout.size,
            align: layout.align,
            flat: layout.flat,
            payload: 0,
        }
    }

    fn of_cases(shape: Shape, cases: &[Option<Type>]) -> Compound {
        let discriminant = discriminant_size(cases.len());
        let types = || cases.iter().flatten();
        let align = types().map(Type::align).max().unwrap_or(1);
        let payload = align_to(discriminant, align);
        let align = align.max(discriminant);
        let size = types().map(Type::size).max().unwrap_or(0);
        let flat = types().try_fold(0, |most, ty| Some(ty.flat()?.max(most)));
        Compound {
            shape,
            size: align_to(payload.saturating_add(size), align),
            align,
            flat: add(flat, Some(1)),
            payload,
        }
    }
}

impl Type {
    fn layout(&self) -> (u32, u32, Option<usize>) {
        match self {
            Type::Bool | Type::S8 | Type::U8 => (1, 1, Some(1)),
            Type::S16 | Type::U16 => (2, 2, Some(1)),
            Type::S32 | Type::U32 | Type::Float32 | Type::Char => (4, 4, Some(1)),
            Type::Own(_) | Type::Borrow(_) => (4, 4, Some(1)),
            Type::S64 | Type::U64 | Type::Float64 => (8, 8, Some(1)),
            Type::String => (8, 4, Some(2)),
            Type::Compound(it) => (it.size, it.align, it.flat),
        }
    }

    pub(super) fn size(&self) -> u32 {
        self.layout().0
    }

    pub(super) fn align(&self) -> u32 {
        self.layout().1
    }

    pub(super) fn flat(&self) -> Option<usize> {
        self.layout().2
    }
}

/// Bytes of a type's name in a message: types nest without a bound that people could read.
const LONGEST: usize = 400;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_type(self, &mut text);
        if text.len() >= LONGEST {
            let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(end.unwrap_or(0));
            text.push_str("...");
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes a type as WIT has it.
fn write_type(ty: &Type, out: &mut String) {
    let name = match ty {
        Type::Compound(compound) => return write_shape(&compound.shape, out),
        Type::Bool => "bool",
        Type::S8 => "s8",
        Type::U8 => "u8",
        Type::S16 => "s16",
        Type::U16 => "u16",
        Type::S32 => "s32",
        Type::U32 => "u32",
        Type::S64 => "s64",
        Type::U64 => "u64",
        Type::Float32 => "f32",
        Type::Float64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::Own(_) => "own",
        Type::Borrow(_) => "borrow",
    };
    out.push_str(name);
}

fn write_shape(shape: &Shape, out: &mut String) {
    let optional = |ty: Option<&Type>, out: &mut String| match ty {
        Some(ty) => write_type(ty, out),
        None => out.push('_'),
    };
    match shape {
        Shape::List(element) => listed("list<", [element].into_iter(), ">", out, write_type),
        Shape::Option(some) => listed("option<", [some].into_iter(), ">", out, write_type),
        Shape::Tuple(types) => listed("tuple<", types.iter(), ">", out, write_type),
        Shape::Result(None, None) => out.push_str("result"),
        Shape::Result(ok, None) => listed("result<", [ok.as_ref()].into_iter(), ">", out, optional),
        Shape::Result(ok, error) => {
            let both = [ok.as_ref(), error.as_ref()];
            listed("result<", both.into_iter(), ">", out, optional);
        }
        Shape::Record(fields) => {
            listed("record { ", fields.iter(), " }", out, |(name, ty), out| {
                out.push_str(name);
                out.push_str(": ");
                write_type(ty, out);
            });
        }
        Shape::Variant(cases) => {
            listed("variant { ", cases.iter(), " }", out, |(name, ty), out| {
                out.push_str(name);
                if let Some(ty) = ty {
                    listed("(", [ty].into_iter(), ")", out, write_type);
                }
            });
        }
        Shape::Enum(names) => listed("enum { ", names.iter(), " }", out, |name, out| {
            out.push_str(name);
        }),
        Shape::Flags(names) => listed("flags { ", names.iter(), " }", out, |name, out| {
            out.push_str(name);
        }),
    }
}

/// Writes parts with commas between them, as far as anybody reads.
fn listed<I>(
    open: &str,
    parts: impl Iterator<Item = I>,
    close: &str,
    out: &mut String,
    write: impl Fn(I, &mut String),
) {
    out.push_str(open);
    for (i, part) in parts.enumerate() {
        if out.len() >= LONGEST {
            return;
        }
        out.push_str(if i > 0 { ", " } else { "" });
        write(part, out);
    }
    out.push_str(close);
}

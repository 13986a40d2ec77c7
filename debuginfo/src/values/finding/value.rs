//! What the parts of an expression are, on the way to a place: a type, and where a value of it is.

use super::super::found::{Bits, NotFound, Number, NumberKind, Ty};
use super::super::render::{Renderer, address, number, signed};
use crate::address::WasmPc;
use crate::units::Units;
use crate::values::machine::Machine;
use gimli::constants as dw;

/// The largest place that is asked for.
pub(super) const LARGEST: u64 = 64 << 10;
/// The depth to which references refer to references.
const DEPTH: usize = 16;

/// A frame that variables are looked for in.
pub struct FrameAt<'m> {
    /// The address in it.
    pub pc: WasmPc,
    /// Its values.
    pub machine: &'m dyn Machine,
}

/// Something with a type.
#[derive(Clone)]
pub(super) struct Value {
    pub ty: Ty,
    pub held: Held,
}

#[derive(Clone)]
pub(super) enum Held {
    Memory(u64),
    /// A bit-field of what is at an address.
    Bits(u64, Bits),
    /// A variable that is not in memory, by its name, or a computed value.
    Bytes(Vec<u8>, Option<String>),
}

pub(super) type Result<T> = std::result::Result<T, NotFound>;

/// An expression that is being followed.
pub(super) struct Finder<'r, 'a> {
    pub units: &'r Units<'a>,
    pub renderer: Renderer<'r, 'a>,
    pub frames: &'r [FrameAt<'r>],
    /// The frame and the function in it that the variable was found in.
    pub of: Option<(usize, usize)>,
    /// The unit of the innermost frame.
    pub unit: Option<usize>,
}

impl Finder<'_, '_> {
    pub(super) fn type_name(&self, ty: &Ty) -> String {
        match ty {
            Ty::Entry(ty) => self.renderer.type_name(*ty),
            Ty::Number(number) => number.name.to_owned(),
            Ty::Pointer(to) => match self.type_name(to) {
                name if name.ends_with('*') => format!("{name}*"),
                name => format!("{name} *"),
            },
            Ty::Array(element, _, counts) => {
                let name = self.type_name(element);
                counts
                    .iter()
                    .fold(name, |name, count| format!("{name}[{count}]"))
            }
            Ty::Bytes(1) => "1 byte".to_owned(),
            Ty::Bytes(len) => format!("{len} bytes"),
        }
    }

    pub(super) fn size(&self, ty: &Ty) -> Result<u64> {
        let size = match ty {
            Ty::Entry(ty) => self.renderer.size(*ty),
            Ty::Number(number) => Some(number.bytes),
            Ty::Pointer(_) => Some(
                self.units
                    .address_size(self.unit.unwrap_or(0))
                    .bytes()
                    .into(),
            ),
            Ty::Array(_, stride, counts) => counts
                .iter()
                .try_fold(*stride, |all, it| all.checked_mul(*it)),
            Ty::Bytes(len) => Some(*len),
        };
        size.ok_or_else(|| NotFound::NoSize(self.type_name(ty)))
    }

    /// The value's bytes.
    pub(super) fn bytes(&self, value: &Value) -> Result<Vec<u8>> {
        let len = self.size(&value.ty)?;
        match &value.held {
            Held::Bytes(bytes, _) => {
                let whole = bytes.get(..usize::try_from(len).unwrap_or(usize::MAX));
                Ok(whole.unwrap_or(bytes).to_vec())
            }
            Held::Memory(address) => {
                let outside = NotFound::Outside(*address, len);
                if len > LARGEST {
                    return Err(outside);
                }
                let bytes = self.renderer.machine.memory(*address, len as usize);
                Ok(bytes.ok_or(outside)?.into_owned())
            }
            Held::Bits(address, bits) => {
                let outside = NotFound::Outside(*address, len);
                let end = (bits.start + bits.len).div_ceil(8) as usize;
                let all = self.renderer.machine.memory(*address, end);
                let all = all.ok_or(outside.clone())?;
                let Ty::Entry(ty) = value.ty else {
                    return Err(outside);
                };
                let bytes = self.renderer.bit_field(ty, &all, bits.start, bits.len);
                bytes.ok_or(outside)
            }
        }
    }

    pub(super) fn integer(&self, value: &Value) -> Result<i64> {
        let value = self.settled(value.clone())?;
        let no_integer = || NotFound::NoInteger(self.type_name(&value.ty));
        let is_signed = match &value.ty {
            Ty::Entry(ty) => match self.renderer.bare(*ty) {
                Some((ty, dw::DW_TAG_base_type | dw::DW_TAG_enumeration_type)) => {
                    self.renderer.is_signed(ty)
                }
                _ => return Err(no_integer()),
            },
            Ty::Number(number) if number.kind != NumberKind::Float => {
                number.kind == NumberKind::Signed
            }
            _ => return Err(no_integer()),
        };
        let bytes = self.bytes(&value)?;
        let wide = match is_signed {
            true => signed(&bytes).and_then(|it| i64::try_from(it).ok()),
            false => number(&bytes).and_then(|it| i64::try_from(it).ok()),
        };
        wide.ok_or_else(no_integer)
    }

    /// The value that a reference refers to; others as they are.
    pub(super) fn settled(&self, mut value: Value) -> Result<Value> {
        for _ in 0..DEPTH {
            let Ty::Entry(ty) = value.ty else { break };
            let Some((bare, dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type)) =
                self.renderer.bare(ty)
            else {
                break;
            };
            let target = self.units.ty(bare);
            let target = target.ok_or_else(|| NotFound::NoPointer(self.type_name(&value.ty)))?;
            let at = address(&self.bytes(&value)?).unwrap_or(u64::MAX);
            value = Value {
                ty: Ty::Entry(target),
                held: Held::Memory(at),
            };
        }
        Ok(value)
    }

    /// The type that a pointer points to; `None` for what is none.
    pub(super) fn pointed(&self, ty: &Ty) -> Option<Ty> {
        match ty {
            Ty::Pointer(to) => Some((**to).clone()),
            Ty::Entry(ty) => match self.renderer.bare(*ty)? {
                (bare, dw::DW_TAG_pointer_type) if !self.renderer.is_function(bare) => {
                    Some(Ty::Entry(self.units.ty(bare)?))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The elements of an array: their type, bytes from one to the next, and how many there are in each dimension.
    pub(super) fn elements(&self, ty: &Ty) -> Option<(Ty, u64, Vec<u64>)> {
        match ty {
            Ty::Array(element, stride, counts) => {
                Some(((**element).clone(), *stride, counts.clone()))
            }
            Ty::Entry(ty) => {
                let (bare, tag) = self.renderer.bare(*ty)?;
                if tag != dw::DW_TAG_array_type {
                    return None;
                }
                let element = self.units.ty(bare)?;
                let stride = self.renderer.stride(bare, self.renderer.size(element)?)?;
                // An array without a length has elements too.
                let counts = self.renderer.dimensions(bare).unwrap_or_default();
                Some((Ty::Entry(element), stride, counts))
            }
            _ => None,
        }
    }

    pub(super) fn target(&self, value: Value) -> Result<Value> {
        let value = self.settled(value)?;
        if let Some((element, stride, counts)) = self.elements(&value.ty) {
            return match value.held {
                Held::Memory(at) => Ok(element_at(element, stride, &counts, at, 0)),
                _ => Err(NotFound::NoPlace),
            };
        }
        let ty = self.pointed(&value.ty);
        let ty = ty.ok_or_else(|| NotFound::NoPointer(self.type_name(&value.ty)))?;
        let bytes = self.bytes(&value)?;
        Ok(Value {
            ty,
            held: Held::Memory(address(&bytes).unwrap_or(u64::MAX)),
        })
    }

    /// A pointer so many elements further on.
    pub(super) fn moved(&self, pointer: Value, by: i64) -> Result<Value> {
        let to = self.pointed(&pointer.ty);
        let to = to.ok_or_else(|| NotFound::NoPointer(self.type_name(&pointer.ty)))?;
        let size = self.size(&to)?;
        let at = address(&self.bytes(&pointer)?).unwrap_or(u64::MAX);
        let at = at.wrapping_add(size.wrapping_mul(by as u64));
        Ok(Value {
            ty: pointer.ty,
            held: Held::Bytes(at.to_le_bytes().to_vec(), None),
        })
    }
}

impl Value {
    /// A number that somebody typed, or a sum.
    pub(super) fn number(bits: u64) -> Value {
        Value {
            ty: Ty::Number(Number {
                name: "number",
                bytes: 8,
                kind: NumberKind::Signed,
            }),
            held: Held::Bytes(bits.to_le_bytes().to_vec(), None),
        }
    }
}

/// An element of an array, or a row of it.
pub(super) fn element_at(element: Ty, stride: u64, counts: &[u64], at: u64, index: i64) -> Value {
    let inner = counts.get(1..).unwrap_or(&[]);
    let row = inner.iter().fold(stride, |all, it| all.wrapping_mul(*it));
    let at = at.wrapping_add(row.wrapping_mul(index as u64));
    Value {
        ty: match inner {
            [] => element,
            inner => Ty::Array(Box::new(element), stride, inner.to_vec()),
        },
        held: Held::Memory(at),
    }
}

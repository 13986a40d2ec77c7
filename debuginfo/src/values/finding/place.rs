//! The way from an expression's parts to its place.

use super::super::expression::{Expression, Node, TypeName};
use super::super::found::{Bits, Found, NotFound, Number, Ty};
use super::super::named;
use super::super::render::Renderer;
use super::value::{Finder, FrameAt, Held, LARGEST, Result, Value, element_at};
use crate::units::Units;
use crate::values::machine::Machine;

/// Finds what an expression names.
pub(crate) fn find(
    units: &Units<'_>,
    expression: &Expression,
    frames: &[FrameAt<'_>],
    machine: &dyn Machine,
) -> Result<Found> {
    let mut finder = Finder {
        units,
        renderer: Renderer::new(units, machine),
        frames,
        of: None,
        unit: None,
    };
    let value = finder.value(&expression.root)?;
    finder.found(value)
}

impl Finder<'_, '_> {
    fn found(&self, value: Value) -> Result<Found> {
        let ty = self.type_name(&value.ty);
        let len = self.size(&value.ty)?;
        let (address, len, bits) = match value.held {
            Held::Memory(address) => (address, len, None),
            Held::Bits(address, bits) => {
                let first = bits.start / 8;
                let end = (bits.start + bits.len).div_ceil(8);
                let start = bits.start % 8;
                let moved = Bits { start, ..bits };
                (address.wrapping_add(first), end - first, Some(moved))
            }
            Held::Bytes(_, Some(name)) => return Err(NotFound::NotInMemory(name)),
            Held::Bytes(_, None) => return Err(NotFound::NoPlace),
        };
        if len == 0 || len > LARGEST {
            return Err(NotFound::NoSize(ty));
        }
        let bytes = usize::try_from(len).unwrap_or(usize::MAX);
        let there = self.renderer.machine.memory(address, bytes);
        there.ok_or(NotFound::Outside(address, len))?;
        Ok(Found {
            address,
            len,
            ty,
            frame: self.of,
            shape: value.ty,
            bits,
        })
    }

    fn value(&mut self, node: &Node) -> Result<Value> {
        match node {
            Node::Name(path) => self.variable(path),
            Node::Number(bits) => Ok(Value::number(*bits)),
            Node::Bytes(address, len) => Ok(Value {
                ty: Ty::Bytes(*len),
                held: Held::Memory(*address),
            }),
            Node::Member(of, name) => {
                let of = self.value(of)?;
                self.member(of, name)
            }
            Node::Element(of, index) => {
                let of = self.value(of)?;
                // The place is in the first; the index is a number.
                let frame = self.of;
                let index = self.value(index)?;
                let index = self.integer(&index)?;
                self.of = frame.or(self.of);
                self.element(of, index)
            }
            Node::Target(of) => {
                let of = self.value(of)?;
                self.target(of)
            }
            Node::Address(of) => match self.value(of)? {
                Value {
                    ty,
                    held: Held::Memory(address),
                } => Ok(Value {
                    ty: Ty::Pointer(Box::new(ty)),
                    held: Held::Bytes(address.to_le_bytes().to_vec(), None),
                }),
                _ => Err(NotFound::NoPlace),
            },
            Node::Cast(name, of) => {
                let of = self.value(of)?;
                self.cast(name, of)
            }
            Node::Sum(a, b, is_plus) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                self.sum(a, b, *is_plus)
            }
        }
    }

    fn element(&self, value: Value, index: i64) -> Result<Value> {
        let value = self.settled(value)?;
        if let Some((element, stride, counts)) = self.elements(&value.ty) {
            return match value.held {
                Held::Memory(at) => Ok(element_at(element, stride, &counts, at, index)),
                Held::Bytes(_, Some(name)) => Err(NotFound::NotInMemory(name)),
                _ => Err(NotFound::NoPlace),
            };
        }
        if self.pointed(&value.ty).is_some() {
            let moved = self.moved(value, index)?;
            return self.target(moved);
        }
        // A slice of Rust's: a pointer, and how many there are.
        let no_elements = NotFound::NoElements(self.type_name(&value.ty));
        match self.member(value, "data_ptr") {
            Ok(data) => self.element(data, index),
            Err(_) => Err(no_elements),
        }
    }

    fn sum(&self, a: Value, b: Value, is_plus: bool) -> Result<Value> {
        let b = self.integer(&b)?;
        let b = if is_plus { b } else { b.wrapping_neg() };
        let a = self.settled(a)?;
        if self.pointed(&a.ty).is_some() {
            return self.moved(a, b);
        }
        if let (Some((element, stride, counts)), Held::Memory(at)) = (self.elements(&a.ty), &a.held)
        {
            let first = element_at(element, stride, &counts, *at, b);
            let Held::Memory(at) = first.held else {
                return Err(NotFound::NoPlace);
            };
            return Ok(Value {
                ty: Ty::Pointer(Box::new(first.ty)),
                held: Held::Bytes(at.to_le_bytes().to_vec(), None),
            });
        }
        let a = self.integer(&a)?;
        Ok(Value::number(a.wrapping_add(b) as u64))
    }

    fn cast(&self, name: &TypeName, value: Value) -> Result<Value> {
        let entry = named::ty(self.units, name, self.unit);
        let number = || Number::named(&name.words).map(Ty::Number);
        let void = || (name.words == "void" && name.pointers > 0).then_some(Ty::Bytes(1));
        let ty = entry.map(Ty::Entry).or_else(number).or_else(void);
        let mut ty = ty.ok_or_else(|| NotFound::NoType(name.words.clone()))?;
        for _ in 0..name.pointers {
            ty = Ty::Pointer(Box::new(ty));
        }
        if let Some(count) = name.elements {
            let stride = self.size(&ty)?;
            ty = Ty::Array(Box::new(ty), stride, vec![count]);
        }
        let value = self.settled(value)?;
        // `(char[8])0x40` is meant as a place, and `(char[8])x` as the variable's bytes.
        if name.elements.is_some() {
            let at = match value.held {
                Held::Memory(at) => at,
                _ => self.integer(&value)? as u64,
            };
            return Ok(Value {
                ty,
                held: Held::Memory(at),
            });
        }
        let mut bytes = match self.elements(&value.ty) {
            // An array is a pointer to its first element.
            Some(_) => match self.target(value)?.held {
                Held::Memory(at) => at.to_le_bytes().to_vec(),
                _ => return Err(NotFound::NoPlace),
            },
            None => self.bytes(&value)?,
        };
        bytes.resize(usize::try_from(self.size(&ty)?.min(16)).unwrap_or(16), 0);
        Ok(Value {
            ty,
            held: Held::Bytes(bytes, None),
        })
    }
}

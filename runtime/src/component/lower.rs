//! The host's values → guests' (CanonicalABI.md, "Storing", "Flat Lowering"). Guests' `realloc` functions run meanwhile.

use super::canonical::{checked, mismatch};
use super::error::Violation;
use super::handles::Entry;
use super::parts::Options;
use super::resource::Resource;
use super::state::State;
use super::strings::encode;
use super::types::{Compound, Handle, Shape, Type, align_to, discriminant_size, flags_size};
use super::val::Val;
use crate::error::{Error, OutOfBounds, Result};
use crate::vm::store::StoreCore;

/// Writes values of one call.
pub(super) struct Lower<'a> {
    pub core: &'a mut StoreCore,
    pub state: &'a State,
    pub options: &'a Options,
}

impl Lower<'_> {
    /// Writes values of types, as core values; where there are too many, to memory that is asked for, or at an address.
    pub fn values<'t>(
        &mut self,
        types: impl Iterator<Item = &'t Type>,
        values: &'t [Val],
        is_flat: bool,
        (size, align): (u32, u32),
        to: Option<u32>,
        flat: &mut Vec<u64>,
    ) -> Result<()> {
        if is_flat {
            return types
                .zip(values)
                .try_for_each(|(ty, value)| self.flat(ty, value, flat));
        }
        let at = match to {
            Some(at) => {
                checked(at, u64::from(size), align, self.bytes().len(), "return")?;
                at
            }
            None => self.realloc(size, align)?,
        };
        self.fields(types.zip(values), at as usize)?;
        if to.is_none() {
            flat.push(u64::from(at));
        }
        Ok(())
    }

    fn bytes(&mut self) -> &mut [u8] {
        match self.state.memory(self.options) {
            // SAFETY: the store is borrowed mutably for as long as the slice.
            Some(memory) => unsafe { &mut *self.core.memory(memory).bytes() },
            None => &mut [],
        }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) -> Result<()> {
        // Memories never shrink, and what is written to was checked: this holds if both do.
        let memory = self.bytes();
        let size = memory.len() as u64;
        let to = memory.get_mut(at..at + bytes.len());
        let beyond = || OutOfBounds::of("bytes of a memory", at as u64, bytes.len() as u64, size);
        to.ok_or_else(beyond)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Asks the guest for memory.
    fn realloc(&mut self, size: u32, align: u32) -> Result<u32> {
        let realloc = self.state.realloc(self.options);
        let realloc =
            realloc.ok_or_else(|| Violation::error("the function has no `realloc` option"))?;
        let mut slots = [0, 0, align, size].map(u128::from);
        let before = self.state.may_leave(self.options.instance);
        self.state.set_may_leave(self.options.instance, false);
        // SAFETY: validated: a `realloc` function takes four i32 and returns one.
        unsafe {
            self.core
                .call(realloc.reference(self.state.store)?, &mut slots)?;
        };
        self.state.set_may_leave(self.options.instance, before);
        let at = slots[0] as u32;
        checked(
            at,
            u64::from(size),
            align,
            self.bytes().len(),
            "realloc return:",
        )?;
        Ok(at)
    }

    /// Writes a value as core values.
    pub fn flat(&mut self, ty: &Type, value: &Val, flat: &mut Vec<u64>) -> Result<()> {
        let Type::Compound(compound) = ty else {
            if let Type::String = ty {
                let (at, length) = self.string(value)?;
                flat.extend([u64::from(at), u64::from(length)]);
                return Ok(());
            }
            let bits = self.scalar(ty, value)?;
            flat.push(bits);
            return Ok(());
        };
        match (&compound.shape, value) {
            (Shape::List(element), value) => {
                let (at, length) = self.list(element, value)?;
                flat.extend([u64::from(at), u64::from(length)]);
                Ok(())
            }
            (Shape::Record(fields), Val::Record(values)) if same_fields(fields, values) => {
                let values = fields.iter().zip(values);
                values
                    .into_iter()
                    .try_for_each(|((_, ty), (_, value))| self.flat(ty, value, flat))
            }
            (Shape::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => types
                .iter()
                .zip(values)
                .try_for_each(|(ty, value)| self.flat(ty, value, flat)),
            (Shape::Flags(names), Val::Flags(set)) => {
                flat.extend(flag_words(names, set, ty)?.into_iter().map(u64::from));
                Ok(())
            }
            (shape, value) => {
                let (case, payload) = case_of(shape, value, ty)?;
                let end = flat.len() + compound.flat.unwrap_or(1);
                flat.push(u64::from(case));
                if let Some((ty, value)) = payload {
                    self.flat(ty, value, flat)?;
                }
                flat.resize(end, 0);
                Ok(())
            }
        }
    }

    /// Writes a value to memory at an address that was checked.
    fn store(&mut self, ty: &Type, value: &Val, at: usize) -> Result<()> {
        let compound = match ty {
            Type::Compound(compound) => compound,
            Type::String => {
                let (pointer, length) = self.string(value)?;
                return self.pair(at, pointer, length);
            }
            scalar => {
                let bits = self.scalar(scalar, value)?;
                return self.write(at, &bits.to_le_bytes()[..scalar.size() as usize]);
            }
        };
        match (&compound.shape, value) {
            (Shape::List(element), value) => {
                let (pointer, length) = self.list(element, value)?;
                self.pair(at, pointer, length)
            }
            (Shape::Record(fields), Val::Record(values)) if same_fields(fields, values) => {
                let types = fields.iter().map(|(_, ty)| ty);
                self.fields(types.zip(values.iter().map(|(_, value)| value)), at)
            }
            (Shape::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => {
                self.fields(types.iter().zip(values), at)
            }
            (Shape::Flags(names), Val::Flags(set)) => {
                let words = flag_words(names, set, ty)?;
                let bytes: Vec<_> = words.into_iter().flat_map(u32::to_le_bytes).collect();
                self.write(at, &bytes[..flags_size(names.len()) as usize])
            }
            _ => self.store_case(compound, ty, value, at),
        }
    }

    fn store_case(&mut self, compound: &Compound, ty: &Type, value: &Val, at: usize) -> Result<()> {
        let (case, payload) = case_of(&compound.shape, value, ty)?;
        let size = discriminant_size(compound.shape.cases()) as usize;
        self.write(at, &case.to_le_bytes()[..size])?;
        match payload {
            Some((ty, value)) => self.store(ty, value, at + compound.payload as usize),
            None => Ok(()),
        }
    }

    fn fields<'v>(
        &mut self,
        fields: impl Iterator<Item = (&'v Type, &'v Val)>,
        at: usize,
    ) -> Result<()> {
        let mut offset = 0;
        for (ty, value) in fields {
            offset = align_to(offset, ty.align());
            self.store(ty, value, at + offset as usize)?;
            offset += ty.size();
        }
        Ok(())
    }

    /// Writes a pointer and a length.
    fn pair(&mut self, at: usize, pointer: u32, length: u32) -> Result<()> {
        self.write(at, &pointer.to_le_bytes())?;
        self.write(at + 4, &length.to_le_bytes())
    }

    fn string(&mut self, value: &Val) -> Result<(u32, u32)> {
        let Val::String(text) = value else {
            return Err(mismatch("string", value));
        };
        let (bytes, length) = encode(self.options.encoding, text)?;
        let align = match self.options.encoding {
            super::parts::Encoding::Utf8 => 1,
            _ => 2,
        };
        let at = self.realloc(bytes.len() as u32, align)?;
        self.write(at as usize, &bytes)?;
        Ok((at, length))
    }

    fn list(&mut self, element: &Type, value: &Val) -> Result<(u32, u32)> {
        let count = match (value, element) {
            (Val::List(values), _) => values.len(),
            (Val::Bytes(bytes), Type::U8) => bytes.len(),
            _ => return Err(mismatch(format!("list<{element}>"), value)),
        };
        let size = element.size() as usize;
        let bytes = count
            .checked_mul(size)
            .and_then(|bytes| u32::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| Violation::error("list is too long"))?;
        let at = self.realloc(bytes, element.align())?;
        match value {
            Val::Bytes(bytes) => self.write(at as usize, bytes)?,
            Val::List(values) => {
                for (i, value) in values.iter().enumerate() {
                    self.store(element, value, at as usize + i * size)?;
                }
            }
            _ => unreachable!("one of the two"),
        }
        Ok((at, count as u32))
    }

    fn scalar(&mut self, ty: &Type, value: &Val) -> Result<u64> {
        Ok(match (ty, value) {
            (Type::Bool, Val::Bool(it)) => u64::from(*it),
            // As an i32 that has the sign.
            (Type::S8, Val::S8(it)) => u64::from(i32::from(*it) as u32),
            (Type::U8, Val::U8(it)) => u64::from(*it),
            (Type::S16, Val::S16(it)) => u64::from(i32::from(*it) as u32),
            (Type::U16, Val::U16(it)) => u64::from(*it),
            (Type::S32, Val::S32(it)) => u64::from(*it as u32),
            (Type::U32, Val::U32(it)) => u64::from(*it),
            (Type::S64, Val::S64(it)) => *it as u64,
            (Type::U64, Val::U64(it)) => *it,
            (Type::Float32, Val::Float32(it)) => u64::from(it.to_bits()),
            (Type::Float64, Val::Float64(it)) => it.to_bits(),
            (Type::Char, Val::Char(it)) => u64::from(u32::from(*it)),
            (Type::Own(handle), Val::Resource(it)) => u64::from(self.own(*handle, it)?),
            (Type::Borrow(handle), Val::Resource(it)) => u64::from(self.borrow(*handle, it)?),
            _ => return Err(mismatch(ty, value)),
        })
    }

    fn own(&mut self, handle: Handle, resource: &Resource) -> Result<u32> {
        let mut running = self.state.running();
        if running.resources[handle.resource as usize] != *resource.ty() {
            return Err(Error::Type("the resource is of another type".to_owned()));
        }
        if !resource.give() {
            return Err(Error::Type(
                "the resource is not owned, or was given away before".to_owned(),
            ));
        }
        let own = Entry::Own {
            resource: handle.resource,
            rep: resource.rep(),
            lent: 0,
        };
        running.handles[handle.instance as usize].add(own)
    }

    fn borrow(&mut self, handle: Handle, resource: &Resource) -> Result<u32> {
        let mut running = self.state.running();
        let running = &mut *running;
        if running.resources[handle.resource as usize] != *resource.ty() {
            return Err(Error::Type("the resource is of another type".to_owned()));
        }
        if !resource.is_alive() {
            return Err(Error::Type("the resource was given away before".to_owned()));
        }
        // Its definer is given what it knows it by.
        if self.state.parts.definer(handle.resource) == Some(handle.instance) {
            return Ok(resource.rep());
        }
        let call = running.calls.borrow();
        let borrow = Entry::Borrow {
            resource: handle.resource,
            rep: resource.rep(),
            call,
        };
        running.handles[handle.instance as usize].add(borrow)
    }
}

fn same_fields(fields: &[(String, Type)], values: &[(String, Val)]) -> bool {
    fields.len() == values.len() && fields.iter().zip(values).all(|((a, _), (b, _))| a == b)
}

fn flag_words(names: &[String], set: &[String], ty: &Type) -> Result<Vec<u32>> {
    let mut words = vec![0; names.len().div_ceil(32).max(1)];
    for flag in set {
        let at = names.iter().position(|name| name == flag);
        let at = at.ok_or_else(|| Error::Type(format!("`{flag}` is none of {ty}")))?;
        words[at / 32] |= 1 << (at % 32);
    }
    Ok(words)
}

/// The number of a value's case, and its payload with its type.
fn case_of<'v>(
    shape: &'v Shape,
    value: &'v Val,
    ty: &Type,
) -> Result<(u32, Option<(&'v Type, &'v Val)>)> {
    let none = |name: &str| Error::Type(format!("`{name}` is none of {ty}"));
    let (case, expected, payload) = match (shape, value) {
        (Shape::Variant(cases), Val::Variant(name, payload)) => {
            let at = cases
                .iter()
                .position(|(case, _)| case == name)
                .ok_or_else(|| none(name))?;
            (at, cases[at].1.as_ref(), payload)
        }
        (Shape::Enum(names), Val::Enum(name)) => {
            let at = names
                .iter()
                .position(|case| case == name)
                .ok_or_else(|| none(name))?;
            (at, None, &None)
        }
        (Shape::Option(some), Val::Option(value)) => match value {
            None => (0, None, value),
            Some(_) => (1, Some(some), value),
        },
        (Shape::Result(ok, _), Val::Result(Ok(value))) => (0, ok.as_ref(), value),
        (Shape::Result(_, error), Val::Result(Err(value))) => (1, error.as_ref(), value),
        _ => return Err(mismatch(ty, value)),
    };
    match (expected, payload) {
        (None, None) => Ok((case as u32, None)),
        (Some(ty), Some(value)) => Ok((case as u32, Some((ty, value)))),
        _ => Err(Error::Type(format!(
            "a case of {ty} has a payload or none, and the value is the other"
        ))),
    }
}

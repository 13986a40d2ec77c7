//! Guests' values → the host's (CanonicalABI.md, "Loading", "Flat Lifting"). No guest runs meanwhile.

use super::canonical::{Flat, MOST_HOST_MEMORY, MOST_SHOWN, checked};
use super::error::Violation;
use super::handles::Entry;
use super::parts::Options;
use super::resource::Resource;
use super::state::State;
use super::strings::{decode, extent};
use super::types::{Compound, Handle, Shape, Type, align_to, discriminant_size, flags_size};
use super::val::Val;
use crate::error::Result;
use crate::vm::store::StoreCore;

/// Reads values of one call.
pub(super) struct Lift<'a> {
    state: &'a State,
    options: &'a Options,
    memory: &'a [u8],
    /// Host memory that is left for values, and that there was.
    left: usize,
    most: usize,
}

impl<'a> Lift<'a> {
    pub fn new(core: &'a StoreCore, state: &'a State, options: &'a Options) -> Lift<'a> {
        let memory = state.memory(options);
        // SAFETY: the store is borrowed for as long as the slice: no guest runs and nobody writes.
        let memory = memory.map_or(&[][..], |memory| unsafe { &*core.memory(memory).bytes() });
        Lift {
            state,
            options,
            memory,
            left: MOST_HOST_MEMORY,
            most: MOST_HOST_MEMORY,
        }
    }

    /// For values that are only shown, in a memory. Of handles nothing must be read: they would be taken, or lent.
    pub fn looking(state: &'a State, options: &'a Options, memory: &'a [u8]) -> Lift<'a> {
        Lift {
            state,
            options,
            memory,
            left: MOST_SHOWN,
            most: MOST_SHOWN,
        }
    }

    /// The same from now on.
    pub fn look(&mut self) {
        (self.left, self.most) = (MOST_SHOWN, MOST_SHOWN);
    }

    /// The address of values of this size and alignment, if they are in memory.
    pub fn address(&self, at: u32, size: u32, align: u32) -> Result<usize> {
        checked(at, u64::from(size), align, self.memory.len(), "value")
    }

    fn take(&mut self, bytes: u64) -> Result<()> {
        let left = usize::try_from(bytes)
            .ok()
            .and_then(|bytes| self.left.checked_sub(bytes));
        self.left = left.ok_or_else(|| {
            Violation::error(format!(
                "values of one call take more than {} MiB of the host's memory",
                self.most >> 20
            ))
        })?;
        Ok(())
    }

    /// Reads values of types: from core values, or where there are too many, from memory at an address that is one.
    pub fn values<'t>(
        &mut self,
        types: impl Iterator<Item = &'t Type>,
        flat: &mut Flat<'_>,
        is_flat: bool,
        size: u32,
        align: u32,
    ) -> Result<Vec<Val>> {
        if is_flat {
            return types.map(|ty| self.flat(ty, flat)).collect();
        }
        let at = self.address(flat.next()? as u32, size, align)?;
        let mut offset = 0;
        types.map(|ty| self.field(ty, at, &mut offset)).collect()
    }

    /// Reads a value from core values.
    pub fn flat(&mut self, ty: &Type, flat: &mut Flat<'_>) -> Result<Val> {
        Ok(match ty {
            Type::Bool => Val::Bool(flat.next()? as u32 != 0),
            Type::String => {
                let (at, length) = (flat.next()? as u32, flat.next()? as u32);
                self.string(at, length)?
            }
            Type::Compound(compound) => return self.flat_compound(compound, flat),
            scalar => {
                let bits = flat.next()?;
                return self.scalar(scalar, bits);
            }
        })
    }

    fn flat_compound(&mut self, compound: &Compound, flat: &mut Flat<'_>) -> Result<Val> {
        self.take(size_of::<Val>() as u64)?;
        match &compound.shape {
            Shape::List(element) => {
                let (at, length) = (flat.next()? as u32, flat.next()? as u32);
                self.list(element, at, length)
            }
            Shape::Record(fields) => {
                let fields = fields.iter().map(|(name, ty)| {
                    self.take(name.len() as u64)?;
                    Ok((name.clone(), self.flat(ty, flat)?))
                });
                Ok(Val::Record(fields.collect::<Result<_>>()?))
            }
            Shape::Tuple(types) => {
                let values = types.iter().map(|ty| self.flat(ty, flat));
                Ok(Val::Tuple(values.collect::<Result<_>>()?))
            }
            Shape::Flags(names) => {
                let words = names.len().div_ceil(32).max(1);
                let words = (0..words)
                    .map(|_| Ok(flat.next()? as u32))
                    .collect::<Result<Vec<_>>>()?;
                self.flags(names, &words)
            }
            shape => {
                let case = flat.next()? as u32;
                let (payload, most) = (case_type(shape, case)?, compound.flat.unwrap_or(1) - 1);
                let (mut value, mut used) = (None, 0);
                if let Some(ty) = payload {
                    value = Some(self.flat(ty, flat)?);
                    used = ty.flat().unwrap_or(0);
                }
                flat.skip(most - used);
                self.case(shape, case, value)
            }
        }
    }

    /// Reads a value at an address that was checked for the type's size.
    fn load(&mut self, ty: &Type, at: usize) -> Result<Val> {
        match ty {
            Type::String => self.string(self.word(at), self.word(at + 4)),
            Type::Compound(compound) => self.load_compound(compound, at),
            scalar => {
                let bytes = &self.memory[at..at + scalar.size() as usize];
                let mut bits = [0; 8];
                bits[..bytes.len()].copy_from_slice(bytes);
                self.scalar(scalar, u64::from_le_bytes(bits))
            }
        }
    }

    fn load_compound(&mut self, compound: &Compound, at: usize) -> Result<Val> {
        self.take(size_of::<Val>() as u64)?;
        match &compound.shape {
            Shape::List(element) => self.list(element, self.word(at), self.word(at + 4)),
            Shape::Record(fields) => {
                let mut offset = 0;
                let fields = fields.iter().map(|(name, ty)| {
                    self.take(name.len() as u64)?;
                    Ok((name.clone(), self.field(ty, at, &mut offset)?))
                });
                Ok(Val::Record(fields.collect::<Result<_>>()?))
            }
            Shape::Tuple(types) => {
                let mut offset = 0;
                let values = types.iter().map(|ty| self.field(ty, at, &mut offset));
                Ok(Val::Tuple(values.collect::<Result<_>>()?))
            }
            Shape::Flags(names) => {
                let bytes = &self.memory[at..at + flags_size(names.len()) as usize];
                let words: Vec<_> = bytes.chunks(4).map(little).collect();
                self.flags(names, &words)
            }
            shape => {
                let size = discriminant_size(shape.cases()) as usize;
                let case = little(&self.memory[at..at + size]);
                let payload = case_type(shape, case)?;
                let value = payload.map(|ty| self.load(ty, at + compound.payload as usize));
                self.case(shape, case, value.transpose()?)
            }
        }
    }

    /// Reads the value of a field behind others, from the beginning of them all, and sets the offset behind it.
    pub fn field(&mut self, ty: &Type, at: usize, offset: &mut u32) -> Result<Val> {
        *offset = align_to(*offset, ty.align());
        let value = self.load(ty, at + *offset as usize);
        *offset += ty.size();
        value
    }

    fn word(&self, at: usize) -> u32 {
        little(&self.memory[at..at + 4])
    }

    /// Values of one core value.
    fn scalar(&mut self, ty: &Type, bits: u64) -> Result<Val> {
        Ok(match ty {
            Type::Bool => Val::Bool(bits as u8 != 0),
            Type::S8 => Val::S8(bits as i8),
            Type::U8 => Val::U8(bits as u8),
            Type::S16 => Val::S16(bits as i16),
            Type::U16 => Val::U16(bits as u16),
            Type::S32 => Val::S32(bits as i32),
            Type::U32 => Val::U32(bits as u32),
            Type::S64 => Val::S64(bits as i64),
            Type::U64 => Val::U64(bits),
            Type::Float32 => Val::Float32(f32::from_bits(bits as u32)),
            Type::Float64 => Val::Float64(f64::from_bits(bits)),
            Type::Char => {
                let found = char::from_u32(bits as u32);
                Val::Char(found.ok_or_else(|| {
                    Violation::error(format!("invalid char value {:#x}", bits as u32))
                })?)
            }
            Type::Own(handle) => Val::Resource(self.own(*handle, bits as u32)?),
            Type::Borrow(handle) => Val::Resource(self.borrow(*handle, bits as u32)?),
            Type::String | Type::Compound(_) => unreachable!("several core values"),
        })
    }

    fn own(&self, handle: Handle, index: u32) -> Result<Resource> {
        let mut running = self.state.running();
        match running.handles[handle.instance as usize].remove(index, handle.resource)? {
            Entry::Own { rep, .. } => Ok(Resource::own(
                &running.resources[handle.resource as usize],
                rep,
            )),
            Entry::Borrow { .. } => Err(Violation::error("cannot lift own resource from a borrow")),
        }
    }

    fn borrow(&self, handle: Handle, index: u32) -> Result<Resource> {
        let mut running = self.state.running();
        let running = &mut *running;
        let entry = running.handles[handle.instance as usize].get(index, handle.resource)?;
        let rep = match entry {
            Entry::Own { rep, lent, .. } => {
                *lent += 1;
                running.calls.lend(handle.instance, index, handle.resource);
                *rep
            }
            Entry::Borrow { rep, .. } => *rep,
        };
        Ok(Resource::borrow(
            &running.resources[handle.resource as usize],
            rep,
        ))
    }

    fn string(&mut self, at: u32, length: u32) -> Result<Val> {
        let (bytes, align) = extent(self.options.encoding, length);
        let at = checked(at, bytes, align, self.memory.len(), "string")?;
        self.take(2 * bytes)?;
        let text = decode(
            self.options.encoding,
            length,
            &self.memory[at..at + bytes as usize],
        )?;
        Ok(Val::String(text))
    }

    fn list(&mut self, element: &Type, at: u32, length: u32) -> Result<Val> {
        let size = u64::from(element.size());
        let bytes = u64::from(length) * size;
        let at = checked(at, bytes, element.align(), self.memory.len(), "list")?;
        if matches!(element, Type::U8) {
            self.take(bytes)?;
            return Ok(Val::Bytes(self.memory[at..at + bytes as usize].to_vec()));
        }
        self.take(u64::from(length) * size_of::<Val>() as u64)?;
        let values = (0..length as usize).map(|i| self.load(element, at + i * size as usize));
        Ok(Val::List(values.collect::<Result<_>>()?))
    }

    fn flags(&mut self, names: &[String], words: &[u32]) -> Result<Val> {
        let set = |(i, _): &(usize, &String)| words[i / 32] >> (i % 32) & 1 != 0;
        let set = names.iter().enumerate().filter(set).map(|(_, name)| name);
        let set: Vec<_> = set.cloned().collect();
        self.take(
            set.iter()
                .map(|name| (name.len() + size_of::<String>()) as u64)
                .sum(),
        )?;
        Ok(Val::Flags(set))
    }

    fn case(&mut self, shape: &Shape, case: u32, value: Option<Val>) -> Result<Val> {
        let value = value.map(Box::new);
        Ok(match shape {
            Shape::Variant(cases) => {
                let name = &cases[case as usize].0;
                self.take(name.len() as u64)?;
                Val::Variant(name.clone(), value)
            }
            Shape::Enum(names) => {
                let name = &names[case as usize];
                self.take(name.len() as u64)?;
                Val::Enum(name.clone())
            }
            Shape::Option(_) => Val::Option(value),
            _ if case == 0 => Val::Result(Ok(value)),
            _ => Val::Result(Err(value)),
        })
    }
}

fn little(bytes: &[u8]) -> u32 {
    let mut word = [0; 4];
    word[..bytes.len()].copy_from_slice(bytes);
    u32::from_le_bytes(word)
}

/// The type of a case's payload.
fn case_type(shape: &Shape, case: u32) -> Result<Option<&Type>> {
    if case as usize >= shape.cases() {
        return Err(Violation::error(format!(
            "invalid discriminant {case} for a type of {} cases",
            shape.cases()
        )));
    }
    Ok(match (shape, case) {
        (Shape::Variant(cases), _) => cases[case as usize].1.as_ref(),
        (Shape::Option(some), 1) => Some(some),
        (Shape::Result(ok, _), 0) => ok.as_ref(),
        (Shape::Result(_, error), 1) => error.as_ref(),
        _ => None,
    })
}

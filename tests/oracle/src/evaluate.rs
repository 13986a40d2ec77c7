//! A variable's bytes, by its location and the machine's state (DWARF 5, section 2.5 and 2.6).

use crate::machine::Frame;
use crate::module::{Module, Pc};
use crate::scopes::{Info, Location, Slice, Variable, beginning};
use gimli::{Expression, Operation, UnitOffset, constants as dw};
use wasmparser::ValType;

/// The DWARF's answer about a variable at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is nowhere.
    NotDescribed,
    /// Its bytes, each of them if it is known.
    Bytes(Vec<Option<u8>>),
    /// The operation that this reader cannot evaluate.
    Unsupported(String),
}

/// A frame at an address, and all that expressions refer to.
pub struct Place<'p, 'a> {
    /// The module.
    pub module: &'p Module<'a>,
    /// Its DWARF.
    pub info: &'p Info<'a>,
    /// The unit of the function.
    pub unit: usize,
    /// Its frame base.
    pub frame_base: &'p Location<'a>,
    /// The frame.
    pub frame: &'p Frame,
    /// Globals as they are, or as they were when the frame made its call.
    pub globals: &'p [u64],
    /// The memory.
    pub memory: &'p [u8],
    /// Its position.
    pub pc: Pc,
}

/// A value on the stack, and the base type if it has one.
#[derive(Clone, Copy)]
struct Entry {
    bits: u64,
    ty: Option<(u8, gimli::DwAte)>,
}

/// The result of an expression.
enum Found {
    Address(u64),
    Value(u64, u8),
    Bytes(Vec<u8>),
    Nothing,
}

type Evaluated<T> = Result<T, String>;

/// The variable at the place.
pub fn read<'a>(place: &Place<'_, 'a>, variable: &Variable<'a>) -> Answer {
    let mut is_operand = false;
    let (expression, from) = match &variable.location {
        Location::Nowhere => return Answer::NotDescribed,
        Location::Constant(bytes) => {
            return Answer::Bytes(bytes.iter().copied().map(Some).collect());
        }
        Location::Everywhere(expression) => (expression, None),
        Location::Parts(parts) => {
            let mut parts = parts.iter();
            match parts.find(|(range, _)| range.contains(&place.pc)) {
                Some((range, expression)) => (expression, Some(range.start)),
                None => return Answer::NotDescribed,
            }
        }
        Location::FromOperand(ranges, expression) => {
            if !ranges.iter().any(|range| range.contains(&place.pc)) {
                return Answer::NotDescribed;
            }
            is_operand = true;
            (expression, Some(beginning(ranges)))
        }
    };
    let Some(size) = variable.size else {
        return Answer::Unsupported("a type without a size".to_owned());
    };
    let expression = *expression;
    let run = Run {
        place,
        from,
        is_operand,
        size,
        is_long: place.is_long(expression, size),
    };
    match run.bytes(expression) {
        Ok(bytes) if bytes.iter().all(Option::is_none) => Answer::NotDescribed,
        Ok(bytes) => Answer::Bytes(bytes),
        Err(reason) if reason == NOT_THERE => Answer::NotDescribed,
        Err(reason) => Answer::Unsupported(reason),
    }
}

const NOT_THERE: &str = "an operand that is not there";

impl<'a> Place<'_, 'a> {
    fn encoding(&self) -> gimli::Encoding {
        self.info.units[self.unit].encoding()
    }

    fn local_type(&self, local: u32) -> Option<ValType> {
        let body = &self.module.bodies[self.frame.function];
        body.types.get(local as usize).copied()
    }

    /// Returns true if it computes with values of 64 bits: where it reads one.
    fn is_long(&self, expression: Expression<Slice<'a>>, size: u64) -> bool {
        let mut operations = expression.operations(self.encoding());
        let (mut long, mut operand, mut converts) = (false, false, false);
        while let Ok(Some(operation)) = operations.next() {
            match operation {
                Operation::WasmLocal { index } => {
                    long |= matches!(self.local_type(index), Some(ValType::I64 | ValType::F64));
                }
                Operation::WasmStack { .. } => operand = true,
                Operation::Convert { .. } => converts = true,
                _ => {}
            }
        }
        long || operand && size == 8 && !converts
    }
}

struct Run<'r, 'p, 'a> {
    place: &'r Place<'p, 'a>,
    /// The address at which the location becomes valid.
    from: Option<Pc>,
    /// True if its operands are none but those that were there then.
    is_operand: bool,
    size: u64,
    is_long: bool,
}

impl<'a> Run<'_, '_, 'a> {
    fn bytes(&self, expression: Expression<Slice<'a>>) -> Evaluated<Vec<Option<u8>>> {
        let size = self.size as usize;
        let mut operations = expression.operations(self.place.encoding());
        let mut all = Vec::new();
        while let Some(operation) = operations.next().map_err(|error| error.to_string())? {
            all.push(operation);
        }
        let is_piece = |it: &Operation<_>| matches!(it, Operation::Piece { .. });
        if !all.iter().any(is_piece) {
            return Ok(self.read(self.result(&all)?, size));
        }
        let mut found = Vec::new();
        for piece in all.split_inclusive(is_piece) {
            let Some((
                Operation::Piece {
                    size_in_bits,
                    bit_offset: None,
                },
                piece,
            )) = piece.split_last()
            else {
                return Err("pieces of bits".to_owned());
            };
            let size = (*size_in_bits / 8) as usize;
            // Of a piece whose operand is not there nothing is known, of the others it is.
            found.extend(match piece.is_empty() {
                true => vec![None; size],
                false => match self.result(piece) {
                    Err(reason) if reason == NOT_THERE => vec![None; size],
                    result => self.read(result?, size),
                },
            });
        }
        found.resize(size, None);
        Ok(found)
    }

    fn read(&self, result: Found, size: usize) -> Vec<Option<u8>> {
        let mut found: Vec<_> = match result {
            Found::Nothing => Vec::new(),
            Found::Bytes(bytes) => bytes.into_iter().map(Some).collect(),
            Found::Value(value, bytes) => {
                let bytes = &value.to_le_bytes()[..usize::from(bytes)];
                bytes.iter().copied().map(Some).collect()
            }
            Found::Address(address) => {
                let byte = |i| self.place.memory.get(address as usize + i).copied();
                (0..size).map(byte).collect()
            }
        };
        found.resize(size, None);
        found
    }

    fn result(&self, operations: &[Operation<Slice<'a>>]) -> Evaluated<Found> {
        let mut stack: Vec<Entry> = Vec::new();
        let (mut is_value, mut plain) = (false, None);
        for (i, operation) in operations.iter().enumerate() {
            match operation {
                Operation::StackValue => is_value = true,
                Operation::ImplicitValue { data } => {
                    return Ok(Found::Bytes(data.slice().to_vec()));
                }
                Operation::ImplicitPointer { .. } => return Ok(Found::Nothing),
                operation => {
                    let read = self.value(operation)?;
                    match read {
                        Some((bits, bytes)) => {
                            plain = (i == 0).then_some(bytes);
                            stack.push(Entry { bits, ty: None });
                        }
                        None => {
                            plain = None;
                            self.operation(operation, &mut stack)?;
                        }
                    }
                }
            }
        }
        let top = stack.pop().ok_or("an empty stack")?;
        if !is_value {
            return Ok(Found::Address(self.wrap(top).bits));
        }
        let bytes = match (plain, top.ty) {
            (Some(bytes), _) => bytes,
            (_, Some((bytes, _))) => bytes,
            // Constants are extended to what they are of.
            _ => 8,
        };
        // LLVM's form of memory that was set to zeros, of any size.
        if matches!(operations, [Operation::UnsignedConstant { value: 0 }, _]) {
            return Ok(Found::Bytes(vec![0; 1 << 12]));
        }
        let constant = matches!(
            operations.first(),
            Some(Operation::SignedConstant { .. } | Operation::UnsignedConstant { .. })
        ) && operations.len() <= 2;
        let value = match constant || plain.is_some() {
            true => top,
            false => self.wrap(top),
        };
        Ok(Found::Value(value.bits, bytes))
    }

    /// Evaluates an operation that reads the machine: the value, and its size in bytes.
    fn value(&self, operation: &Operation<Slice<'a>>) -> Evaluated<Option<(u64, u8)>> {
        let place = self.place;
        let found = match operation {
            Operation::WasmLocal { index } => {
                let value = place.frame.locals.get(*index as usize).copied();
                let ty = place.local_type(*index);
                value.zip(ty.map(crate::module::bytes_of))
            }
            Operation::WasmGlobal { index } => {
                place.globals.get(*index as usize).map(|value| (*value, 4))
            }
            Operation::WasmStack { index } => {
                let there = place.frame.stack.get(*index as usize).copied();
                let kept = self
                    .from
                    .and_then(|from| place.frame.kept.get(from, *index));
                let meant = kept.unwrap_or(there.filter(|_| !self.is_operand));
                Some((meant.ok_or(NOT_THERE)?, 8))
            }
            Operation::EntryValue { expression } => {
                let mut inner = Expression(*expression).operations(place.encoding());
                match inner.next() {
                    Ok(Some(Operation::WasmLocal { index })) => {
                        let value = place.frame.arguments.get(index as usize).copied();
                        let ty = place.local_type(index);
                        value.zip(ty.map(crate::module::bytes_of))
                    }
                    _ => None,
                }
            }
            _ => return Ok(None),
        };
        found
            .map(Some)
            .ok_or_else(|| format!("{operation:?} is not there"))
    }

    fn frame_base(&self) -> Evaluated<u64> {
        let expression = match self.place.frame_base {
            Location::Everywhere(expression) => expression,
            Location::Parts(parts) => {
                let mut parts = parts.iter();
                let part = parts.find(|(range, _)| range.contains(&self.place.pc));
                &part.ok_or("no frame base there")?.1
            }
            _ => return Err("no frame base".to_owned()),
        };
        let mut operations = expression.operations(self.place.encoding());
        match operations.next() {
            Ok(Some(operation)) => {
                let value = self.value(&operation)?;
                value
                    .map(|(value, _)| value)
                    .ok_or_else(|| "another frame base".to_owned())
            }
            _ => Err("an empty frame base".to_owned()),
        }
    }

    /// A value as wide as its type.
    fn wrap(&self, entry: Entry) -> Entry {
        let bits = match entry.ty {
            Some((bytes, encoding)) => extend(entry.bits, bytes, is_signed(encoding)),
            None if self.is_long => entry.bits,
            None => entry.bits & u64::from(u32::MAX),
        };
        Entry { bits, ..entry }
    }

    fn signed(&self, entry: Entry) -> i64 {
        match entry.ty {
            Some((bytes, _)) => extend(entry.bits, bytes, true) as i64,
            None if self.is_long => entry.bits as i64,
            None => i64::from(entry.bits as i32),
        }
    }

    fn operation(&self, operation: &Operation<Slice<'a>>, stack: &mut Vec<Entry>) -> Evaluated<()> {
        let generic = |bits| Entry { bits, ty: None };
        let pushed = match operation {
            Operation::Nop => return Ok(()),
            Operation::FrameOffset { offset } => {
                generic(self.frame_base()?.wrapping_add(*offset as u64))
            }
            Operation::Address { address } => generic(*address),
            Operation::AddressIndex { index } => {
                let unit = &self.place.info.units[self.place.unit];
                let address = self.place.info.dwarf.address(unit, *index);
                generic(address.map_err(|error| error.to_string())?)
            }
            Operation::UnsignedConstant { value } => generic(*value),
            Operation::SignedConstant { value } => generic(*value as u64),
            Operation::TypedLiteral { base_type, value } => {
                let mut bytes = [0; 8];
                let value = value.slice();
                bytes[..value.len().min(8)].copy_from_slice(&value[..value.len().min(8)]);
                Entry {
                    bits: u64::from_le_bytes(bytes),
                    ty: self.base_type(*base_type)?,
                }
            }
            Operation::Pick { index } => {
                let at = stack.len().checked_sub(1 + usize::from(*index));
                stack[at.ok_or("an empty stack")?]
            }
            _ => return self.computing(operation, stack),
        };
        stack.push(pushed);
        Ok(())
    }

    fn computing(&self, operation: &Operation<Slice<'a>>, stack: &mut Vec<Entry>) -> Evaluated<()> {
        let top = self.wrap(stack.pop().ok_or("an empty stack")?);
        let same = |bits| Entry { bits, ty: top.ty };
        let made = match operation {
            Operation::Drop => return Ok(()),
            Operation::PlusConstant { value } => same(top.bits.wrapping_add(*value)),
            Operation::Neg => same(top.bits.wrapping_neg()),
            Operation::Not => same(!top.bits),
            Operation::Abs => same(self.signed(top).unsigned_abs()),
            Operation::Deref { size, .. } => {
                let bytes = self.read(Found::Address(top.bits), usize::from(*size));
                let mut value = 0;
                for (i, byte) in bytes.into_iter().enumerate() {
                    value |= u64::from(byte.ok_or("memory that is not there")?) << (8 * i);
                }
                Entry {
                    bits: value,
                    ty: None,
                }
            }
            Operation::Convert { base_type } => self.convert(top, *base_type)?,
            Operation::Reinterpret { base_type } => Entry {
                bits: top.bits,
                ty: self.base_type(*base_type)?,
            },
            _ => {
                let below = self.wrap(stack.pop().ok_or("an empty stack")?);
                self.binary(operation, below, top)?
            }
        };
        stack.push(self.wrap(made));
        Ok(())
    }

    fn binary(&self, operation: &Operation<Slice<'a>>, a: Entry, b: Entry) -> Evaluated<Entry> {
        let is_float = |entry: Entry| matches!(entry.ty, Some((_, dw::DW_ATE_float)));
        if is_float(a) || is_float(b) {
            return Err("computing with floats".to_owned());
        }
        let (x, y) = (a.bits, b.bits);
        let width =
            a.ty.map_or(if self.is_long { 64 } else { 32 }, |(bytes, _)| {
                8 * u64::from(bytes)
            });
        let by_sign = a.ty.is_none_or(|(_, encoding)| is_signed(encoding));
        let (sx, sy) = (self.signed(a), self.signed(b));
        let compared = |order: fn(&i64, &i64) -> bool| {
            let holds = match by_sign {
                true => order(&sx, &sy),
                false => order(&((x ^ (1 << 63)) as i64), &((y ^ (1 << 63)) as i64)),
            };
            u64::from(holds)
        };
        let bits = match operation {
            Operation::Plus => x.wrapping_add(y),
            Operation::Minus => x.wrapping_sub(y),
            Operation::Mul => x.wrapping_mul(y),
            Operation::And => x & y,
            Operation::Or => x | y,
            Operation::Xor => x ^ y,
            Operation::Shl if y < width => x << y,
            Operation::Shr if y < width => x >> y,
            Operation::Shl | Operation::Shr => 0,
            Operation::Shra => (sx >> y.min(width - 1)) as u64,
            Operation::Div if by_sign => sx.checked_div(sy).ok_or("a division")? as u64,
            Operation::Div => x.checked_div(y).ok_or("a division")?,
            Operation::Mod => x.checked_rem(y).ok_or("a division")?,
            Operation::Eq => u64::from(x == y),
            Operation::Ne => u64::from(x != y),
            Operation::Lt => compared(i64::lt),
            Operation::Le => compared(i64::le),
            Operation::Gt => compared(i64::gt),
            Operation::Ge => compared(i64::ge),
            other => return Err(format!("{other:?}")),
        };
        Ok(Entry { bits, ty: a.ty })
    }

    fn convert(&self, from: Entry, to: UnitOffset) -> Evaluated<Entry> {
        let ty = self.base_type(to)?;
        let float = |ty: Option<(u8, gimli::DwAte)>| matches!(ty, Some((_, dw::DW_ATE_float)));
        if float(from.ty) || float(ty) {
            return Err("a conversion of floats".to_owned());
        }
        // What it is, by its own type, as the other.
        Ok(self.wrap(Entry {
            bits: from.bits,
            ty,
        }))
    }

    fn base_type(&self, offset: UnitOffset) -> Evaluated<Option<(u8, gimli::DwAte)>> {
        if offset.0 == 0 {
            return Ok(None);
        }
        let unit = &self.place.info.units[self.place.unit];
        let entry = unit.entry(offset).map_err(|error| error.to_string())?;
        let size = entry.attr(dw::DW_AT_byte_size);
        let size = size.and_then(|it| it.udata_value()).ok_or("a base type")?;
        match entry.attr_value(dw::DW_AT_encoding) {
            Some(gimli::AttributeValue::Encoding(encoding)) if size <= 8 => {
                Ok(Some((size as u8, encoding)))
            }
            _ => Err("a base type".to_owned()),
        }
    }
}

fn is_signed(encoding: gimli::DwAte) -> bool {
    matches!(encoding, dw::DW_ATE_signed | dw::DW_ATE_signed_char)
}

fn extend(bits: u64, bytes: u8, signed: bool) -> u64 {
    let shift = 64 - 8 * u32::from(bytes.clamp(1, 8));
    match signed {
        true => (((bits << shift) as i64) >> shift) as u64,
        false => (bits << shift) >> shift,
    }
}

//! Operations → native expressions, with the places of one function of one instance put in.

use super::decode::Op;
use crate::address::{FrameOffset, HostAddress};
use crate::code::{CodeMap, GlobalPlace, Homes, OPERANDS, ValueType};
use crate::write::{Address, Expression, UnitEntryId};
use gimli::{DwOp, UnitOffset, constants as dw};

/// Where things are that expressions name.
pub(crate) struct Places<'a> {
    /// Bases of memories, globals.
    pub code: &'a CodeMap<'a>,
    /// Of the function; `None` outside functions.
    pub homes: Option<&'a Homes>,
    /// The function's frame base, as the guest has it: an expression whose value is an address in linear memory.
    pub frame_base: Option<&'a [Op]>,
}

/// How many operations an expression may become: a frame base is written for each use of it, and a branch reaches 32 KiB of
/// operations, of at most 10 bytes each.
const MAX_OPERATIONS: usize = 3000;

/// Why an expression has no native form.
pub(crate) type Reason = String;

/// The reason where there is nothing to express: the linker has taken the variable out.
pub(crate) const DROPPED_DATA: &str = "an address of dropped data";

/// What an expression is for, which says what its result means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// A location: an address in linear memory, or with DW_OP_stack_value a value.
    Location,
    /// A frame base: DW_OP_stack_value or not, it is an address in linear memory.
    FrameBase,
    /// A member's or base class's place: from the object's address to its own.
    Member,
    /// The location of a pointer, made the pointer's value as the host has it: null, or the base and the guest's 4 bytes.
    Pointer,
}

/// Makes the native form, behind operations that are there. `base_type` finds base types that operations refer to.
///
/// # Errors
/// The operation that cannot be expressed.
pub(crate) fn emit(
    out: Expression,
    ops: &[Op],
    places: &Places<'_>,
    purpose: Purpose,
    base_type: &dyn Fn(UnitOffset) -> Option<UnitEntryId>,
) -> Result<Expression, Reason> {
    let mut emitter = Emitter {
        places,
        base_type,
        out,
        nested: false,
        width: Width::Address,
        generic: Width::Address,
        low_bits: ops.iter().all(keeps_low_bits),
    };
    if ops.iter().any(|op| emitter.is_long(op)) {
        emitter.width = Width::Long;
        emitter.generic = Width::Long;
    }
    if purpose == Purpose::Location && emitter.simple(ops)? {
        return Ok(emitter.out);
    }
    match purpose {
        Purpose::Location => emitter.location(ops)?,
        Purpose::Pointer => emitter.pointer(ops)?,
        Purpose::FrameBase => {
            let end = ops.len() - usize::from(ops.last() == Some(&Op::StackValue));
            emitter.operations(&ops[..end])?;
            emitter.memory_address()?;
        }
        Purpose::Member => {
            emitter.out.op(dw::DW_OP_dup);
            emitter.mask();
            emitter.operations(ops)?;
            emitter.from_object();
        }
    }
    Ok(emitter.out)
}

struct Emitter<'a> {
    places: &'a Places<'a>,
    base_type: &'a dyn Fn(UnitOffset) -> Option<UnitEntryId>,
    out: Expression,
    /// Inside a frame base, which cannot have one.
    nested: bool,
    /// How wide the guest's values are, here and without base types.
    width: Width,
    generic: Width,
    /// Whether the low bits of the result depend on no more than the low bits of what is read.
    low_bits: bool,
}

/// How wide the values on the stack are, in the guest's terms: LLVM writes expressions as if the stack were as wide as that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Width {
    /// The generic type: 32 bits, held with zeros above.
    Address,
    /// 64 bits: something that is read is as wide.
    Long,
    /// A base type's, which debuggers know (DWARF 5, section 2.5.1).
    Typed,
}

impl Emitter<'_> {
    /// Object, member → the member as far from the object, which may be at the guest's address or the host's. gdb takes the
    /// difference for the member's offset.
    fn from_object(&mut self) {
        const SIGN: u64 = 1 << 31;
        self.out.op(dw::DW_OP_over);
        self.out.op(dw::DW_OP_minus);
        self.mask();
        for op in [dw::DW_OP_xor, dw::DW_OP_minus] {
            self.out.op_constu(SIGN);
            self.out.op(op);
        }
        self.out.op(dw::DW_OP_plus);
    }

    /// The forms that debuggers know best: a variable in a local, in the frame, at an address. `false` for all others.
    fn simple(&mut self, ops: &[Op]) -> Result<bool, Reason> {
        match *ops {
            [Op::Local(local), Op::StackValue] => {
                let (offset, _) = self.home(local)?;
                self.frame_address(offset);
            }
            [Op::Stack(depth), Op::StackValue] => {
                let (offset, _) = self.operand(depth)?;
                self.frame_address(offset);
            }
            [Op::Global(global), Op::StackValue] => {
                let place = self.global(global)?;
                self.out.op_addr(Address::Constant(place.address.0));
            }
            [Op::FrameOffset(offset)] if self.places.frame_base.is_some() => {
                self.out.op_fbreg(offset);
            }
            [Op::Address(address)] => self.address(address, 0)?,
            [Op::Address(address), Op::PlusConstant(more)] => self.address(address, more)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn home(&self, local: u32) -> Result<(FrameOffset, ValueType), Reason> {
        let homes = self.places.homes.ok_or("a local outside a function")?;
        match homes
            .locals
            .binary_search_by_key(&local, |(local, ..)| *local)
        {
            Ok(i) => Ok((homes.locals[i].1, homes.locals[i].2)),
            Err(_) => Err(format!("local {local} has no home")),
        }
    }

    fn global(&self, global: u32) -> Result<GlobalPlace, Reason> {
        let place = self.places.code.globals.get(global as usize);
        Ok(*place.ok_or("a global that the module does not have")?)
    }

    /// The home of an operand.
    fn operand(&self, depth: u32) -> Result<(FrameOffset, ValueType), Reason> {
        let home = self.home(OPERANDS.saturating_add(depth));
        home.map_err(|_| format!("operand {depth} is not there where it would have to be saved"))
    }

    fn operand_value(&mut self, depth: u32) -> Result<(), Reason> {
        let (offset, ty) = self.operand(depth)?;
        if ty == ValueType::Ref && !self.low_bits {
            return Err("arithmetic with an operand of several types".to_owned());
        }
        self.frame_address(offset);
        self.out.op_deref_size(size(ty)?);
        Ok(())
    }

    /// The host address of a place in the frame.
    fn frame_address(&mut self, offset: FrameOffset) {
        self.out.op(dw::DW_OP_call_frame_cfa);
        self.out.op_consts(i64::from(offset.0));
        self.out.op(dw::DW_OP_plus);
    }

    /// Whether an operation reads a value of 64 bits.
    fn is_long(&self, op: &Op) -> bool {
        let ty = match op {
            Op::Local(local) => self.home(*local).ok().map(|(_, ty)| ty),
            Op::Stack(depth) => self.operand(*depth).ok().map(|(_, ty)| ty),
            Op::Global(global) => {
                let place = self.places.code.globals.get(*global as usize);
                place.map(|place| place.ty)
            }
            _ => None,
        };
        // An operand of several types is saved in 64 bits.
        let operand = matches!(op, Op::Stack(_)) && ty == Some(ValueType::Ref);
        operand || ty == Some(ValueType::I64)
    }

    fn memory_base(&self) -> Result<HostAddress, Reason> {
        self.places
            .code
            .memories
            .first()
            .copied()
            .ok_or_else(|| "an address in a module without a memory".to_owned())
    }

    fn address(&mut self, address: u64, more: u64) -> Result<(), Reason> {
        let guest = u32::try_from(address)
            .ok()
            .filter(|guest| *guest < u32::MAX - 1)
            .ok_or(DROPPED_DATA)?;
        let host = self.memory_base()?.offset(guest.wrapping_add(more as u32));
        self.out.op_addr(Address::Constant(host.0));
        Ok(())
    }

    /// The guest address on the stack → the host's.
    fn memory_address(&mut self) -> Result<(), Reason> {
        let base = self.memory_base()?;
        self.out.op_constu(base.0);
        self.out.op(dw::DW_OP_plus);
        Ok(())
    }

    /// Guest arithmetic is of 32 bits, the debugger's of 64.
    fn mask(&mut self) {
        self.out.op_constu(u64::from(u32::MAX));
        self.out.op(dw::DW_OP_and);
    }

    /// A location, in pieces or in one: each says where it is or, with DW_OP_stack_value, what.
    fn location(&mut self, ops: &[Op]) -> Result<(), Reason> {
        let branches = ops
            .iter()
            .any(|op| matches!(op, Op::Branch(_) | Op::Skip(_)));
        let pieces = ops.iter().any(|op| matches!(op, Op::Piece(..)));
        if branches && pieces {
            return Err("branches in a location of pieces".to_owned());
        }
        if !pieces {
            return self.place(ops);
        }
        let mut rest = ops;
        while let Some(end) = rest.iter().position(|op| matches!(op, Op::Piece(..))) {
            // Nothing before it: that piece is not there.
            if end > 0 && !self.simple(&rest[..end])? {
                self.place(&rest[..end])?;
            }
            match rest[end] {
                Op::Piece(bits, None) => self.out.op_piece(bits / 8),
                Op::Piece(bits, Some(offset)) => self.out.op_bit_piece(bits, offset),
                _ => unreachable!("the position of a piece"),
            }
            rest = &rest[end + 1..];
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err("operations behind the last piece".to_owned())
        }
    }

    fn pointer(&mut self, ops: &[Op]) -> Result<(), Reason> {
        match ops {
            [value @ .., Op::StackValue] => self.operations(value)?,
            _ if ops
                .iter()
                .any(|op| matches!(op, Op::Piece(..) | Op::Implicit(_))) =>
            {
                return Err("a pointer in pieces".to_owned());
            }
            _ => {
                if !self.simple(ops)? {
                    self.place(ops)?;
                }
                self.out.op_deref_size(4);
            }
        }
        self.mask();
        // Null stays null.
        let base = self.memory_base()?;
        for op in [dw::DW_OP_dup, dw::DW_OP_lit0, dw::DW_OP_ne] {
            self.out.op(op);
        }
        self.out.op_constu(base.0);
        for op in [dw::DW_OP_mul, dw::DW_OP_plus, dw::DW_OP_stack_value] {
            self.out.op(op);
        }
        Ok(())
    }

    fn place(&mut self, ops: &[Op]) -> Result<(), Reason> {
        match ops {
            [Op::Implicit(bytes)] => {
                self.out.op_implicit_value(bytes.clone().into());
                Ok(())
            }
            [value @ .., Op::StackValue] => {
                self.operations(value)?;
                self.out.op(dw::DW_OP_stack_value);
                Ok(())
            }
            ops => {
                self.operations(ops)?;
                self.mask();
                self.memory_address()
            }
        }
    }

    /// Operations that leave a value of the guest's.
    fn operations(&mut self, ops: &[Op]) -> Result<(), Reason> {
        let mut starts = Vec::with_capacity(ops.len() + 1);
        let mut branches = Vec::new();
        let start = self.out.next_index();
        for op in ops {
            if self.out.next_index() - start > MAX_OPERATIONS {
                return Err("an expression that is too long".to_owned());
            }
            starts.push(self.out.next_index());
            match op {
                Op::Branch(target) => branches.push((self.out.op_bra(), *target)),
                Op::Skip(target) => branches.push((self.out.op_skip(), *target)),
                op => self.operation(op)?,
            }
        }
        starts.push(self.out.next_index());
        if branches.iter().any(|(_, target)| *target == ops.len()) {
            // A branch to the end needs something there.
            self.out.op(dw::DW_OP_nop);
        }
        for (branch, target) in branches {
            let to = starts.get(target).ok_or("a branch out of the expression")?;
            self.out.set_target(branch, *to);
        }
        Ok(())
    }

    fn operation(&mut self, op: &Op) -> Result<(), Reason> {
        match op {
            Op::Local(local) => {
                let (offset, ty) = self.home(*local)?;
                self.frame_address(offset);
                self.out.op_deref_size(size(ty)?);
            }
            Op::Global(global) => {
                let place = self.global(*global)?;
                self.out.op_constu(place.address.0);
                self.out.op_deref_size(size(place.ty)?);
            }
            Op::FrameOffset(offset) => self.frame_offset(*offset)?,
            Op::Address(address) => self.out.op_constu(*address & u64::from(u32::MAX)),
            Op::Unsigned(value) => self.out.op_constu(*value),
            Op::Signed(value) => self.out.op_consts(*value),
            Op::Plain(op) => self.plain(*op)?,
            Op::Pick(index) => self.out.op_pick(*index),
            Op::PlusConstant(value) => self.out.op_plus_uconst(*value),
            Op::Deref(bytes) => {
                self.mask();
                self.memory_address()?;
                self.out.op_deref_size(*bytes);
            }
            Op::Convert(to) => {
                let to = self.resolve(*to)?;
                self.out.op_convert(to);
                self.typed(to.is_some());
            }
            Op::Reinterpret(to) => {
                let to = self.resolve(*to)?;
                self.out.op_reinterpret(to);
                self.typed(to.is_some());
            }
            Op::Typed(ty, bytes) => {
                let ty = self
                    .resolve(Some(*ty))?
                    .ok_or("a constant without a type")?;
                self.out.op_const_type(ty, bytes.clone().into());
                self.typed(true);
            }
            Op::Stack(depth) => self.operand_value(*depth)?,
            Op::ObjectAddress => return Err("DW_OP_push_object_address".to_owned()),
            Op::Other(name) => return Err((*name).to_owned()),
            Op::StackValue | Op::Piece(..) | Op::Implicit(_) => {
                return Err("a location in the middle of an expression".to_owned());
            }
            Op::Branch(_) | Op::Skip(_) => unreachable!("taken by `operations`"),
        }
        Ok(())
    }

    /// What is on the stack has a base type from here on, or is of the debugger's generic type again.
    fn typed(&mut self, typed: bool) {
        if typed {
            self.width = Width::Typed;
        } else {
            self.width = self.generic;
            self.narrow();
        }
    }

    fn frame_offset(&mut self, offset: i64) -> Result<(), Reason> {
        let base = self
            .places
            .frame_base
            .filter(|_| !self.nested)
            .ok_or("no frame base")?;
        self.nested = true;
        let result = self.operations(base.strip_suffix(&[Op::StackValue]).unwrap_or(base));
        self.nested = false;
        result?;
        self.out.op_consts(offset);
        self.out.op(dw::DW_OP_plus);
        self.mask();
        Ok(())
    }

    fn plain(&mut self, op: DwOp) -> Result<(), Reason> {
        match (op, self.width) {
            // A remainder has the dividend's sign, and debuggers take their own for one without: a - a / b * b.
            (dw::DW_OP_mod, Width::Address | Width::Long) => {
                self.sign_extend_both();
                for op in [
                    dw::DW_OP_over,
                    dw::DW_OP_over,
                    dw::DW_OP_div,
                    dw::DW_OP_mul,
                    dw::DW_OP_minus,
                ] {
                    self.out.op(op);
                }
                self.narrow();
            }
            (_, Width::Address) => self.plain_of_32_bits(op),
            _ => self.out.op(op),
        }
        Ok(())
    }

    /// In 64 bits a negative 32-bit number is a large positive one.
    fn plain_of_32_bits(&mut self, op: DwOp) {
        match op {
            dw::DW_OP_div => self.sign_extend_both(),
            dw::DW_OP_abs => self.sign_extend(),
            dw::DW_OP_shra => {
                self.out.op(dw::DW_OP_swap);
                self.sign_extend();
                self.out.op(dw::DW_OP_swap);
            }
            // With the sign bit turned, order is the same for debuggers that compare with a sign and for those without.
            dw::DW_OP_ge | dw::DW_OP_gt | dw::DW_OP_le | dw::DW_OP_lt => {
                for _ in 0..2 {
                    self.out.op(dw::DW_OP_swap);
                    self.mask();
                    self.out.op_constu(1 << 31);
                    self.out.op(dw::DW_OP_xor);
                }
            }
            // A constant may be negative.
            dw::DW_OP_eq | dw::DW_OP_ne => {
                for _ in 0..2 {
                    self.out.op(dw::DW_OP_swap);
                    self.mask();
                }
            }
            dw::DW_OP_shr => {
                self.out.op(dw::DW_OP_swap);
                self.mask();
                self.out.op(dw::DW_OP_swap);
            }
            _ => {}
        }
        self.out.op(op);
        if matches!(
            op,
            dw::DW_OP_minus
                | dw::DW_OP_plus
                | dw::DW_OP_mul
                | dw::DW_OP_neg
                | dw::DW_OP_not
                | dw::DW_OP_or
                | dw::DW_OP_xor
                | dw::DW_OP_shl
                | dw::DW_OP_shra
                | dw::DW_OP_div
                | dw::DW_OP_abs
        ) {
            self.mask();
        }
    }

    /// A result of arithmetic in the guest's width.
    fn narrow(&mut self) {
        if self.width == Width::Address {
            self.mask();
        }
    }

    /// 32 bits, as a number with a sign.
    fn sign_extend(&mut self) {
        if self.width == Width::Address {
            for op in [dw::DW_OP_shl, dw::DW_OP_shra] {
                self.out.op_constu(32);
                self.out.op(op);
            }
        }
    }

    fn sign_extend_both(&mut self) {
        for _ in 0..2 {
            self.out.op(dw::DW_OP_swap);
            self.sign_extend();
        }
    }

    fn resolve(&self, ty: Option<UnitOffset>) -> Result<Option<UnitEntryId>, Reason> {
        match ty {
            None => Ok(None),
            Some(offset) => (self.base_type)(offset)
                .map(Some)
                .ok_or_else(|| "a base type that is not there".to_owned()),
        }
    }
}

/// Whether the low bits of an operation's result depend on no more than the low bits of its operands.
fn keeps_low_bits(op: &Op) -> bool {
    match op {
        Op::Plain(op) => matches!(
            *op,
            dw::DW_OP_plus
                | dw::DW_OP_minus
                | dw::DW_OP_mul
                | dw::DW_OP_neg
                | dw::DW_OP_not
                | dw::DW_OP_and
                | dw::DW_OP_or
                | dw::DW_OP_xor
        ),
        Op::Branch(_) | Op::Convert(_) | Op::Reinterpret(_) | Op::Typed(..) => false,
        _ => true,
    }
}

/// Bytes that a debugger reads of a slot.
fn size(ty: ValueType) -> Result<u8, Reason> {
    match ty {
        ValueType::I32 | ValueType::F32 => Ok(4),
        ValueType::I64 | ValueType::F64 | ValueType::Ref => Ok(8),
        ValueType::V128 => Err("a vector in an expression".to_owned()),
    }
}

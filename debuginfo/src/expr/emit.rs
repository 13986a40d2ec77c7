//! Operations → native expressions, with the places of one function of one instance put in.

use super::base_type::{BaseType, Width};
use super::decode::Op;
use super::unlocatable::Unlocatable;
use crate::address::{AddressSize, FrameOffset, WasmPc};
use crate::code::{
    CONTEXT_REGISTER, CodeMap, DebugSlot, DebugSlots, Flavor, GlobalAddress, GlobalPlace,
    KeptValue, ValueType,
};
use crate::write::{Address, DebugInfoRef, Expression};
use gimli::{DebugInfoOffset, UnitOffset, constants as dw};

/// The places that expressions name.
pub(crate) struct Places<'a> {
    /// Bases of memories, globals.
    pub code: &'a CodeMap<'a>,
    /// Of the function; `None` outside functions.
    pub slots: Option<&'a DebugSlots>,
    /// True if the function has a frame base.
    pub has_frame_base: bool,
    /// The address at which the expression becomes valid, by which operands are known.
    pub from: Option<WasmPc>,
    /// The size of the variable in bytes, if its type has one.
    pub size: Option<u64>,
    /// True if what no piece is of is between the members only, where nobody looks.
    pub only_padding_is_missing: bool,
    /// The size of the guest's addresses.
    pub addresses: AddressSize,
}

impl<'a> Places<'a> {
    fn kept(&self, value: KeptValue) -> Option<&'a DebugSlot> {
        let mut kept = self.slots?.kept().iter();
        kept.find(|slot| slot.keeps(value))
    }

    fn operand(&self, place: u32) -> Option<&'a DebugSlot> {
        let (from, value) = (self.from?, KeptValue::Operand(place));
        let mut kept = self.slots?.kept().iter();
        kept.find(|slot| slot.keeps(value) && slot.range.start == from)
    }

    /// Up to where an expression counts, as far as operands go.
    pub fn until(&self, ops: &[Op]) -> Option<WasmPc> {
        let operands = ops.iter().filter_map(|op| match op {
            Op::Stack(place) => Some(self.operand(*place)?.range.end),
            _ => None,
        });
        operands.min()
    }
}

/// The most operations that an expression may become: a frame base is repeated at each use, and a branch reaches 32 KiB of
/// operations, of at most 10 bytes each.
const MAX_OPERATIONS: usize = 3000;

/// The reason where a pointer is of nothing that has an address.
const NO_IMPLICIT_POINTERS: &str =
    "a pointer to what lies nowhere (DW_OP_implicit_pointer), which lldb has none of";

/// Bytes of a value on a debugger's stack.
pub(super) const STACK_BYTES: u64 = 8;

/// The most zeros that are written down: more than programs have in a variable that is nowhere.
pub(super) const MAX_ZEROS: u64 = 1024;

/// The purpose of an expression, which decides the meaning of its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// A location: an address in linear memory, or with DW_OP_stack_value a value.
    Location,
    /// A frame base: DW_OP_stack_value or not, it is an address in linear memory.
    FrameBase,
    /// A member's or base class's place: from the object's address to its own.
    Member,
    /// A value of the guest's.
    Value,
    /// The location of a pointer, made the pointer's value as the host has it: null, or the base and the guest's 4 bytes.
    Pointer,
    /// The location of a pointer to a data member, made its value as the host has it: the offset, or -1.
    FieldPointer,
}

/// Finds the native entries that operations refer to.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'a> {
    pub base_type: &'a dyn Fn(UnitOffset) -> Option<BaseType>,
    /// Of any unit.
    pub any: &'a dyn Fn(DebugInfoOffset) -> Option<DebugInfoRef>,
}

/// Makes the native form, after operations that are there.
///
/// # Errors
/// The operation that cannot be expressed.
pub(crate) fn emit(
    out: Expression,
    ops: &[Op],
    places: &Places<'_>,
    purpose: Purpose,
    entries: Entries<'_>,
) -> Result<Expression, Unlocatable> {
    let mut emitter = Emitter {
        places,
        entries,
        out,
        purpose,
        width: Width::Address,
        generic: Width::Address,
    };
    if places.addresses == AddressSize::Eight || ops.iter().any(|op| emitter.is_long(op)) {
        emitter.width = Width::Long;
        emitter.generic = Width::Long;
    }
    if purpose == Purpose::Location && emitter.simple(ops, places.size)? {
        return Ok(emitter.out);
    }
    match purpose {
        Purpose::Location => emitter.location(ops)?,
        Purpose::Pointer => emitter.pointer(ops)?,
        Purpose::FieldPointer => emitter.field_pointer(ops)?,
        Purpose::FrameBase => {
            let end = ops.len() - usize::from(ops.last() == Some(&Op::StackValue));
            emitter.operations(&ops[..end])?;
            emitter.memory_address()?;
        }
        Purpose::Value => {
            let end = ops.len() - usize::from(ops.last() == Some(&Op::StackValue));
            emitter.operations(&ops[..end])?;
        }
        Purpose::Member => {
            emitter.out.op(dw::DW_OP_dup);
            emitter.guest_address()?;
            emitter.operations(ops)?;
            emitter.from_object()?;
        }
    }
    Ok(emitter.out)
}

pub(super) struct Emitter<'a> {
    pub(super) places: &'a Places<'a>,
    pub(super) entries: Entries<'a>,
    pub(super) out: Expression,
    purpose: Purpose,
    /// The width of the guest's values, here and without base types.
    pub(super) width: Width,
    pub(super) generic: Width,
}

impl Emitter<'_> {
    /// The forms that debuggers know best: a variable in a local, in the frame, at an address. `false` for all others.
    fn simple(&mut self, ops: &[Op], wanted: Option<u64>) -> Result<bool, Unlocatable> {
        match *ops {
            [
                ref op @ (Op::Local(_) | Op::Stack(_) | Op::EntryLocal(_)),
                Op::StackValue,
            ] => {
                let (offset, ty) = self.frame_value(op)?;
                // What is after a value is another one's.
                let size = u64::from(size(ty).unwrap_or(16));
                if wanted.is_some_and(|wanted| wanted > size) {
                    return Ok(false);
                }
                self.frame_address(offset);
            }
            [Op::Global(global), Op::StackValue] if self.purpose != Purpose::FrameBase => {
                let place = self.global(global)?;
                let size = u64::from(size(place.ty).unwrap_or(16));
                if wanted.is_some_and(|wanted| wanted > size) {
                    return Ok(false);
                }
                self.global_address(place.address);
            }
            [Op::FrameOffset(offset)] if self.places.has_frame_base => {
                self.out.op_fbreg(offset);
            }
            [Op::Address(address)] => self.address(address, 0)?,
            [Op::Address(address), Op::PlusConstant(more)] => self.address(address, more)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn home(&self, local: u32) -> Result<(FrameOffset, ValueType), Unlocatable> {
        let slots = self.places.slots.ok_or("a local outside a function")?;
        match slots.home(local) {
            Some(home) => Ok((home.offset, home.ty)),
            None => Err(format!("local {local} has no home").into()),
        }
    }

    fn global(&self, global: u32) -> Result<GlobalPlace, Unlocatable> {
        let place = self.places.code.globals.get(global as usize);
        Ok(*place.ok_or("a global that the module does not have")?)
    }

    fn global_address(&mut self, address: GlobalAddress) {
        match address {
            GlobalAddress::Fixed(address) => self.out.op_addr(Address::Constant(address.0)),
            GlobalAddress::OfContext {
                offset,
                is_pointer,
                mark,
            } => {
                // All ones, where nothing is, unless the mark is there.
                self.out.op_breg(CONTEXT_REGISTER, i64::from(mark.offset));
                self.out.op(dw::DW_OP_deref);
                self.out.op_constu(mark.value);
                self.out.op(dw::DW_OP_ne);
                self.out.op(dw::DW_OP_neg);
                self.out.op_breg(CONTEXT_REGISTER, i64::from(offset));
                self.out.op(dw::DW_OP_or);
                if is_pointer {
                    self.out.op(dw::DW_OP_deref);
                }
            }
        }
    }

    /// The frame offset and type of a value in the frame.
    fn frame_value(&self, op: &Op) -> Result<(FrameOffset, ValueType), Unlocatable> {
        let (kept, what) = match op {
            Op::Local(local) => return self.home(*local),
            Op::Stack(place) => {
                let kept = self.places.operand(*place);
                return kept
                    .map(|slot| (slot.offset, slot.ty))
                    .ok_or_else(|| "it names an operand that the stack does not have".into());
            }
            Op::EntryLocal(local) => {
                let kept = self.places.kept(KeptValue::Entry(*local));
                (kept, "a parameter's value at entry")
            }
            Op::Global(global) => {
                let kept = self.places.kept(KeptValue::Global(*global));
                (kept, "a global")
            }
            _ => (None, "something else"),
        };
        kept.map(|slot| (slot.offset, slot.ty))
            .ok_or_else(|| format!("{what} is not there where it would have to be saved").into())
    }

    /// The host address of a place in the frame.
    fn frame_address(&mut self, offset: FrameOffset) {
        self.out.op(dw::DW_OP_call_frame_cfa);
        self.out.op_consts(i64::from(offset.0));
        self.out.op(dw::DW_OP_plus);
    }

    /// Returns true if an operation reads a value of 64 bits.
    fn is_long(&self, op: &Op) -> bool {
        let ty = match op {
            Op::Local(_) | Op::Stack(_) | Op::EntryLocal(_) => {
                self.frame_value(op).ok().map(|(_, ty)| ty)
            }
            Op::Global(global) => {
                let place = self.places.code.globals.get(*global as usize);
                place.map(|place| place.ty)
            }
            _ => None,
        };
        ty == Some(ValueType::I64)
    }

    /// A location, in pieces or in one: each is a place or, with DW_OP_stack_value, a value.
    fn location(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        let branches = ops
            .iter()
            .any(|op| matches!(op, Op::Branch(_) | Op::Skip(_)));
        let pieces = ops.iter().any(|op| matches!(op, Op::Piece(..)));
        if branches && pieces {
            return Err("branches in a location of pieces".into());
        }
        match pieces {
            true => self.pieces(ops),
            false => self.whole(ops),
        }
    }

    fn whole(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        let bytes = self.places.size.unwrap_or(0);
        if self.wide(ops, bytes)? {
            return Ok(());
        }
        self.place(ops)?;
        if matches!(ops, [Op::ImplicitPointer(..)]) {
            // gdb takes it to be as long as the host's, and refuses what is longer than the variable.
            let pointer = self.places.addresses.bytes().into();
            self.out.op_piece(pointer);
            match bytes.saturating_sub(pointer) {
                0 => {}
                missing => self.out.op_piece(missing),
            }
        }
        Ok(())
    }

    fn pieces(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        let mut rest = ops;
        let (mut bits_said, mut missing) = (0u64, false);
        while let Some(end) = rest.iter().position(|op| matches!(op, Op::Piece(..))) {
            // Nothing before it: that piece is not there.
            missing |= end == 0;
            let Op::Piece(bits, offset) = rest[end] else {
                unreachable!("the position of a piece");
            };
            let bytes = bits.saturating_add(offset.unwrap_or(0)).div_ceil(8);
            let piece = &rest[..end];
            rest = &rest[end + 1..];
            bits_said = bits.saturating_add(bits_said);
            if end > 0 && !self.simple(piece, Some(bytes))? {
                if offset.is_none() && self.wide(piece, bytes)? {
                    continue;
                }
                self.place(piece)?;
            }
            match offset {
                None => self.out.op_piece(bits / 8),
                Some(offset) => self.out.op_bit_piece(bits, offset),
            }
        }
        if !rest.is_empty() {
            return Err("operations behind the last piece".into());
        }
        // What no piece is of reads as zeros in gdb; in lldb what is not there does too.
        let more = self.places.size.unwrap_or(0).saturating_sub(bits_said / 8);
        match self.places.code.flavor {
            Flavor::Gdb if more > 0 => self.out.op_piece(more),
            Flavor::Lldb if self.places.only_padding_is_missing => {}
            Flavor::Lldb if more > 0 || missing => {
                return Err(Unlocatable::MissingPart);
            }
            _ => {}
        }
        Ok(())
    }

    /// A value of more bytes than a debugger's stack has, as a piece or as all there is: `false` where it is none. gdb would go on
    /// with whatever is after the value.
    fn wide(&mut self, ops: &[Op], bytes: u64) -> Result<bool, Unlocatable> {
        let [value @ .., Op::StackValue] = ops else {
            return Ok(false);
        };
        if bytes <= STACK_BYTES {
            return Ok(false);
        }
        match value {
            // LLVM's form of memory that was set to zeros.
            [Op::Unsigned(0) | Op::Signed(0)] if bytes <= MAX_ZEROS => {
                self.zeros(bytes);
            }
            _ if self.places.code.flavor == Flavor::Lldb => return Err(Unlocatable::MissingPart),
            _ => {
                self.place(ops)?;
                self.out.op_piece(STACK_BYTES);
                self.out.op_piece(bytes - STACK_BYTES);
            }
        }
        Ok(true)
    }

    /// lldb reads an implicit value's pieces from the process, where they are not.
    fn zeros(&mut self, bytes: u64) {
        if self.places.code.flavor == Flavor::Gdb {
            let zeros = vec![0; bytes as usize];
            self.out.op_implicit_value(zeros.into());
            return self.out.op_piece(bytes);
        }
        for at in (0..bytes).step_by(STACK_BYTES as usize) {
            self.out.op(dw::DW_OP_lit0);
            self.out.op(dw::DW_OP_stack_value);
            self.out.op_piece(STACK_BYTES.min(bytes - at));
        }
    }

    fn pointer(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        self.guest_pointer(ops)?;
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

    fn field_pointer(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        self.guest_pointer(ops)?;
        let behind = 8 * (STACK_BYTES - u64::from(self.places.addresses.bytes()));
        if behind > 0 {
            for op in [dw::DW_OP_shl, dw::DW_OP_shra] {
                self.out.op_constu(behind);
                self.out.op(op);
            }
        }
        self.out.op(dw::DW_OP_stack_value);
        Ok(())
    }

    /// The value of a pointer variable, as the guest has it.
    fn guest_pointer(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        match ops {
            [Op::ImplicitPointer(..)] => return Err(NO_IMPLICIT_POINTERS.into()),
            [
                op @ (Op::Local(_) | Op::Stack(_) | Op::EntryLocal(_)),
                Op::StackValue,
            ] if !self.is_long(op) => {
                self.load(op)?;
            }
            [value @ .., Op::StackValue] => {
                self.operations(value)?;
                self.mask();
            }
            _ if ops
                .iter()
                .any(|op| matches!(op, Op::Piece(..) | Op::Implicit(_))) =>
            {
                return Err("a pointer in pieces".into());
            }
            _ => {
                if !self.simple(ops, None)? {
                    self.place(ops)?;
                }
                self.out.op_deref_size(self.places.addresses.bytes());
            }
        }
        Ok(())
    }

    fn place(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        match ops {
            [Op::Implicit(bytes)] => {
                self.out.op_implicit_value(bytes.clone().into());
                Ok(())
            }
            [Op::ImplicitPointer(entry, offset)] => {
                if self.places.code.flavor == Flavor::Lldb {
                    return Err(NO_IMPLICIT_POINTERS.into());
                }
                let entry = (self.entries.any)(*entry);
                let entry = entry.ok_or("a pointer into an entry that is not there")?;
                self.out.op_implicit_pointer(entry, *offset);
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
    fn operations(&mut self, ops: &[Op]) -> Result<(), Unlocatable> {
        self.width = self.generic;
        let mut starts = Vec::with_capacity(ops.len() + 1);
        let mut branches = Vec::new();
        let start = self.out.next_index();
        for op in ops {
            if self.out.next_index() - start > MAX_OPERATIONS {
                return Err("an expression that is too long".into());
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

    fn operation(&mut self, op: &Op) -> Result<(), Unlocatable> {
        match op {
            Op::Local(_) | Op::Stack(_) | Op::EntryLocal(_) => self.load(op)?,
            // The function's own view of it, where that counts: a callee may have moved the stack pointer on.
            Op::Global(_) if self.purpose == Purpose::FrameBase && self.frame_value(op).is_ok() => {
                self.load(op)?;
            }
            Op::Global(global) => {
                let place = self.global(*global)?;
                match place.address {
                    GlobalAddress::Fixed(address) => self.out.op_constu(address.0),
                    of_context => self.global_address(of_context),
                }
                self.out.op_deref_size(size(place.ty)?);
            }
            Op::FrameOffset(offset) => self.frame_offset(*offset)?,
            Op::Address(address) => self.out.op_constu(self.guest(*address)),
            Op::Unsigned(value) => self.out.op_constu(*value),
            Op::Signed(value) => self.out.op_consts(*value),
            Op::Plain(op) => self.plain(*op),
            Op::Pick(index) => self.out.op_pick(*index),
            Op::PlusConstant(value) => {
                self.out.op_plus_uconst(*value);
                if matches!(self.width, Width::Integer(..)) {
                    self.fit();
                }
            }
            Op::Deref(bytes) => {
                self.mask();
                self.memory_address()?;
                self.out.op_deref_size(*bytes);
                self.width = self.generic;
            }
            Op::Convert(to) => self.convert(*to)?,
            Op::Reinterpret(to) => self.reinterpret(*to)?,
            Op::Typed(ty, bytes) => self.typed_constant(*ty, bytes)?,
            Op::TypedDeref(bytes, ty) => {
                self.mask();
                self.memory_address()?;
                self.typed_deref(*ty, *bytes)?;
            }
            Op::ThreadLocal => {
                return Err("a thread's variable, of a module with threads".into());
            }
            Op::ObjectAddress => return Err("DW_OP_push_object_address".into()),
            Op::Other(name) => return Err((*name).into()),
            Op::StackValue | Op::Piece(..) | Op::Implicit(_) | Op::ImplicitPointer(..) => {
                return Err("a location in the middle of an expression".into());
            }
            Op::Branch(_) | Op::Skip(_) => unreachable!("taken by `operations`"),
        }
        Ok(())
    }

    /// The debugger knows where that is in the host.
    fn frame_offset(&mut self, offset: i64) -> Result<(), Unlocatable> {
        if !self.places.has_frame_base || self.purpose == Purpose::FrameBase {
            return Err("no frame base".into());
        }
        self.out.op_fbreg(offset);
        self.guest_address()
    }

    /// A value in the frame.
    fn load(&mut self, op: &Op) -> Result<(), Unlocatable> {
        let (offset, ty) = self.frame_value(op)?;
        self.frame_address(offset);
        self.out.op_deref_size(size(ty)?);
        Ok(())
    }
}

/// Bytes that a debugger reads of a slot.
fn size(ty: ValueType) -> Result<u8, Unlocatable> {
    match ty {
        ValueType::I32 | ValueType::F32 => Ok(4),
        ValueType::I64 | ValueType::F64 | ValueType::Ref => Ok(8),
        ValueType::V128 => Err("a vector in an expression".into()),
    }
}

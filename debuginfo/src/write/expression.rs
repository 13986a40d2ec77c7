//! Location expressions, encoded as they are made.

use super::bytes::set_uleb;
use super::{Address, DebugInfoRef, UnitEntryId, sleb, uleb};
use gimli::{DwOp, constants as dw};

/// Bytes of a base type's place in an operation: LEB128 that is padded, so that it can be filled in when the place is known.
const TYPE_SIZE: usize = 4;

/// An expression. An operation is named by where its bytes begin.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Expression {
    bytes: Vec<u8>,
    /// The places of references to entries, with the entries. Few expressions have any.
    named: Option<Box<Vec<(u32, Named)>>>,
}

/// An entry that an operation names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// A base type of the unit: LEB128.
    Type(UnitEntryId),
    /// Any entry: its place in `.debug_info`, of 4 bytes.
    Entry(DebugInfoRef),
}

impl Expression {
    pub fn new() -> Expression {
        Expression::default()
    }

    /// An expression that is there already.
    pub fn raw(bytes: Vec<u8>) -> Expression {
        Expression { bytes, named: None }
    }

    /// Its bytes; entries are places to be filled in.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends the expression, and the places of the entries that it names by `place`.
    pub fn write(&self, out: &mut Vec<u8>, place: &mut impl FnMut(usize, Named)) {
        let base = out.len();
        out.extend(&self.bytes);
        for (at, named) in self.named.iter().flat_map(|named| named.iter()) {
            place(base + *at as usize, *named);
        }
    }

    /// Fills in the place of a base type: bytes from the start of the unit.
    pub fn set_type(place: &mut [u8], offset: u32) {
        set_uleb(&mut place[..TYPE_SIZE], offset);
    }

    /// An operation without operands.
    pub fn op(&mut self, operation: DwOp) {
        self.bytes.push(operation.0);
    }

    pub fn op_addr(&mut self, address: Address) {
        let Address::Constant(address) = address;
        self.op(dw::DW_OP_addr);
        self.bytes.extend(address.to_le_bytes());
    }

    /// A number, in the shortest form.
    /// A constant in its shortest form. Bases of memories have nothing in their low half.
    pub fn op_constu(&mut self, value: u64) {
        const HALF: u32 = 32;
        let high = value >> HALF;
        match value {
            0..32 => self.op(DwOp(dw::DW_OP_lit0.0 + value as u8)),
            32..128 => self.bytes.extend([dw::DW_OP_const1u.0, value as u8]),
            0x4000..=0xffff => self.number(dw::DW_OP_const2u, &(value as u16).to_le_bytes()),
            0x1000_0000..=0xffff_ffff => {
                self.number(dw::DW_OP_const4u, &(value as u32).to_le_bytes());
            }
            _ if value as u32 == 0 && high <= 0xffff => {
                self.op_constu(high);
                self.op_constu(HALF.into());
                self.op(dw::DW_OP_shl);
            }
            _ => {
                self.op(dw::DW_OP_constu);
                uleb(&mut self.bytes, value);
            }
        }
    }

    fn number(&mut self, operation: DwOp, bytes: &[u8]) {
        self.op(operation);
        self.bytes.extend(bytes);
    }

    pub fn op_consts(&mut self, value: i64) {
        self.op(dw::DW_OP_consts);
        sleb(&mut self.bytes, value);
    }

    pub fn op_const_type(&mut self, base: UnitEntryId, value: Box<[u8]>) {
        self.op(dw::DW_OP_const_type);
        self.base_type(Some(base));
        self.bytes.push(value.len() as u8);
        self.bytes.extend(value);
    }

    /// A register's value and an offset.
    pub fn op_breg(&mut self, register: u8, offset: i64) {
        self.op(DwOp(dw::DW_OP_breg0.0 + register));
        sleb(&mut self.bytes, offset);
    }

    pub fn op_fbreg(&mut self, offset: i64) {
        self.op(dw::DW_OP_fbreg);
        sleb(&mut self.bytes, offset);
    }

    pub fn op_pick(&mut self, index: u8) {
        self.op(dw::DW_OP_pick);
        self.bytes.push(index);
    }

    pub fn op_deref_size(&mut self, size: u8) {
        self.op(dw::DW_OP_deref_size);
        self.bytes.push(size);
    }

    /// Reads a value of a type at the address on the stack.
    pub fn op_deref_type(&mut self, size: u8, base: UnitEntryId) {
        self.op(dw::DW_OP_deref_type);
        self.bytes.push(size);
        self.base_type(Some(base));
    }

    pub fn op_plus_uconst(&mut self, value: u64) {
        self.op(dw::DW_OP_plus_uconst);
        uleb(&mut self.bytes, value);
    }

    /// A jump whose target is not known yet; which operation it is.
    pub fn op_skip(&mut self) -> usize {
        self.jump(dw::DW_OP_skip)
    }

    /// The same where the value on the stack is not zero.
    pub fn op_bra(&mut self) -> usize {
        self.jump(dw::DW_OP_bra)
    }

    fn jump(&mut self, operation: DwOp) -> usize {
        let index = self.next_index();
        self.op(operation);
        self.bytes.extend([0; 2]);
        index
    }

    /// Which operation comes next.
    pub fn next_index(&self) -> usize {
        self.bytes.len()
    }

    /// Sets a jump's target (DWARF 5, section 2.5.1.5: from after the jump). One that is too far has none, and the
    /// expression is one that debuggers refuse.
    pub fn set_target(&mut self, operation: usize, target: usize) {
        const JUMP: i64 = 3;
        let distance = target as i64 - (operation as i64 + JUMP);
        let distance = i16::try_from(distance).unwrap_or(i16::MAX);
        self.bytes[operation + 1..operation + 3].copy_from_slice(&distance.to_le_bytes());
    }

    /// Converts to a type, or to the generic one.
    pub fn op_convert(&mut self, base: Option<UnitEntryId>) {
        self.op(dw::DW_OP_convert);
        self.base_type(base);
    }

    pub fn op_reinterpret(&mut self, base: Option<UnitEntryId>) {
        self.op(dw::DW_OP_reinterpret);
        self.base_type(base);
    }

    fn base_type(&mut self, base: Option<UnitEntryId>) {
        match base {
            Some(base) => self.name(Named::Type(base), TYPE_SIZE),
            None => self.bytes.push(0),
        }
    }

    fn name(&mut self, entry: Named, size: usize) {
        let place = (self.bytes.len() as u32, entry);
        self.named.get_or_insert_default().push(place);
        self.bytes.resize(self.bytes.len() + size, 0);
    }

    /// A pointer into what an entry describes, which lies nowhere that could be pointed to (DWARF 5, section 2.6.1.1.4).
    pub fn op_implicit_pointer(&mut self, to: DebugInfoRef, offset: i64) {
        self.op(dw::DW_OP_implicit_pointer);
        self.name(Named::Entry(to), size_of::<u32>());
        sleb(&mut self.bytes, offset);
    }

    pub fn op_implicit_value(&mut self, data: Box<[u8]>) {
        self.op(dw::DW_OP_implicit_value);
        uleb(&mut self.bytes, data.len() as u64);
        self.bytes.extend(data);
    }

    pub fn op_piece(&mut self, bytes: u64) {
        self.op(dw::DW_OP_piece);
        uleb(&mut self.bytes, bytes);
    }

    pub fn op_bit_piece(&mut self, bits: u64, offset: u64) {
        self.op(dw::DW_OP_bit_piece);
        uleb(&mut self.bytes, bits);
        uleb(&mut self.bytes, offset);
    }
}

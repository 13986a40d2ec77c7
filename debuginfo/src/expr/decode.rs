//! DWARF bytes → operations.

use crate::source::{ReadUnit, Reader};
use gimli::read::{DieReference, Expression, Operation};
use gimli::{DwOp, UnitOffset, constants as dw};

/// One operation. Branch targets are indices of operations; one past the last is the end.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Op {
    /// DW_OP_WASM_location 0: the value of a local.
    Local(u32),
    /// DW_OP_WASM_location 1 and 3: the value of a global.
    Global(u32),
    /// DW_OP_WASM_location 2: a value of the operand stack.
    Stack(u32),
    /// DW_OP_fbreg.
    FrameOffset(i64),
    /// DW_OP_addr, addrx: an address in linear memory.
    Address(u64),
    /// Constants.
    Unsigned(u64),
    /// Constants with a sign.
    Signed(i64),
    /// Operations on the top of the stack that need nothing else.
    Plain(DwOp),
    /// DW_OP_pick, dup, over.
    Pick(u8),
    /// DW_OP_plus_uconst.
    PlusConstant(u64),
    /// DW_OP_deref, deref_size: bytes read.
    Deref(u8),
    /// DW_OP_bra.
    Branch(usize),
    /// DW_OP_skip.
    Skip(usize),
    /// DW_OP_stack_value.
    StackValue,
    /// DW_OP_piece, bit_piece: size in bits, offset in bits for the latter.
    Piece(u64, Option<u64>),
    /// DW_OP_implicit_value.
    Implicit(Vec<u8>),
    /// DW_OP_convert: to the base type there, or back to the generic type.
    Convert(Option<UnitOffset>),
    /// DW_OP_reinterpret.
    Reinterpret(Option<UnitOffset>),
    /// DW_OP_const_type.
    Typed(UnitOffset, Vec<u8>),
    /// DW_OP_push_object_address.
    ObjectAddress,
    /// What has no native meaning, by name.
    Other(&'static str),
}

/// Decodes an expression.
///
/// # Errors
/// What gimli cannot read, and branches that do not lead to an operation.
pub(crate) fn decode<'d>(
    expression: Expression<Reader<'d>>,
    unit: ReadUnit<'_, 'd>,
) -> gimli::Result<Vec<Op>> {
    let length = expression.0.len();
    let mut operations = expression.operations(unit.encoding());
    let mut ops = Vec::new();
    let mut starts = Vec::new();
    // Branches, with the byte that each leads to.
    let mut branches = Vec::new();
    loop {
        let start = operations.offset_from(&expression);
        let Some(operation) = operations.next()? else {
            break;
        };
        starts.push(start);
        let end = operations.offset_from(&expression) as i64;
        if let Operation::Bra { target } | Operation::Skip { target } = operation {
            branches.push((ops.len(), end + i64::from(target)));
        }
        ops.push(op(operation, unit)?);
    }
    for (index, byte) in branches {
        let target = match usize::try_from(byte) {
            Ok(byte) if byte == length => ops.len(),
            Ok(byte) => starts
                .binary_search(&byte)
                .map_err(|_| gimli::Error::BadBranchTarget(byte as u64))?,
            Err(_) => return Err(gimli::Error::BadBranchTarget(byte as u64)),
        };
        match &mut ops[index] {
            Op::Branch(to) | Op::Skip(to) => *to = target,
            _ => {}
        }
    }
    Ok(ops)
}

fn op<'d>(operation: Operation<Reader<'d>>, unit: ReadUnit<'_, 'd>) -> gimli::Result<Op> {
    Ok(match operation {
        Operation::WasmLocal { index } => Op::Local(index),
        Operation::WasmGlobal { index } => Op::Global(index),
        Operation::WasmStack { index } => Op::Stack(index),
        Operation::FrameOffset { offset } => Op::FrameOffset(offset),
        Operation::Address { address } => Op::Address(address),
        Operation::AddressIndex { index } => Op::Address(unit.address(index)?),
        Operation::ConstantIndex { index } => Op::Unsigned(unit.address(index)?),
        Operation::UnsignedConstant { value } => Op::Unsigned(value),
        Operation::SignedConstant { value } => Op::Signed(value),
        Operation::Deref {
            base_type,
            size,
            space: false,
        } if base_type == UnitOffset(0) => Op::Deref(size),
        Operation::Pick { index } => Op::Pick(index),
        Operation::PlusConstant { value } => Op::PlusConstant(value),
        Operation::Bra { .. } => Op::Branch(0),
        Operation::Skip { .. } => Op::Skip(0),
        Operation::StackValue => Op::StackValue,
        Operation::Piece {
            size_in_bits,
            bit_offset,
        } => Op::Piece(size_in_bits, bit_offset),
        Operation::ImplicitValue { data } => Op::Implicit(data.to_vec()),
        Operation::Convert { base_type } => {
            Op::Convert((base_type != UnitOffset(0)).then_some(base_type))
        }
        Operation::Reinterpret { base_type } => {
            Op::Reinterpret((base_type != UnitOffset(0)).then_some(base_type))
        }
        Operation::TypedLiteral { base_type, value } => Op::Typed(base_type, value.to_vec()),
        Operation::PushObjectAddress => Op::ObjectAddress,
        operation => plain(&operation),
    })
}

fn plain(operation: &Operation<Reader<'_>>) -> Op {
    Op::Plain(match operation {
        Operation::Drop => dw::DW_OP_drop,
        Operation::Swap => dw::DW_OP_swap,
        Operation::Rot => dw::DW_OP_rot,
        Operation::Abs => dw::DW_OP_abs,
        Operation::And => dw::DW_OP_and,
        Operation::Div => dw::DW_OP_div,
        Operation::Minus => dw::DW_OP_minus,
        Operation::Mod => dw::DW_OP_mod,
        Operation::Mul => dw::DW_OP_mul,
        Operation::Neg => dw::DW_OP_neg,
        Operation::Not => dw::DW_OP_not,
        Operation::Or => dw::DW_OP_or,
        Operation::Plus => dw::DW_OP_plus,
        Operation::Shl => dw::DW_OP_shl,
        Operation::Shr => dw::DW_OP_shr,
        Operation::Shra => dw::DW_OP_shra,
        Operation::Xor => dw::DW_OP_xor,
        Operation::Eq => dw::DW_OP_eq,
        Operation::Ge => dw::DW_OP_ge,
        Operation::Gt => dw::DW_OP_gt,
        Operation::Le => dw::DW_OP_le,
        Operation::Lt => dw::DW_OP_lt,
        Operation::Ne => dw::DW_OP_ne,
        Operation::Nop => dw::DW_OP_nop,
        other => return Op::Other(name(other)),
    })
}

/// What an operation that we do not take is called.
fn name(operation: &Operation<Reader<'_>>) -> &'static str {
    match operation {
        Operation::Register { .. } | Operation::RegisterOffset { .. } => "a machine register",
        Operation::Call {
            offset: DieReference::UnitRef(_) | DieReference::DebugInfoRef(_),
        } => "DW_OP_call",
        Operation::VariableValue { .. } => "DW_OP_variable_value",
        Operation::TLS => "DW_OP_form_tls_address",
        Operation::CallFrameCFA => "DW_OP_call_frame_cfa",
        Operation::ImplicitPointer { .. } => "DW_OP_implicit_pointer",
        Operation::EntryValue { .. } => "DW_OP_entry_value",
        Operation::ParameterRef { .. } => "DW_OP_GNU_parameter_ref",
        Operation::Deref { .. } => "DW_OP_xderef",
        _ => "an unknown operation",
    }
}

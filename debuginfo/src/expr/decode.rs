//! DWARF bytes → operations.

use crate::budget::Budget;
use crate::source::{ReadUnit, Reader};
use gimli::read::{AttributeValue, DieReference, Expression, Operation};
use gimli::{DebugInfoOffset, DwOp, UnitOffset, constants as dw};

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
    /// DW_OP_deref_type: bytes read, and the base type that they are of.
    TypedDeref(u8, UnitOffset),
    /// DW_OP_entry_value of a local: what the parameter was at entry.
    EntryLocal(u32),
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
    /// DW_OP_implicit_pointer: into what an entry describes, so many bytes from its start.
    ImplicitPointer(DebugInfoOffset, i64),
    /// DW_OP_convert: to the base type there, or back to the generic type.
    Convert(Option<UnitOffset>),
    /// DW_OP_reinterpret.
    Reinterpret(Option<UnitOffset>),
    /// DW_OP_const_type.
    Typed(UnitOffset, Vec<u8>),
    /// DW_OP_form_tls_address.
    ThreadLocal,
    /// DW_OP_push_object_address.
    ObjectAddress,
    /// An operation without a native meaning, by name.
    Other(&'static str),
}

impl Op {
    /// Returns true if it names a base type, by its place in the unit.
    pub(crate) fn names_type(&self) -> bool {
        matches!(
            self,
            Op::Convert(Some(_)) | Op::Reinterpret(Some(_)) | Op::Typed(..) | Op::TypedDeref(..)
        )
    }
}

/// The depth to which expressions call others (DW_OP_call2, call4): more than compilers need, and an end to cycles.
const MAX_CALLS: usize = 8;

/// The most operations of an expression with all that it calls.
const MAX_OPERATIONS: usize = 10_000;

/// The operations that a call counts as: an entry is read for it.
const OPERATIONS_OF_CALL: usize = 64;

/// Decodes an expression.
///
/// # Errors
/// What gimli cannot read, and branches that do not lead to an operation.
pub(crate) fn decode<'d>(
    expression: Expression<Reader<'d>>,
    unit: ReadUnit<'_, 'd>,
) -> gimli::Result<Vec<Op>> {
    let budget = Budget::new(MAX_OPERATIONS);
    Ok(thread_local(decode_calls(expression, unit, 0, &budget)?))
}

/// The offset of a member in its structure, where it does not depend on the object: DWARF 2 has expressions only.
pub(crate) fn member_offset<'d>(
    place: AttributeValue<Reader<'d>>,
    unit: ReadUnit<'_, 'd>,
) -> Option<u64> {
    let AttributeValue::Exprloc(expression) = place else {
        return place.udata_value();
    };
    match decode(expression, unit).ok()?[..] {
        [Op::PlusConstant(offset)] => Some(offset),
        _ => None,
    }
}

fn decode_calls<'d>(
    expression: Expression<Reader<'d>>,
    unit: ReadUnit<'_, 'd>,
    depth: usize,
    budget: &Budget,
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
        budget.take(1).ok_or(gimli::Error::TooManyIterations)?;
        let end = operations.offset_from(&expression) as i64;
        if let Operation::Bra { target } | Operation::Skip { target } = operation {
            branches.push((ops.len(), end + i64::from(target)));
        }
        if let Operation::Call { offset } = operation
            && let Some(entry) = in_unit(offset, unit)
            && depth < MAX_CALLS
        {
            budget
                .take(OPERATIONS_OF_CALL)
                .ok_or(gimli::Error::TooManyIterations)?;
            called(entry, unit, depth, budget, &mut ops)?;
            // A branch to the call leads to the first of its operations.
            starts.resize(ops.len(), start);
            continue;
        }
        ops.push(op(operation, unit)?);
    }
    for (index, byte) in branches {
        let target = match usize::try_from(byte) {
            Ok(byte) if byte == length => ops.len(),
            Ok(byte) => {
                let at = starts.partition_point(|start| *start < byte);
                let found = starts.get(at) == Some(&byte);
                let bad = gimli::Error::BadBranchTarget(byte as u64);
                found.then_some(at).ok_or(bad)?
            }
            Err(_) => return Err(gimli::Error::BadBranchTarget(byte as u64)),
        };
        match &mut ops[index] {
            Op::Branch(to) | Op::Skip(to) => *to = target,
            _ => {}
        }
    }
    Ok(ops)
}

/// The entry of the unit that is called.
fn in_unit(entry: DieReference<usize>, unit: ReadUnit<'_, '_>) -> Option<UnitOffset> {
    match entry {
        DieReference::UnitRef(offset) => Some(offset),
        DieReference::DebugInfoRef(offset) => offset.to_unit_offset(&unit.header),
    }
}

/// The operations of the location that an expression calls: an entry without one has none (DWARF 5, section 2.5.1.5).
fn called<'d>(
    entry: UnitOffset,
    unit: ReadUnit<'_, 'd>,
    depth: usize,
    budget: &Budget,
    ops: &mut Vec<Op>,
) -> gimli::Result<()> {
    let entry = unit.entry(entry)?;
    match entry.attr_value(dw::DW_AT_location) {
        None => ops.push(Op::Plain(dw::DW_OP_nop)),
        Some(AttributeValue::Exprloc(expression)) => {
            ops.push(Op::Plain(dw::DW_OP_nop));
            let first = ops.len();
            let mut found = decode_calls(expression, unit, depth + 1, budget)?;
            for op in &mut found {
                if let Op::Branch(target) | Op::Skip(target) = op {
                    *target += first;
                }
            }
            ops.extend(found);
        }
        Some(_) => ops.push(Op::Other("a call of a location list")),
    }
    Ok(())
}

/// Thread-local variables of modules without threads are at addresses like others: the linker gives DW_OP_form_tls_address the
/// address, and a base that there is not (`__tls_base`, as an index of -1) to add it to.
fn thread_local(ops: Vec<Op>) -> Vec<Op> {
    match ops[..] {
        [Op::Unsigned(address), Op::ThreadLocal]
        | [
            Op::Global(u32::MAX),
            Op::Address(address),
            Op::Plain(dw::DW_OP_plus),
        ] => vec![Op::Address(address)],
        _ => ops,
    }
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
        Operation::ImplicitPointer { value, byte_offset } => {
            Op::ImplicitPointer(value, byte_offset)
        }
        Operation::Convert { base_type } => {
            Op::Convert((base_type != UnitOffset(0)).then_some(base_type))
        }
        Operation::Reinterpret { base_type } => {
            Op::Reinterpret((base_type != UnitOffset(0)).then_some(base_type))
        }
        Operation::TypedLiteral { base_type, value } => Op::Typed(base_type, value.to_vec()),
        Operation::Deref {
            base_type,
            size,
            space: false,
        } => Op::TypedDeref(size, base_type),
        Operation::EntryValue { expression } => {
            let mut inner = Expression(expression).operations(unit.encoding());
            match (inner.next()?, inner.next()?) {
                (Some(Operation::WasmLocal { index }), None) => Op::EntryLocal(index),
                _ => Op::Other("DW_OP_entry_value of something else than a local"),
            }
        }
        Operation::TLS => Op::ThreadLocal,
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

/// The name of an operation that is not supported.
fn name(operation: &Operation<Reader<'_>>) -> &'static str {
    match operation {
        Operation::Register { .. } | Operation::RegisterOffset { .. } => "a machine register",
        Operation::Call { .. } => "DW_OP_call of another unit",
        Operation::VariableValue { .. } => "DW_OP_variable_value",
        Operation::CallFrameCFA => "DW_OP_call_frame_cfa",
        Operation::ParameterRef { .. } => "DW_OP_GNU_parameter_ref",
        Operation::Deref { .. } => "DW_OP_xderef: an address of another memory",
        _ => "an unknown operation",
    }
}

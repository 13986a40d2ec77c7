//! Expressions (DWARF 5, section 2.5) that stand on their own: addresses in place of indices of `.debug_addr`, and references
//! to entries of the unit that is made. All else stays byte for byte.

use crate::source::{ReadUnit, Reader};
use crate::write::stream::{Encoded, Target};
use gimli::constants as dw;
use gimli::read::{DieReference, Expression, Operation};
use gimli::{DwOp, UnitOffset};

/// One operation that was copied: where it began, and where it begins now.
struct Copied {
    from: usize,
    to: usize,
    /// Of a branch: the byte it led to.
    target: Option<i64>,
}

/// The unit that an expression is of: the `part`th of those that the new unit is made of, and where that was read.
#[derive(Clone, Copy)]
pub struct Origin<'s, 'd> {
    pub unit: ReadUnit<'s, 'd>,
    pub part: usize,
    pub source: usize,
}

/// Copies an expression.
///
/// # Errors
/// What gimli cannot read, and branches that do not lead to an operation.
pub fn copy<'d>(
    expression: Expression<Reader<'d>>,
    origin: Origin<'_, 'd>,
) -> gimli::Result<Encoded> {
    let bytes = expression.0.slice();
    let mut operations = expression.operations(origin.unit.encoding());
    let mut out = Encoded::default();
    let mut copied = Vec::new();
    loop {
        let from = operations.offset_from(&expression);
        let Some(operation) = operations.next()? else {
            break;
        };
        let end = operations.offset_from(&expression);
        let target = match operation {
            Operation::Bra { target } | Operation::Skip { target } => {
                Some(end as i64 + i64::from(target))
            }
            _ => None,
        };
        copied.push(Copied {
            from,
            to: out.bytes.len(),
            target,
        });
        operation_to(&mut out, operation, &bytes[from..end], origin)?;
    }
    retarget(&mut out, &copied, bytes.len())?;
    Ok(out)
}

/// Operations may have other lengths than before.
fn retarget(out: &mut Encoded, copied: &[Copied], length: usize) -> gimli::Result<()> {
    let end = out.bytes.len();
    for branch in copied {
        let Some(target) = branch.target else {
            continue;
        };
        let bad = gimli::Error::BadBranchTarget(target as u64);
        let to = match usize::try_from(target) {
            Ok(target) if target == length => end,
            Ok(target) => {
                let index = copied.binary_search_by_key(&target, |operation| operation.from);
                copied[index.map_err(|_| bad)?].to
            }
            Err(_) => return Err(bad),
        };
        // The distance counts from the end of the branch, of three bytes.
        let distance = to as i64 - (branch.to as i64 + 3);
        let distance = i16::try_from(distance).map_err(|_| bad)?;
        out.bytes[branch.to + 1..branch.to + 3].copy_from_slice(&distance.to_le_bytes());
    }
    Ok(())
}

fn operation_to<'d>(
    out: &mut Encoded,
    operation: Operation<Reader<'d>>,
    bytes: &[u8],
    origin: Origin<'_, 'd>,
) -> gimli::Result<()> {
    let Origin { unit, part, source } = origin;
    match operation {
        Operation::AddressIndex { index } => {
            out.bytes.push(dw::DW_OP_addr.0);
            out.address(unit.address(index)?, unit.encoding().address_size);
        }
        Operation::ConstantIndex { index } => {
            out.bytes.push(dw::DW_OP_constu.0);
            out.uleb(unit.address(index)?);
        }
        Operation::Convert { base_type } => typed(out, &[dw::DW_OP_convert.0], base_type, part),
        Operation::Reinterpret { base_type } => {
            typed(out, &[dw::DW_OP_reinterpret.0], base_type, part);
        }
        Operation::TypedLiteral { base_type, value } => {
            typed(out, &[dw::DW_OP_const_type.0], base_type, part);
            // Its length is one byte (DWARF 5, section 2.5.1.1).
            out.bytes.push(value.len() as u8);
            out.bytes.extend(value.slice());
        }
        Operation::Deref {
            base_type,
            size,
            space,
        } if base_type != UnitOffset(0) => {
            let op: [DwOp; 2] = [dw::DW_OP_deref_type, dw::DW_OP_xderef_type];
            typed(out, &[op[usize::from(space)].0, size], base_type, part);
        }
        // Distances from the unit's start, and from the section's, that are of other sizes elsewhere (DWARF 5, section 7.7.1).
        Operation::Call {
            offset: DieReference::UnitRef(entry),
        } => {
            out.bytes.push(dw::DW_OP_call4.0);
            out.reference(Target::Entry(part, entry.0));
        }
        Operation::Call {
            offset: DieReference::DebugInfoRef(entry),
        } => {
            out.bytes.push(dw::DW_OP_call_ref.0);
            out.reference(Target::Info(source, entry.0));
        }
        Operation::ImplicitPointer { value, byte_offset } => {
            out.bytes.push(dw::DW_OP_implicit_pointer.0);
            out.reference(Target::Info(source, value.0));
            out.sleb(byte_offset);
        }
        // Those that refer to entries otherwise are of no use to a native debugger: see expr/decode.rs.
        _ => out.bytes.extend(bytes),
    }
    Ok(())
}

/// An operation that ends in a type. 0 is the generic type, and no entry.
fn typed(out: &mut Encoded, operation: &[u8], base_type: UnitOffset, part: usize) {
    out.bytes.extend(operation);
    if base_type == UnitOffset(0) {
        out.uleb(0);
    } else {
        out.reference_leb(Target::Entry(part, base_type.0));
    }
}

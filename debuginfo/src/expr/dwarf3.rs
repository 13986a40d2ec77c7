//! Locations of DWARF 2 and 3, which have no DW_OP_stack_value: LLVM writes those of values like those of addresses.

use super::decode::Op;
use super::unlocatable::Unlocatable;

/// The first version with DW_OP_stack_value (DWARF 4, section 1.4).
const SINCE: u16 = 4;

/// Says of each piece of a location whether it is a value, as later versions do. What begins at an address or in the frame is in
/// memory; constants, and what LLVM has cut variables into, are values. So is what it says of a local where the variable is a
/// number or a pointer; but a structure can also be where the local points to, when it was passed that way.
///
/// # Errors
/// Where it can be either.
pub(crate) fn infer_stack_values(
    ops: Vec<Op>,
    version: u16,
    is_scalar: bool,
) -> Result<Vec<Op>, Unlocatable> {
    if version >= SINCE {
        return Ok(ops);
    }
    let is_split = ops.iter().any(|op| matches!(op, Op::Piece(..)));
    let mut out = Vec::with_capacity(ops.len() + 1);
    for op in ops {
        if matches!(op, Op::Piece(..)) {
            end_piece(&mut out, true)?;
        }
        out.push(op);
    }
    if !is_split {
        end_piece(&mut out, is_scalar)?;
    }
    Ok(out)
}

/// Ends the description of a piece, or of the whole.
fn end_piece(out: &mut Vec<Op>, is_value: bool) -> Result<(), Unlocatable> {
    let before = out.iter().rposition(|op| matches!(op, Op::Piece(..)));
    let piece = &out[before.map_or(0, |before| before + 1)..];
    match piece {
        [] | [.., Op::StackValue] | [Op::FrameOffset(_) | Op::Address(_), ..] => Ok(()),
        [Op::Implicit(_) | Op::ImplicitPointer(..)] => Ok(()),
        [Op::Unsigned(_) | Op::Signed(_)] => {
            out.push(Op::StackValue);
            Ok(())
        }
        _ if is_value => {
            out.push(Op::StackValue);
            Ok(())
        }
        _ => Err("DWARF 2 and 3 do not tell a structure from its address".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: Op = Op::Local(1);

    #[test]
    fn a_number_in_a_local_is_a_value() {
        let value = infer_stack_values(vec![LOCAL], 2, true);
        assert_eq!(value.unwrap(), [LOCAL, Op::StackValue]);
        assert!(infer_stack_values(vec![LOCAL], 3, false).is_err());
        assert_eq!(infer_stack_values(vec![LOCAL], 4, true).unwrap(), [LOCAL]);
    }

    #[test]
    fn what_is_in_memory_stays_there() {
        for place in [
            vec![Op::FrameOffset(8)],
            vec![Op::FrameOffset(8), Op::Deref(4)],
            vec![Op::Address(1024), Op::PlusConstant(4)],
        ] {
            assert_eq!(infer_stack_values(place.clone(), 2, true).unwrap(), place);
        }
    }

    #[test]
    fn pieces_are_told_apart() {
        let piece = Op::Piece(32, None);
        let ops = vec![
            piece.clone(),
            Op::Unsigned(7),
            piece.clone(),
            Op::FrameOffset(4),
            piece.clone(),
            LOCAL,
            piece.clone(),
        ];
        let told = [
            piece.clone(),
            Op::Unsigned(7),
            Op::StackValue,
            piece.clone(),
            Op::FrameOffset(4),
            piece.clone(),
            LOCAL,
            Op::StackValue,
            piece,
        ];
        assert_eq!(infer_stack_values(ops, 2, false).unwrap(), told);
    }
}

//! Locations in pieces (DWARF 5, section 2.6.1.2): of which bits of a variable each one is.

use super::decode::Op;
use super::emit::{MAX_ZEROS, STACK_BYTES};
use gimli::constants as dw;
use std::ops::Range;

/// The place of some bits of a variable.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Piece {
    pub bits: Range<u64>,
    /// Empty where they have no location.
    pub ops: Vec<Op>,
}

/// The pieces of a location, one after the other, to the end of the variable where its size is known. `None` where they are not that
/// simple.
pub(crate) fn split(ops: &[Op], bytes: Option<u64>) -> Option<Vec<Piece>> {
    let branches = |op: &Op| matches!(op, Op::Branch(_) | Op::Skip(_));
    if ops.iter().any(branches) {
        return None;
    }
    let mut pieces = Vec::new();
    let mut rest = ops;
    while let Some(end) = rest.iter().position(|op| matches!(op, Op::Piece(..))) {
        let Op::Piece(bits, None) = rest[end] else {
            return None;
        };
        add(&mut pieces, &rest[..end], bits)?;
        rest = &rest[end + 1..];
    }
    let bits = bytes.unwrap_or(0).checked_mul(8)?;
    let more = bits.saturating_sub(said(&pieces));
    match (rest.is_empty(), pieces.is_empty()) {
        (false, false) => return None,
        (true, _) if more == 0 => {}
        _ => add(&mut pieces, rest, more)?,
    }
    Some(pieces)
}

/// Up to which bit there are pieces.
fn said(pieces: &[Piece]) -> u64 {
    pieces.last().map_or(0, |piece| piece.bits.end)
}

/// Adds a piece. A value is as wide as a debugger's stack at most: what is after it is not said. Zeros are of any width.
fn add(pieces: &mut Vec<Piece>, ops: &[Op], bits: u64) -> Option<()> {
    let start = said(pieces);
    let end = start.checked_add(bits)?;
    let zeros = matches!(
        ops,
        [Op::Unsigned(0) | Op::Signed(0), Op::StackValue] if bits <= MAX_ZEROS * 8
    );
    let is_value = ops.last() == Some(&Op::StackValue) && !zeros;
    let known = match is_value {
        true => end.min(start + STACK_BYTES * 8),
        false => end,
    };
    let ops = ops.to_vec();
    pieces.push(Piece {
        bits: start..known,
        ops,
    });
    if known < end {
        pieces.push(Piece {
            bits: known..end,
            ops: Vec::new(),
        });
    }
    Some(())
}

/// The location of some bits of a variable, all of which are in pieces.
pub(crate) fn cut(pieces: &[Piece], bits: &Range<u64>) -> Option<Vec<Op>> {
    let touches = |piece: &&Piece| piece.bits.start < bits.end && bits.start < piece.bits.end;
    let touched: Vec<_> = pieces.iter().filter(touches).collect();
    if let [piece] = touched[..] {
        return behind(&piece.ops, bits.start.checked_sub(piece.bits.start)?);
    }
    let mut ops = Vec::new();
    for piece in touched {
        let part = piece.bits.start.max(bits.start)..piece.bits.end.min(bits.end);
        ops.extend(behind(&piece.ops, part.start - piece.bits.start)?);
        ops.push(Op::Piece(part.end - part.start, None));
    }
    Some(ops)
}

/// The location so many bits after the beginning of the operations' place.
fn behind(ops: &[Op], bits: u64) -> Option<Vec<Op>> {
    if bits == 0 || ops.is_empty() {
        return Some(ops.to_vec());
    }
    let bytes = bits / 8;
    match ops {
        [value @ .., Op::StackValue] => {
            let mut ops = value.to_vec();
            ops.extend([Op::Unsigned(bits), Op::Plain(dw::DW_OP_shr), Op::StackValue]);
            Some(ops)
        }
        _ if bits % 8 != 0 => None,
        [Op::Implicit(value)] => {
            let rest = value.get(usize::try_from(bytes).ok()?..)?;
            Some(vec![Op::Implicit(rest.to_vec())])
        }
        place => {
            let mut ops = place.to_vec();
            ops.push(Op::PlusConstant(bytes));
            Some(ops)
        }
    }
}

/// The operations of pieces that are one after the other.
pub(crate) fn join(pieces: &[Piece]) -> Vec<Op> {
    if let [whole] = pieces {
        return whole.ops.clone();
    }
    let mut ops = Vec::new();
    for piece in pieces {
        ops.extend_from_slice(&piece.ops);
        ops.push(Op::Piece(piece.bits.end - piece.bits.start, None));
    }
    ops
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Op = Op::Local(1);
    const B: Op = Op::Local(2);

    fn piece(bits: Range<u64>, ops: &[Op]) -> Piece {
        let ops = ops.to_vec();
        Piece { bits, ops }
    }

    #[test]
    fn pieces_go_to_the_end_of_the_variable() {
        let ops = [
            A,
            Op::StackValue,
            Op::Piece(32, None),
            Op::Piece(8, None),
            B,
            Op::Piece(8, None),
        ];
        let there = [
            piece(0..32, &[A, Op::StackValue]),
            piece(32..40, &[]),
            piece(40..48, &[B]),
        ];
        assert_eq!(split(&ops, None).unwrap(), there);
        let all = split(&ops, Some(16)).unwrap();
        assert_eq!(all[..3], there);
        assert_eq!(all[3..], [piece(48..128, &[])]);
    }

    #[test]
    fn a_value_ends_where_the_stack_s_does() {
        let ops = [A, Op::StackValue];
        let pieces = split(&ops, Some(16)).unwrap();
        assert_eq!(pieces, [piece(0..64, &ops), piece(64..128, &[])]);
        let zeros = [Op::Unsigned(0), Op::StackValue];
        assert_eq!(split(&zeros, Some(16)).unwrap(), [piece(0..128, &zeros)]);
        assert_eq!(split(&[A, Op::Piece(3, Some(1))], None), None);
        assert_eq!(split(&[A, Op::Piece(8, None), B], None), None);
    }

    #[test]
    fn what_is_cut_begins_at_its_first_bit() {
        let place = [A, Op::PlusConstant(4)];
        let pieces = [
            piece(0..64, &[A, Op::StackValue]),
            piece(64..96, &place),
            piece(96..128, &[Op::Implicit(vec![1, 2, 3, 4])]),
        ];
        assert_eq!(cut(&pieces, &(0..32)).unwrap(), [A, Op::StackValue]);
        let high = cut(&pieces, &(32..64)).unwrap();
        let shift = [Op::Unsigned(32), Op::Plain(dw::DW_OP_shr), Op::StackValue];
        assert_eq!(high, [&[A][..], &shift].concat());
        let short = cut(&pieces, &(80..96)).unwrap();
        assert_eq!(short, [&place[..], &[Op::PlusConstant(2)]].concat());
        let both = cut(&pieces, &(64..112)).unwrap();
        let bytes = Op::Implicit(vec![1, 2, 3, 4]);
        let ends = [Op::Piece(32, None), bytes, Op::Piece(16, None)];
        assert_eq!(both, [&place[..], &ends].concat());
        assert_eq!(
            cut(&pieces, &(112..128)).unwrap(),
            [Op::Implicit(vec![3, 4])]
        );
    }
}

//! Numbers and enumerations → text.

use super::render::{Renderer, number, signed};
use crate::units::Place;
use gimli::constants as dw;
use gimli::read::AttributeValue;

/// Complex whole numbers, which clang has for GNU C's `_Complex int` (DW_ATE_lo_user).
const COMPLEX_INTEGER: gimli::DwAte = gimli::DwAte(0x80);

impl Renderer<'_, '_> {
    /// A base type's.
    pub(super) fn base(&self, ty: Place, bytes: &[u8]) -> Option<String> {
        let (_, attr) = self.units.attr(ty, dw::DW_AT_encoding)?;
        let AttributeValue::Encoding(encoding) = attr.value() else {
            return None;
        };
        if bytes.is_empty() {
            return Some("()".to_owned());
        }
        Some(match encoding {
            dw::DW_ATE_boolean => match number(bytes)? {
                0 => "false".to_owned(),
                1 => "true".to_owned(),
                other => format!("{other} (not a bool)"),
            },
            dw::DW_ATE_float => float(bytes)?,
            dw::DW_ATE_complex_float | COMPLEX_INTEGER => {
                let (real, imaginary) = bytes.split_at_checked(bytes.len() / 2)?;
                let part = |bytes| match encoding {
                    COMPLEX_INTEGER => signed(bytes).map(|it| it.to_string()),
                    _ => float(bytes),
                };
                format!("{} + {}i", part(real)?, part(imaginary)?)
            }
            dw::DW_ATE_signed_char | dw::DW_ATE_unsigned_char if bytes.len() == 1 => {
                let value = match encoding {
                    dw::DW_ATE_signed_char => i16::from(bytes[0] as i8),
                    _ => i16::from(bytes[0]),
                };
                match bytes[0] {
                    0x20..0x7f => format!("{value} '{}'", char::from(bytes[0]).escape_default()),
                    _ => value.to_string(),
                }
            }
            dw::DW_ATE_UTF => {
                let value = number(bytes)? as u32;
                match char::from_u32(value) {
                    Some(c) => format!("{c:?}"),
                    None => format!("{value:#x} (not a character)"),
                }
            }
            dw::DW_ATE_signed => signed(bytes)?.to_string(),
            dw::DW_ATE_unsigned | dw::DW_ATE_unsigned_char => number(bytes)?.to_string(),
            dw::DW_ATE_signed_char => signed(bytes)?.to_string(),
            dw::DW_ATE_address => format!("{:#x}", number(bytes)?),
            _ => return None,
        })
    }

    /// An enumerator, or those that are combined.
    pub(super) fn enumerator(&self, ty: Place, bytes: &[u8]) -> Option<String> {
        let mask = match bytes.len() {
            0 | 9.. => return None,
            8 => u64::MAX,
            len => (1u64 << (len * 8)) - 1,
        };
        let value = number(bytes)? as u64;
        let mut all = Vec::new();
        for (child, tag) in self.units.children(ty) {
            if tag != dw::DW_TAG_enumerator {
                continue;
            }
            let (_, attr) = self.units.attr(child, dw::DW_AT_const_value)?;
            let constant = attr
                .sdata_value()
                .map(|value| value as u64)
                .or_else(|| attr.udata_value())?;
            if constant & mask == value & mask {
                return self.units.name(child);
            }
            all.push((constant & mask, child));
        }
        let combined = self.combined(&all, value & mask);
        let none = || Some(format!("{} (no enumerator)", signed(bytes)?));
        combined.or_else(none)
    }

    /// Flags: enumerators that have no bits in common, of which a value has some and nothing else.
    fn combined(&self, all: &[(u64, Place)], value: u64) -> Option<String> {
        let (mut seen, mut rest, mut names) = (0, value, Vec::new());
        for (flag, enumerator) in all {
            if flag & seen != 0 {
                return None;
            }
            seen |= flag;
            if *flag != 0 && flag & value == *flag {
                names.push(self.units.name(*enumerator)?);
                rest &= !flag;
            }
        }
        (rest == 0 && !names.is_empty()).then(|| names.join(" | "))
    }

    /// Returns true if values of a type can be below zero.
    pub(super) fn is_signed(&self, ty: Place) -> bool {
        // That of an enumeration has an encoding.
        let own = self.units.attr(ty, dw::DW_AT_encoding).map(|_| ty);
        let Some(ty) = own.or_else(|| Some(self.bare(self.units.ty(ty)?)?.0)) else {
            return false;
        };
        let encoding = self.units.attr(ty, dw::DW_AT_encoding);
        encoding.is_some_and(|(_, attr)| {
            matches!(
                attr.value(),
                AttributeValue::Encoding(dw::DW_ATE_signed | dw::DW_ATE_signed_char)
            )
        })
    }
}

/// A floating point number (IEEE 754).
fn float(bytes: &[u8]) -> Option<String> {
    Some(match bytes.len() {
        2 => format!("{:?}", narrowed(number(bytes)?, 5, 10)?),
        4 => format!("{:?}", f32::from_le_bytes(bytes.try_into().ok()?)),
        8 => format!("{:?}", f64::from_le_bytes(bytes.try_into().ok()?)),
        // With more digits than those of a `double`, which a report does not show.
        16 => match narrowed(number(bytes)?, 15, 112) {
            Some(exact) => format!("{exact:?}"),
            None => format!("{:#034x} (bits of a long double)", number(bytes)?),
        },
        _ => return None,
    })
}

/// A number of so many bits of exponent and fraction as one of 64 bits, where it is one.
fn narrowed(bits: u128, exponent_bits: u32, fraction_bits: u32) -> Option<f64> {
    let fraction = bits & ((1 << fraction_bits) - 1);
    let exponent = (bits >> fraction_bits) as i32 & ((1 << exponent_bits) - 1);
    let bias = (1 << (exponent_bits - 1)) - 1;
    let is_negative = bits >> (fraction_bits + exponent_bits) & 1 == 1;
    let highest = (1 << exponent_bits) - 1;
    let magnitude = if exponent == highest {
        if fraction == 0 {
            f64::INFINITY
        } else {
            f64::NAN
        }
    } else {
        let (significand, exponent) = match exponent {
            0 => (fraction, 1 - bias),
            _ => (fraction | 1 << fraction_bits, exponent - bias),
        };
        let zeros = significand.trailing_zeros().min(127);
        let digits = significand >> zeros;
        let power = exponent - fraction_bits as i32 + zeros as i32;
        // 53 bits, and exponents of those that are not subnormal.
        let is_exact = digits < 1 << 53 && (-1022..=970).contains(&power);
        if digits != 0 && !is_exact {
            return None;
        }
        digits as f64 * 2f64.powi(if digits == 0 { 0 } else { power })
    };
    Some(if is_negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_widths_are_what_they_are() {
        assert_eq!(float(&0x3e00u16.to_le_bytes()).unwrap(), "1.5");
        assert_eq!(
            float(&0x8001u16.to_le_bytes()).unwrap(),
            "-5.960464477539063e-8"
        );
        assert_eq!(float(&0xfc00u16.to_le_bytes()).unwrap(), "-inf");
        let long = |high: u64, low: u64| (u128::from(high) << 64 | u128::from(low)).to_le_bytes();
        assert_eq!(float(&long(0x3fff_8000_0000_0000, 0)).unwrap(), "1.5");
        assert_eq!(float(&long(0xc000_9000_0000_0000, 0)).unwrap(), "-3.125");
        assert_eq!(float(&long(0, 0)).unwrap(), "0.0");
        let third = long(0x3ffd_5555_5555_5555, 0x5555_5555_5555_5555);
        let bits = "0x3ffd5555555555555555555555555555 (bits of a long double)";
        assert_eq!(float(&third).unwrap(), bits);
    }
}

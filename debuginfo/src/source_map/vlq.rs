//! The mappings of a source map (ECMA-426, section 9): segments of one, four or five numbers in base64 VLQ, each number the
//! difference from the one before it in its place.

use super::base64;
use super::error::SourceMapError;
use super::mapping::{Mapping, Place};

/// The mappings of the one line that a module is, sorted. Places and names that cannot be are none.
pub(super) fn mappings(
    text: &str,
    sources: usize,
    names: usize,
) -> Result<Vec<Mapping>, SourceMapError> {
    let mut mappings = Vec::new();
    let (mut offset, mut source, mut line, mut column) = (0i64, 0i64, 0i64, 0i64);
    let mut name = 0i64;
    let mut rest = Digits {
        bytes: text.as_bytes(),
        at: 0,
    };
    // Other lines are not of a module.
    while rest.peek().is_some_and(|byte| byte != b';') {
        if rest.peek() == Some(b',') {
            rest.at += 1;
            continue;
        }
        let start = rest.at;
        let mut fields = [0; 5];
        let mut count = 0;
        while rest.peek().is_some_and(|byte| !matches!(byte, b',' | b';')) {
            let value = rest.number()?;
            *fields
                .get_mut(count)
                .ok_or(SourceMapError::Mappings(start))? = value;
            count += 1;
        }
        offset += fields[0];
        let place = match count {
            1 => None,
            4 | 5 => {
                source += fields[1];
                line += fields[2];
                column += fields[3];
                place(source, line, column, sources)
            }
            _ => return Err(SourceMapError::Mappings(start)),
        };
        let offset = u32::try_from(offset).map_err(|_| SourceMapError::Mappings(start))?;
        name += fields[4];
        let name = u32::try_from(name).ok();
        let name = name.filter(|name| count == 5 && (*name as usize) < names);
        mappings.push(Mapping {
            offset,
            place,
            name,
        });
    }
    mappings.sort_by_key(|mapping| mapping.offset);
    Ok(mappings)
}

/// A place, where it can be one: lines and columns count from 0 in the map.
fn place(source: i64, line: i64, column: i64, sources: usize) -> Option<Place> {
    let number = |value: i64| u32::try_from(value).ok();
    Some(Place {
        source: number(source).filter(|source| (*source as usize) < sources)?,
        line: number(line)?.checked_add(1)?,
        column: number(column)?.checked_add(1)?,
    })
}

struct Digits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Digits<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Five bits a digit, the lowest first, the sixth says that more come; the lowest bit of all is the sign.
    fn number(&mut self) -> Result<i64, SourceMapError> {
        let mut value = 0u64;
        let mut shift = 0;
        loop {
            let digit = self.peek().and_then(base64::digit);
            let digit = digit
                .filter(|_| shift < 35)
                .ok_or(SourceMapError::Mappings(self.at))?;
            self.at += 1;
            value |= u64::from(digit & 31) << shift;
            shift += 5;
            if digit & 32 == 0 {
                break;
            }
        }
        let magnitude = (value >> 1) as i64;
        Ok(if value & 1 == 1 {
            -magnitude
        } else {
            magnitude
        })
    }
}

//! Strings, characters, byte matches and early returns, for optimised builds.

use std::fmt::Write;

#[derive(Debug, PartialEq, Clone, Copy)]
enum Piece<'a> {
    Word(&'a str),
    Number(i64),
    Sign(char),
}

struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        let is_same: fn(char) -> bool = match first {
            '0'..='9' => |c| c.is_ascii_digit(),
            'a'..='z' | 'A'..='Z' => |c| c.is_alphanumeric(),
            sign => {
                self.rest = &self.rest[sign.len_utf8()..];
                return Some(Piece::Sign(sign));
            }
        };
        let end = self.rest.find(|c| !is_same(c)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        match text.parse() {
            Ok(number) => Some(Piece::Number(number)),
            Err(_) => Some(Piece::Word(text)),
        }
    }
}

#[inline(never)]
fn rewrite(text: &str) -> (String, i64) {
    let mut out = String::new();
    let mut sum = 0;
    for piece in (Pieces { rest: text }) {
        match piece {
            Piece::Number(number) if number > 100 => {
                sum += number;
                write!(out, "<{number}>").unwrap();
            }
            Piece::Number(number) => sum -= number,
            Piece::Word(word) => out.extend(word.chars().rev()),
            Piece::Sign(sign) => out.push(sign),
        }
    }
    (out, sum)
}

#[inline(never)]
fn balanced(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ if depth > 3 => return Some(at),
            _ => {}
        }
    }
    (depth == 0).then_some(bytes.len())
}

fn main() {
    let (out, sum) = rewrite("abc + 1234 - x9 \u{e9} 17");
    let (good, bad) = (balanced(b"(a(b)c)"), balanced(b"())("));
    println!("{out} {sum} {good:?} {bad:?}");
}

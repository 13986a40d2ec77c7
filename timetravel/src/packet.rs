//! Packets of the remote protocol (GDB's manual, "Overview" of the remote protocol): `$data#checksum`, with escapes.

/// A message of a debugger.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A packet, without its frame and escapes.
    Packet(Vec<u8>),
    /// A packet whose checksum is wrong.
    Damaged,
    /// Ctrl-C.
    Interrupt,
}

/// Takes packets out of a stream of bytes.
#[derive(Default)]
pub struct Parser {
    bytes: Vec<u8>,
}

/// No packet is longer: the size that the debugger is told, with all bytes escaped, and room for names.
pub const MOST: usize = 0x20000;

impl Parser {
    /// Adds bytes that have come.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next packet, if all of it is there. Acknowledgements are passed over, and so is what is in no frame.
    pub fn next(&mut self) -> Option<Incoming> {
        let is_start = |byte: &u8| matches!(byte, b'$' | 0x03);
        let Some(start) = self.bytes.iter().position(is_start) else {
            self.bytes.clear();
            return None;
        };
        self.bytes.drain(..start);
        if self.bytes[0] == 0x03 {
            self.bytes.remove(0);
            return Some(Incoming::Interrupt);
        }
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'#') else {
            if self.bytes.len() > 2 * MOST {
                self.bytes.clear();
            }
            return None;
        };
        if self.bytes.len() < end + 3 {
            return None;
        }
        let frame: Vec<u8> = self.bytes.drain(..end + 3).collect();
        let data = &frame[1..end];
        let digits = str::from_utf8(&frame[end + 1..]).ok();
        let said = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
        Some(match said == Some(checksum(data)) {
            true => Incoming::Packet(unescaped(data)),
            false => Incoming::Damaged,
        })
    }
}

/// A packet with its frame.
pub fn framed(data: &[u8]) -> Vec<u8> {
    let mut frame = vec![b'$'];
    frame.extend_from_slice(data);
    frame.extend_from_slice(format!("#{:02x}", checksum(data)).as_bytes());
    frame
}

/// Bytes as binary data of a packet.
pub fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'#' | b'$' | b'}' | b'*' => out.extend([b'}', byte ^ 0x20]),
            byte => out.push(*byte),
        }
    }
    out
}

fn unescaped(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'}' => out.extend(bytes.next().map(|byte| byte ^ 0x20)),
            byte => out.push(*byte),
        }
    }
    out
}

fn checksum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

/// Bytes as pairs of hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of pairs of hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut pairs = text.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .by_ref()
        .map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8))
        .collect();
    bytes.filter(|_| pairs.remainder().is_empty())
}

/// A number in hexadecimal digits.
pub fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_of_pieces() {
        let mut parser = Parser::default();
        parser.add(b"+$qC#b");
        assert_eq!(parser.next(), None);
        parser.add(b"4\x03+$m0,4#fd$x#00");
        assert_eq!(parser.next(), Some(Incoming::Packet(b"qC".to_vec())));
        assert_eq!(parser.next(), Some(Incoming::Interrupt));
        assert_eq!(parser.next(), Some(Incoming::Packet(b"m0,4".to_vec())));
        assert_eq!(parser.next(), Some(Incoming::Damaged));
        assert_eq!(parser.next(), None);
        parser.add(b"++++");
        assert_eq!(parser.next(), None);
    }

    #[test]
    fn escapes_come_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut parser = Parser::default();
        parser.add(&framed(&escaped(&bytes)));
        assert_eq!(parser.next(), Some(Incoming::Packet(bytes)));
    }

    #[test]
    fn endless_packets_are_not_kept() {
        let mut parser = Parser::default();
        parser.add(b"$");
        parser.add(&vec![b'x'; 2 * MOST + 1]);
        assert_eq!(parser.next(), None);
        assert!(parser.bytes.is_empty());
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("012"), None);
        assert_eq!(unhex("01ff"), Some(vec![1, 255]));
    }
}

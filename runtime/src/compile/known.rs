//! Functions that were compiled before, found by their keys. Keys are compared as a whole, not by a hash: another function's code would do
//! anything.
//!
//! ```text
//! length of the module's key, the key; then for each function: the lengths of its key and its code, the two
//! ```

use std::collections::HashMap;
use std::ops::Range;

/// The functions of a module that was compiled.
#[derive(Default)]
pub struct KnownFunctions {
    bytes: Vec<u8>,
    module: Range<usize>,
    functions: Vec<(Range<usize>, Range<usize>)>,
}

/// A function's key and its code, as `stored.rs` has it; no code where that cannot be stored.
pub type Entry = (Vec<u8>, Option<Vec<u8>>);

impl KnownFunctions {
    /// Those in a file's contents; none where they are damaged.
    pub fn parse(bytes: Vec<u8>) -> KnownFunctions {
        let found = KnownFunctions::ranges(&bytes);
        let (module, functions) = found.unwrap_or_default();
        KnownFunctions {
            bytes,
            module,
            functions,
        }
    }

    #[expect(clippy::type_complexity, reason = "what the two fields are made of")]
    fn ranges(bytes: &[u8]) -> Option<(Range<usize>, Vec<(Range<usize>, Range<usize>)>)> {
        let mut at = 0;
        let len = |at: &mut usize| {
            let word = bytes.get(*at..)?.first_chunk()?;
            *at += 4;
            Some(u32::from_le_bytes(*word) as usize)
        };
        let range = |at: &mut usize, len: usize| {
            let range = *at..at.checked_add(len).filter(|end| *end <= bytes.len())?;
            *at = range.end;
            Some(range)
        };
        let module = len(&mut at)?;
        let module = range(&mut at, module)?;
        let mut functions = Vec::new();
        while at < bytes.len() {
            let (key, code) = (len(&mut at)?, len(&mut at)?);
            functions.push((range(&mut at, key)?, range(&mut at, code)?));
        }
        Some((module, functions))
    }

    /// The code of functions by their keys, if they are of modules with this key.
    pub fn of(&self, module: &[u8]) -> HashMap<&[u8], &[u8]> {
        if self.bytes[self.module.clone()] != *module {
            return HashMap::new();
        }
        let functions = self.functions.iter();
        functions
            .map(|(key, code)| (&self.bytes[key.clone()], &self.bytes[code.clone()]))
            .collect()
    }

    /// Writes a file's contents.
    pub fn write(module: &[u8], functions: &[Entry]) -> Vec<u8> {
        let len = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
        let mut out = [&len(module), module].concat();
        for (key, code) in functions {
            let Some(code) = code else { continue };
            out.extend(len(key));
            out.extend(len(code));
            out.extend(key);
            out.extend(code);
        }
        out
    }
}

//! Source maps (ECMA-426; "source map v3" before) of WebAssembly modules. There is one generated line, and its columns are
//! bytes of the module's file (WebAssembly tool conventions, "Debugging").

mod base64;
mod error;
mod index;
mod map;
mod mapping;
mod vlq;

pub use error::SourceMapError;
pub use map::{Source, SourceMap};
pub use mapping::{Mapping, Place};

use serde_json::Value;

/// The contents of a URL that holds them (RFC 2397), in base64; `None` for URLs of files.
///
/// # Errors
/// Where the data is damaged.
pub fn data_of_url(url: &str) -> Option<Result<Vec<u8>, SourceMapError>> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    Some(match head.ends_with(";base64") {
        true => base64::decode(data).ok_or(SourceMapError::Base64),
        false => Err(SourceMapError::Unsupported("data URLs that are not base64")),
    })
}

impl SourceMap {
    /// Reads a source map.
    ///
    /// # Errors
    /// Where it is not one, or damaged.
    pub fn parse(bytes: &[u8]) -> Result<SourceMap, SourceMapError> {
        // A byte order mark is no part of JSON (RFC 8259, section 8.1), and editors write one.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Servers put this before JSON that is not to be run as a script.
        let json = match text.strip_prefix(b")]}'") {
            Some(rest) => {
                let line = rest.iter().position(|byte| *byte == b'\n');
                rest.get(line.unwrap_or(0)..).unwrap_or(&[])
            }
            None => text,
        };
        let map: Value = serde_json::from_slice(json).map_err(SourceMapError::Json)?;
        if map.get("version").and_then(Value::as_u64) != Some(3) {
            return Err(SourceMapError::Unsupported(
                "source maps that are not of version 3",
            ));
        }
        match map.get("sections") {
            Some(sections) => index::parse(sections),
            None => SourceMap::of(&map),
        }
    }
}

#[cfg(test)]
mod tests;

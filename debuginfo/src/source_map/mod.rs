//! Source maps (ECMA-426; "source map v3" before) of WebAssembly modules. There is one generated line, and its columns are
//! bytes of the module's file (WebAssembly tool conventions, "Debugging").

mod base64;
mod index;
mod vlq;

use crate::windows;
use serde_json::Value;
use std::fmt;

/// A source map.
#[derive(Clone, Default, Debug)]
pub struct SourceMap {
    /// The files that it names, with `sourceRoot`.
    pub sources: Vec<Source>,
    /// The names in the source.
    pub names: Vec<String>,
    /// Sorted by offset.
    pub mappings: Vec<Mapping>,
}

/// A file that a source map names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// A path or a URL.
    pub name: String,
    /// The same without `sourceRoot`.
    pub bare_name: String,
    /// Its text, where the map has it.
    pub content: Option<String>,
}

/// From an offset on, up to the next mapping, code comes from a place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// Bytes from the start of the module's file.
    pub offset: u32,
    /// The place; `None` where code comes from nowhere.
    pub place: Option<Place>,
    /// The number of the name that the source has for what is there.
    pub name: Option<u32>,
}

/// A place in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The source's number.
    pub source: u32,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// Why a source map cannot be used.
#[derive(Debug)]
pub enum SourceMapError {
    /// It is not JSON.
    Json(serde_json::Error),
    /// Its URL holds data that is not base64.
    Base64,
    /// It is of another version, or of a form that is not supported.
    Unsupported(&'static str),
    /// It lacks a member, or has another type there.
    Member(&'static str),
    /// The mappings are damaged, at this character.
    Mappings(usize),
}

impl fmt::Display for SourceMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceMapError::Json(error) => write!(f, "not a source map: {error}"),
            SourceMapError::Base64 => f.write_str("its URL holds damaged data"),
            SourceMapError::Unsupported(what) => write!(f, "{what} are not supported"),
            SourceMapError::Member(name) => {
                write!(f, "not a source map: `{name}` is missing or wrong")
            }
            SourceMapError::Mappings(at) => {
                write!(f, "its mappings are damaged, at character {at}")
            }
        }
    }
}

impl std::error::Error for SourceMapError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SourceMapError::Json(error) => Some(error),
            _ => None,
        }
    }
}

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

    /// Of a map that is no index of others.
    fn of(map: &Value) -> Result<SourceMap, SourceMapError> {
        let sources = sources(map)?;
        let names = map.get("names").and_then(Value::as_array);
        let names = names.map_or(&[][..], Vec::as_slice).iter();
        let names: Vec<_> = names
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect();
        let mappings = map.get("mappings").and_then(Value::as_str);
        let mappings = mappings.ok_or(SourceMapError::Member("mappings"))?;
        let mappings = vlq::mappings(mappings, sources.len(), names.len())?;
        Ok(SourceMap {
            sources,
            names,
            mappings,
        })
    }
}

fn sources(map: &Value) -> Result<Vec<Source>, SourceMapError> {
    let root = map.get("sourceRoot").and_then(Value::as_str).unwrap_or("");
    let root = match root {
        "" => String::new(),
        root => format!("{}/", root.trim_end_matches(['/', '\\'])),
    };
    let names = map.get("sources").and_then(Value::as_array);
    let names = names.ok_or(SourceMapError::Member("sources"))?;
    let contents = map.get("sourcesContent").and_then(Value::as_array);
    let source = |(i, name): (usize, &Value)| {
        // Names are URLs (ECMA-426, section 7), whose parser takes the separators of Windows for slashes (WHATWG URL, section 4.4).
        let bare_name = windows::with_slashes(name.as_str().unwrap_or_default()).into_owned();
        let content = contents.and_then(|all| all.get(i)?.as_str());
        Source {
            name: windows::with_slashes(&format!("{root}{bare_name}")).into_owned(),
            bare_name,
            content: content.map(str::to_owned),
        }
    };
    Ok(names.iter().enumerate().map(source).collect())
}

#[cfg(test)]
mod tests;

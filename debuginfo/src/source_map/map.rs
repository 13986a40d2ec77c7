//! One map with its files, names and mappings.

use super::error::SourceMapError;
use super::mapping::{Mapping, Place};
use super::vlq;
use crate::windows;
use serde_json::Value;

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

impl SourceMap {
    /// Of a map that is no index of others.
    pub(super) fn of(map: &Value) -> Result<SourceMap, SourceMapError> {
        let sources = sources(map)?;
        let names = map.get("names").and_then(Value::as_array);
        let names = names.map_or(&[][..], Vec::as_slice).iter();
        let names: Vec<_> = names
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect();
        let mappings = map.get("mappings").and_then(Value::as_str);
        let mappings = mappings.ok_or(SourceMapError::Member("mappings"))?;
        let mut mappings = vlq::mappings(mappings, sources.len(), names.len())?;
        for mapping in &mut mappings {
            // A source without a name (`null`) is not known (ECMA-426, section 9.2).
            let is_known = |place: &Place| !sources[place.source as usize].bare_name.is_empty();
            mapping.place = mapping.place.filter(is_known);
        }
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

//! Index maps (ECMA-426, section 10): maps of parts of the code, one after the other.

use super::error::SourceMapError;
use super::map::SourceMap;
use super::mapping::Mapping;
use serde_json::Value;

/// The maps of all sections as one.
pub(super) fn parse(sections: &Value) -> Result<SourceMap, SourceMapError> {
    let sections = sections.as_array();
    let sections = sections.ok_or(SourceMapError::Member("sections"))?;
    let mut all = SourceMap::default();
    for section in sections {
        let offset = |name| section.get("offset")?.get(name)?.as_u64();
        let (Some(line), Some(column)) = (offset("line"), offset("column")) else {
            return Err(SourceMapError::Member("offset"));
        };
        let map = section.get("map");
        let map = map.ok_or(SourceMapError::Unsupported(
            "sections whose map is elsewhere",
        ))?;
        if map.get("sections").is_some() {
            return Err(SourceMapError::Unsupported("sections of sections"));
        }
        // A module is one line.
        if line == 0 {
            add(&mut all, SourceMap::of(map)?, column);
        }
    }
    Ok(all)
}

/// Adds a section that begins at an offset of the module, up to which those before it go.
fn add(all: &mut SourceMap, section: SourceMap, start: u64) {
    let (sources, names) = (all.sources.len() as u32, all.names.len() as u32);
    let end = all
        .mappings
        .partition_point(|mapping| u64::from(mapping.offset) < start);
    all.mappings.truncate(end);
    let mappings = section.mappings.into_iter().filter_map(|mapping| {
        let offset = u64::from(mapping.offset).checked_add(start)?;
        let mut place = mapping.place;
        if let Some(place) = &mut place {
            place.source += sources;
        }
        Some(Mapping {
            offset: u32::try_from(offset).ok()?,
            place,
            name: mapping.name.map(|name| name + names),
        })
    });
    all.mappings.extend(mappings);
    all.sources.extend(section.sources);
    all.names.extend(section.names);
}

//! Source maps, as compilers write them and damaged.

use super::*;

fn parse(mappings: &str) -> Result<SourceMap, SourceMapError> {
    let json = format!(
        r#"{{"version":3,"sources":["a.ts","b.ts"],"sourcesContent":[null,"text"],"mappings":"{mappings}"}}"#
    );
    SourceMap::parse(json.as_bytes())
}

#[test]
fn numbers_are_differences_from_the_segment_before() {
    // 16, 0, 0, 0; then +16, +1, +2, -1 with a name; then +1 of nowhere.
    let map = parse("gBAAC,gBCED,CAADE,C").unwrap();
    let places: Vec<_> = map
        .mappings
        .iter()
        .map(|it| {
            (
                it.offset,
                it.place.map(|at| (at.source, at.line, at.column)),
            )
        })
        .collect();
    let expected = [
        (16, Some((0, 1, 2))),
        (32, Some((1, 3, 1))),
        (33, None),
        (34, None),
    ];
    assert_eq!(places, expected);
    assert_eq!(map.sources[1].content.as_deref(), Some("text"));
}

#[test]
fn damaged_mappings_are_an_error_that_says_where() {
    for (mappings, at) in [
        ("gBAA", 0),
        ("gB?A", 2),
        ("AA", 0),
        ("D", 0),
        ("ggggggggA", 7),
    ] {
        let found = match parse(mappings) {
            Err(SourceMapError::Mappings(at)) => Some(at),
            _ => None,
        };
        assert_eq!(found, Some(at), "{mappings}");
    }
}

#[test]
fn a_place_in_a_source_that_is_not_there_is_none() {
    assert_eq!(parse("AEAA").unwrap().mappings[0].place, None);
    assert_eq!(parse("AADA").unwrap().mappings[0].place, None);
}

#[test]
fn maps_of_other_kinds_are_refused() {
    for json in [
        "",
        "[]",
        "{}",
        r#"{"version":2}"#,
        r#"{"version":3,"sections":{}}"#,
        r#"{"version":3,"sections":[{"offset":{"line":0,"column":0},"url":"a.map"}]}"#,
        r#"{"version":3,"sections":[{"offset":{"line":0},"map":{}}]}"#,
        r#"{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"sections":[]}}]}"#,
    ] {
        assert!(SourceMap::parse(json.as_bytes()).is_err(), "{json}");
    }
    let guarded = b")]}'\n{\"version\":3,\"sources\":[],\"mappings\":\"\"}";
    assert!(SourceMap::parse(guarded).is_ok());
    let marked = b"\xef\xbb\xbf{\"version\":3,\"sources\":[],\"mappings\":\"\"}";
    assert!(SourceMap::parse(marked).is_ok());
}

#[test]
fn names_are_those_of_their_segments() {
    // At 0 the name 1; at 1 none; at 2 the name 0; at 3 one that is not there.
    let json =
        br#"{"version":3,"sources":["a"],"names":["x","y"],"mappings":"AAAAC,CAAA,CAAAD,CAAAI"}"#;
    let map = SourceMap::parse(json).unwrap();
    let names: Vec<_> = map.mappings.iter().map(|it| it.name).collect();
    assert_eq!(names, [Some(1), None, Some(0), None]);
    assert_eq!(map.names, ["x", "y"]);
}

#[test]
fn an_index_is_one_map() {
    let section = |column, source: &str| {
        format!(
            r#"{{"offset":{{"line":0,"column":{column}}},
                 "map":{{"sources":["{source}"],"names":["{source}"],"mappings":"AAAAA,gBAAA"}}}}"#
        )
    };
    let elsewhere = r#"{"offset":{"line":1,"column":0},"map":{"sources":["c"],"mappings":"A"}}"#;
    let json = format!(
        r#"{{"version":3,"sections":[{},{},{elsewhere}]}}"#,
        section(0, "a"),
        section(10, "b")
    );
    let map = SourceMap::parse(json.as_bytes()).unwrap();
    let shown = |it: &Mapping| {
        let source = it
            .place
            .map(|place| &map.sources[place.source as usize].name[..]);
        let name = it.name.map(|name| &map.names[name as usize][..]);
        (it.offset, source, name)
    };
    // The first section's second mapping is where the second section is.
    let expected = [
        (0, Some("a"), Some("a")),
        (10, Some("b"), Some("b")),
        (26, Some("b"), None),
    ];
    assert_eq!(map.mappings.iter().map(shown).collect::<Vec<_>>(), expected);
}

#[test]
fn separators_of_windows_are_slashes() {
    let json = br#"{"version":3,"sourceRoot":"C:\\work\\","sources":["src\\a.ts"],"mappings":""}"#;
    let map = SourceMap::parse(json).unwrap();
    assert_eq!(map.sources[0].name, "C:/work/src/a.ts");
    assert_eq!(map.sources[0].bare_name, "src/a.ts");
}

#[test]
fn a_url_can_hold_the_map() {
    let decoded = data_of_url("data:application/json;base64,eyJhIjoxfQ==");
    assert_eq!(decoded.unwrap().unwrap(), b"{\"a\":1}");
    assert!(data_of_url("app.wasm.map").is_none());
    assert!(data_of_url("data:;base64,e").unwrap().is_err());
}

#[test]
fn code_of_a_source_without_a_name_is_at_no_place() {
    let json = br#"{"version":3,"sources":[null,"a",""],"mappings":"AAAA,CCAA,CCAA"}"#;
    let map = SourceMap::parse(json).unwrap();
    let places = map.mappings.iter().map(|it| it.place.map(|it| it.source));
    assert_eq!(places.collect::<Vec<_>>(), [None, Some(1), None]);
}

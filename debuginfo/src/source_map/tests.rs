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
        r#"{"version":3,"sections":[]}"#,
    ] {
        assert!(SourceMap::parse(json.as_bytes()).is_err(), "{json}");
    }
    let guarded = b")]}'\n{\"version\":3,\"sources\":[],\"mappings\":\"\"}";
    assert!(SourceMap::parse(guarded).is_ok());
}

#[test]
fn a_url_can_hold_the_map() {
    let decoded = data_of_url("data:application/json;base64,eyJhIjoxfQ==");
    assert_eq!(decoded.unwrap().unwrap(), b"{\"a\":1}");
    assert!(data_of_url("app.wasm.map").is_none());
    assert!(data_of_url("data:;base64,e").unwrap().is_err());
}

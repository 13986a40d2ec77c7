//! The rooms of each crate, as docs/architecture.md draws them: rows from the bottom to the top, of which each imports from those
//! above it in the table alone, and rooms in one row not from each other.

use std::collections::BTreeMap;

/// The row of each room, by crate.
pub type Rooms = BTreeMap<String, BTreeMap<String, usize>>;

/// Reads the tables of a document's section on rooms: a heading with the crate's name, then rows whose first cell names rooms.
pub fn read(document: &str) -> Rooms {
    let mut rooms = Rooms::new();
    let section = document.split("\n## ").find(|it| it.starts_with("Rooms\n"));
    let mut name = None;
    let mut row = 0;
    for line in section.expect("a section on rooms").lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            name = Some(heading.trim_matches('`').to_owned());
        }
        let Some(cell) = line.strip_prefix("| `").and_then(|it| it.split('|').next()) else {
            continue;
        };
        row += 1;
        let found = rooms
            .entry(name.clone().expect("a crate's heading"))
            .or_default();
        for room in cell.split(',') {
            let room = room.trim().trim_matches('`').to_owned();
            assert_eq!(
                found.insert(room.clone(), row),
                None,
                "{room} is there twice"
            );
        }
    }
    rooms
}

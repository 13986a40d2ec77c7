//! Variables and types that are found by their names, wherever they are declared.

use super::expression::TypeName;
use crate::skip::skip_attributes;
use crate::units::{Place, Units};
use gimli::constants as dw;

/// A variable with a place of its own.
pub(super) struct Named {
    /// Its entry.
    pub place: Place,
    /// Its name behind those of what it is in.
    pub path: Vec<String>,
    /// The name of its unit: a file, mostly.
    pub unit: String,
}

/// The entries of a unit that names are made of, and those that are looked for.
struct Walk<'r, 'a> {
    units: &'r Units<'a>,
    /// The last name of what is looked for.
    name: &'r str,
    found: Vec<(Place, Vec<String>, gimli::DwTag)>,
}

impl Walk<'_, '_> {
    /// Goes through a unit.
    fn unit(&mut self, unit: usize) {
        let Some(read) = self.units.get(unit) else {
            return;
        };
        // The names of what is open: its depth, and its name.
        let mut open: Vec<(isize, Option<String>)> = Vec::new();
        let Ok(mut entries) = read.entries_raw(None) else {
            return;
        };
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Ok(abbreviation) = entries.read_abbreviation() else {
                return;
            };
            let Some(abbreviation) = abbreviation else {
                continue;
            };
            if skip_attributes(&mut entries, abbreviation.attributes()).is_err() {
                return;
            }
            while open.pop_if(|(outer, _)| depth <= *outer).is_some() {}
            let (place, tag) = (Place { unit, offset }, abbreviation.tag());
            if is_looked_for(tag) && self.units.name(place).as_deref() == Some(self.name) {
                let outer = open.iter().filter_map(|(_, name)| name.clone());
                let path = outer.chain([self.name.to_owned()]).collect();
                self.found.push((place, path, tag));
            }
            if abbreviation.has_children() {
                let name = is_named_scope(tag)
                    .then(|| self.units.name(place))
                    .flatten();
                open.push((depth, name));
            }
        }
    }
}

/// Returns true for variables, types, and members, which static ones are declared as before DWARF 5.
fn is_looked_for(tag: gimli::DwTag) -> bool {
    matches!(tag, dw::DW_TAG_variable | dw::DW_TAG_member) || is_type(tag)
}

fn is_type(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_base_type
            | dw::DW_TAG_structure_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_union_type
            | dw::DW_TAG_enumeration_type
            | dw::DW_TAG_typedef
    )
}

fn is_named_scope(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_namespace
            | dw::DW_TAG_module
            | dw::DW_TAG_subprogram
            | dw::DW_TAG_structure_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_union_type
    )
}

fn found(units: &Units<'_>, name: &str) -> Vec<(Place, Vec<String>, gimli::DwTag)> {
    let mut walk = Walk {
        units,
        name,
        found: Vec::new(),
    };
    for unit in 0..units.roots.units.len() {
        walk.unit(unit);
    }
    walk.found
}

/// Returns true if `path` ends with `asked`.
pub(super) fn ends_with(path: &[String], asked: &[String]) -> bool {
    path.len() >= asked.len() && path[path.len() - asked.len()..] == *asked
}

/// The variables of a name that say where they are. Those of functions are among them: a `static` is there all the time.
pub(super) fn variables(units: &Units<'_>, asked: &[String]) -> Vec<Named> {
    let Some(name) = asked.last() else {
        return Vec::new();
    };
    let mut named = Vec::new();
    for (place, path, tag) in found(units, name) {
        let is_placed = tag == dw::DW_TAG_variable && {
            let entry = units.entry(place);
            entry.is_some_and(|(_, entry)| entry.attr(dw::DW_AT_location).is_some())
        };
        let unit = unit_name(units, place.unit);
        let file = unit.rsplit('/').next().unwrap_or_default();
        // What names a definition may be said by its declaration, in a class or a namespace.
        let path = declared_path(units, place).unwrap_or(path);
        let is_asked = match asked.split_first() {
            Some((first, rest)) if first == file && !rest.is_empty() => ends_with(&path, rest),
            _ => ends_with(&path, asked),
        };
        if is_placed && is_asked {
            named.push(Named { place, path, unit });
        }
    }
    let shortest = named.iter().map(|it| it.path.len()).min();
    named.retain(|it| Some(it.path.len()) == shortest);
    named
}

/// The names around the declaration of a variable that is defined elsewhere.
fn declared_path(units: &Units<'_>, place: Place) -> Option<Vec<String>> {
    let (_, entry) = units.entry(place)?;
    let declaration = entry.attr_value(dw::DW_AT_specification)?;
    let declaration = units.reference(place.unit, declaration)?;
    let name = units.name(place)?;
    let mut walk = Walk {
        units,
        name: &name,
        found: Vec::new(),
    };
    walk.unit(declaration.unit);
    let mut found = walk.found.into_iter();
    found
        .find(|(it, ..)| *it == declaration)
        .map(|(_, path, _)| path)
}

/// A unit's name.
pub(super) fn unit_name(units: &Units<'_>, unit: usize) -> String {
    let root = units.get(unit).and_then(|read| {
        let mut entries = read.entries();
        entries.next_dfs().ok().flatten().map(|root| root.offset())
    });
    root.and_then(|offset| units.name(Place { unit, offset }))
        .unwrap_or_default()
}

/// A type of a name, one of `unit` if it has one; `None` where there is none that is complete.
pub(super) fn ty(units: &Units<'_>, name: &TypeName, unit: Option<usize>) -> Option<Place> {
    let asked: Vec<String> = name.words.split("::").map(str::to_owned).collect();
    let last = asked.last()?;
    let is_complete = |place: Place| {
        let entry = units.entry(place);
        entry.is_some_and(|(_, entry)| entry.attr(dw::DW_AT_declaration).is_none())
    };
    let all = found(units, last).into_iter();
    let all = all.filter(|(place, path, tag)| {
        is_type(*tag) && ends_with(path, &asked) && is_complete(*place)
    });
    let found = all.min_by_key(|(place, path, _)| (path.len(), Some(place.unit) != unit));
    found.map(|(place, ..)| place)
}

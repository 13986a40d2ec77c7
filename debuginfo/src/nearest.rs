//! The place of a program that is nearest to one that it does not have: for a breakpoint that nothing matches.

use crate::container::Container;
use crate::source::{ReadDwarf, ReadUnit, WasmDwarf, attr_string};
use gimli::constants as dw;
use gimli::read::{DebuggingInformationEntry, EndianSlice, UnitRef};
use gimli::{DebugInfoOffset, LittleEndian};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use strsim::osa_distance;

type Entry<'d> = DebuggingInformationEntry<EndianSlice<'d, LittleEndian>>;

/// Letters of what was typed for each that may be wrong.
const LETTERS_FOR_A_MISTAKE: usize = 3;

/// Entries in entries that are followed to name a function.
const MAX_DEPTH: usize = 64;

/// The place nearest to `place` in what an image or a module says of its code, as debuggers take it: of `FUNCTION`, `FILE:FUNCTION`
/// or `FILE:LINE`. `None` where nothing is near.
pub fn nearest(image: &[u8], place: &str) -> Option<String> {
    let container = Container::parse(image).ok()?;
    let dwarf = WasmDwarf::new(container.sections.into_iter()).read();
    match Place::parse(place) {
        Place::Function(name) => function(&dwarf, name),
        Place::Line(file, line) => line_of(&dwarf, file, line),
    }
}

/// The parsed form of what was typed.
#[derive(PartialEq, Eq, Debug)]
enum Place<'p> {
    Function(&'p str),
    Line(&'p str, u64),
}

impl Place<'_> {
    fn parse(place: &str) -> Place<'_> {
        let place = place.trim();
        // `a::b` is a name; a file's name may be `C:\a.c`.
        let colon = place.rmatch_indices(':').map(|(at, _)| at).find(|at| {
            let is_colon = |at: usize| place.as_bytes().get(at) == Some(&b':');
            !is_colon(at + 1) && !at.checked_sub(1).is_some_and(is_colon)
        });
        let Some((file, rest)) = colon.map(|at| (&place[..at], &place[at + 1..])) else {
            return Place::Function(place);
        };
        match rest.trim().parse() {
            Ok(line) => Place::Line(file, line),
            // It may be in another file.
            Err(_) => Place::Function(rest.trim()),
        }
    }
}

/// The edit distance of a name to what was typed, if it can have been meant: without regard to capitals first.
fn distance(typed: &str, name: &str) -> Option<(usize, usize)> {
    let mistakes = typed.len().max(LETTERS_FOR_A_MISTAKE) / LETTERS_FOR_A_MISTAKE;
    if name.len().abs_diff(typed.len()) > mistakes {
        return None;
    }
    let without = osa_distance(&typed.to_lowercase(), &name.to_lowercase());
    let near = without <= mistakes && without < typed.len();
    near.then(|| (without, osa_distance(typed, name)))
}

/// The last `count` parts of a path.
fn last<'n>(path: &'n str, separator: &str, count: usize) -> &'n str {
    let mut separators = path.rmatch_indices(separator);
    match separators.nth(count - 1) {
        Some((at, _)) => &path[at + separator.len()..],
        None => path,
    }
}

fn function(dwarf: &ReadDwarf<'_>, typed: &str) -> Option<String> {
    let typed = without_arguments(typed);
    let parts = typed.split("::").count();
    let names = functions(dwarf);
    let near = names.iter().filter_map(|name| {
        let distance = distance(typed, last(name, "::", parts))?;
        Some((distance, name))
    });
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.clone())
}

/// A function's name without its parameters and those of its template.
fn without_arguments(name: &str) -> &str {
    let end = name.find(['(', '<']).filter(|at| *at > 0);
    match end {
        Some(end) if !name[..end].ends_with("operator") => name[..end].trim(),
        _ => name,
    }
}

/// The names of all functions that have code, with those of what they are in.
fn functions(dwarf: &ReadDwarf<'_>) -> BTreeSet<String> {
    let mut names = Names::default();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        if let Ok(unit) = dwarf.unit(header) {
            // What is after damage has no name here.
            names.read(UnitRef::new(dwarf, &unit)).ok();
        }
    }
    names.of_code()
}

/// The names of functions in entries.
#[derive(Default)]
struct Names {
    /// Of declarations and definitions.
    known: HashMap<DebugInfoOffset, String>,
    with_code: Vec<Named>,
}

/// The name of a function with code: its own, or that of another entry.
enum Named {
    Here(DebugInfoOffset),
    There(DebugInfoOffset),
}

impl Names {
    fn read(&mut self, unit: ReadUnit<'_, '_>) -> gimli::Result<()> {
        let mut entries = unit.entries();
        // The names of the entries that this one is in, with their depths.
        let mut around: Vec<(isize, String)> = Vec::new();
        while let Some(entry) = entries.next_dfs()? {
            let depth = entry.depth();
            while around.last().is_some_and(|(outer, _)| *outer >= depth) {
                around.pop();
            }
            match entry.tag() {
                dw::DW_TAG_subprogram => self.function(unit, entry, &around)?,
                dw::DW_TAG_namespace
                | dw::DW_TAG_class_type
                | dw::DW_TAG_structure_type
                | dw::DW_TAG_union_type
                | dw::DW_TAG_enumeration_type
                | dw::DW_TAG_module
                    if around.len() < MAX_DEPTH =>
                {
                    around.extend(name(unit, entry).map(|name| (depth, name)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn function<'d>(
        &mut self,
        unit: ReadUnit<'_, 'd>,
        entry: &Entry<'d>,
        around: &[(isize, String)],
    ) -> gimli::Result<()> {
        let offset = |entry: gimli::UnitOffset| entry.to_debug_info_offset(&unit.header);
        let Some(here) = offset(entry.offset()) else {
            return Ok(());
        };
        let origin = [dw::DW_AT_specification, dw::DW_AT_abstract_origin]
            .into_iter()
            .find_map(|at| match entry.attr_value(at)? {
                gimli::AttributeValue::UnitRef(to) => offset(to),
                gimli::AttributeValue::DebugInfoRef(to) => Some(to),
                _ => None,
            });
        if let Some(own) = name(unit, entry).filter(|_| origin.is_none()) {
            let mut whole: Vec<_> = around.iter().map(|(_, name)| &**name).collect();
            whole.push(without_arguments(&own));
            self.known.insert(here, whole.join("::"));
        }
        let has = |at| entry.attr_value(at).is_some();
        if has(dw::DW_AT_low_pc) || has(dw::DW_AT_ranges) {
            self.with_code
                .push(origin.map_or(Named::Here(here), Named::There));
        } else if let Some(origin) = origin {
            // A definition that is inlined, of a declaration.
            if let Some(name) = self.known.get(&origin).cloned() {
                self.known.insert(here, name);
            }
        }
        Ok(())
    }

    fn of_code(self) -> BTreeSet<String> {
        let known = |named: &Named| match named {
            Named::Here(at) | Named::There(at) => self.known.get(at).cloned(),
        };
        self.with_code.iter().filter_map(known).collect()
    }
}

fn name<'d>(unit: ReadUnit<'_, 'd>, entry: &Entry<'d>) -> Option<String> {
    let name = attr_string(unit, entry.attr_value(dw::DW_AT_name)?).ok()?;
    Some(String::from_utf8_lossy(name.slice()).into_owned())
}

/// A line with code of the file that is meant: the first after the one that was typed, or the last of all.
fn line_of(dwarf: &ReadDwarf<'_>, typed: &str, line: u64) -> Option<String> {
    let files = lines(dwarf);
    let parts = typed.split('/').count();
    let tail = |path: &str| last(path, "/", parts).to_owned();
    let found = files.keys().map(|path| tail(path)).find(|it| it == typed);
    let file = found.or_else(|| {
        let near = files
            .keys()
            .filter_map(|path| Some((distance(typed, &tail(path))?, tail(path))));
        near.min().map(|(_, file)| file)
    })?;
    let of_file = files.iter().filter(|(path, _)| tail(path) == file);
    let lines: BTreeSet<_> = of_file.flat_map(|(_, lines)| lines).copied().collect();
    let nearest = lines.range(line..).next().or(lines.last())?;
    Some(format!("{file}:{nearest}"))
}

/// The lines of each file that code comes from.
fn lines(dwarf: &ReadDwarf<'_>) -> BTreeMap<String, BTreeSet<u64>> {
    let mut files: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let Ok(unit) = dwarf.unit(header) else {
            continue;
        };
        for (file, lines) in of_unit(UnitRef::new(dwarf, &unit)) {
            files.entry(file).or_default().extend(lines);
        }
    }
    files
}

fn of_unit(unit: ReadUnit<'_, '_>) -> Vec<(String, BTreeSet<u64>)> {
    let Some(program) = unit.line_program.clone() else {
        return Vec::new();
    };
    let mut lines: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut rows = program.rows();
    while let Ok(Some((_, row))) = rows.next_row() {
        if let Some(line) = row.line().filter(|_| row.is_stmt() && !row.end_sequence()) {
            lines
                .entry(row.file_index())
                .or_default()
                .insert(line.get());
        }
    }
    let header = rows.header();
    let path = |index| {
        let file = header.file(index)?;
        let text = |value| {
            let text = attr_string(unit, value).ok()?;
            Some(String::from_utf8_lossy(text.slice()).into_owned())
        };
        let name = text(file.path_name())?;
        let directory = file.directory(header).and_then(text);
        Some(match directory.filter(|_| !name.starts_with('/')) {
            Some(directory) => format!("{directory}/{name}"),
            None => name,
        })
    };
    let named = lines
        .into_iter()
        .filter_map(|(file, lines)| Some((path(file)?, lines)));
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::{Place, distance, last, without_arguments};

    #[test]
    fn places_are_read_as_debuggers_read_them() {
        let same = [
            ("push", Place::Function("push")),
            (
                "shapes::Circle::area",
                Place::Function("shapes::Circle::area"),
            ),
            ("list.c:12", Place::Line("list.c", 12)),
            ("C:\\work\\list.c:12", Place::Line("C:\\work\\list.c", 12)),
            ("list.c:push", Place::Function("push")),
            ("a.cc:ns::f", Place::Function("ns::f")),
        ];
        for (text, place) in same {
            assert_eq!(Place::parse(text), place, "{text}");
        }
    }

    #[test]
    fn what_is_near_has_few_mistakes() {
        let near = |typed, name| distance(typed, name).map(|(mistakes, _)| mistakes);
        assert_eq!(near("psuh", "push"), Some(1));
        assert_eq!(near("Push", "push"), Some(0));
        assert_eq!(near("reverse_lits", "reverse_list"), Some(1));
        assert_eq!(near("push", "pop_front"), None);
        assert_eq!(near("f", "g"), None);
        assert_eq!(near("main", "sum"), None);
    }

    #[test]
    fn names_are_compared_by_as_many_parts_as_were_typed() {
        assert_eq!(last("a::b::c", "::", 1), "c");
        assert_eq!(last("a::b::c", "::", 2), "b::c");
        assert_eq!(last("a::b::c", "::", 5), "a::b::c");
        assert_eq!(without_arguments("f<int>(int)"), "f");
        assert_eq!(without_arguments("operator<"), "operator<");
        assert_eq!(
            without_arguments("(anonymous namespace)"),
            "(anonymous namespace)"
        );
    }
}

//! One unit made of several: a skeleton's attributes, the split unit's entries, and the types that they refer to by signature.

use super::files::Files;
use super::sources::{SourceUnit, Sources};
use super::table::{self, PathMap};
use crate::macros::Room;
use crate::ranges::ListRoom;
use crate::skip::skip_attributes;
use crate::source::{ReadUnit, Reader, StringRoom, WarningKind, Warnings, attr_string};
use crate::write::stream::{Entry, Fixup, Out, Start, Target};
use gimli::UnitOffset;
use gimli::constants as dw;
use gimli::read::Attribute;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;

/// The encoder, and where entries went that other units can refer to.
#[derive(Default)]
pub struct Merged {
    pub out: Out,
    /// Old and new offsets in the debug info, by source.
    places: HashMap<usize, Vec<(usize, usize)>>,
    /// References to other units.
    open: Vec<Fixup>,
    /// Line tables: as they were, and after them those with more files; or all with other paths.
    pub lines: Vec<u8>,
    /// The new offsets of line tables with other paths, by the old ones.
    line_offsets: HashMap<usize, u32>,
    /// Tables of macros.
    pub macros: Vec<u8>,
}

impl Merged {
    /// Nothing but the line tables of the module, where their paths stay.
    pub fn new(lines: &[u8], paths: &PathMap) -> Merged {
        let lines = match paths.0.is_empty() {
            true => lines.to_vec(),
            false => Vec::new(),
        };
        Merged {
            lines,
            ..Merged::default()
        }
    }

    /// References between units lead somewhere once all are there.
    pub fn finish(mut self, warnings: &mut Warnings) -> Out {
        for places in self.places.values_mut() {
            places.sort_unstable();
        }
        for fixup in &self.open {
            let Target::Info(source, offset) = fixup.target else {
                continue;
            };
            match self.places.get(&source).and_then(|it| find(it, offset)) {
                Some(to) => self.out.patch(fixup, to as u32),
                None => warnings.add("a reference leads to no entry of any unit", offset),
            }
        }
        self.out
    }
}

/// A unit that is read: its entries' old and new offsets, in order.
pub(super) struct Part<'s, 'a> {
    pub unit: ReadUnit<'s, 'a>,
    pub source: usize,
    /// The table that its numbers of files are of; `None` for the unit's line table.
    pub files: Option<usize>,
    /// The entries of lists that may still be copied.
    pub listed: ListRoom,
    /// The strings that may still be copied.
    pub copied: StringRoom,
    entries: Vec<(usize, usize)>,
}

/// A unit being made.
pub(super) struct Assembly<'s, 'a> {
    pub sources: &'s Sources<'a>,
    pub merged: &'s mut Merged,
    pub warnings: &'s mut Warnings,
    /// The module's unit, its split unit, type units.
    pub parts: Vec<Part<'s, 'a>>,
    start: Start,
    /// The budget of macros that all units share.
    pub room: &'s Room,
    /// The offsets of the unit's line table and macros.
    pub line: Option<u32>,
    pub macro_table: Option<usize>,
    pub files: Files,
    /// The part that a type is in, by its signature.
    types: HashMap<u64, usize>,
    /// Types asked for, and those still to be copied.
    asked: HashSet<u64>,
    pending: VecDeque<u64>,
    /// Declarations that stand for a type with a signature: part and offset.
    declarations: HashMap<(usize, usize), u64>,
}

/// Makes the unit of a module's own and its split unit, if it has one.
pub(super) fn assemble<'s, 'a>(
    sources: &'s Sources<'a>,
    room: &'s Room,
    unit: &'s SourceUnit<'a>,
    split: Option<&'s SourceUnit<'a>>,
    merged: &'s mut Merged,
    warnings: &'s mut Warnings,
) {
    let read = sources.read(unit);
    let partial = matches!(unit.unit.header.type_(), gimli::UnitType::Partial);
    let start = merged.out.begin_unit(partial, read.encoding().address_size);
    let part = |unit: &'s SourceUnit<'a>| Part {
        unit: sources.read(unit),
        listed: ListRoom::with_root(sources.read(unit)),
        copied: StringRoom::of(sources.read(unit)),
        source: unit.source,
        files: None,
        entries: Vec::new(),
    };
    let mut assembly = Assembly {
        sources,
        merged,
        warnings,
        parts: [Some(unit), split]
            .into_iter()
            .flatten()
            .map(part)
            .collect(),
        start,
        room,
        line: None,
        macro_table: None,
        files: Files::default(),
        types: HashMap::new(),
        asked: HashSet::new(),
        pending: VecDeque::new(),
        declarations: HashMap::new(),
    };
    if let Err(error) = assembly.run() {
        let offset = unit.unit.header.offset().0;
        assembly
            .warnings
            .add(format!("a unit is damaged: {error}"), offset);
    }
    assembly.finish();
}

impl<'s, 'a> Assembly<'s, 'a> {
    fn run(&mut self) -> gimli::Result<()> {
        let content = self.parts.len() - 1;
        let has_children = self.root(content)?;
        if !has_children {
            return Ok(());
        }
        let mut result = self.children(content);
        while let Some(signature) = self.pending.pop_front() {
            let copied = self.type_unit(signature);
            result = result.and(copied);
        }
        self.merged.out.info.push(0);
        result
    }

    /// The root entry: the split unit's attributes, then those that only the skeleton has (DWARF 5, section 3.1.2).
    fn root(&mut self, content: usize) -> gimli::Result<bool> {
        let mut entry = Default::default();
        let mut seen = HashSet::new();
        let mut root = None;
        for part in (0..=content).rev() {
            let unit = self.parts[part].unit;
            let read = unit.entry(unit.header.root_offset())?;
            for attr in read.attrs() {
                // A split unit's line table has only files.
                let files_only = attr.name() == dw::DW_AT_stmt_list && part > 0;
                if files_only || !seen.insert(attr.name()) {
                    continue;
                }
                if !self.path(&mut entry, part, attr) {
                    self.attribute(&mut entry, part, attr);
                }
            }
            root.get_or_insert((read.tag(), read.has_children()));
        }
        let Some((tag, has_children)) = root else {
            return Ok(false);
        };
        if content == 0 && self.is_bare_skeleton() {
            self.name_skeleton(&mut entry);
        }
        let tag = match tag {
            dw::DW_TAG_skeleton_unit => dw::DW_TAG_compile_unit,
            tag => tag,
        };
        let place = self.merged.out.entry(tag, has_children, entry);
        for part in &mut self.parts {
            let old = part.unit.header.root_offset().0;
            part.entries.push((old, place));
        }
        Ok(has_children)
    }

    /// Writes a path of a unit's root, where paths are to be others.
    fn path(&mut self, entry: &mut Entry, part: usize, attr: &Attribute<Reader<'a>>) -> bool {
        let (unit, paths) = (self.parts[part].unit, self.sources.paths);
        let is_path = matches!(attr.name(), dw::DW_AT_name | dw::DW_AT_comp_dir);
        if paths.0.is_empty() || !is_path {
            return false;
        }
        let Ok(text) = attr_string(unit, attr.value()) else {
            return false;
        };
        entry.attribute(attr.name(), dw::DW_FORM_string);
        let directory = unit.comp_dir.map(|it| it.to_string_lossy());
        let (directory, text) = (directory.as_deref(), text.to_string_lossy());
        let path = match attr.name() {
            dw::DW_AT_comp_dir => paths.apply_in(directory, &text),
            _ => paths.apply_within(directory, &text),
        };
        entry.values.bytes.extend(path.as_bytes());
        entry.values.bytes.push(0);
        true
    }

    /// Returns the offset of the line table that the module's unit has at an offset, without the files that come after its own.
    pub(super) fn line_table(&mut self, offset: usize) -> Option<u32> {
        if self.sources.paths.0.is_empty() {
            return Some(offset as u32);
        }
        if let Some(known) = self.merged.line_offsets.get(&offset) {
            return Some(*known);
        }
        let to = self.write_line_table(&[])?;
        self.merged.line_offsets.insert(offset, to);
        Some(to)
    }

    fn write_line_table(&mut self, more: &[PathBuf]) -> Option<u32> {
        let paths = self.sources.paths;
        let table = table::write(self.parts[0].unit, paths, more)?;
        let to = self.merged.lines.len() as u32;
        self.merged.lines.extend(table);
        Some(to)
    }

    /// The entries below a part's root, without the end of their list.
    fn children(&mut self, part: usize) -> gimli::Result<()> {
        let unit = self.parts[part].unit;
        let mut raw = unit.entries_raw(None)?;
        // The root, which is not copied.
        if let Some(root) = raw.read_abbreviation()? {
            skip_attributes(&mut raw, root.attributes())?;
        }
        let mut open = 0;
        let copied = loop {
            if raw.is_empty() {
                break Ok(());
            }
            let offset = raw.next_offset();
            match self.child(part, &mut raw, offset) {
                Ok(Some(true)) => open += 1,
                Ok(Some(false)) => {}
                Ok(None) if open > 0 => {
                    self.merged.out.info.push(0);
                    open -= 1;
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let out = &mut self.merged.out.info;
        out.resize(out.len() + open, 0);
        copied
    }

    /// Copies the next entry, and returns whether it has children; `None` is the end of a list.
    fn child(
        &mut self,
        part: usize,
        raw: &mut gimli::read::EntriesRaw<'_, Reader<'a>>,
        offset: UnitOffset,
    ) -> gimli::Result<Option<bool>> {
        let Some(abbreviation) = raw.read_abbreviation()? else {
            return Ok(None);
        };
        let mut entry = Default::default();
        let (mut named, mut declares) = (false, None);
        for spec in abbreviation.attributes() {
            let attr = raw.read_attribute(*spec)?;
            named |= attr.name() == dw::DW_AT_name;
            if attr.name() == dw::DW_AT_signature
                && let gimli::read::AttributeValue::DebugTypesRef(signature) = attr.value()
            {
                declares = Some(signature.0);
                continue;
            }
            self.attribute(&mut entry, part, &attr);
        }
        if let Some(signature) = declares
            && self.ask(signature)
        {
            self.declarations.insert((part, offset.0), signature);
            if !named {
                self.name_declaration(&mut entry, signature);
            }
        }
        let has_children = abbreviation.has_children();
        let place = self
            .merged
            .out
            .entry(abbreviation.tag(), has_children, entry);
        self.parts[part].entries.push((offset.0, place));
        Ok(Some(has_children))
    }

    /// Asks for a type to be in the unit; whether it is known.
    pub(super) fn ask(&mut self, signature: u64) -> bool {
        if !self.sources.types.contains_key(&signature) {
            let offset = self.parts[0].unit.header.offset().0;
            self.warnings.other(
                WarningKind::Missing,
                format!("the type with the signature {signature:#018x} is in no type unit"),
                offset,
                1,
            );
            return false;
        }
        if self.asked.insert(signature) {
            self.pending.push_back(signature);
        }
        true
    }

    /// Copies a type, with what is around it.
    fn type_unit(&mut self, signature: u64) -> gimli::Result<()> {
        let Some(found) = self.sources.types.get(&signature) else {
            return Ok(());
        };
        let unit = self.sources.read(&found.unit);
        let (own, own_source) = (self.parts[0].unit, self.parts[0].source);
        let files = self.files.table(own, own_source, unit, found.unit.source);
        self.types.insert(signature, self.parts.len());
        self.parts.push(Part {
            unit,
            listed: ListRoom::with_root(unit),
            copied: StringRoom::of(unit),
            source: found.unit.source,
            files,
            entries: Vec::new(),
        });
        self.children(self.parts.len() - 1)
    }

    /// Returns the offset of a type.
    fn type_place(&self, signature: u64) -> Option<usize> {
        let part = *self.types.get(&signature)?;
        let offset = self.sources.types.get(&signature)?.offset;
        find(&self.parts[part].entries, offset.0)
    }

    /// Writes the unit's line table with the files that came to be after its own.
    fn finish_line_table(&mut self) {
        let more = std::mem::take(&mut self.files.more);
        if self.line.is_some() && !more.is_empty() {
            self.line = self.write_line_table(&more).or(self.line);
        }
        self.finish_macros();
    }

    /// References within the unit are filled in, the others kept; and the unit is closed.
    fn finish(mut self) {
        self.finish_line_table();
        for fixup in std::mem::take(&mut self.merged.out.fixups) {
            let entry = |part: usize, offset| find(&self.parts[part].entries, offset);
            let place = match fixup.target {
                Target::Info(..) => {
                    self.merged.open.push(fixup);
                    continue;
                }
                Target::Entry(part, offset) => entry(part, offset),
                Target::TypeEntry(part, offset) => self
                    .declarations
                    .get(&(part, offset))
                    .and_then(|signature| self.type_place(*signature))
                    .or_else(|| entry(part, offset)),
                Target::Type(signature) => self.type_place(signature),
                Target::LineTable => None,
            };
            let value = match (fixup.target, place) {
                (Target::LineTable, _) => self.line.unwrap_or_default(),
                (_, Some(place)) => (place - self.start.info) as u32,
                // What leads nowhere stays so, for whoever reads it to see.
                (_, None) => u32::MAX >> 4,
            };
            self.merged.out.patch(&fixup, value);
        }
        for part in self.parts.iter().take(2) {
            let base = part.unit.header.offset().0;
            let places = self.merged.places.entry(part.source).or_default();
            places.extend(part.entries.iter().map(|(old, new)| (base + old, *new)));
        }
        self.merged.out.end_unit(self.start);
    }
}

/// The new offset for an old one.
fn find(entries: &[(usize, usize)], old: usize) -> Option<usize> {
    let index = entries.binary_search_by_key(&old, |(old, _)| *old).ok()?;
    Some(entries[index].1)
}

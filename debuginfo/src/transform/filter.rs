//! Entries that are kept: those that are required, what they refer to, what they are in, and what is part of them.
//!
//! Units are read in parallel into graphs of a few words an entry; then the graphs are searched as one.

use crate::dies::{Kind, is_pointer, kind};
use crate::offset_set::OffsetSet;
use crate::ranges::ListRoom;
use crate::skip::skip_attributes;
use crate::source::{ReadUnit, Reader};
use gimli::constants as dw;
use gimli::read::{
    AttributeValue as Read, DebuggingInformationEntry, EntriesRaw, Expression, Operation,
};
use gimli::{DebugInfoOffset, DwTag, UnitOffset};
use std::ops::Deref;

/// No entry.
const NONE: u32 = u32::MAX;

/// The entries of a unit, but for its root, by number in their order.
#[derive(Default, Debug)]
pub(super) struct Graph {
    /// The unit's place in `.debug_info`, and its length.
    start: usize,
    end: usize,
    /// Bytes from the start of the unit.
    offsets: Vec<u32>,
    /// The parent of each entry; [`NONE`] for the root.
    parents: Vec<u32>,
    /// The number after the last entry that is in it.
    ends: Vec<u32>,
    /// True if it is part of what it is in.
    is_part: Vec<bool>,
    /// The targets of references, in `.debug_info`: entry by entry, from where `first_edge` says.
    edges: Vec<u32>,
    first_edge: Vec<u32>,
    required: Vec<u32>,
    /// Entries that have no parts: sorted.
    hollow: Vec<u32>,
    /// Entries whose type is in another unit, where a pointer may be of it: and which.
    pointees: Vec<(u32, u32)>,
    /// True if one refers to another unit, or to its own as if it were another.
    has_foreign: bool,
}

/// The entries that are kept.
pub(super) struct Kept {
    /// By unit: offsets in it. The number in the set plus 1 is an entry's number in the unit that is written.
    pub entries: Vec<OffsetSet>,
    counts: Vec<u32>,
    /// By unit: types that pointers of other units are of, sorted.
    pointees: Vec<Vec<UnitOffset>>,
    /// The offset of each unit in `.debug_info`, and whether any refers to another.
    starts: Vec<usize>,
    pub has_foreign: bool,
}

/// A unit whose entries are being read.
pub(super) struct FilterUnit<'a, R: gimli::Reader<Offset = usize>> {
    pub read_unit: gimli::read::UnitRef<'a, R>,
    entries: EntriesRaw<'a, R>,
    /// The entries around the next: depth, number and tag.
    around: Vec<(isize, u32, UnitOffset, DwTag)>,
    graph: Graph,
    /// The lists that may still be read: what is after them is not shown either.
    listed: ListRoom,
}

/// An entry that was read.
pub(super) struct FilterUnitEntry<R: gimli::Reader<Offset = usize>> {
    pub read_entry: DebuggingInformationEntry<R>,
    /// The parent, if that is not the root.
    pub parent: Option<UnitOffset>,
    pub parent_tag: Option<DwTag>,
}

impl<R: gimli::Reader<Offset = usize>> Deref for FilterUnitEntry<R> {
    type Target = DebuggingInformationEntry<R>;

    fn deref(&self) -> &Self::Target {
        &self.read_entry
    }
}

impl<'a, 'd> FilterUnit<'a, Reader<'d>> {
    pub fn new(read_unit: ReadUnit<'a, 'd>) -> gimli::Result<Self> {
        let mut entries = read_unit.entries_raw(None)?;
        let root = entries.read_abbreviation()?;
        let root = root.ok_or(gimli::Error::MissingUnitDie)?;
        skip_attributes(&mut entries, root.attributes())?;
        let start = read_unit.header.offset().0;
        Ok(FilterUnit {
            read_unit,
            entries,
            around: Vec::new(),
            listed: ListRoom::of(read_unit),
            graph: Graph {
                start,
                end: start + read_unit.header.length_including_self(),
                ..Graph::default()
            },
        })
    }

    pub fn null_entry(&self) -> FilterUnitEntry<Reader<'d>> {
        FilterUnitEntry {
            read_entry: DebuggingInformationEntry::null(),
            parent: None,
            parent_tag: None,
        }
    }

    /// Reads the next entry; whether there is one.
    pub fn read_entry(&mut self, entry: &mut FilterUnitEntry<Reader<'d>>) -> gimli::Result<bool> {
        loop {
            if self.entries.is_empty() {
                return Ok(false);
            }
            if self.entries.read_entry(&mut entry.read_entry)? {
                break;
            }
        }
        self.leave(entry.depth());
        let around = self.around.last().copied();
        entry.parent = around.map(|it| it.2);
        entry.parent_tag = around.map(|it| it.3);
        let number = self.graph.offsets.len() as u32;
        self.graph.offsets.push(entry.offset().0 as u32);
        self.graph.parents.push(around.map_or(NONE, |it| it.1));
        self.graph.ends.push(number + 1);
        // A namespace is kept for what is in it, not the other way round.
        let is_part = entry.parent_tag != Some(dw::DW_TAG_namespace) && is_part(entry);
        self.graph.is_part.push(is_part);
        self.graph.first_edge.push(self.graph.edges.len() as u32);
        for attr in entry.read_entry.attrs() {
            if !is_metadata(attr.name()) {
                self.references(attr.value())?;
            }
            if attr.name() == dw::DW_AT_type
                && let Read::DebugInfoRef(target) = attr.value()
                && leads_to_pointee(entry.read_entry.tag())
            {
                self.graph.pointees.push((number, target.0 as u32));
            }
        }
        if entry.has_children() {
            let offset = entry.offset();
            self.around
                .push((entry.depth(), number, offset, entry.tag()));
        }
        Ok(true)
    }

    /// Leaves the entries that are not around one of a depth.
    fn leave(&mut self, depth: isize) {
        let next = self.graph.offsets.len() as u32;
        while let Some((_, number, ..)) = self.around.pop_if(|it| it.0 >= depth) {
            self.graph.ends[number as usize] = next;
        }
    }

    /// Says that an entry of the unit, the one just read, is to be kept.
    pub fn require_entry(&mut self, offset: UnitOffset) {
        if let Ok(number) = self.graph.offsets.binary_search(&(offset.0 as u32)) {
            self.graph.required.push(number as u32);
        }
    }

    /// Says that the entry just read is kept only for something in it that is required, and only with that.
    pub fn leave_out(&mut self) {
        if let Some(is_part) = self.graph.is_part.last_mut() {
            *is_part = false;
            self.graph.hollow.push(self.graph.offsets.len() as u32 - 1);
        }
    }

    /// Returns the graph that was read.
    pub fn finish(mut self) -> Graph {
        self.leave(isize::MIN);
        self.graph.first_edge.push(self.graph.edges.len() as u32);
        self.graph
    }

    fn references(&mut self, value: Read<Reader<'d>>) -> gimli::Result<()> {
        match value {
            Read::UnitRef(offset) => self.edge(offset),
            Read::DebugInfoRef(offset) => self.foreign_edge(offset),
            Read::Exprloc(expression) => self.expression(expression),
            Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => {
                let Some(mut locations) = self.read_unit.attr_locations(value)? else {
                    return Ok(());
                };
                while let Some(location) = locations.next()?
                    && self.listed.take().is_some()
                {
                    self.expression(location.data);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn edge(&mut self, offset: UnitOffset) {
        self.graph.edges.push((self.graph.start + offset.0) as u32);
    }

    fn foreign_edge(&mut self, offset: DebugInfoOffset) {
        self.graph.has_foreign = true;
        self.graph.edges.push(offset.0 as u32);
    }

    /// Those of an expression. One that cannot be read is dealt with where it is converted.
    fn expression(&mut self, expression: Expression<Reader<'d>>) {
        let mut ops = expression.operations(self.read_unit.encoding());
        while let Ok(Some(op)) = ops.next() {
            match op {
                Operation::Deref { base_type, .. }
                | Operation::RegisterOffset { base_type, .. }
                | Operation::TypedLiteral { base_type, .. }
                | Operation::Convert { base_type, .. }
                | Operation::Reinterpret { base_type, .. }
                    if base_type.0 != 0 =>
                {
                    self.edge(base_type);
                }
                Operation::ParameterRef { offset, .. } => self.edge(offset),
                Operation::ImplicitPointer { value, .. } => self.foreign_edge(value),
                Operation::Call { offset, .. } => match offset {
                    gimli::DieReference::UnitRef(offset) => self.edge(offset),
                    gimli::DieReference::DebugInfoRef(offset) => self.foreign_edge(offset),
                },
                _ => {}
            }
        }
    }
}

/// Attributes about how the input is written.
pub(super) fn is_metadata(name: gimli::DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_sibling
            | dw::DW_AT_str_offsets_base
            | dw::DW_AT_addr_base
            | dw::DW_AT_rnglists_base
            | dw::DW_AT_loclists_base
            | dw::DW_AT_dwo_name
            | dw::DW_AT_GNU_addr_base
            | dw::DW_AT_GNU_ranges_base
            | dw::DW_AT_GNU_dwo_name
            | dw::DW_AT_GNU_dwo_id
    )
}

/// Returns true if an entry belongs to what it is in, as members, parameters and blocks do, and is not only declared there, as types
/// and functions are. What is not known is kept.
fn is_part(entry: &DebuggingInformationEntry<Reader<'_>>) -> bool {
    !matches!(
        entry.tag(),
        dw::DW_TAG_array_type
            | dw::DW_TAG_atomic_type
            | dw::DW_TAG_base_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_const_type
            | dw::DW_TAG_dwarf_procedure
            | dw::DW_TAG_entry_point
            | dw::DW_TAG_enumeration_type
            | dw::DW_TAG_pointer_type
            | dw::DW_TAG_ptr_to_member_type
            | dw::DW_TAG_reference_type
            | dw::DW_TAG_restrict_type
            | dw::DW_TAG_rvalue_reference_type
            | dw::DW_TAG_string_type
            | dw::DW_TAG_structure_type
            | dw::DW_TAG_typedef
            | dw::DW_TAG_union_type
            | dw::DW_TAG_unspecified_type
            | dw::DW_TAG_volatile_type
            | dw::DW_TAG_coarray_type
            | dw::DW_TAG_common_block
            | dw::DW_TAG_dynamic_type
            | dw::DW_TAG_file_type
            | dw::DW_TAG_immutable_type
            | dw::DW_TAG_interface_type
            | dw::DW_TAG_set_type
            | dw::DW_TAG_shared_type
            | dw::DW_TAG_subroutine_type
            | dw::DW_TAG_packed_type
            | dw::DW_TAG_template_alias
            | dw::DW_TAG_namelist
            | dw::DW_TAG_namespace
            | dw::DW_TAG_imported_unit
            | dw::DW_TAG_imported_declaration
            | dw::DW_TAG_imported_module
            | dw::DW_TAG_module
    ) && (entry.tag() != dw::DW_TAG_subprogram || entry.attr(dw::DW_AT_declaration).is_some())
}

/// Returns true if what an entry's type is may be what a pointer is of: that of a pointer, of a name or with a qualifier.
fn leads_to_pointee(tag: DwTag) -> bool {
    matches!(kind(tag), Kind::Named) || is_pointer(tag)
}

/// A search in the graphs of all units, which are in the order of `.debug_info`.
struct Search<'g> {
    graphs: &'g [Graph],
    kept: Vec<Vec<bool>>,
    /// Entries that are kept, and whose own have not been looked at: unit and number.
    open: Vec<(u32, u32)>,
}

/// Finds what is kept.
pub(super) fn kept(graphs: &[Graph]) -> Kept {
    let mut search = Search {
        graphs,
        kept: graphs
            .iter()
            .map(|it| vec![false; it.offsets.len()])
            .collect(),
        open: Vec::new(),
    };
    for (unit, graph) in graphs.iter().enumerate() {
        for number in &graph.required {
            search.keep(unit, *number);
        }
        while let Some((unit, number)) = search.open.pop() {
            search.follow(unit as usize, number as usize);
        }
    }
    let entries = graphs.iter().zip(&search.kept).map(|(graph, kept)| {
        let mut set = OffsetSet::new(graph.end - graph.start);
        let offsets = graph.offsets.iter().zip(kept);
        for (offset, _) in offsets.filter(|(_, kept)| **kept) {
            set.insert(*offset as usize);
        }
        set
    });
    let mut entries: Vec<OffsetSet> = entries.collect();
    Kept {
        counts: entries.iter_mut().map(OffsetSet::count).collect(),
        entries,
        pointees: search.pointees(),
        starts: graphs.iter().map(|graph| graph.start).collect(),
        has_foreign: graphs.iter().any(|graph| graph.has_foreign),
    }
}

impl Search<'_> {
    fn keep(&mut self, unit: usize, number: u32) {
        let kept = &mut self.kept[unit][number as usize];
        if !*kept {
            *kept = true;
            self.open.push((unit as u32, number));
        }
    }

    /// Keeps what an entry needs.
    fn follow(&mut self, unit: usize, number: usize) {
        let graph = &self.graphs[unit];
        if graph.parents[number] != NONE {
            self.keep(unit, graph.parents[number]);
        }
        let edges = graph.first_edge[number] as usize..graph.first_edge[number + 1] as usize;
        for target in &graph.edges[edges] {
            self.keep_at(unit, *target as usize);
        }
        if graph.hollow.binary_search(&(number as u32)).is_ok() {
            return;
        }
        let mut child = number + 1;
        while child < graph.ends[number] as usize {
            if graph.is_part[child] {
                self.keep(unit, child as u32);
            }
            child = graph.ends[child] as usize;
        }
    }

    /// The types that pointers of other units are of.
    fn pointees(&self) -> Vec<Vec<UnitOffset>> {
        let mut found = vec![Vec::new(); self.graphs.len()];
        for (graph, kept) in self.graphs.iter().zip(&self.kept) {
            let wanted = graph.pointees.iter();
            let wanted = wanted.filter(|(number, _)| kept[*number as usize]);
            for target in wanted.map(|(_, target)| *target as usize) {
                if let Some(unit) = self.unit_of(target) {
                    found[unit].push(UnitOffset(target - self.graphs[unit].start));
                }
            }
        }
        for unit in &mut found {
            unit.sort_unstable();
            unit.dedup();
        }
        found
    }

    /// The unit that a place in `.debug_info` is in.
    fn unit_of(&self, target: usize) -> Option<usize> {
        let before = self.graphs.partition_point(|graph| graph.start <= target);
        before.checked_sub(1)
    }

    /// Keeps the entry at a place in `.debug_info`, if there is one; mostly it is in the unit that asks.
    fn keep_at(&mut self, from: usize, target: usize) {
        let graph = &self.graphs[from];
        let unit = if (graph.start..graph.end).contains(&target) {
            from
        } else {
            match self.unit_of(target) {
                Some(unit) => unit,
                None => return,
            }
        };
        let graph = &self.graphs[unit];
        let offset = (target - graph.start) as u32;
        if let Ok(number) = graph.offsets.binary_search(&offset) {
            self.keep(unit, number as u32);
        }
    }
}

impl Kept {
    /// The number of kept entries of a unit.
    pub fn count(&self, unit: usize) -> u32 {
        self.counts[unit]
    }

    /// The types of a unit that pointers of others are of.
    pub fn pointees(&self, unit: usize) -> &[UnitOffset] {
        &self.pointees[unit]
    }

    /// The unit that a place in `.debug_info` is in, and the distance from its start.
    pub fn locate(&self, offset: DebugInfoOffset) -> Option<(usize, usize)> {
        let unit = self
            .starts
            .partition_point(|start| *start <= offset.0)
            .checked_sub(1)?;
        Some((unit, offset.0 - self.starts[unit]))
    }
}

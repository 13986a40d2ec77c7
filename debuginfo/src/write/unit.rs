//! A unit as a tree of entries.

use super::lists::{LocationListTable, RangeListTable};
use super::reference::UnitEntryId;
use super::value::{AttributeValue, Read, Stored, Values};
use gimli::{DwAt, DwTag, constants as dw};
use std::ops::Range;

/// A unit, while it is made. Of large debug info the entries are most of what is in memory: they, their attributes' names and the values
/// are in a vector each.
#[derive(Debug)]
pub(crate) struct Unit {
    nodes: Vec<Node>,
    /// The attributes of all entries: those of one are together.
    names: Vec<DwAt>,
    stored: Vec<Stored>,
    values: Values,
    /// The number of entries with numbers, including those that do not exist yet.
    reserved: u32,
    /// True if it is to be in an index.
    pub is_indexed: bool,
    pub ranges: RangeListTable,
    pub locations: LocationListTable,
}

/// An entry's place in the tree, and that of its attributes.
#[derive(Debug)]
struct Node {
    tag: DwTag,
    /// No entry has the root as a child, so that its number stands for none in all but the first of these.
    parent: UnitEntryId,
    /// The last child.
    last: UnitEntryId,
    /// The next child of the parent; behind the last one comes the first.
    next: UnitEntryId,
    attrs: Span,
}

/// A part of the unit's attributes: names are numbers of 16 bits, and no entry has two of one name.
#[derive(Clone, Copy, Default, Debug)]
struct Span {
    start: u32,
    count: u16,
    /// The number for which there is room. Less than there are: they are another entry's too, and never changed.
    room: u16,
}

impl Span {
    fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.count)
    }

    fn is_shared(self) -> bool {
        self.room < self.count
    }
}

/// An entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'u> {
    unit: &'u Unit,
    id: UnitEntryId,
}

/// An entry, while it is made.
#[derive(Debug)]
pub(crate) struct EntryMut<'u> {
    unit: &'u mut Unit,
    id: UnitEntryId,
}

/// The children of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Children<'u> {
    unit: &'u Unit,
    next: UnitEntryId,
    last: UnitEntryId,
}

impl Iterator for Children<'_> {
    type Item = UnitEntryId;

    fn next(&mut self) -> Option<UnitEntryId> {
        let id = self.next;
        if id == NONE {
            return None;
        }
        self.next = match id == self.last {
            true => NONE,
            false => self.unit.node(id).next,
        };
        Some(id)
    }
}

const NONE: UnitEntryId = UnitEntryId(0);
/// The parent of what is not in the tree.
const NO_PARENT: UnitEntryId = UnitEntryId(u32::MAX);

/// One attribute of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute<'u> {
    unit: &'u Unit,
    at: usize,
}

/// The filling of an entry's room.
const NO_NAME: DwAt = DwAt(0);
const NO_VALUE: Stored = Stored::Flag(false);

impl<'u> Attribute<'u> {
    pub fn name(self) -> DwAt {
        self.unit.names[self.at]
    }

    pub fn get(self) -> Read<'u> {
        self.unit.values.read(self.unit.stored[self.at])
    }
}

impl Unit {
    /// A unit with a root, and so many entries that are to come.
    pub fn new(reserved: u32) -> Unit {
        let mut root = Node::new();
        root.tag = dw::DW_TAG_compile_unit;
        let mut nodes = Vec::with_capacity(reserved as usize + 1);
        nodes.push(root);
        Unit {
            nodes,
            names: Vec::new(),
            stored: Vec::new(),
            values: Values::default(),
            reserved: reserved + 1,
            is_indexed: false,
            ranges: RangeListTable::default(),
            locations: LocationListTable::default(),
        }
    }

    pub fn root(&self) -> UnitEntryId {
        UnitEntryId(0)
    }

    /// The number of entries, including those that are not in the tree.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// All entries, by number.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.count() as u32).map(|id| self.get(UnitEntryId(id)))
    }

    /// Returns true if an entry whose number was reserved was added.
    pub fn has(&self, id: UnitEntryId) -> bool {
        let node = self.nodes.get(id.0 as usize);
        node.is_some_and(|node| node.tag != dw::DW_TAG_null)
    }

    /// A number for an entry that is added later, or never.
    pub fn reserve(&mut self) -> UnitEntryId {
        self.reserved += 1;
        UnitEntryId(self.reserved - 1)
    }

    /// Adds an entry whose number was reserved.
    pub fn add_reserved(&mut self, id: UnitEntryId, parent: UnitEntryId, tag: DwTag) {
        if self.nodes.len() < self.reserved as usize {
            self.nodes.resize_with(self.reserved as usize, Node::new);
        }
        self.node_mut(id).tag = tag;
        self.append(id, parent);
    }

    /// Makes an entry that has no parent the last child of one.
    fn append(&mut self, id: UnitEntryId, parent: UnitEntryId) {
        self.node_mut(id).parent = parent;
        let last = std::mem::replace(&mut self.node_mut(parent).last, id);
        let first = match last == NONE {
            true => id,
            false => std::mem::replace(&mut self.node_mut(last).next, id),
        };
        self.node_mut(id).next = first;
    }

    /// Takes an entry from its parent.
    fn remove(&mut self, id: UnitEntryId) {
        let parent = std::mem::replace(&mut self.node_mut(id).parent, NO_PARENT);
        if parent == NO_PARENT {
            return;
        }
        let last = self.node(parent).last;
        let others = self.children(parent).take_while(|child| *child != id);
        // In front of the first child is the last one.
        let before = others.last().unwrap_or(last);
        let next = std::mem::replace(&mut self.node_mut(id).next, NONE);
        if before == id {
            self.node_mut(parent).last = NONE;
            return;
        }
        self.node_mut(before).next = next;
        if last == id {
            self.node_mut(parent).last = before;
        }
    }

    /// Adds an entry.
    pub fn add(&mut self, parent: UnitEntryId, tag: DwTag) -> UnitEntryId {
        let id = self.reserve();
        self.add_reserved(id, parent, tag);
        id
    }

    /// Makes an entry the last child of another one.
    pub fn move_to(&mut self, id: UnitEntryId, parent: UnitEntryId) {
        self.remove(id);
        self.append(id, parent);
    }

    /// The children of an entry, in order.
    pub fn children(&self, id: UnitEntryId) -> Children<'_> {
        let last = self.node(id).last;
        let next = match last == NONE {
            true => NONE,
            false => self.node(last).next,
        };
        Children {
            unit: self,
            next,
            last,
        }
    }

    pub fn get(&self, id: UnitEntryId) -> Entry<'_> {
        Entry { unit: self, id }
    }

    pub fn get_mut(&mut self, id: UnitEntryId) -> EntryMut<'_> {
        EntryMut { unit: self, id }
    }

    fn node(&self, id: UnitEntryId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    fn node_mut(&mut self, id: UnitEntryId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    /// Gives an entry the attributes of another one, which are kept once until one of the two changes.
    pub fn share_attrs(&mut self, from: UnitEntryId, to: UnitEntryId) {
        let attrs = &mut self.node_mut(from).attrs;
        attrs.room = 0;
        self.node_mut(to).attrs = *attrs;
    }

    /// Gives a part of the attributes room for more: where it is the last one in place, else behind the others. A part that grows
    /// often doubles, so that no more is left behind than is used.
    fn grow(&mut self, span: Span, more: u16) -> Span {
        let (start, end) = (span.start as usize, self.names.len());
        let room = span.room.max(span.count).saturating_add(more);
        if !span.is_shared() && start + usize::from(span.room) == end {
            self.resize(start + usize::from(room));
            return Span { room, ..span };
        }
        let room = match span.is_shared() {
            true => room,
            false => room.max(span.count.saturating_mul(2)),
        };
        self.names.extend_from_within(span.range());
        self.stored.extend_from_within(span.range());
        self.resize(end + usize::from(room));
        Span {
            start: end as u32,
            room,
            ..span
        }
    }

    fn resize(&mut self, count: usize) {
        self.names.resize(count, NO_NAME);
        self.stored.resize(count, NO_VALUE);
    }
}

impl Node {
    fn new() -> Node {
        Node {
            tag: dw::DW_TAG_null,
            parent: NO_PARENT,
            last: NONE,
            next: NONE,
            attrs: Span::default(),
        }
    }
}

impl<'u> Entry<'u> {
    fn node(self) -> &'u Node {
        self.unit.node(self.id)
    }

    pub fn tag(self) -> DwTag {
        self.node().tag
    }

    pub fn parent(self) -> Option<UnitEntryId> {
        let parent = self.node().parent;
        (parent != NO_PARENT).then_some(parent)
    }

    pub fn attrs(self) -> impl Iterator<Item = Attribute<'u>> {
        let unit = self.unit;
        self.node()
            .attrs
            .range()
            .map(move |at| Attribute { unit, at })
    }

    pub fn has_children(self) -> bool {
        self.node().last != NONE
    }

    /// An attribute's value.
    pub fn attr(self, name: DwAt) -> Option<Read<'u>> {
        let range = self.node().attrs.range();
        let at = position(&self.unit.names[range.clone()], name)?;
        let stored = self.unit.stored[range.start + at];
        Some(self.unit.values.read(stored))
    }
}

impl EntryMut<'_> {
    fn span(&self) -> Span {
        self.unit.node(self.id).attrs
    }

    fn set_span(&mut self, span: Span) {
        self.unit.node_mut(self.id).attrs = span;
    }

    /// The place of an attribute, which is the entry's alone afterwards.
    fn own(&mut self, name: DwAt) -> Option<usize> {
        let span = self.span();
        let at = position(&self.unit.names[span.range()], name)?;
        if span.is_shared() {
            let own = self.unit.grow(span, 0);
            self.set_span(own);
        }
        Some(self.span().start as usize + at)
    }

    /// Makes room for attributes.
    pub fn reserve(&mut self, count: usize) {
        let span = self.span();
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        if span.count == 0 && span.room < count {
            let span = self.unit.grow(span, count - span.room);
            self.set_span(span);
        }
    }

    /// Sets an attribute, in the place of one of the same name.
    pub fn set(&mut self, name: DwAt, value: AttributeValue) {
        let value = self.unit.values.store(value);
        if let Some(at) = self.own(name) {
            self.unit.stored[at] = value;
            return;
        }
        let mut span = self.span();
        if span.count >= span.room {
            span = self.unit.grow(span, 1);
        }
        let at = span.range().end;
        (self.unit.names[at], self.unit.stored[at]) = (name, value);
        span.count += 1;
        self.set_span(span);
    }

    pub fn delete(&mut self, name: DwAt) {
        if let Some(at) = self.own(name) {
            let mut span = self.span();
            let rest = at..span.range().end;
            self.unit.names[rest.clone()].rotate_left(1);
            self.unit.stored[rest].rotate_left(1);
            span.count -= 1;
            self.set_span(span);
        }
    }
}

fn position(names: &[DwAt], name: DwAt) -> Option<usize> {
    names.iter().position(|it| *it == name)
}

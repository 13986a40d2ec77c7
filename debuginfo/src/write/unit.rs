//! A unit as a tree of entries.

use super::lists::{ListOffset, LocationListTable, RangeListTable};
use super::reference::{DebugInfoRef, UnitEntryId};
use super::{Address, Expression};
use gimli::{DwAt, DwTag, constants as dw};

/// The value of an attribute. A unit has millions: what takes more than 8 bytes is elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AttributeValue {
    Address(Address),
    Block(Box<Bytes>),
    Data1(u8),
    Data2(u16),
    Data4(u32),
    Data8(u64),
    Data16(Box<u128>),
    Sdata(i64),
    Udata(u64),
    /// A number that goes into the abbreviation.
    ImplicitConst(i64),
    Exprloc(Box<Expression>),
    Flag(bool),
    UnitRef(UnitEntryId),
    DebugInfoRef(DebugInfoRef),
    LineProgramRef,
    MacroTableRef,
    LocationListRef(ListOffset),
    RangeListRef(ListOffset),
    /// A string of the input's `.debug_str`, by its place there.
    StringRef(u32),
    /// Any other string.
    String(Box<Bytes>),
    Encoding(gimli::DwAte),
    CallingConvention(gimli::DwCc),
}

/// Bytes behind one word.
pub(crate) type Bytes = Box<[u8]>;

impl AttributeValue {
    pub fn block(bytes: impl Into<Bytes>) -> AttributeValue {
        AttributeValue::Block(Box::new(bytes.into()))
    }

    pub fn string(text: impl Into<Vec<u8>>) -> AttributeValue {
        AttributeValue::String(Box::new(text.into().into_boxed_slice()))
    }

    pub fn exprloc(expression: Expression) -> AttributeValue {
        AttributeValue::Exprloc(Box::new(expression))
    }
}

/// A unit, while it is made. Of large debug info the entries are most of what is in memory: they and their attributes are in two
/// vectors.
#[derive(Debug)]
pub(crate) struct Unit {
    nodes: Vec<Node>,
    /// The attributes of all entries: those of one are together.
    attrs: Vec<Attribute>,
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
    first: UnitEntryId,
    last: UnitEntryId,
    next: UnitEntryId,
    attrs: Span,
}

/// A part of the unit's attributes: names are numbers of 16 bits, and no entry has two of one name.
#[derive(Clone, Copy, Default, Debug)]
struct Span {
    start: u32,
    count: u16,
    /// The number for which there is room.
    room: u16,
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
}

impl Iterator for Children<'_> {
    type Item = UnitEntryId;

    fn next(&mut self) -> Option<UnitEntryId> {
        let id = self.next;
        if id == NONE {
            return None;
        }
        self.next = self.unit.node(id).next;
        Some(id)
    }
}

const NONE: UnitEntryId = UnitEntryId(0);
/// The parent of what is not in the tree.
const NO_PARENT: UnitEntryId = UnitEntryId(u32::MAX);

/// One attribute of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    name: DwAt,
    value: AttributeValue,
}

/// The filling of an entry's room.
const NO_ATTRIBUTE: Attribute = Attribute {
    name: DwAt(0),
    value: AttributeValue::Flag(false),
};

impl Attribute {
    pub fn name(&self) -> DwAt {
        self.name
    }

    pub fn get(&self) -> &AttributeValue {
        &self.value
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
            attrs: Vec::new(),
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
        if last == NONE {
            self.node_mut(parent).first = id;
        } else {
            self.node_mut(last).next = id;
        }
    }

    /// Takes an entry from its parent.
    fn remove(&mut self, id: UnitEntryId) {
        let parent = std::mem::replace(&mut self.node_mut(id).parent, NO_PARENT);
        if parent == NO_PARENT {
            return;
        }
        let next = std::mem::replace(&mut self.node_mut(id).next, NONE);
        let before = self
            .children(parent)
            .take_while(|child| *child != id)
            .last();
        match before {
            Some(before) => self.node_mut(before).next = next,
            None => self.node_mut(parent).first = next,
        }
        if self.node(parent).last == id {
            self.node_mut(parent).last = before.unwrap_or(NONE);
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
        Children {
            unit: self,
            next: self.node(id).first,
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

    /// Gives a part of the attributes room for more: where it is the last one in place, else behind the others. A part that grows
    /// often doubles, so that no more is left behind than is used.
    fn grow(&mut self, span: Span, more: u16) -> Span {
        let (start, end) = (span.start as usize, self.attrs.len());
        let room = span.room.saturating_add(more);
        if start + usize::from(span.room) == end {
            self.attrs.resize(start + usize::from(room), NO_ATTRIBUTE);
            return Span { room, ..span };
        }
        let room = room.max(span.count.saturating_mul(2));
        self.attrs.reserve(usize::from(room));
        for at in start..start + usize::from(span.count) {
            let attr = std::mem::replace(&mut self.attrs[at], NO_ATTRIBUTE);
            self.attrs.push(attr);
        }
        self.attrs.resize(end + usize::from(room), NO_ATTRIBUTE);
        Span {
            start: end as u32,
            room,
            ..span
        }
    }
}

impl Node {
    fn new() -> Node {
        Node {
            tag: dw::DW_TAG_null,
            parent: NO_PARENT,
            first: NONE,
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

    pub fn attrs(self) -> std::slice::Iter<'u, Attribute> {
        let span = self.node().attrs;
        let start = span.start as usize;
        self.unit.attrs[start..start + usize::from(span.count)].iter()
    }

    pub fn has_children(self) -> bool {
        self.node().first != NONE
    }

    /// An attribute's value.
    pub fn attr(self, name: DwAt) -> Option<&'u AttributeValue> {
        let attr = self.attrs().find(|attr| attr.name == name);
        attr.map(|attr| &attr.value)
    }
}

impl EntryMut<'_> {
    fn attrs(&mut self) -> &mut [Attribute] {
        let span = self.unit.node(self.id).attrs;
        let start = span.start as usize;
        &mut self.unit.attrs[start..start + usize::from(span.count)]
    }

    /// Makes room for attributes.
    pub fn reserve(&mut self, count: usize) {
        let span = self.unit.node(self.id).attrs;
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        if span.count == 0 && span.room < count {
            let span = self.unit.grow(span, count - span.room);
            self.unit.node_mut(self.id).attrs = span;
        }
    }

    /// Sets an attribute, in the place of one of the same name.
    pub fn set(&mut self, name: DwAt, value: AttributeValue) {
        if let Some(attr) = self.attrs().iter_mut().find(|attr| attr.name == name) {
            attr.value = value;
            return;
        }
        let mut span = self.unit.node(self.id).attrs;
        if span.count == span.room {
            span = self.unit.grow(span, 1);
        }
        self.unit.attrs[span.start as usize + usize::from(span.count)] = Attribute { name, value };
        span.count += 1;
        self.unit.node_mut(self.id).attrs = span;
    }

    pub fn delete(&mut self, name: DwAt) {
        let attrs = self.attrs();
        if let Some(at) = attrs.iter().position(|attr| attr.name == name) {
            attrs[at..].rotate_left(1);
            attrs[attrs.len() - 1] = NO_ATTRIBUTE;
            self.unit.node_mut(self.id).attrs.count -= 1;
        }
    }
}

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

/// A unit, while it is made.
#[derive(Debug)]
pub(crate) struct Unit {
    entries: Vec<Entry>,
    /// The number of entries with numbers, including those that do not exist yet.
    reserved: u32,
    /// True if it is to be in an index.
    pub is_indexed: bool,
    pub ranges: RangeListTable,
    pub locations: LocationListTable,
}

/// An entry.
#[derive(Debug)]
pub(crate) struct Entry {
    tag: DwTag,
    parent: Option<UnitEntryId>,
    /// The first and the last child, and the next child of the parent. No entry has the root as a child, so that stands for none.
    first: UnitEntryId,
    last: UnitEntryId,
    next: UnitEntryId,
    attrs: Vec<Attribute>,
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
        self.next = self.unit.get(id).next;
        Some(id)
    }
}

const NONE: UnitEntryId = UnitEntryId(0);

/// One attribute of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    name: DwAt,
    value: AttributeValue,
}

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
        let mut root = Entry::new();
        root.tag = dw::DW_TAG_compile_unit;
        let mut entries = Vec::with_capacity(reserved as usize + 1);
        entries.push(root);
        Unit {
            entries,
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
        self.entries.len()
    }

    /// All entries, by number.
    pub fn entries(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// Returns true if an entry whose number was reserved was added.
    pub fn has(&self, id: UnitEntryId) -> bool {
        let entry = self.entries.get(id.0 as usize);
        entry.is_some_and(|entry| entry.tag != dw::DW_TAG_null)
    }

    /// A number for an entry that is added later, or never.
    pub fn reserve(&mut self) -> UnitEntryId {
        self.reserved += 1;
        UnitEntryId(self.reserved - 1)
    }

    /// Adds an entry whose number was reserved.
    pub fn add_reserved(&mut self, id: UnitEntryId, parent: UnitEntryId, tag: DwTag) {
        while self.entries.len() < self.reserved as usize {
            self.entries.push(Entry::new());
        }
        let entry = self.get_mut(id);
        entry.tag = tag;
        self.append(id, parent);
    }

    /// Makes an entry that has no parent the last child of one.
    fn append(&mut self, id: UnitEntryId, parent: UnitEntryId) {
        self.get_mut(id).parent = Some(parent);
        let last = std::mem::replace(&mut self.get_mut(parent).last, id);
        if last == NONE {
            self.get_mut(parent).first = id;
        } else {
            self.get_mut(last).next = id;
        }
    }

    /// Takes an entry from its parent.
    fn remove(&mut self, id: UnitEntryId) {
        let Some(parent) = self.get_mut(id).parent.take() else {
            return;
        };
        let next = std::mem::replace(&mut self.get_mut(id).next, NONE);
        let before = self
            .children(parent)
            .take_while(|child| *child != id)
            .last();
        match before {
            Some(before) => self.get_mut(before).next = next,
            None => self.get_mut(parent).first = next,
        }
        if self.get(parent).last == id {
            self.get_mut(parent).last = before.unwrap_or(NONE);
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
            next: self.get(id).first,
        }
    }

    pub fn get(&self, id: UnitEntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    pub fn get_mut(&mut self, id: UnitEntryId) -> &mut Entry {
        &mut self.entries[id.0 as usize]
    }
}

impl Entry {
    fn new() -> Entry {
        Entry {
            tag: dw::DW_TAG_null,
            parent: None,
            first: NONE,
            last: NONE,
            next: NONE,
            attrs: Vec::new(),
        }
    }

    pub fn tag(&self) -> DwTag {
        self.tag
    }

    pub fn parent(&self) -> Option<UnitEntryId> {
        self.parent
    }

    pub fn attrs(&self) -> std::slice::Iter<'_, Attribute> {
        self.attrs.iter()
    }

    pub fn has_children(&self) -> bool {
        self.first != NONE
    }

    /// An attribute's value.
    pub fn attr(&self, name: DwAt) -> Option<&AttributeValue> {
        let mut attrs = self.attrs.iter();
        attrs.find(|attr| attr.name == name).map(|attr| &attr.value)
    }

    /// Makes room for attributes.
    pub fn reserve(&mut self, count: usize) {
        self.attrs.reserve_exact(count);
    }

    /// Sets an attribute, in the place of one of the same name.
    pub fn set(&mut self, name: DwAt, value: AttributeValue) {
        match self.attrs.iter_mut().find(|attr| attr.name == name) {
            Some(attr) => attr.value = value,
            None => {
                // Most entries have one to three: the usual first step, to room for four, would be more than what is in it.
                if self.attrs.len() == self.attrs.capacity() {
                    self.attrs.reserve_exact(1 + self.attrs.len() / 2);
                }
                self.attrs.push(Attribute { name, value });
            }
        }
    }

    pub fn delete(&mut self, name: DwAt) {
        self.attrs.retain(|attr| attr.name != name);
    }
}

//! A unit as a tree of entries.

use super::lists::{ListOffset, LocationListTable, RangeListTable};
use super::reference::{DebugInfoRef, UnitEntryId};
use super::{Address, Expression};
use gimli::{DwAt, DwTag, constants as dw};

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AttributeValue {
    Address(Address),
    Block(Box<[u8]>),
    Data1(u8),
    Data2(u16),
    Data4(u32),
    Data8(u64),
    Data16(Box<u128>),
    Sdata(i64),
    Udata(u64),
    /// A number that goes into the abbreviation.
    ImplicitConst(i64),
    Exprloc(Expression),
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
    String(Vec<u8>),
    Encoding(gimli::DwAte),
    CallingConvention(gimli::DwCc),
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
    attrs: Vec<Attribute>,
    children: Vec<UnitEntryId>,
}

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
        entry.parent = Some(parent);
        entry.tag = tag;
        self.get_mut(parent).children.push(id);
    }

    /// Adds an entry.
    pub fn add(&mut self, parent: UnitEntryId, tag: DwTag) -> UnitEntryId {
        let id = self.reserve();
        self.add_reserved(id, parent, tag);
        id
    }

    /// Makes an entry the last child of another one.
    pub fn move_to(&mut self, id: UnitEntryId, parent: UnitEntryId) {
        if let Some(old) = self.get_mut(id).parent.replace(parent) {
            self.get_mut(old).children.retain(|child| *child != id);
        }
        self.get_mut(parent).children.push(id);
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
            attrs: Vec::new(),
            children: Vec::new(),
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

    pub fn children(&self) -> std::slice::Iter<'_, UnitEntryId> {
        self.children.iter()
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
            None => self.attrs.push(Attribute { name, value }),
        }
    }

    pub fn delete(&mut self, name: DwAt) {
        self.attrs.retain(|attr| attr.name != name);
    }
}

//! A unit that is read entry by entry: the entries that are kept, their numbers in what is written, and attributes that keep their meaning.

use super::filter::{Kept, is_metadata};
use crate::expr::unlocatable::Unlocatable;
use crate::skip::skip_attributes;
use crate::source::{ReadUnit, Reader, StringRoom, attr_string};
use crate::write::{AttributeValue, DebugInfoRef, Expression, Unit, UnitEntryId};
use gimli::Section as _;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read, DebuggingInformationEntry, EntriesRaw};
use gimli::{DebugInfoOffset, UnitOffset};
use std::ops::Deref;

/// The numbers of entries in what is written, as one unit refers to them.
pub(super) struct EntryIds<'a> {
    /// The unit's own number.
    number: usize,
    kept: &'a Kept,
    /// The number of files in its line table.
    files: u64,
}

/// The entries of a unit that are kept, one after the other.
pub(super) struct Entries<'a, 'd> {
    entries: EntriesRaw<'a, Reader<'d>>,
    kept: &'a Kept,
    number: usize,
    /// The number of kept entries that are still to be read.
    left: u32,
    /// The entries around the next: depth and number.
    around: Vec<(isize, UnitEntryId)>,
}

/// An entry that was read.
pub(super) struct ConvertUnitEntry<'a, R: gimli::Reader<Offset = usize>> {
    pub read_unit: gimli::read::UnitRef<'a, R>,
    pub read_entry: DebuggingInformationEntry<R>,
    /// The parent, if that is not the root.
    pub parent: Option<UnitEntryId>,
}

impl<R: gimli::Reader<Offset = usize>> Deref for ConvertUnitEntry<'_, R> {
    type Target = DebuggingInformationEntry<R>;

    fn deref(&self) -> &Self::Target {
        &self.read_entry
    }
}

/// An entry that is being converted.
pub(super) type Entry<'a, 'd> = ConvertUnitEntry<'a, Reader<'d>>;

impl<'a, 'd> Entries<'a, 'd> {
    /// The entries of a unit by its number, and its root.
    pub fn new(
        read_unit: ReadUnit<'a, 'd>,
        number: usize,
        kept: &'a Kept,
    ) -> gimli::Result<(Self, Entry<'a, 'd>)> {
        let mut entries = Entries {
            entries: read_unit.entries_raw(None)?,
            kept,
            number,
            left: kept.count(number),
            around: Vec::new(),
        };
        let mut root = ConvertUnitEntry {
            read_unit,
            read_entry: DebuggingInformationEntry::null(),
            parent: None,
        };
        if !entries.entries.read_entry(&mut root.read_entry)? {
            return Err(gimli::Error::MissingUnitDie);
        }
        root.read_entry
            .attrs
            .retain(|attr| !is_metadata(attr.name()));
        Ok((entries, root))
    }

    /// Reads the next entry that is kept, and returns its number.
    pub fn read_entry(
        &mut self,
        entry: &mut ConvertUnitEntry<'a, Reader<'d>>,
    ) -> gimli::Result<Option<UnitEntryId>> {
        let id = loop {
            // What is after the last that is kept may be damaged: it was not looked at before either.
            if self.entries.is_empty() || self.left == 0 {
                return Ok(None);
            }
            let offset = self.entries.next_offset();
            if let Some(id) = id(self.kept, self.number, offset.0) {
                self.entries.read_entry(&mut entry.read_entry)?;
                self.left -= 1;
                break id;
            }
            if let Some(abbreviation) = self.entries.read_abbreviation()? {
                skip_attributes(&mut self.entries, abbreviation.attributes())?;
            }
        };
        entry
            .read_entry
            .attrs
            .retain(|attr| !is_metadata(attr.name()));
        let depth = entry.depth();
        while self.around.pop_if(|it| it.0 >= depth).is_some() {}
        entry.parent = self.around.last().map(|it| it.1);
        if entry.has_children() {
            self.around.push((depth, id));
        }
        Ok(Some(id))
    }
}

/// The number of an entry that is kept: the root is the first.
fn id(kept: &Kept, unit: usize, offset: usize) -> Option<UnitEntryId> {
    let index = kept.entries.get(unit)?.index(offset)?;
    Some(UnitEntryId(index + 1))
}

/// A new unit, with numbers for what is kept of the one that is read.
pub(super) fn new_unit(number: usize, kept: &Kept) -> Unit {
    Unit::new(kept.count(number) + kept.pointees(number).len() as u32)
}

/// Adds an entry to a unit, without attributes.
pub(super) fn add_entry(unit: &mut Unit, id: UnitEntryId, entry: &Entry<'_, '_>) {
    let parent = entry.parent.unwrap_or(unit.root());
    unit.add_reserved(id, parent, entry.tag());
    unit.get_mut(id).reserve(entry.attrs().len());
}

impl<'a> EntryIds<'a> {
    /// The numbers as a unit refers to them, whose line table has so many files.
    pub fn new(number: usize, kept: &'a Kept, files: u64) -> EntryIds<'a> {
        EntryIds {
            number,
            kept,
            files,
        }
    }

    /// The number of units.
    pub fn units(&self) -> u32 {
        self.kept.entries.len() as u32
    }

    /// The number of an entry of this unit that is referred to.
    pub fn convert_unit_ref(&self, entry: UnitOffset) -> Result<UnitEntryId, &'static str> {
        id(self.kept, self.number, entry.0).ok_or("it refers to no entry")
    }

    /// The types that pointers of other units are of.
    pub fn foreign_pointees(&self) -> &'a [UnitOffset] {
        self.kept.pointees(self.number)
    }

    /// The number for what such pointers are of instead, where a type's unit is to make it.
    pub fn pointee(&self, ty: DebugInfoOffset) -> Option<DebugInfoRef> {
        let (unit, offset) = self.kept.locate(ty)?;
        let types = self.kept.pointees(unit);
        let index = types.binary_search(&UnitOffset(offset)).ok()?;
        Some(DebugInfoRef {
            unit: unit as u32,
            entry: UnitEntryId(self.kept.count(unit) + 1 + index as u32),
        })
    }

    /// The entry of any unit that is referred to.
    pub fn convert_debug_info_ref(
        &self,
        entry: DebugInfoOffset,
    ) -> Result<DebugInfoRef, &'static str> {
        let found = self.kept.locate(entry).and_then(|(unit, offset)| {
            let entry = id(self.kept, unit, offset)?;
            let unit = unit as u32;
            Some(DebugInfoRef { unit, entry })
        });
        found.ok_or("it refers to no entry")
    }

    /// A file's number: they are as in the input, where 0 is no file before DWARF 5.
    pub fn convert_file_index(
        &self,
        unit: ReadUnit<'_, '_>,
        index: u64,
    ) -> Result<u64, &'static str> {
        let is_none = index == 0 && unit.encoding().version <= 4;
        if is_none || index < self.files {
            Ok(index)
        } else {
            Err("the line table has no such file")
        }
    }

    /// The same value, with references to what is written.
    pub fn convert_attribute_value<'d>(
        &self,
        unit: ReadUnit<'_, 'd>,
        attr: &Attribute<Reader<'d>>,
        copied: &StringRoom,
    ) -> Result<AttributeValue, Unlocatable> {
        if attr.form() == dw::DW_FORM_implicit_const {
            return match attr.raw_value() {
                Read::Sdata(value) => Ok(AttributeValue::ImplicitConst(value)),
                _ => Err("it has no value".into()),
            };
        }
        let string = |offset: gimli::DebugStrOffset| -> Result<_, Unlocatable> {
            if offset.0 < unit.dwarf.debug_str.reader().len() {
                Ok(AttributeValue::StringRef(offset.0 as u32))
            } else {
                Err("its string is not there".into())
            }
        };
        Ok(match attr.value() {
            Read::Block(bytes) => AttributeValue::block(bytes.slice()),
            // Of one width each, as only the type says whether they have a sign.
            Read::Data1(value) => AttributeValue::Data1(value),
            Read::Data2(value) => AttributeValue::Data2(value),
            Read::Data4(value) => AttributeValue::Data4(value),
            Read::Data8(value) => AttributeValue::Data8(value),
            Read::Data16(value) => AttributeValue::Data16(Box::new(value)),
            Read::Sdata(value) => AttributeValue::Sdata(value),
            Read::Exprloc(expression) if expression.0.first() == Some(&dw::DW_OP_constu.0) => {
                AttributeValue::exprloc(Expression::raw(expression.0.slice().into()))
            }
            Read::Flag(value) => AttributeValue::Flag(value),
            Read::UnitRef(offset) => AttributeValue::UnitRef(self.convert_unit_ref(offset)?),
            Read::DebugInfoRef(offset) => {
                AttributeValue::DebugInfoRef(self.convert_debug_info_ref(offset)?)
            }
            Read::DebugLineRef(_) => AttributeValue::LineProgramRef,
            Read::DebugStrRef(offset) => string(offset)?,
            Read::DebugStrOffsetsIndex(index) => string(unit.string_offset(index)?)?,
            Read::DebugLineStrRef(offset) => {
                let string = attr_string(unit, Read::DebugLineStrRef(offset))?.slice();
                let room = copied.take(string);
                room.ok_or("its strings are longer than its unit accounts for")?;
                AttributeValue::string(string)
            }
            Read::String(string) => AttributeValue::string(string.slice()),
            Read::FileIndex(index) => AttributeValue::Udata(self.convert_file_index(unit, index)?),
            Read::DebugTypesRef(_) => {
                return Err("types of their own unit are not there".into());
            }
            Read::Udata(value) => AttributeValue::Udata(value),
            value => {
                let number = constant(&value).ok_or("it is of a kind that is not converted")?;
                AttributeValue::Udata(number)
            }
        })
    }
}

/// The value of one of the standard's constants.
fn constant(value: &Read<Reader<'_>>) -> Option<u64> {
    Some(match value {
        Read::Encoding(value) => value.0.into(),
        Read::DecimalSign(value) => value.0.into(),
        Read::Endianity(value) => value.0.into(),
        Read::Accessibility(value) => value.0.into(),
        Read::Visibility(value) => value.0.into(),
        Read::Virtuality(value) => value.0.into(),
        Read::Language(value) => value.0.into(),
        Read::AddressClass(value) => value.0,
        Read::IdentifierCase(value) => value.0.into(),
        Read::CallingConvention(value) => value.0.into(),
        Read::Inline(value) => value.0.into(),
        Read::Ordering(value) => value.0.into(),
        Read::DwoId(value) => value.0,
        _ => return None,
    })
}

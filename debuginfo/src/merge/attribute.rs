//! Attributes as they are, but for what leads into sections that are not there any more: indices, lists, references.

use super::expression::{self, Origin};
use super::lists;
use super::sources::Source;
use super::unit::{Assembly, Part};
use crate::macros::is_macros;
use crate::source::{ReadUnit, Reader, StringRoom, attr_string};
use crate::write::stream::{Encoded, Entry, Target};
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};
use gimli::{DwAt, DwForm};

/// Returns true for attributes that only a split unit, or only a reader of its sections, needs.
fn is_dropped(name: DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_sibling
            | dw::DW_AT_dwo_name
            | dw::DW_AT_GNU_dwo_name
            | dw::DW_AT_GNU_dwo_id
            | dw::DW_AT_str_offsets_base
            | dw::DW_AT_addr_base
            | dw::DW_AT_GNU_addr_base
            | dw::DW_AT_rnglists_base
            | dw::DW_AT_GNU_ranges_base
            | dw::DW_AT_loclists_base
            | dw::DW_AT_GNU_pubnames
            | dw::DW_AT_GNU_pubtypes
            | dw::DW_AT_GNU_locviews
    )
}

impl<'a> Assembly<'_, 'a> {
    /// Copies an attribute of a part's entry, or warns of it.
    pub(super) fn attribute(
        &mut self,
        entry: &mut Entry,
        part: usize,
        attr: &Attribute<Reader<'a>>,
    ) {
        if is_dropped(attr.name()) {
            return;
        }
        if is_macros(attr.name()) {
            return self.macros(entry, part, attr);
        }
        let encoded = match attr.name() {
            dw::DW_AT_decl_file | dw::DW_AT_call_file => Ok(self.file(part, attr)),
            _ => self.value(part, attr),
        };
        match encoded {
            Ok(Some((form, value))) => {
                entry.attribute(attr.name(), form);
                entry.values.append(value);
            }
            Ok(None) => {}
            Err(error) => {
                let what = format!("{} cannot be read: {error}", attr.name());
                let offset = self.parts[0].unit.header.offset().0;
                self.warnings.add(what, offset);
            }
        }
    }

    /// The number of a file in the unit's line table.
    fn file(&mut self, part: usize, attr: &Attribute<Reader<'a>>) -> Option<(DwForm, Encoded)> {
        let index = attr.udata_value()?;
        if index == 0 && self.parts[part].unit.encoding().version <= 4 {
            return None;
        }
        let number = match self.parts[part].files {
            Some(table) => self.files.translate(self.parts[0].unit, table, index)?,
            None => index,
        };
        let mut value = Encoded::default();
        value.uleb(number);
        Some((dw::DW_FORM_udata, value))
    }

    fn value(
        &mut self,
        part: usize,
        attr: &Attribute<Reader<'a>>,
    ) -> gimli::Result<Option<(DwForm, Encoded)>> {
        let Part { unit, source, .. } = self.parts[part];
        let origin = Origin { unit, part, source };
        let mut value = Encoded::default();
        let form = match attr.value() {
            Read::Addr(_) | Read::DebugAddrIndex(_) => {
                let Some(address) = unit.attr_address(attr.value())? else {
                    return Ok(None);
                };
                value.address(address, unit.encoding().address_size);
                dw::DW_FORM_addr
            }
            Read::Exprloc(bytes) => {
                let copied = expression::copy(bytes, origin)?;
                value.uleb(copied.bytes.len() as u64);
                value.append(copied);
                dw::DW_FORM_exprloc
            }
            Read::LocationListsRef(_) | Read::DebugLocListsIndex(_) => {
                let Some(list) = unit.attr_locations(attr.value())? else {
                    return Ok(None);
                };
                let list = lists::locations(list, origin, &self.parts[part].listed)?;
                value.word(self.merged.out.location_list(list));
                dw::DW_FORM_sec_offset
            }
            Read::RangeListsRef(_) | Read::DebugRngListsIndex(_) => {
                let Some(list) = unit.attr_ranges(attr.value())? else {
                    return Ok(None);
                };
                let list = lists::ranges(list, unit, &self.parts[part].listed)?;
                value.word(self.merged.out.range_list(&list));
                dw::DW_FORM_sec_offset
            }
            Read::UnitRef(_) | Read::DebugInfoRef(_) | Read::DebugTypesRef(_) => {
                return Ok(self.reference(part, attr));
            }
            // A split unit's table has no lines, only files.
            Read::DebugLineRef(offset) if source == 0 => {
                self.line = self.line_table(offset.0);
                if self.line.is_none() {
                    return Ok(None);
                }
                value.reference(Target::LineTable);
                dw::DW_FORM_sec_offset
            }
            _ => {
                let room = &self.parts[part].copied;
                let text = text(&self.sources.list[source], unit, attr, room)?;
                return Ok(text.or_else(|| constant(attr)));
            }
        };
        Ok(Some((form, value)))
    }

    /// A reference to an entry; `None` to a type that is not there.
    fn reference(
        &mut self,
        part: usize,
        attr: &Attribute<Reader<'a>>,
    ) -> Option<(DwForm, Encoded)> {
        let (form, target) = match attr.value() {
            Read::UnitRef(offset) if refers_to_type(attr.name()) => {
                (dw::DW_FORM_ref4, Target::TypeEntry(part, offset.0))
            }
            Read::UnitRef(offset) => (dw::DW_FORM_ref4, Target::Entry(part, offset.0)),
            Read::DebugInfoRef(offset) => {
                let source = self.parts[part].source;
                (dw::DW_FORM_ref_addr, Target::Info(source, offset.0))
            }
            Read::DebugTypesRef(signature) if self.ask(signature.0) => {
                (dw::DW_FORM_ref4, Target::Type(signature.0))
            }
            _ => return None,
        };
        let mut value = Encoded::default();
        value.reference(target);
        Some((form, value))
    }

    /// The name of a type with a signature: declarations in its place need have none.
    pub(super) fn name_declaration(&self, entry: &mut Entry, signature: u64) {
        let Some(found) = self.sources.types.get(&signature) else {
            return;
        };
        let (unit, source) = (self.sources.read(&found.unit), found.unit.source);
        let name = unit
            .entry(found.offset)
            .and_then(|ty| match ty.attr(dw::DW_AT_name) {
                Some(attr) => text(
                    &self.sources.list[source],
                    unit,
                    attr,
                    &self.parts[0].copied,
                ),
                None => Ok(None),
            });
        if let Ok(Some((form, value))) = name {
            entry.attribute(dw::DW_AT_name, form);
            entry.values.append(value);
        }
    }
}

/// A string.
fn text<'a>(
    source: &Source<'a>,
    unit: ReadUnit<'_, 'a>,
    attr: &Attribute<Reader<'a>>,
    room: &StringRoom,
) -> gimli::Result<Option<(DwForm, Encoded)>> {
    let mut value = Encoded::default();
    let offset = match attr.value() {
        Read::DebugStrRef(offset) => offset,
        Read::DebugStrOffsetsIndex(index) => unit.string_offset(index)?,
        Read::DebugLineStrRef(offset) if source.main => {
            value.word(offset.0 as u32);
            return Ok(Some((dw::DW_FORM_line_strp, value)));
        }
        Read::DebugLineStrRef(_) | Read::String(_) => {
            let string = attr_string(unit, attr.value())?.slice();
            if room.take(string).is_none() {
                return Ok(None);
            }
            value.bytes.extend(string);
            value.bytes.push(0);
            return Ok(Some((dw::DW_FORM_string, value)));
        }
        _ => return Ok(None),
    };
    value.word(source.strings.wrapping_add(offset.0) as u32);
    Ok(Some((dw::DW_FORM_strp, value)))
}

/// Returns true if an attribute's reference is to a type: then it may as well be to the type's definition.
fn refers_to_type(name: DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_type | dw::DW_AT_containing_type | dw::DW_AT_import | dw::DW_AT_friend
    )
}

/// A number, a flag or a block; `None` for what leads to sections that are not there any more.
fn constant(attr: &Attribute<Reader<'_>>) -> Option<(DwForm, Encoded)> {
    let mut value = Encoded::default();
    let form = match attr.raw_value() {
        Read::Data1(number) => {
            value.bytes.push(number);
            dw::DW_FORM_data1
        }
        Read::Data2(number) => {
            value.bytes.extend(number.to_le_bytes());
            dw::DW_FORM_data2
        }
        Read::Data4(number) => {
            value.word(number);
            dw::DW_FORM_data4
        }
        Read::Data8(number) => {
            value.bytes.extend(number.to_le_bytes());
            dw::DW_FORM_data8
        }
        Read::Data16(number) => {
            value.bytes.extend(number.to_le_bytes());
            dw::DW_FORM_data16
        }
        Read::Udata(number) => {
            value.uleb(number);
            dw::DW_FORM_udata
        }
        Read::Sdata(number) => {
            value.sleb(number);
            dw::DW_FORM_sdata
        }
        Read::Flag(flag) => {
            value.bytes.push(u8::from(flag));
            dw::DW_FORM_flag
        }
        Read::Block(bytes) => {
            value.block(bytes.slice());
            dw::DW_FORM_block
        }
        _ => return None,
    };
    Some((form, value))
}

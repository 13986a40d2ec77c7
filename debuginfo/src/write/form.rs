//! Abbreviations, and the forms that values have in them.

use super::bytes::set_uleb;
use super::unit::{Attribute, Entry};
use super::value::{Read, Value};
use super::{Unit, sleb, uleb};
use gimli::{DwForm, constants as dw};
use rustc_hash::FxHashMap;

/// Writes a unit's abbreviations (DWARF 5, section 7.5.3), and says which each entry has: the most frequent have the shortest codes.
pub(super) fn abbreviations(unit: &Unit, forms: Forms, out: &mut Vec<u8>) -> Vec<u32> {
    let mut known: FxHashMap<Vec<u8>, u32> = FxHashMap::default();
    let mut counts: Vec<u32> = Vec::new();
    let mut key = Vec::new();
    let mut codes: Vec<u32> = Vec::with_capacity(unit.count());
    for entry in unit.entries() {
        // A number that was reserved for nothing.
        if entry.tag() == dw::DW_TAG_null {
            codes.push(0);
            continue;
        }
        abbreviation(unit, entry, forms, &mut key);
        let index = match known.get(&key) {
            Some(index) => *index,
            None => {
                counts.push(0);
                let index = counts.len() as u32;
                known.insert(key.clone(), index);
                index
            }
        };
        counts[index as usize - 1] += 1;
        codes.push(index);
    }
    let mut order: Vec<_> = known.into_iter().collect();
    order.sort_unstable_by_key(|(_, index)| {
        (std::cmp::Reverse(counts[*index as usize - 1]), *index)
    });
    let mut renumbered = vec![0; order.len() + 1];
    for (code, (key, index)) in (1..).zip(&order) {
        renumbered[*index as usize] = code;
        uleb(out, code.into());
        out.extend(key);
        out.extend([0, 0]);
    }
    out.push(0);
    for code in &mut codes {
        *code = renumbered[*code as usize];
    }
    codes
}

/// An entry's abbreviation, but for its code.
fn abbreviation(unit: &Unit, entry: Entry<'_>, forms: Forms, out: &mut Vec<u8>) {
    out.clear();
    uleb(out, entry.tag().0.into());
    out.push(u8::from(entry.has_children()));
    for attr in entry.attrs() {
        if !leads_somewhere(unit, &attr.get()) {
            continue;
        }
        uleb(out, attr.name().0.into());
        if let Some(value) = forms.implicit(attr) {
            uleb(out, dw::DW_FORM_implicit_const.0.into());
            sleb(out, value);
        } else {
            uleb(out, form(&attr.get(), forms.references).0.into());
        }
    }
}

/// Returns true if an attribute can be written: a reference to an entry that was never made cannot.
pub(super) fn leads_somewhere(unit: &Unit, value: &Read<'_>) -> bool {
    match value {
        Value::UnitRef(id) => unit.has(*id),
        _ => true,
    }
}

/// The properties that a unit's attributes share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forms {
    pub references: ReferenceForm,
    /// The file that most of its declarations are in.
    file: u64,
}

impl Forms {
    pub fn of(unit: &Unit) -> Forms {
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for attr in unit.entries().flat_map(Entry::attrs) {
            if let (dw::DW_AT_decl_file, Value::Udata(file)) = (attr.name(), &attr.get()) {
                *counts.entry(*file).or_default() += 1;
            }
        }
        let most = counts
            .into_iter()
            .max_by_key(|(file, count)| (*count, *file));
        Forms {
            references: ReferenceForm::of(unit),
            file: most.map_or(0, |(file, _)| file),
        }
    }

    /// A number that is in the abbreviation.
    pub fn implicit(self, attr: Attribute<'_>) -> Option<i64> {
        match (attr.name(), &attr.get()) {
            (_, Value::ImplicitConst(value)) => Some(*value),
            (dw::DW_AT_decl_file, Value::Udata(file)) if *file == self.file => {
                i64::try_from(*file).ok()
            }
            // A few small numbers, which nearly all of Rust's types and members have.
            (
                dw::DW_AT_alignment | dw::DW_AT_accessibility | dw::DW_AT_address_class,
                Value::Udata(value @ ..=64),
            ) => Some(*value as i64),
            // Of pointers: those of other types are read as they are.
            (dw::DW_AT_byte_size, Value::Data1(size)) => Some(i64::from(*size)),
            _ => None,
        }
    }
}

/// The form of a unit's references to its own entries: a third of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReferenceForm {
    Two,
    /// LEB128 that is padded, so that it can be filled in later.
    Three,
    Four,
}

impl ReferenceForm {
    /// The shortest that reaches every entry.
    pub fn of(unit: &Unit) -> ReferenceForm {
        // An entry's code, and the end of its children.
        const ENTRY: usize = 4;
        let sizes = unit.entries().map(|entry| {
            let values = entry.attrs().map(|attr| size_at_most(&attr.get()));
            ENTRY + values.sum::<usize>()
        });
        match 4 * ENTRY + sizes.sum::<usize>() {
            ..0x1_0000 => ReferenceForm::Two,
            ..0x20_0000 => ReferenceForm::Three,
            _ => ReferenceForm::Four,
        }
    }

    fn form(self) -> DwForm {
        match self {
            ReferenceForm::Two => dw::DW_FORM_ref2,
            ReferenceForm::Three => dw::DW_FORM_ref_udata,
            ReferenceForm::Four => dw::DW_FORM_ref4,
        }
    }

    pub fn size(self) -> usize {
        match self {
            ReferenceForm::Two => 2,
            ReferenceForm::Three => 3,
            ReferenceForm::Four => 4,
        }
    }

    pub fn write(self, place: &mut [u8], offset: u32) {
        let place = &mut place[..self.size()];
        match self {
            ReferenceForm::Three => set_uleb(place, offset),
            ReferenceForm::Two | ReferenceForm::Four => {
                place.copy_from_slice(&offset.to_le_bytes()[..place.len()]);
            }
        }
    }
}

/// The most bytes that a value takes.
fn size_at_most(value: &Read<'_>) -> usize {
    /// A number in LEB128.
    const LEB: usize = 10;
    match value {
        Value::Flag(_) | Value::ImplicitConst(_) | Value::Data1(_) => 1,
        Value::Data2(_) => 2,
        Value::Udata(value) => 1 + value.checked_ilog2().unwrap_or(0) as usize / 7,
        Value::Address(_) | Value::Data8(_) => 8,
        Value::Data16(_) => 16,
        Value::Sdata(_) | Value::Encoding(_) | Value::CallingConvention(_) => LEB,
        Value::Block(bytes) => LEB + bytes.len(),
        Value::Exprloc(expression) => LEB + expression.bytes().len(),
        Value::String(string) => 1 + string.len(),
        Value::Data4(_)
        | Value::UnitRef(_)
        | Value::DebugInfoRef(_)
        | Value::LineProgramRef
        | Value::MacroTableRef
        | Value::LocationListRef(_)
        | Value::RangeListRef(_)
        | Value::StringRef(_) => 4,
    }
}

/// The form of an attribute (DWARF 5, section 7.5.6).
fn form(value: &Read<'_>, references: ReferenceForm) -> DwForm {
    match value {
        Value::Address(_) => dw::DW_FORM_addr,
        Value::Block(_) => dw::DW_FORM_block,
        Value::Data1(_) => dw::DW_FORM_data1,
        Value::Data2(_) => dw::DW_FORM_data2,
        Value::Data4(_) => dw::DW_FORM_data4,
        Value::Data8(_) => dw::DW_FORM_data8,
        Value::Data16(_) => dw::DW_FORM_data16,
        Value::Sdata(_) => dw::DW_FORM_sdata,
        Value::Udata(_) | Value::Encoding(_) | Value::CallingConvention(_) => dw::DW_FORM_udata,
        Value::ImplicitConst(_) => dw::DW_FORM_implicit_const,
        Value::Exprloc(_) => dw::DW_FORM_exprloc,
        Value::Flag(true) => dw::DW_FORM_flag_present,
        Value::Flag(false) => dw::DW_FORM_flag,
        Value::UnitRef(_) => references.form(),
        Value::DebugInfoRef(_) => dw::DW_FORM_ref_addr,
        Value::LineProgramRef
        | Value::MacroTableRef
        | Value::LocationListRef(_)
        | Value::RangeListRef(_) => dw::DW_FORM_sec_offset,
        Value::StringRef(_) => dw::DW_FORM_strp,
        Value::String(_) => dw::DW_FORM_string,
    }
}

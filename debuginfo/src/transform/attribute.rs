//! Attributes by class: code, [locations](super::location), references that must be the debugger's own, and all others as they are.

use super::availability::Fragment;
use super::callable::type_in_memory;
use super::code_range::{code_point, return_point};
use super::context::Context;
use super::convert::Entry;
use super::expression::Expressions;
use super::location::{Located, Place, frame_base, locate};
use super::macros::macros;
use super::output::Output;
use super::pointers::{PointerModel, native_value};
use super::scopes::Scopes;
use super::variant::{VARIANTS, mistakes_variants};
use crate::code::Flavor;
use crate::demangle::{host_name, host_name_for_gdb};
use crate::dies::{LINKAGE_NAMES, is_main};
use crate::expr::decode::member_offset;
use crate::expr::emit::Purpose;
use crate::expr::unlocatable::Unlocatable;
use crate::outline::object::TYPE_PREFIX;
use crate::source::{Reader, attr_string};
use crate::write::{AttributeValue, Expression, UnitEntryId};
use gimli::DwAt;
use gimli::constants as dw;
use gimli::read::{Attribute, AttributeValue as Read};

type Value = Result<Option<AttributeValue>, Unlocatable>;

/// The name in DWARF 5 of an attribute that producers of DWARF 2 and 3 had to invent.
fn standard_name(name: DwAt) -> DwAt {
    match name {
        dw::DW_AT_MIPS_linkage_name => dw::DW_AT_linkage_name,
        dw::DW_AT_macro_info | dw::DW_AT_GNU_macros => dw::DW_AT_macros,
        name => name,
    }
}

/// Returns true if an entry may be another name of a type of objects.
fn is_number_of_type(cx: &Context<'_, '_, '_>, entry: &Entry<'_, '_>) -> bool {
    cx.is_outline && entry.tag() == dw::DW_TAG_typedef
}

/// The conversion of an entry's attributes.
pub(super) struct Attributes<'s, 'u, 'a, 'd> {
    pub cx: &'s Context<'u, 'a, 'd>,
    pub scopes: &'s Scopes,
    pub out: &'s mut Output,
    pub model: &'s mut dyn PointerModel<'a, 'd>,
    pub id: UnitEntryId,
    pub entry: &'s Entry<'a, 'd>,
    /// Members that have a location where the variable has none.
    pub fragments: Vec<Fragment<'a, 'd>>,
}

impl<'a, 'd> Attributes<'_, '_, 'a, 'd> {
    /// Converts one attribute, or warns of it.
    pub fn convert(&mut self, attr: &Attribute<Reader<'d>>) {
        let value = match attr.name() {
            // Code is said by `code_ranges`.
            dw::DW_AT_low_pc | dw::DW_AT_high_pc | dw::DW_AT_ranges => return,
            // About sections that are not written.
            dw::DW_AT_GNU_locviews | dw::DW_AT_GNU_pubnames | dw::DW_AT_GNU_pubtypes => return,
            // Debuggers would show that of `main` in place of the source's name.
            name if LINKAGE_NAMES.contains(&name) => {
                if is_main(self.entry.read_unit, self.entry) {
                    return;
                }
                self.linkage_name(attr)
            }
            dw::DW_AT_macros | dw::DW_AT_macro_info | dw::DW_AT_GNU_macros => {
                macros(self.cx, self.out, attr)
            }
            dw::DW_AT_entry_pc | dw::DW_AT_call_pc => code_point(self.cx, attr),
            dw::DW_AT_call_return_pc => return_point(self.cx, self.scopes, attr),
            dw::DW_AT_type => self.ty(attr),
            dw::DW_AT_name if is_number_of_type(self.cx, self.entry) => self.number_of_type(attr),
            dw::DW_AT_const_value => self.const_value(attr),
            _ => self.place(attr),
        };
        match value {
            Ok(Some(value)) => {
                let name = standard_name(attr.name());
                self.out.unit.get_mut(self.id).set(name, value);
            }
            Ok(None) => {}
            Err(reason) => self.warn_of_loss(attr, &reason),
        }
    }

    /// A location, something else that an expression computes, or a value as it is.
    fn place(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        match attr.name() {
            dw::DW_AT_frame_base => {
                let located = frame_base(self.cx, self.scopes, self.entry, attr);
                self.located(located, attr)
            }
            dw::DW_AT_location => match self.location(attr) {
                // An empty location says that there is none: without any, gdb looks for a symbol of what is external.
                Err(Unlocatable::DroppedData) => {
                    Ok(Some(AttributeValue::exprloc(Expression::new())))
                }
                location => location,
            },
            dw::DW_AT_call_value
            | dw::DW_AT_call_data_value
            | dw::DW_AT_GNU_call_site_value
            | dw::DW_AT_GNU_call_site_data_value => self.computed(attr, Purpose::Value),
            dw::DW_AT_call_target
            | dw::DW_AT_call_target_clobbered
            | dw::DW_AT_GNU_call_site_target
            | dw::DW_AT_GNU_call_site_target_clobbered => {
                Err("a called function is an index of a table".into())
            }
            // gdb has bit fields only where the place is a number.
            dw::DW_AT_data_member_location => {
                let is_computed = matches!(attr.value(), Read::Exprloc(_));
                match member_offset(attr.value(), self.entry.read_unit).filter(|_| is_computed) {
                    Some(offset) => Ok(Some(AttributeValue::Udata(offset))),
                    None => self.computed(attr, Purpose::Member),
                }
            }
            // The place in a virtual table, which debuggers know by its operation.
            dw::DW_AT_vtable_elem_location => self.cx.attribute_value(attr).map(Some),
            _ => self.other(attr),
        }
    }

    fn location(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        if matches!(
            self.entry.tag(),
            dw::DW_TAG_call_site_parameter | dw::DW_TAG_GNU_call_site_parameter
        ) {
            // gdb looks up by it what a callee's register, or place in its frame, was at entry. A wasm local is neither: entry values
            // are read from what the callee keeps of itself, and so nothing is lost. No compiler has been seen to write these
            // for wasm.
            return Ok(None);
        }
        let purpose = self.model.purpose(self.cx, self.scopes, self.entry);
        let located = locate(self.cx, self.scopes, self.entry, purpose, attr);
        self.located(located, attr)
    }

    /// Writes a location, and warns of the parts that have no native form.
    fn located(&mut self, located: Located<'a, 'd>, attr: &Attribute<Reader<'d>>) -> Value {
        for reason in located.lost {
            let what = format!("a part of a location list cannot be shown: {reason}");
            self.out.warnings.lost(what, self.cx.offset(self.entry));
        }
        self.fragments.extend(located.fragments);
        match located.place? {
            Place::Nowhere => Ok(None),
            Place::Everywhere(expression) => Ok(Some(AttributeValue::exprloc(expression))),
            Place::List(list) => Ok(self.out.location_list(list)),
            Place::Other => self.other(attr),
        }
    }

    fn ty(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        let (cx, entry) = (self.cx, self.entry);
        if cx.returns_in_memory(entry) {
            return type_in_memory(cx, self.out, self.id, entry, attr);
        }
        if self.model.purpose(cx, self.scopes, entry) != Purpose::Location {
            return self.model.variable_type(cx, self.out, entry).map(Some);
        }
        match self.model.target(cx, self.out, entry)? {
            Some(target) => Ok(Some(target)),
            None => self.other(attr),
        }
    }

    /// The name of a type by its index, made one by the number that objects have.
    fn number_of_type(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        let name = attr_string(self.entry.read_unit, attr.value());
        let name = name.map_err(|_| "it is no string")?;
        let name = String::from_utf8_lossy(name.slice());
        let index = name.strip_prefix(TYPE_PREFIX);
        let index = index.and_then(|index| index.parse::<usize>().ok());
        let heap = self.cx.code().heap.as_ref();
        match index.zip(heap) {
            Some((index, heap)) => {
                let number = heap.types.get(index);
                let number = number.ok_or("a type that the module does not have")?;
                let name = format!("{TYPE_PREFIX}{number}");
                Ok(Some(AttributeValue::string(name)))
            }
            None => self.other(attr),
        }
    }

    fn const_value(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        if mistakes_variants(self.cx, self.entry) {
            return Err(VARIANTS.into());
        }
        match self.model.purpose(self.cx, self.scopes, self.entry) {
            Purpose::Location => self.other(attr),
            purpose => native_value(self.cx, attr, purpose).map(Some),
        }
    }

    /// Converts an expression for a purpose, or a value as it is.
    fn computed(&mut self, attr: &Attribute<Reader<'d>>, purpose: Purpose) -> Value {
        match attr.value() {
            Read::Exprloc(expression) => Expressions {
                cx: self.cx,
                function: self.scopes.function(),
            }
            .expression(expression, purpose)
            .map(|it| Some(AttributeValue::exprloc(it))),
            _ => self.other(attr),
        }
    }

    /// A linkage name, or the host's for what is declared in `main`.
    fn linkage_name(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        let text = attr_string(self.entry.read_unit, attr.value()).ok();
        let host_name = match self.cx.flavor() {
            Flavor::Gdb => host_name_for_gdb,
            Flavor::Lldb => host_name,
        };
        let name = text.and_then(|text| host_name(&text.to_string_lossy()));
        match name.filter(|name| self.out.has_room(name)) {
            Some(name) => Ok(Some(AttributeValue::string(name))),
            None => self.other(attr),
        }
    }

    fn other(&mut self, attr: &Attribute<Reader<'d>>) -> Value {
        if let Read::Exprloc(_) = attr.value() {
            return self.computed(attr, Purpose::Location);
        }
        self.cx.attribute_value(attr).map(Some)
    }

    fn warn_of_loss(&mut self, attr: &Attribute<Reader<'d>>, reason: &Unlocatable) {
        // What is of code or data that was dropped has no place, and that is no loss.
        let function = self.scopes.function();
        if function.is_some_and(|it| it.index.is_none()) || *reason == Unlocatable::DroppedData {
            return;
        }
        let (name, tag) = (attr.name(), self.entry.tag());
        let what = format!("{name} of {tag} cannot be shown: {reason}");
        self.out.warnings.lost(what, self.cx.offset(self.entry));
    }
}

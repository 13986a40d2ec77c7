//! Static variables: their symbols, and those that are nowhere.

use super::Object;
use super::convert::ConvertUnitEntry;
use super::pointer::MAX_NAME;
use super::reference::There;
use super::unit::UnitTransform;
use crate::address::{AddressSize, HostAddress};
use crate::code::Flavor;
use crate::dies::Die;
use crate::expr::decode::{Op, decode};
use crate::source::Reader;
use crate::write::{AttributeValue, Expression, UnitEntryId};
use gimli::constants as dw;
use gimli::read::AttributeValue as Read;

impl<'a, 'd> UnitTransform<'_, 'a, 'd> {
    /// A static variable gets a symbol: lldb's expressions find members of classes by it.
    pub(super) fn name_object(&mut self, entry: &ConvertUnitEntry<'a, Reader<'d>>) {
        let unit = self.unit.read_unit;
        let Some(Read::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else {
            return;
        };
        let ops = decode(expression, unit).unwrap_or_default();
        let [Op::Address(address)] = ops[..] else {
            return;
        };
        let address = AddressSize::of(unit.encoding()).data(address);
        let (Some(memory), Some(address)) = (self.lookup.code.memories.first(), address) else {
            return;
        };
        // A static member is declared in its class, which has the name.
        let declared = entry.attr_value(dw::DW_AT_specification);
        let declared = declared.and_then(|declared| self.there(unit, declared));
        let own = self.name_of(&self.here(entry));
        let own = own.map(|name| self.in_function(entry, name));
        let name = own.or_else(|| self.name_of(declared.as_ref()?));
        let size = self.byte_size(unit, entry);
        let size = size.or_else(|| {
            let declared = declared.as_ref()?;
            self.byte_size(declared.unit, &declared.entry)
        });
        let is_external = |entry: &Die<'d>| entry.attr(dw::DW_AT_external).is_some();
        self.objects.extend(name.map(|name| Object {
            name,
            address: HostAddress(memory.0.wrapping_add(address)),
            size: size.unwrap_or(0),
            is_external: is_external(entry) || declared.is_some_and(|it| is_external(&it.entry)),
        }));
    }

    /// Says of a variable outside functions that it is nowhere, where an optimiser left its place out: without a location, gdb looks for a
    /// symbol of what is external.
    pub(super) fn place_dropped(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'a, Reader<'d>>,
    ) {
        let places = [
            dw::DW_AT_location,
            dw::DW_AT_const_value,
            dw::DW_AT_declaration,
        ];
        let has_place = places.iter().any(|name| entry.attr(*name).is_some());
        if self.function().is_none() && !has_place {
            let nowhere = AttributeValue::Exprloc(Expression::new());
            self.unit.unit.get_mut(id).set(dw::DW_AT_location, nowhere);
        }
    }

    /// Returns the name that compilers for the host give to the symbol of a function's static variable. gdb takes what has a symbol
    /// of its name alone for a variable that is seen everywhere, and `function::name` for a syntax error: its lexer drops `::` before
    /// such a name (`classify_inner_name` in its c-exp.y).
    fn in_function(&self, entry: &Die<'d>, name: String) -> String {
        let linkage_names = [dw::DW_AT_linkage_name, dw::DW_AT_MIPS_linkage_name];
        let has_linkage_name = linkage_names.iter().any(|it| entry.attr(*it).is_some());
        if self.lookup.code.flavor != Flavor::Gdb || has_linkage_name {
            return name;
        }
        let function = self.function_around().filter(|it| it.len() <= MAX_NAME);
        match function {
            Some(function) if self.pointees.tags => format!("{function}.{name}"),
            // Itanium C++ ABI, section 5.1.6 (a local name).
            Some(function) => {
                let length = function.len();
                let encoding = match function.strip_prefix("_Z") {
                    Some(encoding) => encoding.to_owned(),
                    None => format!("{length}{function}"),
                };
                format!("_ZZ{encoding}E{}{name}", name.len())
            }
            None => name,
        }
    }

    /// The linkage name, or the name, of the function around the entry.
    fn function_around(&self) -> Option<String> {
        let unit = self.unit.read_unit;
        let entries = self.scopes().filter_map(|scope| unit.entry(scope).ok());
        let entry = entries
            .into_iter()
            .find(|entry| entry.tag() == dw::DW_TAG_subprogram)?;
        let mut there = There { unit, entry };
        // A concrete instance of a definition of a declaration.
        for _ in 0..3 {
            if let Some(name) = self.name_of(&there) {
                return Some(name);
            }
            let completes = [dw::DW_AT_abstract_origin, dw::DW_AT_specification];
            let mut completes = completes.iter();
            let other = completes.find_map(|name| there.entry.attr_value(*name))?;
            there = self.there(there.unit, other)?;
        }
        None
    }
}

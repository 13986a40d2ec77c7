//! An outline as DWARF 5 of WebAssembly: units of functions, locals and globals where DW_OP_WASM_location says, base types.

use super::object::{MOST_OBJECTS, ObjectType, Type};
use super::{Function, Outline, Variable, line, scope};
use crate::code::ValueType;
use crate::demangle::demangle;
use crate::source::WasmDwarf;
use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue, Dwarf, EndianVec, Expression, Sections, Unit, UnitEntryId, Writer,
};
use gimli::{DwAte, Encoding, Format, LittleEndian, SectionId};
use std::collections::HashMap;
use std::ops::Range;

/// The encoding that is written.
const ENCODING: Encoding = Encoding {
    address_size: 4,
    format: Format::Dwarf32,
    version: 5,
};

/// Rows of a unit: debuggers read units as they need them, and all of a unit.
const UNIT_ROWS: usize = 10_000;

/// A shape of a v128's lanes (WebAssembly 3.0, section 2.4.4).
struct Shape {
    name: &'static str,
    lane: &'static str,
    encoding: DwAte,
    count: u8,
}

const fn shape(name: &'static str, lane: &'static str, encoding: DwAte, count: u8) -> Shape {
    Shape {
        name,
        lane,
        encoding,
        count,
    }
}

/// All shapes, the likeliest first: reports show the beginning.
const SHAPES: [Shape; 6] = [
    shape("i32x4", "i32", dw::DW_ATE_signed, 4),
    shape("f32x4", "f32", dw::DW_ATE_float, 4),
    shape("i16x8", "i16", dw::DW_ATE_signed, 8),
    shape("i8x16", "i8", dw::DW_ATE_signed, 16),
    shape("i64x2", "i64", dw::DW_ATE_signed, 2),
    shape("f64x2", "f64", dw::DW_ATE_float, 2),
];

/// The debug sections of a module with an outline: those that it has, and a few units after them.
///
/// # Errors
/// Where what there is and the outline are too large for 32 bits.
pub fn sections(
    outline: &Outline,
    module: &WasmDwarf<'_>,
) -> gimli::write::Result<Vec<(String, Vec<u8>)>> {
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    sections.for_each_mut(|id, out| out.write(module.section(id)))?;
    for (number, functions) in units(outline).into_iter().enumerate() {
        let functions = &outline.functions[functions];
        let (program, name) = line::program(outline, functions, ENCODING);
        let mut unit = Unit::new(ENCODING, program);
        let globals = if number == 0 {
            &outline.globals[..]
        } else {
            &[]
        };
        let mut writer = UnitWriter::new(&mut unit, &outline.objects);
        if number > 0 {
            writer.most_objects = MOST_OBJECTS;
        }
        writer.write(outline, &name, functions, globals);
        // What a reference is to may have any type. The other units have those that they name.
        if number == 0 {
            writer.all_objects();
        }
        writer.finish_objects();
        // One after the other: a unit takes many times the memory of its bytes.
        let mut dwarf = Dwarf::new();
        dwarf.units.add(unit);
        dwarf.write(&mut sections)?;
    }
    let mut written = Vec::new();
    sections.for_each_mut(|id: SectionId, out| {
        if !out.slice().is_empty() {
            written.push((id.name().to_owned(), out.take()));
        }
        Ok::<_, gimli::write::Error>(())
    })?;
    let others = module.sections().filter(|(name, _)| {
        let rewritten = written.iter().any(|(written, _)| written == name);
        !rewritten
    });
    let others: Vec<_> = others
        .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
        .collect();
    written.extend(others);
    Ok(written)
}

/// Runs of functions that lie one after another, and are not too many.
fn units(outline: &Outline) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = Vec::new();
    let mut rows = 0;
    for (i, function) in outline.functions.iter().enumerate() {
        let to = |pc| outline.rows.partition_point(|row| row.pc < pc);
        let count = to(function.body.end) - to(function.body.start);
        let before = i.checked_sub(1).map(|before| &outline.functions[before]);
        let near = before.is_some_and(|before| before.index + 1 == function.index);
        rows += count;
        match units.last_mut() {
            Some(unit) if near && rows <= UNIT_ROWS => unit.end = i + 1,
            _ => {
                units.push(i..i + 1);
                rows = count;
            }
        }
    }
    units
}

pub(super) struct UnitWriter<'u> {
    pub(super) unit: &'u mut Unit,
    types: HashMap<&'static str, UnitEntryId>,
    namespaces: HashMap<String, UnitEntryId>,
    /// The module's, by index.
    pub(super) objects: &'u [ObjectType],
    /// Those of them that have no contents yet.
    pub(super) unfinished: Vec<(UnitEntryId, &'u ObjectType)>,
    /// The most of them that the unit may have.
    pub(super) most_objects: usize,
    /// The types of objects and of references to them, by index.
    pub(super) made_objects: HashMap<u32, (UnitEntryId, UnitEntryId)>,
    /// The types of other references, by name and size.
    pub(super) words: HashMap<(&'static str, u8), UnitEntryId>,
}

impl<'u> UnitWriter<'u> {
    fn new(unit: &'u mut Unit, objects: &'u [ObjectType]) -> UnitWriter<'u> {
        UnitWriter {
            unit,
            types: HashMap::new(),
            namespaces: HashMap::new(),
            objects,
            unfinished: Vec::new(),
            most_objects: usize::MAX,
            made_objects: HashMap::new(),
            words: HashMap::new(),
        }
    }

    fn write(
        &mut self,
        outline: &Outline,
        name: &str,
        functions: &[Function],
        globals: &[Variable],
    ) {
        let root = self.unit.root();
        self.text(root, dw::DW_AT_producer, outline.kind.producer());
        // There is no language for this. Expressions are C's, and C++ has scopes.
        let scoped = functions
            .iter()
            .any(|it| scope::parse(&demangle(&it.shown_name())).is_some());
        let language = match scoped {
            true => dw::DW_LANG_C_plus_plus_14,
            false => dw::DW_LANG_C11,
        };
        let language = AttributeValue::Language(language);
        self.unit.get_mut(root).set(dw::DW_AT_language, language);
        self.text(root, dw::DW_AT_name, name);
        self.text(root, dw::DW_AT_comp_dir, &outline.directory);
        if let (Some(first), Some(last)) = (functions.first(), functions.last()) {
            self.code(root, first.body.start.0..last.body.end.0);
        }
        for global in globals {
            let mut location = Expression::new();
            location.op_wasm_global(global.index);
            let id = self.variable(root, dw::DW_TAG_variable, global, location);
            let external = AttributeValue::FlagPresent;
            id.map(|id| self.unit.get_mut(id).set(dw::DW_AT_external, external));
        }
        for function in functions {
            self.function(function);
        }
    }

    fn function(&mut self, function: &Function) {
        let name = function.shown_name();
        let full = demangle(&name);
        let id = match scope::parse(&full) {
            Some(scoped) => {
                let parent = self.namespace(&scoped.scopes);
                let id = self.unit.add(parent, dw::DW_TAG_subprogram);
                self.text(id, dw::DW_AT_name, scoped.name);
                self.text(id, dw::DW_AT_linkage_name, &name);
                id
            }
            None => {
                let id = self.unit.add(self.unit.root(), dw::DW_TAG_subprogram);
                self.text(id, dw::DW_AT_name, &full);
                id
            }
        };
        self.code(id, function.body.start.0..function.body.end.0);
        let ty = function.result.and_then(|ty| self.result_type(ty));
        let entry = self.unit.get_mut(id);
        entry.set(dw::DW_AT_external, AttributeValue::FlagPresent);
        entry.set(dw::DW_AT_prototyped, AttributeValue::FlagPresent);
        if let Some(ty) = ty {
            entry.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
        }
        for (i, local) in function.locals.iter().enumerate() {
            let tag = if i < function.params {
                dw::DW_TAG_formal_parameter
            } else {
                dw::DW_TAG_variable
            };
            let mut location = Expression::new();
            location.op_wasm_local(local.index);
            if let Some(id) = self.variable(id, tag, local, location) {
                // No line: it has a value from the function's first instruction on.
                let line = AttributeValue::Udata(0);
                self.unit.get_mut(id).set(dw::DW_AT_decl_line, line);
            }
        }
    }

    /// The namespace of some scopes; classes are not known from namespaces.
    fn namespace(&mut self, scopes: &[&str]) -> UnitEntryId {
        let Some((name, outer)) = scopes.split_last() else {
            return self.unit.root();
        };
        let path = scopes.join("::");
        if let Some(id) = self.namespaces.get(&path) {
            return *id;
        }
        let parent = self.namespace(outer);
        let id = self.unit.add(parent, dw::DW_TAG_namespace);
        self.text(id, dw::DW_AT_name, name);
        self.namespaces.insert(path, id);
        id
    }

    /// A variable that is one of wasm's.
    fn variable(
        &mut self,
        parent: UnitEntryId,
        tag: gimli::DwTag,
        variable: &Variable,
        mut location: Expression,
    ) -> Option<UnitEntryId> {
        let ty = self.variable_type(variable.ty)?;
        location.op(dw::DW_OP_stack_value);
        let id = self.unit.add(parent, tag);
        self.text(id, dw::DW_AT_name, &variable.name);
        let entry = self.unit.get_mut(id);
        entry.set(dw::DW_AT_location, AttributeValue::Exprloc(location));
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
        Some(id)
    }

    /// The type of a function's result: a vector as four numbers, which debuggers look for in its register, unlike a union.
    fn result_type(&mut self, ty: Type) -> Option<UnitEntryId> {
        match ty {
            Type::Value(ValueType::V128) => Some(self.vector(&SHAPES[0])),
            ty => self.variable_type(ty),
        }
    }

    fn variable_type(&mut self, ty: Type) -> Option<UnitEntryId> {
        match ty {
            Type::Value(ty) => self.ty(ty),
            ty => self.reference(ty, false),
        }
    }

    /// A v128 in all shapes of its lanes, as gdb shows a vector register. Which one counts is not known: the instructions say it.
    fn vector_union(&mut self) -> UnitEntryId {
        const NAME: &str = "v128";
        if let Some(id) = self.types.get(NAME) {
            return *id;
        }
        let id = self.unit.add(self.unit.root(), dw::DW_TAG_union_type);
        self.text(id, dw::DW_AT_name, NAME);
        let size = AttributeValue::Data1(16);
        self.unit.get_mut(id).set(dw::DW_AT_byte_size, size);
        for shape in &SHAPES {
            let ty = self.vector(shape);
            let member = self.unit.add(id, dw::DW_TAG_member);
            self.text(member, dw::DW_AT_name, shape.name);
            let entry = self.unit.get_mut(member);
            entry.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
            let start = AttributeValue::Data1(0);
            entry.set(dw::DW_AT_data_member_location, start);
        }
        self.types.insert(NAME, id);
        id
    }

    /// The type of a vector of some lanes.
    fn vector(&mut self, shape: &Shape) -> UnitEntryId {
        if let Some(id) = self.types.get(shape.name) {
            return *id;
        }
        let lane = self.base_type(shape.lane, 16 / shape.count, shape.encoding);
        let id = self.unit.add(self.unit.root(), dw::DW_TAG_array_type);
        let entry = self.unit.get_mut(id);
        entry.set(dw::DW_AT_GNU_vector, AttributeValue::Flag(true));
        entry.set(dw::DW_AT_type, AttributeValue::UnitRef(lane));
        let range = self.unit.add(id, dw::DW_TAG_subrange_type);
        let count = AttributeValue::Data1(shape.count);
        self.unit.get_mut(range).set(dw::DW_AT_count, count);
        self.types.insert(shape.name, id);
        id
    }

    /// The type of values; a reference of which no more is known is a number of the runtime's own, 0 for null.
    pub(super) fn ty(&mut self, ty: ValueType) -> Option<UnitEntryId> {
        match ty {
            ValueType::I32 => Some(self.base_type("i32", 4, dw::DW_ATE_signed)),
            ValueType::I64 => Some(self.base_type("i64", 8, dw::DW_ATE_signed)),
            ValueType::F32 => Some(self.base_type("f32", 4, dw::DW_ATE_float)),
            ValueType::F64 => Some(self.base_type("f64", 8, dw::DW_ATE_float)),
            ValueType::Ref => Some(self.base_type("ref", 8, dw::DW_ATE_unsigned)),
            ValueType::V128 => Some(self.vector_union()),
        }
    }

    pub(super) fn base_type(
        &mut self,
        name: &'static str,
        bytes: u8,
        encoding: DwAte,
    ) -> UnitEntryId {
        if let Some(id) = self.types.get(name) {
            return *id;
        }
        let root = self.unit.root();
        let id = self.unit.add(root, dw::DW_TAG_base_type);
        self.text(id, dw::DW_AT_name, name);
        let entry = self.unit.get_mut(id);
        entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(bytes));
        entry.set(dw::DW_AT_encoding, AttributeValue::Encoding(encoding));
        self.types.insert(name, id);
        id
    }

    fn code(&mut self, id: UnitEntryId, code: Range<u32>) {
        let entry = self.unit.get_mut(id);
        let start = Address::Constant(u64::from(code.start));
        entry.set(dw::DW_AT_low_pc, AttributeValue::Address(start));
        let length = AttributeValue::Data4(code.end - code.start);
        entry.set(dw::DW_AT_high_pc, length);
    }

    /// A string that stands where it is used. DWARF strings end at a NUL.
    pub(super) fn text(&mut self, id: UnitEntryId, name: gimli::DwAt, text: &str) {
        let text = text.replace('\0', "\u{fffd}").into_bytes();
        self.unit
            .get_mut(id)
            .set(name, AttributeValue::String(text));
    }
}

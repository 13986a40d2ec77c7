//! A module's functions, locals and globals with their types and names, before anything is validated. What cannot be read is as
//! if it were not there: compiling says what is wrong with it.

use crate::module::names::Names;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::ValueType;
use dwalin_debuginfo::outline::{Function, Identifiers, Variable};
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{
    BinaryReader, ExternalKind, FunctionBody, IndirectNameMap, Name, NameMap, NameSectionReader,
    Parser, Payload, TypeRef, ValType,
};

/// What a module declares, as far as debuggers show it.
#[derive(Default)]
pub struct Declarations {
    /// Where the contents of the code section are in the file.
    pub code_section: Range<usize>,
    /// The functions with code.
    pub functions: Vec<Function>,
    /// The globals, imported ones first.
    pub globals: Vec<Variable>,
    /// Functions of the module's own language: `main` by any of its names, else what is exported.
    pub own: Vec<u32>,
}

/// Exports of linkers, languages and libraries.
const NOT_OWN: [&str; 7] = [
    "_start",
    "_initialize",
    "malloc",
    "free",
    "calloc",
    "realloc",
    "main",
];

impl Declarations {
    /// Reads a module.
    pub fn parse(wasm: &[u8]) -> Declarations {
        let mut scan = Scan::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let Ok(payload) = payload else { break };
            if scan.section(payload).is_none() {
                break;
            }
        }
        scan.finish(wasm)
    }
}

/// A module's sections as they come.
#[derive(Default)]
struct Scan<'a> {
    types: Vec<Option<wasmparser::FuncType>>,
    functions: Vec<u32>,
    imported: usize,
    globals: Vec<ValType>,
    exports: Vec<(&'a str, u32)>,
    global_exports: Vec<(&'a str, u32)>,
    code_section: Range<usize>,
    bodies: Vec<FunctionBody<'a>>,
    names: Option<Range<usize>>,
}

impl<'a> Scan<'a> {
    /// `None` where it is damaged.
    fn section(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.ok()?.into_types() {
                        self.types.push(match ty.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.functions.push(ty),
                        TypeRef::Global(ty) => self.globals.push(ty.content_type),
                        _ => {}
                    }
                }
                self.imported = self.functions.len();
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.ok()?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.globals.push(global.ok()?.ty.content_type);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    match export.kind {
                        ExternalKind::Func => self.exports.push((export.name, export.index)),
                        ExternalKind::Global => {
                            self.global_exports.push((export.name, export.index));
                        }
                        _ => {}
                    }
                }
            }
            Payload::CodeSectionStart {
                unchecked_range: range,
                ..
            } => self.code_section = range.start as usize..range.end as usize,
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) if section.name() == "name" => {
                let start = section.data_offset() as usize;
                self.names = Some(start..start + section.data().len());
            }
            _ => {}
        }
        Some(())
    }

    fn finish(self, wasm: &'a [u8]) -> Declarations {
        let section = self.names.clone().and_then(|range| wasm.get(range));
        let names = VariableNames::parse(section.unwrap_or(&[]));
        let known = Names::parse(section.unwrap_or(&[]), 0);
        let mut given = Identifiers::default();
        let globals = self.globals.iter().enumerate().map(|(i, ty)| {
            let index = i as u32;
            let exported = || self.global_exports.iter().find(|(_, it)| *it == index);
            let name = names.globals.get(&index).copied();
            let name = name.or_else(|| exported().map(|(name, _)| *name));
            Variable {
                name: given.give(name, "global", index),
                index,
                ty: value_type(*ty),
            }
        });
        let globals = globals.collect();
        let function_name = |index: u32| {
            let named = known.function(crate::index::FuncIndex::new(index as usize));
            let exported = || self.exports.iter().find(|(_, it)| *it == index);
            match named.starts_with("wasm-function[") {
                true => exported().map_or_else(
                    || format!("func{index}"),
                    |(name, _)| (*name).replace('\0', "\u{fffd}"),
                ),
                false => named,
            }
        };
        let functions: Vec<_> = self
            .bodies
            .iter()
            .enumerate()
            .filter_map(|(i, body)| {
                let index = (self.imported + i) as u32;
                self.function(index, function_name(index), body, &names)
            })
            .collect();
        let own = self.own(&functions);
        Declarations {
            code_section: self.code_section,
            functions,
            globals,
            own,
        }
    }

    fn function(
        &self,
        index: u32,
        name: String,
        body: &FunctionBody<'_>,
        names: &VariableNames<'_>,
    ) -> Option<Function> {
        let ty = self
            .types
            .get(*self.functions.get(index as usize)? as usize)?;
        let ty = ty.as_ref()?;
        let range = body.range();
        let pc = |offset: u64| {
            Some(WasmPc(
                (offset as usize).checked_sub(self.code_section.start)? as u32,
            ))
        };
        // A local that is used at all takes two bytes to use: declarations alone cost no more than the body itself.
        let mut room = (range.end - range.start) as usize;
        let mut types = ty.params().to_vec();
        for declaration in body.get_locals_reader().ok()? {
            let (count, ty) = declaration.ok()?;
            let count = room.min(count as usize);
            room -= count;
            types.extend(std::iter::repeat_n(ty, count));
        }
        let mut given = Identifiers::default();
        let local = |(i, ty): (usize, &ValType)| {
            let number = i as u32;
            let name = names.locals.get(&(index, number)).copied();
            Variable {
                name: given.give(name, "local", number),
                index: number,
                ty: value_type(*ty),
            }
        };
        Some(Function {
            index,
            name,
            body: pc(range.start)?..pc(range.end)?,
            first: pc(body.get_operators_reader().ok()?.original_position())?,
            result: match ty.results() {
                [one] => Some(value_type(*one)),
                _ => None,
            },
            locals: types.iter().enumerate().map(local).collect(),
            params: ty.params().len(),
        })
    }

    fn own(&self, functions: &[Function]) -> Vec<u32> {
        const MAINS: [&str; 4] = ["main", "__main_argc_argv", "__original_main", "main.main"];
        let mains = functions
            .iter()
            .filter(|it| MAINS.contains(&it.name.as_str()));
        let mains: Vec<_> = mains.map(|it| it.index).collect();
        if !mains.is_empty() {
            return mains;
        }
        let exported = self.exports.iter();
        exported
            .filter(|(name, _)| !NOT_OWN.contains(name) && !name.starts_with("__"))
            .map(|(_, index)| *index)
            .collect()
    }
}

/// Names of locals and globals (WebAssembly 3.0, appendix "Name Section").
#[derive(Default)]
struct VariableNames<'a> {
    /// By function and number.
    locals: HashMap<(u32, u32), &'a str>,
    globals: HashMap<u32, &'a str>,
}

impl<'a> VariableNames<'a> {
    fn parse(section: &'a [u8]) -> VariableNames<'a> {
        let mut names = VariableNames::default();
        let reader = NameSectionReader::new(BinaryReader::new(section, 0));
        for name in reader.into_iter().map_while(Result::ok) {
            match name {
                Name::Local(map) => names.add_locals(map),
                Name::Global(map) => names.globals = collect(map).collect(),
                _ => {}
            }
        }
        names
    }

    fn add_locals(&mut self, map: IndirectNameMap<'a>) {
        for function in map.into_iter().map_while(Result::ok) {
            let locals = collect(function.names);
            let of_function = |(local, name)| ((function.index, local), name);
            self.locals.extend(locals.map(of_function));
        }
    }
}

fn collect(map: NameMap<'_>) -> impl Iterator<Item = (u32, &str)> {
    map.into_iter()
        .map_while(Result::ok)
        .map(|naming| (naming.index, naming.name))
}

fn value_type(ty: ValType) -> ValueType {
    match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 => ValueType::V128,
        ValType::Ref(_) => ValueType::Ref,
    }
}

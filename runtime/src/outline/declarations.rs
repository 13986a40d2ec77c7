//! A module's functions, locals and globals with their types and names, before anything is validated. What cannot be read is as
//! if it were not there: compilation reports what is wrong with it.

use super::objects::{TypeNames, Types};
use crate::module::names::Names;
use crate::module::names::subsections;
use crate::module::sections::{Sections, items, to_usize};
use dwalin_debuginfo::address::{CodeSection, WasmPc};
use dwalin_debuginfo::outline::{Coverage, Function, Identifiers, ObjectType, Variable};
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{
    BinaryReader, ExternalKind, FunctionBody, IndirectNameMap, Name, NameMap, NameSectionReader,
    TypeRef, ValType,
};

/// The declarations of a module, as far as debuggers show them.
#[derive(Default)]
pub struct Declarations {
    /// The position of the code section's contents in the file.
    pub code_section: CodeSection,
    /// The functions with code.
    pub functions: Vec<Function>,
    /// The globals, imported ones first.
    pub globals: Vec<Variable>,
    /// The types of objects.
    pub objects: Vec<ObjectType>,
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

/// The number of parameters of all functions that are shown though their bodies cannot use them, and one more for so many bytes of code: a
/// type may have a thousand, and be that of any number of functions.
const PARAMETERS: u64 = 4096;
const PER_PARAMETER: u64 = 16;

/// A module's sections.
#[derive(Default)]
pub struct Scan<'a> {
    types: Vec<Option<wasmparser::FuncType>>,
    all_types: Types,
    functions: Vec<u32>,
    imported: usize,
    globals: Vec<ValType>,
    exports: Vec<(&'a str, u32)>,
    global_exports: Vec<(&'a str, u32)>,
    code_section: CodeSection,
    bodies: Vec<FunctionBody<'a>>,
    names: &'a [u8],
}

impl<'a> Scan<'a> {
    /// Reads the sections of a module.
    pub fn new(wasm: &'a [u8]) -> Scan<'a> {
        let mut scan = Scan::default();
        let sections = Sections::find(wasm);
        for ty in whole(items(&sections.types)).flat_map(|group| group.into_types()) {
            scan.all_types.push(&ty);
            scan.types.push(match ty.composite_type.inner {
                wasmparser::CompositeInnerType::Func(ty) => Some(ty),
                _ => None,
            });
        }
        for import in whole(sections.imports()) {
            match import.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => scan.functions.push(ty),
                TypeRef::Global(ty) => scan.globals.push(ty.content_type),
                _ => {}
            }
        }
        scan.imported = scan.functions.len();
        scan.functions.extend(whole(items(&sections.functions)));
        let globals = whole(items(&sections.globals));
        scan.globals
            .extend(globals.map(|global| global.ty.content_type));
        for export in whole(items(&sections.exports)) {
            match export.kind {
                ExternalKind::Func => scan.exports.push((export.name, export.index)),
                ExternalKind::Global => scan.global_exports.push((export.name, export.index)),
                _ => {}
            }
        }
        scan.names = sections.custom("name").unwrap_or_default();
        scan.code_section = sections.code;
        scan.bodies = sections.bodies;
        scan
    }

    /// Returns true if debug info describes the module's own functions, in its own language: `main` by any of its names, something that is
    /// exported, or much of the code. Libraries may have some where the program has none.
    pub fn is_described(&self, coverage: &Coverage) -> bool {
        const MAINS: [&str; 4] = ["main", "__main_argc_argv", "__original_main", "main.main"];
        let described = |index: &u32| {
            let defined = (*index as usize).checked_sub(self.imported);
            let body = defined.and_then(|defined| self.bodies.get(defined));
            body.and_then(|body| self.pcs(body))
                .is_some_and(|pcs| coverage.is_own(&pcs))
        };
        let names = Names::parse(self.names, 0);
        let defined = self.imported as u32..self.functions.len() as u32;
        // Rust's `main` is made by the compiler, and calls the program's.
        let is_main = |index: &u32| {
            names
                .get(*index)
                .is_some_and(|name| MAINS.contains(&name) || name.ends_with("::main"))
        };
        let mains = defined.clone().filter(is_main);
        // wasm-ld exports functions of its own that call the program's.
        let mut by_name = HashMap::new();
        for index in defined.clone().rev() {
            by_name.extend(names.get(index).map(|name| (name, index)));
        }
        let wrapped = |index: u32| {
            let name = names.get(index)?.strip_suffix(".command_export")?;
            by_name.get(name).copied()
        };
        let exported = self.exports.iter();
        let exported = exported
            .filter(|(name, _)| !NOT_OWN.contains(name) && !name.starts_with("__"))
            .map(|(_, index)| wrapped(*index).unwrap_or(*index));
        let own: Vec<_> = mains.chain(exported).collect();
        match own.is_empty() {
            true => defined.into_iter().any(|index| described(&index)),
            // What is exported may be made by other tools than the rest.
            false => own.iter().any(described) || self.is_much_described(coverage),
        }
    }

    /// Returns true if debug info of no library describes a quarter at least of the code that none of a library's does.
    fn is_much_described(&self, coverage: &Coverage) -> bool {
        let (mut own, mut all) = (0, 0);
        for pcs in self.bodies.iter().filter_map(|body| self.pcs(body)) {
            let bytes = u64::from(pcs.end.0 - pcs.start.0);
            let is_own = coverage.is_own(&pcs);
            own += if is_own { bytes } else { 0 };
            all += if is_own || !coverage.touches(&pcs) {
                bytes
            } else {
                0
            };
        }
        own > 0 && own * 4 >= all
    }

    /// All that it declares.
    pub fn declarations(&self) -> Declarations {
        let names = VariableNames::parse(self.names);
        let known = Names::parse(self.names, 0);
        let mut given = Identifiers::default();
        // The first export of each.
        let exported = self.global_exports.iter().rev();
        let exported: HashMap<_, _> = exported.map(|(name, index)| (*index, *name)).collect();
        let globals = self.globals.iter().enumerate().map(|(i, ty)| {
            let index = i as u32;
            let name = names.globals.get(&index).or_else(|| exported.get(&index));
            let name = name.copied();
            Variable {
                name: given.give(name, "global", index),
                index,
                ty: self.all_types.of_value(*ty),
            }
        });
        let exports: HashMap<_, _> = self.exports.iter().map(|(name, it)| (*it, *name)).collect();
        let code = self.code_section.0.len() as u64;
        let mut unused = PARAMETERS + code / PER_PARAMETER;
        let functions = self.bodies.iter().enumerate().filter_map(|(i, body)| {
            let index = (self.imported + i) as u32;
            let name = known.get(index).or_else(|| exports.get(&index).copied());
            self.function(index, name, body, &names, &mut unused)
        });
        Declarations {
            globals: globals.collect(),
            functions: functions.collect(),
            objects: self.all_types.objects(&names.types),
            code_section: self.code_section.clone(),
        }
    }

    /// A body as DWARF counts.
    fn pcs(&self, body: &FunctionBody<'_>) -> Option<Range<WasmPc>> {
        self.code_section.pcs(&to_usize(body.range()))
    }

    fn function(
        &self,
        index: u32,
        name: Option<&str>,
        body: &FunctionBody<'_>,
        names: &VariableNames<'_>,
        unused: &mut u64,
    ) -> Option<Function> {
        let ty = self
            .types
            .get(*self.functions.get(index as usize)? as usize)?;
        let ty = ty.as_ref()?;
        let range = body.range();
        // A local that is used at all takes two bytes to use: declarations alone cost no more than the body itself.
        let mut room = (range.end - range.start) as usize / 2;
        let (params, more) = ty.params().split_at(ty.params().len().min(room));
        room -= params.len();
        let (more, _) = more.split_at(more.len().min(*unused as usize));
        *unused -= more.len() as u64;
        let mut types = [params, more].concat();
        let params = types.len();
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
                ty: self.all_types.of_value(*ty),
            }
        };
        let operators = body.get_operators_reader().ok()?;
        Some(Function {
            index,
            name: name.map(str::to_owned),
            body: self.pcs(body)?,
            first: self
                .code_section
                .pc(operators.original_position() as usize)?,
            result: match ty.results() {
                [one] => Some(self.all_types.of_value(*one)),
                _ => None,
            },
            locals: types.iter().enumerate().map(local).collect(),
            params,
        })
    }
}

/// The items before the first that cannot be read.
fn whole<T>(items: impl Iterator<Item = wasmparser::Result<T>>) -> impl Iterator<Item = T> {
    items.map_while(Result::ok)
}

/// Names of locals and globals (WebAssembly 3.0, appendix "Name Section").
#[derive(Default)]
struct VariableNames<'a> {
    /// By function and number.
    locals: HashMap<(u32, u32), &'a str>,
    globals: HashMap<u32, &'a str>,
    types: TypeNames<'a>,
}

impl<'a> VariableNames<'a> {
    fn parse(section: &'a [u8]) -> VariableNames<'a> {
        let mut names = VariableNames::default();
        let reader = NameSectionReader::new(BinaryReader::new(section, 0));
        for name in subsections(reader) {
            match name {
                Name::Local(map) => names.locals.extend(inner(map)),
                Name::Type(map) => names.types.types = collect(map).collect(),
                Name::Field(map) => names.types.fields.extend(inner(map)),
                Name::Global(map) => names.globals = collect(map).collect(),
                _ => {}
            }
        }
        names
    }
}

/// Names by two numbers.
fn inner(map: IndirectNameMap<'_>) -> impl Iterator<Item = ((u32, u32), &str)> {
    let maps = map.into_iter().map_while(Result::ok);
    maps.flat_map(|map| {
        let outer = map.index;
        collect(map.names).map(move |(number, name)| ((outer, number), name))
    })
}

fn collect(map: NameMap<'_>) -> impl Iterator<Item = (u32, &str)> {
    map.into_iter()
        .map_while(Result::ok)
        .map(|naming| (naming.index, naming.name))
}

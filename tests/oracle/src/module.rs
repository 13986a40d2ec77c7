//! A module, ready to be run.

use std::collections::HashMap;
use wasmparser::{
    BlockType, DataKind, ElementItems, ElementKind, ExternalKind, FuncType, Operator, Parser,
    Payload, TypeRef, ValType,
};

/// Why a module cannot be read, or goes no further.
pub type Failure = String;

/// An address as the module's DWARF counts: bytes from the contents of the code section.
pub type Pc = u32;

/// The continuation of the structured instruction at an index.
#[derive(Clone, Copy, Default, Debug)]
pub struct Target {
    /// The index of its `else`, if it has one.
    pub otherwise: Option<usize>,
    /// The index of its `end`.
    pub end: usize,
}

/// A function with a body.
pub struct Body<'a> {
    /// Its type.
    pub ty: FuncType,
    /// The types of its locals, parameters first.
    pub types: Vec<ValType>,
    /// Its instructions, and where each is.
    pub code: Vec<(Pc, Operator<'a>)>,
    /// The ends of blocks, loops and ifs, by their index.
    pub targets: HashMap<usize, Target>,
}

/// A segment that is copied when the module is instantiated.
pub struct Segment<T> {
    /// The destination.
    pub offset: u32,
    /// The contents.
    pub items: Vec<T>,
}

/// A module: its functions, and what they run on.
#[derive(Default)]
pub struct Module<'a> {
    types: Vec<FuncType>,
    /// Functions of the host: their names.
    pub imports: Vec<(String, FuncType)>,
    /// Functions of the module's own, numbered after those.
    pub bodies: Vec<Body<'a>>,
    own_types: Vec<u32>,
    /// The values that globals begin with.
    pub globals: Vec<u64>,
    /// Pages of 64 KiB that the memory begins with.
    pub pages: u32,
    /// The number of entries of the table.
    pub table: usize,
    /// The initial contents of the memory.
    pub data: Vec<Segment<u8>>,
    /// The initial contents of the table: functions.
    pub elements: Vec<Segment<u32>>,
    /// Exported functions.
    pub exports: HashMap<String, u32>,
    /// Custom sections.
    pub custom: HashMap<String, &'a [u8]>,
    code_start: usize,
}

fn text(error: wasmparser::BinaryReaderError) -> Failure {
    error.to_string()
}

impl<'a> Module<'a> {
    /// Reads a module.
    pub fn parse(wasm: &'a [u8]) -> Result<Module<'a>, Failure> {
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(wasm) {
            module.section(payload.map_err(text)?)?;
        }
        Ok(module)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<(), Failure> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    self.types.push(ty.map_err(text)?);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    self.import(&import.map_err(text)?)?;
                }
            }
            Payload::FunctionSection(types) => {
                for ty in types {
                    self.own_types.push(ty.map_err(text)?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.table = table.map_err(text)?.ty.initial as usize;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.pages = memory.map_err(text)?.initial as u32;
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let value = constant(&global.map_err(text)?.init_expr)?;
                    self.globals.push(value);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    self.export(&export.map_err(text)?);
                }
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    self.element(element.map_err(text)?)?;
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    self.segment(segment.map_err(text)?)?;
                }
            }
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => self.code_start = unchecked_range.start as usize,
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            Payload::CustomSection(section) => {
                self.custom
                    .insert(section.name().to_owned(), section.data());
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: &wasmparser::Import<'a>) -> Result<(), Failure> {
        let TypeRef::Func(ty) = import.ty else {
            return Err(format!("an import of {}", import.name));
        };
        let ty = self.types[ty as usize].clone();
        self.imports.push((import.name.to_owned(), ty));
        Ok(())
    }

    fn export(&mut self, export: &wasmparser::Export<'a>) {
        if export.kind == ExternalKind::Func {
            self.exports.insert(export.name.to_owned(), export.index);
        }
    }

    fn element(&mut self, element: wasmparser::Element<'a>) -> Result<(), Failure> {
        let ElementKind::Active { offset_expr, .. } = element.kind else {
            return Ok(());
        };
        let ElementItems::Functions(functions) = element.items else {
            return Err("elements that are no functions".into());
        };
        let items = functions.into_iter().collect::<Result<_, _>>();
        self.elements.push(Segment {
            offset: constant(&offset_expr)? as u32,
            items: items.map_err(text)?,
        });
        Ok(())
    }

    fn segment(&mut self, segment: wasmparser::Data<'a>) -> Result<(), Failure> {
        let DataKind::Active { offset_expr, .. } = segment.kind else {
            return Err("a passive segment".into());
        };
        self.data.push(Segment {
            offset: constant(&offset_expr)? as u32,
            items: segment.data.to_vec(),
        });
        Ok(())
    }

    fn body(&mut self, body: &wasmparser::FunctionBody<'a>) -> Result<(), Failure> {
        let ty = self.types[self.own_types[self.bodies.len()] as usize].clone();
        let mut types = ty.params().to_vec();
        for group in body.get_locals_reader().map_err(text)? {
            let (count, ty) = group.map_err(text)?;
            types.extend(std::iter::repeat_n(ty, count as usize));
        }
        let mut code = Vec::new();
        for operator in body
            .get_operators_reader()
            .map_err(text)?
            .into_iter_with_offsets()
        {
            let (operator, offset) = operator.map_err(text)?;
            code.push(((offset as usize - self.code_start) as Pc, operator));
        }
        self.bodies.push(Body {
            targets: targets(&code),
            ty,
            types,
            code,
        });
        Ok(())
    }

    /// The type of a function, by its number.
    pub fn function_type(&self, function: u32) -> &FuncType {
        match self.imports.get(function as usize) {
            Some((_, ty)) => ty,
            None => &self.bodies[function as usize - self.imports.len()].ty,
        }
    }

    /// A type by its number.
    pub fn ty(&self, ty: u32) -> &FuncType {
        &self.types[ty as usize]
    }

    /// The numbers of values that a block takes and leaves.
    pub fn arity(&self, block: BlockType) -> (usize, usize) {
        match block {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(ty) => {
                let ty = self.ty(ty);
                (ty.params().len(), ty.results().len())
            }
        }
    }
}

/// The value of a constant expression.
fn constant(expression: &wasmparser::ConstExpr<'_>) -> Result<u64, Failure> {
    match expression.get_operators_reader().read().map_err(text)? {
        Operator::I32Const { value } => Ok(u64::from(value as u32)),
        Operator::I64Const { value } => Ok(value as u64),
        Operator::F32Const { value } => Ok(u64::from(value.bits())),
        Operator::F64Const { value } => Ok(value.bits()),
        Operator::RefNull { .. } => Ok(u64::MAX),
        other => Err(format!("a constant that is {other:?}")),
    }
}

/// The ends of structured instructions.
fn targets(code: &[(Pc, Operator<'_>)]) -> HashMap<usize, Target> {
    let mut found: HashMap<usize, Target> = HashMap::new();
    let mut open = Vec::new();
    for (i, (_, operator)) in code.iter().enumerate() {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => open.push(i),
            Operator::Else => {
                if let Some(begin) = open.last() {
                    found.entry(*begin).or_default().otherwise = Some(i);
                }
            }
            Operator::End => {
                if let Some(begin) = open.pop() {
                    found.entry(begin).or_default().end = i;
                }
            }
            _ => {}
        }
    }
    found
}

/// Bytes of a number type.
pub fn bytes_of(ty: ValType) -> u8 {
    match ty {
        ValType::I32 | ValType::F32 => 4,
        _ => 8,
    }
}

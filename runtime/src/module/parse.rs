//! A module's sections → [`ModuleInfo`]. Bodies and segment contents stay where they are. Used for a module that
//! is to be compiled, after validation, and for the one inside an artifact, which was validated when it was compiled.

use super::init::*;
use super::section_types::{global_type, memory_type, needs, sub_type, table_type};
use super::sections::{Sections, items, to_usize};
use super::validate::ModuleError;
use super::*;
use wasmparser::{ElementItems, ElementKind, ExternalKind, Operator, TypeRef, TypeSectionReader};

type Result<T> = std::result::Result<T, ModuleError>;

/// Reads the declarations of a module.
///
/// # Errors
/// Where the bytes are not a module, or use a proposal that [`super::validate`] refuses.
pub fn parse(wasm: &[u8]) -> Result<ModuleInfo> {
    let mut sections = Sections::find(wasm);
    if let Some(damage) = sections.damage.take() {
        return Err(damage.into());
    }
    let mut module = ModuleInfo::default();
    module.declarations(&sections)?;
    module.contents(&sections)?;
    module.find_escaping();
    Ok(module)
}

impl ModuleInfo {
    fn declarations(&mut self, sections: &Sections<'_>) -> Result<()> {
        self.type_section(&sections.types)?;
        for import in sections.imports() {
            self.import(import?)?;
        }
        for ty in items(&sections.functions) {
            self.functions.push(TypeIndex::from_u32(ty?));
        }
        for table in items(&sections.tables) {
            self.table(&table?)?;
        }
        for memory in items(&sections.memories) {
            self.memories.push(memory_type(memory?)?);
        }
        for tag in items(&sections.tags) {
            self.tags.push(TypeIndex::from_u32(tag?.func_type_idx));
        }
        for global in items(&sections.globals) {
            self.global(&global?)?;
        }
        for export in items(&sections.exports) {
            self.export(export?)?;
        }
        Ok(())
    }

    fn contents(&mut self, sections: &Sections<'_>) -> Result<()> {
        let start = sections.start.as_ref();
        self.start = start.map(|(func, _)| FuncIndex::from_u32(*func));
        for element in items(&sections.elements) {
            self.elements.push(element_segment(element?)?);
        }
        for data in items(&sections.data) {
            self.data.push(data_segment(data?)?);
        }
        self.code_section = sections.code.clone();
        let bodies = sections.bodies.iter();
        self.bodies = bodies.map(|body| to_usize(body.range())).collect();
        self.custom = sections.named();
        Ok(())
    }

    fn type_section(&mut self, section: &Option<TypeSectionReader<'_>>) -> Result<()> {
        for group in items(section) {
            let first = self.types.len() as u32;
            for ty in group?.into_types() {
                let ty = sub_type(&ty, &self.types)?;
                if ty.function().is_some() {
                    self.function_types.push(self.types.next_key());
                }
                self.types.push(ty);
            }
            self.rec_groups.push(first..self.types.len() as u32);
        }
        Ok(())
    }

    fn import(&mut self, import: wasmparser::Import<'_>) -> Result<()> {
        let ty = match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                let index = TypeIndex::from_u32(ty);
                self.functions.push(index);
                self.imported_functions += 1;
                ExternType::Func(self.function_type(index).clone())
            }
            TypeRef::Table(ty) => {
                let ty = table_type(ty)?;
                self.tables.push(ty);
                self.imported_tables += 1;
                ExternType::Table(ty)
            }
            TypeRef::Memory(ty) => {
                let ty = memory_type(ty)?;
                self.memories.push(ty);
                self.imported_memories += 1;
                ExternType::Memory(ty)
            }
            TypeRef::Global(ty) => {
                let ty = global_type(ty)?;
                self.globals.push(ty);
                self.imported_globals += 1;
                ExternType::Global(ty)
            }
            TypeRef::Tag(ty) => {
                let index = TypeIndex::from_u32(ty.func_type_idx);
                self.tags.push(index);
                self.imported_tags += 1;
                ExternType::Tag(self.function_type(index).clone())
            }
        };
        self.imports.push(Import {
            module: import.module.to_owned(),
            name: import.name.to_owned(),
            ty,
        });
        Ok(())
    }

    fn table(&mut self, table: &wasmparser::Table<'_>) -> Result<()> {
        self.tables.push(table_type(table.ty)?);
        self.table_inits.push(match &table.init {
            wasmparser::TableInit::RefNull => None,
            wasmparser::TableInit::Expr(expr) => Some(const_expr(expr)?),
        });
        Ok(())
    }

    fn global(&mut self, global: &wasmparser::Global<'_>) -> Result<()> {
        self.globals.push(global_type(global.ty)?);
        self.global_inits.push(const_expr(&global.init_expr)?);
        Ok(())
    }

    fn export(&mut self, export: wasmparser::Export<'_>) -> Result<()> {
        let item = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                ExportItem::Func(FuncIndex::from_u32(export.index))
            }
            ExternalKind::Table => ExportItem::Table(TableIndex::from_u32(export.index)),
            ExternalKind::Memory => ExportItem::Memory(MemoryIndex::from_u32(export.index)),
            ExternalKind::Global => ExportItem::Global(GlobalIndex::from_u32(export.index)),
            ExternalKind::Tag => ExportItem::Tag(TagIndex::from_u32(export.index)),
        };
        self.exports.push(Export {
            name: export.name.to_owned(),
            item,
        });
        Ok(())
    }

    /// Fills `escaping`: validation makes sure that a body's `ref.func` names only functions found here.
    fn find_escaping(&mut self) {
        let mut found = Vec::new();
        let mut scan = |expr: &ConstExpr| {
            found.extend(expr.ops.iter().filter_map(|op| match op {
                ConstOp::RefFunc(func) => Some(*func),
                _ => None,
            }));
        };
        self.global_inits.iter().for_each(&mut scan);
        self.table_inits.iter().flatten().for_each(&mut scan);
        for segment in self.elements.values() {
            if let Elements::Exprs(exprs) = &segment.elements {
                exprs.iter().for_each(&mut scan);
            }
        }
        for segment in self.elements.values() {
            if let Elements::Funcs(funcs) = &segment.elements {
                found.extend_from_slice(funcs);
            }
        }
        found.extend(self.exports.iter().filter_map(|export| match export.item {
            ExportItem::Func(func) => Some(func),
            _ => None,
        }));
        found.extend(self.start);
        found.sort_unstable();
        found.dedup();
        self.escaping = found;
    }
}

fn element_segment(element: wasmparser::Element<'_>) -> Result<ElementSegment> {
    let mode = match &element.kind {
        ElementKind::Passive => SegmentMode::Passive,
        ElementKind::Declared => SegmentMode::Declared,
        ElementKind::Active {
            table_index,
            offset_expr,
        } => SegmentMode::Active {
            target: TableIndex::from_u32(table_index.unwrap_or(0)),
            offset: const_expr(offset_expr)?,
        },
    };
    let elements = match element.items {
        ElementItems::Functions(funcs) => Elements::Funcs(
            funcs
                .into_iter()
                .map(|func| Ok(FuncIndex::from_u32(func?)))
                .collect::<Result<_>>()?,
        ),
        ElementItems::Expressions(_, exprs) => Elements::Exprs(
            exprs
                .into_iter()
                .map(|expr| const_expr(&expr?))
                .collect::<Result<_>>()?,
        ),
    };
    Ok(ElementSegment { mode, elements })
}

fn data_segment(data: wasmparser::Data<'_>) -> Result<DataSegment> {
    let mode = match &data.kind {
        wasmparser::DataKind::Passive => SegmentMode::Passive,
        wasmparser::DataKind::Active {
            memory_index,
            offset_expr,
        } => SegmentMode::Active {
            target: MemoryIndex::from_u32(*memory_index),
            offset: const_expr(offset_expr)?,
        },
    };
    let end = data.range.end as usize;
    Ok(DataSegment {
        mode,
        bytes: end - data.data.len()..end,
    })
}

fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr> {
    let mut ops = Vec::new();
    let mut reader = expr.get_operators_reader();
    while !reader.eof() {
        ops.push(match reader.read()? {
            Operator::I32Const { value } => ConstOp::I32(value),
            Operator::I64Const { value } => ConstOp::I64(value),
            Operator::F32Const { value } => ConstOp::F32(value.bits()),
            Operator::F64Const { value } => ConstOp::F64(value.bits()),
            Operator::V128Const { value } => ConstOp::V128(u128::from_le_bytes(*value.bytes())),
            Operator::I32Add => ConstOp::I32Add,
            Operator::I32Sub => ConstOp::I32Sub,
            Operator::I32Mul => ConstOp::I32Mul,
            Operator::I64Add => ConstOp::I64Add,
            Operator::I64Sub => ConstOp::I64Sub,
            Operator::I64Mul => ConstOp::I64Mul,
            Operator::GlobalGet { global_index } => {
                ConstOp::GlobalGet(GlobalIndex::from_u32(global_index))
            }
            Operator::RefNull { .. } => ConstOp::RefNull,
            Operator::RefFunc { function_index } => {
                ConstOp::RefFunc(FuncIndex::from_u32(function_index))
            }
            // The word is the same.
            Operator::End | Operator::AnyConvertExtern | Operator::ExternConvertAny => continue,
            operator => heap_op(&operator)?,
        });
    }
    Ok(ConstExpr { ops: ops.into() })
}

/// An operator of a constant expression that makes an object or a number of 31 bits.
fn heap_op(operator: &Operator<'_>) -> Result<ConstOp> {
    let ty = TypeIndex::from_u32;
    Ok(match *operator {
        Operator::RefI31 => ConstOp::RefI31,
        Operator::StructNew { struct_type_index } => ConstOp::StructNew(ty(struct_type_index)),
        Operator::StructNewDefault { struct_type_index } => {
            ConstOp::StructNewDefault(ty(struct_type_index))
        }
        Operator::ArrayNew { array_type_index } => ConstOp::ArrayNew(ty(array_type_index)),
        Operator::ArrayNewDefault { array_type_index } => {
            ConstOp::ArrayNewDefault(ty(array_type_index))
        }
        Operator::ArrayNewFixed {
            array_type_index,
            array_size,
        } => ConstOp::ArrayNewFixed(ty(array_type_index), array_size),
        _ => return needs("custom-descriptors"),
    })
}

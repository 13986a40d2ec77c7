//! Module bytes → [`ModuleInfo`], one arm a section. Bodies and segment contents stay where they are. Used for a module that
//! is to be compiled, after validation, and for the one inside an artifact, which was validated when it was compiled.

use super::init::*;
use super::proposals;
use super::validate::ModuleError;
use super::*;
use wasmparser::{AbstractHeapType, HeapType};
use wasmparser::{ElementItems, ElementKind, ExternalKind, Operator, Parser, Payload, TypeRef};

type Result<T> = std::result::Result<T, ModuleError>;

/// For what validation refuses: never shown.
fn needs<T>(proposal: &'static str) -> Result<T> {
    Err(ModuleError::NeedsProposals(proposals::named(proposal)))
}

/// Reads the declarations of a module.
///
/// # Errors
/// Where the bytes are not a module, or use a proposal that [`super::validate`] refuses.
pub fn parse(wasm: &[u8]) -> Result<ModuleInfo> {
    let mut module = ModuleInfo::default();
    for payload in Parser::new(0).parse_all(wasm) {
        module.section(payload?)?;
    }
    module.find_escaping();
    Ok(module)
}

impl ModuleInfo {
    fn section(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    self.types.push(func_type(&ty?)?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import?)?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(TypeIndex::from_u32(ty?));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.table(&table?)?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memories.push(memory_type(memory?)?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.global(&global?)?;
                }
            }
            Payload::TagSection(section) => self.tags(section)?,
            Payload::ExportSection(section) => {
                for export in section {
                    self.export(export?)?;
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(FuncIndex::from_u32(func)),
            Payload::ElementSection(section) => {
                for element in section {
                    self.elements.push(element_segment(element?)?);
                }
            }
            Payload::DataSection(section) => self.data_segments(section)?,
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => self.code_section = to_usize(unchecked_range),
            Payload::CodeSectionEntry(body) => _ = self.bodies.push(to_usize(body.range())),
            Payload::CustomSection(section) => self.custom.push((
                section.name().to_owned(),
                to_usize(section.data_offset()..section.range().end),
            )),
            _ => {}
        }
        Ok(())
    }

    fn data_segments(&mut self, section: wasmparser::DataSectionReader<'_>) -> Result<()> {
        for data in section {
            self.data.push(data_segment(data?)?);
        }
        Ok(())
    }

    fn tags(&mut self, section: wasmparser::TagSectionReader<'_>) -> Result<()> {
        for tag in section {
            self.tags.push(TypeIndex::from_u32(tag?.func_type_idx));
        }
        Ok(())
    }

    fn import(&mut self, import: wasmparser::Import<'_>) -> Result<()> {
        let ty = match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                let index = TypeIndex::from_u32(ty);
                self.functions.push(index);
                self.imported_functions += 1;
                ExternType::Func(self.types[index].clone())
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
                ExternType::Tag(self.types[index].clone())
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

fn to_usize(range: Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// The type of a value.
///
/// # Errors
/// A type of a proposal that we do not have.
pub fn val_type(ty: wasmparser::ValType) -> Result<ValType> {
    Ok(match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ref_type(ty)?,
    })
}

/// A reference type.
///
/// # Errors
/// A type of the function-references or GC proposals.
pub fn ref_type(ty: wasmparser::RefType) -> Result<ValType> {
    if ty.is_func_ref() {
        Ok(ValType::FuncRef)
    } else if ty.is_extern_ref() {
        Ok(ValType::ExternRef)
    } else if matches!(
        ty.heap_type(),
        HeapType::Abstract {
            ty: AbstractHeapType::Exn | AbstractHeapType::NoExn,
            ..
        }
    ) {
        Ok(ValType::ExnRef)
    } else {
        needs("gc")
    }
}

fn func_type(ty: &wasmparser::FuncType) -> Result<FuncType> {
    let list = |types: &[wasmparser::ValType]| {
        types
            .iter()
            .map(|ty| val_type(*ty))
            .collect::<Result<Vec<_>>>()
    };
    Ok(FuncType::new(list(ty.params())?, list(ty.results())?))
}

fn table_type(ty: wasmparser::TableType) -> Result<TableType> {
    Ok(TableType {
        address_type: address_type(ty.table64),
        ..TableType::new(ref_type(ty.element_type)?, ty.initial, ty.maximum)
    })
}

fn memory_type(ty: wasmparser::MemoryType) -> Result<MemoryType> {
    let page_size_log2 = match ty.page_size_log2 {
        None => MemoryType::PAGE_SIZE_LOG2,
        Some(log2 @ (0 | 16)) => log2 as u8,
        // Validation refuses others; an artifact's module is not validated again.
        Some(_) => return needs("custom-page-sizes"),
    };
    Ok(MemoryType {
        address_type: address_type(ty.memory64),
        page_size_log2,
        shared: ty.shared,
        ..MemoryType::new(ty.initial, ty.maximum)
    })
}

fn address_type(is_64: bool) -> AddressType {
    match is_64 {
        true => AddressType::I64,
        false => AddressType::I32,
    }
}

fn global_type(ty: wasmparser::GlobalType) -> Result<GlobalType> {
    let mutability = if ty.mutable {
        Mutability::Var
    } else {
        Mutability::Const
    };
    Ok(GlobalType {
        content: val_type(ty.content_type)?,
        mutability,
    })
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
            Operator::End => continue,
            _ => return needs("gc"),
        });
    }
    Ok(ConstExpr { ops: ops.into() })
}

//! wasmparser's types → ours.

use super::composite::{CompositeType, FieldType, StorageType, SubType};
use super::proposals;
use super::reference::{HeapType, RefType};
use super::types::*;
use super::validate::ModuleError;
use crate::index::TypeIndex;
use cranelift_entity::PrimaryMap;
use wasmparser::{AbstractHeapType, CompositeInnerType, UnpackedIndex};

type Result<T> = std::result::Result<T, ModuleError>;

/// For what validation refuses: never shown.
pub(super) fn needs<T>(proposal: &'static str) -> Result<T> {
    Err(ModuleError::NeedsProposals(proposals::named(proposal)))
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
        wasmparser::ValType::Ref(ty) => ValType::Ref(ref_type(ty)?),
    })
}

/// The type of a reference.
///
/// # Errors
/// A type of a proposal that we do not have.
pub fn ref_type(ty: wasmparser::RefType) -> Result<RefType> {
    let heap_type = heap_type(ty.heap_type())?;
    Ok(RefType::new(ty.is_nullable(), heap_type))
}

/// A heap type.
///
/// # Errors
/// A type of a proposal that we do not have.
pub fn heap_type(ty: wasmparser::HeapType) -> Result<HeapType> {
    let wasmparser::HeapType::Abstract { shared: false, ty } = ty else {
        return match ty {
            wasmparser::HeapType::Concrete(UnpackedIndex::Module(index)) => {
                Ok(HeapType::Defined(TypeIndex::from_u32(index)))
            }
            _ => needs("shared-everything-threads"),
        };
    };
    Ok(match ty {
        AbstractHeapType::Func => HeapType::Func,
        AbstractHeapType::NoFunc => HeapType::NoFunc,
        AbstractHeapType::Extern => HeapType::Extern,
        AbstractHeapType::NoExtern => HeapType::NoExtern,
        AbstractHeapType::Exn => HeapType::Exn,
        AbstractHeapType::NoExn => HeapType::NoExn,
        AbstractHeapType::Any => HeapType::Any,
        AbstractHeapType::Eq => HeapType::Eq,
        AbstractHeapType::I31 => HeapType::I31,
        AbstractHeapType::Struct => HeapType::Struct,
        AbstractHeapType::Array => HeapType::Array,
        AbstractHeapType::None => HeapType::None,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => return needs("stack-switching"),
    })
}

/// An entry of the type section; `before` are those before it.
///
/// # Errors
/// A type of a proposal that we do not have.
pub(crate) fn sub_type(
    ty: &wasmparser::SubType,
    before: &PrimaryMap<TypeIndex, SubType>,
) -> Result<SubType> {
    let supertype = ty.supertype_idxs.first();
    let supertype = supertype.and_then(|index| index.as_module_index());
    let supertype = supertype.map(TypeIndex::from_u32);
    let depth = supertype.and_then(|index| before.get(index));
    let composite = match &ty.composite_type.inner {
        CompositeInnerType::Func(ty) => CompositeType::Func(func_type(ty)?),
        CompositeInnerType::Struct(ty) => {
            let fields = ty.fields.iter().map(field_type);
            CompositeType::Struct(fields.collect::<Result<_>>()?)
        }
        CompositeInnerType::Array(ty) => CompositeType::Array(field_type(&ty.0)?),
        CompositeInnerType::Cont(_) => return needs("stack-switching"),
    };
    Ok(SubType {
        is_final: ty.is_final,
        supertype: supertype.map(HeapType::Defined),
        depth: depth.map_or(0, |above| above.depth + 1),
        composite,
    })
}

fn field_type(ty: &wasmparser::FieldType) -> Result<FieldType> {
    Ok(FieldType {
        storage: match ty.element_type {
            wasmparser::StorageType::I8 => StorageType::I8,
            wasmparser::StorageType::I16 => StorageType::I16,
            wasmparser::StorageType::Val(ty) => StorageType::Val(val_type(ty)?),
        },
        mutability: mutability(ty.mutable),
    })
}

/// The type of a function.
pub(super) fn func_type(ty: &wasmparser::FuncType) -> Result<FuncType> {
    let list = |types: &[wasmparser::ValType]| {
        types
            .iter()
            .map(|ty| val_type(*ty))
            .collect::<Result<Vec<_>>>()
    };
    Ok(FuncType::new(list(ty.params())?, list(ty.results())?))
}

/// The type of a table.
pub(super) fn table_type(ty: wasmparser::TableType) -> Result<TableType> {
    Ok(TableType {
        address_type: address_type(ty.table64),
        ..TableType::new(
            ValType::Ref(ref_type(ty.element_type)?),
            ty.initial,
            ty.maximum,
        )
    })
}

/// The type of a memory.
pub(super) fn memory_type(ty: wasmparser::MemoryType) -> Result<MemoryType> {
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

/// The type of a global.
pub(super) fn global_type(ty: wasmparser::GlobalType) -> Result<GlobalType> {
    Ok(GlobalType {
        content: val_type(ty.content_type)?,
        mutability: mutability(ty.mutable),
    })
}

fn mutability(is_mutable: bool) -> Mutability {
    match is_mutable {
        true => Mutability::Var,
        false => Mutability::Const,
    }
}

//! The types of a module's objects with their layouts, as an outline describes them.

use crate::abi::heap::ObjectLayout;
use crate::module::composite::{CompositeType, StorageType, SubType};
use crate::module::reference::HeapType;
use crate::module::section_types::sub_type;
use crate::module::types::ValType;
use cranelift_entity::PrimaryMap;
use dwalin_debuginfo::code::ValueType;
use dwalin_debuginfo::outline::{Abstract, Contents, Field, Identifiers, ObjectType, Type};
use std::collections::HashMap;

/// The entries of a type section that are read so far; `None` for one that is not understood.
#[derive(Default)]
pub struct Types(Vec<Option<SubType>>);

/// Names of types, and of fields by type and number (wasm-tools' extended name section).
#[derive(Default)]
pub struct TypeNames<'a> {
    pub types: HashMap<u32, &'a str>,
    pub fields: HashMap<(u32, u32), &'a str>,
}

impl Types {
    pub fn push(&mut self, ty: &wasmparser::SubType) {
        self.0.push(sub_type(ty, &PrimaryMap::new()).ok());
    }

    /// The type of a value.
    pub fn of_value(&self, ty: wasmparser::ValType) -> Type {
        let number = |ty: ValueType| ty.into();
        match ty {
            wasmparser::ValType::I32 => number(ValueType::I32),
            wasmparser::ValType::I64 => number(ValueType::I64),
            wasmparser::ValType::F32 => number(ValueType::F32),
            wasmparser::ValType::F64 => number(ValueType::F64),
            wasmparser::ValType::V128 => number(ValueType::V128),
            wasmparser::ValType::Ref(ty) => {
                match crate::module::section_types::heap_type(ty.heap_type()) {
                    Ok(heap) => self.of_reference(heap),
                    Err(_) => number(ValueType::Ref),
                }
            }
        }
    }

    fn of_reference(&self, heap: HeapType) -> Type {
        let (name, bytes) = match heap {
            HeapType::Func | HeapType::NoFunc => ("funcref", 4),
            HeapType::Extern | HeapType::NoExtern => ("externref", 4),
            HeapType::Exn | HeapType::NoExn => ("exnref", 8),
            HeapType::Any => ("anyref", 4),
            HeapType::Eq => ("eqref", 4),
            HeapType::I31 => ("i31ref", 4),
            HeapType::Struct => ("structref", 4),
            HeapType::Array => ("arrayref", 4),
            HeapType::None => ("nullref", 4),
            HeapType::Defined(index) => {
                let ty = self.0.get(index.as_u32() as usize).and_then(Option::as_ref);
                match ty.map(|ty| &ty.composite) {
                    Some(CompositeType::Func(_)) => ("funcref", 4),
                    Some(_) => return Type::Object(index.as_u32()),
                    None => return ValueType::Ref.into(),
                }
            }
            HeapType::Shared(_) => return ValueType::Ref.into(),
        };
        Type::Reference(Abstract { name, bytes })
    }

    fn of_field(&self, storage: StorageType) -> Type {
        match storage {
            StorageType::I8 => Type::Packed(1),
            StorageType::I16 => Type::Packed(2),
            StorageType::Val(ValType::Ref(ty)) => self.of_reference(ty.heap_type()),
            StorageType::Val(ty) => crate::abi::frame::value_type(ty).into(),
        }
    }

    /// The types of objects, by index.
    pub fn objects(&self, names: &TypeNames<'_>) -> Vec<ObjectType> {
        let mut given = Identifiers::default();
        let types = (0..).zip(&self.0);
        let described = types.filter_map(|(index, ty)| {
            let layout = ObjectLayout::of(ty.as_ref()?);
            let contents = match layout {
                ObjectLayout::None => return None,
                ObjectLayout::Struct { fields, size } => Contents::Fields {
                    fields: self.fields(index, &fields, names),
                    bytes: size,
                },
                ObjectLayout::Array { element, base, .. } => Contents::Elements {
                    element: self.of_field(element),
                    offset: base,
                },
            };
            let name = names.types.get(&index).copied();
            Some(ObjectType {
                index,
                name: given.give(name, "type", index),
                contents,
            })
        });
        described.collect()
    }

    fn fields(&self, ty: u32, fields: &[(StorageType, u32)], names: &TypeNames<'_>) -> Vec<Field> {
        let mut given = Identifiers::default();
        let fields = (0..).zip(fields);
        let described = fields.map(|(number, (storage, offset))| {
            let name = names.fields.get(&(ty, number)).copied();
            Field {
                name: given.give(name, "field", number),
                ty: self.of_field(*storage),
                offset: *offset,
            }
        });
        described.collect()
    }
}

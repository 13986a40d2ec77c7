//! Functions that components within a component lift, as WIT has them. Who takes components apart keeps of calls between two of them the
//! adapter alone; what such a call is called, and its values, is found here by the core function that is lifted.

use crate::component::types::{Compound, FuncType, Handle, Shape, Type};
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime_environ::wasmparser::component_types::{
    ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType,
};
use wasmtime_environ::wasmparser::types::TypesRef;
use wasmtime_environ::wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, Encoding, ExternalKind, Instance,
    Parser, Payload, PrimitiveValType, Result, Validator, WasmFeatures,
};

/// A function that is lifted.
pub struct Lifted {
    /// The core module, by its place among those of the file, and the name under which it exports the core function.
    pub module: u32,
    pub core_name: String,
    /// The name of WIT: the component's own export, else the core function's, which toolchains name after it.
    pub name: String,
    pub ty: Arc<FuncType>,
}

/// All of a valid component.
///
/// # Errors
/// Where the bytes are none.
pub fn lifted(wasm: &[u8]) -> Result<Vec<Lifted>> {
    let mut walk = Walk {
        validator: Validator::new_with_features(WasmFeatures::all()),
        modules: 0,
        scopes: Vec::new(),
        types: HashMap::new(),
        found: Vec::new(),
    };
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        walk.before(&payload)?;
        walk.validator.payload(&payload)?;
        walk.after(&payload)?;
    }
    Ok(walk.found)
}

/// A component or a module that is being read, with the items of a component that lead to core functions, by their indices.
#[derive(Default)]
struct Scope<'a> {
    is_module: bool,
    /// Core modules that are in the file.
    modules: HashMap<u32, u32>,
    /// Instances of them: by the modules' indices.
    instances: HashMap<u32, u32>,
    /// Core functions that instances export: the instance and the name.
    functions: HashMap<u32, (u32, &'a str)>,
    /// Lifted functions: their places among those that were found.
    lifted: HashMap<u32, usize>,
}

/// The way through a component.
struct Walk<'a> {
    validator: Validator,
    /// Core modules so far.
    modules: u32,
    scopes: Vec<Scope<'a>>,
    /// Types of the component that is being read; `None` of those that are later than WASI 0.2.
    types: HashMap<ComponentDefinedTypeId, Option<Type>>,
    found: Vec<Lifted>,
}

impl<'a> Walk<'a> {
    /// Takes what a section adds: it is counted from what is there before.
    fn before(&mut self, payload: &Payload<'a>) -> Result<()> {
        let Some(types) = self.validator.types(0) else {
            return Ok(());
        };
        let Some(scope) = self.scopes.last_mut().filter(|scope| !scope.is_module) else {
            return Ok(());
        };
        match payload {
            Payload::ModuleSection { .. } => {
                scope.modules.insert(types.module_count(), self.modules);
            }
            Payload::InstanceSection(section) => {
                let instances = section
                    .clone()
                    .into_iter()
                    .zip(types.core_instance_count()..);
                for (instance, index) in instances {
                    if let Instance::Instantiate { module_index, .. } = instance? {
                        scope.instances.insert(index, module_index);
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                let mut index = types.function_count();
                for alias in section.clone() {
                    if let ComponentAlias::CoreInstanceExport {
                        kind: ExternalKind::Func,
                        instance_index,
                        name,
                    } = alias?
                    {
                        scope.functions.insert(index, (instance_index, name));
                        index += 1;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn after(&mut self, payload: &Payload<'a>) -> Result<()> {
        match payload {
            Payload::Version { encoding, .. } => self.scopes.push(Scope {
                is_module: *encoding == Encoding::Module,
                ..Scope::default()
            }),
            Payload::ModuleSection { .. } => self.modules += 1,
            Payload::ComponentCanonicalSection(section) => {
                let lifts = section
                    .clone()
                    .into_iter()
                    .filter_map(|function| match function {
                        Ok(CanonicalFunction::Lift {
                            core_func_index, ..
                        }) => Some(core_func_index),
                        _ => None,
                    });
                self.lift(&lifts.collect::<Vec<_>>());
            }
            Payload::ComponentExportSection(section) => {
                let Some(scope) = self.scopes.last() else {
                    return Ok(());
                };
                for export in section.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Func
                        && let Some(lifted) = scope.lifted.get(&export.index)
                    {
                        self.found[*lifted].name = export.name.name.to_owned();
                    }
                }
            }
            Payload::End(_) => {
                self.scopes.pop();
                // Ids of types are good as long as their component is read.
                self.types.clear();
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds functions that were lifted, by their core functions: they are the last of the component.
    fn lift(&mut self, core_functions: &[u32]) {
        let (Some(types), Some(scope)) = (self.validator.types(0), self.scopes.last_mut()) else {
            return;
        };
        let first = types.component_function_count() as usize - core_functions.len();
        for (core_function, index) in core_functions.iter().zip(first as u32..) {
            let Some((instance, core_name)) = scope.functions.get(core_function) else {
                continue;
            };
            let module = scope.instances.get(instance);
            let module = module.and_then(|module| scope.modules.get(module));
            let ty = types.component_function_at(index);
            let ty = func_type(types, ty, &mut self.types);
            if let (Some(module), Some(ty)) = (module, ty) {
                scope.lifted.insert(index, self.found.len());
                self.found.push(Lifted {
                    module: *module,
                    core_name: (*core_name).to_owned(),
                    name: (*core_name).to_owned(),
                    ty: Arc::new(ty),
                });
            }
        }
    }
}

type Seen = HashMap<ComponentDefinedTypeId, Option<Type>>;

fn func_type(types: TypesRef<'_>, id: ComponentFuncTypeId, seen: &mut Seen) -> Option<FuncType> {
    let ty = &types[id];
    let mut value = |ty: &ComponentValType| value_type(types, *ty, seen);
    let params = ty.params.iter();
    let params = params.map(|(name, ty)| Some((name.to_string(), value(ty)?)));
    let params = params.collect::<Option<_>>()?;
    let result = match &ty.result {
        Some(result) => Some(value(result)?),
        None => None,
    };
    Some(FuncType::new(params, result))
}

fn value_type(types: TypesRef<'_>, ty: ComponentValType, seen: &mut Seen) -> Option<Type> {
    let id = match ty {
        ComponentValType::Primitive(primitive) => return primitive_type(primitive),
        ComponentValType::Type(id) => id,
    };
    if let Some(seen) = seen.get(&id) {
        return seen.clone();
    }
    let read = defined_type(types, &types[id], seen);
    seen.insert(id, read.clone());
    read
}

fn primitive_type(ty: PrimitiveValType) -> Option<Type> {
    Some(match ty {
        PrimitiveValType::Bool => Type::Bool,
        PrimitiveValType::S8 => Type::S8,
        PrimitiveValType::U8 => Type::U8,
        PrimitiveValType::S16 => Type::S16,
        PrimitiveValType::U16 => Type::U16,
        PrimitiveValType::S32 => Type::S32,
        PrimitiveValType::U32 => Type::U32,
        PrimitiveValType::S64 => Type::S64,
        PrimitiveValType::U64 => Type::U64,
        PrimitiveValType::F32 => Type::Float32,
        PrimitiveValType::F64 => Type::Float64,
        PrimitiveValType::Char => Type::Char,
        PrimitiveValType::String => Type::String,
        PrimitiveValType::ErrorContext => return None,
    })
}

/// The handles of these types are not looked up: which table has them is not known here.
const SOME_HANDLE: Handle = Handle {
    resource: 0,
    instance: 0,
};

fn defined_type(types: TypesRef<'_>, ty: &ComponentDefinedType, seen: &mut Seen) -> Option<Type> {
    let mut value = |ty: ComponentValType| value_type(types, ty, seen);
    let names = |names: &mut dyn Iterator<Item = String>| names.collect();
    let shape = match ty {
        ComponentDefinedType::Primitive(primitive) => return primitive_type(*primitive),
        ComponentDefinedType::Own(_) => return Some(Type::Own(SOME_HANDLE)),
        ComponentDefinedType::Borrow(_) => return Some(Type::Borrow(SOME_HANDLE)),
        ComponentDefinedType::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|(name, ty)| Some((name.to_string(), value(*ty)?)));
            Shape::Record(fields.collect::<Option<_>>()?)
        }
        ComponentDefinedType::Variant(variant) => {
            let cases = variant.cases.iter().map(|(name, case)| {
                let payload = match case.ty {
                    Some(ty) => Some(value(ty)?),
                    None => None,
                };
                Some((name.to_string(), payload))
            });
            Shape::Variant(cases.collect::<Option<_>>()?)
        }
        ComponentDefinedType::List { element, .. } => Shape::List(value(*element)?),
        ComponentDefinedType::Tuple(tuple) => {
            let fields = tuple.types.iter().map(|ty| value(*ty));
            Shape::Tuple(fields.collect::<Option<_>>()?)
        }
        ComponentDefinedType::Flags(flags) => {
            Shape::Flags(names(&mut flags.iter().map(ToString::to_string)))
        }
        ComponentDefinedType::Enum(cases) => {
            Shape::Enum(names(&mut cases.iter().map(ToString::to_string)))
        }
        ComponentDefinedType::Option { ty, .. } => Shape::Option(value(*ty)?),
        ComponentDefinedType::Result { ok, err, .. } => {
            let mut optional = |ty: &Option<ComponentValType>| match ty {
                Some(ty) => value(*ty).map(Some),
                None => Some(None),
            };
            Shape::Result(optional(ok)?, optional(err)?)
        }
        ComponentDefinedType::Map { .. }
        | ComponentDefinedType::FixedLengthList { .. }
        | ComponentDefinedType::Future { .. }
        | ComponentDefinedType::Stream { .. } => return None,
    };
    Some(Type::Compound(Arc::new(Compound::new(shape))))
}

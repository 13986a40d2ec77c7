//! Takes a component apart with wasmtime-environ. No other file knows that crate; `lifted.rs` uses the
//! reader of components that it brings along.

use super::adapter;
use super::crossings;
use super::{
    Def, Encoding, Export, Fused, Initializer, Item, Options, Parts, Trampoline, Transcode,
};
use crate::component::types::{Compound, FuncType, Handle, Shape, Type};
use crate::module::types::{FuncType as CoreType, ValType};
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use wasmtime_environ::collections::TryString;
use wasmtime_environ::component::{
    CanonicalOptions, CanonicalOptionsDataModel, ComponentExternData, ComponentTranslation,
    ComponentTypes, ComponentTypesBuilder, CoreDef, CoreExport, Export as TheirExport, ExportIndex,
    ExportItem, FixedEncoding, GlobalInitializer, InstantiateModule, InterfaceType, NameMap,
    StaticModuleIndex, StringEncoding, Trampoline as TheirTrampoline, Transcode as TheirTranscode,
    Translator, TypeFuncIndex, TypeResourceTable, TypeResourceTableIndex,
};
use wasmtime_environ::wasmparser::{self, Validator, WasmFeatures};
use wasmtime_environ::{
    EntityIndex, EntityRef, ModuleInternedTypeIndex, ModuleTranslation, PrimaryMap, ScopeVec, Trap,
    Tunables, WasmValType,
};

/// Why a component cannot be taken apart, in words.
type Refused = String;

/// The component model as of WASI 0.2, and the proposals that core modules may use.
const FEATURES: WasmFeatures = WasmFeatures::WASM3
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES);

/// Takes a component in its binary form apart.
///
/// # Errors
/// One that is not valid, or needs what is not there.
pub fn take_apart(wasm: &[u8]) -> Result<Parts, Refused> {
    // The crate has `unimplemented!` for sections that validation lets through.
    let taken = panic::catch_unwind(AssertUnwindSafe(|| translate(wasm)));
    taken.unwrap_or_else(|payload| {
        Err(format!(
            "it uses what is not supported: {}",
            message(&*payload)
        ))
    })
}

/// The message of a panic.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no reason is known")
}

fn translate(wasm: &[u8]) -> Result<Parts, Refused> {
    let mut validator = Validator::new_with_features(FEATURES);
    let mut types = ComponentTypesBuilder::new(&validator);
    let mut tunables = Tunables::default_host();
    // Without it adapters have no tasks.
    tunables.concurrency_support = false;
    let scope = ScopeVec::new();
    let translator = Translator::new(&tunables, &mut validator, &mut types, &scope);
    let (translation, modules) = translator
        .translate(wasm)
        .map_err(|error| invalid(&error))?;
    let tables = types.num_resource_tables();
    let (types, _) = types.finish(&translation.component);
    let reader = Reader {
        translation: &translation,
        types: &types,
        modules: &modules,
        tables,
        seen: HashMap::new(),
    };
    let mut parts = reader.parts()?;
    crossings::name(&mut parts, wasm);
    Ok(parts)
}

/// The features of components that are later than WASI 0.2, by the names of their proposals' parts.
const LATER: [(WasmFeatures, &str); 5] = [
    (WasmFeatures::CM_ASYNC, "async"),
    (WasmFeatures::CM_ASYNC_STACKFUL, "async"),
    (WasmFeatures::CM_MORE_ASYNC_BUILTINS, "async"),
    (WasmFeatures::CM_THREADING, "threads"),
    (WasmFeatures::CM_ERROR_CONTEXT, "error-context"),
];

/// The words for a component that is not valid, or needs what is later than WASI 0.2.
fn invalid(error: &wasmtime_environ::error::Error) -> String {
    let refused = error.downcast_ref::<wasmparser::Error>();
    let missing = refused.and_then(wasmparser::Error::missing_wasm_feature);
    let later = missing.and_then(|missing| LATER.iter().find(|it| missing.intersects(it.0)));
    match later {
        Some((_, what)) => format!("{}: {error:#}", needs_later(what)),
        None => format!("{error:#}"),
    }
}

/// Reads the crate's tables.
struct Reader<'t> {
    translation: &'t ComponentTranslation,
    types: &'t ComponentTypes,
    modules: &'t PrimaryMap<StaticModuleIndex, ModuleTranslation<'t>>,
    /// The number of types of handles.
    tables: usize,
    /// Types that were read: they are shared, as theirs are.
    seen: HashMap<InterfaceType, Type>,
}

impl Reader<'_> {
    fn parts(mut self) -> Result<Parts, Refused> {
        let component = &self.translation.component;
        let mut parts = Parts {
            modules: self
                .modules
                .values()
                .map(|module| module.wasm.to_vec())
                .collect(),
            instances: component.num_runtime_component_instances as usize,
            memories: component.num_runtime_memories as usize,
            reallocs: component.num_runtime_reallocs as usize,
            post_returns: component.num_runtime_post_returns as usize,
            ..Parts::default()
        };
        let instances = component.defined_resource_instances.values();
        parts.defined_resources = instances.map(|it| it.as_u32()).collect();
        parts.imported_resources = component
            .imported_resources
            .values()
            .map(|it| it.as_u32())
            .collect();
        for (import, names) in component.imports.values() {
            let (name, _) = &component.import_types[*import];
            parts
                .imports
                .push([name].into_iter().chain(names).cloned().collect());
        }
        for options in component.options.values() {
            parts.options.push(read_options(options)?);
        }
        self.steps(&mut parts)?;
        parts.exports = self.exports(&component.exports)?;
        Ok(parts)
    }

    /// Reads the steps of instantiation, and what they refer to.
    fn steps(&mut self, parts: &mut Parts) -> Result<(), Refused> {
        let component = &self.translation.component;
        let mut lowered = Vec::new();
        parts.modules_in_file = parts.modules.len();
        // Core modules of no component instance are adapters.
        for step in &component.initializers {
            if let GlobalInitializer::LowerImport { import, .. } = step {
                lowered.push(import.as_u32());
                continue;
            }
            if let GlobalInitializer::InstantiateModule(
                InstantiateModule::Static(module, _),
                None,
            ) = step
            {
                parts.modules_in_file = parts.modules_in_file.min(module.index());
                adapter::name(&mut parts.modules[module.index()]);
            }
            parts.initializers.push(self.initializer(step)?);
        }
        for (index, trampoline) in &self.translation.trampolines {
            let ty = self.core_type(component.trampolines[index])?;
            parts
                .trampolines
                .push((ty, self.trampoline(trampoline, &lowered)?));
        }
        let tables = 0..self.tables;
        let table = |index| {
            self.handle(TypeResourceTableIndex::from_u32(index as u32))
                .ok()
        };
        parts.tables = tables.map(table).collect();
        Ok(())
    }

    fn initializer(&mut self, step: &GlobalInitializer) -> Result<Initializer, Refused> {
        Ok(match step {
            GlobalInitializer::InstantiateModule(InstantiateModule::Static(module, imports), _) => {
                let imports = imports.iter().map(def).collect::<Result<_, _>>()?;
                Initializer::Instantiate {
                    module: module.as_u32(),
                    imports,
                }
            }
            GlobalInitializer::InstantiateModule(InstantiateModule::Import(..), _) => {
                return Err("it imports a core module".to_owned());
            }
            GlobalInitializer::ExtractMemory(memory) => Initializer::Memory {
                index: memory.index.as_u32(),
                instance: memory.export.instance.as_u32(),
                item: match &memory.export.item {
                    ExportItem::Index(index) => index.as_u32(),
                    ExportItem::Name(_) => return Err("it imports a core module".to_owned()),
                },
            },
            GlobalInitializer::ExtractRealloc(realloc) => Initializer::Realloc {
                index: realloc.index.as_u32(),
                def: def(&realloc.def)?,
            },
            GlobalInitializer::ExtractPostReturn(post) => Initializer::PostReturn {
                index: post.index.as_u32(),
                def: def(&post.def)?,
            },
            GlobalInitializer::Resource(resource) => Initializer::Resource {
                resource: self
                    .translation
                    .component
                    .resource_index(resource.index)
                    .as_u32(),
                destructor: resource.dtor.as_ref().map(def).transpose()?,
            },
            GlobalInitializer::ExtractCallback(_) | GlobalInitializer::ExtractTable(_) => {
                return Err(needs_later("an async function"));
            }
            GlobalInitializer::LowerImport { .. } => unreachable!("those are the trampolines'"),
        })
    }

    fn trampoline(
        &mut self,
        trampoline: &TheirTrampoline,
        lowered: &[u32],
    ) -> Result<Trampoline, Refused> {
        Ok(match trampoline {
            TheirTrampoline::LowerImport {
                index,
                lower_ty,
                options,
            } => Trampoline::Lower {
                import: lowered[index.index()],
                ty: Arc::new(self.func_type(*lower_ty)?),
                options: options.as_u32(),
            },
            TheirTrampoline::ResourceNew { ty, .. } => Trampoline::ResourceNew(self.handle(*ty)?),
            TheirTrampoline::ResourceRep { ty, .. } => Trampoline::ResourceRep(self.handle(*ty)?),
            TheirTrampoline::ResourceDrop { ty, .. } => Trampoline::ResourceDrop(self.handle(*ty)?),
            TheirTrampoline::Transcoder { from64: true, .. }
            | TheirTrampoline::Transcoder { to64: true, .. } => {
                return Err("it passes strings of memories of 64 bits".to_owned());
            }
            TheirTrampoline::Transcoder { op, from, to, .. } => {
                Trampoline::Fused(Fused::Transcode {
                    op: step(*op),
                    from: from.as_u32(),
                    to: to.as_u32(),
                })
            }
            TheirTrampoline::ResourceTransferOwn => Trampoline::Fused(Fused::TransferOwn),
            TheirTrampoline::ResourceTransferBorrow => Trampoline::Fused(Fused::TransferBorrow),
            TheirTrampoline::EnterSyncCall => Trampoline::Fused(Fused::EnterCall),
            TheirTrampoline::ExitSyncCall => Trampoline::Fused(Fused::ExitCall),
            TheirTrampoline::Trap => Trampoline::Fused(Fused::Trap),
            other => {
                return Err(needs_later(&other.symbol_name()));
            }
        })
    }

    fn exports(
        &mut self,
        names: &NameMap<TryString, (ExportIndex, ComponentExternData)>,
    ) -> Result<BTreeMap<String, Export>, Refused> {
        let mut exports = BTreeMap::new();
        for (name, (index, _)) in names.raw_iter() {
            let export = match &self.translation.component.export_items[*index] {
                TheirExport::LiftedFunction { ty, func, options } => Export::Func {
                    def: def(func)?,
                    ty: Arc::new(self.func_type(*ty)?),
                    options: options.as_u32(),
                },
                TheirExport::Instance { exports, .. } => Export::Instance(self.exports(exports)?),
                // Nothing can be done with them but to link them to another component.
                TheirExport::Type(_)
                | TheirExport::ModuleStatic { .. }
                | TheirExport::ModuleImport { .. } => continue,
            };
            exports.insert(name.to_string(), export);
        }
        Ok(exports)
    }

    fn core_type(&self, index: ModuleInternedTypeIndex) -> Result<CoreType, Refused> {
        let ty = self.types.module_types()[index].unwrap_func();
        let value = |ty: &WasmValType| match ty {
            WasmValType::I32 => Ok(ValType::I32),
            WasmValType::I64 => Ok(ValType::I64),
            WasmValType::F32 => Ok(ValType::F32),
            WasmValType::F64 => Ok(ValType::F64),
            other => Err(format!("it passes a {other} between components")),
        };
        let params = ty
            .params()
            .iter()
            .map(value)
            .collect::<Result<Vec<_>, _>>()?;
        let results = ty
            .results()
            .iter()
            .map(value)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(CoreType::new(params, results))
    }

    fn func_type(&mut self, index: TypeFuncIndex) -> Result<FuncType, Refused> {
        let ty = &self.types[index];
        let params = self.types[ty.params].types.iter();
        let names = ty.param_names.iter().cloned();
        let params = names.zip(params.map(|ty| self.ty(ty)));
        let params = params
            .map(|(name, ty)| Ok((name, ty?)))
            .collect::<Result<_, Refused>>()?;
        let result = self.types[ty.results].types.first();
        let result = result.map(|ty| self.ty(ty)).transpose()?;
        Ok(FuncType::new(params, result))
    }

    fn handle(&self, index: TypeResourceTableIndex) -> Result<Handle, Refused> {
        match &self.types[index] {
            TypeResourceTable::Concrete { ty, instance } => Ok(Handle {
                resource: ty.as_u32(),
                instance: instance.as_u32(),
            }),
            TypeResourceTable::Abstract(_) => {
                Err("it uses a resource that nobody defines".to_owned())
            }
        }
    }

    fn ty(&mut self, ty: &InterfaceType) -> Result<Type, Refused> {
        if let Some(seen) = self.seen.get(ty) {
            return Ok(seen.clone());
        }
        let read = self.read(ty)?;
        self.seen.insert(*ty, read.clone());
        Ok(read)
    }

    fn optional(&mut self, ty: &Option<InterfaceType>) -> Result<Option<Type>, Refused> {
        ty.as_ref().map(|ty| self.ty(ty)).transpose()
    }

    fn read(&mut self, ty: &InterfaceType) -> Result<Type, Refused> {
        let shape = match ty {
            InterfaceType::Bool => return Ok(Type::Bool),
            InterfaceType::S8 => return Ok(Type::S8),
            InterfaceType::U8 => return Ok(Type::U8),
            InterfaceType::S16 => return Ok(Type::S16),
            InterfaceType::U16 => return Ok(Type::U16),
            InterfaceType::S32 => return Ok(Type::S32),
            InterfaceType::U32 => return Ok(Type::U32),
            InterfaceType::S64 => return Ok(Type::S64),
            InterfaceType::U64 => return Ok(Type::U64),
            InterfaceType::Float32 => return Ok(Type::Float32),
            InterfaceType::Float64 => return Ok(Type::Float64),
            InterfaceType::Char => return Ok(Type::Char),
            InterfaceType::String => return Ok(Type::String),
            InterfaceType::Own(table) => return Ok(Type::Own(self.handle(*table)?)),
            InterfaceType::Borrow(table) => return Ok(Type::Borrow(self.handle(*table)?)),
            InterfaceType::List(index) => Shape::List(self.ty(&self.types[*index].element)?),
            InterfaceType::Record(index) => {
                let fields = self.types[*index].fields.iter();
                let fields = fields.map(|field| Ok((field.name.clone(), self.ty(&field.ty)?)));
                Shape::Record(fields.collect::<Result<_, Refused>>()?)
            }
            InterfaceType::Tuple(index) => {
                let types = self.types[*index].types.iter();
                Shape::Tuple(types.map(|ty| self.ty(ty)).collect::<Result<_, _>>()?)
            }
            InterfaceType::Variant(index) => {
                let cases = self.types[*index].cases.iter();
                let cases = cases.map(|(name, ty)| Ok((name.clone(), self.optional(ty)?)));
                Shape::Variant(cases.collect::<Result<_, Refused>>()?)
            }
            InterfaceType::Enum(index) => {
                Shape::Enum(self.types[*index].names.iter().cloned().collect())
            }
            InterfaceType::Flags(index) => {
                Shape::Flags(self.types[*index].names.iter().cloned().collect())
            }
            InterfaceType::Option(index) => Shape::Option(self.ty(&self.types[*index].ty)?),
            InterfaceType::Result(index) => {
                let result = &self.types[*index];
                Shape::Result(self.optional(&result.ok)?, self.optional(&result.err)?)
            }
            InterfaceType::Future(_)
            | InterfaceType::Stream(_)
            | InterfaceType::ErrorContext(_) => {
                return Err(needs_later("futures and streams"));
            }
            InterfaceType::Map(_) | InterfaceType::FixedLengthList(_) => {
                return Err(
                    "it passes maps or lists of a fixed length, which WASI 0.2 does not have"
                        .to_owned(),
                );
            }
        };
        Ok(Type::Compound(Arc::new(Compound::new(shape))))
    }
}

fn read_options(options: &CanonicalOptions) -> Result<Options, Refused> {
    if options.async_ || options.callback.is_some() {
        return Err(needs_later("an async function"));
    }
    let CanonicalOptionsDataModel::LinearMemory(memory) = options.data_model else {
        return Err("it passes values as objects of the GC proposal".to_owned());
    };
    Ok(Options {
        instance: options.instance.as_u32(),
        encoding: match options.string_encoding {
            StringEncoding::Utf8 => Encoding::Utf8,
            StringEncoding::Utf16 => Encoding::Utf16,
            StringEncoding::CompactUtf16 => Encoding::Compact,
        },
        memory: memory.memory.map(|it| it.as_u32()),
        realloc: memory.realloc.map(|it| it.as_u32()),
        post_return: options.post_return.map(|it| it.as_u32()),
    })
}

/// The step that passes a string.
fn step(op: TheirTranscode) -> Transcode {
    match op {
        TheirTranscode::Copy(FixedEncoding::Utf8) => Transcode::CopyUtf8,
        TheirTranscode::Copy(FixedEncoding::Utf16) => Transcode::CopyUtf16,
        TheirTranscode::Copy(FixedEncoding::Latin1) => Transcode::CopyLatin1,
        TheirTranscode::Latin1ToUtf16 => Transcode::Latin1ToUtf16,
        TheirTranscode::Latin1ToUtf8 => Transcode::Latin1ToUtf8,
        TheirTranscode::Utf8ToUtf16 => Transcode::Utf8ToUtf16,
        TheirTranscode::Utf16ToUtf8 => Transcode::Utf16ToUtf8,
        TheirTranscode::Utf8ToLatin1 => Transcode::Utf8ToLatin1,
        TheirTranscode::Utf16ToLatin1 => Transcode::Utf16ToLatin1,
        TheirTranscode::Utf8ToCompactUtf16 => Transcode::Utf8ToCompactUtf16,
        TheirTranscode::Utf16ToCompactUtf16 => Transcode::Utf16ToCompactUtf16,
        TheirTranscode::Utf16ToCompactProbablyUtf16 => Transcode::Utf16ToCompact,
    }
}

/// The words for a rule that an adapter found broken, by its number.
pub fn rule(code: u32) -> String {
    let rule = u8::try_from(code).ok().and_then(Trap::from_u8);
    match rule {
        Some(rule) => rule
            .to_string()
            .trim_start_matches("wasm trap: ")
            .to_owned(),
        None => format!("an adapter found a rule broken: {code}"),
    }
}

/// The words for what is later than WASI 0.2.
fn needs_later(what: &str) -> String {
    format!("it needs WASI 0.3 ({what}), and components here are those of WASI 0.2")
}

fn def(def: &CoreDef) -> Result<Def, Refused> {
    Ok(match def {
        CoreDef::Export(export) => item(export)?,
        CoreDef::InstanceFlags(instance) => Def::MayLeave(instance.as_u32()),
        CoreDef::Trampoline(index) => Def::Trampoline(index.as_u32()),
        CoreDef::UnsafeIntrinsic(_) | CoreDef::TaskMayBlock => {
            return Err(needs_later("tasks"));
        }
    })
}

fn item(export: &CoreExport<EntityIndex>) -> Result<Def, Refused> {
    let ExportItem::Index(index) = &export.item else {
        return Err("it imports a core module".to_owned());
    };
    let item = match index {
        EntityIndex::Function(index) => Item::Func(index.as_u32()),
        EntityIndex::Table(index) => Item::Table(index.as_u32()),
        EntityIndex::Memory(index) => Item::Memory(index.as_u32()),
        EntityIndex::Global(index) => Item::Global(index.as_u32()),
        EntityIndex::Tag(index) => Item::Tag(index.as_u32()),
    };
    Ok(Def::Item {
        instance: export.instance.as_u32(),
        item,
    })
}

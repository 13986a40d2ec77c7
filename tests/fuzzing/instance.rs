//! An instance in Dwalin, as accounts tell of it.

use super::account::{Failure, Kind, Subject, Type, Value, account};
use dwalin_runtime::{
    AnyRef, Error, ExternType, Instance, Linker, Module, Store, TrapKind, Val, ValType,
};

/// Fields of fields that are told.
const DEPTH: u32 = 3;
/// Elements of an array that are told.
const ELEMENTS: u32 = 4;

/// An instance in a store, and the last failure of its calls.
struct Running<'s, T: 'static> {
    store: &'s mut Store<T>,
    instance: Instance,
    exports: Vec<(String, Kind)>,
    failure: Option<Failed>,
}

/// The failure of a call.
pub enum Failed {
    Trap(TrapKind),
    Error,
}

/// Instantiates a module and gives an account of it, with the last failure; `None` if it depends on the engine.
pub fn told<T>(
    store: &mut Store<T>,
    linker: &Linker<T>,
    module: &Module,
) -> Option<(Vec<String>, Option<Failed>)> {
    match linker.instantiate(&mut *store, module) {
        Ok(instance) => {
            let exports = module.exports();
            let mut running = Running {
                store,
                instance,
                exports: exports
                    .map(|(name, ty)| (name.to_owned(), kind(&ty)))
                    .collect(),
                failure: None,
            };
            let lines = account(&mut running)?;
            Some((lines, running.failure))
        }
        Err(error) => {
            let (failed, failure) = failure(&error);
            match failure {
                Failure::Told(text) => Some((vec![format!("start: {text}")], Some(failed))),
                Failure::DependsOnEngine => None,
            }
        }
    }
}

impl<T> Subject for Running<'_, T> {
    fn exports(&mut self) -> Vec<(String, Kind)> {
        std::mem::take(&mut self.exports)
    }

    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Failure> {
        let func = self.instance.get_func(&mut *self.store, name).unwrap();
        let ty = func.ty(&*self.store);
        let types = ty.params().iter();
        let arguments: Vec<_> = types.zip(arguments).map(|(ty, it)| val(it, *ty)).collect();
        let results = ty.results().iter().map(|ty| Val::default_for(*ty));
        let mut results: Vec<_> = results.collect();
        match func.call(&mut *self.store, &arguments, &mut results) {
            Ok(()) => Ok(results.iter().map(|it| self.value(it, DEPTH)).collect()),
            Err(error) => {
                let (failed, failure) = failure(&error);
                self.failure = Some(failed);
                Err(failure)
            }
        }
    }

    fn global(&mut self, name: &str) -> Value {
        let global = self.instance.get_global(&mut *self.store, name).unwrap();
        self.value(&global.get(&*self.store), DEPTH)
    }

    fn memory(&mut self, name: &str) -> &[u8] {
        let memory = self.instance.get_memory(&mut *self.store, name).unwrap();
        memory.data(&*self.store)
    }

    fn table(&mut self, name: &str) -> (u64, u64) {
        let table = self.instance.get_table(&mut *self.store, name).unwrap();
        let size = table.size(&*self.store);
        let elements = (0..size).filter_map(|it| table.get(&mut *self.store, it));
        (elements.filter(|it| !it.is_null()).count() as u64, size)
    }
}

impl<T> Running<'_, T> {
    /// A value; of a reference its fields, and fields of these.
    fn value(&self, val: &Val, depth: u32) -> Value {
        match val {
            Val::I32(bits) => Value::I32(*bits as u32),
            Val::I64(bits) => Value::I64(*bits as u64),
            Val::F32(bits) => Value::F32(*bits),
            Val::F64(bits) => Value::F64(*bits),
            Val::V128(bits) => Value::V128(*bits),
            Val::AnyRef(Some(reference)) => Value::Reference(self.object(*reference, depth)),
            Val::FuncRef(Some(_)) => Value::Reference("a function".to_owned()),
            Val::ExternRef(Some(_)) => Value::Reference("of the host".to_owned()),
            Val::ExnRef(Some(_)) => Value::Reference("an exception".to_owned()),
            Val::AnyRef(None) | Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None) => {
                Value::Null
            }
        }
    }

    fn object(&self, reference: AnyRef, depth: u32) -> String {
        let store = &*self.store;
        if let Some(number) = reference.as_i31() {
            return format!("i31 {}", number.get_i32());
        }
        let Some(depth) = depth.checked_sub(1) else {
            return "…".to_owned();
        };
        let text = |values: &mut dyn Iterator<Item = Val>| {
            let texts: Vec<_> = values
                .map(|it| self.value(&it, depth).to_string())
                .collect();
            texts.join(" ")
        };
        if let Some(structure) = reference.as_struct(store) {
            let fields = structure.fields(store);
            format!("{{{}}}", text(&mut fields.into_iter()))
        } else if let Some(array) = reference.as_array(store) {
            let length = array.len(store);
            let elements = 0..length.min(ELEMENTS);
            let mut elements = elements.map(|it| array.get(store, it).unwrap());
            format!("{length} of [{}]", text(&mut elements))
        } else {
            "of the host".to_owned()
        }
    }
}

fn kind(ty: &ExternType) -> Kind {
    match ty {
        ExternType::Func(ty) => Kind::Func(ty.params().iter().map(type_of).collect()),
        ExternType::Global(_) => Kind::Global,
        ExternType::Memory(_) => Kind::Memory,
        ExternType::Table(_) => Kind::Table,
        _ => Kind::Other,
    }
}

fn type_of(ty: &ValType) -> Type {
    match ty {
        ValType::I32 => Type::I32,
        ValType::I64 => Type::I64,
        ValType::F32 => Type::F32,
        ValType::F64 => Type::F64,
        ValType::V128 => Type::V128,
        ValType::Ref(ty) if ty.is_nullable() => Type::Nullable,
        ValType::Ref(_) => Type::Reference,
    }
}

fn val(value: &Value, ty: ValType) -> Val {
    match value {
        Value::I32(bits) => Val::I32(*bits as i32),
        Value::I64(bits) => Val::I64(*bits as i64),
        Value::F32(bits) => Val::F32(*bits),
        Value::F64(bits) => Val::F64(*bits),
        Value::V128(bits) => Val::V128(*bits),
        Value::Null | Value::Reference(_) => Val::default_for(ty),
    }
}

fn failure(error: &Error) -> (Failed, Failure) {
    let Some(trap) = error.trap() else {
        let text = match error {
            Error::Link { .. } => "cannot link".to_owned(),
            error => error.to_string(),
        };
        return (Failed::Error, Failure::Told(text));
    };
    let kind = trap.kind();
    let failure = match kind {
        TrapKind::StackOverflow | TrapKind::HeapFull => Failure::DependsOnEngine,
        kind => Failure::Told(format!("{kind:?}")),
    };
    (Failed::Trap(kind), failure)
}

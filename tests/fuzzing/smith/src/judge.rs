//! What another engine, the interpreter wasmi, says of a module.

use crate::account::{Failure, Kind, Subject, Type, Value, account};
use wasmi::errors::ErrorKind;
use wasmi::{
    Config, Engine, Error, Extern, ExternType, Func, Global, Instance, Linker, Memory, Module, Ref,
    Store, Table, TrapCode, Val, ValType,
};

/// Calls that may be within each other: as many as the module's own counter of them lets be.
const DEPTH: usize = 10_000;
/// Bytes of an interpreter's stack.
const STACK: usize = 64 << 20;

/// The lines of an account; `None` if the engine does not know what the module needs, or says what is its own.
pub fn judge(wasm: &[u8]) -> Option<Vec<String>> {
    let mut config = Config::default();
    config
        .set_max_recursion_depth(DEPTH)
        .set_max_stack_height(STACK)
        .wasm_custom_page_sizes(true)
        .wasm_wide_arithmetic(true);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, wasm).ok()?;
    let mut store = Store::new(&engine, ());
    let linker = linker(&engine, &mut store, &module)?;
    match linker.instantiate_and_start(&mut store, &module) {
        Ok(instance) => account(&mut Judged {
            store,
            module,
            instance,
        }),
        Err(error) => match failure(&error) {
            Failure::Told(text) => Some(vec![format!("start: {text}")]),
            Failure::DependsOnEngine => None,
        },
    }
}

/// Imports that return and hold zeros and nulls.
fn linker(engine: &Engine, store: &mut Store<()>, module: &Module) -> Option<Linker<()>> {
    let mut linker = Linker::new(engine);
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        if linker.get(&*store, from, name).is_some() {
            continue;
        }
        let item: Extern = match import.ty() {
            ExternType::Func(ty) => {
                let results = ty.results().to_vec();
                let zeros = move |_: wasmi::Caller<'_, ()>, _: &[Val], into: &mut [Val]| {
                    for (result, ty) in into.iter_mut().zip(&results) {
                        *result = Val::default(*ty);
                    }
                    Ok(())
                };
                Func::new(&mut *store, ty.clone(), zeros).into()
            }
            ExternType::Global(ty) => {
                let value = Val::default(ty.content());
                Global::new(&mut *store, value, ty.mutability()).into()
            }
            ExternType::Memory(ty) => Memory::new(&mut *store, *ty).ok()?.into(),
            ExternType::Table(ty) => {
                let null = Val::default(ty.element());
                Table::new(&mut *store, *ty, null).ok()?.into()
            }
        };
        linker.define(from, name, item).ok()?;
    }
    Some(linker)
}

/// An instance in wasmi.
struct Judged {
    store: Store<()>,
    module: Module,
    instance: Instance,
}

impl Subject for Judged {
    fn exports(&mut self) -> Vec<(String, Kind)> {
        let kind = |ty: &ExternType| match ty {
            ExternType::Func(ty) => Kind::Func(ty.params().iter().map(type_of).collect()),
            ExternType::Global(_) => Kind::Global,
            ExternType::Memory(_) => Kind::Memory,
            ExternType::Table(_) => Kind::Table,
        };
        let exports = self.module.exports();
        exports
            .map(|it| (it.name().to_owned(), kind(it.ty())))
            .collect()
    }

    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Failure> {
        let func = self.instance.get_func(&self.store, name).unwrap();
        let ty = func.ty(&self.store);
        let types = ty.params().iter();
        let arguments: Vec<_> = types.zip(arguments).map(|(ty, it)| val(it, *ty)).collect();
        let results = ty.results().iter().map(|ty| Val::default(*ty));
        let mut results: Vec<_> = results.collect();
        match func.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => Ok(results.iter().map(value).collect()),
            Err(error) => Err(failure(&error)),
        }
    }

    fn global(&mut self, name: &str) -> Value {
        let global = self.instance.get_global(&self.store, name).unwrap();
        value(&global.get(&self.store))
    }

    fn memory(&mut self, name: &str) -> &[u8] {
        let memory = self.instance.get_memory(&self.store, name).unwrap();
        memory.data(&self.store)
    }

    fn table(&mut self, name: &str) -> (u64, u64) {
        let table = self.instance.get_table(&self.store, name).unwrap();
        let size = table.size(&self.store);
        let elements = (0..size).filter_map(|it| table.get(&self.store, it));
        let is_there =
            |it: &Val| !matches!(it, Val::FuncRef(Ref::Null) | Val::ExternRef(Ref::Null));
        (elements.filter(is_there).count() as u64, size)
    }
}

fn type_of(ty: &ValType) -> Type {
    match ty {
        ValType::I32 => Type::I32,
        ValType::I64 => Type::I64,
        ValType::F32 => Type::F32,
        ValType::F64 => Type::F64,
        ValType::V128 => Type::V128,
        ValType::FuncRef | ValType::ExternRef => Type::Nullable,
    }
}

fn val(value: &Value, ty: ValType) -> Val {
    match value {
        Value::I32(bits) => Val::I32(*bits as i32),
        Value::I64(bits) => Val::I64(*bits as i64),
        Value::F32(bits) => Val::F32(f32::from_bits(*bits).into()),
        Value::F64(bits) => Val::F64(f64::from_bits(*bits).into()),
        Value::V128(bits) => Val::V128((*bits).into()),
        Value::Null | Value::Reference(_) => Val::default(ty),
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(bits) => Value::I32(*bits as u32),
        Val::I64(bits) => Value::I64(*bits as u64),
        Val::F32(it) => Value::F32(it.to_bits()),
        Val::F64(it) => Value::F64(it.to_bits()),
        Val::V128(it) => Value::V128(it.as_u128()),
        Val::FuncRef(Ref::Null) | Val::ExternRef(Ref::Null) => Value::Null,
        Val::FuncRef(_) => Value::Reference("a function".to_owned()),
        Val::ExternRef(_) => Value::Reference("of the host".to_owned()),
    }
}

/// A failure, by the names that Dwalin's traps have.
fn failure(error: &Error) -> Failure {
    let text = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "UnreachableCodeReached",
        Some(TrapCode::MemoryOutOfBounds) => "MemoryOutOfBounds",
        Some(TrapCode::TableOutOfBounds) => "TableOutOfBounds",
        Some(TrapCode::IndirectCallToNull) => "IndirectCallToNull",
        Some(TrapCode::IntegerDivisionByZero) => "IntegerDivisionByZero",
        Some(TrapCode::IntegerOverflow) => "IntegerOverflow",
        Some(TrapCode::BadConversionToInteger) => "BadConversionToInteger",
        Some(TrapCode::BadSignature) => "BadSignature",
        Some(_) => return Failure::DependsOnEngine,
        None => match error.kind() {
            ErrorKind::Linker(_) => "cannot link",
            _ => return Failure::DependsOnEngine,
        },
    };
    Failure::Told(text.to_owned())
}

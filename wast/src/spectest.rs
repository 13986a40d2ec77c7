//! The module `spectest`, which scripts import from.

use dwalin_runtime::{
    AddressType, Global, GlobalType, Linker, Memory, MemoryType, Mutability, Result, SharedMemory,
    Store, Table, TableType, Val, ValType,
};

/// Defines it. What is printed goes nowhere.
pub(crate) fn define(linker: &mut Linker<()>, store: &mut Store<()>) -> Result<()> {
    const NAME: &str = "spectest";
    linker
        .func_wrap(NAME, "print", || {})?
        .func_wrap(NAME, "print_i32", |_: i32| {})?
        .func_wrap(NAME, "print_i64", |_: i64| {})?
        .func_wrap(NAME, "print_f32", |_: f32| {})?
        .func_wrap(NAME, "print_f64", |_: f64| {})?
        .func_wrap(NAME, "print_i32_f32", |_: i32, _: f32| {})?
        .func_wrap(NAME, "print_f64_f64", |_: f64, _: f64| {})?;
    for (name, value) in [
        ("global_i32", Val::from(666)),
        ("global_i64", Val::from(666i64)),
        ("global_f32", Val::from(666.6f32)),
        ("global_f64", Val::from(666.6f64)),
    ] {
        let ty = GlobalType {
            content: value.ty(),
            mutability: Mutability::Const,
        };
        let global = Global::new(&mut *store, ty, value)?;
        linker.define(NAME, name, global)?;
    }
    let table = TableType::new(ValType::FUNCREF, 10, Some(20));
    let table64 = TableType {
        address_type: AddressType::I64,
        ..table
    };
    for (name, ty) in [("table", table), ("table64", table64)] {
        let table = Table::new(&mut *store, ty, Val::FuncRef(None))?;
        linker.define(NAME, name, table)?;
    }
    let shared = SharedMemory::new(linker.engine(), MemoryType::shared(1, 2))?;
    linker.define(NAME, "shared_memory", shared)?;
    let memory = Memory::new(store, MemoryType::new(1, Some(2)))?;
    linker.define(NAME, "memory", memory)?;
    Ok(())
}

//! Typed references: their values between host and guests, and the identity of types in different modules.

mod configurations;

use configurations::configurations;
use dwalin_runtime::{
    Engine, Error, Func, Global, GlobalType, Instance, Module, Mutability, Result, Store, TrapKind,
    Val, ValType,
};

const CALLS: &str = r#"(module
    (type $binary (func (param i32 i32) (result i32)))
    (type $unary (func (param i32) (result i32)))
    (table (export "table") 3 (ref $binary) (ref.func $add))
    (global (export "global") (mut (ref null $unary)) (ref.func $negate))
    (func $add (export "add") (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $negate (export "negate") (type $unary) (i32.sub (i32.const 0) (local.get 0)))
    (func (export "apply") (param $f (ref $binary)) (param i32 i32) (result i32)
        (local $g (ref $binary))
        (local.set $g (local.get $f))
        (call_ref $binary (local.get 1) (local.get 2) (local.get $g)))
    (func (export "maybe") (param $f (ref null $unary)) (param i32) (result i32)
        (block $null
            (return (call_ref $unary (local.get 1) (br_on_null $null (local.get $f)))))
        (i32.const -1))
    (func (export "certainly") (param $f (ref null $unary)) (result (ref $unary))
        (block $there (result (ref $unary))
            (br_on_non_null $there (local.get $f))
            (ref.as_non_null (local.get $f)))))"#;

fn call(store: &mut Store<()>, func: Func, args: &[Val]) -> Result<Val> {
    let mut results = [Val::I32(0)];
    func.call(store, args, &mut results)?;
    Ok(results[0])
}

#[test]
fn typed_functions_pass_between_host_and_guests() {
    for config in configurations() {
        let engine = Engine::new(&config);
        let module = Module::new(&engine, CALLS).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut func = |name| instance.get_func(&mut store, name).unwrap();
        let (add, negate, apply) = (func("add"), func("negate"), func("apply"));
        let (maybe, certainly) = (func("maybe"), func("certainly"));
        let numbers = [Val::I32(30), Val::I32(12)];
        let applied = call(&mut store, apply, &[add.into(), numbers[0], numbers[1]]);
        assert_eq!(applied.unwrap().i32(), Some(42));
        // One of the host's, of the same type.
        let multiply = Func::wrap(&mut store, |a: i32, b: i32| a * b);
        let applied = call(
            &mut store,
            apply,
            &[multiply.into(), numbers[0], numbers[1]],
        );
        assert_eq!(applied.unwrap().i32(), Some(360));
        for wrong in [negate.into(), Val::FuncRef(None), Val::I32(1)] {
            let refused = call(&mut store, apply, &[wrong, numbers[0], numbers[1]]);
            assert!(matches!(refused, Err(Error::Type(_))), "{refused:?}");
        }
        let absent = call(&mut store, maybe, &[Val::FuncRef(None), numbers[0]]).unwrap();
        assert_eq!(absent.i32(), Some(-1));
        let present = call(&mut store, maybe, &[negate.into(), numbers[0]]).unwrap();
        assert_eq!(present.i32(), Some(-30));
        let Ok(Val::FuncRef(Some(same))) = call(&mut store, certainly, &[negate.into()]) else {
            panic!("the function comes back");
        };
        assert_eq!(same, negate);
        let Err(Error::Trap(trap)) = call(&mut store, certainly, &[Val::FuncRef(None)]) else {
            panic!("null is not a function");
        };
        assert_eq!(trap.kind(), TrapKind::NullReference);
    }
}

/// An instance of [`CALLS`], and its functions `add` and `negate`.
fn calls(store: &mut Store<()>) -> (Instance, [Func; 2]) {
    let module = Module::new(store.engine(), CALLS).unwrap();
    let instance = Instance::new(&mut *store, &module, &[]).unwrap();
    let functions = ["add", "negate"].map(|name| instance.get_func(&mut *store, name).unwrap());
    (instance, functions)
}

#[test]
fn tables_and_globals_keep_their_types() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let (instance, [add, negate]) = calls(&mut store);
    let table = instance.get_table(&mut store, "table").unwrap();
    let Some(Val::FuncRef(Some(first))) = table.get(&mut store, 2) else {
        panic!("the table's initializer is not null");
    };
    assert_eq!(first, add);
    assert!(table.set(&mut store, 0, negate.into()).is_err());
    assert!(table.set(&mut store, 0, Val::FuncRef(None)).is_err());
    table.set(&mut store, 0, add.into()).unwrap();
    let global = instance.get_global(&mut store, "global").unwrap();
    assert!(global.set(&mut store, add.into()).is_err());
    global.set(&mut store, Val::FuncRef(None)).unwrap();
    assert!(global.get(&store).is_null());
}

#[test]
fn types_are_the_same_in_all_modules_of_an_engine() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let (_, [add, negate]) = calls(&mut store);
    // Types in another order, and of another name.
    let wat = r#"(module
        (type (func))
        (type $b (func (param i32 i32) (result i32)))
        (import "" "" (global $f (ref $b)))
        (func (export "run") (result i32) (call_ref $b (i32.const 5) (i32.const 6) (global.get $f))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let (_, _, wanted) = module.imports().next().unwrap();
    let dwalin_runtime::ExternType::Global(ty) = *wanted else {
        panic!("a global is imported");
    };
    let global = Global::new(&mut store, ty, add.into()).unwrap();
    let user = Instance::new(&mut store, &module, &[global.into()]).unwrap();
    let run = user.get_func(&mut store, "run").unwrap();
    assert_eq!(call(&mut store, run, &[]).unwrap().i32(), Some(11));
    assert!(Global::new(&mut store, ty, negate.into()).is_err());
    // A global of any function may hold others.
    let ty = GlobalType {
        content: ValType::FUNCREF,
        mutability: Mutability::Const,
    };
    let global = Global::new(&mut store, ty, add.into()).unwrap();
    let refused = Instance::new(&mut store, &module, &[global.into()]);
    assert!(matches!(refused, Err(Error::Link { .. })));
}

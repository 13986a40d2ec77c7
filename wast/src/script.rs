//! A script as far as it has come: its instances, and what its directives do to them.

use crate::outcome::{Run, failure};
use crate::threads::{Shared, Threads};
use crate::{expect, spectest, text};
use dwalin_runtime::{
    AnyRef, Engine, Error, ExternRef, Instance, Linker, Module, Store, TrapKind, Val, ValType,
};
use std::collections::HashMap;
use std::iter;
use wast::core::WastArgCore;
use wast::token::Id;
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, WastThread};

/// The instances of a script, or of one of its threads, by the names that it gives them.
pub(crate) struct Script<'scope, 'text> {
    engine: Engine,
    store: Store<()>,
    linker: Linker<()>,
    named: HashMap<String, Instance>,
    latest: Option<Instance>,
    objects: HashMap<u32, ExternRef>,
    /// Modules that are not instantiated where they are defined.
    defined: HashMap<Option<String>, Module>,
    /// Memories of another thread's instances.
    shared: HashMap<String, Shared>,
    threads: Threads<'scope, 'text>,
}

/// The result of a step that can fail before there is anything to compare.
type Step<T> = Result<T, String>;

/// The results of a call or of an instantiation, or how it failed.
type Outcome = Result<Vec<Val>, Error>;

fn name(id: Option<Id<'_>>) -> Option<String> {
    id.map(|id| id.name().to_owned())
}

fn failed(error: Error) -> String {
    format!("expected no error, found {}", text::error(&error))
}

impl<'scope, 'text> Script<'scope, 'text> {
    pub(crate) fn new(
        engine: Engine,
        shared: HashMap<String, Shared>,
        threads: Threads<'scope, 'text>,
    ) -> Script<'scope, 'text> {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        spectest::define(&mut linker, &mut store).expect("small, and of the types that they have");
        Script {
            engine,
            store,
            linker,
            named: HashMap::new(),
            latest: None,
            objects: HashMap::new(),
            defined: HashMap::new(),
            shared,
            threads,
        }
    }

    /// Runs directives, and waits for the threads that they begin.
    pub(crate) fn directives(&mut self, directives: Vec<WastDirective<'text>>) -> Run {
        let mut run = Run::default();
        for directive in directives {
            let span = directive.span();
            run.directives += 1;
            if let Err(message) = self.directive(directive) {
                run.failures.push(failure(self.threads.text, span, message));
            }
        }
        let threads = self.threads.all();
        run.directives += threads.directives;
        run.failures.extend(threads.failures);
        run.failures.sort_by_key(|it| (it.line, it.column));
        run
    }

    /// Runs a directive; else what it expects, and what there is.
    fn directive(&mut self, directive: WastDirective<'text>) -> Step<()> {
        match directive {
            WastDirective::Module(module) => self.module(module),
            WastDirective::ModuleDefinition(module) => self.define(module),
            WastDirective::ModuleInstance {
                instance, module, ..
            } => self.make(name(instance), &name(module)),
            WastDirective::Register {
                name: import,
                module,
                ..
            } => self.register(import, module),
            WastDirective::Invoke(invoke) => self.invoke(&invoke)?.map(|_| ()).map_err(failed),
            WastDirective::Thread(thread) => self.thread(thread),
            WastDirective::Wait { thread, .. } => self.threads.wait(thread),
            directive => self.assertion(directive),
        }
    }

    fn assertion(&mut self, directive: WastDirective<'text>) -> Step<()> {
        match directive {
            WastDirective::AssertReturn { exec, results, .. } => self.returns(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => {
                let outcome = self.execute(exec)?;
                let is = |error: &Error| {
                    let trap = error.trap();
                    trap.is_some_and(|trap| expect::is_trap(trap.kind(), message))
                };
                fails(outcome, is, format!("the trap \"{message}\""))
            }
            WastDirective::AssertException { exec, .. } => {
                let outcome = self.execute(exec)?;
                let is = |error: &Error| error.trap().is_some_and(|it| it.exception().is_some());
                fails(outcome, is, "an exception".to_owned())
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let outcome = self.invoke(&call)?;
                let full = TrapKind::StackOverflow;
                let is = |error: &Error| error.trap().is_some_and(|trap| trap.kind() == full);
                fails(outcome, is, format!("the trap \"{message}\""))
            }
            WastDirective::AssertUnlinkable {
                module, message, ..
            } => {
                let outcome = self.execute(WastExecute::Wat(module))?;
                let is = |error: &Error| matches!(error, Error::Link { .. });
                fails(outcome, is, format!("the link error \"{message}\""))
            }
            WastDirective::AssertInvalid {
                module, message, ..
            } => self.refused(module, format!("an invalid module (\"{message}\")")),
            WastDirective::AssertMalformed {
                module, message, ..
            } => self.refused(module, format!("a malformed module (\"{message}\")")),
            WastDirective::AssertInvalidCustom { .. }
            | WastDirective::AssertMalformedCustom { .. } => {
                Err("assertions of custom sections are not supported".to_owned())
            }
            WastDirective::AssertSuspension { .. } => {
                Err("the stack-switching proposal is not supported".to_owned())
            }
            _ => Err("the directive is not supported".to_owned()),
        }
    }

    fn thread(&mut self, thread: WastThread<'text>) -> Step<()> {
        let mut shared = HashMap::new();
        if let Some(module) = thread.shared_module {
            let instance = self.instance(Some(module))?;
            let memories = Shared::of(instance, &mut self.store);
            shared.insert(module.name().to_owned(), memories);
        }
        let engine = self.engine.clone();
        let (name, directives) = (thread.name.name(), thread.directives);
        self.threads.begin(name, |threads| {
            Script::new(engine, shared, threads).directives(directives)
        })
    }

    fn register(&mut self, import: &str, module: Option<Id<'_>>) -> Step<()> {
        // A module of its own hides another thread's.
        let others = module.filter(|module| !self.named.contains_key(module.name()));
        if let Some(shared) = others.and_then(|module| self.shared.get(module.name())) {
            return shared.define(&mut self.linker, import).map_err(failed);
        }
        let instance = self.instance(module)?;
        let registered = self.linker.instance(&mut self.store, import, instance);
        registered.map(|_| ()).map_err(failed)
    }

    fn instance(&self, name: Option<Id<'_>>) -> Step<Instance> {
        match name {
            None => self.latest.ok_or_else(|| "there is no module".to_owned()),
            Some(id) => {
                let named = self.named.get(id.name()).copied();
                named.ok_or_else(|| format!("there is no module ${}", id.name()))
            }
        }
    }

    fn argument(&mut self, argument: &WastArg<'_>, ty: ValType) -> Step<Val> {
        let WastArg::Core(argument) = argument else {
            return Err("components are not supported".to_owned());
        };
        Ok(match argument {
            WastArgCore::I32(value) => Val::I32(*value),
            WastArgCore::I64(value) => Val::I64(*value),
            WastArgCore::F32(value) => Val::F32(value.bits),
            WastArgCore::F64(value) => Val::F64(value.bits),
            WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes())),
            WastArgCore::RefNull(_) => Val::default_for(ty),
            WastArgCore::RefExtern(number) => self.object(*number).into(),
            WastArgCore::RefHost(number) => AnyRef::convert_extern(self.object(*number)).into(),
        })
    }

    /// The object of the host with a number.
    fn object(&mut self, number: u32) -> ExternRef {
        let (store, object) = (&mut self.store, self.objects.entry(number));
        *object.or_insert_with(|| ExternRef::new(store, number))
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Step<Outcome> {
        let instance = self.instance(invoke.module)?;
        let func = instance.get_func(&mut self.store, invoke.name);
        let func = func.ok_or_else(|| format!("no function \"{}\" is exported", invoke.name))?;
        let ty = func.ty(&self.store);
        // Too many are for the call to refuse.
        let types = ty
            .params()
            .iter()
            .copied()
            .chain(iter::repeat(ValType::I32));
        let arguments = invoke.args.iter().zip(types);
        let arguments = arguments.map(|(argument, ty)| self.argument(argument, ty));
        let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        let results = ty.results().iter().map(|ty| Val::default_for(*ty));
        let mut results: Vec<_> = results.collect();
        let called = func.call(&mut self.store, &arguments, &mut results);
        Ok(called.map(|()| results))
    }

    fn execute(&mut self, execute: WastExecute<'_>) -> Step<Outcome> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(module) => {
                let instance = self.instantiate(QuoteWat::Wat(module))?;
                Ok(instance.map(|_| Vec::new()))
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                let found = instance.get_global(&mut self.store, global);
                let found = found.ok_or_else(|| format!("no global \"{global}\" is exported"))?;
                Ok(Ok(vec![found.get(&self.store)]))
            }
        }
    }

    fn instantiate(&mut self, mut module: QuoteWat<'_>) -> Step<Result<Instance, Error>> {
        let bytes = module.encode().map_err(|error| error.message())?;
        let module = Module::new(&self.engine, bytes);
        let linker = &self.linker;
        Ok(module.and_then(|module| linker.instantiate(&mut self.store, &module)))
    }

    /// Runs what has to have these results.
    fn returns(&mut self, exec: WastExecute<'_>, results: &[WastRet<'_>]) -> Step<()> {
        let outcome = self.execute(exec)?;
        let is_equal = outcome.as_ref().is_ok_and(|values| {
            let store = &self.store;
            let mut pairs = values.iter().zip(results);
            values.len() == results.len()
                && pairs.all(|(value, result)| match result {
                    WastRet::Core(result) => expect::matches(store, value, result),
                    _ => false,
                })
        });
        match is_equal {
            true => Ok(()),
            false => Err(mismatch(text::expected(results), &outcome)),
        }
    }

    fn module(&mut self, module: QuoteWat<'_>) -> Step<()> {
        let name = name(module.name());
        // So that what follows is not said of the module before.
        self.latest = None;
        if let Some(name) = &name {
            self.named.remove(name);
        }
        let instance = self.instantiate(module)?.map_err(failed)?;
        self.latest = Some(instance);
        self.named.extend(name.map(|name| (name, instance)));
        Ok(())
    }

    fn define(&mut self, mut module: QuoteWat<'_>) -> Step<()> {
        let name = name(module.name());
        let bytes = module.encode().map_err(|error| error.message())?;
        let module = Module::new(&self.engine, bytes).map_err(failed)?;
        self.defined.insert(name, module);
        Ok(())
    }

    /// Instantiates a module that was defined.
    fn make(&mut self, name: Option<String>, module: &Option<String>) -> Step<()> {
        let module = self.defined.get(module);
        let module = module.ok_or("there is no such definition of a module")?;
        let made = self.linker.instantiate(&mut self.store, module);
        let made = made.map_err(failed)?;
        self.latest = Some(made);
        self.named.extend(name.map(|name| (name, made)));
        Ok(())
    }

    fn refused(&mut self, mut module: QuoteWat<'_>, expected: String) -> Step<()> {
        let bytes = module.encode();
        let is_taken = bytes.is_ok_and(|bytes| Module::new(&self.engine, bytes).is_ok());
        match is_taken {
            true => Err(format!("expected {expected}, found a valid one")),
            false => Ok(()),
        }
    }
}

/// Compares a failure with the one that is expected.
fn fails(outcome: Outcome, is: impl Fn(&Error) -> bool, expected: String) -> Step<()> {
    match &outcome {
        Err(error) if is(error) => Ok(()),
        _ => Err(mismatch(expected, &outcome)),
    }
}

fn mismatch(expected: String, outcome: &Outcome) -> String {
    format!("expected {expected}, found {}", text::outcome(outcome))
}

//! Random types and values through the canonical ABI: from the host through guests to the host and back, within one component and through
//! adapters between several, in all encodings of strings, and to reports; and guests that lie. What arrives is what was sent, or a rule is named that was broken.
//!
//! `DWALIN_FUZZ_SECONDS=3600 cargo test --test fuzz_components -- --nocapture` goes on for as long, from `DWALIN_FUZZ_SEED` on. A finding names its
//! seed: `DWALIN_FUZZ_SEED=that DWALIN_FUZZ_SECONDS=0` checks it alone, and prints the component.
#![cfg(feature = "component-model")]

mod fuzzing {
    pub mod canonical;
    pub mod composed;
    #[allow(dead_code, reason = "of it, only the numbers are used here")]
    pub mod mutate;
    pub mod seeds;
}

use dwalin_runtime::component::{Component, Func, Linker, Val, Violation};
use dwalin_runtime::{Config, Engine, Error, Result, Store};
use fuzzing::canonical::Ty;
use fuzzing::composed::{chain, garbage, lies};
use fuzzing::mutate::Numbers;
use fuzzing::seeds::Seeds;
use std::sync::{Arc, Mutex};

/// Cases of a run that is not asked for more, and for how long at most.
const CASES: u64 = 600;
const SECONDS: u64 = 8;

/// Values that are passed through a component.
const VALUES: usize = 4;

/// Characters of a value that reports show.
const SHOWN: usize = 200;

/// The values that the host was given, and the one that it gives back.
#[derive(Clone, Default)]
struct Host(Arc<Mutex<(Vec<Val>, Option<Val>)>>);

struct Case {
    engine: Engine,
    numbers: Numbers,
    /// The component is printed.
    is_shown: bool,
}

impl Case {
    fn new(engine: &Engine, seed: u64, is_shown: bool) -> Case {
        let mut numbers = Numbers::new(seed);
        // Seeds that follow each other begin alike.
        (0..8).for_each(|_| {
            numbers.next();
        });
        Case {
            engine: engine.clone(),
            numbers,
            is_shown,
        }
    }

    /// An instance of a component, whose export `run` is returned, and which may import `f` of the host.
    fn instantiate(&self, text: &str, host: &Host) -> (Store<()>, Func) {
        if self.is_shown {
            println!("{text}");
        }
        let component = Component::new(&self.engine, text);
        let component =
            component.unwrap_or_else(|error| panic!("the text is no component: {error}\n{text}"));
        let mut store = Store::new(&self.engine, ());
        let linker = self.linker(host);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        (store, run)
    }

    fn linker(&self, host: &Host) -> Linker<()> {
        let mut linker = Linker::new(&self.engine);
        let host = host.clone();
        let f = move |_: dwalin_runtime::StoreContextMut<'_, ()>,
                      params: &[Val],
                      results: &mut [Val]| {
            let mut host = host.0.lock().unwrap();
            host.0.extend_from_slice(params);
            let given = host.1.take();
            results[0] = given.ok_or_else(|| Error::host("it gives nothing back"))?;
            Ok(())
        };
        linker.root().func_new("f", f).unwrap();
        linker
    }

    /// Values arrive as they were sent, both ways.
    fn passes(&mut self, ty: &Ty, links: usize) -> &'static str {
        let text = chain(ty, links, &mut self.numbers, None);
        let host = Host::default();
        let (mut store, run) = self.instantiate(&text, &host);
        for _ in 0..VALUES {
            let (sent, given) = (ty.value(&mut self.numbers), ty.value(&mut self.numbers));
            *host.0.lock().unwrap() = (Vec::new(), Some(given.clone()));
            let mut results = [Val::Bool(false)];
            let called = run.call(&mut store, &[sent.clone()], &mut results);
            called.unwrap_or_else(|error| panic!("{sent:?}: {error}\n{text}"));
            assert_eq!(host.0.lock().unwrap().0, [sent], "{text}");
            assert_eq!(results, [given], "{text}");
        }
        match links {
            1 => "one component",
            _ => "through adapters",
        }
    }

    /// A `realloc` lies.
    fn lies(&mut self, ty: &Ty, links: usize) -> &'static str {
        let lies = lies(&mut self.numbers);
        let text = chain(ty, links, &mut self.numbers, Some(&lies));
        let host = Host::default();
        let (mut store, run) = self.instantiate(&text, &host);
        let (sent, given) = (ty.value(&mut self.numbers), ty.value(&mut self.numbers));
        host.0.lock().unwrap().1 = Some(given);
        let mut results = [Val::Bool(false)];
        ended(run.call(&mut store, &[sent], &mut results), &text)
    }

    /// A guest returns garbage.
    fn garbage(&mut self, ty: &Ty, is_composed: bool) -> &'static str {
        let text = garbage(ty, is_composed, &mut self.numbers);
        let (mut store, run) = self.instantiate(&text, &Host::default());
        let mut results = [Val::Bool(false)];
        ended(run.call(&mut store, &[], &mut results), &text)
    }

    /// A host function fails that several components lead to: the report has each call between two of them, with what was sent.
    fn is_shown(&mut self, ty: &Ty, links: usize) -> &'static str {
        let mut config = Config::new();
        config.debug_info(true);
        self.engine = Engine::new(&config);
        let text = chain(ty, links, &mut self.numbers, None);
        let (mut store, run) = self.instantiate(&text, &Host::default());
        let sent = ty.value(&mut self.numbers);
        let mut results = [Val::Bool(false)];
        let called = run.call(&mut store, &[sent.clone()], &mut results);
        let error = called.expect_err("the host has nothing to give back");
        let frames = error.backtrace().expect("guests were called").frames();
        let calls: Vec<_> = frames
            .iter()
            .filter_map(|it| it.passes_on.clone())
            .collect();
        let mut value = sent.to_wave().unwrap();
        if let Some((end, _)) = value.char_indices().nth(SHOWN) {
            value.truncate(end);
            value.push('…');
        }
        assert_eq!(calls, vec![format!("run(a: {value})"); links - 1], "{text}");
        "shown in reports"
    }

    fn check(&mut self) -> &'static str {
        let depth = self.numbers.below(4);
        let ty = Ty::random(&mut self.numbers, depth);
        match self.numbers.below(9) {
            8 => {
                let links = 2 + self.numbers.below(2);
                self.is_shown(&ty, links)
            }
            0 => self.passes(&ty, 1),
            1..=3 => {
                let links = 2 + self.numbers.below(2);
                self.passes(&ty, links)
            }
            4 => {
                let links = 1 + self.numbers.below(3);
                self.lies(&ty, links)
            }
            kind => self.garbage(&ty, kind != 5),
        }
    }
}

/// A guest that lies returns a value, or is trapped by a rule or its own code.
fn ended(result: Result<()>, text: &str) -> &'static str {
    match result {
        Ok(()) => "hostile, a value",
        Err(error) if error.downcast_ref::<Violation>().is_some() => "hostile, a rule",
        Err(Error::Trap(_)) => "hostile, a trap",
        Err(error) => panic!("neither a rule nor a trap: {error}\n{text}"),
    }
}

#[test]
fn values_pass_the_canonical_abi_and_lies_are_named() {
    let seeds = Seeds::requested(CASES, SECONDS);
    let engine = Engine::default();
    let kinds = seeds.check(std::iter::repeat(()), |seed, ()| {
        Case::new(&engine, seed, seeds.is_single()).check()
    });
    if !seeds.is_single() {
        for kind in [
            "one component",
            "through adapters",
            "shown in reports",
            "hostile, a value",
            "hostile, a rule",
        ] {
            assert!(kinds.contains_key(kind), "{kind}: {kinds:?}");
        }
    }
}

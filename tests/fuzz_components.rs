//! Random types and values through the canonical ABI: from the host through guests to the host and back, within one component and through
//! adapters between several, in all encodings of strings; and guests that lie. What arrives is what was sent, or a rule is named that was broken.
//!
//! `DWALIN_FUZZ_SECONDS=3600 cargo test --test fuzz_components -- --nocapture` goes on for as long, from `DWALIN_FUZZ_SEED` on. A finding names its
//! seed: `DWALIN_FUZZ_SEED=that DWALIN_FUZZ_SECONDS=0` checks it alone, and prints the component.
#![cfg(feature = "component-model")]

mod fuzzing {
    pub mod canonical;
    pub mod composed;
    #[allow(dead_code, reason = "of it, only the numbers are used here")]
    pub mod mutate;
}

use dwalin_runtime::component::{Component, Linker, Val, Violation};
use dwalin_runtime::{Engine, Error, Result, Store};
use fuzzing::canonical::Ty;
use fuzzing::composed::{chain, garbage, lies};
use fuzzing::mutate::Numbers;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Cases of a run that is not asked for more, and for how long at most.
const CASES: u64 = 600;
const SECONDS: u64 = 8;

/// Values that are passed through a component.
const VALUES: usize = 4;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

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
    fn component(&self, text: &str) -> Component {
        if self.is_shown {
            println!("{text}");
        }
        let component = Component::new(&self.engine, text);
        component.unwrap_or_else(|error| panic!("the text is no component: {error}\n{text}"))
    }

    fn linker(&self, host: &Host) -> Linker<()> {
        let mut linker = Linker::new(&self.engine);
        let host = host.clone();
        let f = move |_: dwalin_runtime::StoreContextMut<'_, ()>,
                      params: &[Val],
                      results: &mut [Val]| {
            let mut host = host.0.lock().unwrap();
            host.0.extend_from_slice(params);
            results[0] = host.1.take().expect("it is called once");
            Ok(())
        };
        linker.root().func_new("f", f).unwrap();
        linker
    }

    /// Values arrive as they were sent, both ways.
    fn passes(&mut self, ty: &Ty, links: usize) -> &'static str {
        let text = chain(ty, links, &mut self.numbers, None);
        let (component, host) = (self.component(&text), Host::default());
        let mut store = Store::new(&self.engine, ());
        let instance = self
            .linker(&host)
            .instantiate(&mut store, &component)
            .unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
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
        let (component, host) = (self.component(&text), Host::default());
        let mut store = Store::new(&self.engine, ());
        let instance = self
            .linker(&host)
            .instantiate(&mut store, &component)
            .unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let (sent, given) = (ty.value(&mut self.numbers), ty.value(&mut self.numbers));
        host.0.lock().unwrap().1 = Some(given);
        let mut results = [Val::Bool(false)];
        ended(run.call(&mut store, &[sent], &mut results), &text)
    }

    /// A guest returns garbage.
    fn garbage(&mut self, ty: &Ty, is_composed: bool) -> &'static str {
        let text = garbage(ty, is_composed, &mut self.numbers);
        let component = self.component(&text);
        let mut store = Store::new(&self.engine, ());
        let linker = Linker::new(&self.engine);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = [Val::Bool(false)];
        ended(run.call(&mut store, &[], &mut results), &text)
    }

    fn check(&mut self) -> &'static str {
        let depth = self.numbers.below(4);
        let ty = Ty::random(&mut self.numbers, depth);
        match self.numbers.below(8) {
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

/// Checks the cases of seeds until the time is over; how many were of which kind, and the seeds that failed.
fn check_all(first: u64, last: u64, seconds: u64) -> (BTreeMap<&'static str, u64>, Vec<u64>) {
    let (mut kinds, mut failed) = (BTreeMap::new(), Vec::new());
    let end = Instant::now() + Duration::from_secs(seconds);
    let engine = Engine::default();
    for seed in first..=last {
        let mut case = Case {
            engine: engine.clone(),
            numbers: Numbers::new(seed),
            is_shown: first == last,
        };
        // Seeds that follow each other begin alike.
        (0..8).for_each(|_| {
            case.numbers.next();
        });
        match catch_unwind(AssertUnwindSafe(|| case.check())) {
            Ok(kind) => *kinds.entry(kind).or_default() += 1,
            Err(_) => {
                println!("seed {seed} fails");
                failed.push(seed);
            }
        }
        if seed % 10_000 == 0 {
            println!("seed {seed}: {kinds:?}");
        }
        if Instant::now() >= end {
            break;
        }
    }
    (kinds, failed)
}

#[test]
fn values_pass_the_canonical_abi_and_lies_are_named() {
    let seconds = number("DWALIN_FUZZ_SECONDS");
    let first = number("DWALIN_FUZZ_SEED").unwrap_or(1);
    let last = match seconds {
        Some(0) => first,
        Some(_) => u64::MAX,
        None => first + CASES - 1,
    };
    let (kinds, failed) = check_all(first, last, seconds.unwrap_or(SECONDS));
    println!("from seed {first} on: {kinds:?}");
    assert!(failed.is_empty(), "failed: {failed:?}");
    if first != last {
        for kind in [
            "one component",
            "through adapters",
            "hostile, a value",
            "hostile, a rule",
        ] {
            assert!(kinds.contains_key(kind), "{kind}: {kinds:?}");
        }
    }
}

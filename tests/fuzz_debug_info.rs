//! Any debug info: damaged, cut short, cyclic, overlapping or hostile, it costs no more than time and memory in proportion.
//!
//! `DWALIN_FUZZ_SECONDS=3600 cargo test --test fuzz_debug_info` goes on for as long, from `DWALIN_FUZZ_SEED` on; a folder with modules
//! can be given as `DWALIN_FUZZ_MODULES`. A finding names its seed: `DWALIN_FUZZ_SEED=that DWALIN_FUZZ_SECONDS=0` is that case alone.

mod fuzzing;
mod support;

use fuzzing::memory;
use fuzzing::mutate::{Numbers, mutate};
use fuzzing::seeds::Seeds;
use fuzzing::target::Module;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use support::{Folder, equipped};

/// The time that a case may take: far more than any does on a busy machine.
const TIME: Duration = Duration::from_secs(30);
/// Bytes of memory at once, for each byte of input, and beside them.
const MEMORY: usize = 100;
const BESIDE: usize = 16 << 20;
/// Cases of a run that is not asked for more, and for how long at most.
const CASES: u64 = 1500;
const SECONDS: u64 = 45;

const C: &str = "\
struct node { int value; struct node *next; union { float f; unsigned char bytes[4]; } u; enum { A, B } kind : 2; };
typedef int (*callback)(struct node *, const char *);
static struct node nodes[3];
long double wide; __thread int own; callback hook;
static inline __attribute__((always_inline)) int weigh(struct node *n) { int w = n->value * 3; return w + n->kind; }
int sum(struct node *list, int n) {
  int s = 0;
  for (struct node *p = list; p; p = p->next) { int part = weigh(p); s += part; if (hook) s += hook(p, \"text\"); }
  { double d = s; nodes[n % 3].u.f = d; }
  return s + own;
}
int main(int argc, char **argv) { nodes[0].next = &nodes[1]; return sum(nodes, argc); }
";

const CPP: &str = "\
namespace shapes {
struct base { virtual int area() const { return 0; } int id = 1; };
struct left : virtual base { int l = 2; };
struct right : virtual base { int r = 3; };
template <class T> struct box : left, right { T held; T &get() { return held; } int area() const override { return l * r; } };
}
int shapes::base::*member = &shapes::base::id;
using method = int (shapes::base::*)() const;
method chosen = &shapes::base::area;
int use(const shapes::base &b, int &&moved) { auto f = [&](int x) { return b.area() + x + moved; }; return f(b.id); }
extern \"C\" int main(int argc, char **argv) { shapes::box<long long> b; b.held = argc; return use(b, argc + 1) + (int)b.get(); }
void *operator new(__SIZE_TYPE__) { return nullptr; }
void operator delete(void *) noexcept {}
extern \"C\" void __cxa_pure_virtual() {}
extern \"C\" void *__cxa_atexit;
";

/// Modules of compilers, small ones so that a change hits something.
fn modules() -> Vec<Module> {
    let mut found = Vec::new();
    let mut add = |number: usize, file: &str, source: &str, flags: &[&str]| {
        let folder = Folder::new(&format!("fuzz-{number}"));
        folder.write(file, source);
        let compiler = if file.ends_with(".cpp") {
            "clang++-19"
        } else {
            "clang-19"
        };
        let base = [
            compiler,
            "--target=wasm32-wasi",
            "-w",
            "-g",
            "-fno-exceptions",
        ];
        folder.tool(&[&base[..], flags, &["-c", file, "-o", "app.o"]].concat());
        let link = ["-nostdlib", "-Wl,--no-entry,--export-all,--allow-undefined"];
        folder.tool(&[&base[..], &link, &["app.o", "-o", "app.wasm"]].concat());
        let package = flags.contains(&"-gsplit-dwarf").then(|| {
            folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "package"]);
            std::fs::read(folder.path("package")).unwrap()
        });
        let wasm = std::fs::read(folder.path("app.wasm")).unwrap();
        found.push(Module::of(&wasm, package));
    };
    let split = ["-gsplit-dwarf", "-fdebug-types-section"];
    add(0, "app.c", C, &["-gdwarf-4", "-O0"]);
    add(1, "app.c", C, &["-gdwarf-5", "-O2"]);
    add(2, "app.cpp", CPP, &["-gdwarf-5", "-O0"]);
    add(
        3,
        "app.cpp",
        CPP,
        &["-gdwarf-4", "-O1", "-fdebug-types-section"],
    );
    add(4, "app.c", C, &[&split[..], &["-gdwarf-5", "-O1"]].concat());
    add(
        5,
        "app.cpp",
        CPP,
        &[&split[..], &["-gdwarf-4", "-O0"]].concat(),
    );
    let more = std::env::var_os("DWALIN_FUZZ_MODULES").map(std::fs::read_dir);
    for entry in more.into_iter().flatten().flatten().flatten() {
        if entry.path().extension().is_some_and(|it| it == "wasm") {
            let package = std::fs::read(entry.path().with_extension("wasm.dwp")).ok();
            found.push(Module::of(&std::fs::read(entry.path()).unwrap(), package));
        }
    }
    found
}

/// The case of a seed.
fn case(modules: &[Module], seed: u64) -> Module {
    let mut numbers = Numbers::new(seed);
    let mut module = modules[numbers.below(modules.len())].clone();
    match &mut module.package {
        Some(package) if numbers.below(2) == 0 => {
            // As one section: its own are found in it by their names, which are rarely hit.
            let mut whole = vec![(String::new(), std::mem::take(package))];
            mutate(&mut whole, &mut numbers);
            *package = whole.remove(0).1;
        }
        _ => mutate(&mut module.sections, &mut numbers),
    }
    module
}

#[test]
fn no_debug_info_makes_it_fail_or_take_long_or_much() {
    if !equipped() {
        return;
    }
    let modules = modules();
    let seeds = Seeds::requested(CASES, SECONDS);
    let end = seeds.deadline();
    let seed_file = Folder::new("fuzz").path("seed");
    let (send, done) = channel();
    let runner = std::thread::Builder::new().stack_size(2 << 20);
    let runner = runner.spawn(move || {
        for module in &modules {
            module.exercise();
        }
        for seed in seeds.first..=seeds.last {
            let module = case(&modules, seed);
            send.send((seed, false)).unwrap();
            // For what ends the process.
            std::fs::write(&seed_file, seed.to_string()).unwrap();
            let (_, peak) = memory::peak_of(|| module.exercise());
            let allowed = MEMORY * module.size() + BESIDE;
            assert!(
                peak <= allowed,
                "seed {seed}: {peak} bytes for {}",
                module.size()
            );
            send.send((seed, true)).unwrap();
            if Instant::now() >= end {
                return;
            }
        }
    });
    let mut latest = 0;
    loop {
        match done.recv_timeout(TIME) {
            Ok((seed, _)) => latest = seed,
            Err(RecvTimeoutError::Timeout) => panic!("seed {latest} takes too long"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(runner.unwrap().join().is_ok(), "seed {latest} fails");
    println!("seeds {} to {latest}", seeds.first);
}

//! Prints modules of random instructions: for each seed in a range, the length of its module, and the module.
//!
//! `smith FIRST LAST` prints modules to record, which have imports. `smith FIRST LAST judge` prints others, and behind each what another engine says
//! of it: a length, and lines; none of what that engine does not know.
//!
//! A length is four bytes, the lowest first; it is 0 where the numbers of a seed make no module.

#[path = "../../account.rs"]
#[allow(dead_code, reason = "the other engine knows fewer types")]
mod account;
mod judge;
#[path = "../../mutate.rs"]
#[allow(dead_code, reason = "of it, only the numbers are used here")]
mod mutate;

use arbitrary::Unstructured;
use mutate::Numbers;
use std::io::{BufWriter, Result, Write};
use wasm_smith::InstructionKind::{Control, Memory, NumericInt, Parametric, Table, Variable};
use wasm_smith::InstructionKinds;

/// Loops that a run of a module may begin, and functions that it may enter.
const FUEL: u32 = 1000;

/// The settings of a module to record: each has a choice of WebAssembly's proposals.
fn recorded(mut chance: impl FnMut(usize) -> bool) -> wasm_smith::Config {
    wasm_smith::Config {
        // Of all that is done with a module, compiling it is most: there is code for each type, too.
        min_types: 2,
        max_types: 8,
        min_imports: 2,
        max_imports: 6,
        min_funcs: 2,
        max_funcs: 4,
        max_instructions: 80,
        max_memories: 2,
        max_memory32_bytes: 1 << 20,
        max_memory64_bytes: 1 << 20,
        memory_max_size_required: true,
        max_table_elements: 10_000,
        table_max_size_required: true,
        export_everything: true,
        exceptions_enabled: chance(3),
        gc_enabled: chance(4),
        memory64_enabled: chance(4),
        relaxed_simd_enabled: chance(2),
        simd_enabled: chance(2),
        tail_call_enabled: chance(2),
        // Half of the modules go on for longer, and in half of them more instructions are calls.
        disallow_traps: chance(2),
        allowed_instructions: match (chance(2), chance(2)) {
            (true, _) => InstructionKinds::all(),
            (false, true) => InstructionKinds::new(&[Control, Parametric, Variable]),
            (false, false) => {
                InstructionKinds::new(&[Control, Memory, NumericInt, Parametric, Table, Variable])
            }
        },
        // What they need is not recorded, or not there.
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        custom_page_sizes_enabled: false,
        custom_descriptors_enabled: false,
        compact_imports_enabled: false,
        wide_arithmetic_enabled: false,
        ..wasm_smith::Config::default()
    }
}

/// The settings of a module that another engine runs, too: what results are is the same in all engines.
fn judged(mut chance: impl FnMut(usize) -> bool) -> wasm_smith::Config {
    wasm_smith::Config {
        canonicalize_nans: true,
        relaxed_simd_enabled: false,
        limit_arrays_in_const_exprs: true,
        min_imports: 0,
        max_tables: 3,
        max_memories: 3,
        custom_page_sizes_enabled: chance(8),
        wide_arithmetic_enabled: chance(4),
        // The other engine does not know these: such modules are compared between kinds of code.
        gc_enabled: chance(8),
        exceptions_enabled: chance(8),
        ..recorded(chance)
    }
}

/// The module of a seed.
fn module(seed: u64, is_judged: bool) -> Option<Vec<u8>> {
    let mut numbers = Numbers::new(seed);
    let words = 128 << numbers.below(4);
    let chance = |of| numbers.below(of) == 0;
    let config = match is_judged {
        true => judged(chance),
        false => recorded(chance),
    };
    let bytes = (0..words).flat_map(|_| numbers.next().to_le_bytes());
    let bytes: Vec<_> = bytes.collect();
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}

fn print(out: &mut impl Write, bytes: &[u8]) -> Result<()> {
    out.write_all(&(bytes.len() as u32).to_le_bytes())?;
    out.write_all(bytes)
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut seed = || arguments.next().unwrap().parse::<u64>().unwrap();
    let (first, last) = (seed(), seed());
    let is_judged = arguments.next().is_some();
    let mut out = BufWriter::new(std::io::stdout());
    for seed in first..=last {
        let module = module(seed, is_judged).unwrap_or_default();
        print(&mut out, &module)?;
        if is_judged {
            let lines = judge::judge(&module).unwrap_or_default();
            print(&mut out, lines.join("\n").as_bytes())?;
        }
    }
    out.flush()
}

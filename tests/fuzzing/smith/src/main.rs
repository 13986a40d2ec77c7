//! Prints modules of random instructions, with imports: for each seed in a range, the length of its module, and the module.
//!
//! A length is four bytes, the lowest first; it is 0 where the numbers of a seed make no module.

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

/// The settings of a module: each has a choice of WebAssembly's proposals.
fn config(mut chance: impl FnMut(usize) -> bool) -> wasm_smith::Config {
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
            (false, false) => InstructionKinds::new(&[
                Control, Memory, NumericInt, Parametric, Table, Variable,
            ]),
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

/// The module of a seed.
fn module(seed: u64) -> Option<Vec<u8>> {
    let mut numbers = Numbers::new(seed);
    let words = 128 << numbers.below(4);
    let config = config(|of| numbers.below(of) == 0);
    let bytes = (0..words).flat_map(|_| numbers.next().to_le_bytes());
    let bytes: Vec<_> = bytes.collect();
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}

fn main() -> Result<()> {
    let seeds = std::env::args().skip(1).map(|it| it.parse().unwrap());
    let [first, last] = seeds.collect::<Vec<u64>>().try_into().unwrap();
    let mut out = BufWriter::new(std::io::stdout());
    for seed in first..=last {
        let module = module(seed).unwrap_or_default();
        out.write_all(&(module.len() as u32).to_le_bytes())?;
        out.write_all(&module)?;
    }
    out.flush()
}

//! Counts what the miners bring up. `cargo run -- 3 4`, `cargo test`: .cargo/config.toml has Dwalin run both.

use std::process::ExitCode;

struct Load {
    miner: usize,
    ore: u32,
}

/// Ore in the loads that are heavier than the bucket.
fn ore(loads: &[Load], bucket: u32) -> u32 {
    loads.iter().map(|load| load.ore - bucket).sum()
}

fn main() -> ExitCode {
    let mut loads = Vec::new();
    for (miner, arg) in std::env::args().skip(1).enumerate() {
        let Ok(ore) = arg.parse() else {
            eprintln!("miner {miner} brings {arg:?}");
            return ExitCode::from(3);
        };
        loads.push(Load { miner, ore });
    }
    for load in &loads {
        println!("miner {}: {}", load.miner, load.ore);
    }
    println!("ore: {}", ore(&loads, 2));
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_not_ore() {
        let loads = [Load { miner: 0, ore: 5 }, Load { miner: 1, ore: 3 }];
        assert_eq!(ore(&loads, 2), 4);
    }

    #[test]
    #[ignore = "fails, to show how that looks: cargo test -- --ignored"]
    fn a_load_is_never_lighter_than_the_bucket() {
        assert_eq!(ore(&[Load { miner: 0, ore: 1 }], 2), 0);
    }
}

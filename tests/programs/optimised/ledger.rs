//! Structures in vectors and maps, results, and errors that go up by `?`, for optimised builds.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Unknown(u16),
    Overdrawn { account: u16, by: i64 },
}

#[derive(Default)]
struct Ledger {
    balances: BTreeMap<u16, i64>,
    moves: Vec<(u16, u16, i64)>,
}

impl Ledger {
    fn balance(&self, account: u16) -> Result<i64, Fault> {
        let found = self.balances.get(&account).copied();
        found.ok_or(Fault::Unknown(account))
    }

    #[inline(never)]
    fn transfer(&mut self, from: u16, to: u16, amount: i64) -> Result<i64, Fault> {
        let before = self.balance(from)?;
        let target = self.balance(to)?;
        let left = before - amount;
        if left < 0 {
            let by = -left;
            return Err(Fault::Overdrawn { account: from, by });
        }
        self.balances.insert(from, left);
        self.balances.insert(to, target + amount);
        self.moves.push((from, to, amount));
        Ok(left)
    }
}

#[inline(never)]
fn checksum(ledger: &Ledger) -> u64 {
    let mut sum = 0u64;
    for (account, balance) in &ledger.balances {
        let mixed = (u64::from(*account) << 32) ^ *balance as u64;
        sum = sum.rotate_left(7).wrapping_add(mixed);
    }
    for &(from, to, amount) in ledger.moves.iter().rev() {
        let step = i64::from(from) - i64::from(to);
        sum ^= (step * amount) as u64;
    }
    sum
}

fn main() {
    let mut ledger = Ledger::default();
    for (account, balance) in [(1, 500), (2, 20), (7, -3)] {
        ledger.balances.insert(account, balance);
    }
    let first = ledger.transfer(1, 2, 120);
    let second = ledger.transfer(2, 9, 1);
    let third = ledger.transfer(2, 7, 1_000_000_000_000);
    let sum = checksum(&ledger);
    println!("{first:?} {second:?} {third:?} {sum}");
}

//! How long a store's guests may run: until an epoch of the engine's, and for an amount of fuel.

use super::context::{AsContext, AsContextMut, StoreContextMut};
use super::limits::{Limiter, StoreLimits};
use super::store::{Store, StoreCore};
use crate::error::{Error, Result};
use crate::unwind::snapshot::ProgramId;
use std::sync::atomic::Ordering;

/// A part of a store that a program's threads get of the thread that starts them: the program, how long guests may run, and what they may hold.
pub struct Inherited {
    program: Option<ProgramId>,
    epoch_deadline: u64,
    fuel: i64,
    limits: Option<StoreLimits>,
}

impl StoreCore {
    fn set_epoch_deadline(&mut self, ticks: u64) {
        let now = self.engine().epoch().load(Ordering::Relaxed);
        self.vm.epoch_deadline = now.saturating_add(ticks);
    }

    /// Returns true if the store's last epoch is over.
    pub(crate) fn is_over(&self) -> bool {
        self.engine().epoch().load(Ordering::Relaxed) >= self.vm.epoch_deadline
    }

    fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.check_consumes_fuel()?;
        self.vm.fuel = i64::try_from(fuel).unwrap_or(i64::MAX);
        Ok(())
    }

    fn fuel(&self) -> Result<u64> {
        self.check_consumes_fuel()?;
        Ok(u64::try_from(self.vm.fuel).unwrap_or(0))
    }

    fn check_consumes_fuel(&self) -> Result<()> {
        match self.engine().config().settings().consume_fuel {
            true => Ok(()),
            false => Err(Error::Type(
                "no fuel without Config::consume_fuel".to_owned(),
            )),
        }
    }

    /// The part that threads get which are started now.
    pub(crate) fn inherited(&self) -> Inherited {
        Inherited {
            program: self.program,
            epoch_deadline: self.vm.epoch_deadline,
            fuel: self.vm.fuel,
            limits: match &self.limiter {
                Limiter::Own(limits) => Some(limits.clone()),
                _ => None,
            },
        }
    }

    pub(crate) fn inherit(&mut self, inherited: Inherited) {
        self.program = inherited.program;
        self.vm.epoch_deadline = inherited.epoch_deadline;
        self.vm.fuel = inherited.fuel;
        if let Some(limits) = inherited.limits {
            self.limiter = Limiter::Own(limits);
        }
    }
}

impl<T: 'static> Store<T> {
    /// Lets guests run for so many epochs more ([`Engine::increment_epoch`](crate::Engine::increment_epoch)), and trap then with
    /// [`TrapKind::Interrupt`](crate::TrapKind::Interrupt); 0 is at once. A new store has no last epoch. It is asked for in code of engines
    /// with [`Config::epoch_interruption`](crate::Config::epoch_interruption) alone, and while no host function runs.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.core_mut().set_epoch_deadline(ticks);
    }

    /// Sets what guests may use of fuel, at most 2⁶³ - 1 units: a new store has none. Nearly each operator takes one, and each call; guests trap
    /// with [`TrapKind::OutOfFuel`](crate::TrapKind::OutOfFuel) at the next call or loop when there is none left.
    ///
    /// # Errors
    /// Where the engine is without [`Config::consume_fuel`](crate::Config::consume_fuel).
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.core_mut().set_fuel(fuel)
    }

    /// The fuel that is left.
    ///
    /// # Errors
    /// As [`Store::set_fuel`].
    pub fn get_fuel(&self) -> Result<u64> {
        self.core().fuel()
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// As [`Store::set_epoch_deadline`].
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.core_mut().set_epoch_deadline(ticks);
    }

    /// As [`Store::set_fuel`].
    ///
    /// # Errors
    /// As there.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        self.core_mut().set_fuel(fuel)
    }

    /// As [`Store::get_fuel`].
    ///
    /// # Errors
    /// As there.
    pub fn get_fuel(&self) -> Result<u64> {
        self.core().fuel()
    }
}

//! The settings that compiled code depends on.

use super::layout::ADDRESS_SPACE;
use crate::module::types::AddressType;

/// The effort of the code generator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OptLevel {
    /// Code follows the wasm one to one.
    None,
    /// Code for speed.
    #[default]
    Speed,
    /// Code for speed, where it does not take more room.
    SpeedAndSize,
}

/// The settings that compiled code depends on. An artifact is used only where these are equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// True if debuggers can see locals and stop at every statement.
    pub debug_info: bool,
    /// With debug info, whether locals are kept too that no debug info names.
    pub all_locals: bool,
    /// The effort of the code generator.
    pub opt_level: OptLevel,
    /// Bytes of address space kept for each memory of 32-bit addresses.
    pub memory_reservation: u64,
    /// Bytes after it that fault.
    pub memory_guard_size: u64,
    /// True if code compares the engine's epoch with the store's last one.
    pub epoch_interruption: bool,
    /// True if code takes fuel.
    pub consume_fuel: bool,
    /// True if results of floating-point operations that are no number are one and the same, whatever the code.
    pub canonical_nans: bool,
    /// True if code counts ticks.
    pub ticks: bool,
    /// True if code tells of writes to a place.
    pub watch_writes: bool,
    /// True if functions are compiled on all cores.
    pub parallel: bool,
}

impl Settings {
    /// Bytes of address space kept for a memory: it cannot grow beyond. Memories of 64-bit addresses get 16 times as much, unless there is
    /// not even room for all that 32 bits reach.
    pub fn reservation(&self, addresses: AddressType) -> u64 {
        match addresses {
            AddressType::I64 if self.memory_reservation >= ADDRESS_SPACE => ADDRESS_SPACE << 4,
            _ => self.memory_reservation,
        }
    }
}

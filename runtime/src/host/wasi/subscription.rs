//! What `poll_oneoff` reads and writes: subscriptions, in both snapshots, and events.

use super::errno::Errno;
use super::memory::GuestMemory;
use super::snapshot::Snapshot;

/// A clock's subscription (witx `subscription_clock`), as the guest gave it.
#[derive(Clone, Copy, Debug)]
pub struct ClockWait {
    pub id: u32,
    /// A time, or how long from now.
    pub timeout: u64,
    pub is_absolute: bool,
}

/// The event that is waited for (witx `subscription_u`).
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    Clock(ClockWait),
    Read(u32),
    Write(u32),
}

/// A wait and the guest's word for it.
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    pub userdata: u64,
    pub wait: Wait,
}

/// The event of one subscription (witx `event`).
#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub subscription: Subscription,
    pub error: Errno,
    pub bytes: u64,
    pub hangup: bool,
}

/// `subclockflags`: the timeout is a time of the clock.
const ABSTIME: u16 = 1;

/// Reads `count` subscriptions. Snapshot 0 has one more field, which nobody reads, before the clock's others:
///
/// ```text
/// preview 1  userdata 0  tag u8 8  { id u32 16                    timeout 24  precision 32  flags u16 40 | fd u32 16 }  =48
/// snapshot 0 userdata 0  tag u8 8  { identifier 16  id u32 24     timeout 32  precision 40  flags u16 48 | fd u32 16 }  =56
/// ```
pub fn subscriptions(
    memory: &GuestMemory<'_>,
    at: u32,
    count: u32,
    snapshot: Snapshot,
) -> Result<Vec<Subscription>, Errno> {
    let (size, clock_at) = match snapshot {
        Snapshot::Preview1 => (48, 16),
        Snapshot::Unstable => (56, 24),
    };
    let records = memory.array(at, count, size)?;
    records
        .chunks_exact(size as usize)
        .map(|record| subscription(record, clock_at))
        .collect()
}

fn field<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&record[at..at + N]);
    bytes
}

fn subscription(record: &[u8], clock_at: usize) -> Result<Subscription, Errno> {
    let fd = u32::from_le_bytes(field(record, 16));
    let wait = match record[8] {
        0 => {
            let flags = u16::from_le_bytes(field(record, clock_at + 24));
            if flags & !ABSTIME != 0 {
                return Err(Errno::Inval);
            }
            Wait::Clock(ClockWait {
                id: u32::from_le_bytes(field(record, clock_at)),
                timeout: u64::from_le_bytes(field(record, clock_at + 8)),
                is_absolute: flags & ABSTIME != 0,
            })
        }
        1 => Wait::Read(fd),
        2 => Wait::Write(fd),
        _ => return Err(Errno::Inval),
    };
    Ok(Subscription {
        userdata: u64::from_le_bytes(field(record, 0)),
        wait,
    })
}

/// Bytes of an `event`.
pub const EVENT_SIZE: u32 = 32;

impl Event {
    /// Without an error, and with nothing said of bytes.
    pub fn of(subscription: Subscription) -> Event {
        Event {
            subscription,
            error: Errno::Success,
            bytes: 0,
            hangup: false,
        }
    }

    /// Stores it:
    ///
    /// ```text
    /// userdata 0  error u16 8  type u8 10  nbytes 16  flags u16 24  =32
    /// ```
    pub fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), Errno> {
        let mut bytes = [0; EVENT_SIZE as usize];
        bytes[0..8].copy_from_slice(&self.subscription.userdata.to_le_bytes());
        bytes[8..10].copy_from_slice(&(self.error as u16).to_le_bytes());
        bytes[10] = match self.subscription.wait {
            Wait::Clock(_) => 0,
            Wait::Read(_) => 1,
            Wait::Write(_) => 2,
        };
        bytes[16..24].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[24..26].copy_from_slice(&u16::from(self.hangup).to_le_bytes());
        memory.write(at, &bytes)
    }
}

/// Stores events one after the other; there must be room for all.
pub fn store_events(memory: &mut GuestMemory<'_>, at: u32, events: &[Event]) -> Result<(), Errno> {
    memory.check(at, events.len() as u64 * u64::from(EVENT_SIZE))?;
    for (index, event) in events.iter().enumerate() {
        event.store(memory, at + index as u32 * EVENT_SIZE)?;
    }
    Ok(())
}

//! Waiting for clocks and descriptors: `poll_oneoff`.

use super::call::{Args, Call, Done};
use super::clock::{host_clock, now};
use super::descriptor::{Descriptor, Descriptors, Object};
use super::errno::Errno;
use super::rights;
use super::subscription::{
    ClockWait, EVENT_SIZE, Event, Subscription, Wait, store_events, subscriptions,
};
use super::types::FileType;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno as Os;
use rustix::time::ClockId;

/// A time at which a subscription is due.
struct Deadline {
    subscription: Subscription,
    clock: ClockId,
    at: u64,
}

impl Deadline {
    /// A relative timeout counts from now.
    fn new(subscription: Subscription, wait: ClockWait) -> Result<Deadline, Errno> {
        let clock = host_clock(wait.id)?;
        let start = if wait.is_absolute { 0 } else { now(clock)? };
        Ok(Deadline {
            subscription,
            clock,
            at: start.saturating_add(wait.timeout),
        })
    }

    /// Nanoseconds until it is due.
    fn remaining(&self) -> Result<u64, Errno> {
        Ok(self.at.saturating_sub(now(self.clock)?))
    }
}

/// The subscriptions of a call by what must be done about them.
#[derive(Default)]
struct Waits {
    /// Nothing: these have happened.
    settled: Vec<Event>,
    deadlines: Vec<Deadline>,
    /// These are the system's to watch: other threads may close the program's own meanwhile.
    watched: Vec<(Subscription, OwnedFd)>,
}

impl Waits {
    fn sort(subscriptions: &[Subscription], descriptors: &Descriptors) -> Result<Waits, Errno> {
        let mut waits = Waits::default();
        for &subscription in subscriptions {
            match subscription.wait {
                Wait::Clock(wait) => waits.add_clock(subscription, wait)?,
                Wait::Read(fd) => {
                    waits.add_descriptor(subscription, descriptors.get(fd), rights::FD_READ);
                }
                Wait::Write(fd) => {
                    waits.add_descriptor(subscription, descriptors.get(fd), rights::FD_WRITE);
                }
            }
        }
        Ok(waits)
    }

    fn add_clock(&mut self, subscription: Subscription, wait: ClockWait) -> Result<(), Errno> {
        let deadline = Deadline::new(subscription, wait)?;
        if matches!(deadline.clock, ClockId::Realtime | ClockId::Monotonic) {
            self.deadlines.push(deadline);
        } else {
            // Processor time stands still for who waits for it.
            self.settled.push(Event {
                error: Errno::Notsup,
                ..Event::of(subscription)
            });
        }
        Ok(())
    }

    fn add_descriptor(
        &mut self,
        subscription: Subscription,
        found: Result<&Descriptor, Errno>,
        needed: u64,
    ) {
        match found.and_then(|descriptor| watched(descriptor, needed)) {
            Err(error) => self.settled.push(Event {
                error,
                ..Event::of(subscription)
            }),
            Ok(Watch::Always { bytes }) => self.settled.push(Event {
                bytes,
                ..Event::of(subscription)
            }),
            Ok(Watch::Host(host)) => self.watched.push((subscription, host)),
        }
    }

    /// Returns the time for the system to wait: none if something has happened, for ever if there is no deadline.
    fn timeout(&self) -> Result<Option<Timespec>, Errno> {
        if !self.settled.is_empty() {
            return Ok(Some(Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            }));
        }
        let mut shortest = None;
        for deadline in &self.deadlines {
            let remaining = deadline.remaining()?;
            shortest = Some(shortest.map_or(remaining, |least: u64| least.min(remaining)));
        }
        // The seconds of 64 bits of nanoseconds fit 35 bits.
        Ok(shortest.map(|wait| Timespec {
            tv_sec: (wait / 1_000_000_000) as i64,
            tv_nsec: (wait % 1_000_000_000) as i64,
        }))
    }

    /// Waits until something happens: at least one event.
    fn wait(&self) -> Result<Vec<Event>, Errno> {
        let mut fds: Vec<PollFd<'_>> = self
            .watched
            .iter()
            .map(|(subscription, host)| PollFd::new(host, interest(subscription)))
            .collect();
        loop {
            match poll(&mut fds, self.timeout()?.as_ref()) {
                // A debugger that stops us also ends the system's wait; what remains of it is counted again.
                Err(Os::INTR) => continue,
                polled => polled?,
            };
            let events = self.happened(&fds)?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    fn happened(&self, fds: &[PollFd<'_>]) -> Result<Vec<Event>, Errno> {
        let mut events = self.settled.clone();
        for deadline in &self.deadlines {
            if deadline.remaining()? == 0 {
                events.push(Event::of(deadline.subscription));
            }
        }
        for ((subscription, host), fd) in self.watched.iter().zip(fds) {
            if !fd.revents().is_empty() {
                events.push(ready(*subscription, host.as_fd(), fd.revents()));
            }
        }
        Ok(events)
    }
}

fn interest(subscription: &Subscription) -> PollFlags {
    match subscription.wait {
        Wait::Write(_) => PollFlags::OUT,
        _ => PollFlags::IN,
    }
}

/// The way to find out whether a descriptor is ready.
enum Watch {
    /// It is; so many bytes are known to be there.
    Always { bytes: u64 },
    /// By asking the system.
    Host(OwnedFd),
}

fn watched(descriptor: &Descriptor, needed: u64) -> Result<Watch, Errno> {
    if let Object::Directory { .. } = descriptor.object {
        return Err(Errno::Badf);
    }
    descriptor.require(rights::POLL_FD_READWRITE | needed)?;
    match descriptor.host() {
        // A reader or writer of the embedder's cannot be asked.
        None => Ok(Watch::Always { bytes: 1 }),
        Some(host) if descriptor.filetype()? == FileType::RegularFile => {
            let bytes = if needed == rights::FD_READ {
                unread(host)?
            } else {
                1
            };
            Ok(Watch::Always { bytes })
        }
        Some(host) => Ok(Watch::Host(host.try_clone_to_owned()?)),
    }
}

/// The bytes between a file's position and its end.
fn unread(host: BorrowedFd<'_>) -> Result<u64, Errno> {
    let size = u64::try_from(rustix::fs::fstat(host)?.st_size).unwrap_or(0);
    Ok(size.saturating_sub(rustix::fs::tell(host)?))
}

fn ready(subscription: Subscription, host: BorrowedFd<'_>, flags: PollFlags) -> Event {
    let mut event = Event::of(subscription);
    event.hangup = flags.contains(PollFlags::HUP);
    if flags.contains(PollFlags::NVAL) {
        event.error = Errno::Badf;
    }
    event.bytes = match subscription.wait {
        // What cannot be asked for its bytes has one at least, or else it would not be ready.
        Wait::Read(_) => rustix::io::ioctl_fionread(host).unwrap_or(1),
        _ => u64::from(flags.contains(PollFlags::OUT)),
    };
    event
}

pub fn poll_oneoff(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (subscriptions_at, events_at, count, result_at) =
        (args.u32(), args.u32(), args.u32(), args.u32());
    if count == 0 {
        return Err(Errno::Inval);
    }
    let subscriptions = subscriptions(call.memory, subscriptions_at, count, call.snapshot)?;
    call.memory
        .check(events_at, u64::from(count) * u64::from(EVENT_SIZE))?;
    call.memory.check(result_at, 4)?;
    let waits = Waits::sort(&subscriptions, &call.ctx.descriptors)?;
    let events = call.ctx.waiting(|| waits.wait())?;
    store_events(call.memory, events_at, &events)?;
    call.memory.write_u32(result_at, events.len() as u32)
}

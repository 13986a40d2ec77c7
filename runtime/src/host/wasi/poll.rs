//! Waiting for descriptors and clocks.

use super::clock::{clock, now};
use super::functions::{Args, Call};
use super::types::{FileType, rights};
use super::{Done, Errno, Snapshot};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::ClockId;

/// What a subscription waits for (witx type `subscription_u`).
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// Until a clock shows a time, in nanoseconds.
    Clock(ClockId, u64),
    /// Until something can be read.
    Read(u32),
    /// Until something can be written.
    Write(u32),
}

#[derive(Clone, Copy, Debug)]
struct Subscription {
    userdata: u64,
    wait: Result<Wait, Errno>,
}

/// Something that happened, or an error (witx type `event`).
struct Event {
    userdata: u64,
    errno: Errno,
    ty: u8,
    bytes: u64,
    hangup: bool,
}

impl Wait {
    /// Its tag in `eventtype`.
    fn tag(self) -> u8 {
        match self {
            Wait::Clock(..) => 0,
            Wait::Read(_) => 1,
            Wait::Write(_) => 2,
        }
    }
}

pub fn poll_oneoff(call: &mut Call<'_, '_>, args: &mut Args<'_>) -> Done {
    let (input, output, count, result) = (args.u32(), args.u32(), args.u32(), args.u32());
    if count == 0 {
        return Err(Errno::Inval.into());
    }
    let size = if call.snapshot == Snapshot::Unstable {
        56
    } else {
        48
    };
    // The array is checked before anything is made that is as large.
    call.memory.bytes(super::memory::Slice {
        start: input,
        len: count.checked_mul(size).ok_or(Errno::Fault)?,
    })?;
    let subscriptions = (0..count)
        .map(|i| subscription(call, input + i * size))
        .collect::<Result<Vec<_>, _>>()?;
    let events = wait(call, &subscriptions)?;
    let mut at = output;
    for event in &events {
        let mut bytes = [0u8; 32];
        bytes[0..8].copy_from_slice(&event.userdata.to_le_bytes());
        bytes[8..10].copy_from_slice(&(event.errno as u16).to_le_bytes());
        bytes[10] = event.ty;
        bytes[16..24].copy_from_slice(&event.bytes.to_le_bytes());
        bytes[24] = u8::from(event.hangup);
        call.memory.write(at, &bytes)?;
        at = at.wrapping_add(32);
    }
    Ok(call.memory.write_u32(result, events.len() as u32)?)
}

fn subscription(call: &Call<'_, '_>, at: u32) -> Result<Subscription, Errno> {
    let memory = &call.memory;
    let wait = match memory.u8(at + 8)? {
        0 => {
            // The unstable clock has an identifier of its own first.
            let body = if call.snapshot == Snapshot::Unstable {
                at + 24
            } else {
                at + 16
            };
            let (timeout, flags) = (memory.u64(body + 8)?, memory.u16(body + 24)?);
            clock(memory.u32(body)?).and_then(|clock| match flags {
                0 => Ok(Wait::Clock(clock, now(clock).saturating_add(timeout))),
                1 => Ok(Wait::Clock(clock, timeout)),
                _ => Err(Errno::Inval),
            })
        }
        1 => Ok(Wait::Read(memory.u32(at + 16)?)),
        2 => Ok(Wait::Write(memory.u32(at + 16)?)),
        _ => return Err(Errno::Inval),
    };
    Ok(Subscription {
        userdata: memory.u64(at)?,
        wait,
    })
}

/// Waits until at least one event is there.
fn wait(call: &Call<'_, '_>, subscriptions: &[Subscription]) -> Result<Vec<Event>, super::Failure> {
    loop {
        let mut events = Vec::new();
        let mut polled = Vec::new();
        let mut files = Vec::new();
        let mut timeout: Option<u64> = None;
        for subscription in subscriptions {
            let event = |wait: Wait| Event {
                userdata: subscription.userdata,
                errno: Errno::Success,
                ty: wait.tag(),
                bytes: 0,
                hangup: false,
            };
            match subscription.wait {
                Err(errno) => events.push(Event {
                    errno,
                    ..event(Wait::Clock(ClockId::Monotonic, 0))
                }),
                Ok(wait @ Wait::Clock(clock, time)) => match time.checked_sub(now(clock)) {
                    None | Some(0) => events.push(event(wait)),
                    Some(left) => timeout = Some(timeout.map_or(left, |timeout| timeout.min(left))),
                },
                Ok(wait @ (Wait::Read(fd) | Wait::Write(fd))) => {
                    match call
                        .ctx
                        .descriptors
                        .with_rights(fd, rights::POLL_FD_READWRITE)
                    {
                        Err(errno) => events.push(Event {
                            errno,
                            ..event(wait)
                        }),
                        // Files are always ready; poll(2) says so too, but not how much there is.
                        Ok(file) if file.ty == FileType::RegularFile => {
                            events.push(Event {
                                bytes: available(&file.file),
                                ..event(wait)
                            });
                        }
                        Ok(file) => {
                            let flags = if matches!(wait, Wait::Read(_)) {
                                PollFlags::IN
                            } else {
                                PollFlags::OUT
                            };
                            polled.push(PollFd::new(&file.file, flags));
                            files.push((event(wait), &file.file));
                        }
                    }
                }
            }
        }
        // What has happened already is reported at once, with whatever else has.
        let left = if events.is_empty() { timeout } else { Some(0) };
        let spec = left.map(|left| Timespec {
            tv_sec: (left / 1_000_000_000) as i64,
            tv_nsec: (left % 1_000_000_000) as i64,
        });
        match poll(&mut polled, spec.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            result => result?,
        };
        for (poll, (event, file)) in polled.iter().zip(files) {
            let found = poll.revents();
            if !found.is_empty() {
                let hangup = found.contains(PollFlags::HUP);
                let errno = if found.contains(PollFlags::NVAL) {
                    Errno::Badf
                } else {
                    event.errno
                };
                events.push(Event {
                    errno,
                    bytes: rustix::io::ioctl_fionread(file).unwrap_or(0),
                    hangup,
                    ..event
                });
            }
        }
        if !events.is_empty() {
            return Ok(events);
        }
    }
}

/// Bytes of a file behind its position.
fn available(mut file: &std::fs::File) -> u64 {
    let position = std::io::Seek::stream_position(&mut file).unwrap_or(0);
    file.metadata()
        .map_or(0, |data| data.len().saturating_sub(position))
}

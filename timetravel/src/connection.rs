//! The connection to a debugger: a thread reads it, so that Ctrl-C is noticed while the program runs.

use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::packet::{Incoming, Parser, framed};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

type Out = Arc<Mutex<Box<dyn Write + Send>>>;

/// The two directions of a connection.
pub struct Connection {
    packets: Receiver<Vec<u8>>,
    out: Out,
    /// Each packet is acknowledged.
    acknowledges: Arc<AtomicBool>,
    /// Asked for by the thread that reads.
    interrupt: Arc<Interrupt>,
}

impl Connection {
    /// A connection by a pair of streams.
    pub fn new(read: impl Read + Send + 'static, write: impl Write + Send + 'static) -> Connection {
        let out: Out = Arc::new(Mutex::new(Box::new(write)));
        let acknowledges = Arc::new(AtomicBool::new(true));
        let interrupt = Arc::<Interrupt>::default();
        let (sender, packets) = channel();
        let (to, are_acknowledged, asked) = (out.clone(), acknowledges.clone(), interrupt.clone());
        thread::spawn(move || {
            let acknowledge = |with: &[u8]| match are_acknowledged.load(SeqCst) {
                true => send(&to, with).is_ok(),
                false => true,
            };
            let handle = |incoming| match incoming {
                Incoming::Interrupt => {
                    asked.ask();
                    true
                }
                Incoming::Damaged => acknowledge(b"-"),
                Incoming::Packet(data) => acknowledge(b"+") && sender.send(data).is_ok(),
            };
            receive(read, handle);
            // The debugger has gone: what runs stops.
            asked.ask();
        });
        Connection {
            packets,
            out,
            acknowledges,
            interrupt,
        }
    }

    /// The wish that the program stops.
    pub(crate) fn interrupt(&self) -> Arc<Interrupt> {
        self.interrupt.clone()
    }

    /// The next packet; none when the debugger has gone.
    pub(crate) fn next(&self) -> Option<Vec<u8>> {
        self.packets.recv().ok()
    }

    /// The sending half, for another thread.
    pub(crate) fn sender(&self) -> Sender {
        Sender(self.out.clone())
    }

    /// Sends a packet.
    pub(crate) fn reply(&self, data: &[u8]) -> Result<()> {
        send(&self.out, &framed(data))
    }

    /// Ends acknowledgements.
    pub(crate) fn stop_acknowledging(&self) {
        self.acknowledges.store(false, SeqCst);
    }
}

/// The sending half of a connection.
#[derive(Clone)]
pub struct Sender(Out);

impl Sender {
    /// Sends a packet.
    pub(crate) fn send(&self, data: &[u8]) -> Result<()> {
        send(&self.0, &framed(data))
    }
}

fn send(out: &Out, bytes: &[u8]) -> Result<()> {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    let sent = out.write_all(bytes).and_then(|()| out.flush());
    sent.map_err(Error::Connection)
}

/// Handles what comes until nothing does, or nobody wants it.
fn receive(mut read: impl Read, handle: impl Fn(Incoming) -> bool) {
    let mut parser = Parser::default();
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = read.read(&mut bytes) {
        parser.add(&bytes[..length]);
        while let Some(incoming) = parser.next() {
            if !handle(incoming) {
                return;
            }
        }
    }
}

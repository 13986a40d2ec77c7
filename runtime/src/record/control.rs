//! What a process that is replayed under a debugger's server and the server tell each other: a block of words at a constant address, and
//! stops at which the server finds it.

use std::cell::Cell;

/// Marks the block, and the stops: "dwalinTT" in memory.
const MAGIC: u64 = 0x5454_6e69_6c61_7764;

/// The version of the block.
const VERSION: u64 = 2;

/// The kind of a stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub(crate) enum Stop {
    /// Debuggers have been told of the program, and none of it has run.
    Ready = 0,
    /// The recording is at its end, for the reason in [`Control::state`].
    End = 1,
    /// A host function has failed, and the guests that called it wait.
    HostError = 2,
    /// The run is another than the recorded one.
    Diverged = 3,
}

/// The reason of `Stop::End`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum State {
    /// The program runs.
    Running = 0,
    /// It has exited.
    Exited = 1,
    /// The recording was cut off.
    CutOff = 2,
    /// The process that records is here, or further.
    Newest = 3,
}

/// The words that the server reads, and writes while the process is stopped.
#[repr(C)]
pub struct Control {
    magic: u64,
    version: u64,
    /// The address of the number of ticks, where the pinned register of code of guests does not have it; behind it is the number at which code stops.
    pub ticks: Cell<u64>,
    /// The address of pairs of addresses, start and end: the code of guests.
    pub text: Cell<u64>,
    /// The number of pairs.
    pub text_count: Cell<u64>,
    /// The host's address of the program's first memory; 0 without one.
    pub memory_base: Cell<u64>,
    /// Bytes of address space behind it.
    pub memory_length: Cell<u64>,
    /// The number of calls of imports that have ended.
    pub calls: Cell<u64>,
    /// The address of the name of the import that is being called; 0 outside of calls.
    pub call_name: Cell<u64>,
    /// The length of the name.
    pub call_name_len: Cell<u64>,
    /// The number of the first call whose output has not been written.
    pub silent_below: Cell<u64>,
    /// A [`State`].
    pub state: Cell<u64>,
    /// The exit code, where the program has exited.
    pub exit_code: Cell<u64>,
    /// The address of the text of a divergence.
    pub message: Cell<u64>,
    /// Its length.
    pub message_len: Cell<u64>,
    /// 1 if calls are real where the recording ends, and are appended to it; 0 if the process takes all from the recording.
    pub live: Cell<u64>,
    /// Bytes of the recording that this process has read or written.
    pub log_end: Cell<u64>,
    /// 1 while a function runs that a debugger has called: the recording has nothing of what it does.
    pub diverted: Cell<u64>,
    /// The address of the name of an import that was refused to such a function; 0 if none was.
    pub refused: Cell<u64>,
    /// The length of the name.
    pub refused_len: Cell<u64>,
}

impl Control {
    pub(super) fn new(is_live: bool) -> Box<Control> {
        let zero = || Cell::new(0);
        Box::new(Control {
            magic: MAGIC,
            version: VERSION,
            ticks: zero(),
            text: zero(),
            text_count: zero(),
            memory_base: zero(),
            memory_length: zero(),
            calls: zero(),
            call_name: zero(),
            call_name_len: zero(),
            silent_below: zero(),
            state: Cell::new(State::Running as u64),
            exit_code: zero(),
            message: zero(),
            message_len: zero(),
            live: Cell::new(u64::from(is_live)),
            log_end: zero(),
            diverted: zero(),
            refused: zero(),
            refused_len: zero(),
        })
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.get() != 0
    }

    pub(super) fn is_diverted(&self) -> bool {
        self.diverted.get() != 0
    }

    /// Says which import was refused; `name` is to stay where it is.
    pub(super) fn refuse(&self, name: &str) {
        self.refused.set(name.as_ptr() as u64);
        self.refused_len.set(name.len() as u64);
    }

    /// Says which import is being called; `name` is to stay where it is as long.
    pub(super) fn enter_call(&self, name: &str) {
        self.call_name.set(name.as_ptr() as u64);
        self.call_name_len.set(name.len() as u64);
    }

    pub(super) fn leave_call(&self) {
        self.call_name.set(0);
        self.call_name_len.set(0);
    }

    /// Stops this process, until the server has it continue.
    pub(super) fn stop(&self, kind: Stop) {
        stop(kind as u64, self);
    }
}

/// Stops for the server. Debuggers know this function by its name: they step out of it, backwards, into the program.
#[unsafe(export_name = "__dwalin_history")]
#[inline(never)]
extern "C" fn stop(kind: u64, control: &Control) {
    // SAFETY: whoever traces the process continues it behind the instruction, with the registers as they were. The server may have
    // written the block's cells.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!(
            "int3",
            in("rax") MAGIC,
            in("rdi") kind,
            in("rsi") std::ptr::from_ref(control),
            options(nostack)
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (kind, control);
}

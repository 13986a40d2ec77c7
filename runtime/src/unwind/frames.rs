//! Frames that a walk met, innermost first, in room that is there beforehand: signal handlers cannot allocate.

use std::mem::MaybeUninit;

/// The position of a frame in its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FramePc {
    /// At this instruction, which trapped.
    Exact(usize),
    /// In a call that will return to here: the call is before.
    Return(usize),
    /// In the host: the guest frame behind it called the host, which entered the guest again.
    Host,
}

impl FramePc {
    /// An address within the instruction that the frame is at.
    pub fn lookup_address(self) -> usize {
        match self {
            FramePc::Exact(pc) => pc,
            FramePc::Return(pc) => pc - 1,
            FramePc::Host => 0,
        }
    }
}

/// The frame that called the one with this frame pointer: its frame pointer, and the address that is returned to.
///
/// # Safety
/// The frame keeps a frame pointer, as guest code's and trampolines' do, and is on the stack.
pub unsafe fn caller(fp: u64) -> (u64, u64) {
    // SAFETY: a frame pointer points to the caller's, with the return address above it (System V ABI, x86-64, section 3.2.2).
    unsafe { (*(fp as *const u64), *(fp as *const u64).add(1)) }
}

/// One frame of a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalkedFrame {
    /// Its position.
    pub pc: FramePc,
    /// Its frame pointer: what its locals' homes count from. For a frame that is being made, its caller's.
    pub fp: u64,
}

/// The number of innermost frames that are kept.
pub const INNER: usize = 96;
/// The number of outermost frames that are kept where there are more.
pub const OUTER: usize = 32;

/// The frames of a walk: all, or the innermost and the outermost of very many. It never allocates.
pub struct Frames {
    // Not initialised: every entry into guest code makes one, and few of them are ever used.
    inner: [MaybeUninit<WalkedFrame>; INNER],
    outer: [MaybeUninit<WalkedFrame>; OUTER],
    count: usize,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames {
            inner: [const { MaybeUninit::uninit() }; INNER],
            outer: [const { MaybeUninit::uninit() }; OUTER],
            count: 0,
        }
    }
}

impl Frames {
    pub(super) fn push(&mut self, pc: FramePc, fp: u64) {
        let frame = MaybeUninit::new(WalkedFrame { pc, fp });
        match self.inner.get_mut(self.count) {
            Some(slot) => *slot = frame,
            None => self.outer[self.count % OUTER] = frame,
        }
        self.count += 1;
    }

    /// The number of frames that there were.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The innermost frames, how many are left out behind them, and the outermost: `max` together, and no more than are kept.
    pub fn parts(&self, max: usize) -> (Vec<WalkedFrame>, usize, Vec<WalkedFrame>) {
        let max_outer = (max / 4).min(OUTER);
        let inner = self.count.min(INNER).min(match self.count <= max {
            true => max,
            false => max - max_outer,
        });
        let beyond = self.count - inner;
        let kept = beyond.min(max_outer);
        // SAFETY: `push` fills the slots in order, those of `inner` first, those of `outer` round and round after them.
        let frame = |slot: &MaybeUninit<WalkedFrame>| unsafe { slot.assume_init() };
        let inner = self.inner[..inner].iter().map(frame);
        let outer = (self.count - kept..self.count).map(|i| match self.inner.get(i) {
            Some(slot) => frame(slot),
            None => frame(&self.outer[i % OUTER]),
        });
        (inner.collect(), beyond - kept, outer.collect())
    }
}

//! Frame pointers → frames, innermost first. Everything between a trap and the host's entry is guest code and trampolines,
//! all of which keep a frame pointer.

use super::activation::Activation;

/// Where a frame is in its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FramePc {
    /// At this instruction, which trapped.
    Exact(usize),
    /// In a call that will return to here: the call is before.
    Return(usize),
}

impl FramePc {
    /// An address within the instruction that the frame is at.
    pub fn lookup_address(self) -> usize {
        match self {
            FramePc::Exact(pc) => pc,
            FramePc::Return(pc) => pc - 1,
        }
    }
}

/// How many of the innermost frames are kept.
const INNER: usize = 96;
/// How many of the outermost are kept where there are more.
const OUTER: usize = 32;

/// The frames of a walk: all, or the innermost and the outermost of very many. It never allocates.
#[derive(Clone, Debug)]
pub struct Frames {
    inner: [FramePc; INNER],
    outer: [FramePc; OUTER],
    count: usize,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames {
            inner: [FramePc::Exact(0); INNER],
            outer: [FramePc::Exact(0); OUTER],
            count: 0,
        }
    }
}

impl Frames {
    fn push(&mut self, pc: FramePc) {
        match self.inner.get_mut(self.count) {
            Some(slot) => *slot = pc,
            None => self.outer[self.count % OUTER] = pc,
        }
        self.count += 1;
    }

    /// The innermost frames, how many are left out behind them, and the outermost.
    pub fn parts(&self) -> (&[FramePc], usize, Vec<FramePc>) {
        let beyond = self.count.saturating_sub(INNER);
        let kept = beyond.min(OUTER);
        let outer = (self.count - kept..self.count)
            .map(|i| self.outer[i % OUTER])
            .collect();
        (&self.inner[..self.count.min(INNER)], beyond - kept, outer)
    }

    /// Walks from an instruction that trapped, in a function whose frame pointer is `fp`.
    ///
    /// # Safety
    /// `fp` must be that of a guest frame of `activation`, whose stack is intact.
    pub unsafe fn walk_from(&mut self, pc: FramePc, fp: u64, activation: &Activation) {
        self.push(pc);
        // SAFETY: the caller's promise.
        unsafe { self.walk_chain(fp, activation) };
    }

    /// Walks from a host function that guest code called.
    ///
    /// # Safety
    /// The thread must be in a host function called by the guest of `activation`.
    pub unsafe fn walk_from_exit(&mut self, exit: (u64, u64), activation: &Activation) {
        let (fp, pc) = exit;
        if fp != 0 {
            self.push(FramePc::Return(pc as usize));
            // SAFETY: the wasm_to_array trampoline recorded the guest's frame, which waits for the host.
            unsafe { self.walk_chain(fp, activation) };
        }
    }

    /// # Safety
    /// As [`Frames::walk_from`].
    unsafe fn walk_chain(&mut self, mut fp: u64, mut activation: &Activation) {
        loop {
            while fp != activation.entry_fp.get() && fp != 0 {
                // SAFETY: a frame pointer points to the caller's, with the return address above it, down to the frame that
                // entered (System V ABI, x86-64, section 3.2.2).
                let (next, return_address) =
                    unsafe { (*(fp as *const u64), *(fp as *const u64).add(1)) };
                self.push(FramePc::Return(return_address as usize));
                fp = next;
            }
            let (exit_fp, exit_pc) = activation.outer_exit;
            // SAFETY: an outer activation is alive while an inner one is.
            match unsafe { activation.outer.as_ref() } {
                Some(outer) if exit_fp != 0 => {
                    self.push(FramePc::Return(exit_pc as usize));
                    (fp, activation) = (exit_fp, outer);
                }
                _ => return,
            }
        }
    }
}

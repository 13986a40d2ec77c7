//! Frame pointers → frames, innermost first. Everything between a trap and the host's entry is guest code and trampolines,
//! all of which keep a frame pointer.

use super::activation::Activation;
use super::frames::{FramePc, Frames, caller};

impl Frames {
    /// Walks from an instruction that trapped, in a function whose frame pointer is `fp`.
    ///
    /// # Safety
    /// `fp` must be that of a guest frame of `activation`, whose stack is intact.
    pub unsafe fn walk_from(&mut self, pc: FramePc, fp: u64, activation: &Activation) {
        self.push(pc, fp);
        // SAFETY: the caller's promise.
        unsafe { self.walk_chain(fp, activation) };
    }

    /// Walks from a host function that guest code called.
    ///
    /// # Safety
    /// The thread must be in a host function called by the guest of `activation`.
    pub unsafe fn walk_from_exit(&mut self, fp: u64, pc: u64, activation: &Activation) {
        if fp != 0 {
            self.push(FramePc::Return(pc as usize), fp);
            // SAFETY: the wasm_to_array trampoline recorded the guest's frame, which waits for the host.
            unsafe { self.walk_chain(fp, activation) };
        }
    }

    /// # Safety
    /// As [`Frames::walk_from`].
    unsafe fn walk_chain(&mut self, mut fp: u64, mut activation: &Activation) {
        loop {
            while fp != activation.entry_fp.get() && fp != 0 {
                // SAFETY: the frames down to the one that entered are guest code's and trampolines'.
                let (next, return_address) = unsafe { caller(fp) };
                self.push(FramePc::Return(return_address as usize), next);
                fp = next;
            }
            let (exit_fp, exit_pc) = activation.outer_exit;
            // SAFETY: an outer activation is alive while an inner one is.
            match unsafe { activation.outer.as_ref() } {
                Some(outer) if exit_fp != 0 => {
                    self.push(FramePc::Host, 0);
                    self.push(FramePc::Return(exit_pc as usize), exit_fp);
                    (fp, activation) = (exit_fp, outer);
                }
                _ => return,
            }
        }
    }
}

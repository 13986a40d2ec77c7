//! One program under lldb, from its first instruction to its end.

use crate::frame::Frame;
use crate::handle::{Handle, c, text};
use crate::output::Output;
use crate::value::Value;
use crate::watchdog::Watchdog;
use crate::{BreakpointId, launch};
use lldb_sys as sys;
use lldb_sys::{RunMode, StateType, StopReason};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// lldb keeps global state: sessions at once are in processes of their own.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Why the program stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It reached a breakpoint; the first one, if several are here.
    Breakpoint(BreakpointId),
    /// A step is done.
    Step,
    /// A signal, in lldb's words: `signal SIGSEGV: …`.
    Signal(String),
    /// It ended, with this status; by a signal, this is the signal's number.
    Exited(i32),
    /// Something else, in lldb's words.
    Other(String),
}

/// A program under the debugger; dropping this ends it. The fields are dropped in this order, the lock last.
#[derive(Debug)]
pub struct Session {
    _watchdog: Watchdog,
    process: Handle<sys::SBProcessOpaque>,
    target: Handle<sys::SBTargetRefOpaque>,
    debugger: Handle<sys::SBDebuggerOpaque>,
    stdout: Output,
    stderr: Output,
    _alone: MutexGuard<'static, ()>,
}

impl Session {
    /// Starts the program and stops it before its first instruction: time to set breakpoints. `init` are commands for
    /// lldb, executed before there is a target.
    pub fn launch(program: &str, args: &[&str], init: &[&str]) -> Result<Session, String> {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let debugger = launch::debugger();
        let ours = [
            // No questions to debuginfod and the like: they cost seconds, and fail offline.
            "settings set symbols.enable-external-lookup false",
            // Containers often forbid it, and no test depends on addresses.
            "settings set target.disable-aslr false",
        ];
        for line in ours.iter().chain(init) {
            launch::command(&debugger, line)?;
        }
        let target = launch::target(&debugger, program)?;
        let (stdout, stderr) = (Output::new("stdout"), Output::new("stderr"));
        let process = launch::process(&target, args, &stdout, &stderr)?;
        // SAFETY: the process is alive.
        let watchdog = Watchdog::new(unsafe { sys::SBProcessGetProcessID(process.raw()) });
        Ok(Session {
            _watchdog: watchdog,
            process,
            target,
            debugger,
            stdout,
            stderr,
            _alone: alone,
        })
    }

    /// Has lldb execute a command as if it were typed; what it printed, or the error that it printed.
    pub fn command(&mut self, line: &str) -> Result<String, String> {
        launch::command(&self.debugger, line)
    }

    /// Lets the program run until something stops it.
    pub fn resume(&mut self) -> Stop {
        // SAFETY: the process is alive; the error is made for us.
        let error = unsafe {
            Handle::new(
                sys::SBProcessContinue(self.process.raw()),
                sys::DisposeSBError,
            )
        };
        launch::failure(&error).map_or_else(|| self.stop(), Stop::Other)
    }

    /// To the next line of this function, or of its caller at the end.
    pub fn step_over(&mut self) -> Stop {
        self.step(|thread, error| {
            // SAFETY: `step` gives us a live thread and error.
            unsafe { sys::SBThreadStepOver(thread, RunMode::OnlyDuringStepping, error) };
        })
    }

    /// To the next line, also into a function that has line information.
    pub fn step_in(&mut self) -> Stop {
        self.step(|thread, _| {
            // SAFETY: `step` gives us a live thread.
            unsafe { sys::SBThreadStepInto(thread, RunMode::OnlyDuringStepping) };
        })
    }

    /// To the caller; see [`Session::returned`].
    pub fn step_out(&mut self) -> Stop {
        self.step(|thread, error| {
            // SAFETY: `step` gives us a live thread and error.
            unsafe { sys::SBThreadStepOut(thread, error) };
        })
    }

    /// The value that the function returned that [`Session::step_out`] has just left, if lldb knows where it is.
    pub fn returned(&self) -> Result<Value<'_>, String> {
        // SAFETY: the thread is alive; the value is made for us, and does not outlive the borrow of the session.
        unsafe { Value::new(sys::SBThreadGetStopReturnValue(self.thread().raw())) }
    }

    /// A frame of the stopped thread, innermost first.
    pub fn frame(&self, index: u32) -> Frame<'_> {
        // SAFETY: as above; lldb checks the index.
        unsafe { Frame::new(sys::SBThreadGetFrameAtIndex(self.thread().raw(), index)) }
    }

    /// All frames of the stopped thread, innermost first.
    pub fn frames(&self) -> Vec<Frame<'_>> {
        // SAFETY: the thread is alive.
        let count = unsafe { sys::SBThreadGetNumFrames(self.thread().raw()) };
        (0..count).map(|index| self.frame(index)).collect()
    }

    /// The position of the program: `file.c:12`.
    pub fn place(&self) -> String {
        let frame = self.frame(0);
        format!("{}:{}", frame.file(), frame.line())
    }

    /// A global or file static variable by its name, wherever the program is.
    pub fn global(&self, name: &str) -> Result<Value<'_>, String> {
        let name = c(name);
        // SAFETY: the target is alive, and the string during the call; the value is made for us, and see `returned`.
        unsafe {
            Value::new(sys::SBTargetFindFirstGlobalVariable(
                self.target(),
                name.as_ptr(),
            ))
        }
    }

    /// The result of `expression` in the innermost frame.
    pub fn evaluate(&self, expression: &str) -> Result<Value<'_>, String> {
        self.frame(0).evaluate(expression)
    }

    /// The program's standard output so far. (What it still buffers is not there.)
    pub fn stdout(&self) -> String {
        self.stdout.read()
    }

    /// The program's standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.read()
    }

    pub(crate) fn target(&self) -> sys::SBTargetRef {
        self.target.raw()
    }

    fn step(&mut self, how: impl FnOnce(sys::SBThreadRef, sys::SBErrorRef)) -> Stop {
        // SAFETY: the error is made for us.
        let error = unsafe { Handle::new(sys::CreateSBError(), sys::DisposeSBError) };
        how(self.thread().raw(), error.raw());
        launch::failure(&error).map_or_else(|| self.stop(), Stop::Other)
    }

    fn thread(&self) -> Handle<sys::SBThreadRefOpaque> {
        // SAFETY: the process is alive; the thread object is made for us, and empty if there is none.
        unsafe {
            Handle::new(
                sys::SBProcessGetSelectedThread(self.process.raw()),
                sys::DisposeSBThread,
            )
        }
    }

    /// Why the program is not running any more; selects the thread that stopped it.
    fn stop(&mut self) -> Stop {
        // SAFETY: the process is alive, and so is each thread that it gives us.
        unsafe {
            if sys::SBProcessGetState(self.process.raw()) == StateType::Exited {
                return Stop::Exited(sys::SBProcessGetExitStatus(self.process.raw()));
            }
            for index in 0..sys::SBProcessGetNumThreads(self.process.raw()) {
                let thread = sys::SBProcessGetThreadAtIndex(self.process.raw(), index as usize);
                let thread = Handle::new(thread, sys::DisposeSBThread);
                if let Some(stop) = thread_stop(&thread) {
                    sys::SBProcessSetSelectedThread(self.process.raw(), thread.raw());
                    return stop;
                }
            }
        }
        Stop::Other("no thread says why".into())
    }
}

/// Why this thread stopped the program, if it did.
fn thread_stop(thread: &Handle<sys::SBThreadRefOpaque>) -> Option<Stop> {
    // SAFETY: the thread is alive.
    let (reason, number) = unsafe {
        let reason = sys::SBThreadGetStopReason(thread.raw());
        // Data is there only for some reasons; lldb gives 0 for the others.
        (
            reason,
            sys::SBThreadGetStopReasonDataAtIndex(thread.raw(), 0),
        )
    };
    match reason {
        StopReason::None | StopReason::Invalid => None,
        StopReason::Breakpoint => Some(Stop::Breakpoint(BreakpointId(number as i32))),
        StopReason::PlanComplete | StopReason::Trace => Some(Stop::Step),
        StopReason::Signal | StopReason::Exception => Some(Stop::Signal(stop_description(thread))),
        _ => Some(Stop::Other(stop_description(thread))),
    }
}

fn stop_description(thread: &Handle<sys::SBThreadRefOpaque>) -> String {
    let mut buffer = [0; 256];
    // SAFETY: the thread is alive, and lldb ends what it writes with a zero byte, inside the length given.
    unsafe {
        sys::SBThreadGetStopDescription(thread.raw(), buffer.as_mut_ptr(), buffer.len());
        text(buffer.as_ptr()).unwrap_or_default()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: all three are alive, and nothing that borrows from the session is left.
        unsafe {
            let killed = Handle::new(sys::SBProcessKill(self.process.raw()), sys::DisposeSBError);
            // It fails if the program has ended by itself, which is as good.
            drop(killed);
            sys::SBDebuggerDeleteTarget(self.debugger.raw(), self.target.raw());
            sys::SBDebuggerDestroy(self.debugger.raw());
        }
    }
}

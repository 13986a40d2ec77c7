//! Breakpoints: by file and line or by name, waiting for their code if need be.

use crate::Session;
use crate::handle::{Handle, c};
use lldb_sys as sys;

/// lldb's number for a breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakpointId(pub(crate) i32);

impl Session {
    /// A breakpoint at a line of the file of this name, in whatever folder. (lldb moves it to the next line with code.)
    pub fn break_at(&mut self, file: &str, line: u32) -> BreakpointId {
        let file = c(file);
        // SAFETY: the target is alive, and the string during the call.
        let made =
            unsafe { sys::SBTargetBreakpointCreateByLocation(self.target(), file.as_ptr(), line) };
        breakpoint_id(made)
    }

    /// A breakpoint at all functions of this name: qualified, or the last part of the name alone.
    pub fn break_on(&mut self, function: &str) -> BreakpointId {
        let function = c(function);
        // SAFETY: as above; a null module name means all modules.
        let made = unsafe {
            sys::SBTargetBreakpointCreateByName(self.target(), function.as_ptr(), std::ptr::null())
        };
        breakpoint_id(made)
    }

    /// The same, in the units of the source file of this name only: runtime and libraries have functions of many names.
    pub fn break_in(&mut self, file: &str, function: &str) -> BreakpointId {
        let (file, function) = (c(file), c(function));
        // SAFETY: the target is alive, and so are the strings and lists during the calls, which copy them.
        let made = unsafe {
            let file = Handle::new(
                sys::CreateSBFileSpec2(file.as_ptr()),
                sys::DisposeSBFileSpec,
            );
            let everywhere = Handle::new(sys::CreateSBFileSpecList(), sys::DisposeSBFileSpecList);
            let units = Handle::new(sys::CreateSBFileSpecList(), sys::DisposeSBFileSpecList);
            sys::SBFileSpecListAppend(units.raw(), file.raw());
            sys::SBTargetBreakpointCreateByName2(
                self.target(),
                function.as_ptr(),
                everywhere.raw(),
                units.raw(),
            )
        };
        breakpoint_id(made)
    }

    /// In how many places the breakpoint is; 0 while it waits for its code.
    pub fn locations(&self, breakpoint: BreakpointId) -> usize {
        // SAFETY: the target is alive; for an unknown number we get an empty object, which has no locations.
        unsafe {
            let found = sys::SBTargetFindBreakpointByID(self.target(), breakpoint.0);
            let found = Handle::new(found, sys::DisposeSBBreakpoint);
            sys::SBBreakpointGetNumLocations(found.raw())
        }
    }

    /// Removes one breakpoint.
    pub fn delete(&mut self, breakpoint: BreakpointId) {
        // SAFETY: the target is alive; lldb checks the number.
        unsafe { sys::SBTargetBreakpointDelete(self.target(), breakpoint.0) };
    }

    /// Removes all breakpoints.
    pub fn delete_all(&mut self) {
        // SAFETY: the target is alive.
        unsafe { sys::SBTargetDeleteAllBreakpoints(self.target()) };
    }
}

/// The number of a breakpoint that was just made.
fn breakpoint_id(made: sys::SBBreakpointRef) -> BreakpointId {
    // SAFETY: lldb made the object for us.
    let made = unsafe { Handle::new(made, sys::DisposeSBBreakpoint) };
    // SAFETY: it is alive.
    BreakpointId(unsafe { sys::SBBreakpointGetID(made.raw()) })
}

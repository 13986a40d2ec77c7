//! A frame of the stopped thread.

use crate::handle::{Handle, c, text};
use crate::value::{Value, shown};
use lldb_sys as sys;
use std::marker::PhantomData;

/// One call of the backtrace. What is asked of it reads the stopped program.
#[derive(Debug)]
pub struct Frame<'session> {
    handle: Handle<sys::SBFrameOpaque>,
    session: PhantomData<&'session ()>,
}

impl<'session> Frame<'session> {
    /// # Safety
    ///
    /// lldb made `raw` for the caller, in the session that `'session` borrows.
    pub(crate) unsafe fn new(raw: sys::SBFrameRef) -> Frame<'session> {
        // SAFETY: the caller says that it is ours.
        let handle = unsafe { Handle::new(raw, sys::DisposeSBFrame) };
        Frame {
            handle,
            session: PhantomData,
        }
    }

    /// The function's name as a backtrace shows it, with the parameter types of a C++ function; `?` without one.
    pub fn function(&self) -> String {
        // SAFETY: the frame is alive; names live as long as the debugger.
        unsafe { text(sys::SBFrameGetDisplayFunctionName(self.handle.raw())) }
            .unwrap_or_else(|| "?".into())
    }

    /// The source file's name, without its folder; empty where there is no line table.
    pub fn file(&self) -> String {
        let line_entry = self.line_entry();
        // SAFETY: the line entry is alive; file names live as long as the debugger.
        unsafe {
            let file = Handle::new(
                sys::SBLineEntryGetFileSpec(line_entry.raw()),
                sys::DisposeSBFileSpec,
            );
            text(sys::SBFileSpecGetFilename(file.raw())).unwrap_or_default()
        }
    }

    /// The line; 0 where there is no line table.
    pub fn line(&self) -> u32 {
        // SAFETY: the line entry is alive during the call.
        unsafe { sys::SBLineEntryGetLine(self.line_entry().raw()) }
    }

    /// The address of the next instruction, or for an outer frame of the one after the call.
    pub fn pc(&self) -> u64 {
        // SAFETY: the frame is alive.
        unsafe { sys::SBFrameGetPC(self.handle.raw()) }
    }

    /// Returns true if the call was inlined into the next outer frame's function.
    pub fn is_inlined(&self) -> bool {
        // SAFETY: the frame is alive.
        unsafe { sys::SBFrameIsInlined(self.handle.raw()) }
    }

    /// The result of `frame variable`: a local, an argument or a static of this file, with `.`, `->`, `[]` and `*`.
    pub fn variable(&self, path: &str) -> Result<Value<'session>, String> {
        let path = c(path);
        let dynamic = sys::DynamicValueType::NoDynamicValues;
        // SAFETY: the frame is alive, and the string during the call; the answer is made for us.
        unsafe {
            Value::new(sys::SBFrameGetValueForVariablePath(
                self.handle.raw(),
                path.as_ptr(),
                dynamic,
            ))
        }
    }

    /// The result of `expression`.
    pub fn evaluate(&self, expression: &str) -> Result<Value<'session>, String> {
        let expression = c(expression);
        // SAFETY: as in `variable`, and the options are alive during the call. They say what the command line says:
        // let other threads run if it takes long, give up after a while, ignore breakpoints.
        unsafe {
            let options = Handle::new(
                sys::CreateSBExpressionOptions(),
                sys::DisposeSBExpressionOptions,
            );
            Value::new(sys::SBFrameEvaluateExpression(
                self.handle.raw(),
                expression.as_ptr(),
                options.raw(),
            ))
        }
    }

    /// The text of a variable, or `error: …`: what a test compares.
    pub fn read(&self, path: &str) -> String {
        shown(self.variable(path).as_ref())
    }

    /// The names of the arguments and locals that are in scope here.
    pub fn names(&self) -> Vec<String> {
        // SAFETY: the frame is alive; so are the list and its values while we read them; the names live as long as those.
        unsafe {
            let options = Handle::new(
                sys::CreateSBVariablesOptions(),
                sys::DisposeSBVariablesOptions,
            );
            sys::SBVariablesOptionsSetIncludeArguments(options.raw(), true);
            sys::SBVariablesOptionsSetIncludeLocals(options.raw(), true);
            sys::SBVariablesOptionsSetIncludeStatics(options.raw(), false);
            sys::SBVariablesOptionsSetInScopeOnly(options.raw(), true);
            let found = sys::SBFrameGetVariables(self.handle.raw(), options.raw());
            let found = Handle::new(found, sys::DisposeSBValueList);
            let each = (0..sys::SBValueListGetSize(found.raw())).filter_map(|index| {
                let value = sys::SBValueListGetValueAtIndex(found.raw(), index);
                let value = Handle::new(value, sys::DisposeSBValue);
                text(sys::SBValueGetName(value.raw()))
            });
            each.collect()
        }
    }

    fn line_entry(&self) -> Handle<sys::SBLineEntryOpaque> {
        // SAFETY: the frame is alive; lldb makes the line entry for us.
        unsafe {
            Handle::new(
                sys::SBFrameGetLineEntry(self.handle.raw()),
                sys::DisposeSBLineEntry,
            )
        }
    }
}

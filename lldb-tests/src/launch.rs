//! Starts lldb, once, and a program under it.

use crate::handle::{CArray, Handle, c, text};
use crate::output::Output;
use lldb_sys as sys;
use std::path::Path;
use std::sync::Once;
use std::{env, ptr};

/// Makes a debugger that reads no init files and asks nobody anything.
pub fn debugger() -> Handle<sys::SBDebuggerOpaque> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        point_to_the_server();
        // SAFETY: it comes before everything else of lldb's, once.
        unsafe { sys::SBDebuggerInitialize() };
    });
    // SAFETY: lldb is initialised; the debugger is for us, until `Session` destroys it, and its handle to dispose of.
    unsafe {
        let debugger = Handle::new(sys::SBDebuggerCreate2(false), sys::DisposeSBDebugger);
        sys::SBDebuggerSetAsync(debugger.raw(), false);
        debugger
    }
}

/// Sets `LLDB_DEBUGSERVER_PATH`, unless it is: liblldb looks for lldb-server beside itself, where Debian has it not.
fn point_to_the_server() {
    const VARIABLE: &str = "LLDB_DEBUGSERVER_PATH";
    // SAFETY: the string is static.
    let version = unsafe { text(sys::SBDebuggerGetVersionString()) }.unwrap_or_default();
    let Some(major) = version
        .split(|c: char| !c.is_ascii_digit())
        .find(|number| !number.is_empty())
    else {
        return;
    };
    let server = format!("/usr/lib/llvm-{major}/bin/lldb-server");
    if env::var_os(VARIABLE).is_none() && Path::new(&server).exists() {
        // SAFETY: what reads the environment in this process is Rust's library, which has a lock for that, and lldb, which
        // is not running yet.
        unsafe { env::set_var(VARIABLE, server) };
    }
}

/// Has lldb execute a command as if it were typed; what it printed, or the error that it printed.
pub fn command(debugger: &Handle<sys::SBDebuggerOpaque>, line: &str) -> Result<String, String> {
    let line_text = c(line);
    // SAFETY: the debugger is alive, the string during the call, and the texts as long as `result`.
    unsafe {
        let interpreter = sys::SBDebuggerGetCommandInterpreter(debugger.raw());
        let interpreter = Handle::new(interpreter, sys::DisposeSBCommandInterpreter);
        let result = Handle::new(
            sys::CreateSBCommandReturnObject(),
            sys::DisposeSBCommandReturnObject,
        );
        sys::SBCommandInterpreterHandleCommand(
            interpreter.raw(),
            line_text.as_ptr(),
            result.raw(),
            false,
        );
        if sys::SBCommandReturnObjectSucceeded(result.raw()) {
            return Ok(text(sys::SBCommandReturnObjectGetOutput(result.raw())).unwrap_or_default());
        }
        let why = text(sys::SBCommandReturnObjectGetError(result.raw())).unwrap_or_default();
        Err(format!("{line}: {}", why.trim()))
    }
}

/// Makes the program known to the debugger.
pub fn target(
    debugger: &Handle<sys::SBDebuggerOpaque>,
    program: &str,
) -> Result<Handle<sys::SBTargetRefOpaque>, String> {
    let name = c(program);
    // SAFETY: the debugger is alive, and the strings during the call (null: find out); the target is for us.
    unsafe {
        let error = Handle::new(sys::CreateSBError(), sys::DisposeSBError);
        let none = ptr::null();
        let target = sys::SBDebuggerCreateTarget(
            debugger.raw(),
            name.as_ptr(),
            none,
            none,
            true,
            error.raw(),
        );
        let target = Handle::new(target, sys::DisposeSBTarget);
        failure(&error).map_or(Ok(target), |why| Err(format!("{program}: {why}")))
    }
}

/// Starts the target, which then waits at its very first instruction.
pub fn process(
    target: &Handle<sys::SBTargetRefOpaque>,
    args: &[&str],
    stdout: &Output,
    stderr: &Output,
) -> Result<Handle<sys::SBProcessOpaque>, String> {
    let args = CArray::new(args);
    // SAFETY: all objects are alive, and the strings during the calls, which copy them; the process is for us.
    unsafe {
        // The target's own launch information has the environment, and what `settings set` said.
        let info = Handle::new(
            sys::SBTargetGetLaunchInfo(target.raw()),
            sys::DisposeSBLaunchInfo,
        );
        sys::SBLaunchInfoSetArguments(info.raw(), args.as_ptr(), false);
        let flags =
            sys::SBLaunchInfoGetLaunchFlags(info.raw()) | sys::LaunchFlags::STOP_AT_ENTRY.bits();
        sys::SBLaunchInfoSetLaunchFlags(info.raw(), flags);
        let streams = [
            (0, "/dev/null".to_owned()),
            (1, stdout.path().display().to_string()),
            (2, stderr.path().display().to_string()),
        ];
        for (fd, path) in streams {
            sys::SBLaunchInfoAddOpenFileAction(info.raw(), fd, c(&path).as_ptr(), fd == 0, fd != 0);
        }
        let error = Handle::new(sys::CreateSBError(), sys::DisposeSBError);
        let process = Handle::new(
            sys::SBTargetLaunch2(target.raw(), info.raw(), error.raw()),
            sys::DisposeSBProcess,
        );
        failure(&error).map_or(Ok(process), Err)
    }
}

/// The message of an error, if it is one.
pub fn failure(error: &Handle<sys::SBErrorOpaque>) -> Option<String> {
    // SAFETY: the error is alive, and keeps its text.
    unsafe {
        let why = || {
            text(sys::SBErrorGetCString(error.raw()))
                .unwrap_or_else(|| "lldb gives no reason".into())
        };
        sys::SBErrorFail(error.raw()).then(why)
    }
}

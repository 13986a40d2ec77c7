"""`run` in a session that goes back: to the start of the same run, as in gdb. lldb's own starts the command anew, without a program."""
import time

import lldb

from . import guest

ENDED = "the program has ended, and its session with it: `dwalin lldb` begins another one"


def register(debugger, module):
    for word in ("run", "r"):
        guest.command(debugger, "command unalias %s" % word)
        guest.command(debugger, "command script add -h 'Go back to the start of the run, and continue.' -f %s.run %s" % (module, word))


# Seconds in which a process that was killed has ended.
ENDING = 2


def run(debugger, _arguments, result, _internal_dict):
    interpreter = debugger.GetCommandInterpreter()
    process = debugger.GetSelectedTarget().GetProcess()
    if not process.is_alive:
        result.SetError(ENDED)
        return
    went = lldb.SBCommandReturnObject()
    interpreter.HandleCommand("process plugin packet monitor goto 0", went)
    if not went.Succeeded():
        result.SetError(_reason(process, went))
        return
    # Before LLDB 21 there is one direction, and no such option.
    onward = lldb.SBCommandReturnObject()
    interpreter.HandleCommand("process continue --forward", onward)
    if "unknown or ambiguous option" in (onward.GetError() or ""):
        onward = lldb.SBCommandReturnObject()
        interpreter.HandleCommand("process continue", onward)
    result.AppendMessage((onward.GetOutput() or "").rstrip("\n"))
    if not onward.Succeeded():
        result.SetError(_reason(process, onward))


def _reason(process, failed):
    """Why a command failed. A process that was killed just now is alive for a moment, in which lldb says that its thread is dead."""
    end = time.monotonic() + ENDING
    while process.is_alive:
        if time.monotonic() > end:
            return failed.GetError()
        time.sleep(0.05)
    return ENDED

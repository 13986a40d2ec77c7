"""Says which trap it was that stopped the program, and keeps breakpoints by name to the program.

Memory is read only; nothing is called in the program.
"""
import struct

import lldb

from .kinds import KINDS

TRAPS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE")
STACK_OVERFLOW = 9
NEAR_STACK = 64 << 10  # As trap/signal.rs has it.


def is_guest(frame):
    """Whether a frame's code is a guest's: in an image that the process registered, not a file."""
    return frame.GetModule().GetFileSpec().GetFilename().startswith("JIT(")


def read(process, address, size):
    error = lldb.SBError()
    data = process.ReadMemory(address, size, error)
    if error.Fail():
        raise ValueError(error.GetCString())
    return data


def kind_at(process, pc):
    """Why the instruction at `pc` traps: what the runtime's handler will find (runtime/src/code/registry.rs)."""
    target = process.GetTarget()
    symbols = target.FindSymbols("__dwalin_code")
    table = symbols.GetContextAtIndex(0).GetSymbol().GetStartAddress().GetLoadAddress(target)
    first, count = struct.unpack("<QQ", read(process, struct.unpack("<Q", read(process, table, 8))[0], 16))
    for start, end, traps, _ in struct.iter_unpack("<QQQQ", read(process, first, 32 * count)):
        if start <= pc < end:
            number, = struct.unpack("<I", read(process, traps, 4))
            offsets = struct.unpack("<%dI" % number, read(process, traps + 4, 4 * number))
            if pc - start in offsets:
                return read(process, traps + 4 + 4 * number + offsets.index(pc - start), 1)[0]
    return None


class StopHook:
    """What lldb asks at every stop: whether to stop, after what there is to say."""

    def __init__(self, _target, _extra_args, _internal_dict):
        pass

    def handle_stop(self, exe_ctx, stream):
        thread = exe_ctx.GetThread()
        frame = thread.GetFrameAtIndex(0)
        if thread.GetStopReason() == lldb.eStopReasonBreakpoint and not is_guest(frame):
            return not leave(thread)
        if thread.GetStopReason() == lldb.eStopReasonSignal and is_guest(frame):
            self.trap(exe_ctx.GetProcess(), thread, frame, stream)
        return True

    def trap(self, process, thread, frame, stream):
        signal = process.GetUnixSignals().GetSignalAsCString(thread.GetStopReasonDataAtIndex(0))
        if signal not in TRAPS:
            return
        try:
            kind = kind_at(process, frame.GetPC())
        except (ValueError, struct.error):
            return  # A stop without the line is better than an error at every stop.
        if kind is None and "fault address" in thread.GetStopDescription(200):
            fault = int(thread.GetStopDescription(200).rsplit("0x", 1)[1].rstrip(")"), 16)
            kind = STACK_OVERFLOW if abs(fault - frame.GetSP()) < NEAR_STACK else None
        if kind in KINDS:
            stream.Print("wasm trap: %s (`continue` for Dwalin's report)\n" % KINDS[kind])


def leave(thread):
    """Turns off the places outside the program that a breakpoint by name has. Whether it was only those that stopped."""
    target, only = thread.GetProcess().GetTarget(), True
    for i in range(0, thread.GetStopReasonDataCount(), 2):
        breakpoint = target.FindBreakpointByID(thread.GetStopReasonDataAtIndex(i))
        place = breakpoint.FindLocationByID(thread.GetStopReasonDataAtIndex(i + 1))
        names = lldb.SBStringList()
        breakpoint.GetNames(names)
        description = lldb.SBStream()
        breakpoint.GetDescription(description, False)
        if "name = " in description.GetData() or "name=" in description.GetData():
            place.SetEnabled(False)
        else:
            only = False
    return only


def register(debugger, module):
    debugger.HandleCommand("target stop-hook add -P %s.StopHook" % module)

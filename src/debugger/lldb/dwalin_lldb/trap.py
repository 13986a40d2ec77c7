"""Which trap it was that stopped the program. Memory is read only; nothing is called in the program."""
import struct

import lldb

from . import guest
from .kinds import KINDS

TRAPS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE")
STACK_OVERFLOW = 9
NEAR_STACK = 64 << 10  # As unwind/signal.rs has it.


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


def name(thread):
    """What the trap is called that a thread has stopped at; None where it is at none."""
    frame = thread.GetFrameAtIndex(0)
    if thread.GetStopReason() != lldb.eStopReasonSignal or not guest.is_guest(frame):
        return None
    process = thread.GetProcess()
    if process.GetUnixSignals().GetSignalAsCString(thread.GetStopReasonDataAtIndex(0)) not in TRAPS:
        return None
    try:
        kind = kind_at(process, frame.GetPC())
    except (ValueError, struct.error):
        return None  # A stop without the name is better than an error at every stop.
    return KINDS.get(STACK_OVERFLOW if kind is None and overflows(process, thread, frame) else kind)


def overflows(process, thread, frame):
    """Whether the signal is of an access where a new frame would be: what siginfo_t says (sigaction(2), si_addr)."""
    info = thread.GetSiginfo()
    fault = info.GetValueForExpressionPath("._sifields._sigfault.si_addr")
    error = lldb.SBError()
    address = fault.GetValueAsUnsigned(error, 0)
    return error.Success() and abs(address - frame.GetSP()) < NEAR_STACK

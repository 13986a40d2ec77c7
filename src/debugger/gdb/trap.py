"""Says which trap it was that stopped the program."""
import struct

import gdb

from . import guest
from .kinds import KINDS

TRAPS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE")
STACK_OVERFLOW = 9
NEAR_STACK = 64 << 10  # As unwind/signal.rs has it.


def kind_at(pc):
    """Why the instruction at `pc` traps: what the runtime's handler will find (runtime/src/code/registry.rs)."""
    table = guest.symbol("__dwalin_code")
    first, count = struct.unpack("<QQ", guest.read(struct.unpack("<Q", guest.read(table, 8))[0], 16))
    for start, end, traps, size in struct.iter_unpack("<QQQQ", guest.read(first, 32 * count)):
        if start <= pc < end:
            number = struct.unpack("<I", guest.read(traps, 4))[0]
            offsets = struct.unpack("<%dI" % number, guest.read(traps + 4, 4 * number))
            if pc - start in offsets:
                return guest.read(traps + 4 + 4 * number + offsets.index(pc - start), 1)[0]
    return None


def on_stop(event):
    if not isinstance(event, gdb.SignalEvent) or event.stop_signal not in TRAPS:
        return
    try:
        pc = gdb.newest_frame().pc()
        if guest.image_at(pc) is None:
            return
        kind = kind_at(pc)
        if kind is None and overflows():
            kind = STACK_OVERFLOW
        if kind in KINDS:
            print("wasm trap: %s (`continue` for Dwalin's report)" % KINDS[kind])
        show_inlined(pc)
    except (guest.Unreadable, gdb.error, TypeError):
        pass  # A stop without the line is better than an error at every stop.


def show_inlined(pc):
    """Selects the inlined function that trapped.

    At the first instruction of inlined code gdb says that it is still at the call, so that one can step in; and the
    instruction that traps often stands alone, behind the function. gdb forgets that when it sees another address.
    """
    for address in (pc + 1, pc):
        gdb.execute("with language c -- set var $pc = %#x" % address, to_string=True)
        frame = gdb.newest_frame()
    if frame.type() == gdb.INLINE_FRAME:
        gdb.execute("frame 0")


def overflows():
    fault = int(guest.in_c("(unsigned long)$_siginfo._sifields._sigfault.si_addr"))
    return abs(fault - int(guest.in_c("(unsigned long)$sp"))) < NEAR_STACK


def install():
    for signal in TRAPS:
        gdb.execute("handle %s stop print pass" % signal, to_string=True)
    gdb.events.stop.connect(on_stop)

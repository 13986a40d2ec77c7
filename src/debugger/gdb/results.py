"""What `finish` shows of functions that gdb must not call: it asks the same attribute (DW_CC_nocall) before it looks for a result.

Numbers and pointers are returned as the host's convention has them, whatever the parameters are.
"""
import re

import gdb

from . import frames

NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_PTR)
WORD = 8  # Bytes of a register that results are in.

expected = None  # By `finish`: the type of the result, where it returns to, and the last number of gdb's history.
result = None  # Since the stop there: the value, and that number.


def last_number():
    """The number of the last value in gdb's history, of which the function's would be the next."""
    numbers = re.findall(r"(?m)^\$(\d+) = ", gdb.execute("show values", to_string=True))
    return int(numbers[-1]) if numbers else 0


def returned(type):
    """The value in the registers for results; `None` for types that are not returned in one."""
    code, size = type.strip_typedefs().code, type.sizeof
    if code not in (*NUMBERS, gdb.TYPE_CODE_FLT) or not 0 < size <= WORD:
        return None
    frame = gdb.newest_frame()
    if code == gdb.TYPE_CODE_FLT:
        word = int(frame.read_register("xmm0")["v2_int64"][0])
    else:
        word = int(frame.read_register("rax"))
    return gdb.Value((word & (1 << 64) - 1).to_bytes(WORD, "little")[:size], type)


class Expect(gdb.Command):
    """Before `finish`."""

    def __init__(self):
        super().__init__("dwalin-before-finish", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        global expected, result
        expected = result = None
        try:
            frame = gdb.selected_frame()
            function, older = frame.function(), frame.older()
            if function and older and frames.is_guest(frame):
                expected = function.type.target(), older.pc(), older.read_register("rsp"), last_number()
        except gdb.error:
            pass  # As without this.


def on_stop(event):
    global expected, result
    if expected is None or isinstance(event, (gdb.BreakpointEvent, gdb.SignalEvent)):
        expected = None
        return
    (type, pc, stack, number), expected = expected, None
    try:
        frame = gdb.newest_frame()
        value = returned(type) if (frame.pc(), frame.read_register("rsp")) == (pc, stack) else None
    except (gdb.error, ValueError):
        return
    if value is not None:
        result = value, number


def tell():
    """Once gdb has said what it knows."""
    global result
    if result is None or gdb.selected_thread() and gdb.selected_thread().is_running():
        return
    (value, number), result = result, None
    try:
        if last_number() == number:
            gdb.write("Value returned is $%d = %s\n" % (gdb.add_history(value), value.format_string()))
    except (gdb.error, AttributeError):
        pass  # gdb 11 has no way to add to its history.


class Tell(gdb.Command):
    """After `finish`."""

    def __init__(self):
        super().__init__("dwalin-after-finish", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        tell()


def install():
    Expect()
    Tell()
    gdb.events.stop.connect(on_stop)
    gdb.events.before_prompt.connect(tell)
    gdb.execute("define hook-finish\ndwalin-before-finish\nend", to_string=True)
    gdb.execute("define hookpost-finish\ndwalin-after-finish\ndwalin-go-on\nend", to_string=True)

"""Where a program gave up, or waits: behind a panic, an abort or a failed assertion stand frames of its language's library, and behind a
call of the host that Ctrl-C interrupts those of the runtime too.

The rule is that of reports, whose words are written beside this file (runtime/src/report/library.rs).
"""
import gdb

from . import frames
from .kinds import LIBRARY_NAMESPACES, LIBRARY_PATHS, RAISING, RAISING_ENDS, RAISING_PARTS, RUST_PATH

MOST_FRAMES = 100


def is_raising(name):
    return name in RAISING or name.endswith(RAISING_ENDS) or any(part in name for part in RAISING_PARTS)


def is_of_library(name, file):
    if file is None:
        known = name.lstrip("<").startswith(LIBRARY_NAMESPACES)
    elif file.endswith(".wat"):
        return False
    else:
        start, end = RUST_PATH
        known = end in file.partition(start)[2] or any(library in file for library in LIBRARY_PATHS)
    return known or is_raising(name)


def file_of(frame):
    symtab = frame.find_sal().symtab
    try:
        return symtab and symtab.fullname()
    except UnicodeDecodeError:  # gdb's interface knows UTF-8 only.
        return None


def program_frame():
    """How many frames lead from the one to be shown to where a signal has stopped; `None` where that itself is to be shown."""
    frame, raises, caller = gdb.newest_frame(), False, None
    waits = not frames.is_guest(frame)
    for level in range(MOST_FRAMES):
        if frame is None:
            break
        if frames.is_guest(frame):
            name = frame.name() or ""
            if not is_of_library(name, file_of(frame)):
                return level if raises or waits else None
            raises = raises or is_raising(name)
            caller = level if caller is None else caller
        elif not waits or caller is not None:
            break
        frame = frame.older()
    return caller if waits else None


def on_stop(event):
    if not isinstance(event, gdb.SignalEvent):
        return
    try:
        level = program_frame()
        if level is not None:
            gdb.execute("frame %d" % level)
    except gdb.error:
        pass  # A stop at the innermost frame is better than an error at a stop.


def install():
    gdb.events.stop.connect(on_stop)

"""What `dwalin lldb` loads: formatters for guests' values, a message for traps, breakpoints by name that stop in the program only, and
backtraces of it.

`command script import PATH/dwalin_lldb` in a debugger's start-up, an editor's configuration too, does the same.
"""
import os
import shutil

import lldb

from . import adapter, bases, command, frames, guest, images, libcxx, pointers, quad, references, replay, rust, startup, stops

# The runtime looks for this file among those that the debugger has open, makes its debug info for these formatters, and offers images.
ANNOUNCEMENT = os.memfd_create("dwalin-formatters-images")


def __lldb_init_module(debugger, _internal_dict):
    if guest.is_loaded(debugger):
        return
    pointers.register(debugger, pointers.__name__)
    bases.register(debugger, bases.__name__)
    quad.register(debugger, quad.__name__)
    references.register(debugger, references.__name__)
    libcxx.register(debugger)
    rust.register(debugger)
    guest.command(debugger, "type category enable dwalin")
    stops.register(debugger, stops.__name__)
    frames.register(debugger, frames.__name__)
    # What belongs to the runtime is stepped over.
    guest.command(debugger, "settings append target.process.thread.step-avoid-libraries dwalin")
    adapter.begin()
    startup.begin(debugger)


def launched(folder, line=None, module=None):
    """Called by `dwalin lldb`: nothing more is loaded from its folder. With a target, the command `line` makes the image of its module;
    both are encoded as options are."""
    if line:
        images.show_ahead(lldb.debugger.GetSelectedTarget(), command.decoded(line), command.decoded(module)[0])
    shutil.rmtree(folder, ignore_errors=True)


def replays(folder):
    """Called by `dwalin lldb` with a recording, when the server is connected. lldb does not go back from a signal that it would deliver, so it
    delivers none of a trap: the server does where lldb goes on."""
    signals = lldb.debugger.GetSelectedTarget().GetProcess().GetUnixSignals()
    for name in ("SIGSEGV", "SIGILL", "SIGFPE", "SIGBUS", "SIGTRAP", "SIGABRT"):
        signals.SetShouldSuppress(signals.GetSignalNumberFromName(name), True)
    replay.register(lldb.debugger, replay.__name__)
    launched(folder)

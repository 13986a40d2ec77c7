"""What `dwalin lldb` loads: formatters for guests' values; and, where it starts lldb, a message for traps and breakpoints by
name that stop in the program only.

`command script import PATH/dwalin_lldb` in a debugger's start-up, an editor's configuration too, loads the formatters.
"""
import os
import shutil

import lldb

from . import bases, libcxx, pointers, rust

# The runtime looks for this file among those that the debugger has open, and makes its debug info for these formatters.
ANNOUNCEMENT = os.memfd_create("dwalin-formatters")


def __lldb_init_module(debugger, _internal_dict):
    pointers.register(debugger, pointers.__name__)
    bases.register(debugger, bases.__name__)
    libcxx.register(debugger)
    rust.register(debugger)
    debugger.HandleCommand("type category enable dwalin")


def launched(folder):
    """Called by `dwalin lldb`, once there is a target. Nothing more is loaded from its folder."""
    from . import frames, trap
    shutil.rmtree(folder, ignore_errors=True)
    trap.register(lldb.debugger, trap.__name__)
    frames.register(lldb.debugger, frames.__name__)
    # What belongs to the runtime is stepped over.
    lldb.debugger.HandleCommand("settings append target.process.thread.step-avoid-libraries dwalin")

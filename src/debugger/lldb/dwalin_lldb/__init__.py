"""What `dwalin lldb` loads: formatters for guests' values, and a message for traps.

`command script import PATH/dwalin` in a debugger's start-up, an editor's configuration too, does the same.
"""
import os

from . import libcxx, pointers, rust

# The runtime looks for this file among those that the debugger has open, and makes its debug info for these formatters.
ANNOUNCEMENT = os.memfd_create("dwalin-formatters")


def __lldb_init_module(debugger, _internal_dict):
    pointers.register(debugger, pointers.__name__)
    libcxx.register(debugger)
    rust.register(debugger)
    debugger.HandleCommand("type category enable dwalin")

"""The way back for editors: gdb's own adapter of the Debug Adapter Protocol (gdb 14 and later) has neither `stepBack` nor `reverseContinue`. It has
decorators for requests, which are not documented: where they are another time, these requests are not offered."""
import re

import gdb

ADAPTER = re.compile(r" --?(i|interp\w*|ui)[= ]dap")


def is_adapter():
    try:
        with open("/proc/self/cmdline") as file:
            return bool(ADAPTER.search(file.read().replace("\0", " ")))
    except (OSError, UnicodeError):
        return False


def install():
    if not is_adapter():
        return
    try:
        from gdb.dap.events import exec_and_expect_stop
        from gdb.dap.server import capability, request
        from gdb.dap.state import set_thread
    except ImportError:
        return

    # In the background, so that the editor can stop them.
    @capability("supportsStepBack")
    @request("stepBack")
    def step_back(*, threadId: int, granularity: str = "statement", **extra):
        set_thread(threadId)
        exec_and_expect_stop("reverse-stepi &" if granularity == "instruction" else "reverse-next &")

    @request("reverseContinue")
    def reverse_continue(*, threadId: int, **extra):
        set_thread(threadId)
        exec_and_expect_stop("reverse-continue &")

    # The server has the program: what the editor calls so is the module, which is no executable that gdb could read.
    from gdb.dap import launch
    launch.file_command = lambda program: None

"""Asks gdb, and puts its answers between marks."""
import gdb

last = None  # What gdb stopped for.


def note(event):
    global last
    last = event


def ask(command):
    try:
        said = gdb.execute(command, to_string=True)
    except gdb.error as error:
        said = "! %s" % error
    print("«%s»" % said.strip())


def why():
    watched = isinstance(last, gdb.BreakpointEvent) and last.breakpoint.type == gdb.BP_HARDWARE_WATCHPOINT
    print("«%s»" % ("watched" if watched else last))


gdb.events.stop.connect(note)

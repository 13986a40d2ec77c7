"""What gdb does not know of a server that goes back in time: `monitor goto` moves the program without gdb."""
import gdb

from . import frames

WATCHPOINTS = (gdb.BP_HARDWARE_WATCHPOINT, gdb.BP_READ_WATCHPOINT, gdb.BP_ACCESS_WATCHPOINT)


def look_again():
    """After each `monitor` command: where it has moved the program, gdb forgets what it knew of the moment before, and shows the frame."""
    if gdb.execute("monitor moved", to_string=True).strip() != "yes":
        return
    gdb.execute("maintenance flush register-cache", to_string=True)
    for point in gdb.breakpoints() or ():
        # A value that gdb has seen before is no change to it, and the watchpoint would not stop the program.
        if point.type in WATCHPOINTS and point.enabled:
            point.enabled = False
            point.enabled = True
    if frames.is_guest(gdb.newest_frame()):
        gdb.execute("frame")


def say_of_changes(_event):
    """At a write to memory, where variables are: the server can say nothing at it, as gdb listens only while the program moves."""
    said = gdb.execute("monitor changed", to_string=True).strip()
    if said:
        gdb.write(said + "\n")


def install():
    frames.replays = True
    gdb.events.memory_changed.connect(say_of_changes)
    gdb.execute("define hookpost-monitor\npython dwalin_gdb.recording.look_again()\nend", to_string=True)

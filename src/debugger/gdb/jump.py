"""`jump` in a program is refused: code of one line leaves in registers what that of the next needs, the memory's base and the frame's, so that
a line that is jumped to reads and writes elsewhere, in the host's memory too."""
import gdb

from . import guest

REFUSED = "The program cannot go on at another line: code expects values of the line before it in registers. Use `set var`, or `return`."


class RefuseJump(gdb.Command):
    """Refuses to continue a program at another line."""

    def __init__(self):
        super().__init__("dwalin-refuse-jump", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        thread = gdb.selected_thread()
        if thread is not None and thread.is_valid() and guest.image_at(gdb.newest_frame().pc()) is not None:
            raise gdb.GdbError(REFUSED)


def install():
    RefuseJump()
    gdb.execute("define hook-jump\ndwalin-refuse-jump\nend", to_string=True)

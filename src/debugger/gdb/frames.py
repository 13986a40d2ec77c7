"""Frames and steps: the program's, without the runtime's behind and between them."""
import gdb

from . import guest

# Code that the runtime makes for calls between it and the program (runtime/src/code/mod.rs).
OURS = "wasm::"


def is_guest(frame):
    return guest.image_at(frame.pc()) is not None and not (frame.name() or "").startswith(OURS)


class GuestFrames:
    """Folds the runtime's frames away, unless there are no others: `bt -no-filters` shows them."""

    def __init__(self):
        self.name, self.priority, self.enabled = "dwalin", 100, True
        gdb.current_progspace().frame_filters[self.name] = self

    def filter(self, frames):
        frames = iter(frames)
        skipped = []
        for frame in frames:
            if is_guest(frame.inferior_frame()):
                yield frame
                break
            skipped.append(frame)
        else:
            yield from skipped
        yield from (frame for frame in frames if is_guest(frame.inferior_frame()))


def has_lines(frame):
    return is_guest(frame) and frame.find_sal().line != 0


def go_on():
    """After a step: out of the last function of the program with source there is nothing to see. On to its end."""
    global stepped
    was_step, stepped = stepped, False
    if not was_step or not gdb.selected_thread():
        return
    frame = gdb.newest_frame()
    while frame is not None:
        if has_lines(frame):
            return
        frame = frame.older()
    gdb.execute("continue")


stepped = False


def on_stop(event):
    """Breakpoints and signals are the user's; what is left is the end of a step, or of `finish`."""
    global stepped
    stepped = not isinstance(event, (gdb.BreakpointEvent, gdb.SignalEvent))


class GoOn(gdb.Command):
    """Leaves the runtime after a step."""

    def __init__(self):
        super().__init__("dwalin-go-on", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        go_on()


def install():
    GuestFrames()
    gdb.events.new_objfile.connect(lambda event: "dwalin" in gdb.current_progspace().frame_filters or GuestFrames())
    gdb.events.stop.connect(on_stop)
    GoOn()
    for command in ("step", "next", "finish", "until"):
        gdb.execute("define hookpost-%s\ndwalin-go-on\nend" % command, to_string=True)

"""Frames and steps: the program's, without the runtime's behind and between them."""
import re

import gdb
from gdb.FrameDecorator import FrameDecorator

from . import guest
from .library import is_library

# Code that the runtime makes for calls between it and the program (runtime/src/code/mod.rs).
OURS = "wasm::"


def is_guest(frame):
    return guest.image_at(frame.pc()) is not None and not (frame.name() or "").startswith(OURS)


def without_parameters(name):
    """A function's name of C++ without the types of its parameters, which gdb leaves out of frames that no filter has seen."""
    bare = re.sub(r"( const| volatile| &+)+$", "", name)
    depth = 0
    for at in range(len(bare) - 1, -1, -1) if bare.endswith(")") else ():
        depth += {")": 1, "(": -1}.get(bare[at], 0)
        if depth == 0:
            short = bare[:at]
            # A call operator, or a namespace without a name.
            return name if not short or short.endswith(("operator", "::")) else short
    return name


class GuestFrame(FrameDecorator):
    def function(self):
        name = super().function()
        return without_parameters(name) if isinstance(name, str) else name

    def frame_args(self):
        guest.printed = self.inferior_frame()
        return super().frame_args()

    def frame_locals(self):
        guest.printed = self.inferior_frame()
        return super().frame_locals()


# The frames that are looked at for names that gdb cannot give.
MOST_FRAMES = 100


def file_of(place):
    """The source of a place, as the compiler was given it; `None` for a name that is not UTF-8, which gdb's interface cannot say."""
    try:
        return place.symtab and place.symtab.filename
    except UnicodeDecodeError:
        return None


def can_be_named():
    """Whether gdb can say the sources of all frames: where it cannot, what it has for filters prints a name and nothing else."""
    try:
        frame = gdb.newest_frame()
        for _ in range(MOST_FRAMES):
            if frame is None:
                break
            symtab = frame.find_sal().symtab
            symtab and symtab.filename
            frame = frame.older()
    except UnicodeDecodeError:
        return False
    except gdb.error:
        pass
    return True


def printed_all():
    """Values are those of the selected frame again."""
    guest.printed = None


class GuestFrames:
    """Folds the runtime's frames away, unless there are no others: `bt -no-filters` shows them."""

    def __init__(self):
        self.name, self.priority, self.is_on = "dwalin", 100, True
        gdb.current_progspace().frame_filters[self.name] = self

    @property
    def enabled(self):
        return self.is_on and can_be_named()

    @enabled.setter
    def enabled(self, is_on):
        self.is_on = is_on

    def filter(self, frames):
        try:
            yield from self.folded(iter(frames))
        finally:
            printed_all()

    def folded(self, frames):
        skipped = []
        for frame in frames:
            if is_guest(frame.inferior_frame()):
                yield GuestFrame(frame)
                break
            skipped.append(frame)
        else:
            yield from skipped
        yield from (GuestFrame(frame) for frame in frames if is_guest(frame.inferior_frame()))


def is_of_program(frame):
    """Of the program's own source, and not of its language's library."""
    place = frame.find_sal()
    if not is_guest(frame) or not place.line:
        return False
    return not is_library(frame.name() or "", file_of(place))


def is_out():
    """Whether nothing of the program's own source is on the stack."""
    frame = gdb.newest_frame()
    while frame is not None:
        if is_of_program(frame):
            return False
        frame = frame.older()
    return True


def is_before_main():
    """Whether constructors of static objects run: wasm-ld's function calls them before `main`."""
    frame = gdb.newest_frame()
    while frame is not None:
        if is_guest(frame) and frame.name() == "__wasm_call_ctors":
            return True
        frame = frame.older()
    return False


EDITOR = re.compile(r" --?(i|interp\w*|ui)[= ](mi|dap)")


def is_editor():
    """Whether an editor asks, and no person or script (GDB's manual, "Interpreters")."""
    try:
        with open("/proc/self/cmdline") as file:
            return bool(EDITOR.search(file.read().replace("\0", " ")))
    except (OSError, UnicodeError):
        return False


was_in, leaving = False, False
was_guest, between = False, False  # Whether it stopped in a function of the program's last, and is now in what calls such functions.
replays = False  # A server goes back in time, and stops outside of the program at the ends of its history only.


def caller_of_ours():
    """The outermost of the frames of the runtime's code before a function of the program's, where it has stopped in such code."""
    frame, outermost = gdb.newest_frame(), None
    while frame is not None and not is_guest(frame):
        frame, outermost = frame.older(), frame
    return None if frame is None else outermost


def go_on():
    """A step out of the last function of the program goes on: behind it there is nothing to see. One out of a function that the runtime's
    code has called, as an adapter between two components does, goes on to the function that called that."""
    global leaving, between
    thread = gdb.selected_thread()
    # From a script's hook, on a terminal before the prompt (and before that when `next` has only begun), and where neither is.
    if leaving and thread and thread.is_valid() and not thread.is_running():
        leaving = False
        gdb.execute("continue")
    elif between and thread and thread.is_valid() and not thread.is_running():
        between = False
        frame = caller_of_ours()
        if frame is not None:
            frame.select()
            gdb.execute("finish")


def is_going_back():
    """Whether the command that ends here went backwards: what is before the program's first line is where the step was asked to go."""
    return "Reverse" in gdb.execute("show exec-direction", to_string=True)


def on_stop(event):
    """Breakpoints and signals are the user's; what is left is the end of a step, or of `finish`."""
    global was_in, leaving, was_guest, between
    out = is_out()
    is_step_end = not isinstance(event, (gdb.BreakpointEvent, gdb.SignalEvent))
    guest_now = is_guest(gdb.newest_frame())
    between = was_guest and not guest_now and not out and is_step_end
    was_guest = guest_now
    # Who steps through the library that starts a program goes on doing so.
    leaving = was_in and out and is_step_end and not is_before_main()
    if replays and (not guest_now or is_going_back()):
        leaving = between = False
    was_in = not out
    # Not elsewhere: gdb 13 dies at its end of an event that is left then, as scripts without a prompt would leave it.
    if (leaving or between) and is_editor():
        gdb.post_event(go_on)


def go_back_in():
    """Where the program waits in a call of the host, a step is one of the frame that is shown: the host's functions have no lines."""
    frame = gdb.selected_frame()
    if is_guest(gdb.newest_frame()) or not is_guest(frame) or frame.newer() is None:
        return
    # As `finish`, but that it says nothing: what is to be shown is the step.
    end = gdb.FinishBreakpoint(frame.newer(), internal=True)
    end.silent = True
    gdb.execute("continue", to_string=True)
    if end.is_valid():
        end.delete()
    if gdb.newest_frame() != frame:
        raise gdb.GdbError("The call of the host did not return: the program has stopped before.")


class GoBackIn(gdb.Command):
    """Ends the call of the host that the program waits in, before a step."""

    def __init__(self):
        super().__init__("dwalin-go-back-in", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        try:
            go_back_in()
        except gdb.error:
            pass  # No program runs, and the step says so.


class GoOn(gdb.Command):
    """Leaves the runtime after a step."""

    def __init__(self):
        super().__init__("dwalin-go-on", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        go_on()


def towards(frame, outwards, count):
    """The frame so many further out or in, as far as there are any. From one of the program's it is the next of the program's, if there is
    one, past the runtime's between two of them."""
    step = (lambda it: it.older()) if outwards else (lambda it: it.newer())
    for _ in range(count):
        next_one = found = step(frame)
        while found is not None and is_guest(frame) and not is_guest(found):
            found = step(found)
        if next_one is None:
            break
        frame = found or next_one
    return frame


class Move(gdb.Command):
    def __init__(self, name, outwards, end):
        self.__doc__ = "Select and print the stack frame %s, past the runtime's; an argument says how many frames to go." % (
            "that called this one" if outwards else "called by this one")
        self.outwards, self.end = outwards, end
        super().__init__(name, gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        try:
            frame = gdb.selected_frame()
        except gdb.error:
            raise gdb.GdbError("No stack.")
        count = int(gdb.parse_and_eval(argument)) if argument else 1
        moved = towards(frame, self.outwards == (count >= 0), abs(count))
        if moved == frame and count:
            raise gdb.GdbError(self.end)
        moved.select()
        gdb.execute("frame", from_tty)


def install():
    GuestFrames()
    Move("up", True, "Initial frame selected; you can't go up.")
    Move("down", False, "Bottom (innermost) frame selected; you can't go down.")
    gdb.events.new_objfile.connect(lambda event: "dwalin" in gdb.current_progspace().frame_filters or GuestFrames())
    gdb.events.stop.connect(on_stop)
    gdb.events.before_prompt.connect(go_on)
    # After filters that take all frames before one is printed.
    gdb.events.before_prompt.connect(printed_all)
    GoOn()
    GoBackIn()
    for command in ("step", "next"):
        gdb.execute("define hook-%s\ndwalin-go-back-in\nend" % command, to_string=True)
    # A script's commands follow each other without what was posted in between; there these run when the program has stopped.
    for command in ("step", "next", "finish", "until"):
        gdb.execute("define hookpost-%s\ndwalin-go-on\nend" % command, to_string=True)

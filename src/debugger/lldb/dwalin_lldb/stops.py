"""What there is to say and to do when a program has stopped, and where it should not have."""
import os

import lldb

from . import adapter, frames, guest, images, sources, trap, unmatched

COMMAND = "dwalin"


def is_command(target):
    """Whether what runs is the command, in which nothing but the program is the user's."""
    return (target.GetExecutable().GetFilename() or "").startswith(COMMAND)


class StopHook:
    """What lldb asks at every stop: whether to stop, after what there is to say."""

    def __init__(self, target, _extra_args, _internal_dict):
        self.was_in = False  # Whether the program's own source was on the stack when it stopped last.
        self.was_guest = False  # Whether it stopped in a function of the program's.

    def handle_stop(self, exe_ctx, stream):
        thread = exe_ctx.GetThread()
        if not guest.is_runtime(exe_ctx.GetTarget()):
            return True
        image = images.take(thread.GetProcess(), thread)
        if image:
            unmatched.say(thread.GetProcess(), image, lambda text: say(text, stream))
            return False
        images.prefer(exe_ctx.GetTarget())
        name = trap.name(thread)
        if adapter.is_relayed():
            adapter.tell(name, guest.code(exe_ctx.GetTarget()))
        if not self.is_of_interest(exe_ctx, thread, name, stream):
            return False
        frame = thread.GetSelectedFrame()
        if guest.is_guest(frame):
            sources.say(frame, lambda text: say(text, stream))
        return True

    def is_of_interest(self, exe_ctx, thread, name, stream):
        is_inside = frames.is_inside(thread)
        was_in, self.was_in = self.was_in, is_inside
        was_guest, self.was_guest = self.was_guest, not frames.is_internal(thread.GetFrameAtIndex(0))
        reason = thread.GetStopReason()
        if reason == lldb.eStopReasonBreakpoint and is_command(exe_ctx.GetTarget()):
            return guest.is_guest(thread.GetFrameAtIndex(0)) or not leave(thread)
        if reason == lldb.eStopReasonPlanComplete:
            if was_guest and not self.was_guest and is_inside:
                # What the runtime's code has called, as an adapter between two components does, returns to the function that called that.
                thread.StepOutOfFrame(frames.last_of_ours(thread))
                return True
            # Behind the program is nothing to see; who steps through what starts it goes on doing so.
            return is_inside or not was_in or frames.is_before_main(thread)
        if name:
            say("wasm trap: %s (`continue` for Dwalin's report)\n" % name, stream)
        if reason == lldb.eStopReasonSignal:
            frames.select(thread)
        return True


def say(text, stream):
    """Tells the user something. lldb-dap throws away what goes to the stream, and shows what is written to its standard output."""
    if adapter.IS_ADAPTER:
        os.write(1, text.encode())
    else:
        stream.Print(text)


def leave(thread):
    """Turns off the places outside the program that a breakpoint by name has. Whether it was only those that stopped."""
    target, only = thread.GetProcess().GetTarget(), True
    for i in range(0, thread.GetStopReasonDataCount(), 2):
        breakpoint = target.FindBreakpointByID(thread.GetStopReasonDataAtIndex(i))
        place = breakpoint.FindLocationByID(thread.GetStopReasonDataAtIndex(i + 1))
        description = lldb.SBStream()
        breakpoint.GetDescription(description, False)
        if "name = " in description.GetData() or "name=" in description.GetData():
            place.SetEnabled(False)
        else:
            only = False
    return only


def register(debugger, module):
    guest.command(debugger, "target stop-hook add -P %s.StopHook" % module)

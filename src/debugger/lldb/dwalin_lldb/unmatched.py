"""Breakpoints that nothing in the program matches: lldb keeps them for libraries that may come, and says no more of them."""
import re
import subprocess
import threading

import lldb

from . import images

PLACE = re.compile(r"name = '([^']*)'|file = '([^']*)', line = (\d+)|regex = (.*?), (?:exact_match|locations)")
ASKED = set()  # Components that run.
STEP = 1  # Seconds; whether the debugger still waits for the process is asked as often.


def place(breakpoint):
    """Where a breakpoint would be, as it was typed."""
    text = lldb.SBStream()
    breakpoint.GetDescription(text, False)
    found = PLACE.search(text.GetData() or "")
    if not found:
        return None
    name, file, line, pattern = found.groups()
    return name or pattern or "%s:%s" % (file, line)


def nearest(target, image, where):
    """What is there instead (src/debugger/nearest.rs)."""
    try:
        line = [target.GetExecutable().fullpath, "nearest", image, where]
        found = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError:
        return ""
    return found.stdout.decode(errors="replace").strip()


def pending(target):
    for breakpoint in target.breakpoint_iter():
        if breakpoint.IsEnabled() and not breakpoint.IsHardware() and not breakpoint.GetNumLocations():
            yield breakpoint


def texts(target, image):
    """What there is to say of each, by its number."""
    said = {}
    for breakpoint in pending(target):
        where = place(breakpoint)
        if where:
            near = nearest(target, image, where)
            said[breakpoint.GetID()] = "Breakpoint %d (%s) matches nothing in the program%s.\n" % (
                breakpoint.GetID(), where, "; the nearest is " + near if near else "")
    return said


def say(process, image, tell):
    """When the program is known, and again at its end; of a component more may come until then."""
    said = texts(process.GetTarget(), image)
    if images.is_component(process.GetTarget()):
        if process.GetUniqueID() in ASKED:
            return
        ASKED.add(process.GetUniqueID())
    else:
        for text in said.values():
            tell(text)
    if said:
        threading.Thread(target=say_at_end, args=(process, said), daemon=True).start()


def say_at_end(process, said):
    listener = lldb.SBListener("dwalin")
    listener.StartListeningForEvents(process.GetBroadcaster(), lldb.SBProcess.eBroadcastBitStateChanged)
    event = lldb.SBEvent()
    while process.IsValid() and process.GetState() not in (lldb.eStateExited, lldb.eStateDetached):
        listener.WaitForEvent(STEP, event)
    if process.GetState() == lldb.eStateExited:
        still = {breakpoint.GetID() for breakpoint in pending(process.GetTarget())}
        for number, text in said.items():
            if number in still:
                # There is no stop, and so no stream.
                out = process.GetTarget().GetDebugger().GetOutputFile()
                out.Write(text.encode())
                out.Flush()

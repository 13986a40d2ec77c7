"""Breakpoints that nothing in the program matches: gdb keeps them for libraries that may come, and says no more of them."""
import re
import subprocess

import gdb

from . import ahead, frames, guest

PENDING = re.compile(r"<PENDING>\s+(.*)")
CONDITION = re.compile(r"\s+(?:if|thread|task|inferior|-force-condition)\b")
EXPLICIT = re.compile(r"-(source|function|line) (\S+)")


class Unmatched:
    """Says which breakpoints match nothing: when they are made, when the program is known, and at its end."""

    def __init__(self):
        self.found = {}  # What was said of each, by its number.
        self.said = set()  # What was said in this run.
        self.there = set()  # Those that the image before the run has: other modules of a component come before the program.

    def say(self, breakpoint):
        text = self.found.get(breakpoint.number)
        if text is None:
            place = pending(breakpoint)
            near = self.nearest(place)
            text = "Breakpoint %d (%s) matches nothing in the program%s." % (
                breakpoint.number, place, "; the nearest is " + near if near else "")
            self.found[breakpoint.number] = text
        print(text)

    def nearest(self, place):
        """What is there instead (src/debugger/nearest.rs), as typed for gdb."""
        if not ahead.image:
            return ""
        command = [ahead.image.command[0], "nearest", ahead.image.file, linespec(place)]
        try:
            found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        except OSError:
            return ""
        return found.stdout.decode(errors="replace").strip()

    def on_created(self, breakpoint):
        self.found.pop(breakpoint.number, None)
        if guest.images() and guest.static and not pending(breakpoint):
            self.there.add(breakpoint.number)
        if guest.images() and not is_component() and pending(breakpoint):
            self.said.add(breakpoint.number)
            self.say(breakpoint)

    def on_modified(self, breakpoint):
        if is_component() and not pending(breakpoint):
            self.there.add(breakpoint.number)
        if breakpoint.number in self.found and not pending(breakpoint):
            del self.found[breakpoint.number]

    def on_objfile(self, event):
        # Those that gdb has ahead are about to go. Of a component more may come.
        if guest.images() and not guest.static and not is_component():
            self.check()

    def on_stop(self, event):
        if is_component() and frames.is_guest(gdb.newest_frame()):
            self.check()

    def check(self):
        for breakpoint in gdb.breakpoints():
            if breakpoint.number not in self.said | self.there and pending(breakpoint):
                self.said.add(breakpoint.number)
                self.say(breakpoint)

    def on_exit(self, event):
        for breakpoint in gdb.breakpoints():
            is_said = breakpoint.number in self.said or is_component() and breakpoint.number not in self.there
            if is_said and pending(breakpoint):
                self.say(breakpoint)
        self.said.clear()


def is_component():
    """Whether the program is a component, which has an image for each of its core modules (Binary.md: the layer in the preamble)."""
    if not ahead.image:
        return False
    try:
        with open(ahead.image.module, "rb") as file:
            return is_of_component(file.read(1 << 12))
    except OSError:
        return False


def is_of_component(start):
    """Whether a file that begins so is a component; a text may have comments first."""
    if start.startswith(b"\0asm"):
        return start[6:8] == b"\1\0"
    return b"(component" in start.partition(b"(module")[0]


def pending(breakpoint):
    """The place of a breakpoint that is nowhere. gdb's Python takes those of a library that was unloaded for somewhere."""
    if breakpoint.number <= 0 or not breakpoint.enabled or breakpoint.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT):
        return None
    try:
        found = PENDING.search(gdb.execute("info breakpoints %d" % breakpoint.number, to_string=True))
    except UnicodeDecodeError:  # A source whose name is not UTF-8: one that was found.
        return None
    # gdb 13 has the condition there too, gdb 18 has not.
    return found and CONDITION.split(found.group(1))[0]


def linespec(place):
    """The place as FUNCTION, FILE:FUNCTION or FILE:LINE."""
    parts = dict(EXPLICIT.findall(place))
    if parts:
        place = ":".join(parts[part] for part in ("source", "function", "line") if part in parts)
    return place


def install():
    unmatched = Unmatched()
    gdb.events.breakpoint_created.connect(unmatched.on_created)
    gdb.events.breakpoint_modified.connect(unmatched.on_modified)
    gdb.events.new_objfile.connect(unmatched.on_objfile)
    gdb.events.stop.connect(unmatched.on_stop)
    gdb.events.exited.connect(unmatched.on_exit)

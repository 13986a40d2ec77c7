"""Elements of containers in expressions: `print $at(people, 1).name`. gdb has `[]` for arrays and Rust's slices only."""
import itertools
import struct

import gdb

from .contents import Contents
from .guest import Unreadable


def children(container):
    """What a container prints as: its hint, and its children."""
    printer = gdb.default_visualizer(container)
    if not hasattr(printer, "children"):
        raise gdb.GdbError("there is nothing in a value of this type")
    hint = printer.display_hint() if hasattr(printer, "display_hint") else None
    # Of one's own choice, so as far on as it is.
    inside = (printer.make or tuple)() if isinstance(printer, Contents) else printer.children()
    return hint, (child for _, child in inside)


def same(key, wanted):
    try:
        return int(key) == wanted
    except gdb.error:
        return False


def element(container, index):
    hint, inside = children(container)
    if hint == "map":
        return next((value for key, value in zip(inside, inside) if same(key, index)), None)
    return next(itertools.islice(inside, index, None), None) if index >= 0 else None


class At(gdb.Function):
    """$at(CONTAINER, INDEX): an element, or a map's value for a key that is a number. $at(POINTER): what is behind it, or in a cell."""

    def __init__(self):
        super().__init__("at")

    def invoke(self, container, index=0):
        try:
            found = element(container, int(index))
        except (Unreadable, struct.error) as why:
            raise gdb.GdbError(str(why))
        if not isinstance(found, gdb.Value):
            raise gdb.GdbError(found or "nothing at %s" % index)
        return found


def install():
    At()

"""Elements of containers in expressions: `print $at(people, 1).name`. gdb has `[]` for arrays and Rust's slices only."""
import itertools

import gdb

from .libcxx import MOST


def children(container):
    """What a container prints as: its hint, and its children."""
    printer = gdb.default_visualizer(container)
    if not hasattr(printer, "children"):
        raise gdb.GdbError("there is nothing in a value of this type")
    hint = printer.display_hint() if hasattr(printer, "display_hint") else None
    return hint, (child for _, child in itertools.islice(printer.children(), MOST))


def same(key, wanted):
    try:
        return int(key) == int(wanted)
    except gdb.error:
        return False


class At(gdb.Function):
    """$at(CONTAINER, INDEX): an element, or a map's value for a key that is a number. $at(POINTER): what is behind it, or in a cell."""

    def __init__(self):
        super().__init__("at")

    def invoke(self, container, index=0):
        hint, inside = children(container)
        if hint == "map":
            found = next((value for key, value in zip(inside, inside) if same(key, index)), None)
        else:
            found = next(itertools.islice(inside, int(index), None), None) if int(index) >= 0 else None
        if not isinstance(found, gdb.Value):
            raise gdb.GdbError(found or "nothing at %s" % index)
        return found


def install():
    At()

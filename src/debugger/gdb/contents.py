"""What a printer shows of a value: a title, and children that are read when they are asked for."""
import itertools
import struct

import gdb

from .guest import Unreadable, value_at, word

MOST = 100000  # Elements; more is taken for damage when `print elements` is unlimited.


class Contents:
    """A title and children; what goes wrong while they are read is the last child."""

    def __init__(self, title, children=None, hint=None):
        self.title, self.make, self.hint = title, children, hint

    def to_string(self):
        return self.title

    def display_hint(self):
        return self.hint

    def children(self):
        count = 0
        try:
            # Keys and values of a map are children of their own.
            for count, child in enumerate(itertools.islice(self.make() if self.make else (), MOST), 1):
                yield child
        except (Unreadable, gdb.error, struct.error) as why:
            yield "error", said(why)
            if self.hint == "map" and count % 2 == 0:
                yield "error", "?"


def contents(make, value, type):
    """What a printer makes of a value, or why it cannot."""
    try:
        return make(value, type)
    except (Unreadable, gdb.error, RuntimeError, TypeError, struct.error) as why:
        return Contents(said(why))


def said(why):
    """Why something is not shown. What is optimised out is said as gdb says it."""
    return "<optimized out>" if "optimized out" in str(why) else "<error: %s>" % why


def elements(type, begin, count):
    return (("[%d]" % i, value_at(type, begin + i * type.sizeof)) for i in range(count))


def sequence(what, length, children):
    return Contents("%s of length %d" % (what, length), children, "array")


def chain(node, end, next_at):
    """Nodes of a list."""
    seen = set()
    while node != end:
        if node in seen:
            raise Unreadable("the list comes back to 0x%x" % node)
        seen.add(node)
        if not node:
            raise Unreadable("the list ends early")
        yield node
        node = word(node + next_at)

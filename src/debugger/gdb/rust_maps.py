"""Rust's maps and sets: hashbrown's tables, and B-trees."""
import itertools
import struct

from . import guest
from .contents import Contents
from .guest import Unreadable, value_at, word
from .rust_members import damaged, find, member, number, printer, scalar, short

MOST_BUCKETS = 1 << 28
AT_ONCE = 4096
MOST_ENTRIES = 1 << 30
# A node has 11 elements at most, and no tree in 4 GiB is as high as 16.
NODE, HEIGHT = 11, 16


def exactly(entries, length):
    """As many entries as a map says that it has."""
    found = 0
    for found, entry in enumerate(itertools.islice(entries, length), 1):
        yield entry
    if found < length:
        raise Unreadable("only %d of %d" % (found, length))


def pairs(entries):
    """Keys and values in turn, as gdb wants a map's children."""
    both = itertools.chain.from_iterable(entries)
    return (("[%d]" % i, each) for i, each in enumerate(both))


def keys(entries):
    return (("[%d]" % i, key) for i, (key, _) in enumerate(entries))


def buckets(kind, mask, control):
    """What a table of hashbrown's holds: a byte per bucket, whose upper bit says that it is empty; elements lie before them."""
    for start in range(0, mask + 1, AT_ONCE):
        for i, byte in enumerate(guest.memory(control + start, min(AT_ONCE, mask + 1 - start)), start + 1):
            if byte < 0x80:
                pair = value_at(kind, control - i * kind.sizeof)
                yield pair["__0"], pair["__1"]


@printer("HashMap", "HashSet")
def hash_table(value, type):
    name, items, mask = short(type), number(value, "items"), number(value, "bucket_mask")
    if mask & mask + 1 or mask >= MOST_BUCKETS or items > mask:
        if items or mask:
            return damaged(name, "%d entries in %d" % (items, mask + 1))
    title = "%s of length %d" % (name, items)
    kind, control = member(value, "table").type.template_argument(0), number(value, "ctrl")
    full = lambda: exactly(buckets(kind, mask, control), items)
    if name == "HashMap":
        return Contents(title, lambda: pairs(full()), "map")
    return Contents(title, lambda: keys(full()), "array")


class Tree:
    """The nodes of a B-tree: keys and values side by side, and in inner ones the nodes between them."""

    def __init__(self, leaf):
        self.leaf = leaf
        self.offsets = {field.name: field.bitpos // 8 for field in leaf.fields()}

    def walk(self, node, height):
        count, = struct.unpack("<H", guest.memory(node + self.offsets["len"], 2))
        if count > NODE or height > HEIGHT:
            raise Unreadable("the tree is damaged at 0x%x" % node)
        for i in range(count + 1):
            if height:
                yield from self.walk(word(node + (self.leaf.sizeof + 3) // 4 * 4 + 4 * i), height - 1)
            if i < count:
                yield self.element(node, "keys", 0, i), self.element(node, "vals", 1, i)

    def element(self, node, name, index, i):
        kind = self.leaf.template_argument(index)
        return value_at(kind, node + self.offsets.get(name, 0) + i * kind.sizeof) if kind.sizeof else None


@printer("BTreeMap", "BTreeSet")
def btree(value, type):
    name, length = short(type), number(value, "length")
    if length > MOST_ENTRIES:
        return damaged(name, "%d entries" % length)
    title = "%s of length %d" % (name, length)
    root = find(value, "node")
    if not length or root is None:
        return Contents(title if not length else title + " <error: no tree>", hint="map" if name == "BTreeMap" else "array")
    root = scalar(root)
    node, height = int(root) & 0xffffffff, number(value, "height")
    leaf = root.type.target().strip_typedefs()
    all_entries = lambda: exactly(Tree(leaf).walk(node, height), length)
    if name == "BTreeMap":
        return Contents(title, lambda: pairs(all_entries()), "map")
    return Contents(title, lambda: keys(all_entries()), "array")

"""Containers of libc++ as what they hold.

The layouts are those of a guest, with pointers and sizes of 4 bytes, and are read as bytes: the members' names differ between
versions of libc++ (`__compressed_pair` up to 19, plain members since), and their places do not. Memory may hold anything, as
before a constructor has run: lengths are checked before they are believed, lists end at a node that was there before.
"""
import itertools
import re
import struct

import gdb

from . import guest, pointers, value_bytes
from .contents import Contents, chain, contents, elements, sequence
from .guest import Unreadable, align, value_at, word

NAME = re.compile(r"^std::(?:__\w+::)?(?:chrono::)?(\w+)<")
PRINTERS = {}


def printer(*names):
    return lambda function: [PRINTERS.__setitem__(name, function) for name in names] and function


def argument(type, index):
    return type.template_argument(index)


def words(value, count, skip=0):
    return struct.unpack("<%dI" % count, value_bytes.read(value, 4 * skip, 4 * count))


def field(type, name, offset=0):
    """Offset and type of a member, wherever it is in bases and members."""
    for each in type.strip_typedefs().fields():
        if not hasattr(each, "bitpos"):
            continue
        at = offset + each.bitpos // 8
        if each.name == name:
            return at, each.type
        if each.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
            found = field(each.type, name, at)
            if found:
                return found
    return None


def member(value, name):
    found = field(value.type, name)
    if not found:
        raise Unreadable("no member " + name)
    return value_bytes.part(value, found[1], found[0])


@printer("basic_string")
def string(value, type):
    data, char = value_bytes.read(value, 0, 12), argument(type, 0)
    try:
        # The ABI of version 2 has the text of short strings first.
        text_first = gdb.lookup_type(str(type) + "::__short").fields()[0].name == "__data_"
    except gdb.error:
        text_first = False
    if text_first:
        long, start, short_size = data[11] >> 7, 0, data[11] & 0x7f
        address, size, capacity = struct.unpack("<III", data)
        capacity &= 0x7fffffff
    else:
        long, start, short_size = data[0] & 1, char.sizeof, data[0] >> 1
        capacity, size, address = struct.unpack("<III", data)
        capacity &= 0xfffffffe
    if long and size > capacity or not long and short_size * char.sizeof > 11:
        return Contents("<error: a string of length %d>" % (size if long else short_size))
    if long:
        return Contents(pointers.string_at(address, size, char.sizeof))
    return Contents(pointers.text_of(lambda count: value_bytes.read(value, start, count), short_size, char.sizeof))


@printer("basic_string_view")
def string_view(value, type):
    address, size = words(value, 2)
    return Contents(pointers.string_at(address, size, argument(type, 0).sizeof))


@printer("vector")
def vector(value, type):
    element = argument(type, 0)
    begin, end, capacity = words(value, 3)
    if element.strip_typedefs().code == gdb.TYPE_CODE_BOOL:
        bit = lambda i: guest.memory(begin + i // 8, 1)[0] >> i % 8 & 1
        return sequence("std::vector<bool>", end, lambda: (("[%d]" % i, gdb.Value(bool(bit(i)))) for i in range(end)))
    if not begin <= end <= capacity or (end - begin) % element.sizeof:
        return Contents("std::vector <error: from 0x%x to 0x%x>" % (begin, end))
    count = (end - begin) // element.sizeof
    return sequence("std::vector", count, lambda: elements(element, begin, count))


@printer("array")
def array(value, type):
    count = int(argument(type, 1))
    element = argument(type, 0)
    return sequence("std::array", count, lambda: (
        ("[%d]" % i, value_bytes.part(value, element, i * element.sizeof)) for i in range(count)))


@printer("span")
def span(value, type):
    count = int(argument(type, 1)) & 0xffffffff
    begin, = words(value, 1)
    if count == 0xffffffff:
        count, = words(value, 1, 1)
    return sequence("std::span", count, lambda: elements(argument(type, 0), begin, count))


@printer("initializer_list")
def initializer_list(value, type):
    begin, count = words(value, 2)
    return sequence("std::initializer_list", count, lambda: elements(argument(type, 0), begin, count))


@printer("bitset")
def bitset(value, type):
    count = int(argument(type, 0))
    bits = int.from_bytes(value_bytes.read(value, 0, (count + 7) // 8), "little")
    return Contents("std::bitset of length %d" % count, bits and (lambda: (
        ("[%d]" % i, gdb.Value(True)) for i in range(count) if bits >> i & 1)))


@printer("stack", "queue", "priority_queue")
def adapter(value, type):
    """As the container that it is made of."""
    container = member(value, "c")
    held = container.type.strip_typedefs().unqualified()
    name, make = "std::" + NAME.match(type.name).group(1), printer_of(held)
    if not make:
        return Contents(name, lambda: [("c", container)])
    shown = contents(make, container, held)
    shown.title = "%s: %s" % (name, shown.title)
    return shown


@printer("deque")
def deque(value, type):
    element = argument(type, 0)
    first, begin, end, _, start, size = words(value, 6)
    block = 4096 // element.sizeof if element.sizeof < 256 else 16
    if begin > end or size and start + size > (end - begin) // 4 * block:
        return Contents("std::deque <error: %d elements from %d in %d blocks>" % (size, start, (end - begin) // 4))
    at = lambda i: word(begin + i // block * 4) + i % block * element.sizeof
    return sequence("std::deque", size, lambda: (("[%d]" % i, value_at(element, at(start + i))) for i in range(size)))


@printer("list")
def linked_list(value, type):
    element = argument(type, 0)
    _, first, size = words(value, 3)
    end = guest.address_of(value) & 0xffffffff
    nodes = lambda: itertools.islice(chain(first, end, 4), size)
    return sequence("std::list", size, lambda: (
        ("[%d]" % i, value_at(element, node + align(8, element))) for i, node in enumerate(nodes())))


@printer("forward_list")
def forward_list(value, type):
    element = argument(type, 0)
    first, = words(value, 1)
    return Contents("std::forward_list" if first else "std::forward_list, empty", lambda: (
        ("[%d]" % i, value_at(element, node + align(4, element))) for i, node in enumerate(chain(first, 0, 0))), "array")


def tree_nodes(first, size):
    """Nodes in order, each by the one before: left, right and parent come first in a node."""
    node, seen = first, set()
    for _ in range(size):
        if not node or node in seen:
            raise Unreadable("the tree is damaged at 0x%x" % node)
        seen.add(node)
        yield node
        right = word(node + 4)
        if right:
            node, steps = right, 0
            while word(node) and steps < 64:
                node, steps = word(node), steps + 1
        else:
            steps = 0
            while word(word(node + 8)) != node and steps < 64:
                node, steps = word(node + 8), steps + 1
            node = word(node + 8)


def entries(type, nodes, offset):
    """Keys and values in turn, as gdb wants a map's children."""
    key, mapped = argument(type, 0), argument(type, 1)
    alignment = max(key.alignof, mapped.alignof)
    start = (offset + alignment - 1) // alignment * alignment
    for i, node in enumerate(nodes):
        yield "[%d]" % (2 * i), value_at(key, node + start)
        yield "[%d]" % (2 * i + 1), value_at(mapped, node + start + align(key.sizeof, mapped))


def keys(type, nodes, offset):
    key = argument(type, 0)
    return (("[%d]" % i, value_at(key, node + align(offset, key))) for i, node in enumerate(nodes))


@printer("map", "multimap", "set", "multiset")
def tree(value, type):
    first, _, size = words(value, 3)
    name = NAME.match(type.name).group(1)
    nodes = lambda: tree_nodes(first, size)
    if name.endswith("map"):
        return Contents("std::%s of length %d" % (name, size), lambda: entries(type, nodes(), 13), "map")
    return sequence("std::" + name, size, lambda: keys(type, nodes(), 13))


@printer("unordered_map", "unordered_multimap", "unordered_set", "unordered_multiset")
def hash_table(value, type):
    first, size = words(value, 2, 2)
    name = NAME.match(type.name).group(1)
    nodes = lambda: itertools.islice(chain(first, 0, 0), size)
    if name.endswith("map"):
        return Contents("std::%s of length %d" % (name, size), lambda: entries(type, nodes(), 8), "map")
    return sequence("std::" + name, size, lambda: keys(type, nodes(), 8))


@printer("tuple")
def tuple_(value, type):
    def children():
        leaves = field(type, "__base_")[1].strip_typedefs().fields()
        for i, leaf in enumerate(leaf for leaf in leaves if leaf.is_base_class):
            inner = field(leaf.type, "__value_")
            at = leaf.bitpos // 8 + (inner[0] if inner else 0)
            yield "[%d]" % i, value_bytes.part(value, inner[1] if inner else leaf.type, at)
    return Contents("std::tuple", children, "array")


def pointee(type, address):
    element = argument(type, 0)
    if element.strip_typedefs().code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_FUNC):
        return
    yield "get()", value_at(element, address)


@printer("unique_ptr")
def unique_ptr(value, type):
    address, = words(value, 1)
    return Contents("std::unique_ptr 0x%x" % address, address and (lambda: pointee(type, address)))


@printer("shared_ptr", "weak_ptr")
def shared_ptr(value, type):
    address, control = words(value, 2)
    name = "std::" + NAME.match(type.name).group(1)
    if not control:
        return Contents("%s 0x%x" % (name, address), address and (lambda: pointee(type, address)))
    # libc++ counts from -1 for the strong ones; all strong ones together are a weak one.
    strong, weak = struct.unpack("<ii", guest.memory(control + 4, 8))
    title = "%s 0x%x (strong %d, weak %d)" % (name, address, strong + 1, weak + (strong < 0))
    return Contents(title, address and strong >= 0 and (lambda: pointee(type, address)))


@printer("optional")
def optional(value, type):
    if not int(member(value, "__engaged_")):
        return Contents("std::optional, empty")
    return Contents("std::optional", lambda: [("value", value_bytes.part(value, argument(type, 0), 0))])


@printer("variant")
def variant(value, type):
    index = member(value, "__index")
    number = int(index)
    if number in (-1, (1 << 8 * index.type.sizeof) - 1):
        return Contents("std::variant, valueless")
    try:
        alternative = argument(type, number)
    except (RuntimeError, gdb.error):
        return Contents("std::variant <error: index %d>" % number)
    start = (field(type, "__data") or (0,))[0]
    return Contents("std::variant [index %d]" % number, lambda: [("value", value_bytes.part(value, alternative, start))])


@printer("function")
def function(value, type):
    policy = field(type, "__policy_")
    if policy:
        empty = guest.memory(words(value, 1, policy[0] // 4)[0] + 8, 1)[0]
    else:
        # The outer __f_ is the holder, and its own the pointer.
        holder = field(type, "__f_")
        inner = field(holder[1], "__f_") or (0,)
        empty = not words(value, 1, (holder[0] + inner[0]) // 4)[0]
    return Contents("std::function, empty" if empty else "std::function")


@printer("atomic")
def atomic(value, type):
    return Contents("std::atomic", lambda: [("value", member(value, "__a_value"))])


@printer("complex")
def complex_(value, type):
    return Contents("%s + %si" % (member(value, "__re_"), member(value, "__im_")))


UNITS = {(1, 10**9): "ns", (1, 10**6): "us", (1, 1000): "ms", (1, 1): "s", (60, 1): "min", (3600, 1): "h", (86400, 1): "d"}


@printer("duration")
def duration(value, type):
    ratio = argument(type, 1).strip_typedefs()
    period = int(argument(ratio, 0)), int(argument(ratio, 1))
    return Contents("%s %s" % (member(value, "__rep_"), UNITS.get(period, "[%d/%d]s" % period)))


def printer_of(type):
    found = type.code == gdb.TYPE_CODE_STRUCT and NAME.match(type.name or "")
    return PRINTERS.get(found.group(1)) if found else None


def look_up(value):
    type = value.type.strip_typedefs().unqualified()
    make = printer_of(type)
    # The guest's only: libraries of the host are not what this gdb is for, and their pointers have 8 bytes.
    if not make or not guest.has_known_layouts():
        return None
    return contents(make, value, type)


def install():
    gdb.pretty_printers.append(look_up)

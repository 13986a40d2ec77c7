"""Containers of libc++ as lldb shows them natively.

They are read as bytes: members' names differ between versions of libc++ (`__compressed_pair` up to 19, plain members since) and
between its ABIs (std::__1, std::__2), and their places do not.
"""
import re

import lldb

from . import guest
from .guest import Contents, Unreadable, align, argument, chained, elements, field, size_of, sized

# One name is the language's, and is not in a namespace of the library's version.
NAME = re.compile(r"^std::(?:__\w+::|(?=initializer_list<))(\w+)<")
FORMATTERS = {}
PREFIXES = {"wchar_t": "L", "char8_t": "u8", "char16_t": "u", "char32_t": "U"}
# Without pointers a type of a guest's and one of the host's are laid out alike, and these know no other places.
ALIKE = ("array", "tuple", "optional", "variant", "atomic", "complex", "bitset")


def formatter(*names):
    return lambda function: [FORMATTERS.__setitem__(name, function) for name in names] and function


def prefix(character):
    return PREFIXES.get(guest.plain(character).GetName(), "")


@formatter("basic_string")
def string(view):
    character = view.argument(0)
    width = size_of(character)
    short = field(view.type, "__s")
    text_at = field(short[1], "__data_") if short else None
    data = view.bytes(0, 12)
    # The ABI of version 2 has the text of short strings first.
    if text_at and text_at[0] == 0:
        is_long, length, start = data[11] >> 7, data[11] & 0x7f, 0
        address, size, capacity = view.words(3)
        capacity &= 0x7fffffff
    else:
        is_long, length, start = data[0] & 1, data[0] >> 1, width
        capacity, size, address = view.words(3)
        capacity &= 0xfffffffe
    if is_long:
        return Contents("<unreadable>" if size > capacity else guest.string(view, address, size, width, prefix(character)))
    if start + length * width > 12:
        return Contents("<unreadable>")
    return Contents(prefix(character) + guest.quoted(guest.decoded(view.bytes(start, length * width), width)))


@formatter("basic_string_view")
def string_view(view):
    address, size = view.words(2)
    character = view.argument(0)
    if not size:
        return Contents(prefix(character) + '""')
    return Contents(guest.string(view, address, size, size_of(character), prefix(character)))


@formatter("vector")
def vector(view):
    kind = view.argument(0)
    begin, end, capacity = view.words(3)
    if guest.plain(kind).GetName() == "bool":
        return bits(view, kind, begin, end, capacity)
    if not begin <= end <= capacity or (end - begin) % size_of(kind):
        return Contents("size=? <unreadable>")
    return elements(view, begin, (end - begin) // size_of(kind), kind)


def bits(view, kind, begin, count, capacity):
    if count > 32 * capacity or not view.is_readable(begin, (count + 7) // 8):
        return Contents("size=? <unreadable>")

    def bit(i):
        return view.made("[%d]" % i, bytes([view.read(begin + i // 8, 1)[0] >> i % 8 & 1]), kind)
    return sized(count, bit)


@formatter("array")
def array(view):
    kind = view.argument(0)
    # An array without elements has a place all the same.
    is_empty = re.search(r"[ ,]0U?L*>$", view.type.GetName())
    count = 0 if is_empty else view.type.GetByteSize() // size_of(kind)
    return sized(count, lambda i: view.inside("[%d]" % i, i * size_of(kind), kind))


@formatter("span")
def span(view):
    kind = view.argument(0)
    begin, = view.words(1)
    if view.type.GetByteSize() > 4:
        return elements(view, begin, view.words(2)[1], kind)
    # The length is in the type.
    length = re.search(r"(\d+)U?L*>$", view.type.GetName())
    return elements(view, begin, int(length.group(1)), kind) if length else Contents("size=?")


@formatter("initializer_list")
def initializer_list(view):
    begin, count = view.words(2)
    return elements(view, begin, count, view.argument(0))


@formatter("bitset")
def bitset(view):
    # The length is in the type.
    count = re.search(r"<(\d+)U?L*>$", guest.plain(view.type).GetName())
    if not count:
        raise Unreadable("its type is not known")
    count = int(count.group(1))
    kind, text = view.type.GetBasicType(lldb.eBasicTypeBool), view.bytes(0, (count + 7) // 8)
    return sized(count, lambda i: view.made("[%d]" % i, bytes([text[i // 8] >> i % 8 & 1]), kind))


@formatter("stack", "queue", "priority_queue")
def adapter(view):
    """As the container that it is made of."""
    container = field(view.type, "c")
    if not container:
        raise Unreadable("its type is not known")
    return guest.contents(view.inside("c", *container), look_up)


@formatter("deque")
def deque(view):
    kind = view.argument(0)
    size = size_of(kind)
    _, begin, end, _, start, count = view.words(6)
    block = 4096 // size if size < 256 else 16
    if begin > end or (end - begin) % 4 or count and start + count > (end - begin) // 4 * block:
        return Contents("size=? <unreadable>")
    if not view.is_readable(begin, end - begin):
        return Contents("size=? <unreadable>")

    def child(i):
        at = start + i
        return view.at("[%d]" % i, view.word(begin + at // block * 4) + at % block * size, kind)
    return sized(count, child)


def chain(view, node, end, next_at):
    """Nodes of a list."""
    seen = set()
    while node != end:
        if not node or node in seen:
            raise Unreadable("damaged")
        seen.add(node)
        following = view.word(node + next_at)
        yield node
        node = following


def items(view, kind, offset):
    """Makes the children of nodes with a value at a place."""
    offset = align(offset, kind)
    size_of(kind)
    return lambda i, node: view.at("[%d]" % i, node + offset, kind)


@formatter("list")
def linked_list(view):
    _, first, count = view.words(3)
    # The list itself is the node behind the last.
    end = view.address & 0xffffffff
    return chained(count, chain(view, first, end, 4), items(view, view.argument(0), 8))


@formatter("forward_list")
def forward_list(view):
    first, = view.words(1)
    nodes = list(first_of(chain(view, first, 0, 0)))
    child = items(view, view.argument(0), 4)
    count = sum(node is not None for node in nodes)
    summary = "size=%d" % count if count == len(nodes) else "size=? <damaged after %d>" % count
    return Contents(summary, count, lambda i: child(i, nodes[i]))


def first_of(nodes):
    """The nodes of a list that does not say how many it has; None where they cannot be followed."""
    try:
        for i, node in enumerate(nodes):
            if i == guest.MOST:
                return
            yield node
    except Unreadable:
        yield None


def tree_nodes(view, node):
    """Nodes in order, each by the one before: left, right and parent come first in a node."""
    seen = set()
    while node not in seen:
        seen.add(node)
        left, right, parent = (view.word(node + at) for at in (0, 4, 8))
        yield node
        if right:
            node = leftmost(view, right)
        else:
            for _ in range(64):
                if view.word(parent) == node:
                    break
                node, parent = parent, view.word(parent + 8)
            node = parent
    raise Unreadable("damaged")


def leftmost(view, node):
    for _ in range(64):
        left = view.word(node)
        if not left:
            return node
        node = left
    raise Unreadable("damaged")


def pair_type(view, allocator):
    """The type of a map's elements: what its allocator is of."""
    return argument(guest.plain(view.argument(allocator)), 0)


@formatter("map", "multimap")
def tree_map(view):
    return tree(view, pair_type(view, 3))


@formatter("set", "multiset")
def tree_set(view):
    return tree(view, view.argument(0))


def tree(view, kind):
    first, _, count = view.words(3)
    return chained(count, tree_nodes(view, first), items(view, kind, 13))


@formatter("unordered_map", "unordered_multimap")
def hash_map(view):
    return hash_table(view, pair_type(view, 4))


@formatter("unordered_set", "unordered_multiset")
def hash_set(view):
    return hash_table(view, view.argument(0))


def hash_table(view, kind):
    first, count = view.words(2, 8)
    return chained(count, chain(view, first, 0, 0), items(view, kind, 8))


@formatter("tuple")
def tuple_(view):
    base = field(view.type, "__base_")
    leaves = [(at, kind) for _, at, kind in guest.parts(guest.plain(base[1]))] if base else []

    def child(i):
        at, leaf = leaves[i]
        # An empty element is a base of its leaf.
        inner = field(leaf, "__value_", 0) or (0, view.argument(i))
        return view.inside("[%d]" % i, at + inner[0], inner[1])
    return sized(len(leaves), child)


def pointee(view, kind, address, names):
    """A smart pointer's children: the pointer, and what is there."""
    kind = guest.plain(kind) if guest.plain(kind).GetTypeClass() != lldb.eTypeClassArray else kind.GetArrayElementType()
    if not address or not kind.GetByteSize():
        return 0, None
    make = {"pointer": lambda: view.pointer("pointer", address, kind), "object": lambda: view.at("object", address, kind)}
    return len(names), lambda i: make[names[i]]()


def smart(view, summary, address):
    names = ["pointer", "object"]
    count, child = pointee(view, view.argument(0), address, names)
    return Contents(summary, count, child, names[:count], behind=1 if count else None)


@formatter("unique_ptr")
def unique_ptr(view):
    address, = view.words(1)
    return smart(view, "0x%x" % (view.base + address) if address else "nullptr", address)


@formatter("shared_ptr", "weak_ptr")
def shared_ptr(view):
    address, control = view.words(2)
    if not address and not control:
        return Contents("nullptr", names=[])
    strong, weak = 0, 0
    if control:
        # Both are counted from -1, and all strong ones together are a weak one.
        strong, weak = (int.from_bytes(view.read(control + at, 4), "little", signed=True) for at in (4, 8))
        strong, weak = strong + 1, weak + 1
        if not (0 <= strong < 1 << 24 and 0 <= weak < 1 << 24):
            return Contents("<unreadable>", names=[])
    summary = "0x%x strong=%d weak=%d" % (view.base + address if address else 0, strong, weak)
    return smart(view, summary, address if strong or not control else 0)


@formatter("optional")
def optional(view):
    engaged = field(view.type, "__engaged_")
    if not engaged:
        raise Unreadable("its type is not known")
    flag = view.bytes(engaged[0], 1)[0]
    if flag > 1:
        return Contents("<unreadable>", names=[])
    if not flag:
        return Contents("Has Value=false", names=[])
    return Contents("Has Value=true", 1, lambda _: view.inside("Value", 0, view.argument(0)), ["Value"], behind=0)


@formatter("variant")
def variant(view):
    index = field(view.type, "__index")
    if not index:
        raise Unreadable("its type is not known")
    number = int.from_bytes(view.bytes(index[0], index[1].GetByteSize()), "little")
    if number == (1 << 8 * index[1].GetByteSize()) - 1:
        return Contents("No Value", names=[])
    if number >= view.type.GetNumberOfTemplateArguments():
        return Contents("<unreadable>", names=[])
    kind = view.argument(number)
    place = field(view.type, "__data")
    value = lambda _: view.inside("Value", place[0] if place else 0, kind)
    return Contents("Active Type = %s" % kind.GetDisplayTypeName(), 1, value, ["Value"])


@formatter("function")
def function(view):
    policy = field(view.type, "__policy_")
    if policy:
        table, = view.words(1, policy[0])
        if not table:
            return Contents("<unreadable>", names=[])
        is_empty = view.read(table + 8, 1)[0]
    else:
        # The outer __f_ is the holder, and its own the pointer.
        holder = field(view.type, "__f_")
        inner = field(holder[1], "__f_") if holder else None
        if not inner:
            raise Unreadable("its type is not known")
        is_empty = not view.words(1, holder[0] + inner[0])[0]
    return Contents("empty" if is_empty else "not empty", names=[])


@formatter("atomic")
def atomic(view):
    value = view.inside("Value", 0, view.argument(0))
    return Contents(value.GetSummary() or value.GetValue() or "atomic", 1, lambda _: value, ["Value"])


@formatter("complex")
def complex_(view):
    kind = view.argument(0)
    names = ["real", "imag"]
    real, imag = (view.inside(name, i * size_of(kind), kind) for i, name in enumerate(names))
    return Contents("%s + %si" % (real.GetValue(), imag.GetValue()), 2, lambda i: (real, imag)[i], names)


def look_up(sb_type):
    name = NAME.match(sb_type.GetName() or "")
    return FORMATTERS.get(name.group(1)) if name else None


def is_known(sb_type, _internal_dict):
    """Whether a type is a container of a guest's: lldb has its own formatters for the host's."""
    name = NAME.match(guest.plain(sb_type).GetName() or "")
    if not name or name.group(1) not in FORMATTERS:
        return False
    base = guest.memory_base(sb_type)
    return bool(base) or base is None and name.group(1) in ALIKE and guest.has_guests()


class Children(guest.Formatter):
    look_up = staticmethod(look_up)


def summary(value, _internal_dict):
    return guest.contents(value, look_up).summary


def register(debugger):
    guest.register(debugger, __name__)

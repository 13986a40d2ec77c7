"""Types of Rust's library as a person reads them: strings, vectors, maps, pointers that count, cells, trait objects.

Their layout is the compiler's choice, so members are found by their names; what is behind them is read as bytes.
"""
import re

import lldb

from . import guest, rust_enum
from .guest import Contents, Unreadable, align, argument, chained, elements, field, size_of, sized
from .rust_enum import text

NAME = re.compile(r"^(?:alloc|core|std|hashbrown)::(?:\w+::)*(\w+)(?:<|$)")
TEXT = re.compile(r"\b(str|Path|OsStr)\b")
VTABLE = re.compile(r"^<(.+) as .+>::\{vtable\}$")
FORMATTERS = {}
# Where they have no pointers, a guest's and the host's are alike.
ALIKE = ("Cell", "RefCell", "Mutex", "RwLock", "UnsafeCell")
MOST_BUCKETS = 1 << 22
MOST_VTABLES = 1 << 14


def formatter(*names):
    return lambda function: [FORMATTERS.__setitem__(name, function) for name in names] and function


def number(view, name, width=4):
    """A number that is a member, or the first thing in one."""
    found = field(view.type, name)
    if not found:
        raise Unreadable("no member " + name)
    return int.from_bytes(view.bytes(found[0], width), "little")


def capacity(view):
    """Elements that there is room for; any number where they take none."""
    return number(view, "cap")


@formatter("String", "PathBuf", "OsString")
def string(view):
    length = number(view, "len")
    if length > capacity(view):
        return Contents("<unreadable>")
    return Contents(guest.string(view, number(view, "pointer"), length) if length else '""')


@formatter("Vec")
def vec(view):
    kind, length = view.argument(0), number(view, "len")
    if not kind.GetByteSize():
        return Contents("size=%d" % length)
    if length > capacity(view):
        return Contents("size=? <unreadable>")
    return elements(view, number(view, "pointer"), length, kind)


@formatter("VecDeque")
def vec_deque(view):
    kind, length, head, room = view.argument(0), number(view, "len"), number(view, "head"), capacity(view)
    if not kind.GetByteSize():
        return Contents("size=%d" % length)
    first = number(view, "pointer")
    if length > room or head > room or not view.is_readable(first, room * size_of(kind)):
        return Contents("size=? <unreadable>")
    return sized(length, lambda i: view.at("[%d]" % i, first + (head + i) % room * size_of(kind), kind))


def wide(view):
    """A string or a slice behind its address and length."""
    length = number(view, "length")
    address, kind = field(view.type, "data_ptr")
    address, = view.words(1, address)
    if TEXT.search(view.type.GetName()) and "[" not in view.type.GetName():
        return Contents(guest.string(view, address, length) if length else '""')
    return elements(view, address, length, target_of(kind)) if length else sized(0, lambda _: None)


def target_of(kind):
    """What a pointer in memory is of."""
    pointer = guest.plain(kind).GetStaticFieldWithName("pointer").GetType()
    target = pointer.GetPointeeType() if pointer.IsPointerType() else pointer.GetDereferencedType()
    if not target.IsValid():
        raise Unreadable("its type is not known")
    return target


def trait_object(view):
    """A value of a type that only its table of functions tells: rustc describes each as a variable named after the type."""
    address, = view.words(1)
    vtable = number(view, "vtable")
    name = concrete(view, vtable)
    if not name:
        return Contents("<its type is not known>")
    kind = view.value.GetTarget().FindFirstType(name)
    if not kind.IsValid() or not kind.GetByteSize():
        return Contents(name)
    value = view.at("value", address, kind)
    return Contents(text(value), 1, lambda _: value, ["value"], behind=0)


def concrete(view, vtable):
    found = view.value.GetTarget().FindGlobalVariables(r"\{vtable\}$", MOST_VTABLES, lldb.eMatchTypeRegex)
    for i in range(found.GetSize()):
        variable = found.GetValueAtIndex(i)
        if variable.GetLoadAddress() == view.base + vtable:
            name = VTABLE.match(variable.GetName() or "")
            return name.group(1) if name else None
    return None


@formatter("Rc", "Arc", "Weak")
def counted(view):
    """A pointer to two counts and a value."""
    name, address = NAME.match(view.type.GetName()).group(1), number(view, "pointer")
    if address in (0, 0xffffffff):
        return Contents("dangling" if name == "Weak" else "<unreadable>", names=[])
    # All strong ones together are a weak one.
    strong, weak = (int.from_bytes(view.read(address + at, 4), "little") for at in (0, 4))
    if strong > 1 << 24 or weak > 1 << 24 or name != "Weak" and not (strong and weak):
        return Contents("<unreadable>", names=[])
    counts = "strong=%d weak=%d" % (strong, weak - (strong > 0))
    if not strong:
        return Contents(counts, names=[])
    return pointee(view, address, counts)


def pointee(view, address, counts):
    kind = view.argument(0)
    length = field(view.type, "length")
    if length:
        # Of a string or a slice, whose elements the type is of.
        length, = view.words(1, length[0])
        if TEXT.search(field(view.type, "data_ptr")[1].GetName()):
            return Contents("%s %s" % (guest.string(view, address + 8, length) if length else '""', counts), names=[])
        slice_ = elements(view, address + align(8, kind), length, kind)
        slice_.summary += " " + counts
        return slice_
    if field(view.type, "vtable"):
        name = concrete(view, number(view, "vtable"))
        kind = view.value.GetTarget().FindFirstType(name) if name else None
        if not kind:
            return Contents("%s %s" % (name or "<its type is not known>", counts), names=[])
    if not kind.GetByteSize():
        return Contents(counts, names=[])
    value = view.at("value", address + align(8, kind), kind)
    return Contents("%s %s" % (text(value), counts), 1, lambda _: value, ["value"], behind=0)


def held(view, name):
    """A member that is a cell, and what is in it."""
    found = field(view.type, name)
    inner = field(found[1], "value", 0) if found else None
    if not inner:
        raise Unreadable("its type is not known")
    return view.inside("value", found[0] + inner[0], inner[1])


@formatter("Cell")
def cell(view):
    value = held(view, "value")
    return Contents(text(value), 1, lambda _: value, ["value"])


@formatter("UnsafeCell")
def unsafe_cell(view):
    value = view.value.GetChildMemberWithName("value")
    return Contents(text(value), 1, lambda _: value, ["value"])


@formatter("RefCell")
def ref_cell(view):
    value, borrows = held(view, "value"), number(view, "borrow")
    borrows -= (borrows >> 31) << 32
    state = " borrow=%d" % borrows if borrows > 0 else " borrow_mut=%d" % -borrows if borrows else ""
    return Contents(text(value) + state, 1, lambda _: value, ["value"])


@formatter("Mutex", "RwLock")
def mutex(view):
    value = held(view, "data")
    return Contents(text(value), 1, lambda _: value, ["value"])


@formatter("Ref", "RefMut")
def borrowed(view):
    kind = view.argument(0)
    value = view.at("value", number(view, "value"), kind)
    return Contents(text(value), 1, lambda _: value, ["value"], behind=0)


def entry(key, value):
    """A map's child: a value under its key."""
    return value.Clone("[%s]" % text(key))


def buckets(view, child):
    """What a table of hashbrown's holds: a byte per bucket, whose upper bit says that it is empty; elements lie before them."""
    kind = argument(guest.plain(field(view.type, "table")[1]), 0)
    mask, items, control = number(view, "bucket_mask"), number(view, "items"), number(view, "ctrl")
    if mask & mask + 1 or mask >= MOST_BUCKETS or items > mask + 1:
        raise Unreadable("unreadable")
    full = [i for i, byte in enumerate(view.read(control, mask + 1)) if byte < 0x80]
    if len(full) != items:
        raise Unreadable("damaged")
    at = lambda i: view.at("", control - (full[i] + 1) * size_of(kind), kind).GetNonSyntheticValue()
    return sized(items, lambda i: child(i, at(i)))


@formatter("HashMap")
def hash_map(view):
    return buckets(view, lambda _, pair: entry(pair.GetChildMemberWithName("__0"), pair.GetChildMemberWithName("__1")))


@formatter("HashSet")
def hash_set(view):
    return buckets(view, lambda i, pair: pair.GetChildMemberWithName("__0").Clone("[%d]" % i))


class Tree:
    """The nodes of a B-tree: keys and values side by side, and in inner ones the nodes between them."""

    def __init__(self, view):
        self.view = view
        self.leaf = argument(guest.plain(field(view.type, "node")[1]), 0)
        self.length, _ = field(self.leaf, "len", 0)

    def contents(self, child):
        length = number(self.view, "length")
        if not length:
            return sized(0, child)
        return chained(length, self.walk(number(self.view, "node"), number(self.view, "height")), child)

    def walk(self, node, height):
        """Nodes with the index of an element, in the keys' order."""
        length = int.from_bytes(self.view.read(node + self.length, 2), "little")
        # A node has 11 at most, and no tree in 4 GiB is as high as 16.
        if length > 11 or height > 16:
            raise Unreadable("damaged")
        for i in range(length + 1):
            if height:
                edges = node + (self.leaf.GetByteSize() + 3) // 4 * 4
                yield from self.walk(self.view.word(edges + 4 * i), height - 1)
            if i < length:
                yield node, i

    def element(self, name, place, array, index):
        """A key or a value: the array that it is in, and which of the tree's types it has."""
        kind, (node, i) = argument(self.leaf, index), place
        found = field(self.leaf, array, 0)
        return self.view.at(name, node + (found[0] if found else 0) + i * kind.GetByteSize(), kind)


@formatter("BTreeMap")
def btree_map(view):
    tree = Tree(view)
    return tree.contents(lambda _, place: entry(tree.element("", place, "keys", 0), tree.element("", place, "vals", 1)))


@formatter("BTreeSet")
def btree_set(view):
    tree = Tree(view)
    return tree.contents(lambda i, place: tree.element("[%d]" % i, place, "keys", 0))


def members(sb_type):
    return [sb_type.GetFieldAtIndex(i).GetName() for i in range(sb_type.GetNumberOfFields())]


def look_up(sb_type):
    """What shows a type: known by its name, or by its members, which rustc gives names that no program can."""
    if rust_enum.is_enum(sb_type):
        return rust_enum.enum
    name = NAME.match(sb_type.GetName() or "")
    if name and name.group(1) in FORMATTERS:
        return FORMATTERS[name.group(1)]
    if rust_enum.is_tuple(sb_type):
        return rust_enum.tuple_
    return {("data_ptr", "length"): wide, ("pointer", "vtable"): trait_object}.get(tuple(members(sb_type)))


def is_known(sb_type, _internal_dict):
    """Whether a type is one of a guest's that is shown here."""
    sb_type = guest.plain(sb_type)
    if sb_type.GetTypeClass() not in (lldb.eTypeClassStruct, lldb.eTypeClassClass):
        return False
    make = look_up(sb_type)
    if not make:
        return False
    base = guest.memory_base(sb_type)
    alike = (rust_enum.enum, rust_enum.tuple_, *(FORMATTERS[name] for name in ALIKE))
    return bool(base) or base is None and make in alike and guest.has_guests()


class Children(guest.Formatter):
    look_up = staticmethod(look_up)


def summary(value, _internal_dict):
    return guest.contents(value, look_up).summary


def register(debugger):
    guest.register(debugger, __name__)

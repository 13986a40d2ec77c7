"""Types of Rust's library as what they hold: strings, sequences, maps, pointers, cells, trait objects.

Their layout is the compiler's choice, so members are found by their names. gdb shows structures, tuples and enums of Rust by
itself; where those hold any of these, it asks here.
"""
import itertools
import re
import struct

import gdb

from . import guest, pointers, rust_maps  # The maps' printers, too.
from .contents import Contents, chain, contents, elements, sequence
from .guest import Unreadable, align, value_at
from .rust_members import PRINTERS, damaged, find, member, number, printer, scalar, short, within_memory

VTABLE = re.compile(r"^\s*static (<(.+) as .+>::\{vtable)_type\};$")
DEPTH = 3  # Of pointers behind pointers: lists go both ways.
MOST_COUNTS = 1 << 24


def quoted(address, length):
    within_memory(address, length)
    return pointers.string_at(address, length) if length else '""'


@printer("String", "PathBuf", "OsString")
def string(value, type):
    length, capacity = number(value, "len"), number(value, "cap")
    if length > capacity:
        return Contents("<error: a string of length %d>" % length)
    return Contents(quoted(number(value, "pointer"), length))


@printer("Vec")
def vec(value, type):
    element, length, capacity = type.template_argument(0), number(value, "len"), number(value, "cap")
    if element.sizeof and length > capacity:
        return damaged("Vec", "%d of %d elements" % (length, capacity))
    return many("Vec", element, number(value, "pointer"), length)


def many(what, element, address, length):
    if not element.sizeof:
        return Contents("%s of length %d" % (what, length))
    try:
        within_memory(address, length * element.sizeof)
    except Unreadable as why:
        return damaged("%s of length %d" % (what, length), why)
    return sequence(what, length, lambda: elements(element, address, length))


@printer("VecDeque")
def vec_deque(value, type):
    element, length, capacity = type.template_argument(0), number(value, "len"), number(value, "cap")
    if not element.sizeof:
        return Contents("VecDeque of length %d" % length)
    first, head = number(value, "pointer"), number(value, "head")
    if length > capacity or length and head >= capacity:
        return damaged("VecDeque", "%d of %d elements from %d" % (length, capacity, head))
    at = lambda i: first + (head + i) % capacity * element.sizeof
    return sequence("VecDeque", length, lambda: (("[%d]" % i, value_at(element, at(i))) for i in range(length)))


@printer("BinaryHeap")
def heap(value, type):
    found = vec(value["data"], value["data"].type)
    found.title = found.title.replace("Vec", "BinaryHeap", 1)
    return found


@printer("LinkedList")
def linked_list(value, type):
    length, head = number(value, "len"), find(value["head"], "pointer")
    if not length or head is None:
        return Contents("LinkedList of length %d%s" % (length, " <error: no first one>" if length else ""))
    head = scalar(head)
    places = {field.name: field.bitpos // 8 for field in head.type.target().strip_typedefs().fields()}
    nodes = lambda: itertools.islice(chain(int(head) & 0xffffffff, 0, places["next"]), length)
    element = type.template_argument(0)
    return sequence("LinkedList", length, lambda: (
        ("[%d]" % i, value_at(element, node + places["element"])) for i, node in enumerate(nodes())))


def is_text(name):
    return re.search(r"\b(str|Path|OsStr)\b", name) is not None and "[" not in name


def wide(value, type):
    """A string or a slice behind its address and length."""
    address, length, name = number(value, "data_ptr"), number(value, "length"), type.name or ""
    if is_text(name):
        return Contents(quoted(address, length))
    element = member(value, "data_ptr").type.target().strip_typedefs()
    return many("slice" if name.startswith("&") else short(type) or name, element, address, length)


vtables = {}  # What they are of, by their addresses.


def find_vtables():
    """rustc describes each as a variable that is named after its type; gdb's list of them has their own types."""
    for line in gdb.execute("info variables -q ::.vtable.$", to_string=True).splitlines():
        found = VTABLE.match(line)
        for symbol in gdb.lookup_static_symbols(found.group(1) + "}") if found else ():
            try:
                # The address is the host's, of which a pointer has the lower half.
                vtables[int(symbol.value().address) - guest.base() & 0xffffffff] = found.group(2)
            except (gdb.error, TypeError, AttributeError):
                pass  # One that was not linked has no address.


def concrete(vtable):
    """The type whose functions a table has: its name, and itself where gdb knows it."""
    if not vtables:
        find_vtables()
    name = vtables.get(vtable)
    if not name:
        return None, None
    try:
        return name, gdb.lookup_type(name)
    except gdb.error:
        return name, None


def forget(event=None):
    vtables.clear()


def trait_object(value, type):
    """A value of a type that only its table of functions tells."""
    address = number(value, "pointer")
    name, kind = concrete(number(value, "vtable"))
    if name is None:
        return Contents("0x%x <error: its type is not known>" % address)
    if kind is None or not kind.sizeof:
        return Contents("%s at 0x%x" % (name, address))
    return Contents("0x%x" % address, lambda: deeper(lambda: value_at(kind, address)))


depth = 0


def deeper(make):
    """What is behind a pointer, unless many pointers lead to it. gdb goes on here when it has shown what is yielded."""
    global depth
    if depth >= DEPTH:
        yield "value", "..."
        return
    depth += 1
    try:
        yield "value", make()
    finally:
        depth -= 1


def pointer(value, type):
    """A reference, a box or any other pointer: gdb does not know which."""
    target, address = type.target(), int(value) & 0xffffffff
    kind = target.strip_typedefs()
    title = "0x%x" % address
    if kind.code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_VOID) or not address or not kind.sizeof or depth >= DEPTH:
        return Contents(title)
    try:
        within_memory(address, kind.sizeof)
    except Unreadable as why:
        return Contents("%s <error: %s>" % (title, why))
    return Contents(title, lambda: deeper(value.dereference))


def character(value, type):
    """A `char` behind a pointer has its type by another name, and then gdb takes four bytes for four characters."""
    return Contents(value.cast(type))


@printer("Rc", "Arc", "Weak")
def counted(value, type):
    """A pointer to two counts and a value."""
    name, address = short(type), number(value, "pointer")
    if address in (0, 0xffffffff):
        return Contents("Weak, dangling") if name == "Weak" else damaged(name, "at 0x%x" % address)
    # All strong ones together are a weak one.
    strong, weak = struct.unpack("<II", guest.memory(address, 8))
    if max(strong, weak) > MOST_COUNTS or name != "Weak" and not (strong and weak):
        return damaged(name, "counts of %d and %d" % (strong, weak))
    title = "%s (strong %d, weak %d)" % (name, strong, weak - (strong > 0))
    # A weak one leads back to where it is from.
    if not strong or name == "Weak":
        return Contents(title)
    if find(value, "length") is not None:
        # Of a string or a slice, whose elements the type is of.
        length, kind = number(value, "length"), type.template_argument(0)
        if is_text(type.name.split("<", 1)[1].split(",")[0]):
            return Contents("%s %s" % (title, quoted(address + 8, length)))
        return many(title, kind, address + align(8, kind), length)
    return Contents(title, lambda: deeper(lambda: behind_counts(value, type, address)))


def behind_counts(value, type, address):
    kind = type.template_argument(0)
    if find(value, "vtable") is not None:
        name, kind = concrete(number(value, "vtable"))
        if kind is None:
            return name or "<error: its type is not known>"
    return value_at(kind, address + align(8, kind))


def holding(value, name, title):
    """A cell of one kind or another, and what is in it."""
    def children():
        inner = value[name]
        while short(inner.type) == "UnsafeCell":
            inner = inner["value"]
        yield "value", inner
    return Contents(title, children)


@printer("Cell", "UnsafeCell", "ManuallyDrop")
def cell(value, type):
    return holding(value, "value", short(type))


@printer("RefCell")
def ref_cell(value, type):
    borrows = number(value, "borrow")
    borrows -= borrows >> 31 << 32
    state = "RefCell" if not borrows else "RefCell (%s)" % ("borrowed %d" % borrows if borrows > 0 else "borrowed mutably")
    return holding(value, "value", state)


@printer("Mutex", "RwLock")
def mutex(value, type):
    return holding(value, "data", short(type))


@printer("Ref", "RefMut")
def borrowed(value, type):
    address = number(value, "value")
    return Contents(short(type), lambda: deeper(lambda: value_at(type.template_argument(0), address)))


@printer("NonZero")
def nonzero(value, type):
    return Contents(str(int(scalar(value))))


def is_rust():
    """Whether the language is Rust: its pointers look like those of other languages."""
    language = gdb.parameter("language")
    if language not in ("auto", "local"):
        return language == "rust"
    try:
        return gdb.selected_frame().language() == "rust"
    except (gdb.error, AttributeError):
        return False


def maker(original, type):
    if type.code == gdb.TYPE_CODE_CHAR:
        return character if original.code == gdb.TYPE_CODE_TYPEDEF and is_rust() else None
    if type.code == gdb.TYPE_CODE_PTR:
        return pointer if type.sizeof == 4 and is_rust() else None
    if type.code != gdb.TYPE_CODE_STRUCT:
        return None
    names = [field.name for field in type.fields()]
    # rustc gives these members names that no program can have.
    if names == ["data_ptr", "length"]:
        return wide
    if names == ["pointer", "vtable"]:
        return trait_object
    return PRINTERS.get(short(type))


def look_up(value):
    type = value.type.strip_typedefs().unqualified()
    make = maker(value.type, type)
    is_shown = guest.images if make is character else guest.has_known_layouts
    if not make or not is_shown():
        return None
    return contents(make, value, type)


def install():
    # Before what users load: rustc's own printers read the host's memory at the guest's addresses.
    gdb.current_progspace().pretty_printers.insert(0, look_up)
    gdb.events.new_objfile.connect(forget)
    gdb.events.exited.connect(forget)

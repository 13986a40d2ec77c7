"""Where the guest is: its images, its memory, and values in it. Reads memory only; nothing is called in the program."""
import contextlib
import struct

import gdb

MOST_IMAGES = 1000
ALLOC = 2


class Unreadable(Exception):
    """What a printer shows in place of what cannot be read."""


class Image:
    """What a registered ELF image says: where code is, the bases of the memory and of the heap, whether the memory's addresses have
    8 bytes, and where the instance is that has exceptions."""

    def __init__(self, text, base, is_wide=False, heap=None, context=None):
        self.text = text
        self.heap = heap
        self.context = context
        self.base = base
        self.is_wide = is_wide


def read(address, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except (gdb.MemoryError, OverflowError, ValueError):
        raise Unreadable("cannot access memory at address 0x%x" % (address & 0xffffffffffffffff))


@contextlib.contextmanager
def language(name):
    """Has gdb read expressions and names of types as a language's."""
    before = gdb.parameter("language")
    gdb.execute("set language " + name, to_string=True)
    try:
        yield
    finally:
        gdb.execute("set language " + before, to_string=True)


def c():
    """The same as C's; in a frame of Rust's it would read them as Rust's."""
    return language("c")


def in_c(expression):
    """The value of an expression of C's."""
    with c():
        return gdb.parse_and_eval(expression)


def symbol(name):
    """The address of a symbol of the executable; `None` before it runs."""
    if name in symbols:
        return symbols[name]
    try:
        address = int(in_c("(unsigned long)&" + name))
    except gdb.error:
        return None
    if address >> 32:  # Where it was loaded.
        symbols[name] = address
    return address


known = {}  # Images by where they are; an image's bytes do not change while it is registered.
symbols = {}  # Addresses by name.
printed = None  # The frame that a backtrace prints: gdb, which selects it in its own, does not for a filter's.
static = []  # The image that gdb has while there is no process (ahead.py).


def forget(event=None):
    known.clear()
    symbols.clear()


def places():
    """Where the images are that are registered now, and how long they are (GDB's manual, "JIT Declarations")."""
    descriptor, count = symbol("__jit_debug_descriptor"), 0
    entry = struct.unpack("<IIQQ", read(descriptor, 24))[3] if descriptor else 0
    while entry and count < MOST_IMAGES:
        entry, _, start, size = struct.unpack("<QQQQ", read(entry, 32))
        count += 1
        yield start, size


def images():
    """The images that are registered now."""
    found = []
    try:
        for place in places():
            if place not in known:
                known[place] = parse(place[0])
            found.append(known[place])
    except Unreadable:
        pass
    return found or static


def parse(start, read=read):
    """The image at an address, or in what `read` reads."""
    header = read(start, 64)
    table, = struct.unpack_from("<Q", header, 40)
    count, names = struct.unpack_from("<HH", header, 60)
    sections = list(struct.iter_unpack("<IIQQQQIIQQ", read(start + table, 64 * count)))
    strings = read(start + sections[names][4], sections[names][5])
    text, base, is_wide, heap, context = range(0), None, False, None, None
    for section in sections:
        name = strings[section[0]:strings.index(b"\0", section[0])]
        if name == b".text":
            text = range(section[3], section[3] + section[5])
        elif name in (b".wasm.memory", b".wasm.memory64"):
            base, is_wide = section[3], name.endswith(b"64")
        elif name == b".wasm.heap":
            heap = section[3]
        elif name == b".wasm.exceptions":
            context = section[3]
    return Image(text, base, is_wide, heap, context)


def has_known_layouts():
    """Returns true if there are guests whose addresses have 4 bytes: printers of libraries' types know their layouts with those."""
    found = images()
    return bool(found) and not any(image.is_wide for image in found)


def image_at(pc):
    return next((image for image in images() if pc in image.text), None)


def of_frame(of, several, none):
    """What an image says (`of`, None if nothing) of the selected frame's code, or what all say; else the text of an error."""
    said = [(image, of(image)) for image in images()]
    said = [(image, it) for image, it in said if it is not None]
    frame = shown_frame()
    while frame is not None and frame.is_valid():
        for image, it in said:
            if frame.pc() in image.text:
                return it
        frame = frame.older()
    all_said = {it for _, it in said}
    if len(all_said) == 1:
        return all_said.pop()
    raise Unreadable(several if all_said else none)


def shown_frame():
    """The frame whose values are shown: the selected one, if a backtrace does not print another; `None` without any."""
    if printed is not None and printed.is_valid():
        return printed
    try:
        return gdb.selected_frame()
    except gdb.error:
        return None


def base():
    """The base of the memory that the selected frame's code uses, or of the only one there is."""
    return of_frame(lambda image: image.base, "several memories: select a frame of the program", "no memory yet")


def host(address):
    """The host's address of what the guest has at an address; what is a host's already stays."""
    address = int(address) & 0xffffffffffffffff
    return address if address >> 32 else base() + address


def memory(address, size):
    return read(host(address), size)


def word(address):
    return struct.unpack("<I", memory(address, 4))[0]


def byte_type():
    return gdb.selected_inferior().architecture().integer_type(8, False)


def address_of(value):
    if value.address is None:
        raise Unreadable("not in memory")
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        # A pointer to a type of a guest's has 4 bytes, and what is on the host's stack another address.
        value = value.cast(byte_type().array(0, 0))
    return host(int(value.address) & 0xffffffffffffffff)


def value_at(type, address):
    """The value of a type at a guest's address. Pointers to guest types have 4 bytes, so it is read through one that is the
    architecture's own."""
    address = host(address)
    read(address, max(1, min(type.sizeof, 1 << 20)))
    if type.strip_typedefs().code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ARRAY):
        return gdb.Value(read(address, type.sizeof), type)
    pointer = gdb.Value(address).cast(byte_type().array(0, 0).pointer())
    return pointer.dereference()[0].cast(type)


def align(offset, type):
    alignment = max(type.alignof, 1)
    return (offset + alignment - 1) // alignment * alignment


def install():
    gdb.events.exited.connect(forget)
    # An image can be where another one was.
    gdb.events.new_objfile.connect(forget)

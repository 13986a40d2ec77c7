"""Pointers to C's own types, as wide as the guest's while a program of it is debugged.

gdb's parser takes `int` for a type of the host's architecture before it looks for the program's (symtab.c, lookup_symbol_nonlocal), so
`(int *)q` would be of 8 bytes; and a cast between pointers of different sizes reads 8 bytes where q has 4 (valops.c, value_cast).
No command sets the size. But gdb makes each pointer type once and keeps it (gdbtypes.c, make_pointer_type), so it is set there: in gdb's
own memory, where it is found by types whose sizes are known, and only if gdb's Python sees the change.
"""
import struct

import gdb

from . import guest

NAMES = (
    "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long", "unsigned long", "long long",
    "unsigned long long", "float", "double", "long double",
)
OF_CPP = ("bool", "wchar_t", "char16_t", "char32_t")
HOSTS, GUESTS = 8, 4
KNOWN = (0x1235, 0x6789b, 0xabcdef1)  # Sizes that nothing else in a type is likely to be.
LOOKED_AT = 96  # Bytes of a type.

narrowed = []  # Where sizes were changed.


class Memory:
    """gdb's own."""

    def __init__(self):
        self.file = open("/proc/self/mem", "r+b", buffering=0)

    def read(self, address, size):
        self.file.seek(address)
        return self.file.read(size)

    def word(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def write(self, address, value):
        self.file.seek(address)
        self.file.write(struct.pack("<Q", value))


def place(memory, type):
    """Where gdb has a type: what its Python object consists of."""
    return memory.word(id(type) + object.__basicsize__)


def size_offset(memory):
    """Where in a type its size is; `None` if that is not certain."""
    byte = gdb.lookup_type("char")
    found = None
    for size in KNOWN:
        type = byte.array(size - 1)
        words = memory.read(place(memory, type), LOOKED_AT)
        at = {i for i in range(0, LOOKED_AT - 7, 8) if struct.unpack_from("<Q", words, i)[0] == size}
        found = at if found is None else found & at
    return found.pop() if len(found) == 1 else None


def types(block):
    yield from map(gdb.lookup_type, NAMES)
    # gdb's lexer has words for those; these are names, and of the architecture of the file that the frame's block is of.
    with guest.language("c++"):
        for name in OF_CPP:
            symbol = gdb.lookup_symbol(name, block)[0]
            if symbol is not None:
                yield symbol.type


def pointers(block):
    for type in types(block):
        for variant in (type, type.const(), type.volatile(), type.const().volatile()):
            pointer = variant.pointer()
            yield pointer
            yield pointer.pointer()
            yield pointer.const()


def set_size(memory, offset, pointer, size):
    """Whether gdb has the size now."""
    at = place(memory, pointer) + offset
    if memory.word(at) != pointer.sizeof:
        return False
    old = pointer.sizeof
    memory.write(at, size)
    if pointer.sizeof == size:
        return True
    memory.write(at, old)
    return False


def narrow(block):
    if narrowed:
        return
    try:
        memory = Memory()
        # In Rust's, `int` would be a type of the program's.
        with guest.c():
            offset = size_offset(memory)
            for pointer in pointers(block) if offset is not None else ():
                if pointer.sizeof == HOSTS and set_size(memory, offset, pointer, GUESTS):
                    narrowed.append(pointer)
    except (OSError, struct.error, gdb.error, OverflowError, ValueError):
        pass  # As without this: gdb says "Invalid cast." or cannot access the memory.


def widen():
    """For what is debugged next."""
    try:
        memory = Memory()
        with guest.c():
            offset = size_offset(memory)
        for pointer in narrowed if offset is not None else ():
            set_size(memory, offset, pointer, HOSTS)
    except (OSError, struct.error, gdb.error):
        pass
    narrowed.clear()


def on_new_objfile(event):
    """The pointers to an image's own types say how wide the guest's are."""
    if not event.new_objfile.filename.startswith("<"):
        return
    for name in ("int", "char", "i32", "u8"):
        symbol = event.new_objfile.lookup_static_symbol(name)
        if symbol is not None:
            if symbol.type.pointer().sizeof == GUESTS:
                narrow(symbol.symtab.static_block())
            return


def install():
    gdb.events.new_objfile.connect(on_new_objfile)
    gdb.events.exited.connect(lambda event: widen())

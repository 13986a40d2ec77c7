"""References of WebAssembly, and the objects that they are of (debuginfo/src/outline/object.rs).

An object says its type by a number, for which there is a type: wasm_type_NUMBER. The type of the variable may be one above it, or say nothing.
A reference is counted from the heap's base; what is read there is checked, as a reference may be anything: the user's, or what was left in
a place that has no value yet.
"""
import struct

import gdb

from . import exceptions, guest
from .guest import Unreadable

WORDS = ("anyref", "eqref", "i31ref", "structref", "arrayref", "nullref", "externref")
STRUCTURE, ARRAY = 1, 2  # Kinds of objects.
DEPTH = 3  # Of objects in objects: they may go in circles.
MOST = 200  # Elements, as gdb's own `print elements`.

depth = 0  # Objects whose contents are being shown.


def heap():
    """The heap of the selected frame's code, or the only one there is."""
    return guest.of_frame(lambda image: image.heap, "several heaps: select a frame of the program", "no heap yet")


def word_at(address):
    return struct.unpack("<I", guest.read(address, 4))[0]


def object_type(number):
    try:
        return gdb.lookup_type("wasm_type_%d" % number).strip_typedefs()
    except gdb.error:
        raise Unreadable("of a type without a description")


class Object:
    """A structure or an array in the heap."""

    def __init__(self, word):
        address = heap() + word
        self.kind = word_at(address + 4) & 3
        if self.kind not in (STRUCTURE, ARRAY):
            raise Unreadable("0x%x is no object" % word)
        self.type = object_type(word_at(address))
        names = [field.name for field in self.type.fields()]
        if (self.kind == ARRAY) != (names == ["length", "elements"] and self.is_open()):
            raise Unreadable("0x%x is no object" % word)
        pointer = self.type.pointer()
        self.value = gdb.Value(word if pointer.sizeof == 4 else address).cast(pointer).dereference()
        self.length = word_at(address + 8) if self.kind == ARRAY else None

    def is_open(self):
        return self.type.fields()[-1].type.strip_typedefs().code == gdb.TYPE_CODE_ARRAY

    def title(self):
        return self.type.name if self.length is None else "%s[%d]" % (self.type.name, self.length)

    def children(self):
        if self.length is None:
            for field in self.type.fields():
                yield field.name, self.value[field.name]
            return
        limit = gdb.parameter("print elements") or MOST
        elements = self.value["elements"]
        for i in range(min(self.length, max(limit, MOST))):
            yield "[%d]" % i, elements[i]


class Plain:
    """A reference to what has no parts."""

    def __init__(self, text):
        self.text = text

    def to_string(self):
        return self.text


class Reference:
    """A reference to an object."""

    def __init__(self, found):
        self.found = found

    def to_string(self):
        return self.found.title()

    def display_hint(self):
        return "array" if self.found.kind == ARRAY else None

    def children(self):
        global depth
        # Of objects in an array their types are enough: there may be many.
        more = 1 if self.found.length is None else DEPTH
        depth += more
        try:
            yield from self.found.children()
        except (Unreadable, gdb.error) as why:
            yield "error", "<error: %s>" % why
        finally:
            depth -= more


def of_word(word):
    """A printer for an internal or external reference."""
    word &= 0xffffffff
    if not word:
        return Plain("null")
    if word & 1:
        return Plain("%d (i31)" % ((word ^ 1 << 31) - (1 << 31) >> 1))
    if word & 7 == 2:
        return Plain("host object %d" % (word >> 3))
    try:
        if word & 7:
            raise Unreadable("0x%x is no reference" % word)
        found = Object(word)
    except (Unreadable, gdb.error) as why:
        return Plain("<error: %s>" % why)
    return Reference(found) if depth < DEPTH else Plain(found.title() + " {...}")


def of_function(value):
    """A printer for a function: by the runtime's address of it, or in objects by its number."""
    word = int(value) & 0xffffffffffffffff
    if not word:
        return Plain("null")
    try:
        if value.type.sizeof == 4:
            functions, count = struct.unpack("<QQ", guest.read(heap() - 16, 16))
            if word >= count:
                raise Unreadable("%d is no function" % word)
            word, = struct.unpack("<Q", guest.read(functions + 8 * word, 8))
        code, = struct.unpack("<Q", guest.read(word, 8))
    except Unreadable as why:
        return Plain("<error: %s>" % why)
    return Plain(name_of(code))


def of_exception(handle):
    """The text of an exception: its tag and values."""
    if not handle:
        return "null"
    process = exceptions.Process(guest.read, guest.memory, carried, demangled)
    try:
        context = guest.of_frame(lambda image: image.context, "several instances: select a frame of the program", "no exceptions yet")
        return process.text(context, handle)
    except (Unreadable, exceptions.Unknown) as why:
        return "<error: %s>" % why


def carried(code, word):
    """The text of a reference that an exception carries; `code` is its type in the binary format."""
    if code == 0x70:
        return name_of(struct.unpack("<Q", guest.read(word, 8))[0])
    found = of_word(word)
    return found.to_string() + (" {...}" if isinstance(found, Reference) else "")


def demangled(symbol):
    try:
        return gdb.execute("demangle -l c++ -- " + symbol, to_string=True)
    except gdb.error:
        return symbol


def name_of(code):
    try:
        block = gdb.block_for_pc(code) if guest.image_at(code) else None
    except (gdb.error, RuntimeError):
        block = None
    while block is not None and block.function is None:
        block = block.superblock
    return block.function.print_name if block is not None else "a host function"


def is_object(type):
    """Whether a type is of objects: no type of C's has the other name that these have."""
    try:
        return bool(type.name) and gdb.lookup_type("wasm_object_" + type.name) is not None
    except gdb.error:
        return False


def look_up(value):
    """A printer for references."""
    type = value.type.unqualified()
    if type.code == gdb.TYPE_CODE_PTR and type.sizeof == 4:
        to = type.target()
        if to.code == gdb.TYPE_CODE_STRUCT and any(image.heap for image in guest.images()) and is_object(to):
            return of_word(int(value))
    elif type.code == gdb.TYPE_CODE_TYPEDEF and type.name and type.name.endswith("ref") and guest.images():
        if type.name in WORDS:
            return of_word(int(value))
        if type.name == "funcref":
            return of_function(value)
        if type.name == "exnref":
            return Plain(of_exception(int(value) & 0xffffffffffffffff))
    return None


def install():
    gdb.pretty_printers.append(look_up)

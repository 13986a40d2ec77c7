"""Exceptions of WebAssembly: by the table that the runtime keeps for debuggers (runtime/src/vm/shown_exceptions.rs), and as their language's
runtime would call them (runtime/src/vm/language_exception.rs). Both debuggers load this; each reads in its own way.
"""
import struct

MOST = 1 << 16  # Exceptions, and bytes of a name.
DEPTH = 3  # Of exceptions that others carry.
LONGEST = 4096  # Bytes of the name of a type of C++'s.
TAG = "__cpp_exception"  # LLVM's, for C++ and for Rust.
CPP, RUST = b"\0++CGNLC", b"TSUR\0ZOM"  # Classes of exceptions, of which C++'s last letter may be another.
TYPE = 48  # Bytes from the class of an exception down to its type (cxa_exception.h, with pointers of 4 bytes).


class Unknown(Exception):
    """Why there is nothing to show."""


class Process:
    """What a debugger knows: `read(address, size)` of the process and `memory` of the guest, `reference(code, bytes)` for the text of a
    reference, and `demangle(symbol)`."""

    def __init__(self, read, memory, reference, demangle):
        self.read, self.memory, self.reference, self.demangle = read, memory, reference, demangle

    def words(self, address, count):
        return struct.unpack("<%dQ" % count, self.read(address, 8 * count))

    def find(self, context, handle):
        """The tag and the values of an exception, in the store of an instance."""
        store, = self.words(context, 1)
        table, = self.words(store, 1)
        first, count = self.words(table, 2)
        if 0 < count <= MOST:
            for known, tag, values in struct.iter_unpack("<QQQ", self.read(first, 24 * count)):
                if known == handle and tag:
                    return tag, values
        raise Unknown("0x%x is no exception" % handle)

    def text(self, context, handle, depth=0):
        """The tag with the values, and what it is to its language."""
        if depth >= DEPTH:
            return "..."
        tag, values = self.find(context, handle)
        name, size, types, count = self.words(tag, 4)
        if max(size, count) > MOST:
            raise Unknown("0x%x has no tag" % handle)
        name = self.read(name, size).decode(errors="replace") if size else ""
        types = self.read(types, count) if count else b""
        data = self.read(values, 16 * count) if count else b""
        parts = [data[16 * i:16 * i + 16] for i in range(count)]
        shown = [self.value(context, code, part, depth) for code, part in zip(types, parts)]
        said = "%s(%s)" % (name, ", ".join(shown))
        known = self.of_language(struct.unpack("<I", parts[0][:4])[0]) if name == TAG and types == b"\x7f" else None
        return "%s \u2192 %s" % (said, known) if known else said

    def value(self, context, code, data, depth):
        if code in NUMBERS:
            form, size = NUMBERS[code]
            return number(struct.unpack(form, data[:size])[0], size)
        if code == 0x7b:
            return "%d" % int.from_bytes(data, "little")
        word, = struct.unpack("<Q", data[:8])
        if not word:
            return "null"
        return self.text(context, word, depth + 1) if code == 0x69 else self.reference(code, word)

    def of_language(self, thrown):
        """What an exception is that LLVM's code throws, by its address."""
        try:
            kind = self.memory(thrown, 8)
            if kind == RUST:
                return "Rust panic"
            if kind[1:] != CPP[1:] or kind[0] > 1:
                return None
            place, = struct.unpack("<I", self.memory(thrown - TYPE, 4))
            place, = struct.unpack("<I", self.memory(place + 4, 4))
            name = self.string(place)
        except Exception:  # There may be anything.
            return None
        if not name:
            return None
        readable = self.demangle("_ZTS" + name)
        _, found, behind = readable.partition("typeinfo name for ")
        return "exception of type " + (behind.strip() if found else name)

    def string(self, address):
        text = b""
        while len(text) < LONGEST and b"\0" not in text:
            text += self.memory(address + len(text), 16)
        text, end, _ = text.partition(b"\0")
        return text.decode() if end and text.isascii() else None


NUMBERS = {0x7f: ("<i", 4), 0x7e: ("<q", 8), 0x7d: ("<f", 4), 0x7c: ("<d", 8)}


def number(value, size):
    """A number, with as many digits as tell it from others of its type."""
    if isinstance(value, int):
        return str(value)
    if size == 4:
        texts = ("%.*g" % (digits, value) for digits in range(1, 10))
        text = next((text for text in texts if struct.unpack("<f", struct.pack("<f", float(text)))[0] == value), str(value))
    else:
        text = repr(value)
    return text[:-2] if text.endswith(".0") else text

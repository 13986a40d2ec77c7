"""Memory at a guest's pointer: strings print, and `wx` is `x` for the guest."""
import gdb

from . import guest, own_addresses

MOST = 200  # Elements of a string, as gdb's own `print elements`.
WIDE = ("wchar_t", "char32_t", "char16_t")


def limit():
    return gdb.parameter("print elements") or MOST


def quoted(data, more, width=1):
    """A string as gdb writes it."""
    codec = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[width]
    # What is no text is a surrogate for its byte then.
    text = data.decode(codec, "surrogateescape")
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    shown = "".join(escapes.get(c) or (c if c.isprintable() else "\\%03o" % (ord(c) & 0xff)) for c in text)
    return '"%s"%s' % (shown, "..." if more else "")


def string_at(address, length, width=1):
    """A string of known length."""
    return text_of(lambda size: guest.memory(address, size), length, width)


def text_of(read, length, width):
    """A string of known length, of which `read` reads so many bytes."""
    shown = min(length, limit())
    prefix = {1: "", 2: "u", 4: "L"}[width]
    return prefix + quoted(read(shown * width) if shown else b"", shown < length, width)


def c_string(address, width):
    """A string up to its NUL, or to where memory ends."""
    data, end = b"", bytes(width)
    for index in range(limit()):
        unit = guest.memory(address + index * width, width)
        if unit == end:
            return ("L" if width > 1 else "") + quoted(data, False, width)
        data += unit
    return ("L" if width > 1 else "") + quoted(data, True, width)


class CharPointer:
    """`char *` and `wchar_t *`: address and text."""

    def __init__(self, value, width):
        self.value, self.width = value, width

    def to_string(self):
        address = int(self.value) & 0xffffffff
        try:
            return "0x%x %s" % (address, c_string(address, self.width)) if address else "0x0"
        except guest.Unreadable as why:
            return "0x%x <error: %s>" % (address, why)


class HostPointer:
    """A pointer of the host's size where the guest has one of its own: gdb's parser made the type for a cast."""

    def to_string(self):
        return "<error: the program has no such pointers, and gdb's own have 8 bytes>"


def is_of_host(value, type):
    """Whether a pointer was read where a guest has one of 4 bytes: it leads to nothing of the guest's, whose own types have that size."""
    if type.code != gdb.TYPE_CODE_PTR or type.sizeof != 8 or not guest.has_known_layouts():
        return False
    if type.target().strip_typedefs().code not in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_PTR):
        return False
    address = int(value)
    is_in_memory = address >> 32 in (0, guest.base() >> 32)
    return not is_in_memory and guest.image_at(address) is None and guest.image_at(gdb.selected_frame().pc()) is not None


def look_up(value):
    """A printer for pointers of the guest, which have 4 bytes."""
    type = value.type.strip_typedefs()
    try:
        if is_of_host(value, type):
            return HostPointer()
    except (gdb.error, guest.Unreadable):
        pass
    # Where gdb reads at the guest's own addresses it finds the text itself.
    if type.code != gdb.TYPE_CODE_PTR or type.sizeof != 4 or own_addresses.finds_guest():
        return None
    to = type.target().unqualified()
    wide = to.name in WIDE
    to = to.strip_typedefs().unqualified()
    if to.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR) and (to.sizeof == 1 or wide or to.name in WIDE):
        return CharPointer(value, to.sizeof)
    return None


class Host(gdb.Function):
    """$host(POINTER): where the host has what the guest's pointer points to."""

    def __init__(self):
        super().__init__("host")

    def invoke(self, pointer):
        try:
            return gdb.Value(guest.host(int(pointer) & 0xffffffff if pointer.type.sizeof == 4 else int(pointer)))
        except guest.Unreadable as why:
            raise gdb.GdbError(str(why))


class ExamineGuest(gdb.Command):
    """wx/FMT POINTER: as x/FMT, at an address of the guest."""

    def __init__(self):
        super().__init__("wx", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        format = ""
        if argument.startswith("/"):
            format, _, argument = argument.partition(" ")
        try:
            value = gdb.parse_and_eval(argument)
        except gdb.error as why:
            raise gdb.GdbError(str(why))
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_ARRAY:
            value = value.address
        try:
            address = guest.host(int(value) & 0xffffffff if value.type.sizeof == 4 else int(value))
        except guest.Unreadable as why:
            raise gdb.GdbError(str(why))
        gdb.execute("x%s 0x%x" % (format, address), from_tty)


def install():
    gdb.pretty_printers.append(look_up)
    Host()
    ExamineGuest()

"""Reading guests' values as bytes: what formatters of containers share.

A container's layout is that of a guest with pointers and sizes of 4 bytes; those of memory64 are shown as structures. Nothing that is read is kept beyond an update:
lldb asks again at each stop. Memory may hold anything, as before a constructor has run, so what is read is checked.
"""
import struct

import lldb

from . import pointers

MOST = 1 << 16  # Elements, of what is walked.
HEAP = ".wasm.heap"  # The section of images for objects.
AHEAD = 300  # Elements of what is walked that a summary looks at: more than lldb shows by default.
DEBUGGERS = []  # That have these formatters.
RUNTIMES = {}  # Programs, by their paths: whether they run guests.
DEPTH = 12  # Of bases and members: deeper than a standard library's classes go.


class Unreadable(Exception):
    """Why there is nothing to show."""


def plain(sb_type):
    """A type without its other names and qualifiers."""
    return sb_type.GetCanonicalType().GetUnqualifiedType()


def parts(sb_type):
    """Bases and fields: name, offset, type."""
    for count, get in ((sb_type.GetNumberOfDirectBaseClasses(), sb_type.GetDirectBaseClassAtIndex),
                       (sb_type.GetNumberOfFields(), sb_type.GetFieldAtIndex)):
        for i in range(count):
            part = get(i)
            yield part.GetName(), part.GetOffsetInBytes(), part.GetType()


def field(sb_type, name, depth=DEPTH):
    """Offset and type of a member, wherever it is in bases and members: the outermost, where there are several."""
    found = list(parts(plain(sb_type)))
    for part, offset, kind in found:
        if part == name:
            return offset, kind
    for _, offset, kind in found:
        inner = field(kind, name, depth - 1) if depth else None
        if inner:
            return offset + inner[0], inner[1]
    return None


def memory_base(sb_type, depth=DEPTH):
    """Where the memory is that a type's pointers are of; None without pointers, 0 where they are the host's, or of 8 bytes as those."""
    sb_type = plain(sb_type)
    if sb_type.IsPointerType() or sb_type.IsReferenceType():
        return 0
    if sb_type.GetTypeClass() == lldb.eTypeClassArray:
        return memory_base(sb_type.GetArrayElementType(), depth - 1) if depth else None
    if pointers.is_pointer(sb_type, None):
        return 0 if sb_type.GetByteSize() == 8 else int(sb_type.GetFieldAtIndex(0).GetType().GetName().removeprefix(pointers.ADDRESS), 16)
    for _, _, kind in parts(sb_type) if depth else ():
        base = memory_base(kind, depth - 1)
        if base is not None:
            return base
    return None


def has_guests():
    """Whether any program under a debugger has code of guests: types without pointers do not tell whose they are."""
    targets = (debugger.GetTargetAtIndex(i) for debugger in DEBUGGERS for i in range(debugger.GetNumTargets()))
    return any(is_image(target.GetModuleAtIndex(i)) for target in targets for i in range(target.GetNumModules()))


def is_image(module):
    """Whether a module is a guest's: an image that the process registered, whose sections say so."""
    name = module.GetFileSpec().GetFilename() or ""
    return name.startswith("JIT(") or any(module.FindSection(memory).IsValid() for memory in (pointers.MEMORY, pointers.WIDE_MEMORY, HEAP))


def code(target):
    """Where the code of guests is: from and to."""
    ranges = []
    for module in filter(is_image, target.module_iter()):
        # Where there are stubs to step through, code is in `.plt` (debuginfo/src/image/forwards.rs).
        text = next(filter(lldb.SBSection.IsValid, map(module.FindSection, (".text", ".plt"))), lldb.SBSection())
        start = text.GetLoadAddress(target) if text.IsValid() else lldb.LLDB_INVALID_ADDRESS
        if start != lldb.LLDB_INVALID_ADDRESS:
            ranges.append((start, start + text.GetByteSize()))
    return ranges


def is_guest(frame):
    return is_image(frame.GetModule())


def is_runtime(target):
    """Whether the program runs guests: whether it has the runtime's table of their code."""
    program = target.GetExecutable().fullpath
    if program not in RUNTIMES:
        RUNTIMES[program] = target.FindModule(target.GetExecutable()).FindSymbol("__dwalin_code").IsValid()
    return RUNTIMES[program]


class View:
    """A value of a guest's structure, as bytes."""

    def __init__(self, value):
        value = value.GetNonSyntheticValue()
        kind = value.GetType().GetCanonicalType()
        if kind.IsPointerType() or kind.IsReferenceType():
            value = value.Dereference().GetNonSyntheticValue()
        self.value, self.type = value, plain(value.GetType())
        self.process = value.GetProcess()
        self.parent = None  # Of parts: the value as well.
        self.regions = []  # That can be read: from and to.
        self.address = value.GetLoadAddress()
        if self.address == lldb.LLDB_INVALID_ADDRESS:
            self.address = 0
        self.base = memory_base(self.type) or pointers.memory_of(self.address)

    def bytes(self, offset, size):
        if not size:
            return b""
        data, error = self.value.GetData(), lldb.SBError()
        text = data.ReadRawData(error, offset, size) if offset + size <= data.GetByteSize() else None
        if error.Fail() or text is None or len(text) != size:
            raise Unreadable("unreadable")
        return text

    def words(self, count, offset=0):
        return struct.unpack("<%dI" % count, self.bytes(offset, 4 * count))

    def read(self, address, size):
        """Bytes of the guest's memory."""
        error = lldb.SBError()
        if not address or address + size > 1 << 32:
            raise Unreadable("unreadable at 0x%x" % address)
        if not size:
            return b""
        if not self.is_readable(address, size):
            raise Unreadable("unreadable at 0x%x" % address)
        text = self.process.ReadMemory(self.base + address, size, error)
        if error.Fail() or text is None or len(text) != size:
            raise Unreadable("unreadable at 0x%x" % address)
        return text

    def word(self, address):
        return struct.unpack("<I", self.read(address, 4))[0]

    def is_readable(self, address, size):
        """Whether a range is in the guest's memory: lldb can read what is reserved behind it, too, and finds zeros."""
        start, end = self.base + address, self.base + address + size
        while start < end:
            known = next((it for it in self.regions if it[0] <= start < it[1]), None)
            if known is None:
                region = lldb.SBMemoryRegionInfo()
                if not address or self.process.GetMemoryRegionInfo(start, region).Fail() or not region.IsReadable():
                    return False
                known = region.GetRegionBase(), region.GetRegionEnd()
                self.regions.append(known)
            if known[1] <= start:
                return False
            start = known[1]
        return True

    def at(self, name, address, kind):
        """What is somewhere in memory."""
        return self.value.CreateValueFromAddress(name, self.base + address, kind)

    def inside(self, name, offset, kind):
        """What is a part of the value itself."""
        # lldb keeps such a child by its offset alone, for as long as the parent: a variant's would have the type of the one before.
        self.parent = self.parent or self.value.Clone(self.value.GetName() or "")
        return self.parent.CreateChildAtOffset(name, offset, kind)

    def pointer(self, name, address, kind):
        """A pointer of lldb's own."""
        address = self.base + address if address else 0
        data = lldb.SBData.CreateDataFromUInt64Array(pointers.LITTLE, pointers.POINTER_SIZE, [address])
        return self.value.CreateValueFromData(name, data, kind.GetPointerType())

    def made(self, name, text, kind):
        """What is nowhere in memory."""
        data = lldb.SBData()
        data.SetData(lldb.SBError(), text, pointers.LITTLE, pointers.POINTER_SIZE)
        return self.value.CreateValueFromData(name, data, kind)

    def argument(self, index):
        return argument(self.type, index)


def argument(sb_type, index):
    kind = sb_type.GetTemplateArgumentType(index)
    if not kind.IsValid():
        raise Unreadable("its type is not known")
    return kind


def size_of(kind):
    size = kind.GetByteSize()
    if not size:
        raise Unreadable("its elements' type is not known")
    return size


def alignment(kind, depth=DEPTH):
    """Bytes that a type's place is a multiple of."""
    kind = plain(kind)
    if hasattr(kind, "GetByteAlign") and kind.GetByteAlign():
        return kind.GetByteAlign()
    if kind.GetTypeClass() == lldb.eTypeClassArray:
        return alignment(kind.GetArrayElementType(), depth)
    inner = [alignment(part, depth - 1) for _, _, part in parts(kind)] if depth else []
    return max(inner) if inner else min(max(kind.GetByteSize(), 1), 16)


def align(offset, kind):
    step = alignment(kind)
    return (offset + step - 1) // step * step


class Contents:
    """What a formatter shows: a summary, and children made when they are asked for. One of them may be what `*` and `->` lead to."""

    def __init__(self, summary, count=0, child=None, names=None, behind=None):
        self.summary, self.count, self.child, self.names, self.behind = summary, count, child, names, behind


def sized(count, child):
    return Contents("size=%d" % count, count, child)


def elements(view, begin, count, kind):
    """Elements side by side."""
    size = size_of(kind)
    if count * size >= 1 << 32 or not view.is_readable(begin, count * size):
        return Contents("size=? <unreadable>")
    return sized(count, lambda i: view.at("[%d]" % i, begin + i * size, kind))


def chained(size, nodes, child):
    """Elements in nodes that are walked: one after the other, and no further than anyone looks."""
    walked = []

    def walk(count):
        try:
            while len(walked) < count:
                walked.append(next(nodes))
        except (Unreadable, StopIteration):
            pass
        return len(walked)

    if size and not walk(1):
        return Contents("size=? <unreadable>")
    if walk(min(size, AHEAD)) < min(size, AHEAD):
        return Contents("size=? <damaged after %d>" % len(walked), len(walked), lambda i: child(i, walked[i]))
    return sized(min(size, MOST), lambda i: child(i, walked[i]) if walk(i + 1) > i else None)


QUOTED = {ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r", 0: "\\0", ord('"'): '\\"', ord("\\"): "\\\\"}
MOST_TEXT = 1024  # Characters that lldb shows of its own strings.


def quoted(text):
    # What is no text at all, in the middle of some, is shown as bytes.
    return '"%s"' % "".join(QUOTED.get(ord(c)) or (c if c.isprintable() else "\\x%02x" % (ord(c) & 0xff)) for c in text)


def string(view, address, length, width=1, prefix=""):
    """Text in memory."""
    if length * width >= 1 << 32 or not view.is_readable(address, length * width):
        return "<unreadable>"
    text = decoded(view.read(address, min(length, MOST_TEXT) * width), width)
    return prefix + quoted(text) + ("..." if length > MOST_TEXT else "")


def decoded(data, width):
    codec = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[width]
    return data.decode(codec, "surrogateescape" if width == 1 else "replace")


class Formatter:
    """Children of a structure that a table of formatters knows. `look_up` gives a function from a View to Contents, or None."""

    look_up = None

    def __init__(self, value, _internal_dict):
        self.value, self.known = value, None

    def update(self):
        self.known = None
        return False

    def contents(self):
        if self.known is None:
            self.known = contents(self.value, type(self).look_up)
        return self.known

    def num_children(self):
        return self.contents().count

    def has_children(self):
        # An empty container is shown as one, without any.
        return self.contents().child is not None

    def get_child_index(self, name):
        names = self.contents().names
        if name == pointers.DEREFERENCE:
            return -1 if self.contents().behind is None else self.contents().behind
        if names is not None:
            return names.index(name) if name in names else -1
        digits = name.strip("[]")
        return int(digits) if digits.isdigit() and int(digits) < self.num_children() else -1

    def get_child_at_index(self, index):
        if not 0 <= index < self.num_children():
            return None
        try:
            # Formatters find the child by themselves, and paths go on through it only where they do.
            child = self.contents().child(index)
            return child.GetNonSyntheticValue() if child else None
        except Exception:  # As in contents.
            return None


def contents(value, look_up):
    """What there is to show, whatever is wrong with it."""
    try:
        view = View(value)
        make = look_up(view.type)
        return make(view) if make else Contents("<unreadable>")
    except Unreadable as why:
        return Contents("<%s>" % why)
    except Exception:  # Damage may lead anywhere, and lldb would print the way there in the middle of what it shows.
        return Contents("<unreadable>")


def is_loaded(debugger):
    """Whether a debugger has what this package registers: an init file and `dwalin lldb` may both load it."""
    if any(known.GetID() == debugger.GetID() for known in DEBUGGERS):
        return True
    # The one that is given does not outlive the import.
    DEBUGGERS.append(lldb.SBDebugger.FindDebuggerWithID(debugger.GetID()))
    return False


def command(debugger, line):
    """Has lldb do something of which it need not speak."""
    debugger.GetCommandInterpreter().HandleCommand(line, lldb.SBCommandReturnObject())


def register(debugger, module):
    """Puts a module's formatters in place: its class Children, and its functions summary and is_known."""
    for line in ("type synthetic add -w dwalin -l %s.Children --recognizer-function %s.is_known",
                 "type summary add -e -w dwalin -F %s.summary --recognizer-function %s.is_known"):
        command(debugger, line % (module, module))

"""References of WebAssembly, and the objects that they are of (debuginfo/src/outline/object.rs).

A reference to an object is a class of one word, whose member's type is called wasm_reference. An object says its type by a number, for which
there is a type: wasm_type_NUMBER. What is read is checked: a reference may be anything, as the user can write to variables.
"""
import struct

import lldb

from . import exceptions, guest, pointers
from .guest import HEAP, Unreadable
from .pointers import DEREFERENCE

WORD = "wasm_reference"
CONTEXT = ".wasm.exceptions"  # The section of images for the instance that has exceptions.
WORDS = ("anyref", "eqref", "i31ref", "structref", "arrayref", "nullref", "externref")
STRUCTURE, ARRAY = 1, 2  # Kinds of objects.
DEPTH = 3  # Of objects in the text of objects: they may go in circles.
SHOWN, MOST = 8, 1 << 16  # Parts in a text, and elements altogether.
BEHIND = 1 << 20  # The index of the object itself.

texts = []  # Objects whose text is being made.


def is_reference(sb_type, _internal_dict):
    """Whether a type is such a class: what lldb asks before it uses the formatters below."""
    if sb_type.GetNumberOfFields() != 1 or sb_type.GetByteSize() != 4:
        return False
    return sb_type.GetFieldAtIndex(0).GetType().GetName() == WORD


def read(process, address, size):
    error = lldb.SBError()
    data = process.ReadMemory(address, size, error)
    if error.Fail() or data is None or len(data) != size:
        raise Unreadable("unreadable at 0x%x" % address)
    return data


def heap_of(module, target):
    """The address of the heap of a module's code; None where it has none."""
    section = module.FindSection(HEAP) if module.IsValid() else None
    if section is None or not section.IsValid():
        return None
    address = section.GetLoadAddress(target)
    return section.GetFileAddress() if address == lldb.LLDB_INVALID_ADDRESS else address


def heap_and_module(value):
    """The heap of the frame's code, or the only one there is, and a module of it."""
    target = value.GetTarget()
    module = value.GetFrame().GetModule()
    heap = heap_of(module, target)
    if heap is not None:
        return heap, module
    heaps = {}
    for module in target.module_iter():
        heap = heap_of(module, target) if guest.is_image(module) else None
        if heap is not None:
            heaps.setdefault(heap, module)
    if len(heaps) == 1:
        return heaps.popitem()
    raise Unreadable("several heaps: select a frame of the program" if heaps else "no heap yet")


class Object:
    """A structure or an array in the heap."""

    def __init__(self, value, word):
        base, module = heap_and_module(value)
        self.address = base + word
        number, kind, self.length = struct.unpack("<III", read(value.GetProcess(), self.address, 12))
        name = "wasm_type_%d" % number
        found = module.FindFirstType(name)
        found = found if found.IsValid() else value.GetTarget().FindFirstType(name)
        if kind & 3 not in (STRUCTURE, ARRAY) or not found.IsValid():
            raise Unreadable("0x%x is no object" % word)
        self.type = found.GetCanonicalType()
        self.value = value.CreateValueFromAddress("object", self.address, self.type)
        self.is_array = kind & 3 == ARRAY
        if self.is_array:
            last = self.type.GetFieldAtIndex(1)
            self.element, self.first = last.GetType().GetArrayElementType(), last.GetOffsetInBytes()
            if last.GetName() != "elements" or not self.element.IsValid() or not self.element.GetByteSize():
                raise Unreadable("0x%x is no object" % word)

    def title(self):
        name = self.type.GetName()
        return "%s[%d]" % (name, self.length) if self.is_array else name

    def count(self):
        return min(self.length, MOST) if self.is_array else self.value.GetNumChildren()

    def child(self, i):
        if not self.is_array:
            return self.value.GetChildAtIndex(i)
        place = self.address + self.first + i * self.element.GetByteSize()
        return self.value.CreateValueFromAddress("[%d]" % i, place, self.element)

    def index_of(self, name):
        if not self.is_array:
            return self.value.GetIndexOfChildWithName(name)
        number = name.strip("[]")
        return int(number) if number.isdigit() and int(number) < self.count() else -1

    def text(self):
        if len(texts) >= DEPTH:
            return self.title() + " {...}"
        texts.append(self)
        try:
            parts = [self.part(i) for i in range(min(self.count(), SHOWN))]
        finally:
            texts.pop()
        if self.count() > SHOWN:
            parts.append("...")
        return "%s {%s}" % (self.title(), ", ".join(parts))

    def part(self, i):
        child = self.child(i)
        found = child.GetNonSyntheticValue()
        name = found.GetType().GetName()
        shown = text(found) if is_reference(found.GetType(), None) or name in NAMES else child.GetSummary() or child.GetValue()
        if shown is None:
            shown = "{...}"
        return shown if self.is_array else "%s = %s" % (child.GetName(), shown)


def word_of(value):
    """The bits of a reference, as far as its type has them."""
    data, error = value.GetData(), lldb.SBError()
    size = data.GetByteSize()
    bits = data.GetUnsignedInt64(error, 0) if size >= 8 else data.GetUnsignedInt32(error, 0)
    if error.Fail():
        raise Unreadable("unreadable")
    return bits, size


def object_of(value):
    """The object that a reference is of; None where it is of something else."""
    try:
        word = word_of(value)[0] & 0xffffffff
        return Object(value, word) if word and not word & 7 else None
    except Unreadable:
        return None


def text(value):
    try:
        name = value.GetType().GetName()
        bits, size = word_of(value)
        if not bits:
            return "null"
        if name == "funcref":
            return function(value, bits, size)
        if name == "exnref":
            return exception(value, bits)
        return of_word(value, bits & 0xffffffff)
    except (Unreadable, exceptions.Unknown) as why:
        return "<%s>" % why


def context_of(value):
    """The address of an instance that has exceptions: of the frame's code, or of any, as a program has one store."""
    target = value.GetTarget()
    for module in [value.GetFrame().GetModule(), *target.module_iter()]:
        section = module.FindSection(CONTEXT) if module.IsValid() else None
        if section is not None and section.IsValid():
            address = section.GetLoadAddress(target)
            return section.GetFileAddress() if address == lldb.LLDB_INVALID_ADDRESS else address
    raise Unreadable("no exceptions yet")


def exception(value, handle):
    """The text of an exception: its tag and values."""
    process, frame = value.GetProcess(), value.GetFrame()

    def demangled(symbol):
        result = lldb.SBCommandReturnObject()
        value.GetTarget().GetDebugger().GetCommandInterpreter().HandleCommand("language cplusplus demangle " + symbol, result)
        return result.GetOutput() or symbol

    def memory(address, size):
        base = frame.GetModule().FindSection(pointers.MEMORY)
        if not base.IsValid():
            raise Unreadable("no memory")
        return read(process, base.GetFileAddress() + address, size)

    def carried(code, word):
        if code == 0x70:
            return function(value, word, 8)
        return of_word(value, word & 0xffffffff)

    return exceptions.Process(lambda address, size: read(process, address, size), memory, carried, demangled).text(context_of(value), handle)


def of_word(value, word):
    """The text of an internal or external reference."""
    if word & 1:
        return "%d (i31)" % ((word ^ 1 << 31) - (1 << 31) >> 1)
    if word & 7 == 2:
        return "host object %d" % (word >> 3)
    if word & 7:
        raise Unreadable("0x%x is no reference" % word)
    return Object(value, word).text()


def function(value, word, size):
    """The name of a function: by the runtime's address of it, or in objects by its number."""
    process, target = value.GetProcess(), value.GetTarget()
    if size == 4:
        functions, count = struct.unpack("<QQ", read(process, heap_and_module(value)[0] - 16, 16))
        if word >= count:
            raise Unreadable("%d is no function" % word)
        word, = struct.unpack("<Q", read(process, functions + 8 * word, 8))
    code, = struct.unpack("<Q", read(process, word, 8))
    address = target.ResolveLoadAddress(code)
    name = address.GetFunction().GetName() if guest.is_image(address.GetModule()) else None
    return name or "a host function"


NAMES = WORDS + ("funcref", "exnref")


def summary(value, _internal_dict):
    return text(value.GetNonSyntheticValue())


class Reference:
    """A reference with the object's parts as its own."""

    def __init__(self, value, _internal_dict):
        self.value, self.object = value.GetNonSyntheticValue(), None

    def update(self):
        self.object = object_of(self.value)
        return False

    def num_children(self):
        return self.object.count() if self.object else 0

    def has_children(self):
        return self.object is not None

    def get_child_index(self, name):
        if name == DEREFERENCE and self.object:
            return BEHIND
        return self.object.index_of(name) if self.object else -1

    def get_child_at_index(self, index):
        if index == BEHIND and self.object:
            return self.object.value
        return self.object.child(index) if self.object and 0 <= index < self.object.count() else None


def register(debugger, module):
    guest.command(debugger, "type synthetic add -w dwalin -l %s.Reference --recognizer-function %s.is_reference" % (module, module))
    guest.command(debugger, "type summary add -v -w dwalin -F %s.summary --recognizer-function %s.is_reference" % (module, module))
    for name in NAMES:
        guest.command(debugger, "type summary add -v -w dwalin -F %s.summary %s" % (module, name))
    for name in WORDS:
        guest.command(debugger, "type synthetic add -w dwalin -l %s.Reference %s" % (module, name))

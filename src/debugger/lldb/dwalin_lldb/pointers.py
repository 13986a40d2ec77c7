"""Guest pointers in memory: lldb's type for one is a class of 4 bytes (8 with memory64), whose only member is the address in linear memory.

The member's type is called wasm32_address_BASE, after where the memory is; a static member, pointer, has the type that the
pointer or reference really is of.
"""
import re

import lldb

from . import adapter

ADDRESS = "wasm32_address_"
MEMORY, WIDE_MEMORY = ".wasm.memory", ".wasm.memory64"  # Sections of images: linear memories, by their addresses' size.
LITTLE, POINTER_SIZE = lldb.eByteOrderLittle, 8
DEREFERENCE = "$$dereference$$"  # lldb's name of what is behind a pointer.
FOUND = 1 << 20  # Indices from here on are of what was found by name: no class has as many members.
LEVELS = 4  # Of pointers in a stand-in's type.
RETURNED = {}  # The stop at which lldb has last said what a function returned.


def is_pointer(sb_type, _internal_dict):
    """Whether a type is such a class: what lldb asks before it uses the formatters below."""
    if sb_type.GetNumberOfFields() != 1 or sb_type.GetByteSize() not in (4, 8):
        return False
    return (sb_type.GetFieldAtIndex(0).GetType().GetName() or "").startswith(ADDRESS)


def real_pointer(value):
    """The pointer that a class's value stands for, as a value of lldb's own; None where memory cannot be read."""
    value = value.GetNonSyntheticValue()
    member = value.GetChildAtIndex(0)
    error = lldb.SBError()
    data = member.GetData()
    address = data.GetUnsignedInt64(error, 0) if member.GetByteSize() == 8 else data.GetUnsignedInt32(error, 0)
    if error.Fail():
        return None
    if address:
        address += int(member.GetType().GetName().removeprefix(ADDRESS), 16)
    kind = value.GetType().GetCanonicalType().GetUnqualifiedType().GetStaticFieldWithName("pointer").GetType()
    if not kind.IsValid():
        return None
    if kind.IsReferenceType():
        kind = kind.GetDereferencedType().GetPointerType()
    data = lldb.SBData.CreateDataFromUInt64Array(LITTLE, POINTER_SIZE, [address])
    return value.CreateValueFromData(value.GetName() or "", data, kind)


def spelled(sb_type):
    """A type's name as lldb writes pointers: a class is called `char*`, and what points to one `char* *`."""
    def sign(found):
        return " " + re.sub(r"\s", "", found.group())

    return re.sub(r"[*&\s]*\(?[*&][*&\s]*", sign, sb_type.GetName() or "").strip()


class Members:
    """What both formatters below share: an object's members are found by name, at an index behind the children that are shown."""

    def __init__(self, value, _internal_dict):
        self.value = value.GetNonSyntheticValue()
        self.found = []

    def index_of(self, name, of):
        member = of.GetChildMemberWithName(name) if of is not None else None
        if member is None or not member.IsValid():
            return -1
        # A path goes through the formatters of what it was given, not of what they give.
        self.found.append(member.GetNonSyntheticValue())
        return FOUND + len(self.found) - 1

    def at(self, index):
        return self.found[index - FOUND] if 0 <= index - FOUND < len(self.found) else None

    def has_children(self):
        # A structure with such a child is not shown on one line, where lldb leaves out values of what has a summary.
        return True


class Pointer(Members):
    """Behaves as the pointer does: its value, and what it points to as its child.

    Its child, not its members: lldb takes the index in `p[0]` for that of a child.
    """

    def update(self):
        self.found = []
        self.pointer = real_pointer(self.value)
        return False

    def get_value(self):
        return self.pointer

    def get_type_name(self):
        return spelled(self.value.GetType())

    def num_children(self):
        if self.pointer is None or self.pointer.GetValueAsUnsigned() == 0:
            return 0
        return min(self.pointer.GetNumChildren(), 1)

    def get_child_index(self, name):
        if not self.num_children():
            return -1
        if name == DEREFERENCE:
            self.found.append(stand_in(self.value, self.pointer))
            return FOUND + len(self.found) - 1
        return 0 if name == "*" + self.value.GetName() else self.index_of(name, self.pointer)

    def get_child_at_index(self, index):
        if index == 0 and self.num_children():
            return self.pointer.Dereference()
        return self.at(index)


def is_pointer_to_pointer(sb_type, internal_dict):
    """Whether a type is lldb's own pointer to such a class, as variables are."""
    return sb_type.IsPointerType() and is_pointer(sb_type.GetPointeeType().GetCanonicalType(), internal_dict)


class PointerToPointer(Members):
    """Behaves as lldb's own pointers to pointers do: what it points to is its child, not that one's member."""

    def __init__(self, value, internal_dict):
        super().__init__(value, internal_dict)
        self.update()

    def update(self):
        self.found = []
        kind = self.value.GetType()
        # Newer ones than lldb 19 give what is behind the pointer.
        self.is_behind = is_pointer(kind.GetCanonicalType(), None)
        self.type = kind.GetPointerType() if self.is_behind else kind
        self.target = self.value if self.is_behind else self.value.Dereference()
        return False

    def get_type_name(self):
        return spelled(self.type)

    def num_children(self):
        return 0 if self.target.GetNonSyntheticValue().GetLoadAddress() in (0, lldb.LLDB_INVALID_ADDRESS) else 1

    def get_child_index(self, name):
        if name in (DEREFERENCE, self.child_name()):
            return 0
        return self.index_of(name, self.value)

    def get_child_at_index(self, index):
        return self.target.Clone(self.child_name()) if index == 0 else self.at(index)

    def child_name(self):
        return "*" + (self.value.GetName() or "").removeprefix("*" if self.is_behind else "")


def stand_in(value, pointer):
    """What lldb gets for what is behind a pointer on a path, `p->next` or `*p`. It asks once, and keeps the value that it was given
    when the pointer has changed; so that is one of lldb's own kinds that are always read anew: the same bytes as the pointer's, of
    a type that nothing else has. The formatter below makes of it what is behind the pointer then."""
    kind = pointer.GetType().GetPointeeType()
    for _ in range(LEVELS):
        kind = kind.GetPointerType()
    stand_in = value.Cast(kind.GetArrayType(1))
    stand_in.SetPreferSyntheticValue(True)
    return stand_in


def pointee(sb_type):
    """The type of what a stand-in stands for; None for other types."""
    if sb_type.GetTypeClass() != lldb.eTypeClassArray:
        return None
    kind = sb_type.GetArrayElementType()
    for _ in range(LEVELS):
        if not kind.IsPointerType():
            return None
        kind = kind.GetPointeeType()
    return kind


def is_stand_in(sb_type, _internal_dict):
    return pointee(sb_type) is not None


class StandIn(Members):
    """Behaves as what is behind the pointer."""

    def update(self):
        self.found = []
        self.object = behind(self.value)
        return False

    def get_value(self):
        return self.object

    def get_type_name(self):
        return pointee(self.value.GetType()).GetName()

    def num_children(self):
        return self.object.GetNumChildren() if self.object is not None else 0

    def get_child_index(self, name):
        return self.index_of(name, self.object)

    def get_child_at_index(self, index):
        if index < FOUND:
            return self.object.GetChildAtIndex(index) if self.object is not None else None
        return self.at(index)


def is_pointer_array(sb_type, internal_dict):
    """Whether a type is an array of such classes, or of arrays of them."""
    return sb_type.GetTypeClass() == lldb.eTypeClassArray and is_pointer(element(sb_type).GetCanonicalType(), internal_dict)


def element(sb_type):
    """The type of what is in an array, of however many dimensions."""
    while sb_type.GetTypeClass() == lldb.eTypeClassArray:
        sb_type = sb_type.GetArrayElementType()
    return sb_type


class PointerArray(Members):
    """Behaves as the array does, by the type's name that lldb has for an array of its own pointers: `int *[2]`."""

    def get_type_name(self):
        return spelled(self.value.GetType())

    def num_children(self):
        return self.value.GetNumChildren()

    def get_child_index(self, name):
        return self.value.GetIndexOfChildWithName(name)

    def get_child_at_index(self, index):
        return self.value.GetChildAtIndex(index)


def memory_of(address):
    """Where the memory begins that an address is in: where the upper half of addresses changes."""
    return address >> 32 << 32


def behind(stand_in):
    """What a stand-in stands for, where it is now; None behind null pointers."""
    error, place, target = lldb.SBError(), stand_in.GetLoadAddress(), stand_in.GetTarget()
    section = target.ResolveLoadAddress(place).GetSection()
    # A memory with addresses of 8 bytes may be larger than 4 GiB.
    is_wide = section.IsValid() and section.GetName() == WIDE_MEMORY
    base = section.GetLoadAddress(target) if is_wide else memory_of(place)
    address = stand_in.GetProcess().ReadUnsignedFromMemory(place, 8 if is_wide else 4, error)
    if error.Fail() or not address:
        return None
    address += base
    return stand_in.CreateValueFromAddress(stand_in.GetName() or "", address, pointee(stand_in.GetType()))


def summary_behind(value, _internal_dict):
    found = behind(value.GetNonSyntheticValue())
    return "<null pointer>" if found is None else found.GetSummary() or ""


def summary(value, _internal_dict):
    """A string behind the pointer, as lldb shows it for its own pointers. Never empty: lldb would print what is behind each
    pointer, and behind that, without end where they go in circles."""
    pointer = real_pointer(value)
    if pointer is None:
        return "<its type is not known>"
    text = pointer.GetSummary() or " "
    return "%s %s" % (pointer.GetValue(), text) if is_said_at_stop(value) else text


def is_said_at_stop(value):
    """Whether it is what lldb says that a function has returned, before anyone asks: of that it shows no formatter's value."""
    if adapter.IS_ADAPTER or value.GetValueType() != lldb.eValueTypeConstResult:
        return False
    process, returned = value.GetProcess(), value.GetThread().GetStopReturnValue()
    if not returned.IsValid() or returned.GetName() != value.GetName():
        return False
    stop = process.GetUniqueID(), process.GetStopID()
    is_first = RETURNED.get("said") != stop
    RETURNED["said"] = stop
    return is_first


def register(debugger, module):
    """Puts the formatters in place."""
    for kind, options in (("synthetic", "-l %s.Pointer --recognizer-function %s.is_pointer"),
                          ("summary", "-F %s.summary --recognizer-function %s.is_pointer"),
                          ("synthetic", "-l %s.PointerArray --recognizer-function %s.is_pointer_array"),
                          ("synthetic", "-l %s.StandIn --recognizer-function %s.is_stand_in"),
                          ("summary", "-e -F %s.summary_behind --recognizer-function %s.is_stand_in")):
        debugger.HandleCommand(f"type {kind} add -p -r -w dwalin " + options % (module, module))
    debugger.HandleCommand("type synthetic add -w dwalin -l %s.PointerToPointer --recognizer-function %s.is_pointer_to_pointer"
                           % (module, module))

"""Guest pointers in memory: lldb's type for one is a class of 4 bytes, whose only member is the address in linear memory.

The member's type is called wasm32_address_BASE, after where the memory is; a static member, pointer, has the type that the
pointer or reference really is of.
"""
import lldb

ADDRESS = "wasm32_address_"
LITTLE, POINTER_SIZE = lldb.eByteOrderLittle, 8


def is_pointer(sb_type, _internal_dict):
    """Whether a type is such a class: what lldb asks before it uses the formatters below."""
    if sb_type.GetNumberOfFields() != 1 or sb_type.GetByteSize() != 4:
        return False
    return (sb_type.GetFieldAtIndex(0).GetType().GetName() or "").startswith(ADDRESS)


def real_pointer(value):
    """The pointer that a class's value stands for, as a value of lldb's own; None where memory cannot be read."""
    value = value.GetNonSyntheticValue()
    member = value.GetChildAtIndex(0)
    error = lldb.SBError()
    address = member.GetData().GetUnsignedInt32(error, 0)
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


class Pointer:
    """Behaves as the pointer does: its value, and what lies behind as children.

    There is no $$dereference$$: lldb 19 keeps what it was given first, and shows it when the pointer has changed. Where it finds
    no way through a path it evaluates an expression, in which the class's operators do it.
    """

    def __init__(self, value, _internal_dict):
        self.value = value
        self.pointer = None
        self.is_reference = value.GetType().GetUnqualifiedType().GetName().endswith("&")

    def update(self):
        self.pointer = real_pointer(self.value)
        return False

    def get_value(self):
        return self.pointer

    def num_children(self):
        if self.pointer is None or self.pointer.GetValueAsUnsigned() == 0:
            return 0
        return self.pointer.GetNumChildren()

    def has_children(self):
        # A structure with such a child is not shown on one line, where lldb leaves out values of what has a summary.
        return True

    def get_child_index(self, name):
        if self.pointer is None:
            return -1
        index = self.pointer.GetIndexOfChildWithName(name)
        return index if index < self.num_children() else -1

    def get_child_at_index(self, index):
        if self.pointer is None:
            return None
        return self.pointer.GetChildAtIndex(index)


def summary(value, _internal_dict):
    """A string behind the pointer, as lldb shows it for its own pointers. Never empty: lldb would print what is behind each
    pointer, and behind that, without end where they go in circles."""
    pointer = real_pointer(value)
    return (pointer.GetSummary() or " ") if pointer is not None else "<its type is not known>"


def register(debugger, module):
    """Puts the formatters in place."""
    for command in ("type synthetic add -p -r -w dwalin -l %s.Pointer --recognizer-function %s.is_pointer",
                    "type summary add -p -r -w dwalin -F %s.summary --recognizer-function %s.is_pointer"):
        debugger.HandleCommand(command % (module, module))

"""Bases that lldb is not shown, as it would look for them in the wrong place: virtual ones, and those that have some.

A class says by static members, __base_0 and so on, what they are. The types of these are other names for the bases:
wasm32_base_OFFSET, or wasm32_virtual_base_OFFSET where the object's table has the place, so many bytes before its begin.
"""
import re

from . import guest

OFFSET, TABLE = "wasm32_base_", "wasm32_virtual_base_"
CONSTRUCTOR = re.compile(r"(?:^|::)(\w+)(?:<.*>)?::\1\(")


def has_bases(sb_type, _internal_dict):
    """Whether a type is a class with such bases: what lldb asks before it uses the formatter below."""
    return sb_type.GetStaticFieldWithName("__base_0").IsValid()


def hidden(sb_type):
    """The bases' types, with the names that say where they are."""
    for i in range(sb_type.GetNumberOfDirectBaseClasses() + 64):
        member = sb_type.GetStaticFieldWithName("__base_%d" % i)
        if not member.IsValid():
            return
        yield member.GetType()


def signed(word):
    return word - ((word & 1 << 31) << 1)


def is_under_construction(view):
    """Whether an object is, or is in, the one whose constructor the frame runs. Where its table should be may still be what
    another object left there."""
    frame = view.value.GetFrame()
    if not CONSTRUCTOR.search(frame.GetFunctionName() or ""):
        return False
    this = frame.FindVariable("this").GetNonSyntheticValue()
    begin, size = this.GetValueAsUnsigned(), this.GetType().GetPointeeType().GetByteSize()
    return begin <= view.address < begin + size


def place(view, name):
    """Where the base is whose type has the name."""
    if name.startswith(OFFSET):
        return view.address + int(name.removeprefix(OFFSET))
    if is_under_construction(view):
        raise guest.Unreadable("not before the constructor has run")
    table, = view.words(1)
    return view.address + signed(view.word(table - int(name.removeprefix(TABLE))))


class Bases:
    """An object, with these bases before what lldb shows of it. Members of bases are found by name as well, as lldb finds
    others: they get an index behind those that are shown."""

    def __init__(self, value, _internal_dict):
        self.value = value
        self.object, self.bases, self.found = None, [], []

    def update(self):
        self.bases, self.found = [], []
        view = guest.View(self.value)
        self.object = view.value
        for kind in hidden(view.type):
            try:
                address = place(view, kind.GetName())
            except guest.Unreadable:
                continue
            kind = kind.GetTypedefedType()
            self.bases.append(self.object.CreateValueFromAddress(kind.GetName(), address, kind))
        return False

    def num_children(self):
        return len(self.bases) + self.object.GetNumChildren()

    def has_children(self):
        return True

    def get_child_index(self, name):
        for i, base in enumerate(self.bases):
            if base.GetName() == name:
                return i
        own = self.object.GetIndexOfChildWithName(name)
        if own < self.object.GetNumChildren():
            return len(self.bases) + own
        for value in [self.object] + self.bases:
            member = value.GetChildMemberWithName(name)
            if member.IsValid():
                self.found.append(member)
                return self.num_children() + len(self.found) - 1
        return -1

    def get_child_at_index(self, index):
        shown = self.num_children()
        if index < len(self.bases):
            return self.bases[index]
        if index < shown:
            return self.object.GetChildAtIndex(index - len(self.bases))
        return self.found[index - shown] if index - shown < len(self.found) else None


def register(debugger, module):
    guest.command(debugger, "type synthetic add -w dwalin -l %s.Bases --recognizer-function %s.has_bases" % (module, module))

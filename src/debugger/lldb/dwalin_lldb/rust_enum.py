"""Rust's enums and tuples, and any value on one line as Rust would print it.

lldb shows an enum as a union of all its variants, `$variants$`, each with the discriminant that it was read by.
"""
import re

import lldb

from . import guest, pointers
from .guest import Contents, Unreadable

VARIANTS = "$variants$"
VARIANT_NAME = re.compile(r"(?:.*::)?(\w+)\$Variant$", re.S)
TUPLE_FIELD = re.compile(r"__(\d+)$")
FIELDS = 8  # Of a structure on one line.
NESTED = 3  # Structures in structures on one line.


def is_enum(sb_type):
    return sb_type.GetNumberOfFields() == 1 and sb_type.GetFieldAtIndex(0).GetName() == VARIANTS


def is_tuple(sb_type):
    count = sb_type.GetNumberOfFields()
    return (count > 0 and (sb_type.GetName() or "").startswith("(")
            and all(TUPLE_FIELD.match(sb_type.GetFieldAtIndex(i).GetName() or "") for i in range(count)))


def fields(value):
    """A structure's members: name and value."""
    value = value.GetNonSyntheticValue()
    for i in range(value.GetNumChildren()):
        child = value.GetChildAtIndex(i)
        if "PhantomData<" not in (child.GetType().GetName() or ""):
            yield child.GetName() or "", child


def active(value):
    """An enum's variant: its name, and its value."""
    variants = value.GetNonSyntheticValue().GetChildAtIndex(0)
    default = None
    for _, variant in fields(variants):
        discriminant = variant.GetChildMemberWithName("$discr$")
        number = (variant.GetName() or "").removeprefix("$variant$")
        if not discriminant.IsValid() or not number:
            default = variant
            continue
        error = lldb.SBError()
        found = discriminant.GetValueAsUnsigned(error)
        if error.Fail():
            raise Unreadable("unreadable")
        if found == int(number) & (1 << 8 * discriminant.GetByteSize()) - 1:
            return named(variant)
    if default is None:
        raise Unreadable("unreadable")
    return named(default)


def named(variant):
    name = VARIANT_NAME.match(variant.GetType().GetName() or "")
    return name.group(1) if name else "?", variant.GetChildMemberWithName("value")


def enum(view):
    name, value = active(view.value)
    return structure(name, value)


def tuple_(view):
    return structure("", view.value)


def structure(name, value):
    """Contents with a structure's members as children, and on one line."""
    inner = list(fields(value))
    names = [TUPLE_FIELD.sub(r"\1", field) for field, _ in inner]
    child = (lambda i: inner[i][1].Clone(names[i])) if inner else None
    return Contents(name + list_of(inner), len(inner), child, names)


def list_of(inner, depth=NESTED):
    if not inner:
        return ""
    shown = inner[:FIELDS]
    more = ", ..." if len(inner) > FIELDS else ""
    if TUPLE_FIELD.match(inner[0][0]):
        return "(%s%s)" % (", ".join(text(value, depth) for _, value in shown), more)
    return " { %s%s }" % (", ".join("%s: %s" % (name, text(value, depth)) for name, value in shown), more)


def text(value, depth=NESTED):
    """A value on one line."""
    from . import rust  # Which shows enums, too.
    value = value.GetNonSyntheticValue()
    kind = guest.plain(value.GetType())
    if depth == 0:
        return "..."
    if pointers.is_pointer(kind, None):
        value = pointers.real_pointer(value)
        return behind(value, depth) if value else "<unreadable>"
    if kind.IsPointerType() or kind.IsReferenceType():
        return behind(value, depth)
    if is_enum(kind):
        try:
            name, inner = active(value)
        except Unreadable as why:
            return "<%s>" % why
        return name + list_of(list(fields(inner)), depth - 1)
    if is_tuple(kind):
        return list_of(list(fields(value)), depth - 1)
    if rust.look_up(kind):
        return guest.contents(value, rust.look_up).summary
    if kind.GetTypeClass() in (lldb.eTypeClassStruct, lldb.eTypeClassClass, lldb.eTypeClassUnion):
        return (kind.GetName() or "").split("<")[0].split("::")[-1] + list_of(list(fields(value)), depth - 1)
    if kind.GetTypeClass() == lldb.eTypeClassArray:
        return "[%d]" % value.GetNumChildren()
    if kind.GetName() == "char32_t":
        return (value.GetSummary() or "?").removeprefix("U")
    return value.GetValue() or "()"


def behind(pointer, depth):
    if not pointer.GetValueAsUnsigned():
        return "null"
    target = pointer.GetType().GetPointeeType()
    if not target.GetByteSize() or target.IsFunctionType():
        return pointer.GetValue() or "<unreadable>"
    value = pointer.Dereference()
    if value.GetError().Fail() or value.GetData().GetByteSize() == 0:
        return "<unreadable>"
    return text(value, depth - 1)

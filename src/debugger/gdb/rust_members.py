"""What printers of Rust's types have in common: members by their names."""
import re

import gdb

from . import guest
from .contents import Contents
from .guest import Unreadable

NAME = re.compile(r"^(?:alloc|core|std|hashbrown)::(?:\w+::)*(\w+)(?:<|$)")
STRUCTURES = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
PRINTERS = {}


def printer(*names):
    return lambda function: [PRINTERS.__setitem__(name, function) for name in names] and function


def find(value, name, depth=0):
    """A member, wherever it is in members."""
    for field in value.type.strip_typedefs().fields():
        if field.name == name:
            return value[field]
        if field.name and depth < 8 and field.type.strip_typedefs().code in STRUCTURES:
            found = find(value[field], name, depth + 1)
            if found is not None:
                return found
    return None


def member(value, name):
    found = find(value, name)
    if found is None:
        raise Unreadable("no member " + name)
    return found


def number(value, name):
    """A number that is a member, or the first thing in one."""
    return int(scalar(member(value, name))) & 0xffffffff


def scalar(value):
    """What is wrapped in structures."""
    while value.type.strip_typedefs().code in STRUCTURES:
        value = value[value.type.strip_typedefs().fields()[0]]
    return value


def within_memory(address, size):
    """What is checked before anything is shown of many elements."""
    if size:
        if address + size > 1 << 32:
            raise Unreadable("%d bytes at 0x%x" % (size, address))
        guest.memory(address, 1)
        guest.memory(address + size - 1, 1)


def damaged(name, why):
    return Contents("%s <error: %s>" % (name, why))


def short(type):
    """The name of a library's type without its path; `None` of others."""
    found = NAME.match(type.name or "")
    return found and found.group(1)

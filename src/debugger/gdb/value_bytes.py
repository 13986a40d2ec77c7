"""Bytes of a value, wherever it is: in memory, or in the parts that code that was optimised leaves of it."""
import struct

import gdb

from . import guest

STRUCTURES = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
FLOATS = {4: "<f", 8: "<d"}
MOST = 4096  # Bytes of a value that is not in memory.


class OptimizedOut(guest.Unreadable):
    """What a printer needs of a value is nowhere."""


def known(value):
    """The bits of a value, and which of them there are."""
    type, bits, there = value.type.strip_typedefs(), 0, 0
    if type.code in STRUCTURES:
        parts = [(value[it], it.bitpos, it.bitsize) for it in type.fields() if hasattr(it, "bitpos")]
    elif type.code == gdb.TYPE_CODE_ARRAY:
        first, last = type.range()
        width = 8 * type.target().sizeof
        parts = [(value[i], (i - first) * width, 0) for i in range(first, last + 1)]
    else:
        try:
            return number(value, type), (1 << 8 * type.sizeof) - 1
        except gdb.error:  # Optimised out.
            return 0, 0
    for part, place, width in parts:
        part_bits, part_there = known(part)
        if width:
            part_there &= (1 << width) - 1
        # Members of a union are in one place.
        part_there <<= place
        bits = bits & ~part_there | part_bits << place & part_there
        there |= part_there
    return bits, there


def number(value, type):
    if type.code == gdb.TYPE_CODE_FLT and type.sizeof in FLOATS:
        return int.from_bytes(struct.pack(FLOATS[type.sizeof], float(value)), "little")
    return int(value)


def read(value, offset, size):
    """Bytes of a value."""
    if value.address is not None:
        return guest.read(guest.address_of(value) + offset, size)
    if value.type.sizeof > MOST:
        raise OptimizedOut("optimized out")
    bits, there = known(value)
    mask = (1 << 8 * size) - 1
    if there >> 8 * offset & mask != mask:
        raise OptimizedOut("optimized out")
    return (bits >> 8 * offset & mask).to_bytes(size, "little")


def part(value, type, offset):
    """What a value has somewhere in it, as a value."""
    if value.address is not None:
        return guest.value_at(type, guest.address_of(value) + offset)
    return gdb.Value(read(value, offset, type.sizeof), type)

"""Runs inside gdb: stops at addresses, and writes down all variables in scope there, number by number (tests/optimised.rs).

    gdb -nx -batch -x tests/optimised/gdb.py dwalin

Environment: DRIVER_SPEC, a JSON file: `symbol` and `base` (a function, and where it is in the image that addresses are of), `stops`
(addresses), `most` (arrivals at each that are looked at), `out` (the file for a line of JSON for each stop).
"""
import json
import os
import sys

import gdb

spec = json.load(open(os.environ["DRIVER_SPEC"]))
sys.dont_write_bytecode = True
sys.path.append(spec["support"])
from variables import blocks, set_up  # noqa: E402

out = open(spec["out"], "w")
NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_PTR)
RECORDS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
REFERENCES = (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
MOST_ELEMENTS = 8  # of an array


def hexadecimal(value, size):
    return "%x" % (value & ((1 << size) - 1))


def number(value, kind):
    """A scalar as bits."""
    if kind.code in REFERENCES:
        return int(value.referenced_value().address) & 0xFFFFFFFF
    if kind.code == gdb.TYPE_CODE_FLT:
        return int(value.format_string(format="x"), 16)
    return int(value)


def leaves(value, kind, offset, size, found):
    """All numbers of a value: [offset in bits, size in bits, the bits or null, what gdb says]."""
    kind = kind.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_ARRAY:
        low, high = kind.range()
        element = kind.target()
        for i in range(low, min(high + 1, low + MOST_ELEMENTS)):
            leaves(lambda i=i: value()[i], element, offset + 8 * (i - low) * element.sizeof, None, found)
    elif kind.code in RECORDS and kind.sizeof:  # rustc gives functions, which have no bytes, the members of pointers
        for field in kind.fields():
            if hasattr(field, "bitpos") and field.bitpos is not None and not field.artificial:
                size = field.bitsize or None
                leaves(lambda field=field: value()[field], field.type, offset + field.bitpos, size, found)
    elif kind.code in NUMBERS or kind.code in REFERENCES or kind.code == gdb.TYPE_CODE_FLT and kind.sizeof <= 8:
        # The guest's references have 4 bytes; gdb has those of variables as computed values of its own size.
        size = 32 if kind.code in REFERENCES else size or 8 * kind.sizeof
        try:
            read = value()
            if read.is_optimized_out:
                found.append([offset, size, None, "<optimized out>"])
            else:
                bits = hexadecimal(number(read, kind), size)
                found.append([offset, size, bits, bits])
        except (gdb.error, gdb.MemoryError) as error:
            # Of Rust's enumerations gdb has the variant that is there.
            if not str(error).startswith("There is no member named "):
                found.append([offset, size, None, str(error)])


def variables(frame, pc):
    found = []
    for block in blocks(gdb.block_for_pc(pc)):
        for symbol in block:
            if symbol.is_variable or symbol.is_argument or symbol.is_constant:
                shown = []
                leaves(lambda symbol=symbol: symbol.value(frame), symbol.type, 0, None, shown)
                found.append({"name": symbol.name, "line": symbol.line, "leaves": shown})
    return found


def look(move):
    frame, said, depth = gdb.newest_frame(), [], 0
    while frame and depth < 2:
        if frame.type() == gdb.INLINE_FRAME:
            frame = frame.older()
            continue
        pc = frame.pc() - (1 if depth else 0)
        said.append({"address": pc - move, "variables": variables(frame, pc)})
        frame, depth = frame.older(), depth + 1
    return said


class Stop(gdb.Breakpoint):
    def __init__(self, address, move):
        super().__init__("*%d" % (address + move), internal=True)
        self.silent, self.address, self.move, self.seen = True, address, move, 0

    def stop(self):
        self.seen += 1
        print(json.dumps({"address": self.address, "frames": look(self.move)}), file=out)
        return self.seen >= spec["most"]


set_up()
gdb.Breakpoint("__jit_debug_register_code", temporary=True)
gdb.execute("run run -g app.wasm > " + spec["output"])
gdb.execute("finish")
# Not Rust, in which the host stands.
gdb.execute("set language c")
move = int(gdb.parse_and_eval("(long) &" + spec["symbol"])) - spec["base"]
gdb.execute("set language auto")
stops = [Stop(address, move) for address in spec["stops"]]
gdb.execute("continue")
while gdb.selected_inferior().pid:
    spent = [stop for stop in stops if stop.seen >= spec["most"]]
    if not spent:
        print("stopped for another reason")
        break
    for stop in spent:
        stop.delete()
        stops.remove(stop)
    gdb.execute("continue")
out.close()

"""Runs inside gdb: stops at each row of a file's line table, and writes down all numbers that variables have (tests/held.rs).

    gdb -nx -batch -x tests/held/gdb.py dwalin

Environment: DRIVER_SPEC, a JSON file: `module`, `options` of the command, its source `file`, a `line` in main, `most` (arrivals at each row
that are looked at, or null), `out` (the file for a line of JSON for each variable: its function, name, line, member, and the numbers it had).
"""
import json
import os
import sys

import gdb

spec = json.load(open(os.environ["DRIVER_SPEC"]))
sys.dont_write_bytecode = True
sys.path.append(spec["support"])
from variables import blocks, set_up  # noqa: E402

INTEGERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_ENUM)


def numbers(value, member=""):
    """The numbers of a value, by member. Pointers are left out: two builds have their data at different addresses."""
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_STRUCT:
        for field in kind.fields():
            if not field.is_base_class and hasattr(field, "bitpos") and field.name:
                yield from numbers(value[field], member + "." + field.name)
        return
    try:
        if value.is_optimized_out:
            return
        if kind.code in INTEGERS:
            yield member, str(int(value))
        elif kind.code == gdb.TYPE_CODE_FLT:
            yield member, repr(float(value))
    except gdb.error:
        pass


def own_blocks(frame):
    """The blocks of a frame, inside out: an inlined function's frame ends with the function's."""
    for block in blocks(frame.block()):
        yield block
        if block.function:
            return


def note(frame, held):
    function = frame.name().split("(")[0]
    for block in own_blocks(frame):
        # The function's own beginning is where arguments are on their way still, natively too.
        if block.function and block.start == frame.pc() and frame.type() != gdb.INLINE_FRAME:
            return
    names = set()
    for block in own_blocks(frame):
        for symbol in block:
            if not (symbol.is_variable or symbol.is_argument) or symbol.addr_class == gdb.SYMBOL_LOC_STATIC or symbol.name in names:
                continue
            names.add(symbol.name)
            try:
                for member, number in numbers(frame.read_var(symbol, block)):
                    held.setdefault((function, symbol.name, symbol.line, member), set()).add(number)
            except gdb.error:
                pass


def stops(file):
    """Breakpoints at the rows of the table that the selected frame is in."""
    table = gdb.selected_frame().find_sal().symtab.linetable()
    rows = {entry.pc for entry in table if entry.line}
    return {pc: gdb.Breakpoint("*%#x" % pc) for pc in rows}


set_up()
gdb.execute("set args run %s %s" % (spec["options"], spec["module"]))
first = gdb.Breakpoint("%s:%d" % (spec["file"], spec["line"]))
gdb.execute("run", to_string=True)
first.delete()
breakpoints = stops(spec["file"])
held, arrivals = {}, {}
while gdb.selected_inferior().pid:
    frame = gdb.newest_frame()
    pc = frame.pc()
    # Callers of optimised code are looked at where their callees are inlined; what they have meanwhile is noted of all.
    while frame:
        sal = frame.find_sal()
        if sal.symtab and sal.symtab.filename.endswith(spec["file"]):
            note(frame, held)
        frame = frame.older() if not spec["most"] or frame.type() == gdb.INLINE_FRAME else None
    arrivals[pc] = arrivals.get(pc, 0) + 1
    if arrivals[pc] == spec["most"] and pc in breakpoints:
        breakpoints[pc].delete()
    gdb.execute("continue", to_string=True)
with open(spec["out"], "w") as out:
    for (function, name, line, member), values in sorted(held.items()):
        out.write(json.dumps([function, name, line, member, sorted(values)]) + "\n")

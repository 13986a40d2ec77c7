"""Runs inside gdb and writes down what a person would see: the transcript that tests/gdb.rs compares.

    gdb -nx -batch -x tests/gdb/driver.py --args PROGRAM [ARGS]

The program is run once for each scenario:

  lines   stop at every line of the source that has code: where, the way there, and all scalars in scope
  next    from the first line of main to the end of it with `next`: where
  calls   stop once in every function by its name: the arguments; and `finish` it: the value that it returns

Environment:
  DRIVER_SOURCE     the source file; stops in other files are not written down
  DRIVER_OUT        the file for the transcript
  DRIVER_WASM       the wasm build: lines that its line table lacks are left out, in all runs of the program
  DRIVER_FUNCTIONS  the functions for `calls`, separated by `;`. Without it: all of the source, when they are known before
                    the program runs, as those of a native program are. The first line of the transcript lists them.

How pointers read is left to other tests: here one is null or set, and nothing behind it is read; or the function that it is of.
"""
import os
import re
import subprocess

import gdb

SOURCE = os.path.basename(os.environ["DRIVER_SOURCE"])
MOST_STOPS = 200  # Of a scenario.
MOST_ELEMENTS = 4  # of an array
SCALARS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_FLT, gdb.TYPE_CODE_ENUM)
RECORDS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
REFERENCES = (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
SETTINGS = ("pagination off", "confirm off", "breakpoint pending on", "width 0", "print thread-events off",
            "debuginfod enabled off", "print frame-arguments none")

transcript = open(os.environ["DRIVER_OUT"], "w")


def quietly(command):
    return gdb.execute(command, to_string=True)


def write(line):
    print(line, file=transcript, flush=True)


# What there is to stop at.

def breakable_lines(wasm):
    """The lines of the source at which the line table of `wasm` starts a statement."""
    table = subprocess.run(["llvm-dwarfdump-19", "--debug-line", wasm], capture_output=True, text=True).stdout
    lines, name_of, file, last = set(), {}, None, None
    for row in table.splitlines():
        if row.startswith("debug_line["):
            name_of = {}
        elif row.startswith("file_names["):
            file = row[len("file_names["):row.index("]")].strip()
        elif row.strip().startswith("name: "):
            name_of[file] = os.path.basename(row.split('"')[1])
        elif row.startswith("0x"):
            # Address, line, column, file. Of several rows at an address, a debugger sees the last one.
            address, line, _, file_index = row.split()[:4]
            if last and last[0] != address:
                lines.add(last[1])
            statement = "is_stmt" in row and "end_sequence" not in row and name_of.get(file_index) == SOURCE
            last = (address, int(line)) if statement else None
    return sorted(lines)


def functions_of_source():
    """The names of the functions that the source defines, main apart: that name is the runtime's too."""
    found = set()
    symtab = gdb.decode_line(SOURCE + ":1")[1][0].symtab
    for block in (symtab.global_block(), symtab.static_block()):
        for symbol in block:
            if symbol.is_function and symbol.symtab.filename == symtab.filename and symbol.name not in ("main", "main()"):
                found.add(symbol.name)
    found = {name for name in found if "thunk to " not in name}
    return sorted(found)


# What is seen at a stop.

def in_source(frame):
    sal = frame.find_sal()
    return bool(sal.symtab) and os.path.basename(sal.symtab.filename) == SOURCE


def chain():
    """The functions of the source that are being called, each with its line, innermost first; none elsewhere."""
    calls, frame, inner = [], gdb.newest_frame(), None
    while frame and (in_source(frame) or is_thunk(frame)):
        name = frame.name()
        if not is_thunk(frame) and not (name == inner and is_structor(name)):
            calls.append("%s:%d" % (name, frame.find_sal().line))
        frame, inner = frame.older(), name
    return calls


def is_thunk(frame):
    """What adjusts `this` on the way to a virtual function: some targets call from there, and some jump."""
    return "thunk to " in (frame.name() or "")


def is_structor(name):
    """A constructor or destructor: into how many functions of the same name it is split is the target's business."""
    parts = re.sub(r"<.*>|\(.*", "", name).split("::")
    return len(parts) > 1 and parts[-1].lstrip("~") == parts[-2]


def scalars(name, value, depth=4):
    """Rows `name = text` of every scalar in `value`."""
    kind = value.type.strip_typedefs()
    if is_of_the_target(kind, value.type):
        return
    if is_function_pointer(kind):
        yield "%s = %s" % (name, function_of(value))
    elif kind.code in SCALARS:
        yield "%s = %s" % (name, value.format_string())
    elif kind.code == gdb.TYPE_CODE_PTR:
        yield "%s = %s" % (name, "set" if int(value) else "null")
    elif kind.code == gdb.TYPE_CODE_ARRAY and depth:
        low, high = kind.range()
        for index in range(low, min(high, low + MOST_ELEMENTS - 1) + 1):
            yield from scalars("%s[%d]" % (name, index), value[index], depth - 1)
    elif kind.code in RECORDS and depth:
        for field in kind.fields():
            if getattr(field, "bitpos", None) is None or field.artificial:
                continue  # a static member, or the vtable
            if field.is_base_class and has_virtual_base(kind):
                continue
            member = name + "." + field.name if field.name and not field.is_base_class else name
            yield from scalars(member, value[field], depth - 1)


def is_function_pointer(kind):
    """In wasm these are enumerations: see debuginfo/src/transform/pointers/function.rs."""
    if kind.code == gdb.TYPE_CODE_PTR:
        return kind.target().strip_typedefs().code == gdb.TYPE_CODE_FUNC
    return kind.code == gdb.TYPE_CODE_ENUM and kind.name == "function"


def function_of(pointer):
    named = re.search(r"<(.*)>$|^&(.*)", pointer.format_string())
    return "&" + (named[1] or named[2]) if named else "set" if int(pointer) else "null"


def is_of_the_target(kind, declared):
    """What is made in the target's own way: lists of arguments, and pointers to members, which are numbers and structures in wasm."""
    return "va_list" in str(declared) or "::*" in str(declared) or "::*" in (kind.name or "")


def has_virtual_base(kind):
    """Python is not told; `ptype` is. To find any base of such an object, gdb reads its vtable."""
    head = quietly("ptype %s" % kind.name).split("{")[0] if kind.name else ""
    bases = (field.type.strip_typedefs() for field in kind.fields() if field.is_base_class)
    return "virtual " in head or any(has_virtual_base(base) for base in bases)


def variables(frame):
    """The arguments and locals that have their value at this line, innermost block first, then the source's statics."""
    line, seen, block = frame.find_sal().line, set(), frame.block()
    while block and not block.is_static and not block.is_global:
        for symbol in block:
            wanted = symbol.is_argument or symbol.is_variable and symbol.line < line
            hidden = symbol.name in seen or symbol.name.startswith("__") or "va_list" in str(symbol.type)
            if wanted and not hidden:
                yield symbol, symbol.value(frame)
            seen.add(symbol.name)
        block = None if block.function else block.superblock
    for block in (frame.block().static_block, frame.block().global_block):
        for symbol in block:
            if symbol.is_variable and os.path.basename(symbol.symtab.filename) == SOURCE:
                yield symbol, symbol.value()


def write_values(pairs):
    rows = set()
    for symbol, value in pairs:
        try:
            rows.update(scalars(symbol.name, value))
        except gdb.error as error:
            rows.add("%s = error: %s" % (symbol.name, error))
    for row in sorted(rows):
        write("    " + row)


def alive():
    return gdb.selected_inferior().pid != 0


# The scenarios.

def lines(breakable):
    for line in breakable:
        quietly("break %s:%d" % (SOURCE, line))
    quietly("run")
    before = None
    for _ in range(MOST_STOPS):
        where = alive() and chain()
        if not where:
            break
        if where != before or not is_structor(gdb.newest_frame().name()):
            write(" < ".join(where))
            write_values(variables(gdb.newest_frame()))
        before = where
        quietly("continue")


def next_lines(breakable):
    quietly("tbreak %s:%d" % (SOURCE, min(line for line in breakable if line > first_line_of_main())))
    quietly("run")
    for _ in range(MOST_STOPS):
        if not alive() or not chain():
            break
        if gdb.newest_frame().find_sal().line in breakable:
            write(" < ".join(chain()))
        quietly("next")


def first_line_of_main():
    for number, line in enumerate(open(os.environ["DRIVER_SOURCE"]), 1):
        if line.startswith("int main("):
            return number


def calls(functions):
    for function in functions:
        quietly("tbreak -source %s -function %s" % (SOURCE, function))
    entered = []
    gdb.events.stop.connect(lambda event: entered.append(isinstance(event, gdb.BreakpointEvent)))
    quietly("run")
    shown = 0
    for _ in range(MOST_STOPS):
        where = alive() and chain()
        if not where:
            break
        frame = gdb.newest_frame()
        if entered[-1]:
            write(" < ".join(where))
            write_values((symbol, symbol.value(frame)) for symbol in arguments(frame))
        else:
            # The call may have been the last instruction of its line: no line number here.
            write("back in " + " < ".join([where[0].rsplit(":", 1)[0]] + where[1:]))
            if values_shown() > shown:
                write_returned(gdb.history(0))
        shown = values_shown()
        # Out of this function, unless another one is entered first: then out of that one, and so on up to main.
        quietly("finish" if len(where) > 1 else "continue")


def values_shown():
    """The length of the value history: `finish` adds to it what was returned."""
    numbers = re.findall(r"^\$(\d+) = ", quietly("show values"), re.M)
    return int(numbers[-1]) if numbers else 0


def arguments(frame):
    block = frame.block()
    while not block.function:
        block = block.superblock
    return [symbol for symbol in block if symbol.is_argument]


def write_returned(value):
    if value.type.strip_typedefs().code in SCALARS + (gdb.TYPE_CODE_PTR,):
        write("    " + "".join(scalars("returned", value)))


def main():
    for setting in SETTINGS:
        quietly("set " + setting)
    breakable = breakable_lines(os.environ["DRIVER_WASM"])
    functions = os.environ.get("DRIVER_FUNCTIONS")
    functions = functions.split(";") if functions is not None else functions_of_source()
    write("functions " + ";".join(functions))
    for title, scenario, subject in (("lines", lines, breakable), ("next", next_lines, breakable), ("calls", calls, functions)):
        write("scenario " + title)
        scenario(subject)
        if alive():
            quietly("kill")
        quietly("delete")


try:
    main()
except gdb.error as error:
    write("stopped by an error: %s" % error)

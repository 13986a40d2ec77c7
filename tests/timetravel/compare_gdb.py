"""Compares the way back with the way forward, in a session of gdb with a recording. The environment says of what: SOURCE, the file whose lines
are stopped at, POINTS, how many breakpoints and watchpoints, and FUNCTIONS, how many functions are stepped through.

Prints FAIL lines, and in the end how many stops were compared."""

import os
import re

import gdb

SOURCE = os.environ["SOURCE"]
POINTS = int(os.environ["POINTS"])
# Where code was optimised, its lines are in pieces, and gdb's steps through them are not the same in both directions: each stop of the way back is
# compared with the same moment on a way forward.
IS_OPTIMISED = os.environ["LEVEL"] != "0"
FUNCTIONS = int(os.environ["FUNCTIONS"])
VERSION = int(gdb.VERSION.split(".")[0])
# Stops of one breakpoint, of one watchpoint, and steps through one function: the way back is compared with all of them.
MOST = 40
# Stops of the way back through one function of optimised code that are compared with the same moments on a way forward.
MOMENTS = 12
BEFORE_MAIN = ("_start", "_start.command_export")
# Three watchpoints in four points or more, as four is all that the machine has.
WATCHES = POINTS * 3 // 10

counts = {"breakpoints": 0, "watchpoints": 0, "steps": 0, "stops": 0, "skipped": 0}
last = []


def note(event):
    last.append(event)


gdb.events.stop.connect(note)
gdb.events.exited.connect(note)


def fail(what, expected, found):
    print(f"FAIL {SOURCE} {what}\n  forward: {expected}\n  back:    {found}", flush=True)


def quiet(command):
    """Runs a command; the event that it ended with."""
    last.clear()
    try:
        gdb.execute(command, to_string=True)
    except gdb.error as error:
        return str(error)
    return last[-1] if last else None


def is_hit(event):
    return isinstance(event, gdb.BreakpointEvent)


def enable(points):
    for point in gdb.breakpoints():
        point.enabled = point in points


def to_start():
    enable([])
    quiet("monitor goto 0")
    gdb.execute("maintenance flush register-cache", to_string=True)


def values(frame):
    """Arguments and locals of a frame, as text."""
    found = []
    try:
        block = frame.block()
    except RuntimeError:
        return found
    while block is not None and not block.is_global and not block.is_static:
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                try:
                    text = str(symbol.value(frame))
                except (gdb.error, UnicodeError) as error:
                    text = f"<{error}>"
                found.append((symbol.name, text))
        if block.function is not None:
            break
        block = block.superblock
    return found


def frames():
    found = []
    frame = gdb.newest_frame()
    while frame is not None:
        name = frame.name()
        if name and name.startswith("wasm::array_to_wasm"):
            break
        found.append((name, frame.find_sal().line))
        frame = frame.older()
    return found


def here():
    frame = gdb.newest_frame()
    return frame.pc(), frames(), values(frame)


def same(a, b):
    """Whether two stops are the same. Where what is inlined begins, gdb shows its frame or leaves it out, by how it came there."""
    if a == b:
        return True
    longer, shorter = sorted((a[1], b[1]), key=len, reverse=True)
    is_inlined = len(longer) > len(shorter) and longer[-len(shorter) :] == shorter
    return a[0] == b[0] and is_inlined


def stops(point, command, most):
    """The stops at a point, by a command, until there are no more: the way forward then stands at the end."""
    enable([point])
    found = []
    while len(found) < most and is_hit(quiet(command)):
        found.append(here())
    return found


def compare_breakpoint(line):
    point = gdb.Breakpoint(f"{SOURCE}:{line}", internal=False)
    to_start()
    forward = stops(point, "continue", MOST + 1)
    if not forward or len(forward) > MOST:
        counts["skipped"] += 1
        point.delete()
        return False
    # One at the very instruction of the trap is where the way back begins.
    if last and isinstance(last[-1], gdb.SignalEvent) and same(here(), forward[-1]):
        forward.pop()
    back = stops(point, "reverse-continue", len(forward) + 1)
    if len(back) != len(forward):
        fail(f"breakpoint at {line}: number of stops", len(forward), len(back))
    for number, (expected, found) in enumerate(zip(reversed(forward), back)):
        if not same(expected, found):
            fail(f"breakpoint at {line}, stop {number} from the end", expected, found)
    counts["breakpoints"] += 1
    counts["stops"] += len(back)
    point.delete()
    return True


def compare_breakpoints(lines, count):
    """Compares breakpoints until there were so many in all; the lines."""
    compared = []
    while counts["breakpoints"] < count:
        line = next(lines, None)
        if line is None:
            break
        if compare_breakpoint(line):
            compared.append(line)
    return compared


INTEGERS = {1: "signed char", 2: "short", 4: "int", 8: "long long"}


def places():
    """Variables in memory that can be watched: of the frame, and of the file."""
    frame = gdb.newest_frame()
    blocks = []
    try:
        block = frame.block()
        while block is not None:
            blocks.append(block)
            block = block.superblock
    except RuntimeError:
        pass
    scalars = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_FLT, gdb.TYPE_CODE_BOOL)
    found = []
    for block in reversed(blocks):
        for symbol in block:
            try:
                if not symbol.is_variable or SOURCE not in (symbol.symtab.filename or ""):
                    continue
                value = symbol.value(frame) if symbol.needs_frame else symbol.value()
                ty = value.type.strip_typedefs()
                if value.address is not None and ty.code in scalars and ty.sizeof in INTEGERS:
                    found.append((symbol.name, int(value.address), ty.sizeof))
            except (gdb.error, AttributeError):
                continue
    return found


def line_before(pc):
    return gdb.find_pc_line(pc - 1).line


def compare_watchpoint(name, address, size):
    gdb.execute("set language c")
    expression = f"*({INTEGERS[size]} *) {address}"
    to_start()
    value = lambda: int(gdb.parse_and_eval(expression))
    try:
        point = gdb.Breakpoint(expression, gdb.BP_WATCHPOINT)
    except gdb.error:
        counts["skipped"] += 1
        return False
    enable([point])
    was = value()
    forward = []
    while len(forward) <= MOST and is_hit(quiet("continue")):
        now = value()
        forward.append((was, now, line_before(gdb.newest_frame().pc()), here()))
        was = now
    if not forward or len(forward) > MOST:
        counts["skipped"] += 1
        point.delete()
        return False
    back = []
    was = value()
    while len(back) <= len(forward) and is_hit(quiet("reverse-continue")):
        line = gdb.find_pc_line(gdb.newest_frame().pc()).line
        now = value()
        # Before the write; the instruction leads to where the way forward stopped.
        quiet("stepi")
        back.append((now, was, line, here()))
        quiet("reverse-stepi")
        was = now
    if len(back) != len(forward):
        fail(f"watchpoint {name}: number of stops", forward, back)
    for number, (expected, found) in enumerate(zip(reversed(forward), back)):
        if expected[:3] != found[:3] or not same(expected[3], found[3]):
            fail(f"watchpoint {name}, stop {number} from the end", expected, found)
    counts["watchpoints"] += 1
    counts["stops"] += len(back)
    point.delete()
    return True


def moment():
    """The moment that is shown, as the server says it: "tick 7, 0x1234"."""
    return gdb.execute("monitor when", to_string=True).splitlines()[0]


def back_to(then, pc):
    """Goes back to a moment, by a breakpoint there: calls of the same function may be between. Returns the last event if it is not reached."""
    point = gdb.Breakpoint(f"*{pc}", internal=False)
    enable([point])
    event = None
    while moment() != then:
        event = quiet("reverse-continue")
        if not is_hit(event):
            break
    is_there = moment() == then
    point.delete()
    return None if is_there else event


def here_on_the_way_forward(then):
    """What there is at a moment that is reached from the beginning of its tick."""
    tick, pc = re.fullmatch(r"tick (\d+), (0x[0-9a-f]+)", then).groups()
    to_start()
    quiet(f"monitor goto {tick}")
    gdb.execute("maintenance flush register-cache", to_string=True)
    if moment() != then:
        point = gdb.Breakpoint(f"*{pc}", internal=False)
        enable([point])
        quiet("continue")
        point.delete()
    return moment(), here()


def depth():
    count = 0
    frame = gdb.newest_frame()
    while frame is not None:
        count += frame.type() != gdb.INLINE_FRAME
        frame = frame.older()
    return count


def step_here():
    """A step's stop: the line and the values of the function that the machine is in. What is inlined there is a function of its own, or not, as
    the debugger likes."""
    frame = gdb.newest_frame()
    pc = frame.pc()
    while frame.type() == gdb.INLINE_FRAME:
        frame = frame.older()
    return (frame.name(), frame.find_sal().line), pc, values(frame), moment(), here()


def steps(command, inner, most=MOST):
    """The lines of a function that a command goes through, with where and with what values."""
    found = []
    for _ in range(most):
        event = quiet(command)
        if not isinstance(event, gdb.StopEvent) or isinstance(event, gdb.SignalEvent):
            return found
        if depth() < inner:
            return found
        step = step_here()
        if not step[0][1] or step[0][0] in BEFORE_MAIN:
            # Outside of the program, where history begins; or before main, whose callers are not shown and counted while it runs.
            return found
        found.append(step)
    return found


def begins_line(pc):
    """Whether a place is where a line's rows begin, which follow each other without another line between (find_line_range_start of gdb's
    infrun.c)."""
    line = gdb.find_pc_line(pc)
    before = gdb.find_pc_line(line.pc - 1) if line.line else line
    return line.pc == pc and before.line != line.line


def may_be_passed(step):
    """From gdb 14 on, a line stops the way back where its rows begin only: one that a loop comes back to the middle of is passed."""
    return VERSION >= 14 and not begins_line(step[1])


def lines(steps):
    """What of them is another line than the one before."""
    found = []
    for step in steps:
        if not found or found[-1][0] != step[0]:
            found.append(step)
    return found


def aligned(expected, found, rest):
    """For each expected step those that were found for it, if these are all; after them, only steps at `rest` are."""
    letters = {}
    letter = lambda step: letters.setdefault(step[0], chr(0x100 + len(letters)))
    pattern = "".join(f"({letter(it)}{'*' if may_be_passed(it) else '+'})" for it in expected)
    text = "".join(map(letter, found))
    match = re.fullmatch(pattern + rest(letter), text)
    return match and [found[slice(*match.span(number))] for number in range(1, len(expected) + 1)]


def compare_lines(function, expected, found, back):
    """Compares the lines of a way back with those of the way forward, and the values where both stopped at one place."""
    if found is None:
        fail(f"reverse-next through {function}", [it[0] for it in expected], [it[0] for it in back])
        return
    for wanted, steps_ in zip(expected, found):
        for step in steps_:
            if step[1] == wanted[1] and step[2] != wanted[2]:
                fail(f"reverse-next through {function}, values at {wanted[0]}", wanted[2], step[2])


def compare_moments(function, back):
    """Compares stops of a way back with the same moments on a way forward, as many as MOMENTS."""
    ticks = [int(re.match(r"tick (\d+)", step[3])[1]) for step in back]
    if ticks != sorted(ticks, reverse=True):
        fail(f"reverse-next through {function}", "ticks before the last one's", ticks)
    for step in lines(back)[:MOMENTS]:
        then, place = here_on_the_way_forward(step[3])
        if then != step[3] or not same(place, step[4]):
            fail(f"reverse-next through {function}, {step[3]}", (then, place), step[4])


def compare_steps(declared, function):
    point = gdb.Breakpoint(function, internal=False)
    to_start()
    enable([point])
    if not is_hit(quiet("continue")):
        counts["skipped"] += 1
        point.delete()
        return False
    enable([])
    inner = depth()
    first = step_here()
    name = first[0][0]
    forward = [first] + steps("next", inner)
    point.delete()
    # From its caller, or from a trap, to the last of them.
    missed = back_to(forward[-1][3], forward[-1][1])
    if missed is not None:
        fail(f"the way back into {function}", forward[-1], missed)
    back = [step_here()] + steps("reverse-next", inner, 4 * MOST)
    expected = lines(reversed(forward))
    # Where it begins, before the breakpoint; and what is before the steps that were made, if they were not all.
    rest = lambda letter: ".*" if len(forward) > MOST else letter([(name, declared)]) + "*"
    if IS_OPTIMISED:
        compare_moments(function, back)
    else:
        compare_lines(function, expected, aligned(expected, back, rest), back)
    counts["steps"] += 1
    counts["stops"] += len(back)
    return True


def functions(symtab):
    found = []
    for block in (symtab.static_block(), symtab.global_block()):
        for symbol in block:
            try:
                if symbol.is_function and symbol.symtab.filename == symtab.filename:
                    found.append((symbol.line, symbol.name))
            except AttributeError:
                continue
    return sorted(found)


def spread(items, count):
    """All items, those first that are far from each other."""
    items = list(items)
    step = max(1, len(items) // max(1, count))
    first = items[::step]
    return first + [item for item in items if item not in first]


def symtab_of_source():
    """The file's lines; gdb 17 and later refuse to name one that has no code."""
    for line in range(1, 1000):
        try:
            return gdb.decode_line(f"{SOURCE}:{line}")[1][0].symtab
        except gdb.error:
            continue
    raise gdb.GdbError(f"{SOURCE} has no code")


def main():
    gdb.execute("set confirm off")
    gdb.execute("set pagination off")
    gdb.execute("set width 0")
    gdb.execute("set print frame-info short-location", to_string=True)
    symtab = symtab_of_source()
    table = sorted({line for line in symtab.linetable().source_lines() if line})
    lines = iter(spread(table, POINTS - WATCHES))
    compared = compare_breakpoints(lines, POINTS - WATCHES)
    if compared:
        to_start()
        point = gdb.Breakpoint(f"{SOURCE}:{compared[0]}", internal=False)
        enable([point])
        quiet("continue")
        watched = places()
        point.delete()
        for place in watched:
            if counts["breakpoints"] + counts["watchpoints"] == POINTS:
                break
            compare_watchpoint(*place)
    # Instead of variables in memory, where there are not as many.
    compare_breakpoints(lines, POINTS - counts["watchpoints"])
    done = 0
    for function in functions(symtab):
        if done == FUNCTIONS:
            break
        gdb.execute("set language auto")
        done += compare_steps(*function)
    print("\nCOMPARED", " ".join(f"{name}={count}" for name, count in counts.items()), flush=True)


main()

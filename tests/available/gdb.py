"""Runs inside gdb: steps, and writes down which variables of all frames have a value (tests/available.rs).

    gdb -nx -batch -x tests/available/gdb.py dwalin

Environment: DRIVER_SPEC, a JSON file: `symbol` and `base` (a function, and where it is in the image that addresses are of), `text` (where
code begins and ends), `ours` (the ranges of functions whose variables are looked at), `main` and `functions` (where to start), `steps`,
`nexts`, `stepis` (how many), `out` (the file for a line of JSON for each stop), `output` (the program's).
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


def is_ours(address):
    return any(start <= address < end for start, end in spec["ours"])


def quietly(command):
    return gdb.execute(command, to_string=True)


def why_not(value):
    """Why a variable has no value; nothing, if it has one."""
    try:
        value.fetch_lazy()
        return "optimized out" if value.is_optimized_out else None
    except (gdb.error, gdb.MemoryError) as error:
        return str(error)


def variables(frame, pc):
    found = []
    for block in blocks(gdb.block_for_pc(pc)):
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                try:
                    why = why_not(symbol.value(frame))
                except gdb.error as error:
                    why = str(error)
                found.append({"name": symbol.name, "line": symbol.line, "why": why})
    return found


def look(how, move):
    """Writes down the guest's frames; whether the innermost is of the program's own."""
    frames, frame = [], gdb.newest_frame()
    while frame:
        if frame.type() == gdb.INLINE_FRAME:
            frame = frame.older()
            continue
        pc = frame.pc() - (1 if frames else 0)
        address, older = pc - move, frame.older()
        if not spec["text"][0] <= address < spec["text"][1]:
            break
        while older and older.type() == gdb.INLINE_FRAME:
            older = older.older()
        cfa = int(older.read_register("rsp")) if older else 0
        seen = variables(frame, pc) if is_ours(address) else []
        frames.append({"address": address, "cfa": cfa, "variables": seen})
        frame = older
    print(json.dumps({"how": how, "frames": frames}), file=out)
    return bool(frames) and is_ours(frames[0]["address"])


def alive():
    return gdb.selected_inferior().pid != 0


def start():
    """Runs until the code is known; by how much it is elsewhere than in the image."""
    gdb.Breakpoint("__jit_debug_register_code", temporary=True)
    quietly("run run -g %s > %s" % (spec["module"], spec["output"]))
    quietly("finish")
    # Not Rust, in which the host stands.
    quietly("set language c")
    move = int(gdb.parse_and_eval("(long) &" + spec["symbol"])) - spec["base"]
    quietly("set language auto")
    return move


def go(command, count, move):
    for _ in range(count):
        quietly(command)
        if not alive():
            return
        left = 0
        while not look(command, move):
            left += 1
            # Out of main the host waits, and stays for long.
            if left > 8 or not spec["text"][0] <= gdb.newest_frame().pc() - move < spec["text"][1]:
                return
            quietly("finish")


def main():
    set_up()
    move = start()
    quietly("tbreak *%d" % (spec["main"] + move))
    quietly("continue")
    look("breakpoint", move)
    go("step", spec["steps"], move)
    if alive():
        quietly("kill")
    quietly("delete")
    move = start()
    for address in spec["functions"]:
        quietly("tbreak *%d" % (address + move))
    for _ in spec["functions"]:
        quietly("continue")
        if not alive():
            break
        look("breakpoint", move)
        go("stepi", spec["stepis"], move)
        if alive():
            go("next", spec["nexts"], move)
        if not alive():
            break


try:
    main()
except gdb.error as error:
    print(json.dumps({"error": str(error)}), file=out)
out.close()

#!/usr/bin/env python3
"""What it costs to reach the first breakpoint in gdb and lldb, beside wasmtime, and how much DWARF the debugger is given.

    benches/debug.py --peer wasmtime --break sqlite3_step sqlite-O0-d5.wasm :memory: "select 1+1"

From the debugger's start to its end: it loads the runtime's symbols, the runtime compiles (or maps what it compiled before), the
debugger reads the image, stops, and kills the program. A run that does not stop at the breakpoint is not counted.
"""

import os

from measure import engines, in_turns, median, mib, need, once, options, parse, ratio, scratch, table

GDB = [
    *("-nx", "-batch"),
    *("-ex", "set breakpoint pending on"),
    *("-ex", "set debuginfod enabled off"),
    *("-ex", "set confirm off"),
]

# Compiled by that run; kept by the round before, which does not count; compiled by a command of its own.
HOWS = ("module", "again", "artifact")


def gdb(debugger, command, breakpoint):
    return [debugger, *GDB, "-ex", f"break {breakpoint}", "-ex", "run", "-ex", "kill", "--args", *command]


def lldb(debugger, command, breakpoint):
    orders = [
        "settings set symbols.enable-external-lookup false",
        # The peer needs it, where it is not the default.
        "settings set plugin.jit-loader.gdb.enable on",
        f"breakpoint set --name {breakpoint}",
        "run",
        "kill",
    ]
    return [debugger, "--no-lldbinit", "--batch", *(word for order in orders for word in ("-o", order)), "--", *command]


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--break", dest="breakpoint", required=True, metavar="FUNCTION")
    parser.add_argument("--gdb", default="gdb", metavar="PATH")
    parser.add_argument("--lldb", default="lldb-19", metavar="PATH")
    given = parse(parser)
    os.environ.setdefault("LLDB_DEBUGSERVER_PATH", "/usr/lib/llvm-19/bin/lldb-server")
    need(given.gdb)
    need(given.lldb)
    with scratch() as folder:
        measure(given, folder)


def measure(given, folder):
    print(f"{os.path.basename(given.module)}, to {given.breakpoint}\n")
    both = engines(given)
    artifacts = {engine.name: os.path.join(folder, engine.name) for engine in both}
    for engine in both:
        once(engine.compile(given.module, artifacts[engine.name], True))
    sizes = [["artifact with -g, " + name, mib(artifact)] for name, artifact in artifacts.items()]
    for debugger in ("gdb", "lldb"):
        image = os.path.join(folder, "image")
        command = both[0].compile(given.module, os.path.join(folder, "again"), True)
        once([*command, "--debug-image", image, "--debugger", debugger])
        sizes.append([f"dwalin's image for {debugger}", mib(image)])
    table(["", "MiB"], sizes)

    for name, start, debugger, stopped in (
        # gdb says "Thread 1 hit" before it, or nothing.
        ("gdb", gdb, given.gdb, "Breakpoint 1, "),
        ("lldb", lldb, given.lldb, "stop reason = breakpoint"),
    ):
        runs = {}
        for engine in both:
            for how in HOWS:
                file = artifacts[engine.name] if how == "artifact" else given.module
                guest = engine.run(file, given.args, True, how == "artifact", how == "again")
                command = start(debugger, guest, given.breakpoint)
                runs[f"{engine.name}, {how}"] = lambda c=command, s=stopped: once(c, status=None, says=s)
        report(name, in_turns(runs, given.rounds))


def report(debugger, samples):
    table(
        [debugger, "CPU s", "wall s", "peak MiB"],
        [
            [name, f"{median(runs, 'cpu'):.2f}", f"{median(runs, 'wall'):.2f}", f"{median(runs, 'peak'):.0f}"]
            for name, runs in samples.items()
        ],
    )
    rows = []
    for how in HOWS:
        over, under = samples.get(f"dwalin, {how}"), samples.get(f"wasmtime, {how}")
        if over and under:
            rows.append([f"dwalin / wasmtime, {how}", *(ratio(over, under, field) for field in ("cpu", "wall", "peak"))])
    if rows:
        table(["ratio", "CPU", "wall", "peak memory"], rows)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What it costs gdb and lldb to be told of an image, beside one of a byte.

    benches/register.py --break sqlite3_step sqlite-O0-d5.wasm

A small C program registers the image. lldb gets it in the two ways that Dwalin has: by a file, where it is on the same machine, and
in the program's memory.
"""

import os
import zlib

from debug import GDB
from measure import in_turns, mib, need, once, options, scratch, spread, table

LLDB = ["settings set symbols.enable-external-lookup false"]


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--break", dest="breakpoint", required=True, metavar="FUNCTION")
    parser.add_argument("--gdb", default="gdb", metavar="PATH")
    parser.add_argument("--lldb", default="lldb-19", metavar="PATH")
    parser.add_argument("--cc", default="cc", metavar="PATH")
    parser.add_argument("--objcopy", default="llvm-objcopy-19", metavar="PATH")
    parser.add_argument("module", metavar="MODULE")
    given = parser.parse_args()
    os.environ.setdefault("LLDB_DEBUGSERVER_PATH", "/usr/lib/llvm-19/bin/lldb-server")
    for program in (given.gdb, given.lldb, given.cc, given.objcopy):
        need(program)
    with scratch() as folder:
        measure(given, folder)


def measure(given, folder):
    place = lambda name: os.path.join(folder, name)
    once([given.cc, "-O1", "-o", place("register"), os.path.join(os.path.dirname(__file__), "register.c")])
    with open(place("byte"), "wb") as file:
        file.write(b"x")
    for debugger in ("gdb", "lldb"):
        image = ["--debug-image", place(debugger), "--debugger", debugger]
        once([given.dwalin, "compile", "-g", *image, given.module, "-o", place("artifact")])
    write_link(given.objcopy, place("lldb"), place("link"))

    def gdb(image):
        command = ["-ex", f"break {given.breakpoint}", "-ex", "run", "--args", place("register"), place(image)]
        return once([given.gdb, *GDB, *command], says="registered")

    def lldb(image):
        orders = [*LLDB, f"breakpoint set --name {given.breakpoint}", "run"]
        orders = [word for order in orders for word in ("-o", order)]
        command = ["--no-lldbinit", "--batch", *orders, "--", place("register"), place(image)]
        return once([given.lldb, *command], says="registered")

    runs = {
        "gdb, nothing": lambda: gdb("byte"),
        "gdb": lambda: gdb("gdb"),
        "lldb, nothing": lambda: lldb("byte"),
        "lldb, by a file": lambda: lldb("link"),
        "lldb, in memory": lambda: lldb("lldb"),
    }
    samples = in_turns(runs, given.rounds)
    rows = []
    for name, image in [("gdb", "gdb"), ("lldb, by a file", "lldb"), ("lldb, in memory", "lldb")]:
        nothing = samples[name.split(",")[0] + ", nothing"]
        seconds = [with_it.cpu - without.cpu for with_it, without in zip(samples[name], nothing)]
        size = os.path.getsize(place(image))
        per_8_mb = [second * 8e6 / size for second in seconds]
        rows.append([name, mib(place(image)), spread(seconds, "{:.3f}"), spread(per_8_mb, "{:.3f}")])
    print(f"{os.path.basename(given.module)}, {given.breakpoint}\n")
    table(["CPU s of the debugger", "image MiB", "registration", "per 8 MB"], rows)


def write_link(objcopy, image, link):
    """An image of code and symbols that leads to the whole one, as Dwalin writes it."""
    path = image.encode() + b"\0"
    path += b"\0" * (-len(path) % 4)
    with open(image, "rb") as file:
        checksum = zlib.crc32(file.read())
    with open(link + ".place", "wb") as file:
        file.write(path + checksum.to_bytes(4, "little"))
    once([objcopy, "--strip-debug", "--add-section", f".gnu_debuglink={link}.place", image, link])


if __name__ == "__main__":
    main()

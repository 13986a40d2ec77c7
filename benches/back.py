"""What going back costs in a recording of SQLite's shell, by the clock: run by gdb.

    benches/record.py --rounds 1 --keep sqlite.rec sqlite-O2-d5.wasm
    dwalin gdb -q -batch -x benches/back.py sqlite.rec
"""

import random
import re
import statistics
import time

import gdb

PLACES = 40
TIMES = 5


def quiet(command):
    return gdb.execute(command, to_string=True)


def seconds(command):
    started = time.perf_counter()
    quiet(command)
    return time.perf_counter() - started


def tick():
    return int(re.search(r"tick (\d+)", quiet("monitor when"))[1])


def go_to(at):
    quiet(f"monitor goto {at}")
    # gdb is not told that the program is somewhere else.
    quiet("maintenance flush register-cache")


def spread(samples):
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return f"{middle:.3f} s ({low:.3f} to {high:.3f})"


def forward():
    """From the first line of `main` to the end."""
    quiet("tbreak main")
    quiet("continue")
    start = tick()
    taken = []
    for _ in range(TIMES):
        go_to(start)
        taken.append(seconds("continue"))
    return taken


def back(end):
    """From the end to the last write of a byte of a page that is filled in the first tenth."""
    go_to(end // 22)
    quiet("tbreak insertCellFast")
    quiet("continue")
    quiet("up")
    quiet("watch -l *((unsigned char *) pCur->pPage->aData + 4000)")
    taken = []
    for _ in range(TIMES):
        go_to(end)
        taken.append(seconds("reverse-continue"))
    print(f"the write is at {tick() / end:.1%} of {end} ticks")
    quiet("delete")
    return taken


def steps(end):
    """One step back from each of some random places."""
    random.seed(7)
    taken = []
    for _ in range(PLACES):
        go_to(random.randrange(end))
        quiet("step")
        taken.append(seconds("reverse-step"))
    return taken


for setting in ("pagination off", "confirm off"):
    quiet(f"set {setting}")
print("forward:", spread(forward()))
END = tick()
print("reverse-continue:", spread(back(END)))
print("reverse-step:", spread(steps(END)))

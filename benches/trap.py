#!/usr/bin/env python3
"""What a trap and its report cost, beside wasmtime: a run that traps less the same run that does not.

    benches/trap.py --peer wasmtime --function sqlite3_step sqlite-O0-d5.wasm :memory: "select 1+1"

The program that traps is the same module with `unreachable` as the first instruction of a function; take one that is called
late. Both are compiled before, so that only the run counts. wasmtime gets WASMTIME_BACKTRACE_DETAILS=1, without which it says no
lines.
"""

import os

import wasm
from measure import engines, in_turns, median, once, options, parse, scratch, spread, table

DETAILS = {"WASMTIME_BACKTRACE_DETAILS": "1"}


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--function", required=True, metavar="NAME", help="what traps: its name, or a part that is unique")
    given = parse(parser)
    with scratch() as folder:
        measure(given, folder)


def measure(given, folder):
    trapping = wasm.write_trapping(given, folder)
    runs = {}
    for engine in engines(given):
        for debug in (False, True):
            for what, module in (("fine", given.module), ("trap", trapping)):
                name = engine.name + (" -g" if debug else "")
                artifact = os.path.join(folder, f"{name}-{what}".replace(" ", ""))
                once(engine.compile(module, artifact, debug), environment=DETAILS)
                command = engine.run(artifact, given.args, debug, True)
                status = 134 if what == "trap" else None
                says = "unreachable" if what == "trap" else None
                runs[name, what] = lambda c=command, s=status, t=says: once(c, s, t, DETAILS)
    report(given, in_turns(runs, given.rounds))


def report(given, samples):
    print(f"{os.path.basename(given.module)}, {given.function}\n")
    rows = []
    for name in dict.fromkeys(name for name, _ in samples):
        fine, trap = samples.get((name, "fine")), samples.get((name, "trap"))
        if not fine or not trap:
            continue
        row = [name]
        for field in ("cpu", "wall"):
            less = [1000 * (getattr(a, field) - getattr(b, field)) for a, b in zip(trap, fine)]
            row += [f"{1000 * median(fine, field):.0f}", f"{1000 * median(trap, field):.0f}", spread(less, "{:.0f}")]
        rows.append(row)
    head = ["CPU ms: fine", "trap", "difference", "wall ms: fine", "trap", "difference"]
    table(["", *head], rows)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What the first trap of a process costs and what later ones do, with and without lines, beside wasmtime.

    cargo build --release --example again
    benches/again.py --peer ./peer --function summarize rust-cli-dev-d4.wasm
    benches/again.py --peer ./peer --calls recursion.wasm

The program runs again and again in one process, in a store of its own each time: examples/again.rs, and benches/peer.c with
--again. With --function the program that traps is the same module with `unreachable` as the first instruction of a function.
With --calls a program that traps by itself is called in one store, so that there is nothing but the trap and its text.
Figures are the processor's microseconds; what lines cost is a run with them less one without.
"""

import os
import re
import subprocess

import wasm
from measure import once, options, parse, scratch, spread, table

LINES = {"WASMTIME_BACKTRACE_DETAILS": "1"}
NO_LINES = {"WASMTIME_BACKTRACE_DETAILS": "0"}


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--again", default="target/release/examples/again", metavar="PATH")
    parser.add_argument("--runs", type=int, default=9, metavar="N", help="how often a process runs the program [9]")
    parser.add_argument("--function", metavar="NAME", help="what traps: its name, or a part that is unique")
    parser.add_argument("--calls", action="store_true", help="call the program again in one store")
    given = parse(parser)
    with scratch() as folder:
        measure(given, folder)


def commands(given, folder):
    """Name → command and environment."""
    module = wasm.write_trapping(given, folder) if given.function else given.module
    calls = ["--calls"] if given.calls else []
    dwalin, peer = (os.path.join(folder, name) for name in ("dwalin", "peer"))
    once([given.dwalin, "compile", module, "-o", dwalin])
    runs = {}
    for name, option in (("dwalin", ["--plain"]), ("dwalin, lines", [])):
        runs[name] = [given.again, *option, *calls, str(given.runs), dwalin, *given.args], {}
    if given.calls:
        once([given.dwalin, "compile", "-g", module, "-o", dwalin + "-g"])
        command = [given.again, "-g", *calls, str(given.runs), dwalin + "-g", *given.args]
        runs["dwalin -g, lines and variables"] = command, {}
    if given.peer:
        for name, environment in (("wasmtime", NO_LINES), ("wasmtime, lines", LINES)):
            artifact = peer + environment["WASMTIME_BACKTRACE_DETAILS"]
            once([given.peer, "compile", module, "-o", artifact], environment=environment)
            again = ["--again", str(given.runs), *calls, "--allow-precompiled"]
            runs[name] = [given.peer, "run", *again, artifact, *given.args], environment
    return runs


def measure(given, folder):
    runs = commands(given, folder)
    found = {name: [] for name in runs}
    names = list(runs)
    for number in range(given.rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            command, environment = runs[name]
            said = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
            found[name].append(tuple(map(int, re.search(r"first (\d+) later (\d+)", said.stdout).groups())))
    rows = []
    for name, samples in found.items():
        rows.append([name, *(spread([sample[i] for sample in samples], "{:.0f}") for i in (0, 1))])
    print(f"{os.path.basename(given.module)}\n")
    table(["µs of CPU", "first", "later"], rows)


if __name__ == "__main__":
    main()

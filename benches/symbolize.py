#!/usr/bin/env python3
"""What the lines of a process's first trap cost, beside the addr2line crate that looks the same offsets up.

    cargo build --release && cargo build --release --example again
    cargo build --release -p dwalin-debuginfo --example symbolize
    benches/symbolize.py --function _RNvCskNKlxn2xF6C_8rust_cli4main rust-cli-dev-d4.wasm

The program is run with `unreachable` as the first instruction of a function, once with lines and once without, each time in a
process of its own: the difference is the lines of all frames, from the debug info in the artifact to the text. The crate gets the
debug sections in memory and looks the offsets of the same frames up: the innermost alone ("one unit"), and all. Figures are the
processor's microseconds, medians of the rounds.
"""

import json
import os
import re
import statistics
import subprocess

import wasm
from measure import once, options, parse, scratch, spread, table


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--again", default="target/release/examples/again", metavar="PATH")
    parser.add_argument("--symbolize", default="target/release/examples/symbolize", metavar="PATH")
    parser.add_argument("--function", required=True, metavar="NAME", help="what traps: its name, or a part that is unique")
    given = parse(parser)
    with scratch() as folder:
        measure(given, folder)


def offsets(given, artifact, module):
    """The offsets of the trap's frames in the code section."""
    command = [given.dwalin, "run", "--allow-precompiled", "--backtrace=json", artifact, *given.args]
    report = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    frames = json.loads(report.splitlines()[-1])["frames"]
    with open(module, "rb") as data:
        code = next(start for kind, start, _ in wasm.sections(data.read()) if kind == 10)
    return [str(frame["offset"] - code) for frame in frames if frame["offset"] is not None]


def measure(given, folder):
    module, artifact = wasm.write_trapping(given, folder), os.path.join(folder, "artifact")
    once([given.dwalin, "compile", module, "-o", artifact])
    places = offsets(given, artifact, module)
    commands = {
        "plain": [given.again, "--plain", "1", artifact, *given.args],
        "lines": [given.again, "1", artifact, *given.args],
        "crate": [given.symbolize, module, *places],
    }
    found = {name: [] for name in commands}
    names = list(commands)
    for number in range(given.rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            said = subprocess.run(commands[name], capture_output=True, text=True, check=True).stdout
            found[name].append({what: int(us) for what, us in re.findall(r"(\w+) (\d+)", said)})
    report(given, len(places), found)


def report(given, count, found):
    own = [lines["first"] - plain["first"] for lines, plain in zip(found["lines"], found["plain"])]
    crate = {what: [sample[what] for sample in found["crate"]] for what in ("context", "first", "all")}
    print(f"{os.path.basename(given.module)}, {given.function}: {count} frames\n")
    rows = [["dwalin, all frames", spread(own, "{:.0f}"), ""]]
    for what, name in (("first", "addr2line, one unit"), ("all", "addr2line, all frames")):
        ratio = statistics.median(own) / statistics.median(crate[what])
        rows.append([name, spread(crate[what], "{:.0f}"), f"{ratio:.2f}"])
    table(["µs of CPU", "", "dwalin / addr2line"], rows)


if __name__ == "__main__":
    main()

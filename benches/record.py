#!/usr/bin/env python3
"""What recording costs: SQLite's shell reads 100,000 rows into a table in memory, recorded and not.

    benches/record.py --rounds 31 sqlite-O2-d5.wasm
"""

import os
import shutil

from measure import engines, in_turns, median, mib, of_each_module, once, options, ratio, table

ROWS = 100_000


def write_rows(path):
    with open(path, "w") as rows:
        rows.write("create table t(a integer primary key, b text, c real);\nbegin;\n")
        for i in range(ROWS):
            rows.write(f"insert into t values({i}, 'row {i} {i * 7919 % 999_983}', {i % 1009 / 1009:.6f});\n")
        rows.write("commit;\nselect count(*) from t;\n")


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="FILE", help="keep the last recording here, to go back in it (benches/back.py)")
    of_each_module(parser, measure)


def measure(module, folder, given):
    rows, recording = os.path.join(folder, "rows.sql"), os.path.join(folder, "sqlite.rec")
    write_rows(rows)
    dwalin = engines(given)[0].path

    def run(words):
        # To empty a file that is there takes the system as long as a tenth of what is measured.
        if os.path.exists(recording):
            os.remove(recording)
        return once([dwalin, "run", *words, module, ":memory:"], says=str(ROWS), read=rows)

    runs = {}
    for flags in ((), ("-g",)):
        name = " ".join(flags)
        runs[name, False] = lambda flags=flags: run(flags)
        runs[name, True] = lambda flags=flags: run((*flags, "--record", recording))
    samples = in_turns(runs, given.rounds)
    run(("--record", recording))
    if given.keep:
        shutil.copyfile(recording, given.keep)
    print(f"{os.path.basename(module)}, a recording of {mib(recording)} MiB\n")
    lines = []
    for name in ("", "-g"):
        without, recorded = samples[name, False], samples[name, True]
        cpu = [f"{1000 * median(it, 'cpu'):.0f}" for it in (without, recorded)]
        lines.append([name or "without `-g`", ratio(recorded, without, "cpu"), *cpu])
    table(["", "recorded / not, CPU", "CPU ms: not recorded", "recorded"], lines)


if __name__ == "__main__":
    main()

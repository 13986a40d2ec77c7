#!/usr/bin/env python3
"""How fast compute-bound programs run, with -g and without, beside wasmtime.

    benches/run.py --peer wasmtime                     # those in benches/programs, compiled with clang -O2 -g
    benches/run.py --peer wasmtime MODULE...           # others

Modules are compiled before; what is measured is a run of the artifact.
"""

import os
import subprocess

from measure import engines, in_turns, median, need, once, options, ratio, scratch, table

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--clang", default="clang-19", metavar="PATH")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    given = parser.parse_args()
    with scratch() as folder:
        samples = {}
        modules = given.modules or compiled(given.clang, folder)
        for module in modules:
            samples[os.path.splitext(os.path.basename(module))[0]] = measure(module, folder, given)
    report(samples, given)


def compiled(clang, folder):
    need(clang)
    modules = []
    for source in sorted(os.listdir(PROGRAMS)):
        module = os.path.join(folder, os.path.splitext(source)[0] + ".wasm")
        subprocess.run(
            [clang, "--target=wasm32-wasi", "-O2", "-g", os.path.join(PROGRAMS, source), "-o", module], check=True
        )
        modules.append(module)
    return modules


def measure(module, folder, given):
    runs = {}
    for engine in engines(given):
        for debug in (False, True):
            name = engine.name + (" -g" if debug else "")
            artifact = os.path.join(folder, "artifact-" + name.replace(" ", ""))
            once(engine.compile(module, artifact, debug))
            command = engine.run(artifact, [], debug, True)
            runs[name] = lambda c=command: once(c)
    return in_turns(runs, given.rounds)


def report(samples, given):
    names = [engine.name + flag for engine in engines(given) for flag in ("", " -g")]
    table(
        ["CPU s", *names],
        [
            [program, *(f"{median(runs[name], 'cpu'):.2f}" if name in runs else "–" for name in names)]
            for program, runs in samples.items()
        ],
    )
    pairs = [
        ("dwalin -g", "dwalin"),
        ("wasmtime -g", "wasmtime"),
        ("dwalin", "wasmtime"),
        ("dwalin -g", "wasmtime -g"),
    ]
    pairs = [pair for pair in pairs if all(name in names for name in pair)]
    table(
        ["ratio of CPU", *(f"{over} / {under}" for over, under in pairs)],
        [
            [
                program,
                *(ratio(runs[a], runs[b], "cpu") if a in runs and b in runs else "–" for a, b in pairs),
            ]
            for program, runs in samples.items()
        ],
    )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What compiling costs, with debug info and without, beside wasmtime: time, memory, and what is written.

    benches/compile.py --peer wasmtime sqlite-O0-d5.wasm rust-cli-dev-d4.wasm

`dwalin compile -g` makes code that can be debugged; its native DWARF is made when it runs, for the addresses it gets. wasmtime
makes it when it compiles. So a third column has both: `dwalin compile -g --debug-image`.
"""

import os

from measure import engines, in_turns, median, mib, of_each_module, once, options, ratio, table


def commands(engine, module, folder):
    """Name → (command, files that it writes)."""
    made = {}
    for debug in (False, True):
        name = engine.name + (" -g" if debug else "")
        artifact = os.path.join(folder, name.replace(" ", ""))
        made[name] = (engine.compile(module, artifact, debug), [artifact])
    if engine.name == "dwalin":
        artifact, image = os.path.join(folder, "both"), os.path.join(folder, "image")
        command = [*engine.compile(module, artifact, True), "--debug-image", image, "--debugger", "gdb"]
        made["dwalin -g, DWARF"] = (command, [artifact, image])
    return made


def main():
    parser = options(__doc__.splitlines()[0])
    of_each_module(parser, measure)


def measure(module, folder, given):
    made = {}
    for engine in engines(given):
        made |= commands(engine, module, folder)
    samples = in_turns({name: lambda c=command: once(c) for name, (command, _) in made.items()}, given.rounds)
    print(f"{os.path.basename(module)}, {mib(module)} MiB\n")
    table(
        ["", "CPU s", "wall s", "peak MiB", "written MiB"],
        [
            [
                name,
                f"{median(runs, 'cpu'):.2f}",
                f"{median(runs, 'wall'):.2f}",
                f"{median(runs, 'peak'):.0f}",
                " + ".join(mib(path) for path in made[name][1]),
            ]
            for name, runs in samples.items()
        ],
    )
    pairs = [
        ("dwalin -g", "dwalin"),
        ("dwalin -g, DWARF", "dwalin"),
        ("wasmtime -g", "wasmtime"),
        ("dwalin", "wasmtime"),
        ("dwalin -g", "wasmtime -g"),
        ("dwalin -g, DWARF", "wasmtime -g"),
    ]
    table(
        ["ratio", "CPU", "wall", "peak memory"],
        [
            [f"{over} / {under}", *(ratio(samples[over], samples[under], field) for field in ("cpu", "wall", "peak"))]
            for over, under in pairs
            if over in samples and under in samples
        ],
    )


if __name__ == "__main__":
    main()

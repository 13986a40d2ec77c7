#!/usr/bin/env python3
"""How fast programs run, are compiled and start: optimised, with -g, and with -g -O, beside wasmtime.

    benches/run.py --peer wasmtime                       # all programs (programs.py), each built at -O0 and at -O2
    benches/run.py --peer wasmtime --only sqlite zlib    # some
    benches/run.py --peer wasmtime MODULE...             # other modules, which need no arguments

The peer's words for the three are none, `-D debug-info -O opt-level=0` and `-D debug-info`. What runs is an artifact; standard
output and status must be the same in all modes and with the peer.
"""

import math
import os
import shutil
import statistics
import subprocess
import sys

from measure import Failed, Sample, engines, in_turns, median, need, once, options, ratio, scratch, spread, table
from programs import HERE, Program, built, programs

# A mode's name among the options → in tables, with debug info, optimised.
ALL_MODES = {"plain": ("", False, False), "g": (" -g", True, False), "g-O": (" -g -O", True, True)}


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--clang", default="clang-19", metavar="PATH")
    parser.add_argument("--build", default="target/benches", metavar="DIR", help="modules, kept for the next time")
    parser.add_argument("--packages", metavar="DIR", help="CPython's package, see real.py; without it CPython is left out")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of the programs")
    parser.add_argument("--measure", nargs="+", choices=("run", "compile", "start"), default=["run", "compile", "start"])
    parser.add_argument("--modes", nargs="+", choices=list(ALL_MODES), default=list(ALL_MODES))
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    given = parser.parse_args()
    need(given.clang)
    if not given.peer or not shutil.which(given.peer):
        print(f"no peer ({given.peer}): dwalin is measured alone", file=sys.stderr)
        given.peer = None
    given.build = os.path.abspath(given.build)
    named = [Program(os.path.basename(module), "", module) for module in given.modules]
    with scratch() as folder:
        all_programs = [] if given.measure == ["start"] else named or programs(given)
        for what, measured in (("run", run), ("compile", compiled)):
            if what in given.measure:
                report(what, {" ".join((it.name, it.level)): measured(it, folder, given) for it in all_programs}, given)
        if "start" in given.measure and not named:
            start(folder, given)


def modes(given):
    """The suffix of an engine's name for each mode → with debug info, optimised."""
    return {suffix: (debug, optimise) for suffix, debug, optimise in map(ALL_MODES.get, given.modes)}


def commands(program, folder, given):
    """Name → how an artifact is made and how it is run."""
    found = {}
    for engine in engines(given):
        for mode, (debug, optimise) in modes(given).items():
            artifact = os.path.join(folder, f"{engine.name}{mode}.artifact".replace(" ", ""))
            found[engine.name + mode] = (
                engine.compile(program.module, artifact, debug, optimise),
                engine.run(artifact, program.args, debug, True, cache=True, optimise=optimise),
            )
    return found


def run(program, folder, given):
    """Runs artifacts; native DWARF is in the cache from the first run on."""
    outputs, runs, environment = {}, {}, cache_in(folder)
    for name, (compile, run) in commands(program, folder, given).items():
        try:
            once(compile)
            done = subprocess.run(run, capture_output=True, env={**os.environ, **environment})
            outputs[name] = done.returncode, done.stdout
            runs[name] = lambda run=run, status=done.returncode: once(run, status, None, environment)
        except Failed as failure:
            print(f"{program.name} {program.level}, {name}: {failure}", file=sys.stderr)
    if len(set(outputs.values())) > 1:
        said = "".join(f"\n  {name}: {status}, {out[-60:]}" for name, (status, out) in outputs.items())
        print(f"{program.name} {program.level}: outputs differ{said}", file=sys.stderr)
    return in_turns(runs, given.rounds)


def compiled(program, folder, given):
    found = commands(program, folder, given).items()
    return in_turns({name: lambda it=compile: once(it) for name, (compile, _) in found}, given.rounds)


def start(folder, given):
    """Programs that do next to nothing, as modules that are in the cache and as artifacts."""
    environment = cache_in(folder)
    hello = Program("hello", "", built(os.path.join(HERE, "programs/start/hello.c"), "-O0", given))
    longer = [
        Program(name, "", built(os.path.join(HERE, "programs", name), "-O0", given), ["little"])
        for name in ("objects.cpp", "words.rs")
    ]
    for cached in (True, False):
        samples = {}
        for program in (hello, *longer):
            runs = {}
            for engine in engines(given):
                for mode, (debug, optimise) in modes(given).items():
                    artifact = os.path.join(folder, f"{engine.name}{mode}.artifact".replace(" ", ""))
                    once(engine.compile(program.module, artifact, debug, optimise))
                    module = program.module if cached else artifact
                    command = engine.run(module, program.args, debug, not cached, cache=cached, optimise=optimise)
                    runs[engine.name + mode] = lambda it=command: repeated(it, environment)
            samples[program.name] = in_turns(runs, given.rounds)
        report("start, module in the cache" if cached else "start, artifact", samples, given, scale=1000)


def cache_in(folder):
    return {"XDG_CACHE_HOME": os.path.join(folder, "cache")}


def repeated(command, environment, times=5):
    """The sum of some runs, each too short to be measured well alone."""
    samples = [once(command, environment=environment) for _ in range(times)]
    return Sample(*(sum(numbers) / times for numbers in zip(*samples)))


def report(what, samples, given, scale=1):
    names = [engine.name + mode for engine in engines(given) for mode in modes(given)]
    unit = "CPU ms" if scale == 1000 else "CPU s"
    rows = [
        [program, *(f"{median(runs[name], 'cpu') * scale:.2f}" if name in runs else "–" for name in names)]
        for program, runs in samples.items()
    ]
    table([f"{what}, {unit}", *names], rows)
    pairs = [pair for pair in (("dwalin -g", "dwalin"), ("dwalin -g -O", "dwalin")) if set(pair) <= set(names)]
    pairs += [(f"dwalin{mode}", f"wasmtime{mode}") for mode in modes(given) if given.peer]
    rows = [
        [program, *(ratio(runs[a], runs[b], "cpu") if a in runs and b in runs else "–" for a, b in pairs)]
        for program, runs in samples.items()
    ]
    for title, ends in (("all", ""), ("-O0", "-O0"), ("-O2", "-O2")):
        of = [runs for program, runs in samples.items() if program.endswith(ends)]
        if of and len(of) < len(samples) or not ends:
            rows.append([f"geomean, {title}", *(geomean(of, a, b) for a, b in pairs)])
    table([f"{what}, ratio of CPU", *(f"{a} / {b}" for a, b in pairs)], rows)


def geomean(samples, over, under):
    """The geometric mean of the programs' median ratios, and the quartiles of those ratios."""
    medians = []
    for runs in samples:
        if runs.get(over) and runs.get(under):
            pairs = zip(runs[over], runs[under])
            medians.append(statistics.median(a.cpu / b.cpu for a, b in pairs if b.cpu > 0))
    if not medians:
        return "–"
    mean = math.exp(statistics.fmean(map(math.log, medians)))
    _, quartiles = spread(medians).partition(" ")[::2]
    return f"{mean:.2f} {quartiles}".strip()


if __name__ == "__main__":
    main()

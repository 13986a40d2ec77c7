"""Runs commands in turns and compares what they cost: the other scripts here are lists of commands."""

import argparse
import ctypes
import os
import shlex
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import namedtuple

# Seconds of processor, of the clock, and MiB of the largest process: of the command and all that it started. A peak
# below that of Python itself, some 12 MiB, is not seen: the kernel counts from before `exec`.
Sample = namedtuple("Sample", "cpu wall peak")

# What a command may take before it counts as hung.
PATIENCE = 600


# From <sys/prctl.h>. What a command leaves behind becomes our child, and is counted: lldb does not always wait for its server.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Failed(Exception):
    """A command did not end as it should have."""


class Peer:
    """The command line of wasmtime 48."""

    name = "wasmtime"

    def __init__(self, path):
        self.path = path

    def compile(self, module, artifact, debug, optimise=False):
        return [self.path, "compile", *self.flags(debug, optimise), module, "-o", artifact]

    def run(self, module, args, debug, precompiled, cache=False, optimise=False):
        allow = ["--allow-precompiled"] if precompiled else []
        return [self.path, "run", *self.flags(debug, optimise), *self.caching(cache), *allow, module, *args]

    def caching(self, enable):
        return [] if enable else ["-C", "cache=n"]

    def flags(self, debug, optimise=False):
        if not debug:
            return []
        return ["-D", "debug-info"] if optimise else ["-D", "debug-info", "-O", "opt-level=0"]


class Dwalin(Peer):
    """Our own."""

    name = "dwalin"

    def flags(self, debug, optimise=False):
        return ["-g"] * debug + ["-O"] * optimise


def options(description):
    """The options that all scripts have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--dwalin", default="target/release/dwalin", metavar="PATH")
    parser.add_argument("--peer", metavar="PATH", help="wasmtime; without it dwalin is measured alone")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="how often each command runs [7]")
    return parser


def parse(parser):
    """What was given: the options, and the program with its arguments."""
    parser.add_argument("module", metavar="MODULE")
    parser.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS")
    return parser.parse_args()


def of_each_module(parser, measure):
    """Calls `measure` for each of the modules that are given, with a folder of its own and the options."""
    parser.add_argument("modules", nargs="+", metavar="MODULE")
    given = parser.parse_args()
    for module in given.modules:
        with scratch() as folder:
            measure(module, folder, given)


def engines(given):
    return [Dwalin(given.dwalin)] + ([Peer(given.peer)] if given.peer else [])


def scratch():
    """A folder for what is compiled, gone with the script."""
    return tempfile.TemporaryDirectory(prefix="dwalin-bench-")


def once(command, status=0, says=None, environment=(), read="/dev/null"):
    """Runs a command in a session of its own, its output in a file.

    `status` is what it must end with, or None; `says` is what its output must contain: a debugger that did not stop has
    nothing to be measured. `read` is the file of its standard input.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = os.posix_spawnp(
            command[0],
            command,
            {**os.environ, **dict(environment)},
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, read, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
            ],
        )
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
        signal.alarm(PATIENCE)
        _, ended, usage = os.wait4(child, 0)
        wall = time.perf_counter() - started
        usages = [usage, *left_behind()]
        signal.alarm(0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    code = os.waitstatus_to_exitcode(ended)
    hung = code == -signal.SIGKILL
    if hung or (status is not None and code != status) or (says is not None and says not in text):
        raise Failed(f"{shlex.join(command)}\nended with {code}:\n{text[-2000:]}")
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return Sample(cpu, wall, max(usage.ru_maxrss for usage in usages) / 1024)


def left_behind():
    while True:
        try:
            yield os.wait4(-1, 0)[2]
        except ChildProcessError:
            return


def in_turns(runs, rounds):
    """Calls each of `runs` (name → function that gives a sample) once a round, and one round before that is not counted.

    Each round begins with another one, so that none always runs behind the same neighbour. One that fails in the first round
    is left out, with a word on stderr.
    """
    samples = {}
    for name, run in runs.items():
        try:
            run()
            samples[name] = []
        except Failed as failure:
            print(f"{name}: {failure}", file=sys.stderr)
    names = list(samples)
    for number in range(rounds):
        first = number % max(len(names), 1)
        for name in names[first:] + names[:first]:
            samples[name].append(runs[name]())
    return samples


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def ratio(over, under, field):
    """The median of the rounds' ratios, and the quartiles around it: `1.23 (1.20–1.31)`."""
    ratios = [getattr(a, field) / getattr(b, field) for a, b in zip(over, under) if getattr(b, field) > 0]
    return spread(ratios)


def spread(numbers, form="{:.2f}"):
    if not numbers:
        return "–"
    if len(numbers) < 3:
        return form.format(statistics.median(numbers))
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return f"{form.format(middle)} ({form.format(low)}–{form.format(high)})"


def mib(path):
    return f"{os.path.getsize(path) / 2**20:.1f}"


def table(head, rows):
    """Prints a table in Markdown."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def need(program):
    if shutil.which(program) is None:
        sys.exit(f"{program} is not here")

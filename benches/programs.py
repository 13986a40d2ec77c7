"""The programs that run.py measures: those in benches/programs, and benches/libraries with the libraries that they run.

Libraries come as sources in crates, at the versions that are written here, which cargo downloads and checks by crates.io's hashes.
CPython is a package that real.py knows; there is one build of it.
"""

import os
import subprocess
import sys
from collections import namedtuple
from glob import glob

import real

HERE = os.path.dirname(os.path.abspath(__file__))
LEVELS = ("-O0", "-O2")
C = ["--target=wasm32-wasi", "-g", "-w"]

Program = namedtuple("Program", "name level module args", defaults=("", None, ()))

# The crate of a library, the folder of its sources in it, and the sources that are left out.
Library = namedtuple("Library", "crate version folder sources options")

LIBRARIES = {
    # Errors end the program: Debian's C library for wasm has no setjmp.
    "lua": Library(
        "lua-src",
        "551.1.0",
        "lua-5.4.9",
        "l[a-z]*.c !lua.c !luac.c !loslib.c !liolib.c !linit.c !loadlib.c",
        ["-DLUAI_THROW(L,c)=__builtin_trap()", "-DLUAI_TRY(L,c,a)={a}", "-Dluai_jmpbuf=int"]
        + ["-D_WASI_EMULATED_SIGNAL", "-lwasi-emulated-signal"],
    ),
    "zlib": Library("libz-sys", "1.1.31", "src/zlib", "*.c !gzclose.c !gzlib.c !gzread.c !gzwrite.c", []),
    # What the C library lacks of files' locks and owners is nothing to a database in memory.
    "sqlite": Library(
        "sqlite3-src",
        "0.7.1",
        "source",
        "sqlite3.c",
        ["-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL"]
        + ['-DSQLITE_DEFAULT_UNIX_VFS="unix-none"', "-Dchmod(p,m)=0", "-Dfchmod(f,m)=0", "-Dfchown(f,u,g)=0"]
        + [f"-D{name}={n}" for n, name in enumerate(("F_RDLCK", "F_WRLCK", "F_UNLCK"))]
        + [f"-D{name}={n}" for n, name in enumerate(("F_GETLK", "F_SETLK", "F_SETLKW"), 5)]
        + ["-Dgeteuid()=0", "-D_WASI_EMULATED_GETPID", "-lwasi-emulated-getpid"],
    ),
    "quickjs": Library(
        "rquickjs-sys",
        "0.14.0",
        "quickjs",
        "quickjs.c dtoa.c libregexp.c libunicode.c",
        ["-D_GNU_SOURCE", "-Wl,-z,stack-size=8388608"],
    ),
}

PYTHON = "import json; x = [str(i * i % 977) for i in range(60000)]; x.sort(); print(len(json.dumps(x)), x[777], sum(map(int, x)))"


def programs(given):
    """Every program at every level, built if it is not; one that cannot be had is left out with a word on stderr."""
    os.makedirs(given.build, exist_ok=True)
    found = []
    sources = sorted(glob(os.path.join(HERE, "programs", "*.*")) + glob(os.path.join(HERE, "libraries", "*.c")))
    for source in sources:
        name = os.path.splitext(os.path.basename(source))[0]
        if given.only and name not in given.only:
            continue
        for level in LEVELS:
            try:
                found.append(Program(name, level, built(source, level, given)))
            except (subprocess.CalledProcessError, FileNotFoundError) as error:
                print(f"{name} {level}: {error}", file=sys.stderr)
    if given.packages and (not given.only or "python" in given.only):
        folder = real.unpacked(real.PYTHON, given.packages)
        module = os.path.join(folder, "package/dist/python.wasm")
        found.append(Program("python", "", module, ["-c", PYTHON]))
    return found


def built(source, level, given):
    """The module of a source file, made unless it is newer than the source."""
    name = os.path.splitext(os.path.basename(source))[0]
    module = os.path.join(given.build, f"{name}{level}.wasm")
    if os.path.exists(module) and os.path.getmtime(module) > os.path.getmtime(source):
        return module
    unfinished = module + ".part"
    if source.endswith(".rs"):
        command = ["rustc", "--edition", "2021", "--target", "wasm32-wasip1", "-g", "-C", f"opt-level={level[2:]}"]
    elif source.endswith(".cpp"):
        command = [given.clang.replace("clang", "clang++"), *C, "-std=c++20", "-fno-exceptions", level]
    else:
        command = [given.clang, *C, level, *library(name, given)]
    subprocess.run([*command, source, *["-lm"] * source.endswith(".c"), "-o", unfinished], check=True)
    os.rename(unfinished, module)
    return module


def library(name, given):
    """The compiler's arguments for the library that a program runs, if it runs one."""
    if name not in LIBRARIES:
        return []
    it = LIBRARIES[name]
    folder = os.path.join(vendored(given), f"{it.crate}-{it.version}", it.folder)
    sources = set()
    for pattern in it.sources.split():
        if pattern.startswith("!"):
            sources.discard(os.path.join(folder, pattern[1:]))
        else:
            sources.update(glob(os.path.join(folder, pattern)))
    return ["-I", os.path.join(HERE, "libraries/include"), "-I", folder, *it.options, *sorted(sources)]


def vendored(given):
    """The folder with the crates' sources."""
    folder = os.path.join(given.build, "vendor")
    if not os.path.isdir(folder):
        manifest = os.path.join(given.build, "Cargo.toml")
        os.makedirs(os.path.join(given.build, "src"), exist_ok=True)
        open(os.path.join(given.build, "src/lib.rs"), "w").close()
        crates = "".join(f'{it.crate} = "={it.version}"\n' for it in LIBRARIES.values())
        with open(manifest, "w") as file:
            file.write(f'[package]\nname = "libraries"\nedition = "2021"\n[workspace]\n[dependencies]\n{crates}')
        subprocess.run(
            ["cargo", "vendor", "-q", "--versioned-dirs", "--manifest-path", manifest, folder],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return folder

"""Sets gdb up for `dwalin run -g`: what the user would otherwise have to type."""
import os
import shlex
import shutil

import gdb

from . import at, frames, guest, libcxx, pointers, rust, symbols, trap

SETTINGS = (
    "breakpoint pending on",  # The program's functions are known when it runs.
    "auto-solib-add off",     # `break malloc` and `break read` are the program's, not those of libc.
    "print thread-events off",  # The threads are the compiler's.
)


def start(folder, program, arguments):
    """Makes `program` what `run` runs. `folder`, with these scripts, is deleted when gdb ends."""
    for setting in SETTINGS:
        gdb.execute("set " + setting, to_string=True)
    gdb.events.gdb_exiting.connect(lambda event: shutil.rmtree(folder, ignore_errors=True))
    gdb.execute("exec-file " + gdb_word(program), to_string=True)
    stub = os.path.join(folder, "dwalin.symbols")
    symbols.write_stub(program, stub)
    gdb.execute("symbol-file " + gdb_word(stub), to_string=True)
    gdb.execute("set args " + " ".join(map(shlex.quote, arguments)), to_string=True)
    for part in (guest, trap, frames, pointers, libcxx, rust, at):
        part.install()


def gdb_word(path):
    """A file's name for gdb's commands, which split at spaces."""
    return '"%s"' % path.replace("\\", "\\\\").replace('"', '\\"')

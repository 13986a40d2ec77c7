"""What a gdb that debugs programs of `dwalin run` is like, however it was started."""
import urllib.parse

import gdb

from . import at, frames, guest, images, libcxx, low_memory, pointers, raising, rust, sources, trap, unmatched, watch, widths
from .options import VERSION

SETTINGS = (
    "breakpoint pending on",  # The program's functions are known when it runs.
    "auto-solib-add off",     # `break malloc` and `break read` are the program's, not those of libc.
    "print thread-events off",  # The threads are the compiler's.
)
# What the command reads in its environment (src/debugger/handed_over.rs, src/debugger/hint.rs).
OPTIONS, SCRIPTS = "DWALIN_RUN", "DWALIN_SCRIPTS"

begun = False


def hand_over(options):
    """Gives the process that `run` starts its options: the arguments at the prompt are the program's then."""
    gdb.execute("set environment %s %s" % (OPTIONS, options), to_string=True)


def decoded(options):
    """The words of `hand_over`'s options."""
    return [urllib.parse.unquote(word, errors="surrogateescape") for word in options.split(" ")]


def begin(folder):
    """Once; `folder` is one for files of this session."""
    global begun
    if begun:
        return
    begun = True
    for setting in SETTINGS:
        gdb.execute("set " + setting, to_string=True)
    # An assertion of gdb's own that fails ends a command then, and not the session.
    for what in ("quit", "corefile"):
        gdb.execute("maint set internal-error %s no" % what, to_string=True)
    gdb.execute("set environment %s %s" % (SCRIPTS, VERSION), to_string=True)
    for part in (guest, low_memory, trap, frames, pointers, libcxx, rust, at, raising, sources, unmatched, watch, widths):
        part.install()
    images.install(folder)

"""What a gdb that debugs programs of `dwalin run` is like, however it was started."""
import re

import gdb

from . import at, command, frames, guest, images, jump, libcxx, own_addresses, pointers, raising, references, rust, sources, tables, trap, unmatched, watch, widths
from .options import VERSION

SETTINGS = (
    "breakpoint pending on",  # The program's functions are known when it runs.
    "auto-solib-add off",     # `break malloc` and `break read` are the program's, not those of libc.
    "stack-cache off",        # Two addresses are one: what is written at one is read at the other.
    "print thread-events off",  # The threads are the compiler's.
)
# What the command reads in its environment (src/debugger/handed_over.rs, src/debugger/hint.rs).
OPTIONS, SCRIPTS = "DWALIN_RUN", "DWALIN_SCRIPTS"

begun = False


def hand_over(words):
    """Gives the process that `run` starts its options: the arguments at the prompt are the program's then."""
    gdb.execute("set environment %s %s" % (OPTIONS, command.encoded(words)), to_string=True)


def for_scripts(words):
    """Options of `dwalin run`, `run` first and the file last, for a gdb with these scripts; unless the user chose another debugger. From
    version 16 on, what a pointer is of is found at the guest's own addresses only (runtime/src/config.rs)."""
    chosen = [word for word in words[:-1] if word.startswith("--debugger")]
    if chosen not in ([], ["--debugger=gdb"]):
        return words
    has_own = own_addresses.interpose() or int(re.match(r"\d*", gdb.VERSION).group() or 0) >= 16
    debugger = "--debugger=gdb-addresses" if has_own else "--debugger=gdb"
    return words[:1] + [debugger] + [word for word in words[1:-1] if word not in chosen] + words[-1:]


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
    for part in (guest, own_addresses, trap, frames, jump, pointers, references, libcxx, rust, at, raising, sources, tables, unmatched, watch, widths):
        part.install()
    images.install(folder)

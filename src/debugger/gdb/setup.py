"""Makes a gdb that was started without `dwalin gdb` what it would be with it, once it is told to debug the command. Loaded by the lines
that `dwalin setup` writes into gdb's init file; all other programs are debugged as ever."""
import shlex
import urllib.parse

import gdb

from . import guest, session
from .options import WITH_VALUE

SYMBOL = "__dwalin_code"


def split(words):
    """The options of `dwalin run`, with the file, and the program's arguments; `None` where it is something else that is run."""
    if not words or words[0] != "run":
        return None
    at = 1
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        at += 2 if words[at] in WITH_VALUE else 1
    at += at < len(words) and words[at] == "--"
    if at >= len(words):
        return None
    # As it is now, and not when it is run: `run` has what was typed there only.
    return words[:at + 1], words[at + 1:]


def encoded(words):
    return " ".join(urllib.parse.quote(word, safe="/._-=:,+@", errors="surrogateescape") for word in words)


def take_arguments():
    """Arguments of the command, as of `gdb --args dwalin run -g app.wasm ARGS`, are ARGS from now on."""
    try:
        parts = split(shlex.split(gdb.parameter("args") or ""))
    except ValueError:  # Quotes that do not end.
        return
    if parts:
        options, arguments = parts
        session.hand_over(encoded(options))
        gdb.execute("set args " + " ".join(map(shlex.quote, arguments)), to_string=True)


def is_command(objfile):
    if objfile is None or objfile.filename != gdb.current_progspace().filename:
        return False
    try:
        guest.in_c("(unsigned long)&" + SYMBOL)
    except gdb.error:
        return False
    return True


def on_new_objfile(event):
    if is_command(event.new_objfile):
        session.begin()
        take_arguments()


def install():
    gdb.events.new_objfile.connect(on_new_objfile)

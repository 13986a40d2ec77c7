"""Makes a gdb that was started without `dwalin gdb` what it would be with it, once it is told to debug the command. Loaded by the lines
that `dwalin setup` writes into gdb's init file; all other programs are debugged as ever."""
import os
import shlex
import shutil
import tempfile

import gdb

from . import ahead, command, guest, session
from .options import WITH_VALUE

SYMBOL = "__dwalin_code"


def arguments():
    inferior = gdb.selected_inferior()
    if hasattr(inferior, "arguments"):  # From gdb 14 on.
        return inferior.arguments or ""
    # The parameter of the name has only what was given to `set args`.
    said = gdb.execute("show args", to_string=True)
    return said[said.find('"') + 1:said.rfind('"')]


def take_arguments(program):
    """Arguments of the command, as of `gdb --args dwalin run -g app.wasm ARGS`, are ARGS from now on."""
    try:
        parts = command.split(shlex.split(arguments()), WITH_VALUE)
    except ValueError:  # Quotes that do not end.
        return
    if parts:
        options, rest = parts
        options = session.for_scripts(options)
        session.hand_over(options)
        gdb.execute("set args " + " ".join(map(shlex.quote, rest)), to_string=True)
        ahead.install(program, options, os.path.join(folder, "dwalin.image"))


def is_command(objfile):
    if objfile.filename != gdb.current_progspace().filename:
        return False
    try:
        guest.in_c("(unsigned long)&" + SYMBOL)
    except gdb.error:
        return False
    return True


folder = None  # For files of this session.


def look_at(objfile):
    global folder
    if not is_command(objfile):
        return
    if folder is None:
        folder = tempfile.mkdtemp(prefix="dwalin-")
        gdb.events.gdb_exiting.connect(lambda event: shutil.rmtree(folder, ignore_errors=True))
        session.begin(folder)
    take_arguments(objfile.filename)


def install():
    """Both for programs to come and for the one that was loaded before, where a person sources the init file by hand."""
    gdb.events.new_objfile.connect(lambda event: look_at(event.new_objfile))
    for objfile in gdb.objfiles():
        look_at(objfile)

"""Sets gdb up for `dwalin gdb`: with the program to debug, and without the runtime's names."""
import os
import shlex
import shutil

import gdb

from . import ahead, command, dap, recording, session, symbols


def start(folder, program, options, arguments):
    """Makes `program` what `run` runs, with its own options and the guest's arguments. `folder`, with these scripts, is deleted when gdb
    ends."""
    gdb.events.gdb_exiting.connect(lambda event: shutil.rmtree(folder, ignore_errors=True))
    gdb.execute("exec-file " + gdb_word(program), to_string=True)
    stub = os.path.join(folder, "dwalin.symbols")
    symbols.write_stub(program, stub)
    gdb.execute("symbol-file " + gdb_word(stub), to_string=True)
    words = session.for_scripts(command.decoded(options))
    session.hand_over(words)
    gdb.execute("set args " + " ".join(map(shlex.quote, arguments)), to_string=True)
    session.begin(folder)
    ahead.install(program, words, os.path.join(folder, "dwalin.image"))


def replay(folder, program):
    """Sets gdb up for a server that replays a recording of what `program` has run; gdb is connected to it by a command that follows."""
    gdb.events.gdb_exiting.connect(lambda event: shutil.rmtree(folder, ignore_errors=True))
    gdb.execute("exec-file " + gdb_word(program), to_string=True)
    stub = os.path.join(folder, "dwalin.symbols")
    symbols.write_stub(program, stub)
    gdb.execute("symbol-file " + gdb_word(stub), to_string=True)
    gdb.execute("set remotetimeout 120", to_string=True)  # The program is compiled first.
    # The server is on this machine: libraries are not read by way of it.
    gdb.execute("set sysroot /", to_string=True)
    session.begin(folder)
    recording.install()
    dap.install()


def gdb_word(path):
    """A file's name for gdb's commands, which split at spaces."""
    return '"%s"' % path.replace("\\", "\\\\").replace('"', '\\"')

"""The program's symbols while it does not run.

gdb learns of the program when the runtime registers its image. Until then, and when it has ended, gdb has the image of an
instance that nobody runs: sources are listed, names are completed and breakpoints are found as in a native program. Its addresses
are another process's: so it goes when a process begins, before breakpoints are inserted. To gdb it is a library that was
unloaded: the breakpoints in it are pending until the real image is there, and keep their numbers, conditions and counts.
"""
import os
import subprocess

import gdb

from . import guest

WATCHPOINTS = (gdb.BP_WATCHPOINT, gdb.BP_HARDWARE_WATCHPOINT, gdb.BP_READ_WATCHPOINT, gdb.BP_ACCESS_WATCHPOINT)


class Ahead:
    """The image of a module, and the command that makes it."""

    def __init__(self, command, file, module):
        self.command, self.file = command, file
        self.folder, self.module = os.getcwd(), os.path.abspath(module)
        self.made_of = None
        self.shown = self.over = False
        self.watchpoints = []  # Those that wait for the process's image.

    def make(self):
        """Makes the image, unless there is one of the module as it is; if that fails, an older one serves."""
        try:
            status = os.stat(self.module)
        except OSError:
            return self.made_of is not None
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        if identity != self.made_of:
            made = subprocess.run(self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if made.returncode != 0:
                print(made.stderr.strip())
                return self.made_of is not None
            self.made_of = identity
        return True

    def show(self):
        """While there is no process; images.py calls it at the process's end. False where gdb ends too."""
        if not self.shown and not self.over and self.make():
            execute("add-symbol-file %s -o 0" % word(self.file))
            # Its sections are read in their order, and the executable's, which is not loaded, are at the guest's addresses too.
            execute("exec-file " + word(self.command[0]))
            self.shown = True
            with open(self.file, "rb") as file:
                guest.static[:] = [guest.parse(0, lambda offset, size: read(file, offset, size))]
        self.watch()
        return self.shown

    def hide(self):
        if self.shown:
            self.stop_watching()
            self.shown = False
            guest.static.clear()
            gdb.execute("remove-symbol-file " + word(self.file), to_string=True)
            # When the real image comes, gdb looks names up before it has forgotten that there were none.
            gdb.execute("maintenance flush symbol-cache", to_string=True)

    def stop_watching(self):
        """A watchpoint and `break *function` have no place to be pending at: they are disabled until there are symbols again."""
        for watchpoint in gdb.breakpoints():
            is_fixed = watchpoint.type in WATCHPOINTS or (watchpoint.location or "").startswith("*")
            if is_fixed and watchpoint.enabled and watchpoint.number > 0:
                watchpoint.enabled = False
                self.watchpoints.append(watchpoint)

    def watch(self):
        watchpoints, self.watchpoints = self.watchpoints, []
        for watchpoint in watchpoints:
            if watchpoint.is_valid():
                watchpoint.enabled = True

    def on_objfile(self, event):
        """The first that gdb reads of a process is the system's own library, when the executable has its addresses and nothing of
        the process has run yet."""
        if gdb.selected_inferior().pid and not ending:
            self.hide()
            if self.watchpoints and guest.images():
                gdb.execute("maintenance flush symbol-cache", to_string=True)
                self.watch()

    def end(self, event):
        """gdb ends, and kills the process when the file is gone."""
        self.over = True


def execute(command):
    """Executes a command about symbols. Newer versions (18 does) insert watchpoints then, also into a process that has just ended; all
    else is done when that fails."""
    try:
        gdb.execute(command, to_string=True)
    except gdb.error as why:
        if "Could not insert hardware" not in str(why):
            raise


def read(file, offset, size):
    file.seek(offset)
    return file.read(size)


def word(path):
    """A file's name for gdb's commands, which split at spaces."""
    return '"%s"' % path.replace("\\", "\\\\").replace('"', '\\"')


image = None  # The program's, where there is one.
ending = False  # While a process ends it still has its number.


def install(program, run, file):
    """`run` are the words by which `program` runs the module, which is the last of them; `file` is where the image is to be."""
    global image
    # Where it answers requests, it is the same program.
    options = [word for word in run[1:] if not word.startswith("--addr=")]
    ahead = Ahead([program, "debug-image", "--output=" + file] + options, file, run[-1])
    ahead.show()
    if ahead.shown:
        image = ahead
        gdb.events.new_objfile.connect(ahead.on_objfile)
        gdb.events.gdb_exiting.connect(ahead.end)

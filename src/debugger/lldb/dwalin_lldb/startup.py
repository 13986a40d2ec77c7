"""What `dwalin lldb` does for its program, for an lldb that was started by itself: `lldb -- dwalin run -g app.wasm ARGS`.

lldb reads its init files before it makes the target, and has nothing that it calls when there is one: so a thread waits for it.
"""
import os
import shlex
import tempfile
import threading
import time

import lldb

from . import command, guest, images

try:
    from .options import WITH_VALUE
except ImportError:  # Written by `dwalin setup`.
    WITH_VALUE = None

VARIABLE = "DWALIN_RUN"  # src/debugger/handed_over.rs
PATIENCE, STEP = 30, 0.005  # Seconds.


def made(program, options):
    """The image of the program before it runs; None where there is none, and why is said when it runs."""
    try:
        with tempfile.NamedTemporaryFile(prefix="dwalin-") as file:
            line = [program, "debug-image", "--debugger=lldb-formatters"] + options[1:]
            return file.read() if images.write(line, file.name) else None
    except OSError:
        return None


def arguments(info):
    return [info.GetArgumentAtIndex(i) for i in range(info.GetNumArguments())]


def wait(until):
    for _ in range(int(PATIENCE / STEP)):
        if until():
            return True
        time.sleep(STEP)
    return False


def prepare(debugger, words, rest, image, name):
    """Shows the target its program, and leaves it the program's arguments."""
    if not wait(debugger.GetNumTargets):
        return
    target = debugger.GetTargetAtIndex(0)

    def write(file):
        with open(file, "wb") as out:
            return out.write(image)

    if image and not target.GetProcess().IsValid():
        images.load(target, name, write)
    if wait(lambda: arguments(target.GetLaunchInfo()) == words):
        info = target.GetLaunchInfo()
        info.SetArguments(rest, False)
        target.SetLaunchInfo(info)


def begin(debugger):
    with open("/proc/self/cmdline", "rb") as file:
        line = file.read().decode(errors="surrogateescape").split("\0")[:-1]
    program, *words = line[line.index("--") + 1:] or [""] if "--" in line else [""]
    parts = command.split(words, WITH_VALUE) if WITH_VALUE is not None and os.path.basename(program).startswith("dwalin") else None
    if parts is None:
        return
    options, rest = parts
    guest.command(debugger, "settings append target.env-vars %s" % shlex.quote("%s=%s" % (VARIABLE, command.encoded(options))))
    debugger = lldb.SBDebugger.FindDebuggerWithID(debugger.GetID())
    image = made(program, options)
    name = os.path.basename(options[-1])
    threading.Thread(target=prepare, args=(debugger, words, rest, image, name), daemon=True).start()

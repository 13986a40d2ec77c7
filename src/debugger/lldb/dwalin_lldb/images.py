"""The program's images, as modules with its name.

lldb's own reader of the JIT interface makes a new module of each image, called by its address, and keeps those of processes that
have ended: a breakpoint has their places, too. So the runtime offers an image first (runtime/src/describe/offer.rs), with a signal that only
the stop hook sees, and it is loaded here. A module whose file is another one now takes the place of the module before, with all that
breakpoints have in it: their numbers, counts and conditions stay.

Before the program runs, it is the image of an instance that nobody runs: sources are listed, names completed, types looked up and
breakpoints found as in a native program, at addresses of no process.
"""
import os
import shutil
import struct
import subprocess
import tempfile

import lldb

from . import guest

OFFER = "__dwalin_offer"
FOLDERS = {}  # Of targets: where the files are while they are loaded.
PROGRAMS = {}  # Of targets: the file that runs.
LOADED = {}  # Of targets: the number of the process that runs in it, and its modules.
PREFERRED = {}  # Of targets: the process whose libraries are behind the images.
KEPT = []  # All modules: lldb 19 reads types of one that was replaced when an expression needs them again, and dies if it is gone.


def key(target):
    """A target, while it is there."""
    return target.GetDebugger().GetID(), target.GetDebugger().GetIndexOfTarget(target)


def load(target, name, write):
    """Adds a module that `write` writes into the file that it is given; None where that fails. lldb has mapped it when the file goes."""
    folder = FOLDERS.get(key(target))
    try:
        if folder is None:
            folder = FOLDERS[key(target)] = tempfile.mkdtemp(prefix="dwalin-")
        else:
            os.mkdir(folder, 0o700)
        try:
            file = os.path.join(folder, name)
            os.makedirs(os.path.dirname(file), exist_ok=True)
            if not write(file):
                return None
            module = target.AddModule(file, None, None)
            KEPT.append(module)
            return module if module.IsValid() else None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return None  # lldb's own reader has it then.


def write(command, file):
    """Has `dwalin debug-image` write its image into a file; whether it did."""
    line = command[:2] + ["--output=" + file] + command[2:]
    return subprocess.run(line, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def show_ahead(target, command, module):
    """Loads the image of a file that is not run yet; `command` makes it, and is told where. What goes wrong is said when it runs."""
    PROGRAMS[key(target)] = module
    # lldb takes names in UTF-8 only.
    name = os.fsencode(os.path.basename(module)).decode(errors="replace")
    image = load(target, name, lambda file: write(command, file))
    if image:
        list_main(target, image)


def is_component(target):
    """Whether the program is a component, which has an image for each of its core modules (Binary.md: the layer in the preamble)."""
    try:
        with open(PROGRAMS[key(target)], "rb") as file:
            start = file.read(1 << 12)
    except (KeyError, OSError):
        return False
    # A text may have comments first.
    return start[6:8] == b"\1\0" if start.startswith(b"\0asm") else b"(component" in start.partition(b"(module")[0]


def list_main(target, image):
    """Has `list`, `b 12` and `breakpoint set -p` be about the file with the program's `main`: lldb looks in the executable only."""
    for found in image.FindFunctions("main", lldb.eFunctionNameTypeBase):
        place = found.GetFunction().GetStartAddress().GetLineEntry()
        path = place.IsValid() and place.GetFileSpec().fullpath
        # lldb takes commands in UTF-8 only.
        if path and path.isprintable():
            line = max(place.GetLine() - 5, 1)
            guest.command(target.GetDebugger(), "source list -l %d -f '%s'" % (line, path))
            if line > 10:
                # Those before: `list` goes on behind what was listed last.
                guest.command(target.GetDebugger(), "source list -r")
            return


def offered(process, thread):
    """What the runtime offers where a thread has stopped: the address of its answer, the file, and the program's name."""
    if thread.GetStopReason() != lldb.eStopReasonSignal:
        return None
    if process.GetUnixSignals().GetSignalAsCString(thread.GetStopReasonDataAtIndex(0)) != "SIGTRAP":
        return None
    target = process.GetTarget()
    symbols = target.FindModule(target.GetExecutable()).FindSymbol(OFFER)
    address, error = symbols.GetStartAddress().GetLoadAddress(target), lldb.SBError()
    data = process.ReadMemory(address, 12, error) if symbols.IsValid() else None
    if not data:
        return None
    text, size = struct.unpack("<QI", data)
    words = process.ReadMemory(text, size, error) if text else None
    if not words:
        return None
    file, name, _ = words.decode(errors="surrogateescape").split("\0")
    return address + 12, file, name


def prefer(target):
    """Has expressions mean the program's variables where the host's libraries have some of these names, too: lldb takes the first that it finds
    in the order of its modules (`FindGlobalVariable` in ClangExpressionDeclMap.cpp), and the debug info of libc has `optind` and every
    static variable of its files. Libraries go behind the images, but for the dynamic loader, which lldb itself follows."""
    pid = target.GetProcess().GetProcessID()
    if PREFERRED.get(key(target)) == pid or not any(guest.is_image(module) for module in target.module_iter()):
        return
    PREFERRED[key(target)] = pid
    for module in list(target.module_iter()):
        file, symbols = module.GetFileSpec(), module.GetSymbolFileSpec()
        is_loader = (file.GetFilename() or "").startswith(("ld-", "[vdso]"))
        if is_loader or guest.is_image(module) or not symbols.IsValid() or symbols.fullpath == file.fullpath:
            continue
        address = module.GetObjectFileHeaderAddress().GetLoadAddress(target)
        if address != lldb.LLDB_INVALID_ADDRESS and target.RemoveModule(module):
            target.AddModule(module)
            target.SetModuleLoadAddress(module, address)


def take(process, thread):
    """Loads what the runtime offers. The file, where the stop was for that."""
    found = offered(process, thread)
    if found is None:
        return None
    answer, file, name = found
    target = process.GetTarget()
    pid, before = LOADED.get(key(target), (None, []))
    if pid != process.GetProcessID():
        # The first takes the place of the first; there may be fewer others.
        for module in before[1:]:
            target.RemoveModule(module)
        before = []
    name = os.path.basename(name) or "wasm"
    if before:
        name = os.path.join(str(len(before)), name)
    module = load(target, name, lambda to: shutil.copyfile(file, to))
    if module:
        # Addresses in the image are those of the process.
        target.SetModuleLoadAddress(module, 0)
        process.WriteMemory(answer, struct.pack("<I", 1), lldb.SBError())
        before = before + [module]
    LOADED[key(target)] = process.GetProcessID(), before
    return file

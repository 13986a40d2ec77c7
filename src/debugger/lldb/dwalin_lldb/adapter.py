"""lldb-dap, the adapter through which editors use lldb.

Before lldb 23 a script cannot say why a program stopped, so that an editor was told the signal's name for every trap; and before lldb 20 it
cannot hide frames. What lldb-dap tells the editor goes through relay.py then, which is told what a script knows at each stop.
"""
import fcntl
import json
import os
import re
import socket
import stat
import struct
import subprocess
import sys

import lldb

IS_ADAPTER = "lldb-dap" in os.path.basename(os.path.realpath("/proc/self/exe"))
SAYS_WHY = 23  # The version of lldb that asks scripts why the program stopped.
RELAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay.py")
TOLD = []  # The pipe on which the relay is told.


def is_pipe_out(fd, files):
    """Whether what is written to `fd` is read by another process: `files` are those that this one has open."""
    if stat.S_ISFIFO(files[fd].st_mode):
        inode = files[fd].st_ino
        is_write = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        return is_write and [file.st_ino for file in files.values()].count(inode) == 1
    if not stat.S_ISSOCK(files[fd].st_mode):
        return False
    with socket.socket(fileno=os.dup(fd)) as end:
        if end.family != socket.AF_UNIX:
            return False
        # Of a pair, whose two ends one process made.
        pid, _, _ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return pid != os.getpid()


def protocol_output():
    """The file descriptor on which lldb-dap tells the editor; None where it is not certain. Standard output is lldb-dap's own
    pipe, and this is what standard output was."""
    with open("/proc/self/cmdline", encoding="utf-8", errors="replace") as file:
        if re.search(r"\0(-p|--port|--connection)\b", file.read()):
            return None  # The editor writes to the same one.
    files = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            files[int(name)] = os.fstat(int(name))
        except OSError:
            pass  # That of the listing itself.
    # It was made just before that pipe; pipes that lldb-dap inherited may be before and behind.
    own = min((fd for fd in files if fd > 2 and files[fd].st_ino == files[1].st_ino), default=0)
    return max((fd for fd in range(3, own) if fd in files and is_pipe_out(fd, files)), default=None)


def version():
    found = re.search(r"version (\d+)", lldb.SBDebugger.GetVersionString())
    return int(found.group(1)) if found else SAYS_WHY


def begin():
    """Puts the relay between lldb-dap and the editor, where it is needed."""
    if not IS_ADAPTER or TOLD or version() >= SAYS_WHY:
        return
    try:
        output = protocol_output()
        if output is None:
            return
        messages, to_relay = os.pipe()
        told, tell = os.pipe()
        os.set_blocking(tell, False)
        subprocess.Popen([sys.executable, "-I", "-S", RELAY, str(told)], stdin=messages, stdout=output, stderr=subprocess.DEVNULL,
                         pass_fds=[told], cwd="/")
        os.dup2(to_relay, output, inheritable=False)
        for fd in (messages, to_relay, told):
            os.close(fd)
        TOLD.append(tell)
    except (OSError, ValueError):
        pass  # The signal's name is better than no session.


def is_relayed():
    return bool(TOLD)


def tell(trap, code):
    """Says why the program has stopped, if for a trap, and where the program's code is."""
    try:
        os.write(TOLD[0], json.dumps({"trap": trap, "code": code}).encode() + b"\n")
    except OSError:
        pass  # It has ended, or nobody reads.

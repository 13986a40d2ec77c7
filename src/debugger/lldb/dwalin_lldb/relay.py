"""Between lldb-dap and an editor: passes on what lldb-dap says, with traps called by their names, and the runtime's frames marked as
those that an editor folds. Runs as a process of its own, until lldb-dap ends. https://microsoft.github.io/debug-adapter-protocol has
what is passed.
"""
import json
import os
import re
import signal
import sys

HEADER = re.compile(rb"Content-Length: *(\d+)[^\n]*\n(?:[^\r\n]+\r?\n)*\r?\n", re.IGNORECASE)
CHANGED = (b'"stopped"', b'"exceptionInfo"', b'"stackTrace"')
OURS = "wasm::"  # As frames.py has it.
ORIGIN = "the runtime of the program"


class Stop:
    """What is known of the last stop, as adapter.py tells it."""

    def __init__(self, told):
        self.told, self.rest = told, b""
        self.trap, self.code = None, []
        os.set_blocking(told, False)

    def update(self):
        try:
            while data := os.read(self.told, 1 << 16):
                self.rest += data
        except BlockingIOError:
            pass
        *lines, self.rest = self.rest.split(b"\n")
        if lines:
            last = json.loads(lines[-1])
            self.trap, self.code = last["trap"], last["code"]

    def is_of_program(self, frame):
        if frame.get("name", "").startswith(OURS):
            return False
        address = int(frame.get("instructionPointerReference", "0"), 0)
        return not self.code or any(start <= address < end for start, end in self.code)


def fold(frame):
    """Marks a frame as one that is not the user's."""
    frame["presentationHint"] = "subtle"
    source = frame.setdefault("source", {"name": "dwalin"})
    source["presentationHint"], source["origin"] = "deemphasize", ORIGIN


def change(message, stop):
    """Says in a message what is known of the stop."""
    kind, body = message.get("event") or message.get("command"), message.get("body") or {}
    if kind == "stackTrace":
        for frame in body.get("stackFrames", ()):
            if not stop.is_of_program(frame):
                fold(frame)
    elif stop.trap and (kind == "exceptionInfo" and body or kind == "stopped" and body.get("reason") == "exception"):
        body["description"] = "wasm trap: " + stop.trap
        if kind == "stopped":
            body["text"] = body["description"]


def changed(text, stop):
    """A message as the editor gets it."""
    try:
        stop.update()
        if any(word in text for word in CHANGED):
            message = json.loads(text)
            change(message, stop)
            text = json.dumps(message, separators=(",", ":")).encode()
    except (ValueError, TypeError, KeyError, AttributeError, OSError):
        pass  # As lldb-dap said it.
    return b"Content-Length: %d\r\n\r\n%s" % (len(text), text)


def write(data):
    while data:
        data = data[os.write(1, data):]


def relay(stop):
    data = b""
    while read := os.read(0, 1 << 16):
        data += read
        while header := HEADER.search(data):
            end = header.end() + int(header.group(1))
            if len(data) < end:
                break
            write(data[:header.start()] + changed(data[header.end():end], stop))
            data = data[end:]
    write(data)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    relay(Stop(int(sys.argv[1])))

"""Compares the way back with the way forward, in a session of lldb 21 or later with a recording, as compare_gdb.py does: it has breakpoints and
watchpoints on the way back, and no steps."""

import os

import lldb

SOURCE = os.environ["SOURCE"]
POINTS = int(os.environ["POINTS"])
MOST = 40
WATCHES = POINTS * 3 // 10

counts = {"breakpoints": 0, "watchpoints": 0, "steps": 0, "stops": 0, "skipped": 0}


def fail(what, expected, found):
    print(f"FAIL {SOURCE} {what}\n  forward: {expected}\n  back:    {found}", flush=True)


class Session:
    def __init__(self, debugger):
        self.debugger = debugger
        debugger.SetAsync(False)
        self.target = debugger.GetSelectedTarget()
        self.process = self.target.GetProcess()

    def thread(self):
        return self.process.GetSelectedThread()

    def frame(self):
        return self.thread().GetFrameAtIndex(0)

    def go(self, direction):
        """Goes on; returns true where a breakpoint or a watchpoint stops it."""
        self.process.ContinueInDirection(direction)
        if self.process.GetState() != lldb.eStateStopped:
            return False
        reasons = (lldb.eStopReasonBreakpoint, lldb.eStopReasonWatchpoint)
        return self.thread().GetStopReason() in reasons

    def here(self):
        frames = []
        for frame in self.thread():
            if len(frames) == 40:
                break
            frames.append((frame.GetDisplayFunctionName(), frame.GetLineEntry().GetLine()))
        values = []
        for value in self.frame().GetVariables(True, True, False, True):
            values.append((value.GetName(), value.GetValue(), value.GetSummary()))
        return self.frame().GetPC(), frames, values

    def functions(self):
        """The functions of the program that run, those that are inlined left out: after a write, and before it, they are the same."""
        frames = [frame for frame in self.thread() if not frame.IsInlined()]
        return [frame.GetFunctionName() for frame in frames if "wasm" in (frame.GetModule().GetFileSpec().GetFilename() or "")]

    def stops(self, direction, most):
        found = []
        while len(found) < most and self.go(direction):
            found.append(self.here())
        return found

    def to_start(self):
        for number in range(self.target.GetNumBreakpoints()):
            self.target.GetBreakpointAtIndex(number).SetEnabled(False)
        self.target.DisableAllWatchpoints()
        self.process.ContinueInDirection(lldb.eRunReverse)

    def compare_breakpoint(self, line):
        self.to_start()
        point = self.target.BreakpointCreateByLocation(SOURCE, line)
        forward = self.stops(lldb.eRunForward, MOST + 1)
        if not forward or len(forward) > MOST:
            counts["skipped"] += 1
            self.target.BreakpointDelete(point.GetID())
            return False
        # One at the very instruction of the trap is where the way back begins.
        if self.frame().GetPC() == forward[-1][0]:
            forward.pop()
        back = self.stops(lldb.eRunReverse, len(forward) + 1)
        self.compare(f"breakpoint at {line}", forward, back)
        counts["breakpoints"] += 1
        self.target.BreakpointDelete(point.GetID())
        return True

    def compare(self, what, forward, back):
        if len(back) != len(forward):
            fail(f"{what}: number of stops", forward, back)
        for number, (expected, found) in enumerate(zip(reversed(forward), back)):
            if expected != found:
                fail(f"{what}, stop {number} from the end", expected, found)
        counts["stops"] += len(back)

    def compare_watchpoint(self, name, address, size):
        self.to_start()
        error = lldb.SBError()
        options = lldb.SBWatchpointOptions()
        options.SetWatchpointTypeWrite(lldb.eWatchpointWriteTypeOnModify)
        point = self.target.WatchpointCreateByAddress(address, size, options, error)
        if not point.IsValid():
            counts["skipped"] += 1
            return False

        def value():
            failed = lldb.SBError()
            bytes_ = self.process.ReadMemory(address, size, failed)
            return bytes_ if failed.Success() else failed.GetCString()

        was, forward = value(), []
        while len(forward) <= MOST and self.go(lldb.eRunForward):
            now = value()
            forward.append((was, now, self.functions()))
            was = now
        if not forward or len(forward) > MOST:
            counts["skipped"] += 1
            self.target.DeleteWatchpoint(point.GetID())
            return False
        was, back = value(), []
        while len(back) <= len(forward) and self.go(lldb.eRunReverse):
            now = value()
            back.append((now, was, self.functions()))
            was = now
        self.compare(f"watchpoint {name}", forward, back)
        counts["watchpoints"] += 1
        self.target.DeleteWatchpoint(point.GetID())
        return True

    def places(self):
        found = []
        for value in list(self.frame().GetVariables(False, True, False, False)) + list(self.frame().GetVariables(False, False, True, False)):
            if SOURCE not in str(value.GetDeclaration().GetFileSpec()):
                continue
            place = value.GetLoadAddress()
            if place != lldb.LLDB_INVALID_ADDRESS and value.GetByteSize() in (1, 2, 4, 8):
                if value.GetNumChildren() == 0 or value.GetType().IsPointerType():
                    found.append((value.GetName(), place, value.GetByteSize()))
        return found

    def lines(self):
        found = set()
        for module in self.target.module_iter():
            for unit in module.compile_unit_iter():
                if SOURCE in str(unit.GetFileSpec()):
                    for entry in unit:
                        if entry.GetLine() and entry.GetFileSpec().GetFilename() == SOURCE:
                            found.add(entry.GetLine())
        return sorted(found)

    def compare_breakpoints(self, lines, count):
        """Compares breakpoints until there were so many in all; the lines."""
        compared = []
        while counts["breakpoints"] < count:
            line = next(lines, None)
            if line is None:
                break
            if self.compare_breakpoint(line):
                compared.append(line)
        return compared

    def run(self):
        lines = self.lines()
        step = max(1, len(lines) // max(1, POINTS - WATCHES))
        first = lines[::step]
        lines = iter(first + [line for line in lines if line not in first])
        compared = self.compare_breakpoints(lines, POINTS - WATCHES)
        if compared:
            self.to_start()
            point = self.target.BreakpointCreateByLocation(SOURCE, compared[0])
            self.go(lldb.eRunForward)
            watched = self.places()
            self.target.BreakpointDelete(point.GetID())
            for place in watched:
                if counts["breakpoints"] + counts["watchpoints"] == POINTS:
                    break
                self.compare_watchpoint(*place)
        # Instead of variables in memory, where there are not as many.
        self.compare_breakpoints(lines, POINTS - counts["watchpoints"])
        print("\nCOMPARED", " ".join(f"{name}={count}" for name, count in counts.items()), flush=True)


def __lldb_init_module(debugger, _):
    if hasattr(lldb.SBProcess, "ContinueInDirection"):
        Session(debugger).run()
    else:
        print("lldb does not go back")

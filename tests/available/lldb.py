"""Runs inside lldb: what gdb.py does in gdb, in the same form.

    lldb-19 --no-lldbinit --batch -o "command script import tests/available/lldb.py"
"""
import json
import os

import lldb

spec = json.load(open(os.environ["DRIVER_SPEC"]))
out = open(spec["out"], "w")


def is_ours(address):
    return any(start <= address < end for start, end in spec["ours"])


def is_code(address):
    return spec["text"][0] <= address < spec["text"][1]


def why_not(value):
    """Why a variable has no value; nothing, if it has one."""
    value.SetPreferSyntheticValue(False)
    if value.GetType().GetByteSize() == 0:
        return None
    data, failure = value.GetData(), value.GetError()
    if failure.Fail():
        return failure.GetCString() or "unknown"
    return None if data.GetByteSize() else "no data"


def variables(frame):
    found, block = [], frame.GetBlock()
    while block.IsValid():
        for value in block.GetVariables(frame, True, True, True, lldb.eNoDynamicValues):
            line = value.GetDeclaration().GetLine()
            found.append({"name": value.GetName(), "line": line, "why": why_not(value)})
        if block.IsInlined():
            break
        block = block.GetParent()
    return found


def begins_inlined(frame):
    """Whether an inlined call begins where the innermost frame is: lldb shows that as the place before the call."""
    address = frame.GetPCAddress()
    target = frame.GetThread().GetProcess().GetTarget()
    block = target.ResolveSymbolContextForAddress(address, lldb.eSymbolContextBlock).GetBlock()
    while block.IsValid():
        index = block.GetRangeIndexForBlockAddress(address)
        begins = block.GetRangeStartAddress(index).GetLoadAddress(target) == frame.GetPC()
        if block.IsInlined() and begins:
            return True
        block = block.GetParent()
    return False


def look(how, thread, move):
    """Writes down the guest's frames; whether the innermost is of the program's own."""
    frames, calls = [], []
    for frame in thread:
        # Inlined calls are frames of their own, and only the innermost says where the program is.
        calls.append(frame)
        if frame.IsInlined():
            continue
        address = calls[0].GetPC() - move - (1 if frames else 0)
        if not is_code(address):
            break
        seen = [variable for call in calls for variable in variables(call)] if is_ours(address) else []
        hides = not frames and begins_inlined(calls[0])
        frames.append({"address": address, "cfa": frame.GetCFA(), "variables": seen, "hides": hides})
        calls = []
    print(json.dumps({"how": how, "frames": frames}), file=out)
    return bool(frames) and is_ours(frames[0]["address"])


def alive(process):
    return process.GetState() == lldb.eStateStopped


def start(debugger):
    """Runs until the code is known; the process, and by how much it is elsewhere than in the image."""
    target = debugger.CreateTarget(spec["program"])
    info = lldb.SBLaunchInfo(["run", "-g", spec["module"]])
    info.SetWorkingDirectory(os.getcwd())
    info.AddOpenFileAction(1, spec["output"], False, True)
    info.AddOpenFileAction(2, "/dev/null", False, True)
    debugger.HandleCommand("settings set target.skip-prologue false")
    begin = target.BreakpointCreateByRegex("^_start(.command_export)?$")
    process = target.Launch(info, lldb.SBError())
    # The module has one or both; the loader and the command have one too, before the image is known.
    while not target.FindSymbols(spec["symbol"]).GetSize() and process.GetState() == lldb.eStateStopped:
        process.Continue()
    symbol = target.FindSymbols(spec["symbol"])[0].GetSymbol()
    move = symbol.GetStartAddress().GetLoadAddress(target) - spec["base"]
    target.BreakpointDelete(begin.GetID())
    return process, move


def go(how, count, process, move):
    thread = process.GetSelectedThread()
    commands = {"step": thread.StepInto, "next": thread.StepOver, "stepi": lambda: thread.StepInstruction(False)}
    for _ in range(count):
        commands[how]()
        if not alive(process):
            return
        left = 0
        while not look(how, thread, move):
            left += 1
            # Out of main the host waits, and stays for long.
            if left > 8 or not is_code(thread.GetFrameAtIndex(0).GetPC() - move):
                return
            thread.StepOut()


def once(process, address):
    process.GetTarget().BreakpointCreateByAddress(address).SetOneShot(True)


def run(debugger):
    process, move = start(debugger)
    once(process, spec["main"] + move)
    process.Continue()
    look("breakpoint", process.GetSelectedThread(), move)
    go("step", spec["steps"], process, move)
    process.Kill()
    process, move = start(debugger)
    for address in spec["functions"]:
        once(process, address + move)
    for _ in spec["functions"]:
        process.Continue()
        if not alive(process):
            break
        look("breakpoint", process.GetSelectedThread(), move)
        go("stepi", spec["stepis"], process, move)
        if alive(process):
            go("next", spec["nexts"], process, move)
        if not alive(process):
            break
    out.close()


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    for line in spec["commands"]:
        debugger.HandleCommand(line)
    try:
        run(debugger)
    finally:
        for i in range(debugger.GetNumTargets()):
            debugger.GetTargetAtIndex(i).GetProcess().Kill()

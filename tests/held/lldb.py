"""Runs inside lldb: what gdb.py does in gdb, in the same form.

    lldb-19 --no-lldbinit --batch -o "command script import tests/held/lldb.py"
"""
import json
import os

import lldb

spec = json.load(open(os.environ["DRIVER_SPEC"]))
SIGNED = (lldb.eBasicTypeChar, lldb.eBasicTypeSignedChar, lldb.eBasicTypeShort, lldb.eBasicTypeInt, lldb.eBasicTypeLong, lldb.eBasicTypeLongLong)
UNSIGNED = (lldb.eBasicTypeBool, lldb.eBasicTypeUnsignedChar, lldb.eBasicTypeUnsignedShort, lldb.eBasicTypeUnsignedInt,
            lldb.eBasicTypeUnsignedLong, lldb.eBasicTypeUnsignedLongLong)


def number(value, kind):
    """The number that a value is, as gdb.py writes it; None for a pointer, and where lldb has none."""
    error, basic = lldb.SBError(), kind.GetBasicType()
    if kind.GetTypeClass() == lldb.eTypeClassEnumeration or basic in SIGNED:
        text = str(value.GetValueAsSigned(error))
    elif basic in UNSIGNED:
        # A constant of a location has all of lldb's 64 bits.
        text = str(value.GetValueAsUnsigned(error) & ((1 << 8 * kind.GetByteSize()) - 1))
    elif basic == lldb.eBasicTypeFloat:
        text = repr(value.GetData().GetFloat(error, 0))
    elif basic == lldb.eBasicTypeDouble:
        text = repr(value.GetData().GetDouble(error, 0))
    else:
        return None
    return text if error.Success() and value.GetError().Success() else None


def numbers(value, member=""):
    """The numbers of a value, by member."""
    value = value.GetNonSyntheticValue()
    kind = value.GetType().GetCanonicalType()
    if kind.GetTypeClass() in (lldb.eTypeClassStruct, lldb.eTypeClassClass):
        bases = kind.GetNumberOfDirectBaseClasses()
        for i in range(bases, value.GetNumChildren()):
            child = value.GetChildAtIndex(i)
            if child.GetName():
                yield from numbers(child, member + "." + child.GetName())
        return
    text = number(value, kind)
    if text is not None:
        yield member, text


def note(frame, held):
    # As natively, arguments are on their way at a function's beginning; what is inlined there begins behind that.
    if not frame.IsInlined() and frame.GetFunction().GetStartAddress().GetLoadAddress(target) == frame.GetPC():
        return
    function = frame.GetFunctionName().split("(")[0]
    names = set()
    # lldb names the outermost scope's variables first.
    for variable in reversed(list(frame.GetVariables(True, True, False, True))):
        if variable.GetName() in names:
            continue
        names.add(variable.GetName())
        line = variable.GetDeclaration().GetLine()
        for member, text in numbers(variable):
            held.setdefault((function, variable.GetName(), line, member), set()).add(text)


def stops(frame):
    """Breakpoints at the rows of the table that a frame is in."""
    unit = frame.GetCompileUnit()
    rows = (unit.GetLineEntryAtIndex(i) for i in range(unit.GetNumLineEntries()))
    places = {row.GetStartAddress().GetLoadAddress(target) for row in rows if row.GetLine()}
    return {pc: target.BreakpointCreateByAddress(pc) for pc in places if pc != lldb.LLDB_INVALID_ADDRESS}


lldb.debugger.SetAsync(False)
for command in spec["commands"]:
    lldb.debugger.HandleCommand(command)
target = lldb.debugger.CreateTarget(spec["program"])
first = target.BreakpointCreateByLocation(spec["file"], spec["line"])
process = target.LaunchSimple(["run"] + spec["options"].split() + [spec["module"]], None, os.getcwd())
breakpoints = stops(process.GetSelectedThread().GetFrameAtIndex(0))
target.BreakpointDelete(first.GetID())
held, arrivals = {}, {}
while process.GetState() == lldb.eStateStopped:
    frames = process.GetSelectedThread().frames
    pc = frames[0].GetPC()
    for frame in frames:
        if frame.GetLineEntry().GetFileSpec().GetFilename() == spec["file"]:
            note(frame, held)
        if spec["most"] and not frame.IsInlined():
            break
    arrivals[pc] = arrivals.get(pc, 0) + 1
    if arrivals[pc] == spec["most"] and pc in breakpoints:
        target.BreakpointDelete(breakpoints[pc].GetID())
    process.Continue()
with open(spec["out"], "w") as out:
    for (function, name, line, member), values in sorted(held.items()):
        out.write(json.dumps([function, name, line, member, sorted(values)]) + "\n")

"""Runs inside lldb: what gdb.py does in gdb, in the same form.

    lldb-19 --no-lldbinit --batch -o "command script import tests/optimised/lldb.py"
"""
import json
import os
import re

import lldb

spec = json.load(open(os.environ["DRIVER_SPEC"]))
MOST_ELEMENTS = 8  # of an array


def leaves(kind, offset, size, found):
    """The numbers of a type: offset and size in bits, and whether it is a pointer of lldb's own."""
    kind = kind.GetCanonicalType()
    if kind.IsArrayType():
        element = kind.GetArrayElementType()
        count = kind.GetByteSize() // max(element.GetByteSize(), 1)
        for i in range(min(count, MOST_ELEMENTS)):
            leaves(element, offset + 8 * i * element.GetByteSize(), None, found)
    elif kind.GetByteSize() == 0:
        return  # rustc gives functions, which have no bytes, the members of pointers
    elif kind.GetTypeClass() in (lldb.eTypeClassClass, lldb.eTypeClassStruct, lldb.eTypeClassUnion):
        for i in range(kind.GetNumberOfDirectBaseClasses()):
            base = kind.GetDirectBaseClassAtIndex(i)
            leaves(base.GetType(), offset + base.GetOffsetInBits(), None, found)
        for i in range(kind.GetNumberOfFields()):
            field = kind.GetFieldAtIndex(i)
            bits = field.GetBitfieldSizeInBits() if field.IsBitfield() else None
            leaves(field.GetType(), offset + field.GetOffsetInBits(), bits, found)
    elif kind.IsPointerType() or kind.IsReferenceType():
        found.append((offset, 64, True))
    else:
        found.append((offset, size or 8 * kind.GetByteSize(), False))


def shown(value):
    """[offset in bits, size in bits, the bits or null, what lldb says] of all numbers of a variable."""
    said = []
    value.SetPreferSyntheticValue(False)
    error, data, failure = lldb.SBError(), value.GetData(), value.GetError()
    size = data.GetByteSize()
    content = data.ReadRawData(error, 0, size) if size and failure.Success() else None
    places = []
    leaves(value.GetType(), 0, None, places)
    for offset, size, is_pointer in places:
        # lldb 19 lays some of Rust's variants out anew, beyond the end of the enumeration.
        if offset + (32 if is_pointer else size) > 8 * value.GetType().GetByteSize():
            continue
        if content is None:
            said.append([offset, 32 if is_pointer else size, None, failure.GetCString() or "no data"])
            continue
        bits = int.from_bytes(content, "little") >> offset & ((1 << size) - 1)
        # Null, or the guest's address behind the memory's base.
        if is_pointer and bits >> 32 and not bits & 0xFFFFFFFF:
            said.append([offset, 32, "bad", "the base for null"])
        text = "%x" % (bits & 0xFFFFFFFF if is_pointer else bits)
        said.append([offset, 32 if is_pointer else size, text, text])
    return said


def member(kind, name):
    """The member of a name: its type and its offset in bits. Members of bases and of unnamed structures are the structure's own."""
    kind = kind.GetCanonicalType()
    for i in range(kind.GetNumberOfFields()):
        field = kind.GetFieldAtIndex(i)
        if field.GetName() == name:
            return field.GetType(), field.GetOffsetInBits()
    within = [kind.GetDirectBaseClassAtIndex(i) for i in range(kind.GetNumberOfDirectBaseClasses())]
    for base in within:
        # lldb names it with its namespace, and with spaces of its own.
        if base.GetName().replace(" ", "").endswith(name.replace(" ", "")):
            return base.GetType(), base.GetOffsetInBits()
    fields = [kind.GetFieldAtIndex(i) for i in range(kind.GetNumberOfFields())]
    # lldb's form of variants: a union of structures, each with the discriminant.
    within += [field for field in fields if not field.GetName() or field.GetName().startswith("$variant")]
    for inner in within:
        found = member(inner.GetType(), "$discr$" if name == "discriminant" else name)
        if found:
            return found[0], found[1] + inner.GetOffsetInBits()
    return None


def fold(variables):
    """Members that are variables of their own, as `point.x`, where the whole is not there: into the whole."""
    split = [(re.match(r"[^.\[]*", one["name"] or "")[0], one) for one in variables]
    rest = [one for name, one in split if name == (one["name"] or "")]
    wholes = {(one["name"] or "", one["line"]): one for one in rest}
    for name, one in split:
        path, whole = (one["name"] or "")[len(name):], wholes.get((name, one["line"]))
        if not path:
            continue
        if not whole:
            rest.append(one)
            continue
        kind, offset = whole["type"], 0
        for step in re.findall(r"\.([^.\[]+)|\[(\d+)\]", path):
            if step[0]:
                kind, more = member(kind, step[0])
            else:
                kind = kind.GetCanonicalType().GetArrayElementType()
                more = 8 * int(step[1]) * kind.GetByteSize()
            offset += more
        there = {offset + leaf[0]: leaf for leaf in one["leaves"] if leaf[2] is not None}
        for i, leaf in enumerate(whole["leaves"]):
            if leaf[0] in there:
                assert leaf[2] is None, (one["name"], "is there twice")
                whole["leaves"][i] = leaf[:1] + there[leaf[0]][1:]
    for one in rest:
        del one["type"]
    return rest


def look(thread, move):
    said, depth, i = [], 0, 0
    while i < thread.GetNumFrames() and depth < 2:
        variables, frame = [], thread.GetFrameAtIndex(i)
        address = frame.GetPC() - move - (1 if depth else 0)
        while True:
            options = lldb.SBVariablesOptions()
            options.SetIncludeArguments(True)
            options.SetIncludeLocals(True)
            options.SetIncludeStatics(True)
            options.SetInScopeOnly(True)
            options.SetUseDynamic(lldb.eNoDynamicValues)
            # Those of inner blocks come last.
            inner = []
            for value in frame.GetVariables(options):
                line = value.GetDeclaration().GetLine()
                leaves_of = shown(value)
                inner.append({"name": value.GetName(), "line": line, "leaves": leaves_of, "type": value.GetType()})
            variables += reversed(fold(inner))
            i += 1
            if not frame.IsInlined() or i >= thread.GetNumFrames():
                break
            frame = thread.GetFrameAtIndex(i)
        said.append({"address": address, "variables": variables})
        depth += 1
    return said


def run(debugger):
    out = open(spec["out"], "w")
    target = debugger.CreateTarget(spec["program"])
    info = lldb.SBLaunchInfo(["run", "-g", "app.wasm"])
    info.SetWorkingDirectory(os.getcwd())
    info.AddOpenFileAction(1, spec["output"], False, True)
    info.AddOpenFileAction(2, "/dev/null", False, True)
    debugger.HandleCommand("settings set target.skip-prologue false")
    start = target.BreakpointCreateByRegex("^_start(.command_export)?$")
    process = target.Launch(info, lldb.SBError())
    # The module has one or both; the loader and the command have one too, before the image is known.
    while not target.FindSymbols(spec["symbol"]).GetSize() and process.GetState() == lldb.eStateStopped:
        process.Continue()
    symbol = target.FindSymbols(spec["symbol"])[0].GetSymbol()
    move = symbol.GetStartAddress().GetLoadAddress(target) - spec["base"]
    target.BreakpointDelete(start.GetID())
    stops, seen = {}, {}
    for address in spec["stops"]:
        stops[target.BreakpointCreateByAddress(address + move).GetID()] = address
    process.Continue()
    while process.GetState() == lldb.eStateStopped:
        thread = process.GetSelectedThread()
        if thread.GetStopReason() != lldb.eStopReasonBreakpoint:
            print("stopped for another reason", thread.GetStopDescription(100))
            break
        stop = thread.GetStopReasonDataAtIndex(0)
        address = stops[stop]
        print(json.dumps({"address": address, "frames": look(thread, move)}), file=out)
        seen[stop] = seen.get(stop, 0) + 1
        if seen[stop] >= spec["most"]:
            target.BreakpointDelete(stop)
        process.Continue()
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

"""Frames: the program's, without those of the runtime and of what starts a program.

`bt` shows the program's and counts the others; `bt all`, `bt 3` and `thread backtrace` are lldb's own. From lldb 20 on it leaves out, and
`up` and `down` pass over, frames that a recognizer hides.
"""
import lldb

from . import guest, library, trap

OURS = "wasm::"  # Code that the runtime makes for calls between it and the program (runtime/src/code/mod.rs).
HIDES = hasattr(lldb.SBFrame, "IsHidden")
MODULES = r"^(dwalin.*|JIT\(.*|.*\.wa(sm|t)(:.*)?)$"  # Behind a colon: the core module of a component.


def is_internal(frame):
    """Code between the host and the program, which has a name of its own."""
    return not guest.is_guest(frame) or (frame.GetFunctionName() or "").startswith(OURS)


def source(frame):
    """The file that a frame's code is of; None where nothing says so."""
    place = frame.GetLineEntry()
    return place.GetFileSpec().fullpath if place.IsValid() and place.GetLine() else None


def is_of_library(frame):
    """Of the language's library, by its source or its name."""
    return library.is_library(frame.GetFunctionName() or "", source(frame))


def is_of_program(frame):
    """Of the program's own source."""
    return guest.is_guest(frame) and source(frame) is not None and not is_of_library(frame)


def last_of_program(thread):
    """The outermost frame of the program's own source: behind `main` is what calls it."""
    return max((frame.GetFrameID() for frame in thread if is_of_program(frame)), default=1 << 32)


def is_inside(thread):
    """Whether there is a frame of the program's own source."""
    return any(is_of_program(frame) for frame in thread)


def last_of_ours(thread):
    """The outermost of the frames that are not the program's, before one that is."""
    last = None
    for frame in thread:
        if not is_internal(frame):
            break
        last = frame
    return last


def is_before_main(thread):
    """Whether constructors of static objects run: wasm-ld's function calls them before `main`."""
    return any(guest.is_guest(frame) and frame.GetFunctionName() == "__wasm_call_ctors" for frame in thread)


def relevant(thread):
    """The frame to be shown of a program that a signal has stopped, where it is not the innermost one: that of the program's own source
    behind a panic, an abort or an exception that nobody catches, and behind a call of the host that Ctrl-C interrupts."""
    raises, caller = False, None
    waits = is_internal(thread.GetFrameAtIndex(0))
    for frame in thread:
        if not is_internal(frame):
            if is_of_program(frame):
                return frame if raises or waits else None
            raises = raises or library.raises(frame.GetFunctionName() or "")
            caller = caller or frame
        elif not waits or caller:
            break
    return caller if waits else None


def select(thread):
    frame = relevant(thread)
    if frame:
        thread.SetSelectedFrame(frame.GetFrameID())


class Recognizer:
    """What lldb asks of each frame. It says what the trap is called, and which frame of it is the user's, from lldb 23 on."""

    def get_recognized_arguments(self, _frame):
        return []

    def should_hide(self, frame):
        return guest.is_runtime(frame.GetThread().GetProcess().GetTarget()) and is_internal(frame)

    def get_stop_description(self, frame):
        name = trap.name(frame.GetThread()) if frame.GetFrameID() == 0 else None
        return "wasm trap: " + name if name else None

    def select_most_relevant_frame(self, frame):
        thread = frame.GetThread()
        return relevant(thread) if frame.GetFrameID() == 0 and thread.GetStopReason() == lldb.eStopReasonSignal else None


def module_name(frame, _internal_dict):
    """What a frame's code is of: the program's file, where lldb says at what address it was told of it."""
    module = frame.GetModule()
    if guest.is_image(module):
        for index in range(min(module.GetNumSymbols(), 4)):
            symbol = module.GetSymbolAtIndex(index)
            if symbol.GetType() == lldb.eSymbolTypeSourceFile:
                return symbol.GetName().rpartition("/")[2]
    return module.GetFileSpec().GetFilename() or ""


def name_modules(debugger, module):
    """Has lines about frames name the program; the user's own format stays as it is otherwise."""
    for setting in ("frame-format", "frame-format-unique"):
        formats = debugger.GetInternalVariableValue(setting, debugger.GetInstanceName())
        text = formats.GetStringAtIndex(0) or ""
        named = text.replace("${module.file.basename}", "${script.frame:%s.module_name}" % module)
        if named != text:
            debugger.SetInternalVariable(setting, named, debugger.GetInstanceName())


def backtrace(debugger, command, exe_ctx, result, _internal_dict):
    """Show the program's frames; with an argument, what lldb's own `bt` shows."""
    if command.strip() or not guest.is_runtime(exe_ctx.GetTarget()) or not exe_ctx.GetThread().IsValid():
        count = "-c " + command if command.strip().isdigit() else command
        debugger.GetCommandInterpreter().HandleCommand("thread backtrace " + count, exe_ctx, result)
        return
    thread = exe_ctx.GetThread()
    if thread.GetSelectedFrame().GetFrameID() == 0 and is_internal(thread.GetFrameAtIndex(0)):
        select(thread)  # After Ctrl-C lldb asks no hooks, and before lldb 21 no recognizer either.
    selected = thread.GetSelectedFrame()
    text = lldb.SBStream()
    thread.GetStatus(text)
    lines, folded = [text.GetData().splitlines()[0]], 0

    def fold():
        if folded:
            all_of_them = "thread backtrace -u" if HIDES else "thread backtrace"
            count = "1 frame" if folded == 1 else "%d frames" % folded
            lines.append("    ... %s of the runtime (`%s` shows %s)" % (count, all_of_them, "it" if folded == 1 else "them"))

    ends = last_of_program(thread)
    for frame in thread:
        if is_internal(frame) or frame.GetFrameID() > ends and is_of_library(frame):
            folded += 1
            continue
        fold()
        folded = 0
        text = lldb.SBStream()
        frame.GetDescription(text)
        mark = "  * " if frame.GetFrameID() == selected.GetFrameID() else "    "
        lines.append(mark + text.GetData().strip())
    fold()
    result.AppendMessage("\n".join(lines))


def register(debugger, module):
    guest.command(debugger, "command script add -o -f %s.backtrace bt" % module)
    name_modules(debugger, module)
    if HIDES:
        for modules, functions in ((MODULES, "."), (r"^libc\.so", r"^(__libc_start_|_start$)"), (r"^ld-linux", ".")):
            guest.command(debugger, "frame recognizer add -f false -x -l %s.Recognizer -s '%s' -n '%s'" % (module, modules, functions))

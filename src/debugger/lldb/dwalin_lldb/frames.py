"""`bt` with the program's frames; those of the runtime are counted. `bt all`, `bt 3` and `thread backtrace` are lldb's own."""
import lldb

from .trap import is_guest


def is_internal(frame):
    """Code between the host and the program, which has a name of its own."""
    return not is_guest(frame) or (frame.GetFunctionName() or "").startswith("wasm::")


def backtrace(debugger, command, exe_ctx, result, _internal_dict):
    """Show the program's frames; with an argument, what lldb's own `bt` shows."""
    if command.strip() or not exe_ctx.GetThread().IsValid():
        count = "-c " + command if command.strip().isdigit() else command
        debugger.GetCommandInterpreter().HandleCommand("thread backtrace " + count, exe_ctx, result)
        return
    thread, selected = exe_ctx.GetThread(), exe_ctx.GetFrame()
    text = lldb.SBStream()
    thread.GetStatus(text)
    lines, folded = [text.GetData().splitlines()[0]], 0

    def fold():
        if folded:
            lines.append("    ... %d frames of the runtime (`thread backtrace` shows them)" % folded)

    for frame in thread:
        if is_internal(frame):
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
    debugger.HandleCommand("command script add -o -f %s.backtrace bt" % module)

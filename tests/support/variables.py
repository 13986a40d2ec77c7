"""What scripts in gdb that look at variables share: settings, and the blocks that variables are in."""
import gdb

SETTINGS = ("pagination off", "confirm off", "breakpoint pending on", "width 0", "print thread-events off", "debuginfod enabled off")


def set_up():
    for setting in SETTINGS:
        gdb.execute("set " + setting)


def blocks(block):
    """A block and those around it, up to that of the function whose code it is: those of inlined functions are between."""
    while block and not block.is_static and not block.is_global:
        yield block
        block = block.superblock

"""`watch`, `rwatch` and `awatch` at the guest's own addresses: `watch -l p->x`, `watch *(int *) 0x11290`.

gdb would watch the memory's second mapping there, which the program never writes to. They watch what the host has at the address; and
all other places as ever.
"""
import re

import gdb

from . import guest, own_addresses

LOCATION = re.compile(r"-(?:l|location)\s+")
# What may follow the expression (GDB's manual, "Setting Watchpoints").
REST = re.compile(r"\s(?:if\b|thread\s|task\s|mask\s).*$", re.DOTALL)
VARIABLE = re.compile(r"[\w.]+")
AT_ADDRESS = re.compile(r"\s*(?:\*|\{)")
NUMBERS = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long long"}


defined = False


def place(expression, is_location):
    """What is at a guest's address, by where the host has it; `None` for what is found there already."""
    value = gdb.parse_and_eval(expression)
    if value.type.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        value = value.referenced_value()
    pointer = value.address
    if pointer is None:
        return None
    address = int(pointer) & 0xffffffffffffffff
    # The address of a variable has its 32 bits too: what is not at an address that was given is found by its own way.
    is_given = AT_ADDRESS.match(expression) or own_addresses.several and not is_of_variable(expression)
    if not is_location and (address >> 32 or not is_given):
        return None
    host = guest.host(address)
    return "{%s} 0x%x" % (type_at(value.type, host), host)


def is_of_variable(expression):
    """Whether it is a variable or a member of one, and not of what one of them points to."""
    if not VARIABLE.fullmatch(expression):
        return False
    names = expression.split(".")
    outer = (gdb.parse_and_eval(".".join(names[:count])).type.strip_typedefs().code for count in range(1, len(names)))
    return not any(code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF) for code in outer)


def type_at(type, address):
    """What to call a type in an expression."""
    names = [str(type.unqualified()), str(type.strip_typedefs().unqualified()), NUMBERS.get(type.sizeof)]
    for name in filter(None, names):
        try:
            if gdb.parse_and_eval("{%s} 0x%x" % (name, address)).type.sizeof == type.sizeof:
                return name
        except gdb.error:
            continue
    raise gdb.GdbError("A value of type %s cannot be watched at its address: watch its members" % type)


def rewritten(argument):
    """The argument, with the host's place in that of a guest's."""
    location = LOCATION.match(argument)
    expression = argument[location.end():] if location else argument
    rest = REST.search(expression)
    rest = rest.group(0) if rest else ""
    expression = expression[:len(expression) - len(rest)]
    try:
        found = place(expression, bool(location))
    except gdb.error:
        return expression + rest  # gdb says what is wrong with it.
    except guest.Unreadable as why:
        raise gdb.GdbError(str(why))
    return (found or expression) + rest


class Watch(gdb.Command):
    def __init__(self, name, kind, what):
        self.__doc__ = "%s [-l|-location] EXPRESSION: stops when the value %s. As gdb's own, and at the guest's addresses too." % (name, what)
        super().__init__(name, gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_EXPRESSION)
        self.kind = kind

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        if not argument.strip():
            raise gdb.GdbError("Argument required (expression to compute).")
        try:
            gdb.Breakpoint(rewritten(argument), gdb.BP_WATCHPOINT, self.kind)
        except gdb.error as error:
            raise gdb.GdbError(str(error))


def install():
    """gdb's own commands do it where its accesses are redirected, and there is one memory."""
    if own_addresses.interpose():
        gdb.events.new_objfile.connect(lambda event: own_addresses.several and define())
    else:
        define()


def define():
    global defined
    if defined:
        return
    defined = True
    Watch("watch", gdb.WP_WRITE, "changes")
    Watch("rwatch", gdb.WP_READ, "is read")
    Watch("awatch", gdb.WP_ACCESS, "is read or changes")

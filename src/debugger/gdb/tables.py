"""`info vtbl`: gdb would read tables of 8-byte addresses, and the guest's are of 4-byte indices. It says by what their functions are shown."""
import gdb


def table_pointers(type):
    """Members by which objects of a class find their tables, those of its bases first."""
    type = type.strip_typedefs()
    for field in type.fields() if type.code == gdb.TYPE_CODE_STRUCT else ():
        if field.is_base_class:
            yield from table_pointers(field.type)
        elif (field.name or "").startswith("_vptr"):
            yield field.name


def of_object(type):
    """What a pointer or a reference is of."""
    type = type.strip_typedefs()
    is_of_other = type.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
    return type.target() if is_of_other else type


class InfoVtbl(gdb.Command):
    """info vtbl EXPRESSION: says what shows the virtual functions of a C++ object."""

    def __init__(self):
        super().__init__("info vtbl", gdb.COMMAND_STATUS, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        try:
            type = of_object(gdb.parse_and_eval(argument).type)
        except gdb.error as why:
            raise gdb.GdbError(str(why))
        found = next(table_pointers(type), None)
        if found is None:
            raise gdb.GdbError("This object does not have a virtual function table")
        table = "(%s)->%s" % (argument, found)
        raise gdb.GdbError("gdb reads tables of the host's. `print *%s` shows the first function, `print %s[1]` the next one" % (table, table))


def install():
    InfoVtbl()

"""Generates expressions from the types of what is in scope, asks gdb about each in many ways, and prints what it answers: a line
with the command, a tab, and the answer without what differs between a native build and one for WebAssembly."""
import re

import gdb

DEPTH = 2
ASKED = ("print {}", "print &{}", "print *&{}", "output {}", "whatis {}", "ptype {}", "x/1xb &{}", "print/x {}", "print sizeof(&{}) > 3")
ENDURED = ("print -object on -- {}", "info vtbl {}", "print *{}")  # Answers need not be the same.
DECAYED = ("whatis {} + 1", "whatis &{}[0]", "print sizeof({} + 1) > 3")
OF_MEMBERS = ("local.*{}", "to_local->*{}", "(*to_local).*{}", "{} == &Plain::b", "{} == &Plain::a", "*{}")
FUNCTIONS = r"(?:add|sub|twice)"
names = re.compile(r"[A-Za-z]\w*$")


def plain(answer):
    """An answer without addresses, and with types as gdb spells those of typedefs that have a pointer's or an array's name."""
    answer = re.sub(r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\) )?0x[0-9a-f]+ <(%s)(?:\(int(?:, int)?\))?>" % FUNCTIONS, r"&\1", answer)
    answer = re.sub(r"&(%s)\(int(?:, int)?\)" % FUNCTIONS, r"&\1", answer)
    answer = re.sub(r"^\$\d+ = ", "", answer)
    answer = re.sub(r"0x[0-9a-f]+(?: <[^<>]*>)?", "0x", answer)
    answer = re.sub(r" ((?:\[\d+\])+) ([*&]+)", r" (\2)\1", answer)
    # Of what has such a name, `int (*all)[2]` is `int (*)[2] all`.
    answer = re.sub(r"[^;{]*\(\*?&?\w*\)(?:\[\d+\]|\(int\))[^;]*;", " ...;", answer)
    answer = re.sub(r"[^;{]*Plain::\*[^;]*;", " ...;", answer)
    answer = re.sub(r"\(\*\)\(([^()]*)\) ?\*", r"(**)(\1)", answer)
    answer = re.sub(r"(field|method) =.*", "", answer)  # Pointers to members are numbers.
    answer = answer.replace("virtual ", "")
    return re.sub(r" (?=[*&])", "", answer)


def ask(command):
    try:
        return gdb.execute(command, to_string=True).strip()
    except gdb.error as error:
        return "! %s" % error
    except KeyboardInterrupt:
        return "died"  # An internal error, which gdb was told to survive.


def say(command, answer):
    print("%s\t%s" % (command, plain(" \\ ".join(answer.splitlines()))), flush=True)


def bare(type):
    type = type.strip_typedefs()
    if type.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        type = type.target().strip_typedefs()
    return type


def is_function_pointer(type):
    return type.code == gdb.TYPE_CODE_ENUM and type.name == "function" or \
        type.code == gdb.TYPE_CODE_PTR and type.target().strip_typedefs().code == gdb.TYPE_CODE_FUNC


def is_of_functions(type):
    """Whether a type's name is made of that of a function's."""
    while type.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY) and not is_function_pointer(type):
        type = type.target().strip_typedefs()
    return is_function_pointer(type)


def members(type):
    for field in type.fields():
        if field.is_base_class or not field.name:
            yield from members(field.type.strip_typedefs())
        # Pointers to members are numbers here.
        elif names.match(field.name) and field.name not in ("field", "method", "null"):
            yield field.name


def arithmetic(expression, type):
    """What an array's or a pointer's elements are found by."""
    if type.code == gdb.TYPE_CODE_ARRAY:
        yield "&{0}[1] - {0}"
        yield "&{0}[1] - &{0}[0]"
        yield "*(&{0}[0] + 1) == {0}[1]"
        yield "{0}[1] == *({0} + 1)"
    else:
        yield "*&{0}[0]"
        yield "*({0} + 1 - 1)"
        yield "{0} + 1 - {0}"
        yield "{0} + 1 == {0}"


def children(expression, type):
    if type.code == gdb.TYPE_CODE_PTR:
        target = type.target().strip_typedefs()
        if target.code in (gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_FUNC):
            return
        yield "*%s" % expression
        yield "%s[0]" % expression
        if target.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
            yield from ("%s->%s" % (expression, name) for name in members(target))
    elif type.code == gdb.TYPE_CODE_ARRAY:
        for element in ("%s[1]", "*%s", "*(%s + 1)"):
            yield element % expression
    elif type.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        yield from ("%s.%s" % (expression, name) for name in members(type))


def walk(expression, depth):
    wrapped = "(%s)" % expression
    try:
        type = bare(gdb.parse_and_eval(expression).type)
    except gdb.error as error:
        return say("print " + expression, "! %s" % error)
    for command in ASKED:
        if is_of_functions(type) and command.startswith(("whatis", "ptype")):
            continue
        command = command.format(wrapped)
        say(command, ask(command))
    for command in ENDURED:
        command = command.format(wrapped)
        say("endure " + command, ask(command))
    for asked in OF_MEMBERS if type.code == gdb.TYPE_CODE_MEMBERPTR else ():
        say("print " + asked.format(wrapped), ask("print " + asked.format(wrapped)))
    if type.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY) and type.target().strip_typedefs().sizeof:
        for command in DECAYED:
            say("endure " + command.format(wrapped), ask(command.format(wrapped)))
        for asked in arithmetic(expression, type):
            command = "print " + asked.format(wrapped)
            say(command, ask(command))
    if depth:
        for child in children(wrapped if expression[0] == "*" else expression, type):
            walk(child, depth - 1)


def tree(name, depth):
    """The tree of variables of an editor, which talks to gdb in MI."""
    answer = ask('interpreter-exec mi "-var-list-children --all-values %s"' % name)
    for child in re.finditer(r'child={name="([^"]*)",exp="([^"]*)",numchild="(\d+)"(?:,value="((?:[^"\\]|\\.)*)")?', answer):
        path, expression, count, value = child.groups()
        if expression in ("field", "method", "null") or "_vptr" in expression:
            continue
        say("tree " + path, value or "")
        if depth and int(count):
            tree(path, depth - 1)


def variables():
    block, found = gdb.selected_frame().block(), set()
    while block:
        found.update(it.name for it in block if (it.is_variable or it.is_argument) and names.match(it.name or ""))
        block = block.superblock
    return sorted(found - {"method", "lambda"})


def main():
    for setting in ("internal-error quit no", "internal-error corefile no", "internal-error backtrace off"):
        ask("maint set " + setting)
    for name in variables():
        walk(name, DEPTH)
        ask('interpreter-exec mi "-var-create tree_%s * %s"' % (name, name))
        tree("tree_" + name, 3)
    print("walked")


main()

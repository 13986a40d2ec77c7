"""As much of WebAssembly's binary format as it takes to let a function of a module trap."""

import os

# Instructions with one LEB128 immediate and nothing that must be closed: call, local and global access, constants.
ONE_IMMEDIATE = (0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x41, 0x42)
UNREACHABLE, NOP = 0x00, 0x01


class Bytes:
    """A cursor over a module."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def leb(self):
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def name(self):
        return self.take(self.leb()).decode(errors="replace")


def sections(data):
    """Id, start and end of each section's contents."""
    cursor = Bytes(data, 8)
    while cursor.at < len(data):
        kind, size = cursor.byte(), cursor.leb()
        yield kind, cursor.at, cursor.at + size
        cursor.at += size


def function_names(data):
    for kind, start, end in sections(data):
        cursor = Bytes(data, start)
        if kind != 0 or cursor.name() != "name":
            continue
        while cursor.at < end:
            subsection, size = cursor.byte(), cursor.leb()
            after = cursor.at + size
            if subsection == 1:
                for _ in range(cursor.leb()):
                    index = cursor.leb()
                    yield index, cursor.name()
            cursor.at = after


def imported_functions(data):
    count = 0
    for kind, start, _ in sections(data):
        if kind != 2:
            continue
        cursor = Bytes(data, start)
        for _ in range(cursor.leb()):
            cursor.name(), cursor.name()
            what = cursor.byte()
            if what == 0:
                count += 1
                cursor.leb()
            elif what == 3:
                cursor.take(2)
            else:
                if what == 1:
                    cursor.byte()
                flags = cursor.byte()
                cursor.leb()
                if flags & 1:
                    cursor.leb()
    return count


def trapping(data, name):
    """The module with `unreachable` as the first instruction of a function, and nothing else moved: its DWARF stays right."""
    found = [(index, full) for index, full in function_names(data) if full == name or name in full]
    exact = [(index, full) for index, full in found if full == name] or found
    if len(exact) != 1:
        raise SystemExit(f"{name}: {len(exact)} functions: {', '.join(full for _, full in exact[:8])}")
    body = exact[0][0] - imported_functions(data)
    for kind, start, _ in sections(data):
        if kind != 10:
            continue
        cursor = Bytes(data, start)
        cursor.leb()
        for _ in range(body):
            cursor.take(cursor.leb())
        cursor.leb()
        for _ in range(cursor.leb()):
            cursor.leb(), cursor.byte()
        first = cursor.at
        if cursor.byte() not in ONE_IMMEDIATE:
            raise SystemExit(f"{name} begins with an instruction that cannot be replaced")
        cursor.leb()
        changed = bytearray(data)
        changed[first : cursor.at] = bytes([UNREACHABLE]) + bytes([NOP]) * (cursor.at - first - 1)
        return bytes(changed)
    raise SystemExit("no code")


def write_trapping(given, folder):
    """Writes the module whose function traps; its path."""
    path = os.path.join(folder, "trapping.wasm")
    with open(given.module, "rb") as fine, open(path, "wb") as out:
        out.write(trapping(fine.read(), given.function))
    return path

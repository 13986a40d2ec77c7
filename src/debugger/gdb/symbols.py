"""Writes an ELF file that is the executable without its names.

`break main` and `break read` of the program must not find functions of the runtime, and stepping must not enter them. gdb
takes a breakpoint in every function of a name, and its Python can take locations away only after it has said that it made
them. So gdb is not given the executable's symbols, but a file with the same segments and sections (which is how gdb finds
where the executable was loaded), its call frame information (to unwind), its probe (by which `next` and `finish` stop in handlers
of exceptions, runtime/src/unwind/exception.rs), and the few symbols that gdb and these scripts need. What has no symbols and no lines, `step` passes over.
"""
import struct

WANTED = (b"__jit_debug_register_code", b"__jit_debug_descriptor", b"__dwalin_code", b"__dwalin_history")
PROBES = b".note.stapsdt"
SECTION = struct.Struct("<IIQQQQIIQQ")  # Name, type, flags, address, offset, size, link, info, alignment, entry size.
SYMBOL = struct.Struct("<IBBHQQ")
SYMTAB, STRTAB, NOBITS, DYNSYM, ALLOC = 2, 3, 8, 11, 2


class Strings:
    """A string table that is being made."""

    def __init__(self):
        self.bytes = bytearray(1)

    def add(self, text):
        self.bytes += text + b"\0"
        return len(self.bytes) - len(text) - 1


def read(file, offset, size):
    file.seek(offset)
    return file.read(size)


def string(table, offset):
    return table[offset:table.index(b"\0", offset)]


def wanted_symbols(file, sections):
    """Those of the table for dynamic linking are there in a stripped file too; in one that is not, the others are the same."""
    kinds = {section[1] for section in sections}
    for section in sections:
        if section[1] == (DYNSYM if DYNSYM in kinds else SYMTAB):
            names = read(file, *sections[section[6]][4:6])
            table = read(file, *section[4:6])
            for symbol in SYMBOL.iter_unpack(table):
                if string(names, symbol[0]) in WANTED:
                    yield string(names, symbol[0]), symbol


def write_stub(program, stub):
    with open(program, "rb") as file:
        header = bytearray(read(file, 0, 64))
        table, = struct.unpack_from("<Q", header, 40)
        segments, = struct.unpack_from("<Q", header, 32)
        segment_size, segment_count, _, count, names = struct.unpack_from("<HHHHH", header, 54)
        sections = list(SECTION.iter_unpack(read(file, table, count * SECTION.size)))
        old_names = read(file, *sections[names][4:6])
        body = bytearray(header)
        body += read(file, segments, segment_size * segment_count)
        new_names, symbol_names = Strings(), Strings()
        out, number = [(0,) * 10], {}

        def add(name, ty, contents, old=(0,) * 10, link=0, info=0, entry=0):
            while len(body) % 16:
                body.append(0)
            size = len(contents) if ty != NOBITS else old[5]
            out.append((new_names.add(name), ty, old[2], old[3], len(body), size, link, info, old[8] or 1, entry))
            body.extend(contents)

        for index, section in enumerate(sections):
            name = string(old_names, section[0])
            if name == PROBES:
                add(name, section[1], read(file, *section[4:6]), section)
            if section[2] & ALLOC:
                number[index] = len(out)
                frames = name == b".eh_frame"
                add(name, section[1] if frames else NOBITS, read(file, *section[4:6]) if frames else b"", section)
        symbols = bytearray(SYMBOL.size)
        for name, (_, info, other, section, value, size) in wanted_symbols(file, sections):
            symbols += SYMBOL.pack(symbol_names.add(name), info, other, number.get(section, 0), value, size)
        add(b".symtab", SYMTAB, symbols, link=len(out) + 1, info=1, entry=SYMBOL.size)
        add(b".strtab", STRTAB, symbol_names.bytes)
        new_names.add(b".shstrtab")
        add(b".shstrtab", STRTAB, bytes(new_names.bytes) + b".shstrtab\0")
    struct.pack_into("<QQ", body, 32, 64, len(body))
    struct.pack_into("<HH", body, 60, len(out), len(out) - 1)
    with open(stub, "wb") as file:
        file.write(body + b"".join(SECTION.pack(*section) for section in out))

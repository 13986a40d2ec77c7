"""Keeps what gdb was told of the program while no process runs: gdb forgets a registered image when the process ends, disables the
breakpoints in it that were set in the meantime ("Error in re-setting breakpoint 2"), and dies at `break LINE` as it goes by a source file
that is gone (gdb 13 to 18, stack.c: last_displayed_symtab_info).

A copy of each image is added as a file of symbols when the process has ended, and removed when another one begins: a removed file's
breakpoints wait for their functions, as those of a shared library that is unloaded do. Where gdb has the program's image ahead, there are
no copies.
"""
import os
import struct

import gdb

from . import ahead, guest

MOST_BYTES = 1 << 30
TEXT, NOBITS, PROGBITS = b".text", 8, 1


class Copies:
    """Copies of the images that were registered last, in a folder of the session's."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}  # By where the image was, and how long.
        self.added = []

    def path(self):
        return os.path.join(self.folder, "app-%d.symbols" % len(self.files))

    def keep(self):
        """Copies what is registered now and was not before."""
        for start, size in guest.places():
            if (start, size) in self.files or sum(size for _, size in self.files) + size > MOST_BYTES:
                continue
            path = self.path()
            with open(path, "wb") as file:
                file.write(with_code(guest.read(start, size)))
            self.files[start, size] = path

    def add(self):
        for path in self.files.values():
            ahead.execute('add-symbol-file "%s"' % path)
            self.added.append(path)

    def remove(self):
        """Of a process that has ended."""
        for path in self.added:
            ahead.execute('remove-symbol-file "%s"' % path)
        for path in self.files.values():
            os.unlink(path)
        self.files, self.added = {}, []

    def end(self):
        """gdb ends, and kills the process after that."""
        self.files = {}


def with_code(image):
    """An image with the code that it describes: gdb reads it where there is no process."""
    out = bytearray(image)
    table, = struct.unpack_from("<Q", image, 40)
    count, names = struct.unpack_from("<HH", image, 60)
    sections = [struct.unpack_from("<IIQQQQ", image, table + 64 * i) for i in range(count)]
    for i, section in enumerate(sections):
        name = sections[names][4] + section[0]
        if section[1] == NOBITS and image[name:image.index(b"\0", name)] == TEXT:
            struct.pack_into("<I", out, table + 64 * i + 4, PROGBITS)
            struct.pack_into("<Q", out, table + 64 * i + 24, len(out))
            out += guest.read(section[3], section[5])
    return out


copies = None


def on_new_objfile(event):
    if ahead.image or ahead.ending or not gdb.selected_inferior().pid:
        return
    try:
        if copies.added:
            copies.remove()
        copies.keep()
    except (guest.Unreadable, gdb.error, OSError, struct.error) as why:
        print("dwalin: breakpoints may be lost when the program runs again: %s" % why)


def on_exited(event):
    ahead.ending = True
    try:
        if ahead.image is None:
            copies.add()
        elif not ahead.image.show():
            return
        forget_place()
    except (gdb.error, OSError) as why:
        print("dwalin: breakpoints may be lost when the program runs again: %s" % why)
    finally:
        ahead.ending = False


def forget_place():
    """gdb forgets the place that it showed last, whose source file is gone, when a file of symbols is removed."""
    path = os.path.join(copies.folder, "none.symbols")
    header = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 2, 62, 1, 0, 0, 0, 0, 64, 0, 0, 64, 0, 0)
    if os.path.isdir(copies.folder):
        with open(path, "wb") as file:
            file.write(header)
        ahead.execute('add-symbol-file "%s"' % path)
        ahead.execute('remove-symbol-file "%s"' % path)


def install(folder):
    global copies
    copies = Copies(folder)
    gdb.events.new_objfile.connect(on_new_objfile)
    gdb.events.exited.connect(on_exited)
    gdb.events.gdb_exiting.connect(lambda event: copies.end())

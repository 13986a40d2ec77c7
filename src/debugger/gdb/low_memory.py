"""Reads at the guest's first 64 KiB, where an ordinary user's process has nothing at the guest's own addresses (vm.mmap_min_addr).

What gdb reads at an address that was cast, or taken of an array, it reads in the memory's second mapping, which cannot be there. gdb's
Python has no part in how memory is read, so the function of the C library by which gdb reads a process's memory is called by way of a
few instructions: where it fails, and only there, they try again at the memory's base. That is set up as debuggers' own tools for
interposition do it, in gdb's table of imported functions (System V ABI, "Procedure Linkage Table"), and only if all is as expected.
"""
import ctypes
import struct

import gdb

from . import guest

PAGE = 4096
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAP_PRIVATE, MAP_ANONYMOUS = 2, 32
RTLD_DI_LINKMAP = 2
# Of the dynamic section (System V gABI, "Dynamic Section").
PLTRELSZ, STRTAB, SYMTAB, RELA, RELASZ, JMPREL = 2, 5, 6, 7, 8, 23
GLOB_DAT, JUMP_SLOT = 6, 7  # Relocations of a table of functions' addresses (AMD64 ABI).

# pread64(fd, buffer, length, offset), with the address of the C library's and of the memory's base to be filled in.
CODE = (
    b"\xf3\x0f\x1e\xfa"          # endbr64
    b"\x57\x56\x52\x51"          # push %rdi; push %rsi; push %rdx; push %rcx
    b"\x48\x83\xec\x08"          # sub $8, %rsp
    b"\x49\xb8%(function)s"      # movabs $function, %r8
    b"\x41\xff\xd0"              # call *%r8
    b"\x48\x83\xc4\x08"          # add $8, %rsp
    b"\x59\x5a\x5e\x5f"          # pop %rcx; pop %rdx; pop %rsi; pop %rdi
    b"\x48\x85\xc0\x79\x30"      # test %rax, %rax; jns end: it was read
    b"\x48\x85\xc9\x74\x2b"      # test %rcx, %rcx; jz end: a null pointer
    b"\x49\x89\xc8"              # mov %rcx, %r8
    b"\x49\xc1\xe8\x10\x75\x22"  # shr $16, %r8; jnz end: not in the first 64 KiB
    b"\x49\xb8%(base)s"          # movabs $base, %r8
    b"\x4d\x8b\x00"              # mov (%r8), %r8
    b"\x4d\x85\xc0\x74\x10"      # test %r8, %r8; jz end: no guest, or several
    b"\x4c\x01\xc1"              # add %r8, %rcx
    b"\x49\xb8%(function)s"      # movabs $function, %r8
    b"\x41\xff\xe0"              # jmp *%r8
    b"\xc3"                      # end: ret
)

library = ctypes.CDLL(None)
base = None  # Where the instructions find the memory's base; `None` until they are there.
tried = False


def read_own(address, size):
    return ctypes.string_at(address, size)


def dynamic_section():
    """gdb's own dynamic section, and how far from its addresses gdb was loaded."""
    program = ctypes.c_void_p()
    if library.dlinfo(ctypes.c_void_p(library._handle), RTLD_DI_LINKMAP, ctypes.byref(program)):
        raise OSError("no link map")
    bias, _, place = struct.unpack("<QQQ", read_own(program.value, 24))
    tags = {}
    while True:
        tag, value = struct.unpack("<QQ", read_own(place, 16))
        if tag == 0:
            return bias, tags
        tags[tag] = value
        place += 16


def slots(name):
    """Where gdb has the address of a function that it imports."""
    bias, tags = dynamic_section()

    def address(tag):
        # glibc has added where gdb was loaded, other C libraries have not.
        return tags[tag] if tags[tag] >= bias else bias + tags[tag]

    for table, size in ((JMPREL, PLTRELSZ), (RELA, RELASZ)):
        if table not in tags:
            continue
        for place, info, _ in struct.iter_unpack("<QQq", read_own(address(table), tags[size])):
            if info & 0xffffffff in (GLOB_DAT, JUMP_SLOT):
                symbol, = struct.unpack("<I", read_own(address(SYMTAB) + 24 * (info >> 32), 4))
                if read_own(address(STRTAB) + symbol, len(name) + 1) == name + b"\0":
                    yield bias + place


def instructions(function):
    """Makes the instructions; where they are, and where they find the base."""
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
    pages = library.mmap(None, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if pages in (None, ctypes.c_void_p(-1).value):
        raise OSError("no memory")
    place = pages + PAGE
    code = CODE % {b"function": struct.pack("<Q", function), b"base": struct.pack("<Q", place)}
    ctypes.memmove(pages, code, len(code))
    if library.mprotect(ctypes.c_void_p(pages), ctypes.c_size_t(PAGE), PROT_READ | PROT_EXEC):
        raise OSError("no right to execute")
    return pages, ctypes.c_uint64.from_address(place)


def writable(address):
    """Whether a word of gdb's own may be written; tables that were closed after gdb was loaded may be opened."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if start <= address < end:
                is_open = line.split()[1].startswith("rw")
                page = ctypes.c_void_p(address & -PAGE)
                return is_open or not library.mprotect(page, ctypes.c_size_t(PAGE), PROT_READ | PROT_WRITE)
    return False


def interpose():
    """Once, when gdb has read memory and so has the function's address."""
    global base, tried
    if tried:
        return
    tried = True
    try:
        function = ctypes.cast(library.pread64, ctypes.c_void_p).value
        found = [ctypes.c_uint64.from_address(slot) for slot in slots(b"pread64")]
        # One that is not bound yet, or that somebody else has taken, is left alone.
        if found and all(slot.value == function for slot in found) and all(writable(ctypes.addressof(slot)) for slot in found):
            code, base = instructions(function)
            for slot in found:
                slot.value = code
    except (OSError, AttributeError, KeyError, ValueError, struct.error):
        pass  # As without this: gdb says that it cannot access the memory.


def only_base():
    """The base of the one memory there is."""
    bases = {image.base for image in guest.images()} - {None} if not guest.static else ()
    running = [inferior for inferior in gdb.inferiors() if inferior.pid]
    return bases.pop() if len(bases) == 1 and len(running) == 1 else 0


def on_new_objfile(event):
    only = only_base()
    if only:
        interpose()
    if base is not None:
        base.value = only


def on_exited(event):
    if base is not None:
        base.value = 0


def install():
    gdb.events.new_objfile.connect(on_new_objfile)
    gdb.events.exited.connect(on_exited)

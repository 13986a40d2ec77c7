"""The guest's own addresses in gdb: what it reads, writes and watches at them is in the memory's second mapping, and what that lacks at
the memory's base.

The second mapping, where the process has what the guest's addresses are of (runtime/src/vm/memory.rs), has nothing below 64 KiB if an
ordinary user may not map that (vm.mmap_min_addr), is never written to, and so never stops a watchpoint. gdb's Python has no part in how
memory is accessed. So the three functions of the C library that gdb does it by are called by way of a few instructions: where they
fail, and only there, `pread64` and `pwrite64` try again at the memory's base; and `ptrace` sets debug registers to the memory's own
addresses. Of several memories none has a second mapping, and that of the frame whose values are shown is read. gdb's table of imported functions leads there (System V ABI, "Procedure Linkage Table"), if all in it is as expected.
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

SAVE = b"\x57\x56\x52\x51\x48\x83\xec\x08"         # push %rdi; push %rsi; push %rdx; push %rcx; sub $8, %rsp
RESTORE = b"\x48\x83\xc4\x08\x59\x5a\x5e\x5f"      # add $8, %rsp; pop %rcx; pop %rdx; pop %rsi; pop %rdi
BEGIN, TEST = b"\xf3\x0f\x1e\xfa", b"\x48\x85\xc0"  # endbr64; test %rax, %rax
FAIL, END = b"\x48\xc7\xc0\xff\xff\xff\xff", b"\xc3"  # mov $-1, %rax; ret
JB, JZ, JNZ, JNS = 0x72, 0x74, 0x75, 0x79

# What wasm-ld puts nothing below (its option `--global-base`): who asks for it goes by a null pointer.
NULLS = struct.pack("<I", 1024)


def quad(value):
    return struct.pack("<Q", value)


def call(function):
    return b"\x49\xb8" + quad(function) + b"\x41\xff\xd0"  # movabs $function, %r8; call *%r8


def past(jump, rest):
    """A conditional jump past instructions, and these."""
    if len(rest) < 128:
        return bytes([jump, len(rest)]) + rest
    return bytes([0x0f, jump + 0x10]) + struct.pack("<I", len(rest)) + rest


def own_base(data, ask):
    """(): the base of the one memory, or what Python says of several."""
    asked = b"\x48\x83\xec\x08\x48\xb8" + quad(ask) + b"\xff\xd0\x48\x83\xc4\x08"  # sub $8, %rsp; movabs $ask, %rax; call *%rax; add $8, %rsp
    return BEGIN + b"\x48\xb8" + quad(data) + b"\x48\x8b\x00" + TEST + past(JNZ, asked) + END  # movabs $data, %rax; mov (%rax), %rax


def at_base(function, own):
    """Goes on to the function with the base added to the address, if there is one."""
    moved = b"\x48\x01\xc1\x49\xb8" + quad(function) + b"\x41\xff\xe0"  # add %rax, %rcx; movabs $function, %r8; jmp *%r8
    return SAVE + call(own) + RESTORE + TEST + past(JZ, moved)


def where_it_fails(function, rest):
    """(fd, buffer, length, offset): calls the function, and where it fails below 4 GiB, but not by a null pointer, does the rest."""
    low = b"\x49\x89\xc8\x49\xc1\xe8\x20" + past(JNZ, rest)  # mov %rcx, %r8; shr $32, %r8
    guest = b"\x48\x81\xf9" + NULLS + past(JB, low)          # cmp $NULLS, %rcx
    return BEGIN + SAVE + call(function) + RESTORE + TEST + past(JNS, guest) + END


def reading(function, own):
    """What cannot be read is read at the base."""
    return where_it_fails(function, at_base(function, own) + FAIL)


def writing(function, own, read):
    """The same for what is written, where there is something to read. A breakpoint is not inserted there: it is the guest's data."""
    probe = SAVE + b"\x48\x89\xe6\xba\x01\x00\x00\x00" + call(read) + RESTORE  # mov %rsp, %rsi; mov $1, %edx
    rest = probe + b"\x48\x83\xf8\x01" + past(JNZ, at_base(function, own)) + FAIL  # cmp $1, %rax
    # cmp $1, %rdx; jne rest; cmpb $0xcc, (%rsi); je end
    is_breakpoint = b"\x48\x83\xfa\x01" + past(JNZ, b"\x80\x3e\xcc" + bytes([JZ, len(rest)]))
    return where_it_fails(function, is_breakpoint + rest)


# (request, pid, address, data): PTRACE_POKEUSER (6) of a debug register, 848 bytes into `struct user`, adds the base, which is noted for
# the register behind the base; PTRACE_PEEKUSER (3) takes away what was added.
WATCH = (
    b"\xf3\x0f\x1e\xfa"
    b"\x83\xff\x06\x74\x38"          # cmp $6, %edi; je poke
    b"\x83\xff\x03\x75\x6f"          # cmp $3, %edi; jne call
    b"\x49\x89\xd0"                  # mov %rdx, %r8
    b"\x49\x81\xe8\x50\x03\x00\x00"  # sub $848, %r8
    b"\x49\x83\xf8\x20\x73\x5f"      # cmp $32, %r8; jae call
    b"\x41\x50"                      # push %r8
    b"\x49\xb9%(function)s"          # movabs $function, %r9
    b"\x31\xc0\x41\xff\xd1\x41\x58"  # xor %eax, %eax; call *%r9; pop %r8
    b"\x49\xb9%(base)s"              # movabs $base, %r9
    b"\x4b\x2b\x44\x01\x08\xc3"      # sub 8(%r9, %r8), %rax; ret
    b"\x49\x89\xd0"                  # poke: mov %rdx, %r8
    b"\x49\x81\xe8\x50\x03\x00\x00"  # sub $848, %r8
    b"\x49\x83\xf8\x20\x73\x2c"      # cmp $32, %r8; jae call
    b"\x49\xb9%(base)s"              # movabs $base, %r9
    b"\x4b\xc7\x44\x01\x08\x00\x00\x00\x00"  # movq $0, 8(%r9, %r8)
    b"\x48\x85\xc9\x74\x14"          # test %rcx, %rcx; jz call
    b"\x49\x89\xca"                  # mov %rcx, %r10
    b"\x49\xc1\xea\x20\x75\x0b"      # shr $32, %r10; jnz call: the host's address
    b"\x4d\x8b\x11"                  # mov (%r9), %r10
    b"\x4f\x89\x54\x01\x08"          # mov %r10, 8(%r9, %r8)
    b"\x4c\x01\xd1"                  # add %r10, %rcx
    b"\x49\xb8%(function)s"          # call: movabs $function, %r8
    b"\x31\xc0\x41\xff\xe0"          # xor %eax, %eax; jmp *%r8
)
FUNCTIONS = ("pread64", "pwrite64", "ptrace")

library = ctypes.CDLL(None)
base = None  # Where the instructions find the memory's base; `None` until they are there.
tried = False
several = False  # Whether there are several memories: then none is at the guest's addresses.
asking = False


@ctypes.CFUNCTYPE(ctypes.c_uint64)
def ask():
    """The base of the memory of the frame whose values are read, where there are several. What gdb reads to find that is the host's."""
    global asking
    if not several or asking:
        return 0
    asking = True
    try:
        return guest.base()
    except (guest.Unreadable, gdb.error):
        return 0
    finally:
        asking = False


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


def slots(names):
    """Where gdb has the addresses of functions that it imports: pairs of a name and a place."""
    bias, tags = dynamic_section()

    def address(tag):
        # glibc has added where gdb was loaded, other C libraries have not.
        return tags[tag] if tags[tag] >= bias else bias + tags[tag]

    longest = max(map(len, names)) + 1
    for table, size in ((JMPREL, PLTRELSZ), (RELA, RELASZ)):
        if table not in tags:
            continue
        for place, info, _ in struct.iter_unpack("<QQq", read_own(address(table), tags[size])):
            if info & 0xffffffff in (GLOB_DAT, JUMP_SLOT):
                symbol, = struct.unpack("<I", read_own(address(SYMTAB) + 24 * (info >> 32), 4))
                name = read_own(address(STRTAB) + symbol, longest).split(b"\0")[0].decode(errors="replace")
                if name in names:
                    yield name, bias + place


class Maps:
    """What gdb's process has mapped."""

    def __init__(self):
        with open("/proc/self/maps") as maps:
            rows = [line.split(None, 5) for line in maps]
        self.rows = [(*(int(part, 16) for part in row[0].split("-")), row[1], row[5].strip() if len(row) > 5 else "") for row in rows]

    def at(self, address):
        return next(row for row in self.rows if row[0] <= address < row[1])

    def is_own_code(self, address, slot):
        """Whether an address is of code of the file that the slot is of: a function that is not bound yet leads there."""
        _, _, rights, file = self.at(address)
        return "x" in rights and file.startswith("/") and file == self.at(slot)[3]

    def opens(self, address):
        """Whether a word may be written; tables that were closed after gdb was loaded may be opened."""
        page = ctypes.c_void_p(address & -PAGE)
        return self.at(address)[2].startswith("rw") or not library.mprotect(page, ctypes.c_size_t(PAGE), PROT_READ | PROT_WRITE)


def instructions(functions):
    """Makes the instructions; where they are by the functions' names, and where they find the base."""
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
    pages = library.mmap(None, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if pages in (None, ctypes.c_void_p(-1).value):
        raise OSError("no memory")
    data, end, places = pages + PAGE, pages, []

    def place(code):
        nonlocal end
        ctypes.memmove(end, code, len(code))
        places.append(end)
        end += (len(code) + 15) & -16
        return places[-1]

    own = place(own_base(data, ctypes.cast(ask, ctypes.c_void_p).value))
    read = place(reading(functions["pread64"], own))
    place(writing(functions["pwrite64"], own, read))
    place(WATCH % {b"function": quad(functions["ptrace"]), b"base": quad(data)})
    if library.mprotect(ctypes.c_void_p(pages), ctypes.c_size_t(PAGE), PROT_READ | PROT_EXEC):
        raise OSError("no right to execute")
    return dict(zip(FUNCTIONS, places[1:])), ctypes.c_uint64.from_address(data)


def interpose():
    """Once; whether it was done."""
    global base, tried
    if tried:
        return base is not None
    tried = True
    try:
        functions = {name: ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in FUNCTIONS}
        found = [(name, ctypes.c_uint64.from_address(slot)) for name, slot in slots(functions)]
        maps = Maps()
        for name, slot in found:
            # What somebody else has taken is left alone.
            place = ctypes.addressof(slot)
            if not (slot.value == functions[name] or maps.is_own_code(slot.value, place)) or not maps.opens(place):
                return False
        if {name for name, _ in found} == set(functions):
            places, base = instructions(functions)
            for name, slot in found:
                slot.value = places[name]
    except (OSError, AttributeError, KeyError, ValueError, StopIteration, struct.error):
        pass  # As without this: gdb says that it cannot access the memory.
    return base is not None


def look():
    """Finds the memories of the one process there is."""
    global several
    several = False  # While gdb looks for what is there.
    bases = {image.base for image in guest.images()} - {None} if not guest.static else set()
    running = [inferior for inferior in gdb.inferiors() if inferior.pid]
    several = len(bases) > 1 and len(running) == 1
    base.value = bases.pop() if len(bases) == 1 and len(running) == 1 else 0


def finds_guest():
    """Whether gdb finds what the guest has at the guest's addresses: of a process, or of the image that is there before one."""
    return base is not None and bool(base.value or guest.static)


def on_new_objfile(event):
    if base is not None:
        look()


def on_exited(event):
    global several
    if base is not None:
        base.value, several = 0, False


def install():
    if interpose():
        gdb.events.new_objfile.connect(on_new_objfile)
        gdb.events.exited.connect(on_exited)

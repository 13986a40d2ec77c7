//! Programs with addresses of 8 bytes, in debuggers, reports and core dumps. Images are made for a code map of the test's own, too: machine
//! code as long as the wasm code, byte by byte.

mod running;
mod support;

use dwalin_debuginfo::WasmDwarf;
use dwalin_debuginfo::address::{CodeOffset, FrameOffset, HostAddress, WasmPc};
use dwalin_debuginfo::code::{
    CodeMap, DebugSlot, DebugSlots, Flavor, FunctionCode, GlobalAddress, GlobalPlace, KeptValue,
    MemoryPlace, Questions, SlotValue, ValueType,
};
use dwalin_debuginfo::container::Container;
use dwalin_debuginfo::merge::{Companions, PathMap, merge};
use gimli::{EndianSlice, LittleEndian};
use running::{said, tools};
use std::ops::Range;
use support::{Folder, equipped, stderr};

const PROGRAM: &str = "\
struct node { long v; struct node *next; int arr[3]; };
static struct node last = {7, 0, {1, 2, 3}};
struct node first = {5, &last, {4, 5, 6}};
long total;
struct node *head = &first;
__attribute__((noinline)) long sum(struct node *n, int k) {
  long s = 0;
  while (n) {
    s += n->v + n->arr[k];
    n = n->next;
  }
  total = s;
  return s;
}
__attribute__((noinline)) int scale(long a, double b, char *p) {
  int r = (int)(a * b);
  if (p) r += *p;
  return r;
}
long entry(int k) {
  char c = 3;
  long t = sum(head, k);
  int local[4] = {1, 2, 3, 4};
  return t + scale(t, 1.5, &c) + local[k & 3];
}
";

const TEXT: u64 = 0x10_0000;
const MEMORY: u64 = 0x7f12_0001_0000;

/// clang for wasm64, with the linker's options.
const COMPILE: [&str; 7] = [
    "clang-19",
    "--target=wasm64",
    "-nostdlib",
    "-g",
    "-Wl,--no-entry",
    "-Wl,--export=entry",
    "-Wl,-mwasm64",
];

fn compile(name: &str, flags: &[&str]) -> Folder {
    let folder = Folder::new(name);
    folder.write("app.c", PROGRAM);
    folder.tool(&[&COMPILE[..], flags, &["app.c", "-o", "app.wasm"]].concat());
    folder
}

/// The code of functions, as debug info has it.
fn functions(wasm: &Container<'_>) -> Vec<Range<WasmPc>> {
    let load = |id: gimli::SectionId| {
        let bytes = wasm.section(id.name()).unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(load).unwrap();
    let header = dwarf.units().next().unwrap().unwrap();
    assert_eq!(header.encoding().address_size, 8);
    let unit = dwarf.unit(header).unwrap();
    let mut found = Vec::new();
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs().unwrap() {
        if entry.tag() != gimli::DW_TAG_subprogram {
            continue;
        }
        let mut ranges = dwarf.die_ranges(&unit, entry).unwrap();
        while let Some(range) = ranges.next().unwrap() {
            found.push(WasmPc(range.begin as u32)..WasmPc(range.end as u32));
        }
    }
    found.sort_by_key(|range| range.start);
    found
}

/// The code of a function whose locals have homes and whose operands are kept, an address for each of the module's.
fn code_of(index: u32, wasm: &Range<WasmPc>, questions: &Questions) -> FunctionCode<'static> {
    let asked = questions.locals.iter().filter(|(pc, _)| *pc == wasm.start);
    let home = |local: u32| FrameOffset(-16 - 8 * local as i32);
    let kept = |value, range, offset| DebugSlot {
        value: SlotValue::Kept(value),
        range,
        offset: FrameOffset(offset),
        ty: ValueType::I64,
    };
    let homes = asked.map(|(_, local)| DebugSlot::home(*local, home(*local), ValueType::I64));
    let values = questions.kept.iter().filter(|(pc, _)| *pc == wasm.start);
    let values = values.map(|(_, value)| kept(*value, wasm.clone(), -408));
    let operands = questions.operands.iter();
    let operands = operands.filter(|it| wasm.contains(&it.from));
    let operands = operands.map(|it| kept(KeptValue::Operand(it.place), it.from..it.until, -400));
    FunctionCode {
        index,
        name: "a function",
        wasm: wasm.clone(),
        parameters: Vec::new(),
        has_results: true,
        pops_arguments: false,
        code: HostAddress(TEXT + u64::from(wasm.start.0))
            ..HostAddress(TEXT + u64::from(wasm.end.0)),
        rows: (wasm.start.0..wasm.end.0)
            .map(|pc| (CodeOffset(pc - wasm.start.0), Some(WasmPc(pc))))
            .collect(),
        slots: DebugSlots {
            slots: homes.chain(values).chain(operands).collect(),
            gaps: Vec::new(),
        },
        returns: Vec::new(),
    }
}

/// The image for a module, and what was lost.
fn image(wasm: &[u8], flavor: Flavor) -> (Vec<u8>, Vec<String>) {
    let container = Container::parse(wasm).unwrap();
    let dwarf = WasmDwarf::new(container.sections.iter().copied());
    let (questions, warnings) = dwalin_debuginfo::questions(&dwarf);
    assert!(warnings.is_empty(), "{warnings:?}");
    let bodies = functions(&container);
    assert!(bodies.len() >= 3, "{bodies:?}");
    let code = CodeMap {
        module_name: "app.wasm",
        wasm: &[],
        text: HostAddress(TEXT)..HostAddress(TEXT + 0x1000),
        functions: (0..)
            .zip(&bodies)
            .map(|(index, wasm)| code_of(index, wasm, &questions))
            .collect(),
        trampolines: Vec::new(),
        eh_frame: (HostAddress(TEXT + 0x2000), &[]),
        memories: vec![MemoryPlace {
            base: HostAddress(MEMORY),
            address_type: ValueType::I64,
        }],
        table: vec![(1, "entry")],
        globals: vec![GlobalPlace {
            address: GlobalAddress::Fixed(HostAddress(0x9000)),
            ty: ValueType::I64,
        }],
        forwards: Vec::new(),
        heap: None,
        context: None,
        flavor,
        at_own_addresses: false,
        pointer_code: None,
    };
    let image = dwalin_debuginfo::image(&dwarf, &code, None);
    let warnings = image.warnings.iter().map(|it| format!("{it:?}"));
    (image.bytes, warnings.collect())
}

/// Also of debug info that is merged, at each level of optimisation and in each version.
#[test]
fn nothing_is_lost_of_addresses_of_8_bytes() {
    if !equipped() {
        return;
    }
    for (number, flags) in [
        ["-O0", "-gdwarf-5"],
        ["-O1", "-gdwarf-4"],
        ["-O2", "-gdwarf-5"],
        ["-O2", "-gdwarf-3"],
    ]
    .iter()
    .enumerate()
    {
        for split in [&[][..], &["-fdebug-types-section"], &["-gsplit-dwarf"]] {
            let folder = compile(&format!("wide-{number}"), &[flags, split].concat());
            let mut wasm = std::fs::read(folder.path("app.wasm")).unwrap();
            let merged = {
                let container = Container::parse(&wasm).unwrap();
                let dwarf = WasmDwarf::new(container.sections.iter().copied());
                let companions = Companions {
                    package: None,
                    directory: None,
                    read: &|path| std::fs::read(path),
                    paths: &PathMap::default(),
                };
                merge(&dwarf, &companions)
            };
            if let Some(merged) = merged {
                assert!(merged.warnings.is_empty(), "{:?}", merged.warnings);
                let sections = merged.sections.iter();
                let sections = sections.map(|(name, bytes)| (*name, &bytes[..]));
                wasm = dwalin_debuginfo::container::with_debug_info(&wasm, sections).unwrap();
            }
            for flavor in [Flavor::Gdb, Flavor::Lldb] {
                let (bytes, lost) = image(&wasm, flavor);
                assert!(lost.is_empty(), "{flags:?} {split:?} {flavor:?}: {lost:?}");
                folder.write("app.elf", bytes);
                folder.tool(&["llvm-dwarfdump-19", "--verify", "app.elf"]);
            }
        }
    }
}

/// Expects gdb to follow pointers of 8 bytes in an image that nothing runs.
#[test]
fn gdb_finds_pointers_of_8_bytes_at_the_memory_s_base() {
    if !equipped() {
        return;
    }
    let folder = compile("wide-gdb", &["-O0"]);
    let wasm = std::fs::read(folder.path("app.wasm")).unwrap();
    let (bytes, _) = image(&wasm, Flavor::Gdb);
    let elf = folder.write("app.elf", bytes);
    let commands = [
        "print sizeof(struct node)",
        "print sizeof(head)",
        "print sizeof(((struct node *) 0)->next)",
        "info address first",
        "info line sum",
    ];
    let mut args = vec!["-nx", "-batch"];
    args.extend(commands.iter().flat_map(|command| ["-ex", command]));
    args.push(&elf);
    let seen = said("gdb", &args);
    let dump = folder.tool(&["llvm-dwarfdump-19", "--name=first", "app.wasm"]);
    let (_, address) = dump.split_once("DW_OP_addr 0x").expect("an address");
    let address = address.split(')').next().unwrap();
    let address = MEMORY + u64::from_str_radix(address, 16).unwrap();
    running::expect(
        &seen,
        &[
            "$1 = 32",
            "$2 = 8",
            "$3 = 8",
            &format!("static storage at address {address:#x}"),
            "Line 6 of \"app.c\" starts at address",
        ],
    );
}

/// A program that is at fault, with pointers that do not fit in 32 bits.
const FAULT: &str = "\
struct node { long v; struct node *next; };
__attribute__((noinline)) long get(struct node *n) {
  return n->next->v;
}
long entry(int k) {
  struct node a = {1, 0};
  a.next = k ? (struct node *)((long)k << 40) : (struct node *)-8L;
  return get(&a);
}
";

#[test]
fn reports_and_core_dumps_have_addresses_of_8_bytes() {
    if !equipped() {
        return;
    }
    let folder = compile("wide-fault", &["-O0"]);
    folder.write("app.c", FAULT);
    folder.tool(&[&COMPILE[..], &["-O0", "app.c", "-o", "app.wasm"]].concat());
    let check = folder.dwalin(&["check-debug", "app.wasm"]);
    assert!(String::from_utf8_lossy(&check.stdout).contains("Complete:"));
    for (k, address) in [("0", "0xfffffffffffffff8"), ("1", "0x10000000000")] {
        let run = &[
            "run",
            "-g",
            "--coredump=core",
            "--invoke=entry",
            "app.wasm",
            k,
        ];
        let report = stderr(&folder.dwalin(run));
        let access = format!("reads 8 bytes at address {address}; the memory ends at 0x20000");
        let pointer = format!("{{v = 1, next = {address} (outside the memory)}}");
        running::expect(&report, &["out of bounds memory access", &access, &pointer]);
        let dump = folder.dwalin(&["inspect", "core", "--module=app.wasm"]);
        let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
        running::expect(&dump, &["get at ", &pointer, "k = "]);
    }
}

/// Types, for both debuggers: each pointer is followed, and a pointer in memory is set.
const EXPRESSIONS: &[(&str, &str, &str)] = &[
    ("n->v", "5", "5"),
    ("n->next->v", "7", "7"),
    ("*n->next", "{v = 7, next = 0x0, arr = {1, 2, 3}}", "v = 7"),
    ("head->arr[2]", "6", "6"),
    ("first.next->arr[1]", "2", "2"),
    (
        "n->next = n->next->next",
        "(struct node *) 0x0",
        "= 0x0000000000000000",
    ),
    (
        "*n",
        "{v = 5, next = 0x0, arr = {4, 5, 6}}",
        "next = 0x0000000000000000",
    ),
];

#[test]
fn gdb_follows_pointers_of_8_bytes_in_the_running_program() {
    if !equipped() {
        return;
    }
    let folder = compile("wide-running", &["-O0"]);
    let mut args = vec!["-q", "-batch", "-nx", "-ex", "set breakpoint pending on"];
    args.extend(["-ex", "break sum", "-ex", "run"]);
    let commands: Vec<_> = EXPRESSIONS
        .iter()
        .map(|it| format!("print {}", it.0))
        .collect();
    args.extend(commands.iter().flat_map(|command| ["-ex", command]));
    args.extend(["-ex", "watch total", "-ex", "continue", "-ex", "finish"]);
    let wasm = folder.path("app.wasm");
    args.extend([
        "--args",
        env!("CARGO_BIN_EXE_dwalin"),
        "run",
        "-g",
        "--invoke=entry",
    ]);
    args.extend([wasm.to_str().unwrap(), "1"]);
    let seen = said("gdb", &args);
    let values = (1..).zip(EXPRESSIONS);
    let values: Vec<_> = values.map(|(n, it)| (format!("${n} = "), it.1)).collect();
    for (name, value) in values {
        let shown = seen.lines().find(|line| line.starts_with(&name));
        assert!(
            shown.is_some_and(|it| it.contains(value)),
            "{name}{value}: {seen}"
        );
    }
    running::expect(&seen, &["Old value = 0", "Value returned is"]);
}

#[test]
fn lldb_follows_pointers_of_8_bytes_in_the_running_program() {
    if !equipped() || !tools::have(&["lldb-19"]) {
        return;
    }
    let folder = compile("wide-running-lldb", &["-O0"]);
    let mut args = vec![
        "lldb",
        "--invoke=entry",
        "-o",
        "breakpoint set -n sum",
        "-o",
        "run",
    ];
    let commands: Vec<_> = EXPRESSIONS
        .iter()
        .map(|it| format!("expression {}", it.0))
        .collect();
    args.extend(commands.iter().flat_map(|command| ["-o", command]));
    args.extend(["-o", "frame variable *n", "-o", "kill", "-o", "quit"]);
    let wasm = folder.path("app.wasm");
    args.extend([wasm.to_str().unwrap(), "1"]);
    let seen = said(env!("CARGO_BIN_EXE_dwalin"), &args);
    let mut answers = seen.split("(lldb) expression ").skip(1);
    for (expression, _, value) in EXPRESSIONS {
        let answer = answers.next().unwrap_or_default();
        assert!(
            answer.starts_with(expression) && answer.contains(value),
            "{value}: {seen}"
        );
    }
    // A pointer in memory is shown as one, not as the class that stands for it.
    assert!(!seen.contains("next = (address = "), "{seen}");
}

/// A program with a structure beyond what 32 bits reach.
const FAR: &str = "\
struct node { long v; struct node *next; };
struct node near = {5, 0};
__attribute__((noinline)) long get(struct node *n) {
  long v = n->next->v;
  __builtin_trap();
  return v;
}
long entry(int k) {
  __builtin_wasm_memory_grow(0, 65536);
  struct node *far = (struct node *)0x100000010L;
  far->v = 7;
  far->next = &near;
  near.next = far;
  return get(&near);
}
";

fn compile_far(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("app.c", FAR);
    folder.tool(&[&COMPILE[..], &["-O0", "app.c", "-o", "app.wasm"]].concat());
    folder
}

#[test]
fn reports_reach_beyond_4_gib_and_core_dumps_know_what_they_lack() {
    if !equipped() {
        return;
    }
    let folder = compile_far("wide-far");
    let run = &[
        "run",
        "-g",
        "--coredump=core",
        "--invoke=entry",
        "app.wasm",
        "1",
    ];
    let report = stderr(&folder.dwalin(run));
    running::expect(&report, &["far = 0x100000010 → {v = 7, next = 0x400}"]);
    let inspect = |args: &[&str]| {
        let args = [&["inspect", "core", "--module=app.wasm"], args].concat();
        let output = folder.dwalin(&args);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    // Not the zeros that were not written.
    running::expect(&inspect(&[]), &["far = 0x100000010 (not in the core dump)"]);
    running::expect(&inspect(&["--memory=0x400:8"]), &["05 00 00 00"]);
    running::expect(
        &inspect(&["--memory=0x100000010:8"]),
        &["has no room for address"],
    );
}

#[test]
fn lldb_s_paths_reach_beyond_4_gib() {
    if !equipped() || !tools::have(&["lldb-19"]) {
        return;
    }
    let folder = compile_far("wide-far-lldb");
    let wasm = folder.path("app.wasm");
    let wasm = wasm.to_str().unwrap();
    let mut args = vec![
        "lldb",
        "--invoke=entry",
        "-o",
        "breakpoint set -n get",
        "-o",
        "run",
    ];
    args.extend([
        "-o",
        "v n->next->v",
        "-o",
        "v n->next->next->v",
        "-o",
        "p n->next->v",
    ]);
    args.extend(["-o", "kill", "-o", "quit", wasm, "1"]);
    let seen = said(env!("CARGO_BIN_EXE_dwalin"), &args);
    running::expect(
        &seen,
        &["n->next->v = 7", "n->next->next->v = 5", "(long) 7"],
    );
}

#[test]
fn a_memory_of_bytes_is_not_counted_in_larger_pages() {
    let folder = Folder::new("bytes");
    let module = "(module (memory 5 (pagesize 1)) (func (export \"_start\") (drop (i32.load (i32.const 2)))))";
    folder.write("bytes.wat", module);
    let report = stderr(&folder.dwalin(&["run", "-g", "bytes.wat"]));
    running::expect(
        &report,
        &["reads 4 bytes at address 0x2; the memory ends at 0x5\n"],
    );
}

#[test]
fn the_command_finds_lines() {
    if !equipped() {
        return;
    }
    let folder = compile("wide-command", &["-O1"]);
    let output = folder.dwalin(&["addr2line", "-c", "app.wasm", "0x20"]);
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        found.contains("sum at ") && found.contains("app.c"),
        "{found}"
    );
}

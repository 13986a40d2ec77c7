//! Types that are in another unit than what is of them: declared in one and defined in another, or put together when the program
//! was linked.

mod running;
mod support;

use running::{expect, said};
use support::{Folder, equipped};

const DWALIN: &str = env!("CARGO_BIN_EXE_dwalin");

/// Compiles sources together.
fn link(folder: &Folder, sources: &[(&str, &str)], flags: &[&str]) -> String {
    for (name, text) in sources {
        folder.write(name, text);
    }
    let names = sources.iter().map(|(name, _)| *name);
    let names: Vec<_> = names.filter(|name| !name.ends_with(".h")).collect();
    let compiler = match names[0].ends_with(".c") {
        true => "clang-19",
        false => "clang++-19",
    };
    let command = [compiler, "--target=wasm32-wasi", "-fno-exceptions", "-g"];
    folder.tool(&[&command[..], flags, &names, &["-o", "app.wasm"]].concat());
    folder.text("app.wasm")
}

/// The output of gdb for commands.
fn gdb(module: &str, commands: &[&str]) -> String {
    let mut args = vec!["-nx", "-batch", "-ex", "set debuginfod enabled off"];
    args.extend(["-ex", "set breakpoint pending on"]);
    args.extend(commands.iter().flat_map(|command| ["-ex", command]));
    args.extend(["--args", DWALIN, "run", "-g", module]);
    said("gdb", &args)
}

/// The output of lldb for commands.
fn lldb(module: &str, commands: &[&str]) -> String {
    let mut args = vec!["-x", "-b"];
    args.extend(commands.iter().flat_map(|command| ["-o", command]));
    args.extend(["--", DWALIN, "run", "-g", module]);
    said("lldb-19", &args)
}

const USER: &str = "\
struct op;
struct op *make(void);
int look(struct op *p);
int main(void) {
  struct op *p = make();
  return look(p) - 5;
}
";

const MAKER: &str = "\
struct op { int x; struct op *next; };
static struct op one = {5, &one};
struct op *make(void) { return &one; }
__attribute__((noinline)) int look(struct op *p) {
  return p->x;
}
";

#[test]
fn structures_that_are_only_declared_are_followed() {
    if !equipped() {
        return;
    }
    let (user, maker) = (("user.c", USER), ("maker.c", MAKER));
    for (name, sources) in [("declared", [user, maker]), ("defined", [maker, user])] {
        let folder = Folder::new(&format!("units-{name}"));
        let module = link(&folder, &sources, &["-O0"]);
        let commands = [
            "break look",
            "run",
            "print *p",
            "up",
            "print p->x",
            "print p->next->next->x",
            "print *p",
            "whatis *p",
        ];
        let seen = gdb(&module, &commands);
        let whole = "= {x = 5, next = 0x";
        expect(&seen, &[whole, "= 5", "= 5", whole, "struct op"]);
        assert!(!seen.contains("internal-error"), "{seen}");
        let seen = lldb(&module, &["b look", "run", "up", "v p->x"]);
        expect(&seen, &["p->x = 5"]);
    }
}

const OWN: &str = "\
static int initial = 41;
static int lock = 5;
static int both = 6;
int other(int n) { return initial++ + n + lock + both; }
";

const OTHERS: &str = "\
int other(int n);
static int lock = 3;
int both = 7;
int main(void) {
  int r = other(lock + both);
  return r - 62;
}
";

/// The C library has a structure `initial` and locks, of which gdb knows where its debug info is installed.
#[test]
fn a_variable_of_another_file_is_the_programs() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("units-own");
    let sources = [("user.c", OTHERS), ("maker.c", OWN)];
    let module = link(&folder, &sources, &["-O0"]);
    let asked = [
        ("print initial", "= 42"),
        ("print &initial", "<initial>"),
        ("print lock", "= 3"),
        ("print both", "= 7"),
        ("print 'maker.c'::lock", "= 5"),
        ("print 'maker.c'::both", "= 6"),
    ];
    let mut commands = vec!["break user.c:6", "run"];
    commands.extend(asked.iter().map(|(asked, _)| *asked));
    let seen = gdb(&module, &commands);
    let answers: Vec<_> = seen.lines().filter(|line| line.starts_with('$')).collect();
    assert_eq!(answers.len(), asked.len(), "{seen}");
    for (answer, (asked, expected)) in answers.iter().zip(asked) {
        assert!(answer.ends_with(expected), "{asked}: {answer}");
    }
}

const CLASSES: &str = "\
struct Big { int a, b, c, d; };
struct Top { int top = 11; virtual ~Top() {} };
struct Left : virtual Top { int left = 22; };
struct Right : virtual Top { int right = 33; };
struct Both : Left, Right {
  int both = 44;
  Big *keep;
  int *count;
  static int made;
  Big get(int k) const;
};
struct Around { int before; Both inner; };
int use(Both *b, Around *a);
";

const MAIN: &str = "\
#include \"classes.h\"
int count = 3;
int main() {
  Big k{9, 8, 7, 6};
  Around a{1, {}};
  Both b;
  b.keep = &k;
  b.count = &count;
  Big g = b.get(5);
  return use(&b, &a) + g.a != 17 + 9 + 33 + 11 + 1 + 5;
}
";

const METHODS: &str = "\
#include \"classes.h\"
int Both::made = 17;
__attribute__((noinline)) Big Both::get(int k) const {
  Big r{k, k + 1, k + 2, both};
  return r;
}
__attribute__((noinline)) int use(Both *b, Around *a) {
  Big *pb = b->keep;
  *b->count += 1;
  return b->made + pb->a + b->right + b->top + a->before;
}
";

/// Clang defines a class only where its constructor is, and LLVM each type once when the program is optimised as a whole.
#[test]
fn classes_that_another_unit_defines_are_followed() {
    if !equipped() {
        return;
    }
    let sources = [
        ("classes.h", CLASSES),
        ("main.cpp", MAIN),
        ("methods.cpp", METHODS),
    ];
    for (name, flags) in [("homing", &["-O0"][..]), ("lto", &["-O0", "-flto"])] {
        let folder = Folder::new(&format!("units-{name}"));
        let module = link(&folder, &sources, flags);
        let commands = [
            "break methods.cpp:5",
            "break methods.cpp:9",
            "run",
            "print *this",
            "print r.c",
            "finish",
            "continue",
            "print *b",
            "print b->keep->c",
            "print *pb",
            "print b->top",
            "print a->inner.both",
            "print a->before",
        ];
        let seen = gdb(&module, &commands);
        assert!(!seen.contains("internal-error"), "{seen}");
        // The value is in memory that only the guest knows of.
        assert!(!seen.contains("Value returned is"), "{seen}");
        let both = [
            "top = 11",
            "left = 22",
            "right = 33",
            "both = 44",
            "made = 17",
        ];
        let values = [
            "= 7",
            "= {a = 9, b = 8, c = 7, d = 6}",
            "= 11",
            "= 44",
            "= 1",
        ];
        expect(&seen, &[&both[..], &["= 7"], &both, &values].concat());
    }
}

/// At the host's address, where the program writes.
#[test]
fn watchpoints_are_where_the_program_writes() {
    if !equipped() {
        return;
    }
    let sources = [
        ("classes.h", CLASSES),
        ("main.cpp", MAIN),
        ("methods.cpp", METHODS),
    ];
    let folder = Folder::new("units-watch");
    let module = link(&folder, &sources, &["-O0", "-flto"]);
    let commands = [
        "break use",
        "run",
        "watch -l *b->count",
        "continue",
        "print *b->count",
    ];
    let seen = gdb(&module, &commands);
    expect(&seen, &["Old value = 3", "New value = 4", "use (", "= 4"]);
}

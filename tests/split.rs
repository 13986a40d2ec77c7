//! Debug info that is not in the module, or not in its units: packages, `.dwo` files, separate modules, type units.

mod support;

use std::collections::BTreeSet as Names;
use std::fs;
use support::{Folder, equipped, stderr};

/// Types, a global, a static, scopes, an inlined function, and a trap where it is called without arguments.
const PROGRAM: &str = "\
struct point { int x, y; struct point *next; };
union number { int i; float f; };
static struct point origin = {1, 2, &origin};
int total;
static inline __attribute__((always_inline)) int weigh(const struct point *p) { return p->x + p->y; }
static int sum(struct point *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++) {
    union number q = {weigh(p)};
    s += q.i;
    p = p->next;
  }
  total = s;
  return s;
}
int main(int argc, char **argv) {
  if (argc > 1) sum((struct point *)0x7fff0000, 1);
  return sum(&origin, argc + 3) == 12 ? 7 : 1;
}
";

const MODES: [[&str; 2]; 6] = [
    ["-gdwarf-4", "-O0"],
    ["-gdwarf-5", "-O0"],
    ["-gdwarf-4", "-O1"],
    ["-gdwarf-5", "-O1"],
    ["-gdwarf-4", "-O2"],
    ["-gdwarf-5", "-O2"],
];

/// The contents of the program's image: named entries, and how to find variables.
fn shown(folder: &Folder, flags: &[&str]) -> (Names<String>, Vec<String>) {
    let image = folder.image("app.wasm", flags);
    assert!(
        !image.warnings.contains("another build"),
        "{}",
        image.warnings
    );
    for word in ["dwo", "skeleton", "DW_AT_signature", "type_unit"] {
        assert!(!image.contains(word), "{word} in {}", image.dump);
    }
    (image.names(), image.expressions())
}

/// Its named entries.
fn names(folder: &Folder, flags: &[&str]) -> Names<String> {
    shown(folder, flags).0
}

/// Compiles the program, first whole and then split; what the whole one shows.
fn whole_and_split(folder: &Folder, mode: &[&str]) -> (Names<String>, Vec<String>) {
    folder.write("app.c", PROGRAM);
    folder.compile("app.c", &[mode, &["-g"]].concat());
    let whole = shown(folder, &[]);
    folder.compile("app.c", &[mode, &["-g", "-gsplit-dwarf"]].concat());
    whole
}

#[test]
fn split_units_look_like_whole_ones() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES.iter().enumerate() {
        let folder = Folder::new(&format!("split-{number}"));
        let whole = whole_and_split(&folder, mode);
        assert!(whole.0.contains("structure_type \"point\""), "{whole:?}");
        assert_eq!(shown(&folder, &[]), whole, "app.dwo, {mode:?}");
        // A package elsewhere, and the file gone.
        folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "package"]);
        fs::remove_file(folder.path("app.dwo")).unwrap();
        assert_eq!(
            shown(&folder, &["--dwp", "package"]),
            whole,
            "--dwp, {mode:?}"
        );
        for beside in ["app.dwp", "app.wasm.dwp"] {
            fs::copy(folder.path("package"), folder.path(beside)).unwrap();
            assert_eq!(shown(&folder, &[]), whole, "{beside}, {mode:?}");
            fs::remove_file(folder.path(beside)).unwrap();
        }
    }
}

#[test]
fn a_dwo_file_is_found_with_the_module_that_was_moved() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("moved");
    let whole = whole_and_split(&folder, &MODES[1]);
    fs::create_dir(folder.path("bin")).unwrap();
    for file in ["app.wasm", "app.dwo"] {
        fs::rename(folder.path(file), folder.path("bin").join(file)).unwrap();
    }
    let image = folder.image("bin/app.wasm", &[]);
    assert_eq!(image.names(), whole.0, "{}", image.warnings);
}

/// Puts the sections of a wasm file into an ELF file.
fn elf_of(folder: &Folder, wasm: &str, elf: &str) {
    folder.write("empty.c", "");
    folder.tool(&[
        "clang-19",
        "--target=x86_64-linux-gnu",
        "-c",
        "empty.c",
        "-o",
        elf,
    ]);
    let dump = folder.tool(&["llvm-objdump-19", "-h", wasm]);
    for section in dump
        .split_whitespace()
        .filter(|word| word.starts_with(".debug_"))
    {
        let pair = format!("{section}=section");
        folder.tool(&["llvm-objcopy-19", "--dump-section", &pair, wasm, "copy"]);
        folder.tool(&["llvm-objcopy-19", "--add-section", &pair, elf]);
    }
}

#[test]
fn packages_and_dwo_files_may_be_elf() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES[..2].iter().enumerate() {
        let folder = Folder::new(&format!("elf-{number}"));
        let whole = whole_and_split(&folder, mode);
        folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "package"]);
        elf_of(&folder, "package", "app.dwp");
        fs::rename(folder.path("app.dwo"), folder.path("wasm.dwo")).unwrap();
        assert_eq!(shown(&folder, &[]), whole, "{mode:?}");
        fs::remove_file(folder.path("app.dwp")).unwrap();
        elf_of(&folder, "wasm.dwo", "app.dwo");
        assert_eq!(shown(&folder, &[]), whole, "{mode:?}");
    }
}

#[test]
fn type_units_are_part_of_the_units_that_use_them() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES[..4].iter().enumerate() {
        let folder = Folder::new(&format!("types-{number}"));
        let whole = whole_and_split(&folder, mode);
        for split in [&[][..], &["-gsplit-dwarf"]] {
            let flags = [&mode[..], &["-g", "-fdebug-types-section"], split].concat();
            folder.compile("app.c", &flags);
            assert_eq!(shown(&folder, &[]), whole, "{flags:?}");
            let image = folder.image("app.wasm", &[]);
            let point = image.entry("structure_type", "point");
            assert!(!point.contains("DW_AT_declaration"), "{point}");
            assert!(point.contains("app.c"), "its file is known: {point}");
            if !split.is_empty() {
                folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "app.dwp"]);
                assert_eq!(shown(&folder, &[]), whole, "{flags:?}, packaged");
                fs::remove_file(folder.path("app.dwp")).unwrap();
            }
        }
    }
}

#[test]
fn files_of_types_are_known_where_no_line_is_in_them() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES[..2].iter().enumerate() {
        let folder = Folder::new(&format!("types-files-{number}"));
        folder.write("shape.h", "struct shape { int sides; };\n");
        let program =
            "#include \"shape.h\"\nint main(void) { struct shape s = {3}; return s.sides; }\n";
        folder.write("app.c", program);
        for more in [
            &[][..],
            &["-gsplit-dwarf"],
            &["-gsplit-dwarf", "-fdebug-macro"],
        ] {
            let flags = [&mode[..], &["-g", "-fdebug-types-section"], more].concat();
            folder.compile("app.c", &flags);
            let shape = folder
                .image("app.wasm", &[])
                .entry("structure_type", "shape")
                .to_owned();
            assert!(shape.contains("shape.h\")"), "{flags:?}: {shape}");
            let here = folder.text("");
            let map = format!("{}=/there", here.trim_end_matches('/'));
            let image = folder.image("app.wasm", &["--map-path", &map]);
            let shape = image.entry("structure_type", "shape");
            assert!(shape.contains("shape.h\")"), "{flags:?}: {shape}");
        }
    }
}

/// Runs the program; it goes on whatever there is to say.
fn said(folder: &Folder, flags: &[&str]) -> String {
    let output = folder.dwalin(&[&["run", "-g"], flags, &["app.wasm"]].concat());
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn what_is_missing_or_of_another_build_is_said_in_one_line() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES[..2].iter().enumerate() {
        let folder = Folder::new(&format!("missing-{number}"));
        whole_and_split(&folder, mode);
        fs::rename(folder.path("app.dwo"), folder.path("right.dwo")).unwrap();
        let one_line = |flags: &[&str], expected: &[&str]| {
            let said = said(&folder, flags);
            assert_eq!(said.lines().count(), 1, "{said}");
            for part in expected {
                assert!(said.contains(part), "{part} in {said}");
            }
        };
        one_line(
            &[],
            &[
                "app.wasm: debug info: there is no app.dwo in /",
                "and no package",
            ],
        );
        let lines = folder.image("app.wasm", &[]);
        assert!(
            lines
                .entry("compile_unit", "app.c")
                .contains("DW_AT_language")
        );
        // The same file of another build.
        folder.write("app.c", PROGRAM.replace("total", "other"));
        folder.compile("app.c", &[&mode[..], &["-g", "-gsplit-dwarf"]].concat());
        fs::rename(folder.path("app.dwo"), folder.path("wrong.dwo")).unwrap();
        folder.write("app.c", PROGRAM);
        folder.compile("app.c", &[&mode[..], &["-g", "-gsplit-dwarf"]].concat());
        fs::rename(folder.path("wrong.dwo"), folder.path("app.dwo")).unwrap();
        one_line(&[], &["app.dwo is of another build", "with the id 0x"]);
        folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "app.dwp"]);
        one_line(&[], &["app.dwp is of another build", "with the id 0x"]);
        // Files that are none.
        fs::remove_file(folder.path("app.dwo")).unwrap();
        folder.write("app.dwp", "not at all");
        let said = said(&folder, &[]);
        assert!(
            said.contains("app.dwp: neither a wasm module nor an ELF file"),
            "{said}"
        );
        fs::rename(folder.path("right.dwo"), folder.path("app.dwo")).unwrap();
        one_line(
            &["--dwp", "nowhere"],
            &["cannot read nowhere: No such file"],
        );
    }
}

#[test]
fn damaged_packages_never_fail_a_run() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("damaged");
    whole_and_split(&folder, &["-gdwarf-5", "-O1", "-fdebug-types-section"]);
    folder.compile(
        "app.c",
        &["-g", "-gsplit-dwarf", "-fdebug-types-section", "-O1"],
    );
    folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "right"]);
    fs::remove_file(folder.path("app.dwo")).unwrap();
    let right = fs::read(folder.path("right")).unwrap();
    for round in 0..30 {
        let mut wrong = right.clone();
        // Of prime distance, so that each round hits other bytes.
        for i in 0..=round {
            let at = (round * 7919 + i * 104_729) % wrong.len();
            wrong[at] ^= 1 << (i % 8);
        }
        folder.write("app.dwp", &wrong);
        assert!(!said(&folder, &[]).contains("panicked"));
        folder.write("app.dwp", &right[..right.len() * round / 30]);
        assert!(!said(&folder, &[]).contains("panicked"));
    }
}

/// A backtrace with the inlined function that only the split unit knows.
fn assert_backtrace(folder: &Folder, args: &[&str]) {
    let output = folder.dwalin(args);
    let report = stderr(&output);
    assert_eq!(output.status.code(), Some(134), "{report}");
    for frame in ["weigh at ", "app.c:5:", "sum at ", "app.c:9:", "app.c:17:"] {
        assert!(report.contains(frame), "{frame} in {report}");
    }
}

#[test]
fn backtraces_use_the_same_files() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES[..2].iter().enumerate() {
        let folder = Folder::new(&format!("backtrace-{number}"));
        whole_and_split(&folder, mode);
        assert_backtrace(&folder, &["run", "app.wasm", "trap"]);
        assert_backtrace(&folder, &["run", "-g", "app.wasm", "trap"]);
        folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "package"]);
        fs::remove_file(folder.path("app.dwo")).unwrap();
        assert_backtrace(&folder, &["run", "--dwp", "package", "app.wasm", "trap"]);
        // An artifact has it inside.
        let compile = ["compile", "--dwp", "package", "-o", "app", "app.wasm"];
        assert!(folder.dwalin(&compile).status.success());
        fs::remove_file(folder.path("package")).unwrap();
        assert_backtrace(&folder, &["run", "--allow-precompiled", "app", "trap"]);
    }
}

#[test]
fn a_package_can_be_given_as_bytes() {
    use dwalin_runtime::{Config, DebugFiles, Engine, Module};
    if !equipped() {
        return;
    }
    let folder = Folder::new("bytes");
    whole_and_split(&folder, &MODES[1]);
    folder.tool(&["llvm-dwp-19", "app.dwo", "-o", "package"]);
    fs::remove_file(folder.path("app.dwo")).unwrap();
    let engine = Engine::new(Config::new().debug_info(true).warning(|_| {}));
    let image = |files: &DebugFiles| {
        let bytes = fs::read(folder.path("app.wasm")).unwrap();
        let module = Module::with_debug_files(&engine, "app", bytes, files).unwrap();
        folder.write("image.elf", module.debug_image().unwrap());
        folder.tool(&["llvm-dwarfdump-19", "--name=point", "image.elf"])
    };
    let mut files = DebugFiles::new();
    assert!(!image(&files).contains("DW_TAG_structure_type"));
    files.package_bytes(fs::read(folder.path("package")).unwrap());
    assert!(image(&files).contains("DW_TAG_structure_type"));
}

/// Takes the debug info out of the module, into `app.debug.wasm`.
fn separate(folder: &Folder) {
    folder.write("app.c", PROGRAM);
    folder.compile("app.c", &["-g", "-O0"]);
    let link = [
        "clang-19",
        "--target=wasm32-wasi",
        "-Wl,--build-id",
        "app.o",
    ];
    folder.tool(&[&link[..], &["-o", "app.wasm"]].concat());
    fs::copy(folder.path("app.wasm"), folder.path("app.debug.wasm")).unwrap();
    folder.tool(&["llvm-objcopy-19", "--strip-debug", "app.wasm"]);
}

#[test]
fn a_module_can_name_the_one_with_its_debug_info() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("external");
    separate(&folder);
    folder.write("url", b"\x0eapp.debug.wasm");
    let option = "--add-section=external_debug_info=url";
    folder.tool(&["llvm-objcopy-19", option, "app.wasm"]);
    assert!(names(&folder, &[]).contains("structure_type \"point\""));
    assert_backtrace(&folder, &["run", "app.wasm", "trap"]);
    // Of another build, by its identifier.
    let right = fs::read(folder.path("app.debug.wasm")).unwrap();
    let mut wrong = right.clone();
    let id = right
        .windows(8)
        .position(|bytes| bytes == b"build_id")
        .unwrap()
        + 12;
    wrong[id] ^= 1;
    folder.write("app.debug.wasm", &wrong);
    let line = said(&folder, &[]);
    assert!(
        line.contains("app.debug.wasm: of another build: its build identifier is"),
        "{line}"
    );
    // By its code, where it has some.
    fs::rename(folder.path("app.wasm"), folder.path("stripped.wasm")).unwrap();
    folder.compile("app.c", &["-g", "-O1"]);
    fs::rename(folder.path("app.wasm"), folder.path("app.debug.wasm")).unwrap();
    fs::rename(folder.path("stripped.wasm"), folder.path("app.wasm")).unwrap();
    let line = said(&folder, &[]);
    assert!(
        line.contains("app.debug.wasm: of another build: its code is not"),
        "{line}"
    );
    fs::remove_file(folder.path("app.debug.wasm")).unwrap();
    let line = said(&folder, &[]);
    assert!(line.contains("app.debug.wasm: No such file"), "{line}");
}

#[test]
fn debuginfod_is_asked_by_the_build_identifier() {
    use std::os::unix::fs::PermissionsExt;
    if !equipped() {
        return;
    }
    let folder = Folder::new("debuginfod");
    separate(&folder);
    let client = folder.write(
        "debuginfod-find",
        "#!/bin/sh\n[ \"$1\" = debuginfo ] || exit 1\necho \"$2\" >> asked\necho \"$PWD/app.debug.wasm\"\n",
    );
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |urls: &str| {
        let path = std::env::var("PATH").unwrap();
        let image = [
            "compile",
            "-g",
            "-o",
            "app",
            "--debug-image",
            "image.elf",
            "app.wasm",
        ];
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_dwalin"))
            .args(image)
            .current_dir(folder.path("."))
            .env("PATH", format!("{}:{path}", folder.text(".")))
            .env("DEBUGINFOD_URLS", urls)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        folder.tool(&["llvm-dwarfdump-19", "--name=point", "image.elf"])
    };
    assert!(!run("").contains("DW_TAG_structure_type"));
    assert!(!folder.path("asked").exists());
    assert!(run("http://localhost").contains("DW_TAG_structure_type"));
    let asked = fs::read_to_string(folder.path("asked")).unwrap();
    assert!(asked.trim().len() >= 16, "{asked}");
}

#[test]
fn sources_can_be_in_another_directory_than_where_they_were_compiled() {
    if !equipped() {
        return;
    }
    for (number, mode) in MODES[..2].iter().enumerate() {
        for split in [&[][..], &["-gsplit-dwarf"]] {
            let folder = Folder::new(&format!("paths-{number}"));
            folder.write("app.c", PROGRAM);
            folder.compile("app.c", &[&mode[..], &["-g"], split].concat());
            let before = shown(&folder, &[]);
            let lines = ["llvm-dwarfdump-19", "--debug-line", "image.elf"];
            let rows = |table: String| {
                table
                    .lines()
                    .filter(|line| line.contains("is_stmt"))
                    .count()
            };
            let count = rows(folder.tool(&lines));
            let here = folder.text("");
            let here = here.trim_end_matches('/');
            let map = format!("{here}=/elsewhere");
            let after = shown(&folder, &["--map-path", &map]);
            assert_eq!(before, after);
            let image = folder.image("app.wasm", &["--map-path", &map]);
            let unit = image.entry("compile_unit", "app.c");
            assert!(unit.contains("(\"/elsewhere\")"), "{unit}");
            let table = folder.tool(&lines);
            assert!(
                table.contains("\"/elsewhere\"") && !table.contains(here),
                "{table}"
            );
            assert_eq!(rows(table), count);
            let run = ["run", "--map-path", &map, "app.wasm", "trap"];
            assert_backtrace(&folder, &run);
            let report = stderr(&folder.dwalin(&run));
            assert!(report.contains("/elsewhere/app.c:9:"), "{report}");
        }
    }
}

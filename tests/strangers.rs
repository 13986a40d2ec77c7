//! Files that a stranger made: to read what is not theirs, to write where they may not, to take the machine's time and memory.
//!
//! `cargo test --test strangers -- --nocapture` prints a row for each: bytes, seconds, MiB, and the first line that was said.

#[path = "strangers/amounts.rs"]
mod amounts;
#[path = "strangers/costly.rs"]
mod costly;
#[path = "strangers/debug_info.rs"]
mod debug_info;
#[path = "strangers/entries.rs"]
mod entries;
#[path = "strangers/measure.rs"]
mod measure;
#[path = "strangers/modules.rs"]
mod modules;
#[path = "strangers/packages.rs"]
mod packages;
#[path = "strangers/shared.rs"]
mod shared;

use measure::run;
use modules::{Names, counted, mapped, naming, trapping, with_section};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The text that must be printed nowhere.
pub const SECRET: &str = "nobody-is-to-read-this";

/// The processor's time that an input may take, unoptimised too.
const TIME: Duration = Duration::from_secs(10);
const MEMORY: usize = 20;
const BESIDE: usize = 64 << 20;

/// One after the other, so that each has the machine.
static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("strangers")
        .join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the command on a file: what that says. It ends by itself, in time, without a panic, and in memory.
fn check(folder: &Path, name: &str, file: &[u8], args: &[&str]) -> String {
    check_with(folder, name, file, (args, MEMORY))
}

/// The same with so many bytes of memory for each of the file's.
fn check_with(folder: &Path, name: &str, file: &[u8], (args, factor): (&[&str], usize)) -> String {
    fs::write(folder.join("app.wasm"), file).unwrap();
    let run = run(folder, args);
    let (bytes, first) = (file.len(), run.said.lines().next().unwrap_or_default());
    println!(
        "{name:44} {bytes:>9} {:>7.2} {:>6.1}  {}",
        run.time.as_secs_f64(),
        run.memory as f64 / f64::from(1 << 20),
        first.chars().take(90).collect::<String>()
    );
    let ended = run
        .status
        .code()
        .is_some_and(|code| [0, 1, 2, 134].contains(&code));
    assert!(ended, "{name}: {:?}: {}", run.status, run.said);
    assert!(!run.said.contains("panicked"), "{name}: {}", run.said);
    let allowed = factor * bytes + BESIDE;
    assert!(run.time < TIME, "{name}: {:?}", run.time);
    let memory = run.memory;
    assert!(memory < allowed, "{name}: {memory} bytes for {bytes}");
    run.said
}

/// Files that a name leads to and that are none to be read.
fn targets(folder: &Path) -> Vec<String> {
    let inside = |name: &str| folder.join(name).into_os_string().into_string().unwrap();
    let fifo = inside("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let links = [
        ("to-zero", "/dev/zero"),
        ("to-fifo", &fifo),
        ("to-environment", "/proc/self/environ"),
        ("to-itself", "to-itself"),
        ("to-shadow", "/etc/shadow"),
    ];
    for (name, to) in links {
        symlink(to, inside(name)).unwrap();
    }
    let sparse = fs::File::create(inside("sparse")).unwrap();
    sparse.set_len(1 << 42).unwrap();
    fs::create_dir_all(inside(".keys")).unwrap();
    fs::write(inside(".keys/id"), SECRET).unwrap();
    let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(inside(".keys/id"), own).unwrap();
    let links = links.iter().map(|(name, _)| inside(name));
    let system = [
        "/dev/zero",
        "/dev/urandom",
        "/dev/tty",
        "/dev/stdin",
        "/proc/self/environ",
        "/proc/self/mem",
        "/proc/kcore",
        "/etc/shadow",
        "/etc/passwd",
        "/sys/kernel/notes",
    ];
    let system = system.iter().map(|it| (*it).to_owned());
    let inside = [
        fifo.clone(),
        inside("sparse"),
        inside(".keys/id"),
        inside("."),
    ];
    links.chain(inside).chain(system).collect()
}

fn assert_secrets_are_kept(said: &str, name: &str) {
    for secret in [SECRET, "root:", "A_SECRET", "PATH="] {
        assert!(!said.contains(secret), "{name}: {said}");
    }
}

const NO_NAMES: Names<'static> = Names {
    unit: "a.c",
    directory: "/nowhere",
    text: None,
    split: None,
};

/// Modules that name a file, by the field that they name it in.
fn naming_in_each_field(target: &str) -> [(&'static str, Vec<u8>); 7] {
    let (parent, name) = target.rsplit_once('/').unwrap();
    let section = |name, contents: &[u8]| with_section(&trapping(), name, contents);
    let url = counted(target.as_bytes());
    [
        (
            "DW_AT_name",
            naming(&Names {
                unit: target,
                ..NO_NAMES
            }),
        ),
        (
            "DW_AT_comp_dir",
            naming(&Names {
                unit: name,
                directory: parent,
                ..NO_NAMES
            }),
        ),
        (
            "DW_AT_dwo_name",
            naming(&Names {
                split: Some(target),
                ..NO_NAMES
            }),
        ),
        ("external_debug_info", section("external_debug_info", &url)),
        ("sourceMappingURL", section("sourceMappingURL", &url)),
        ("sources", mapped(target, None)),
        (
            "sourcesContent",
            mapped(target, Some(SECRET.trim_end_matches("this"))),
        ),
    ]
}

#[test]
fn files_that_are_named_are_not_read_unless_they_may_be() {
    let _one = ONE.lock();
    let folder = folder("named");
    for target in targets(&folder) {
        for (field, module) in naming_in_each_field(&target) {
            for args in [&["run", "app.wasm"][..], &["run", "-g", "app.wasm"]] {
                let name = format!(
                    "{field} {} {}",
                    &target[target.len().saturating_sub(18)..],
                    args[1]
                );
                let said = check(&folder, &name, &module, args);
                assert_secrets_are_kept(&said, &name);
                assert!(said.contains("unreachable"), "{name}: {said}");
            }
        }
        for args in [
            &["objdump", "app.wasm"][..],
            &["addr2line", "app.wasm", "0x30"],
        ] {
            let module = naming(&Names {
                unit: &target,
                ..NO_NAMES
            });
            assert_secrets_are_kept(&check(&folder, args[0], &module, args), &target);
        }
    }
}

#[test]
fn nothing_is_written_outside_the_cache() {
    let _one = ONE.lock();
    let folder = folder("written");
    let up = "../".repeat(30);
    let own = folder.to_str().unwrap();
    let directories = [
        format!("/nowhere/{up}{own}/made"),
        format!("{own}/../written/made"),
        format!("/a/../../b/{up}made"),
        "../made".to_owned(),
        "made\0x".replace('\0', ""),
        "/".to_owned(),
    ];
    for directory in &directories {
        for unit in [
            "a.c",
            "../../../../../made/a.c",
            "/made/../../a.c",
            "..",
            "",
        ] {
            let names = Names {
                unit,
                directory,
                text: Some("int a;\n"),
                split: None,
            };
            let mapped = mapped(&format!("{directory}/{unit}"), Some("int a;\n"));
            for module in [naming(&names), mapped] {
                check(
                    &folder,
                    &format!("{unit} in {directory:.20}"),
                    &module,
                    &["run", "-g", "app.wasm"],
                );
            }
        }
    }
    let mut found: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    found.sort();
    assert_eq!(found, ["app.wasm", "cache", "stderr", "stdout"]);
    let inside = fs::read_dir(folder.join("cache")).unwrap().count();
    assert_eq!(inside, 1);
    assert!(!Path::new("/made").exists() && !Path::new("/b/made").exists());
}

fn check_all(name: &str, inputs: Vec<costly::Input>) {
    let _one = ONE.lock();
    let folder = folder(name);
    for input in inputs {
        let mut how = (input.args, input.factor);
        if let Some((name, file)) = &input.beside {
            fs::write(folder.join(name), file).unwrap();
            how.1 *= 1 + file.len() / input.file.len();
        }
        check_with(&folder, &input.name, &input.file, how);
        if let Some((name, _)) = &input.beside {
            fs::remove_file(folder.join(name)).unwrap();
        }
    }
}

#[test]
fn modules_cost_in_proportion() {
    check_all("modules", costly::modules());
}

#[test]
fn debug_info_costs_in_proportion() {
    check_all("described", costly::described());
}

#[test]
fn pointers_that_lose_their_types_are_told() {
    let _one = ONE.lock();
    let folder = folder("told");
    for (count, is_told) in [(5_000, false), (20_000, true)] {
        let name = format!("{count} pointers");
        let file = amounts::pointers(count, count);
        let said = check(&folder, &name, &file, &["check-debug", "app.wasm"]);
        let tells =
            said.contains("pointers are of more types than the size of their unit explains");
        assert_eq!(tells, is_told, "{name}: {said}");
    }
}

#[test]
fn files_cost_in_proportion() {
    check_all("files", costly::files());
}

//! gdb without the launcher, as editors start it: by itself, and after `dwalin setup`. The command is stripped, as its release is.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use support::tools::have;
use support::user::User;

fn equipped() -> bool {
    have(&["gdb", "clang-19", "llvm-objcopy-19"])
}

#[test]
fn plain_gdb_stops_in_the_programs_main_and_ends_there() {
    if !equipped() {
        return;
    }
    let user = User::new("plain-gdb");
    let pending = "set breakpoint pending on";
    let said = user.gdb(&[pending, "break main", "run", "bt", "start", "bt", "kill"]);
    let frames: Vec<_> = said.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(frames.len(), 2, "{said}");
    for frame in frames {
        assert!(
            frame.starts_with("#0  main (") && frame.contains("turns.c:18"),
            "{said}"
        );
    }
}

#[test]
fn setup_makes_plain_gdb_what_the_launcher_makes_of_it() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-gdb");
    user.setup(&[]);
    let said = user.gdb(&[
        "show args",
        "break main",
        "run",
        "break turn if n == 4",
        "continue",
        "kill",
        "list turn",
        "run once",
        "p argv[1]",
        "show args",
        "kill",
    ]);
    for text in [
        "is \"\".",
        "Breakpoint 1 at 0x",
        "Breakpoint 2, turn (n=4)",
        "6\tstatic int turn(int n) {",
        "\"once\"",
        "is \"once\".",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert!(
        !said.contains("re-setting") && !said.contains("Python"),
        "{said}"
    );
    // Another program is debugged as ever.
    let other = user.run(&[
        "gdb",
        "-q",
        "-batch",
        "-ex",
        "show breakpoint pending",
        "/bin/true",
    ]);
    assert!(other.contains("is auto"), "{other}");
}

#[test]
fn setup_counts_too_where_the_program_was_loaded_first() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-late");
    user.setup(&[]);
    fs::rename(user.home(".gdbinit"), user.home("lines")).unwrap();
    let source = format!("source {}", user.home("lines").display());
    let said = user.gdb(&[&source, "show args", "break main", "run", "kill"]);
    assert!(said.contains("is \"\"."), "{said}");
    assert!(said.contains("Breakpoint 1, main ("), "{said}");
}

#[test]
fn the_launcher_has_its_own_scripts_where_those_of_setup_are_of_another_version() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-versions");
    user.setup(&[]);
    let scripts = user.home(".local/share/dwalin/gdb/dwalin_gdb");
    fs::write(scripts.join("session.py"), "raise ValueError\n").unwrap();
    let script = ["-ex", "break main", "-ex", "run", "-ex", "kill"];
    let file = ["--dir", ".", "turns.wasm"];
    let said = user.run(&[&[&user.command, "gdb", "-batch"], &script[..], &file].concat());
    assert!(said.contains("Breakpoint 1, main ("), "{said}");
    assert!(!said.contains("Error"), "{said}");
}

#[test]
fn setup_is_taken_back_to_the_byte() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-remove");
    // Without an end of its last line, for nobody else to read, and somewhere else.
    let init = "set width 100";
    fs::write(user.home("kept"), init).unwrap();
    fs::set_permissions(user.home("kept"), Permissions::from_mode(0o600)).unwrap();
    symlink("kept", user.home(".gdbinit")).unwrap();
    let said = user.setup(&[]);
    assert!(
        said.contains("~/.gdbinit") && said.contains("~/.local/share/dwalin/gdb"),
        "{said}"
    );
    let with = fs::read_to_string(user.home(".gdbinit")).unwrap();
    assert!(with.starts_with("set width 100\n"), "{with}");
    assert!(user.setup(&[]).contains("nothing to do"));
    assert_eq!(fs::read_to_string(user.home(".gdbinit")).unwrap(), with);
    let said = user.gdb(&["show width"]);
    assert!(said.contains("is 100.") && !said.contains("rror"), "{said}");

    user.setup(&["--remove"]);
    assert_eq!(fs::read_to_string(user.home("kept")).unwrap(), init);
    let mode = fs::metadata(user.home("kept"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(user.home(".gdbinit").is_symlink());
    assert!(!user.home(".local/share/dwalin").exists());
    assert!(user.setup(&["--remove"]).contains("nothing to do"));
}

#[test]
fn setup_writes_where_gdb_reads() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-where");
    user.setup(&[]);
    assert!(user.home(".gdbinit").exists());
    user.setup(&["--remove"]);
    assert!(!user.home(".gdbinit").exists());
    fs::create_dir_all(user.home(".config/gdb")).unwrap();
    fs::write(user.home(".config/gdb/gdbinit"), "").unwrap();
    user.setup(&[]);
    assert!(!user.home(".gdbinit").exists());
    assert!(user.gdb(&["show breakpoint pending"]).contains("is on."));
}

//! lldb without the launcher, as editors start it, after `dwalin setup`.

mod support;

use std::fs;
use support::tools::have;
use support::user::User;

fn equipped() -> bool {
    have(&["lldb-19", "clang-19", "llvm-objcopy-19"])
}

#[test]
fn setup_makes_plain_lldb_what_the_launcher_makes_of_it() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-lldb");
    let category = "type category list dwalin";
    let commands = ["breakpoint set -n main", "run", category, "bt", "kill"];
    // None of it is so without the setup.
    let said = user.lldb(&commands);
    assert!(!said.contains("dwalin (enabled)"), "{said}");

    user.setup(&[]);
    let said = user.lldb(&commands);
    for text in ["main(argc=1", "turns.c:18", "Category: dwalin (enabled)"] {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert_eq!(said.matches("frame #").count(), 2, "{said}");
    assert!(!said.contains("rror"), "{said}");
    // Another program is debugged as ever.
    let other = user.run(&["lldb-19", "-b", "-o", "run", "/bin/true"]);
    assert!(other.contains("exited with status = 0"), "{other}");
    assert!(!other.contains("rror"), "{other}");

    // Scripts that are gone are no error at each start.
    fs::remove_dir_all(user.home(".local/share/dwalin/lldb")).unwrap();
    let said = user.lldb(&[category]);
    assert!(!said.contains("module importing failed"), "{said}");
}

#[test]
fn setup_for_lldb_is_taken_back_to_the_byte() {
    if !equipped() {
        return;
    }
    let user = User::new("setup-lldb-remove");
    // What lldb reads, without an end of its last line, and what its adapter reads instead.
    let files = [
        (".lldbinit", "settings set stop-line-count-before 2"),
        (".lldbinit-lldb-dap", "# mine\n"),
    ];
    for (name, text) in files {
        fs::write(user.home(name), text).unwrap();
    }
    let said = user.setup(&[]);
    assert!(said.contains("~/.local/share/dwalin/lldb"), "{said}");
    for (name, text) in files {
        assert!(
            said.contains(&format!("added lines to ~/{name} ")),
            "{said}"
        );
        let with = fs::read_to_string(user.home(name)).unwrap();
        assert!(with.starts_with(text) && with.len() > text.len(), "{with}");
    }
    assert!(!user.home(".lldbinit-lldb").exists());
    assert!(user.setup(&[]).contains("nothing to do"));
    let said = user.lldb(&["settings show stop-line-count-before"]);
    assert!(said.contains("= 2"), "{said}");

    user.setup(&["--remove"]);
    for (name, text) in files {
        assert_eq!(fs::read_to_string(user.home(name)).unwrap(), text);
    }
    assert!(!user.home(".local/share/dwalin").exists());
    assert!(user.setup(&["--remove"]).contains("nothing to do"));
}

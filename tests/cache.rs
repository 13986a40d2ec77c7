//! What is compiled once is not compiled again, and what was kept is never taken for something else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A folder with a module that returns a number, and a cache.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("cache")
            .join(name);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        let folder = Folder(folder);
        folder.returns(1_234_567);
        folder
    }

    fn returns(&self, number: i32) {
        let module = format!(r#"(module (func (export "f") (result i32) i32.const {number}))"#);
        fs::write(self.0.join("f.wat"), module).unwrap();
    }

    fn run(&self, options: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_dwalin"))
            .env("XDG_CACHE_HOME", self.0.join("cache"))
            .args(["run", "--invoke", "f"])
            .args(options)
            .arg(self.0.join("f.wat"))
            .output()
            .unwrap()
    }

    /// The output of the program, which must be all output.
    fn says(&self, options: &[&str]) -> String {
        let output = self.run(options);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn code(&self) -> PathBuf {
        self.0.join("cache/dwalin/code")
    }

    /// The artifacts.
    fn kept(&self) -> Vec<PathBuf> {
        let places = fs::read_dir(self.code()).into_iter().flatten().flatten();
        let files = places.flat_map(|place| fs::read_dir(place.path()).unwrap().flatten());
        let files = files.map(|file| file.path());
        files.filter(|file| file.ends_with("artifact")).collect()
    }

    /// The only artifact, with other bytes.
    fn replace(&self, change: impl Fn(&mut Vec<u8>)) {
        let [path] = &self.kept()[..] else {
            panic!("one artifact: {:?}", self.kept())
        };
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Makes the checksum that of the bytes.
fn seal(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() - 4);
    bytes.extend(crc32fast::hash(bytes).to_le_bytes());
}

/// Makes code return 7,654,321: the module inside, in LEB128, stays.
fn other_code(bytes: &mut Vec<u8>) {
    let number = 1_234_567_i32.to_le_bytes();
    let at = bytes.windows(4).position(|it| it == number).unwrap();
    bytes[at..at + 4].copy_from_slice(&7_654_321_i32.to_le_bytes());
}

#[test]
fn a_module_is_compiled_once() {
    let folder = Folder::new("once");
    for _ in 0..2 {
        assert_eq!(folder.says(&["-g"]), "1234567");
        assert_eq!(folder.kept().len(), 1);
    }
    // If that is what runs, then nothing was compiled.
    folder.replace(|bytes| {
        other_code(bytes);
        seal(bytes);
    });
    assert_eq!(folder.says(&["-g"]), "7654321");
    assert_eq!(folder.says(&["-g", "-C", "cache=n"]), "1234567");
}

#[test]
fn what_code_depends_on_is_told_apart() {
    let folder = Folder::new("depends");
    let options: [&[&str]; 4] = [&[], &["-g"], &["-g", "-O"], &["--memory-guard-size=65536"]];
    for (count, options) in options.iter().enumerate() {
        assert_eq!(folder.says(options), "1234567");
        assert_eq!(folder.kept().len(), count + 1, "{options:?}");
    }
    folder.returns(42);
    assert_eq!(folder.says(&[]), "42");
    assert_eq!(folder.kept().len(), options.len() + 1);
}

#[test]
fn damaged_code_is_not_run() {
    for (name, change) in [
        ("changed", other_code as fn(&mut Vec<u8>)),
        ("cut", |bytes| bytes.truncate(bytes.len() / 2)),
        ("empty", Vec::clear),
    ] {
        let folder = Folder::new(name);
        folder.says(&["-g"]);
        folder.replace(change);
        assert_eq!(folder.says(&["-g"]), "1234567", "{name}");
    }
}

#[test]
fn code_that_others_can_have_written_is_not_run() {
    let folder = Folder::new("others");
    let replaced = || {
        fs::remove_dir_all(folder.code()).ok();
        folder.says(&[]);
        folder.replace(|bytes| {
            other_code(bytes);
            seal(bytes);
        });
        let path = folder.kept().remove(0);
        let own = PermissionsExt::from_mode(0o444);
        fs::set_permissions(&path, own).unwrap();
        path
    };
    replaced();
    assert_eq!(folder.says(&[]), "7654321");
    for mode in [0o464, 0o446] {
        fs::set_permissions(replaced(), PermissionsExt::from_mode(mode)).unwrap();
        assert_eq!(folder.says(&[]), "1234567", "{mode:o}");
    }
    let (path, elsewhere) = (replaced(), folder.0.join("elsewhere"));
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(folder.says(&[]), "1234567");
}

#[test]
fn code_of_another_module_is_not_run() {
    let folder = Folder::new("another");
    folder.says(&["-g"]);
    let [mine] = &folder.kept()[..] else {
        panic!("one artifact")
    };
    let mine = mine.clone();
    folder.returns(42);
    folder.says(&["-g"]);
    let others: Vec<_> = folder.kept().into_iter().filter(|it| *it != mine).collect();
    fs::rename(&mine, &others[0]).unwrap();
    assert_eq!(folder.says(&["-g"]), "42");
}

#[test]
fn without_a_cache_programs_run_as_well() {
    let folder = Folder::new("none");
    assert_eq!(folder.says(&["-C", "cache=n"]), "1234567");
    assert!(!folder.code().exists());
    // Something else has the name.
    fs::write(folder.0.join("cache"), "").unwrap();
    assert_eq!(folder.says(&[]), "1234567");
    fs::remove_file(folder.0.join("cache")).unwrap();
    // Not ours to write (the superuser may all the same).
    fs::create_dir_all(folder.code()).unwrap();
    fs::set_permissions(folder.code(), PermissionsExt::from_mode(0o555)).unwrap();
    assert_eq!(folder.says(&[]), "1234567");
    let wrong = folder.run(&["-C", "cache=maybe"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&wrong.stderr)
            .contains("'cache=maybe' for '--codegen <KEY=VALUE>': not y or n")
    );
}

//! Whether lldb finds by the image's index of names what it finds without it. llvm-dwarfdump has said by then that each entry which
//! should be in the index is.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use support::{Folder, equipped};

const PROGRAMS: [&str; 8] = [
    "classes.cpp",
    "enumclass.cpp",
    "inheritance.cpp",
    "lambdas.cpp",
    "namespaces.cpp",
    "templates.cpp",
    "statics.c",
    "unions.c",
];

/// The output of lldb for commands about an image, by command: lines in any order, as an index has its own.
fn ask(folder: &Folder, image: &str, commands: &[String]) -> BTreeMap<String, Vec<String>> {
    // Its name is in the answers.
    fs::copy(folder.path(image), folder.path("asked")).unwrap();
    let script = folder.write("script", commands.join("\n") + "\n");
    let source = format!("command source -e false -c false {script}");
    let output = Command::new("lldb-19")
        .args(["--no-lldbinit", "--batch", "-o"])
        .args(["settings set symbols.enable-external-lookup false", "-o"])
        .args([&source, &folder.text("asked")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut answers = BTreeMap::new();
    let mut command = String::new();
    for line in said.lines() {
        if let Some(next) = line.strip_prefix("(lldb) ") {
            command = next.to_owned();
        } else {
            let lines: &mut Vec<String> = answers.entry(command.clone()).or_default();
            lines.push(line.to_owned());
        }
    }
    answers.values_mut().for_each(|lines| lines.sort());
    answers
}

/// Questions after each name that is described, in quotes.
fn questions(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut commands = Vec::new();
    for described in names {
        let (tag, name) = described.split_once(' ').unwrap();
        match tag {
            "subprogram" | "inlined_subroutine" => commands.extend([
                format!("image lookup -v -n {name}"),
                format!("breakpoint set -n {name}"),
                format!("breakpoint set -F {name}"),
                format!("breakpoint set -M {name}"),
            ]),
            "variable" => commands.push(format!("target variable {name}")),
            "formal_parameter" | "member" | "enumerator" => {}
            _ => commands.push(format!("image lookup -t {name}")),
        }
    }
    commands.extend(["target variable", "expression -- sizeof(int)"].map(str::to_owned));
    commands
}

#[test]
fn lldb_finds_the_same_with_the_index_and_without() {
    if !equipped() || !support::tools::have(&["lldb-19"]) {
        return;
    }
    for (program, flags) in PROGRAMS.iter().flat_map(|program| {
        [["-g", "-O0", "-gdwarf-4"], ["-g", "-O2", "-gdwarf-5"]].map(|flags| (program, flags))
    }) {
        let folder = Folder::new(&format!("index-{program}{}", flags[1]));
        let source = format!("{}/tests/programs/{program}", env!("CARGO_MANIFEST_DIR"));
        folder.write(program, fs::read(source).unwrap());
        let module = folder.compile(program, &flags);
        let image = folder.image(&module, &["--debugger", "lldb"]);
        folder.tool(&["llvm-objcopy-19", "image.elf", "with"]);
        folder.tool(&["llvm-objcopy-19", "-R", ".debug_names", "with", "without"]);
        let index = folder.tool(&["llvm-dwarfdump-19", "--debug-names", "with"]);
        assert!(index.contains("Name Index @ 0x0"), "{program}: {index}");

        let commands = questions(image.names().into_iter());
        let with = ask(&folder, "with", &commands);
        let without = ask(&folder, "without", &commands);
        assert!(with.len() > 50, "{program}: {with:?}");
        for (command, found) in &without {
            assert_eq!(with.get(command), Some(found), "{program}: {command}");
        }

        // By the index, methods are found by their own names too.
        // Without a blank: declarations say by their linkage names why a function is not called.
        let pattern = ["image lookup -r -n '^[a-z][^ ]*$'".to_owned()];
        let all = ask(&folder, "with", &pattern).remove(&pattern[0]).unwrap();
        for line in &ask(&folder, "without", &pattern)[&pattern[0]] {
            let is_count = line.contains("found in");
            assert!(is_count || all.contains(line), "{program}: {line}");
        }
    }
}

/// lldb takes the first variable of a name that it comes upon in the index for the one that `v NAME` means.
#[test]
fn variables_of_one_name_come_in_the_order_of_the_source() {
    if !equipped() {
        return;
    }
    let folder = Folder::new("index-order");
    let mut source = String::from("int level, depth, width, height;\n");
    for name in ["level", "depth", "width", "height"] {
        source +=
            &format!("namespace first {{ int {name}; }}\nnamespace other {{ int {name}; }}\n");
    }
    source += "int main() { return 0";
    for name in ["level", "depth", "width", "height"] {
        source += &format!(" + {name} + first::{name} + other::{name}");
    }
    source += "; }\n";
    folder.write("order.cpp", source);
    let module = folder.compile("order.cpp", &["-g", "-O0", "-gdwarf-5"]);
    folder.image(&module, &["--debugger", "lldb"]);
    let index = folder.tool(&["llvm-dwarfdump-19", "--debug-names", "image.elf"]);
    let place = |name: &str| {
        let found = index.find(&format!("\"{name}\""));
        found.unwrap_or_else(|| panic!("{name}: {index}"))
    };
    for name in ["level", "depth", "width", "height"] {
        for scope in ["5first", "5other"] {
            let linkage_name = format!("_ZN{scope}{}{name}E", name.len());
            assert!(
                place(name) < place(&linkage_name),
                "{linkage_name}: {index}"
            );
        }
    }
}

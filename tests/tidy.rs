//! The order of the sources: no circle of files, rooms in the order that docs/architecture.md draws, sizes, and doc comments.

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/syntax.rs"]
mod syntax;
#[path = "tidy/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use syntax::Source;
use tree::Tree;

const MAX_FILE: usize = 600;
const MAX_FUNCTION: usize = 60;

/// Crates whose modules have an order, with their root files.
const CRATES: [(&str, &str); 6] = [
    ("dwalin", "src/main.rs"),
    ("wast", "wast/src/lib.rs"),
    ("runtime", "runtime/src/lib.rs"),
    ("timetravel", "timetravel/src/lib.rs"),
    ("debuginfo", "debuginfo/src/lib.rs"),
    ("gdb-jit", "gdb-jit/src/lib.rs"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// All of our sources.
fn sources() -> Vec<Source> {
    let mut folders = vec![root().to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|it| it.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Guest programs are written for what they test.
            let is_ours = !name.starts_with('.') && name != "target" && name != "programs";
            if path.is_dir() && is_ours {
                folders.push(path);
            } else if name.ends_with(".rs") && is_ours {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source::read(&path, &text, is_test_file(&path)));
            }
        }
    }
    found
}

fn is_test_file(path: &Path) -> bool {
    let mut parts = path.iter();
    parts.any(|it| {
        matches!(
            it.to_str(),
            Some("tests" | "tests.rs" | "lldb-tests" | "benches" | "handmade")
        )
    })
}

#[test]
fn sources_are_in_order() {
    let mut breaches = BTreeSet::new();
    let sources = sources();
    sizes(&sources, &mut breaches);
    let document = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rooms = rooms::read(&document);
    for (name, file) in CRATES {
        let tree = Tree::read(name, &root().join(file));
        order(&tree, &rooms, &mut breaches);
    }
    figures(&sources);
    let breaches = Vec::from_iter(breaches).join("\n");
    assert!(breaches.is_empty(), "not in order:\n{breaches}\n");
}

#[test]
fn documents_name_paths_that_there_are() {
    for document in ["docs/architecture.md", "CONTRIBUTING.md", "README.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        assert_eq!(paths::missing(&text, root()), [""; 0], "{document}");
    }
}

/// Files and functions that are too long, and missing or vague documentation.
fn sizes(sources: &[Source], breaches: &mut BTreeSet<String>) {
    for source in sources {
        let path = relative(&source.path);
        if source.lines > MAX_FILE {
            breaches.insert(format!("long file: {path}"));
        }
        for function in source.functions.iter().filter(|it| it.lines > MAX_FUNCTION) {
            breaches.insert(format!("long function: {path} {}", function.name));
        }
        if !source.has_module_doc {
            breaches.insert(format!("no module doc: {path}"));
        }
        for begins in &source.questions {
            breaches.insert(format!("doc comment: {path} {begins}"));
        }
    }
}

/// Circles of a crate's files, and rooms that import from rooms above them.
fn order(tree: &Tree, rooms: &rooms::Rooms, breaches: &mut BTreeSet<String>) {
    let graph = imports::graph(tree);
    let circles = imports::circles(&graph);
    let largest = circles.iter().map(BTreeSet::len).max().unwrap_or(0);
    println!(
        "{}: {} files, largest circle {largest}",
        tree.name,
        graph.len()
    );
    for file in circles.iter().flatten() {
        breaches.insert(format!("circle: {}", relative(file)));
    }
    let empty = Default::default();
    let rows = rooms.get(&tree.name).unwrap_or(&empty);
    for (file, others) in &graph {
        let room = tree.room(file);
        let Some(own) = rows.get(&room) else {
            breaches.insert(format!("no room: {} {room}", tree.name));
            continue;
        };
        for other in others {
            let to = tree.room(other);
            let is_below = rows.get(&to).is_none_or(|row| row < own);
            if room != to && !is_below {
                breaches.insert(format!("direction: {} {room} → {to}", tree.name));
            }
        }
    }
}

/// Prints the figures of all code but that of tests.
fn figures(sources: &[Source]) {
    let functions = sources
        .iter()
        .flat_map(|it| &it.functions)
        .filter(|it| !it.is_test);
    let mut lengths: Vec<_> = functions.clone().map(|it| it.lines).collect();
    lengths.sort_unstable();
    let at = |share: usize| lengths[lengths.len() * share / 100];
    let long = lengths
        .iter()
        .filter(|lines| **lines > MAX_FUNCTION)
        .count();
    let files = sources.iter().filter(|it| !is_test_file(&it.path));
    let largest = files.clone().map(|it| it.lines).max().unwrap_or(0);
    println!(
        "files over {MAX_FILE} lines: {}, the largest {largest}",
        files.clone().filter(|it| it.lines > MAX_FILE).count()
    );
    println!(
        "functions: {}, median {} and p90 {} lines, {:.1} % over {MAX_FUNCTION}, with a tuple as argument: {}",
        lengths.len(),
        at(50),
        at(90),
        100.0 * long as f64 / lengths.len() as f64,
        functions.filter(|it| it.takes_tuple).count(),
    );
    let docs: usize = files.clone().map(|it| it.docs).sum();
    let vague: usize = files.map(|it| it.questions.len()).sum();
    println!(
        "doc comments: {docs}, beginning with What, Whether, Where or How: {:.1} %",
        100.0 * vague as f64 / docs as f64
    );
}

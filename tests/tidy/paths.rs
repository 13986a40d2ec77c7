//! The paths that a document names: `src/{a,b}.rs` is two of them.

use std::path::Path;

/// The folders that paths may be relative to.
const ROOTS: [&str; 7] = [
    "",
    "src",
    "runtime/src",
    "runtime/src/component",
    "debuginfo/src",
    "debuginfo/src/transform",
    "timetravel/src",
];

/// The paths of files and folders in a document, between backquotes, that do not exist.
pub fn missing(document: &str, root: &Path) -> Vec<String> {
    let spans = document
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let named = spans.filter(|it| is_path(it)).flat_map(expanded);
    let exists = |path: &String| ROOTS.iter().any(|it| root.join(it).join(path).exists());
    named.filter(|path| !exists(path)).collect()
}

/// Returns true for what has a directory, and ends as one or as a file of the tree.
fn is_path(span: &str) -> bool {
    let is_file = [".rs", ".py", ".md", ".txt"]
        .iter()
        .any(|it| span.ends_with(it));
    let is_ours = !span.contains(' ') && !span.starts_with('/') && !span.contains('$');
    is_ours && span.contains('/') && (is_file || span.ends_with('/') || span.ends_with('}'))
}

/// All paths that a span with alternatives stands for.
fn expanded(span: &str) -> Vec<String> {
    let Some((before, rest)) = span.split_once('{') else {
        return vec![span.to_owned()];
    };
    // The end of these alternatives, behind those within them.
    let mut depth = 1;
    let end = rest.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    });
    let Some(end) = end else {
        return vec![span.to_owned()];
    };
    let (inner, after) = (&rest[..end], &rest[end + 1..]);
    let mut depth = 0;
    let alternatives = inner.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let whole = alternatives.map(|it| format!("{before}{it}{after}"));
    whole.flat_map(|it| expanded(&it)).collect()
}

//! Lines of ours in an init file that is the user's: added at its end, renewed in their place, and taken out, with every other byte left
//! as it is.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

const BEGIN: &str = "# dwalin setup: begin";
/// The file's last line had no end, which is taken out again with ours.
const BEGIN_BEHIND: &str = "# dwalin setup: begin, behind a line without an end";
const END: &str = "# dwalin setup: end";

/// The change to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The file was made.
    Made,
    /// The lines were added, or taken out.
    Changed,
    /// The lines had another text.
    Renewed,
    /// The file was ours alone, and is no more.
    Deleted,
}

/// Returns the position of our lines in a text: from the first line's beginning to the last line's end.
fn find(text: &str) -> Option<(usize, usize)> {
    let begins = |at: usize| at == 0 || text[..at].ends_with('\n');
    let mut all = text.match_indices(BEGIN).map(|(at, _)| at);
    let begin = all.find(|at| begins(*at))?;
    let behind = &text[begin..];
    let end = behind.find(&format!("\n{END}"))? + 1 + END.len();
    let end = end + usize::from(behind[end..].starts_with('\n'));
    Some((begin, begin + end))
}

fn block(lines: &str, first: &str) -> String {
    format!("{first}\n{}\n{END}\n", lines.trim_end())
}

/// A text with our lines, if it has not these already.
fn added(text: &str, lines: &str) -> Option<String> {
    let Some((begin, end)) = find(text) else {
        let open = !text.is_empty() && !text.ends_with('\n');
        let first = if open { BEGIN_BEHIND } else { BEGIN };
        let between = if open { "\n" } else { "" };
        return Some(format!("{text}{between}{}", block(lines, first)));
    };
    let first = text[begin..end].lines().next().unwrap_or(BEGIN);
    let new = format!("{}{}{}", &text[..begin], block(lines, first), &text[end..]);
    (new != text).then_some(new)
}

/// A text without our lines.
fn taken_out(text: &str) -> Option<String> {
    let (begin, end) = find(text)?;
    let before = &text[..begin];
    let before = match text[begin..].starts_with(BEGIN_BEHIND) {
        true => before.strip_suffix('\n').unwrap_or(before),
        false => before,
    };
    Some(format!("{before}{}", &text[end..]))
}

/// `None` where there is no file.
fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Has our lines in a file.
///
/// # Errors
/// The system's; of files that are not text too.
pub fn add(file: &Path, lines: &str) -> io::Result<Option<Change>> {
    let text = read(file)?;
    let Some(new) = added(text.as_deref().unwrap_or_default(), lines) else {
        return Ok(None);
    };
    let change = match &text {
        None => Change::Made,
        Some(text) if find(text).is_some() => Change::Renewed,
        Some(_) => Change::Changed,
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    // In its place: the file may be a link, and has permissions and an owner.
    fs::write(file, new)?;
    Ok(Some(change))
}

/// Has none of our lines in a file; a file that we have made is deleted when nothing else is in it.
///
/// # Errors
/// The system's.
pub fn take_out(file: &Path) -> io::Result<Option<Change>> {
    let Some(text) = read(file)? else {
        return Ok(None);
    };
    let Some(new) = taken_out(&text) else {
        return Ok(None);
    };
    if new.is_empty() && !file.is_symlink() {
        fs::remove_file(file)?;
        return Ok(Some(Change::Deleted));
    }
    fs::write(file, new)?;
    Ok(Some(Change::Changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_taken_out_to_the_byte() {
        for text in [
            "",
            "\n",
            "set width 0",
            "set width 0\n",
            "a\n\n\n",
            "# dwalin setup",
        ] {
            let with = added(text, "source x\n").unwrap();
            assert!(
                with.starts_with(text) && with.contains("\nsource x\n"),
                "{with}"
            );
            assert_eq!(added(&with, "source x"), None);
            assert_eq!(taken_out(&with).unwrap(), text);
        }
    }

    #[test]
    fn other_lines_are_put_in_the_place_of_the_old_ones() {
        let with = added("a", "source x").unwrap() + "b\n";
        let renewed = added(&with, "source y").unwrap();
        assert_eq!(renewed, with.replace("source x", "source y"));
        assert_eq!(taken_out(&renewed).unwrap(), "ab\n");
    }

    #[test]
    fn lines_without_an_end_are_not_ours_to_take_out() {
        assert_eq!(taken_out("# dwalin setup: begin\nset width 0\n"), None);
    }
}

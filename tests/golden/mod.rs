//! Reports as files to be read: `DWALIN_BLESS=1` writes them anew.

use std::path::Path;
use std::{env, fs};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A report without what differs from machine to machine.
fn normalise(text: &str) -> String {
    let mut text = text.replace(ROOT, "$ROOT");
    // How many frames fit into the stack depends on how Dwalin itself was compiled.
    if text.contains("call stack exhausted") {
        let numbers: Vec<_> = text.split(|c: char| !c.is_ascii_digit()).collect();
        let large = numbers.iter().filter(|number| number.len() > 4);
        let large: Vec<String> = large.map(|number| (*number).to_owned()).collect();
        for number in large {
            text = text.replace(&number, "N");
        }
    }
    text.lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Compares with a file in tests/golden, or writes it.
pub fn expect(name: &str, found: &str) -> Result<(), String> {
    let path = Path::new(ROOT).join("tests/golden").join(name);
    let found = normalise(found);
    if env::var_os("DWALIN_BLESS").is_some() {
        fs::write(&path, found).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    match expected == found {
        true => Ok(()),
        false => Err(format!(
            "{} should be:\n{expected}\nand is:\n{found}",
            path.display()
        )),
    }
}

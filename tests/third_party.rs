//! The notices of what the command is linked from.

use std::process::Command;

#[test]
fn notices_are_of_the_crates_that_are_linked() {
    let check = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/third-party"))
        .arg("--check")
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(check.status.success(), "{message}");
}

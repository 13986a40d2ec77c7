//! Composes a component with one that it imports, as `wasm-tools compose` does: `compose CALLER CALLEE OUTPUT`.

use std::path::PathBuf;
use std::{env, fs};
use wasm_compose::composer::ComponentComposer;
use wasm_compose::config::Config;

fn main() {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let mut path = || paths.next().expect("CALLER CALLEE OUTPUT");
    let (caller, callee, output) = (path(), path(), path());
    let config = Config {
        definitions: vec![callee],
        ..Config::default()
    };
    let composed = ComponentComposer::new(&caller, &config).compose();
    fs::write(output, composed.expect("one imports the other")).expect("a file can be written");
}

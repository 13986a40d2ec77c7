//! Options of `dwalin run`, as they were parsed → the same arguments, with -g: for a debugger that runs it.

use crate::args::{Code, Run};
use crate::backtrace::Backtrace;
use crate::how_to_profile::HowToProfile;
use crate::keys::Given;
use clap::ValueEnum;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::net::SocketAddr;

/// The arguments of `dwalin` by which a debugger runs the program, without the program's own, or has it answer requests at an address.
/// `debugger` is the value of `--debugger`, where the user gave none.
pub fn run_or_serve(
    options: &Run,
    serve: Option<SocketAddr>,
    debugger: Option<&str>,
) -> Vec<OsString> {
    let mut line = run(options, debugger);
    if let Some(addr) = serve {
        let own = ["serve".into(), format!("--addr={addr}").into()];
        line.splice(..1, own);
    }
    line
}

/// The arguments of `dwalin` by which a debugger runs the program.
pub fn run(options: &Run, debugger: Option<&str>) -> Vec<OsString> {
    let mut line = Line(vec!["run".into(), "-g".into()]);
    line.code(&options.code);
    let chosen = options.debugger.map(name);
    line.option("debugger", chosen.as_deref().or(debugger));
    line.option("invoke", options.invoke.as_ref());
    for dir in &options.dirs {
        line.path("dir", Some(dir));
    }
    line.options("env", &options.env);
    line.option("argv0", options.argv0.as_ref());
    line.options("wasi", &options.wasi.given());
    line.path("profile", options.profile.as_ref().map(HowToProfile::text));
    line.path("coredump", options.coredump.as_deref());
    line.path("record", options.record.as_deref());
    line.path("backtrace", options.backtrace.as_ref().map(Backtrace::text));
    line.keys("wasm", options.wasm.given());
    let precompiled = options
        .allow_precompiled
        .then(|| "--allow-precompiled".into());
    line.0.extend(precompiled);
    line.keys("codegen", options.codegen.given());
    // A file's name may begin with a hyphen, and what follows `--` is no option.
    line.0.push("--".into());
    line.0.push(options.file().into());
    line.0
}

/// A choice, as it is typed.
fn name(choice: impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

struct Line(Vec<OsString>);

impl Line {
    fn code(&mut self, code: &Code) {
        self.0.extend(code.optimize.optimize.then(|| "-O".into()));
        self.keys("optimize", code.optimize.given());
        self.path("dwp", code.dwp.as_deref());
        let pairs = code
            .map_path
            .iter()
            .map(|(from, to)| format!("{from}={to}"));
        self.options("map-path", &pairs.collect::<Vec<_>>());
        self.option("memory-reservation", code.memory_reservation);
        self.option("memory-guard-size", code.memory_guard_size);
        self.option("max-wasm-stack", code.max_wasm_stack);
    }

    fn keys(&mut self, name: &str, keys: &[Given]) {
        for given in keys {
            self.option(name, Some(given.text()));
        }
    }

    fn option(&mut self, name: &str, value: Option<impl Display>) {
        let value = value.map(|value| value.to_string());
        self.path(name, value.as_deref());
    }

    fn path(&mut self, name: &str, value: Option<impl AsRef<OsStr>>) {
        if let Some(value) = value {
            let mut option = OsString::from(format!("--{name}="));
            option.push(value);
            self.0.push(option);
        }
    }

    fn options(&mut self, name: &str, values: &[String]) {
        for value in values {
            self.path(name, Some(value));
        }
    }
}

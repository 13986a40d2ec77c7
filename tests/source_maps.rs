//! Source maps as tools write them: where they are, what they are of, and what of them is shown.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

const SOURCE: &str = "fn first(x)\n  return x\nend\nfn second(x)\n  crash(x)\nend\n";

/// Two functions without names; `_start` calls the second, which traps.
const PROGRAM: &str = r#"(module
  (func (param i32) (result i32) local.get 0)
  (func (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 0)))
  (func (export "_start") (drop (call 1 (i32.const 1)))))"#;

/// A number in base64 VLQ (ECMA-426, section 9).
fn vlq(value: i64, out: &mut String) {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = (value.unsigned_abs() << 1) | u64::from(value < 0);
    loop {
        let digit = rest & 31;
        rest >>= 5;
        let more = if rest > 0 { 32 } else { 0 };
        out.push(char::from(DIGITS[(digit | more) as usize]));
        if rest == 0 {
            return;
        }
    }
}

/// Mappings of the functions' bodies: line 2 for the first, 5 for the second, and their names; `unmapped` says that the second has none.
fn mappings(wasm: &[u8], unmapped: bool) -> String {
    let bodies: Vec<_> = wasmparser::Parser::new(0)
        .parse_all(wasm)
        .filter_map(|payload| match payload.unwrap() {
            wasmparser::Payload::CodeSectionEntry(body) => Some(body.range().start as i64),
            _ => None,
        })
        .collect();
    let mut text = String::new();
    for number in [bodies[0], 0, 1, 2, 0] {
        vlq(number, &mut text);
    }
    text.push(',');
    let second = [bodies[1] - bodies[0], 0, 3, 0, 1];
    let fields = if unmapped { 1 } else { second.len() };
    second[..fields].iter().for_each(|it| vlq(*it, &mut text));
    text
}

struct Case {
    folder: PathBuf,
}

impl Case {
    fn new(name: &str) -> Case {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("source_maps")
            .join(name);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("prog.src"), SOURCE).unwrap();
        Case { folder }
    }

    /// Writes the module with a URL, and its map: `{}` of `map` are the mappings.
    fn write(&self, url: &str, file: &str, map: &str, unmapped: bool) {
        let mut wasm = wat::parse_str(PROGRAM).unwrap();
        let map = map.replace("{}", &mappings(&wasm, unmapped));
        fs::write(self.folder.join(file), map).unwrap();
        let name = "sourceMappingURL";
        let mut section = vec![name.len() as u8];
        section.extend(name.as_bytes());
        section.push(url.len() as u8);
        section.extend(url.as_bytes());
        wasm.extend([0, section.len() as u8]);
        wasm.extend(section);
        fs::write(self.folder.join("app.wasm"), &wasm).unwrap();
    }

    fn dwalin(&self, args: &[&str]) -> Output {
        let mut dwalin = Command::new(env!("CARGO_BIN_EXE_dwalin"));
        let dwalin = dwalin.current_dir(&self.folder);
        dwalin.env("XDG_CACHE_HOME", self.folder.join("cache"));
        dwalin.args(args).output().unwrap()
    }

    fn report(&self, args: &[&str]) -> String {
        let output = self.dwalin(&[&["run", "-g"], args, &["app.wasm"]].concat());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

const PLAIN: &str =
    r#"{"version":3,"sources":["prog.src"],"names":["first_fn","second_fn"],"mappings":"{}"}"#;

#[test]
fn the_map_of_a_server_is_beside_the_module() {
    let case = Case::new("server");
    let url = "http://localhost:8000/build/app%20one.map?v=3";
    case.write(url, "app one.map", PLAIN, false);
    let report = case.report(&[]);
    assert!(report.contains("prog.src:5:3"), "{report}");
    fs::remove_file(case.folder.join("app one.map")).unwrap();
    let report = case.report(&[]);
    assert!(
        report.contains("is not fetched: put it beside the module"),
        "{report}"
    );
}

#[test]
fn functions_without_names_have_those_of_the_map() {
    let case = Case::new("names");
    case.write("app.map", "app.map", PLAIN, false);
    let report = case.report(&[]);
    assert!(report.contains("0: second_fn at "), "{report}");
    let index = format!(
        r#"{{"version":3,"sections":[{{"offset":{{"line":0,"column":0}},"map":{PLAIN}}}]}}"#
    );
    case.write("app.map", "app.map", &format!("\u{feff}{index}"), false);
    let report = case.report(&[]);
    assert!(report.contains("0: second_fn at "), "{report}");
}

#[test]
fn code_that_a_map_leaves_out_is_of_no_file() {
    let case = Case::new("unmapped");
    case.write("app.map", "app.map", PLAIN, true);
    let report = case.report(&[]);
    assert!(!report.contains("prog.src"), "{report}");
    let wasm = fs::read(case.folder.join("app.wasm")).unwrap();
    // i32.const 0, i32.div_s
    let constant = wasm.windows(3).position(|it| it == [0x41, 0, 0x6d]);
    let divide = constant.unwrap() + 2;
    let shown = case.dwalin(&["addr2line", "app.wasm", &divide.to_string()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.ends_with(" at ??\n"), "{shown}");
}

#[test]
fn sources_of_windows_have_folders() {
    let case = Case::new("windows");
    let map = PLAIN.replace("prog.src", r"C:\\work\\proj\\prog.src");
    let content = serde_json::to_string(&[SOURCE]).unwrap();
    let kept = map.replace(
        "\"mappings\"",
        &format!("\"sourcesContent\":{content},\"mappings\""),
    );
    case.write("app.map", "app.map", &kept, false);
    let report = case.report(&[]);
    assert!(report.contains("/C:/work/proj/prog.src:5:3"), "{report}");
    assert!(report.contains("crash(x)"), "{report}");
    assert!(
        !report.contains("newer"),
        "it was made for the module: {report}"
    );
    let url = map.replace(r"C:\\work\\proj", "file:///C:/work/proj");
    for map in [map, url] {
        case.write("app.map", "app.map", &map, false);
        let report = case.report(&["--map-path", r"c:\work\proj=."]);
        assert!(report.contains("windows/prog.src:5:3"), "{report}");
        assert!(report.contains("crash(x)"), "{report}");
    }
}

//! DWARF 2 and 3, which have no values in locations and no constants for the places of members: shown as newer versions are.

mod running;
mod support;

use running::said;
use support::{Folder, equipped, stderr};

const PROGRAM: &str = "\
struct bits { unsigned a : 3; int b : 5; unsigned long long c : 40; int plain; };
struct pair { short low, high; };
__attribute__((noinline)) int fields(struct bits *p, int k, double d) {
  double half = d * 0.5;
  p->b = -3;
  p->c += 5;
  p->plain = k;
  int r = p->a + p->b + (int)p->c + (int)half + k;
  return r;
}
__attribute__((noinline)) int trap(struct bits *p, int k) {
  if (k > 1) __builtin_trap();
  return p->plain;
}
int main(int argc, char **argv) {
  struct bits b = {1, 2, 3, 4};
  return fields(&b, argc + 6, 3.0) + trap(&b, argc);
}
";

fn compile(version: &str, level: &str) -> Folder {
    let folder = Folder::new(&format!("old{version}{level}"));
    folder.write("app.c", PROGRAM);
    folder.compile("app.c", &[version, level]);
    folder
}

/// The output of a debugger for variables.
fn shown(folder: &Folder, debugger: &str) -> Vec<String> {
    let module = folder.text("app.wasm");
    let program = [env!("CARGO_BIN_EXE_dwalin"), "run", "-g", &module];
    let (mut args, expressions) = match debugger {
        "gdb" => {
            let commands = ["set debuginfod enabled off", "set breakpoint pending on"];
            let mut args = vec!["-nx", "-batch"];
            args.extend(commands.iter().flat_map(|command| ["-ex", *command]));
            args.extend(["-ex", "break app.c:9", "-ex", "run"]);
            (
                args,
                ["-ex", "print *p", "-ex", "print k", "-ex", "print r"],
            )
        }
        _ => {
            let args = vec!["-x", "-b", "-o", "b app.c:9", "-o", "run"];
            (args, ["-o", "v *p", "-o", "v k", "-o", "v r"])
        }
    };
    args.extend(expressions);
    args.push(if debugger == "gdb" { "--args" } else { "--" });
    args.extend(program);
    let said = said(debugger, &args);
    let is_value = |line: &&str| line.contains(" = ") && !line.contains("stop reason");
    said.lines().filter(is_value).map(str::to_owned).collect()
}

#[test]
fn values_are_what_newer_versions_show() {
    if !equipped() {
        return;
    }
    for level in ["-O0", "-O1"] {
        for debugger in ["gdb", "lldb-19"] {
            let expected = shown(&compile("-gdwarf-5", level), debugger);
            assert!(
                expected.iter().any(|line| line.ends_with("= 14")),
                "{expected:?}"
            );
            for version in ["-gdwarf-2", "-gdwarf-3"] {
                let seen = shown(&compile(version, level), debugger);
                assert_eq!(seen, expected, "{version} {level} {debugger}");
            }
        }
    }
}

#[test]
fn reports_show_them_too() {
    if !equipped() {
        return;
    }
    let report = |version| {
        let folder = compile(version, "-O1");
        let output = folder.dwalin(&["run", "-g", "app.wasm", "more"]);
        let said = stderr(&output);
        let lines = said.lines();
        let shown = lines.filter(|line| line.trim_start().starts_with(['p', 'k', 'b']));
        shown.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = report("-gdwarf-5");
    assert!(
        expected.iter().any(|line| line.contains("b = -3")),
        "{expected:?}"
    );
    for version in ["-gdwarf-2", "-gdwarf-3"] {
        assert_eq!(report(version), expected, "{version}");
    }
}

//! Outlines of small modules.

use super::*;
use crate::module::validate::validate;
use dwalin_debuginfo::Symbolizer;

const PROGRAM: &[u8] = br#"(module
  (import "host" "f" (func $f (param i64)))
  (global $g (mut f32) (f32.const 1))
  (table 1 funcref)
  (func $run (export "run") (param $n i32) (result i32)
    (local $a i64) (local f64 f64) (local $r funcref)
    (call $f (local.get $a))
    local.get $n
    if
      unreachable
    end
    i32.const 1)
  (@custom "sourceMappingURL" "\03app"))"#;

fn origins<'a>(paths: &'a PathMap, text: Option<&'a Text<'a>>, print: bool) -> Origins<'a> {
    Origins {
        name: "app.wasm",
        file: Some(Path::new("/nowhere/app.wasm")),
        text,
        print,
        folder: None,
        paths,
    }
}

fn lines(module: &[u8]) -> Vec<u32> {
    let container = Container::parse(module).unwrap();
    let code = container.code.unwrap().len() as u32;
    let symbolizer = Symbolizer::new(
        &WasmDwarf::new(container.sections.into_iter()),
        &[],
        Vec::new(),
    );
    let mut lines: Vec<_> = (0..code)
        .flat_map(|pc| symbolizer.frames(WasmPc(pc)))
        .filter_map(|frame| frame.line)
        .collect();
    lines.dedup();
    lines
}

#[test]
fn each_instruction_has_its_line_of_the_text() {
    let input = Input::read(PROGRAM, None).unwrap();
    let paths = PathMap::default();
    let outlined = add(&input.wasm, &origins(&paths, input.text.as_ref(), false));
    // The function's own line is that of its locals; folded instructions are where they are written.
    assert_eq!(lines(&outlined.module.unwrap()), [5, 7, 8, 9, 10, 11, 12]);
    assert_eq!(outlined.messages.len(), 1, "the source map is missing");
}

#[test]
fn printed_lines_are_those_of_the_text() {
    let input = Input::read(PROGRAM, None).unwrap();
    let printed = print::print(&input.wasm, 1 << 20).unwrap();
    assert!(print::print(&input.wasm, printed.text.len() / 2).is_err());
    let text: Vec<_> = printed.text.lines().collect();
    let shown =
        |line: &print::Line| text[line.line as usize - 1][line.column as usize - 1..].to_owned();
    let shown: Vec<_> = printed.lines.iter().map(shown).collect();
    let from = shown
        .iter()
        .position(|it| it.starts_with("(func $run"))
        .unwrap();
    let expected = [
        "(local $a i64) (local f64 f64) (local $r funcref)",
        "local.get $a",
        "call $f",
        "local.get $n",
        "if ;; label = @1",
        "unreachable",
        "end",
        "i32.const 1",
        ")",
    ];
    assert_eq!(shown[from + 1..from + 1 + expected.len()], expected);
}

#[test]
fn damaged_modules_have_an_outline_or_none() {
    let wasm = Input::read(PROGRAM, None).unwrap().wasm.into_owned();
    let paths = PathMap::default();
    let look = |bytes: &[u8]| {
        let print = validate(bytes).is_ok();
        let outlined = add(bytes, &origins(&paths, None, print));
        outlined.module.map_or(0, |module| module.len())
    };
    assert!(look(&wasm) > wasm.len());
    for end in 0..wasm.len() {
        look(&wasm[..end]);
    }
    for at in 8..wasm.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = wasm.clone();
            bytes[at] = value;
            let size = look(&bytes);
            assert!(size < 20_000, "{size} bytes of {}", wasm.len());
        }
    }
}

#[test]
fn locals_that_are_only_declared_cost_no_more_than_their_body() {
    let many = r#"(module (func (local i32)))"#;
    let mut wasm = Input::read(many.as_bytes(), None)
        .unwrap()
        .wasm
        .into_owned();
    // The count of the declaration: 1 → 50,000, in three bytes; the sizes of the body and the section.
    let at = wasm.windows(3).position(|it| it == [1, 1, 0x7f]).unwrap();
    wasm.splice(at + 1..at + 2, [0xd0, 0x86, 0x03]);
    wasm[at - 1] += 2;
    wasm[at - 3] += 2;
    validate(&wasm).unwrap();
    let declared = Scan::new(&wasm).declarations();
    assert!(declared.functions[0].locals.len() < 10);
}

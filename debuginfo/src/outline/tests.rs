//! Outlines as DWARF, read again.

use super::*;
use crate::code::ValueType;
use crate::{Symbolizer, WasmDwarf, questions};

fn function(index: u32, body: Range<u32>, first: u32) -> Function {
    let local = |index| Variable {
        name: format!("local{index}"),
        index,
        ty: ValueType::I32.into(),
    };
    Function {
        index,
        name: Some(format!("f{index}")),
        body: WasmPc(body.start)..WasmPc(body.end),
        first: WasmPc(first),
        result: Some(ValueType::I32.into()),
        locals: vec![local(0), local(1)],
        params: 1,
    }
}

fn row(pc: u32, line: u32) -> Row {
    Row {
        pc: WasmPc(pc),
        file: 0,
        line,
        column: 3,
    }
}

fn outline() -> Outline {
    Outline {
        kind: Kind::SourceMap,
        directory: "/somewhere".to_owned(),
        files: vec!["a.wat".to_owned()],
        rows: vec![row(12, 5), row(14, 6), row(31, 9)],
        functions: vec![function(3, 10..20, 12), function(4, 21..40, 23)],
        globals: Vec::new(),
        objects: Vec::new(),
    }
}

fn written(outline: &Outline, dwarf: &WasmDwarf<'_>) -> Vec<(String, Vec<u8>)> {
    sections(outline, dwarf).unwrap()
}

fn as_dwarf(sections: &[(String, Vec<u8>)]) -> WasmDwarf<'_> {
    WasmDwarf::new(sections.iter().map(|(name, bytes)| (&name[..], &bytes[..])))
}

fn place(symbolizer: &Symbolizer, pc: u32) -> (String, Option<u32>) {
    let frames = symbolizer.frames(WasmPc(pc));
    let frame = frames.first().expect("a function");
    let function = frame.function.clone().unwrap_or_default();
    (function, frame.line)
}

#[test]
fn every_address_of_a_function_with_rows_has_a_line() {
    let sections = written(&outline(), &WasmDwarf::default());
    let symbolizer = Symbolizer::new(&as_dwarf(&sections), &[], Vec::new());
    for (pc, name, line) in [
        (10, "f3", 5),
        (13, "f3", 5),
        (19, "f3", 6),
        (21, "f4", 9),
        (39, "f4", 9),
    ] {
        assert_eq!(place(&symbolizer, pc), (name.to_owned(), Some(line)));
    }
    let frames = symbolizer.frames(WasmPc(14));
    assert_eq!(frames[0].file.as_deref(), Some("/somewhere/a.wat"));
}

#[test]
fn locals_are_asked_for_and_each_line_is_one_statement() {
    let sections = written(&outline(), &WasmDwarf::default());
    let (questions, warnings) = questions(&as_dwarf(&sections));
    assert!(warnings.is_empty() && questions.instructions.is_empty());
    let locals = [(10, 0), (10, 1), (21, 0), (21, 1)];
    let expected: Vec<_> = locals.map(|(pc, local)| (WasmPc(pc), local)).into();
    assert_eq!(questions.locals, expected);
    let statements: Vec<_> = questions
        .statements
        .iter()
        .map(|it| (it.pc.0, it.line))
        .collect();
    // The start of a function, its first instruction, and each other line.
    assert_eq!(statements, [(10, 5), (12, 5), (14, 6), (21, 9), (23, 9)]);
}

#[test]
fn lines_of_text_are_instructions() {
    let mut text = outline();
    text.kind = Kind::Text;
    let sections = written(&text, &WasmDwarf::default());
    let (questions, _) = questions(&as_dwarf(&sections));
    assert_eq!(questions.instructions, [WasmPc(10)..WasmPc(40)]);
}

#[test]
fn what_a_module_has_stays_before_an_outline() {
    let mut first = outline();
    first.functions.pop();
    let own = written(&first, &WasmDwarf::default());
    let coverage = Coverage::of(&as_dwarf(&own), |_| false);
    assert!(coverage.touches(&(WasmPc(10)..WasmPc(20))));
    assert!(!coverage.touches(&(WasmPc(21)..WasmPc(40))));
    let mut second = outline();
    second.functions.remove(0);
    let both = written(&second, &as_dwarf(&own));
    let symbolizer = Symbolizer::new(&as_dwarf(&both), &[], Vec::new());
    assert_eq!(place(&symbolizer, 12), ("f3".to_owned(), Some(5)));
    assert_eq!(place(&symbolizer, 31), ("f4".to_owned(), Some(9)));
}

#[test]
fn names_are_identifiers_and_no_two_the_same() {
    let mut names = Identifiers::default();
    let given = [
        names.give(Some("n"), "local", 0),
        names.give(Some("n"), "local", 1),
        names.give(None, "local", 2),
        names.give(Some("a.b c"), "local", 3),
        names.give(Some("int"), "local", 4),
        names.give(Some("7up"), "local", 5),
        names.give(Some("local9"), "local", 8),
        names.give(None, "local", 9),
    ];
    let expected = [
        "n", "n_1", "local2", "a_b_c", "int_", "_7up", "local9", "local9_9",
    ];
    assert_eq!(given, expected);
    assert!(given.iter().all(|name| is_identifier(name)));
}

#[test]
fn names_with_scopes_are_taken_apart_where_a_programmer_would() {
    let parts = |name| {
        let scoped = scope::parse(name)?;
        Some((scoped.scopes.join(" "), scoped.name))
    };
    let some = |scopes: &str, name| Some((scopes.to_owned(), name));
    assert_eq!(parts("area(int)"), some("", "area"));
    assert_eq!(parts("geo::Shape::~Shape()"), some("geo Shape", "~Shape"));
    assert_eq!(parts("core::fmt::write"), some("core fmt", "write"));
    for whole in [
        "main",
        "~lib/rt/tlsf/Root#set:flMap",
        "index/max<f64>",
        "(anonymous namespace)::f()",
        "std::vector<int>::begin()",
        "operator new(unsigned long)",
        "<alloc::string::String as core::fmt::Write>::write_str",
        "core::ops::function::FnOnce::call_once{{vtable.shim}}",
        "::f()",
        "",
    ] {
        assert_eq!(parts(whole), None, "{whole}");
    }
}

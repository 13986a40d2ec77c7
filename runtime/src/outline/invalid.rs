//! The position in a text of a module's error: validation reports the byte of the binary form.

use super::text::name;
use crate::compile_error::CompileError;
use crate::error::Error;
use crate::module::sections::Sections;
use crate::module::validate::ModuleError;
use std::path::Path;
use wasmparser::{FunctionBody, SectionLimited};
use wast::core::{ElemKind, Expression, FuncKind, ModuleField, ModuleKind};
use wast::parser::{ParseBuffer, parse};
use wast::token::Span;
use wast::{Wat, core};

/// The error of a module that was given as text, with the line that it is about.
pub fn located(error: Error, wasm: &[u8], text: &[u8], file: Option<&Path>) -> Error {
    let Error::Compile(CompileError::Module(ModuleError::Invalid {
        message, offset, ..
    })) = &error
    else {
        return error;
    };
    let excerpt = std::str::from_utf8(text).ok().and_then(|text| {
        let span = span(text, item_at(wasm, *offset as u64)?)?;
        let mut located = wast::Error::new(span, message.clone());
        located.set_text(text);
        located.set_path(Path::new(&name(file)));
        Some(located.to_string())
    });
    match excerpt {
        Some(excerpt) => Error::Compile(CompileError::Module(ModuleError::Invalid {
            message: message.clone(),
            offset: *offset,
            excerpt: Some(excerpt),
        })),
        None => error,
    }
}

/// Something of a module, by its number among those of its kind that the section of the kind has.
#[derive(Clone, Copy)]
enum Item {
    Import(usize),
    Table(usize),
    Memory(usize),
    Tag(usize),
    Global(usize),
    Export(usize),
    Start,
    Element(usize),
    Data(usize),
    /// A function, and its instruction of a number.
    Code(usize, Option<usize>),
}

/// Returns the item at an offset of a module, or the one that contains it.
fn item_at(wasm: &[u8], offset: u64) -> Option<Item> {
    let sections = Sections::find(wasm);
    let mut bodies = sections.bodies.iter().enumerate();
    if let Some((function, body)) = bodies.find(|(_, body)| body.range().contains(&offset)) {
        return Some(Item::Code(function, instruction(body, offset)));
    }
    let start = sections.start.filter(|(_, range)| range.contains(&offset));
    let found = [
        nth(sections.imports, offset).map(Item::Import),
        nth(sections.tables, offset).map(Item::Table),
        nth(sections.memories, offset).map(Item::Memory),
        nth(sections.tags, offset).map(Item::Tag),
        nth(sections.globals, offset).map(Item::Global),
        nth(sections.exports, offset).map(Item::Export),
        nth(sections.elements, offset).map(Item::Element),
        nth(sections.data, offset).map(Item::Data),
        start.map(|_| Item::Start),
    ];
    found.into_iter().flatten().next()
}

/// The number of the item of a section that an offset is in.
fn nth<'a, T: wasmparser::FromReader<'a>>(
    section: Option<SectionLimited<'a, T>>,
    offset: u64,
) -> Option<usize> {
    let section = section.filter(|section| section.range().contains(&offset))?;
    let starts = section.into_iter_with_offsets().map_while(Result::ok);
    let before = starts.take_while(|(start, _)| *start <= offset).count();
    before.checked_sub(1)
}

/// The number of the instruction of a body that an offset is in.
fn instruction(body: &FunctionBody<'_>, offset: u64) -> Option<usize> {
    let operators = body.get_operators_reader().ok()?.into_iter_with_offsets();
    let starts = operators.map_while(Result::ok);
    let before = starts.take_while(|(_, start)| *start <= offset).count();
    before.checked_sub(1)
}

/// The span of an item in the text.
fn span(text: &str, item: Item) -> Option<Span> {
    let mut buffer = ParseBuffer::new(text).ok()?;
    buffer.track_instr_spans(true);
    let Wat::Module(mut module) = parse::<Wat<'_>>(&buffer).ok()? else {
        return None;
    };
    // Imports and exports that are written with what they are of become fields of their own.
    module.resolve().ok()?;
    let ModuleKind::Text(fields) = &module.kind else {
        return None;
    };
    let count = match item {
        Item::Code(count, at) => return code(fields, count, at),
        Item::Start => 0,
        Item::Import(count)
        | Item::Table(count)
        | Item::Memory(count)
        | Item::Tag(count)
        | Item::Global(count)
        | Item::Export(count)
        | Item::Element(count)
        | Item::Data(count) => count,
    };
    let of_kind = |field: &ModuleField<'_>| match (item, field) {
        (Item::Import(_), ModuleField::Import(it)) => Some(it.span),
        (Item::Table(_), ModuleField::Table(it)) => Some(it.span),
        (Item::Memory(_), ModuleField::Memory(it)) => Some(it.span),
        (Item::Tag(_), ModuleField::Tag(it)) => Some(it.span),
        (Item::Global(_), ModuleField::Global(it)) => Some(it.span),
        (Item::Export(_), ModuleField::Export(it)) => Some(it.span),
        (Item::Start, ModuleField::Start(it)) => Some(it.span()),
        (Item::Element(_), ModuleField::Elem(it)) => Some(element(it)),
        (Item::Data(_), ModuleField::Data(it)) => Some(it.span),
        _ => None,
    };
    fields.iter().filter_map(of_kind).nth(count)
}

/// That of a segment: its own, or where it is written with its table the table's.
fn element(element: &core::Elem<'_>) -> Span {
    match &element.kind {
        ElemKind::Active {
            table: Some(table), ..
        } if element.span.offset() == 0 => table.span(),
        _ => element.span,
    }
}

/// That of an instruction of a function; of the function, where it is its end or its locals.
fn code(fields: &[ModuleField<'_>], count: usize, at: Option<usize>) -> Option<Span> {
    let functions = fields.iter().filter_map(|field| match field {
        ModuleField::Func(function) => match &function.kind {
            FuncKind::Inline { expression, .. } => Some((function.span, expression)),
            FuncKind::Import(..) => None,
        },
        _ => None,
    });
    let (span, expression) = functions.into_iter().nth(count)?;
    let of_instruction = |expression: &Expression<'_>| {
        let spans = expression.instr_spans.as_ref()?;
        spans.get(at?).copied()
    };
    Some(of_instruction(expression).unwrap_or(span))
}

#[cfg(test)]
mod tests {
    use crate::{Config, Engine, Module};

    /// The line and column that the error of a text names, and what is there.
    fn place(text: &str) -> String {
        let error = Module::new(&Engine::new(&Config::new()), text)
            .err()
            .unwrap();
        let error = error.to_string();
        let (_, place) = error.split_once("--> <text>:").expect(&error);
        let place = place.lines().next().unwrap();
        let (line, column) = place.split_once(':').unwrap();
        let line = text.lines().nth(line.parse::<usize>().unwrap() - 1);
        let rest = &line.unwrap()[column.parse::<usize>().unwrap() - 1..];
        rest.to_owned()
    }

    #[test]
    fn errors_of_text_name_their_place() {
        for (text, expected) in [
            (
                "(module\n (func)\n (func (result i32)\n  (i32.add (i32.const 1)\n   (i64.const 2))))",
                "i32.add",
            ),
            ("(module\n (func\n  i32.const 1))", "func"),
            (
                "(module\n (import \"a\" \"b\" (func))\n (func\n  nop\n  local.get 3))",
                "local.get 3",
            ),
            (
                "(module\n (memory 1)\n (export \"a\" (memory 0))\n (export \"f\" (func 7)))",
                "export \"f\"",
            ),
            (
                "(module\n (func (export \"f\"))\n (func (export \"f\")))",
                "func (export \"f\")))",
            ),
            (
                "(module\n (global i32 (i32.const 1))\n (global i32\n (i64.const 1)))",
                "global i32",
            ),
            ("(module\n (memory 3 2))", "memory 3 2"),
            (
                "(module (table 1 funcref)\n (elem (i64.const 0)))",
                "elem (i64",
            ),
            (
                "(module (memory 1)\n (data (i64.const 0) \"\"))",
                "data (i64",
            ),
            ("(module\n (import \"a\" \"b\" (memory 70000)))", "import"),
            ("(module (func $f (param i32))\n (start $f))", "$f"),
        ] {
            let found = place(text);
            assert!(found.starts_with(expected), "{text}: {found}");
        }
    }
}

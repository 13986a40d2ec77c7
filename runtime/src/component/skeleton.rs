//! A component without code and data: what it takes to take it apart again, where the code was compiled before. Core modules keep what
//! others see of them.

use crate::inspect::core_module::component::{DEBUG_INFO, Facts};
use crate::module::sections::Sections;
use dwalin_debuginfo::container::{WasmSection, wasm_sections};
use std::ops::Range;
use wasm_encoder::{CodeSection, CustomSection, Encode, Function, NameSection, Section};

/// The ids of sections of components.
const CORE_MODULE: u8 = 1;
const COMPONENT: u8 = 4;

/// Bytes before the first section.
const PREAMBLE: usize = 8;

/// The skeleton of a valid component.
pub fn skeleton(component: &[u8]) -> Vec<u8> {
    of_component(component, 0..component.len())
}

fn of_component(file: &[u8], range: Range<usize>) -> Vec<u8> {
    let mut to = file[range.start..range.start + PREAMBLE].to_vec();
    for section in wasm_sections(file, range).flatten() {
        let WasmSection {
            number,
            contents,
            bytes,
        } = section;
        let inner = match number {
            CORE_MODULE => of_module(&file[contents]),
            COMPONENT => of_component(file, contents),
            _ => {
                to.extend_from_slice(&file[bytes]);
                continue;
            }
        };
        to.push(number);
        inner.encode(&mut to);
    }
    to
}

/// A core module whose functions trap. Without elements and data nothing of its code is left that would need them.
fn of_module(wasm: &[u8]) -> Vec<u8> {
    let sections = Sections::find(wasm);
    let mut to = wasm[..PREAMBLE].to_vec();
    for section in wasm_sections(wasm, 0..wasm.len()).flatten() {
        match section.number {
            // Types, imports, functions, tables, memories, globals, exports, the start function and tags.
            1..=8 | 13 => to.extend_from_slice(&wasm[section.bytes]),
            10 => code(sections.bodies.len()).append_to(&mut to),
            _ => {}
        }
    }
    let facts = Facts::of(wasm);
    if let Some(name) = &facts.name {
        let mut names = NameSection::new();
        names.module(name);
        names.append_to(&mut to);
    }
    if facts.has_debug_info {
        let nothing = CustomSection {
            name: DEBUG_INFO.into(),
            data: [][..].into(),
        };
        nothing.append_to(&mut to);
    }
    to
}

/// So many bodies, valid for each type.
fn code(count: usize) -> CodeSection {
    let mut body = Function::new([]);
    body.instructions().unreachable().end();
    let mut code = CodeSection::new();
    for _ in 0..count {
        code.function(&body);
    }
    code
}

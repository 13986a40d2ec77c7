//! Names for adapters between components, which have none of their own: debuggers fold frames of the runtime's code by them.

use crate::execution::forwards::ADAPTER;
use crate::module::sections::Sections;
use wasm_encoder::{NameMap, NameSection, Section};
use wasmparser::TypeRef;

/// The module's name.
const MODULE: &str = "adapter";

/// Appends a name section to an adapter.
pub fn name(wasm: &mut Vec<u8>) {
    let sections = Sections::find_before_code(wasm);
    let imports = sections.imports().flatten();
    let imported = imports
        .filter(|import| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)))
        .count() as u32;
    let defined = sections.functions.map_or(0, |section| section.count());
    let mut functions = NameMap::new();
    for index in imported..imported + defined {
        functions.append(index, ADAPTER);
    }
    let mut names = NameSection::new();
    names.module(MODULE);
    names.functions(&functions);
    names.append_to(wasm);
}

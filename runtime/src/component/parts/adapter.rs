//! Names for adapters between components, which have none of their own: debuggers fold frames of the runtime's code by them.

use crate::execution::forwards::ADAPTER;
use wasm_encoder::{NameMap, NameSection, Section};
use wasmparser::{Parser, Payload, TypeRef};

/// The module's name.
const MODULE: &str = "adapter";

/// Appends a name section to an adapter.
pub fn name(wasm: &mut Vec<u8>) {
    let (mut imported, mut defined) = (0, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::ImportSection(imports)) => {
                let imports = imports.into_imports().flatten();
                imported += imports
                    .filter(|import| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)))
                    .count() as u32;
            }
            Ok(Payload::FunctionSection(functions)) => defined += functions.count(),
            _ => {}
        }
    }
    let mut functions = NameMap::new();
    for index in imported..imported + defined {
        functions.append(index, ADAPTER);
    }
    let mut names = NameSection::new();
    names.module(MODULE);
    names.functions(&functions);
    names.append_to(wasm);
}

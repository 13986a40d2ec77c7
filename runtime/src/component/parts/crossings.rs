//! Adapters between components, and what of WIT each stands for: the name and type of the function that it calls, and where its arguments are.

use super::lifted::{Lifted, lifted};
use super::{
    Crossing, Def, Encoding, Fused, Initializer, Item, Parts, Returned, Source, SourceMemory,
    Trampoline, Transcode,
};
use crate::execution::forwards::CALLEE;
use crate::module::sections::{Sections, items};
use std::collections::HashMap;
use wasmparser::{ExternalKind, Import, MemArgTarget, Operator, TypeRef};

/// Names a component's adapters, if it is one that can be read for it.
pub fn name(parts: &mut Parts, component: &[u8]) {
    if parts.modules.len() == parts.modules_in_file {
        return;
    }
    // Who took the component apart knows more than this one would: no names are not a fault.
    let lifted = lifted(component).unwrap_or_default();
    let steps = parts.initializers.iter().filter_map(|step| match step {
        Initializer::Instantiate { module, imports } => Some((*module, imports)),
        _ => None,
    });
    let adapters = steps.filter(|(module, _)| *module as usize >= parts.modules_in_file);
    let named = adapters.map(|(module, imports)| {
        let crossings = crossings(parts, module, imports, &lifted);
        (module, crossings)
    });
    parts.crossings = named.collect();
}

/// The crossings of an adapter module, by the indices of its functions. Its imports are in the module's order.
fn crossings(
    parts: &Parts,
    module: u32,
    imports: &[Def],
    lifted: &[Lifted],
) -> HashMap<u32, Crossing> {
    let wasm = &parts.modules[module as usize];
    let adapter = Adapter::of(parts, wasm, imports);
    let exports = items(&adapter.sections.exports).flatten();
    let crossings = exports.filter_map(|export| {
        let callee = adapter.callee(export.name)?;
        let (place, _) = adapter.functions[callee as usize];
        let lifted = find(parts, imports[place], lifted)?;
        let is_function = export.kind == ExternalKind::Func;
        let mut look = Look::new(&adapter, callee);
        look.through(export.index);
        let crossing = Crossing {
            name: lifted.name.clone(),
            ty: lifted.ty.clone(),
            arguments: look.arguments,
            returned: look.returned,
        };
        is_function.then_some((export.index, crossing))
    });
    crossings.collect()
}

/// The lifted function that a core function is; `None` where several types are possible.
fn find<'l>(parts: &Parts, def: Def, lifted: &'l [Lifted]) -> Option<&'l Lifted> {
    let Def::Item {
        instance,
        item: Item::Func(func),
    } = def
    else {
        return None;
    };
    let mut instances = parts.initializers.iter().filter_map(|step| match step {
        Initializer::Instantiate { module, .. } => Some(*module),
        _ => None,
    });
    let module = instances.nth(instance as usize)?;
    let sections = Sections::find_before_code(parts.modules.get(module as usize)?);
    let names: Vec<_> = items(&sections.exports)
        .flatten()
        .filter(|export| export.kind == ExternalKind::Func && export.index == func)
        .map(|export| export.name)
        .collect();
    let is_it = |it: &&Lifted| it.module == module && names.contains(&&*it.core_name);
    let mut all = lifted.iter().filter(is_it);
    let first = all.next()?;
    let same = |it: &Lifted| it.name == first.name && it.ty.to_string() == first.ty.to_string();
    all.all(same).then_some(first)
}

/// An adapter module.
struct Adapter<'a> {
    parts: &'a Parts,
    sections: Sections<'a>,
    /// The imported functions, each with its place among all imports.
    functions: Vec<(usize, Import<'a>)>,
    /// Its imports, in the module's order.
    defs: &'a [Def],
}

impl<'a> Adapter<'a> {
    fn of(parts: &'a Parts, wasm: &'a [u8], defs: &'a [Def]) -> Adapter<'a> {
        let sections = Sections::find(wasm);
        let functions = sections.imports().flatten().enumerate();
        let functions = functions
            .filter(|(_, import)| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
        Adapter {
            parts,
            functions: functions.collect(),
            sections,
            defs,
        }
    }

    /// The function that an exported one calls.
    fn callee(&self, name: &str) -> Option<u32> {
        let mut functions = self.functions.iter();
        let callee = functions.position(|(_, it)| it.module == CALLEE && it.name == name);
        callee.map(|index| index as u32)
    }
}

/// A look through the code of a function that calls the callee: what it reads before that are arguments, and behind it what was returned.
struct Look<'l> {
    adapter: &'l Adapter<'l>,
    callee: u32,
    /// Functions of the module's own that were looked through, on this side of the call.
    seen: Vec<u32>,
    arguments: Source,
    returned: Option<Returned>,
}

impl<'l> Look<'l> {
    fn new(adapter: &'l Adapter<'l>, callee: u32) -> Look<'l> {
        Look {
            adapter,
            callee,
            seen: Vec::new(),
            arguments: Source::default(),
            returned: None,
        }
    }

    fn through(&mut self, function: u32) {
        if self.seen.contains(&function) {
            return;
        }
        self.seen.push(function);
        let sections = &self.adapter.sections;
        let defined = (function as usize).checked_sub(self.adapter.functions.len());
        let body = defined.and_then(|defined| sections.bodies.get(defined));
        let Some(mut operators) = body.and_then(|body| body.get_operators_reader().ok()) else {
            return;
        };
        // The callee's results go to locals at once, the last one first.
        let mut is_behind_call = false;
        while let Ok((operator, offset)) = operators.read_with_offset() {
            match operator {
                Operator::LocalSet { local_index } if is_behind_call => {
                    let returned = self.returned.as_mut();
                    returned
                        .expect("there was a call")
                        .locals
                        .insert(0, local_index);
                    continue;
                }
                Operator::Call { function_index } if function_index == self.callee => {
                    self.seen.clear();
                    self.returned = Some(Returned {
                        from: offset as usize,
                        locals: Vec::new(),
                        source: Source::default(),
                    });
                    is_behind_call = true;
                    continue;
                }
                Operator::Call { function_index } => self.called(function_index),
                operator => {
                    if let Some(memory) = read_memory(&operator) {
                        let memory = SourceMemory::Imported(memory);
                        self.source().memory.get_or_insert(memory);
                    }
                }
            }
            is_behind_call = false;
        }
    }

    /// The values that are read now.
    fn source(&mut self) -> &mut Source {
        match &mut self.returned {
            Some(returned) => &mut returned.source,
            None => &mut self.arguments,
        }
    }

    fn called(&mut self, function: u32) {
        let adapter = self.adapter;
        let Some((place, _)) = adapter.functions.get(function as usize) else {
            return self.through(function);
        };
        let Def::Trampoline(trampoline) = adapter.defs[*place] else {
            return;
        };
        if let (_, Trampoline::Fused(Fused::Transcode { op, from, .. })) =
            &adapter.parts.trampolines[trampoline as usize]
        {
            let source = self.source();
            source.memory.get_or_insert(SourceMemory::Numbered(*from));
            let encoding = encoding(*op);
            // Strings of one that is two are asked for both.
            if source.encoding.is_none() || encoding == Encoding::Compact {
                source.encoding = Some(encoding);
            }
        }
    }
}

/// The memory that an operator reads, of those that adapters have.
fn read_memory(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::MemoryCopy { src_mem, .. } => Some(*src_mem),
        Operator::I32Load { memarg }
        | Operator::I32Load8U { memarg }
        | Operator::I32Load8S { memarg }
        | Operator::I32Load16U { memarg }
        | Operator::I32Load16S { memarg }
        | Operator::I64Load { memarg }
        | Operator::F32Load { memarg }
        | Operator::F64Load { memarg } => match memarg.target {
            MemArgTarget::Memory(memory) => Some(memory),
            _ => None,
        },
        _ => None,
    }
}

/// The encoding of the strings that a step reads.
fn encoding(op: Transcode) -> Encoding {
    match op {
        Transcode::CopyUtf8
        | Transcode::Utf8ToUtf16
        | Transcode::Utf8ToLatin1
        | Transcode::Utf8ToCompactUtf16 => Encoding::Utf8,
        Transcode::CopyUtf16
        | Transcode::Utf16ToUtf8
        | Transcode::Utf16ToLatin1
        | Transcode::Utf16ToCompactUtf16
        | Transcode::Utf16ToCompact => Encoding::Utf16,
        Transcode::CopyLatin1 | Transcode::Latin1ToUtf16 | Transcode::Latin1ToUtf8 => {
            Encoding::Compact
        }
    }
}

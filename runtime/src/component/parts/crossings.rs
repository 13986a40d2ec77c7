//! Adapters between components, and what of WIT each stands for: the name and type of the function that it calls, and where its arguments are.

use super::lifted::{Lifted, lifted};
use super::{
    Crossing, Def, Encoding, Fused, Initializer, Item, Parts, Source, SourceMemory, Trampoline,
    Transcode,
};
use crate::execution::forwards::CALLEE;
use crate::module::sections::{Sections, items};
use std::collections::HashMap;
use wasmparser::{ExternalKind, FunctionBody, Import, MemArgTarget, Operator, TypeRef};

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
        let crossing = Crossing {
            name: lifted.name.clone(),
            ty: lifted.ty.clone(),
            source: adapter.source(export.index, callee),
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

    /// The place of the arguments that a function hands on to a callee: it reads them before it calls that.
    fn source(&self, function: u32, callee: u32) -> Source {
        let mut found = Source {
            memory: None,
            encoding: None,
        };
        self.look(function, callee, &mut Vec::new(), &mut found);
        found
    }

    /// Looks through a function, and what it calls of the module's, up to the call of the callee.
    fn look(
        &self,
        function: u32,
        callee: u32,
        seen: &mut Vec<u32>,
        found: &mut Source,
    ) -> Option<()> {
        if seen.contains(&function) {
            return Some(());
        }
        seen.push(function);
        let defined = (function as usize).checked_sub(self.functions.len())?;
        let body: &FunctionBody<'_> = self.sections.bodies.get(defined)?;
        let mut operators = body.get_operators_reader().ok()?;
        while let Ok(operator) = operators.read() {
            match operator {
                Operator::Call { function_index } if function_index == callee => return None,
                Operator::Call { function_index } => {
                    self.called(function_index, callee, seen, found)?;
                }
                Operator::MemoryCopy { src_mem, .. } => {
                    found.memory.get_or_insert(SourceMemory::Imported(src_mem));
                }
                Operator::I32Load { memarg }
                | Operator::I32Load8U { memarg }
                | Operator::I32Load8S { memarg }
                | Operator::I32Load16U { memarg }
                | Operator::I32Load16S { memarg }
                | Operator::I64Load { memarg }
                | Operator::F32Load { memarg }
                | Operator::F64Load { memarg } => {
                    if let MemArgTarget::Memory(memory) = memarg.target {
                        found.memory.get_or_insert(SourceMemory::Imported(memory));
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn called(
        &self,
        function: u32,
        callee: u32,
        seen: &mut Vec<u32>,
        found: &mut Source,
    ) -> Option<()> {
        let Some((place, _)) = self.functions.get(function as usize) else {
            return self.look(function, callee, seen, found);
        };
        let Def::Trampoline(trampoline) = self.defs[*place] else {
            return Some(());
        };
        if let (_, Trampoline::Fused(Fused::Transcode { op, from, .. })) =
            &self.parts.trampolines[trampoline as usize]
        {
            found.memory.get_or_insert(SourceMemory::Numbered(*from));
            let encoding = encoding(*op);
            // Strings of one that is two are asked for both.
            if found.encoding.is_none() || encoding == Encoding::Compact {
                found.encoding = Some(encoding);
            }
        }
        Some(())
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

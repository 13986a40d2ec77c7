//! `dwalin objdump`: source lines, the wasm instructions of each, and the machine code of each.

use crate::args::Objdump;
use crate::core_modules;
use crate::files;
use anyhow::{Result, bail};
use dwalin_runtime::{
    CoreModule, Engine, Instructions, Module, ModuleFile, Printable, read_source,
};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use std::collections::HashMap;

/// Shows a function, or all.
pub fn objdump(options: &Objdump) -> Result<()> {
    let of_file = |error| files::error(error, &options.file);
    let all = CoreModule::open_all(&options.file).map_err(of_file)?;
    let modules = match core_modules::chosen(&all, options.module.as_deref())? {
        Some(module) => std::slice::from_ref(module),
        None => &all,
    };
    let engine = Engine::new(&options.code.config());
    let mut sources = HashMap::new();
    let mut is_any = false;
    for it in modules {
        let functions = wanted(&it.module, options.function.as_deref());
        let (Some(first), Some(last)) = (functions.first(), functions.last()) else {
            continue;
        };
        if all.len() > 1 {
            println!("{}:\n", Printable(&it.name));
        }
        is_any = true;
        let module = Module::new(&engine, it.module.wasm()).map_err(of_file)?;
        let instructions = it.module.instructions(*first..last + 1);
        for func in functions {
            function(&it.module, &module, func, &instructions, &mut sources);
        }
    }
    if !is_any {
        let none = none(modules, options.function.as_deref());
        bail!("{}: {none}", options.file.display());
    }
    Ok(())
}

/// The functions with code that have a name or index, or all.
fn wanted(file: &ModuleFile, function: Option<&str>) -> Vec<u32> {
    let is_wanted = |func: &u32| match function {
        None => true,
        Some(text) => text.parse() == Ok(*func) || file.function_name(*func) == *text,
    };
    file.functions().filter(is_wanted).collect()
}

/// That there is nothing to show.
fn none(modules: &[CoreModule], wanted: Option<&str>) -> String {
    let Some(wanted) = wanted else {
        return "no function has code".to_owned();
    };
    let names = modules.iter().map(|it| &it.module);
    let names = names.flat_map(|it| it.functions().map(|func| it.function_name(func)));
    let names: Vec<_> = names.collect();
    match files::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("no function `{wanted}` has code; there is `{near}`"),
        None => format!("no function `{wanted}` has code"),
    }
}

/// Lines of source files by path; empty where a file is not here.
type Sources = HashMap<String, Vec<String>>;

fn function(
    file: &ModuleFile,
    module: &Module,
    func: u32,
    instructions: &Instructions,
    sources: &mut Sources,
) {
    println!("{} (function {func}):", Printable(file.function_name(func)));
    let (mut line, mut instruction, mut address) = (None, None, 0);
    for (offset, code) in module.code_of(func).unwrap_or_default() {
        if let Some(offset) = offset {
            let place = file
                .at_file_offset(offset)
                .and_then(|it| it.frames.into_iter().next());
            let place = place.and_then(|it| Some((it.file?, it.line?)));
            if place.is_some() && place != line {
                println!("{}", Printable(source(place.as_ref(), sources)));
                line = place;
            }
        }
        if offset != instruction {
            instruction = offset;
            let text = offset.and_then(|offset| instructions.at(offset));
            if let (Some(offset), Some(text)) = (offset, text) {
                println!("    {offset:#07x}: {}", Printable(text));
            }
        }
        address = disassemble(&code, address);
    }
    println!();
}

fn source(place: Option<&(String, u32)>, sources: &mut Sources) -> String {
    let Some((path, line)) = place else {
        return String::new();
    };
    let lines = sources.entry(path.clone()).or_insert_with(|| {
        let text = read_source(path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    });
    let text = (*line as usize)
        .checked_sub(1)
        .and_then(|i| lines.get(i))
        .map_or("", String::as_str);
    format!("{path}:{line}: {}", text.trim())
}

/// Prints machine code that is so many bytes into its function; where it ends.
fn disassemble(code: &[u8], start: u64) -> u64 {
    let mut formatter = IntelFormatter::new();
    for instruction in &mut Decoder::with_ip(64, code, start, DecoderOptions::NONE) {
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        println!("        {:>6x}  {text}", instruction.ip());
    }
    start + code.len() as u64
}

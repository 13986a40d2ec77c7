//! Placed code and final addresses → native DWARF → the debugger.

use super::cached_image::CachedImage;
use super::image_file::{FilledFile, ImageFile};
use super::offer;
use super::places::Places;
use crate::abi::frame::value_type;
use crate::code::PlacedCode;
use crate::config::{Config, Delivery, ImageReader};
use crate::index::*;
use crate::module::elements::lasting_elements;
use crate::threads::Threads;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::CodeOffset;
use dwalin_debuginfo::check::Check;
use dwalin_debuginfo::code::{CodeMap, Contents, FunctionCode, Symbol};
use dwalin_debuginfo::{Image, Warning, WarningKind, WasmDwarf};
use dwalin_gdb_jit::Registration;

/// Shows an instance's code to debuggers for as long as the registration lives.
pub fn describe(
    code: &PlacedCode,
    places: Places,
    config: &Config,
    module_name: &str,
    reader: ImageReader,
    mut cached: Option<CachedImage>,
) -> (Registration, Vec<Warning>) {
    let text = cached.as_ref().map(|cached| cached.text(code, &places));
    let text = text.unwrap_or_default();
    if let Some((file, link)) = cached.as_mut().and_then(|cached| cached.take(&text)) {
        return (register(file, link, reader, module_name), Vec::new());
    }
    let placement = cached.as_ref().and_then(|cached| cached.placement);
    let has_its_places = placement.is_some_and(|it| it.holds(code, &places));
    // lldb on this machine can have it from a file; what goes wrong with that costs time alone.
    let file = (reader.delivery != Delivery::Memory).then(ImageFile::new);
    let file = file.and_then(Result::ok);
    let path = file.as_ref().map(ImageFile::path);
    // Of a file that lldb loads as it does a library, it reads instructions there, and not in the process.
    let is_offered = path.is_some() && reader.delivery == Delivery::Offer;
    let text_bytes = is_offered.then(|| code.artifact().text_bytes());
    let contents = Contents {
        text: text_bytes.unwrap_or_default(),
        memory: &[],
    };
    let path = path.as_deref();
    let image = image(code, places, config, module_name, &contents, path);
    let is_whole = image.warnings.iter().all(|it| it.kind == WarningKind::Lost);
    // What there is to be said is to be said each time.
    if let Some(cached) = cached.filter(|_| has_its_places && is_whole) {
        cached.keep(&text, &image);
    }
    let filled = file.and_then(|file| file.fill(&image.bytes).ok());
    let registration = match filled {
        Some(file) => register(file, image.link, reader, module_name),
        None => Registration::new(image.bytes),
    };
    (registration, image.warnings)
}

/// Gives an image in a file to its reader, in the reader's way.
fn register(
    file: FilledFile,
    link: Option<Vec<u8>>,
    reader: ImageReader,
    module_name: &str,
) -> Registration {
    let is_offered = reader.delivery == Delivery::Offer;
    if is_offered && offer::is_taken(&file.path(), module_name) {
        return Registration::known(file);
    }
    match link {
        Some(link) => Registration::linked(link, file),
        None => Registration::new(file),
    }
}

/// The image that a debugger gets, with what it does not read in the process; the path of the file that it is going to be in.
pub fn image(
    code: &PlacedCode,
    places: Places,
    config: &Config,
    module_name: &str,
    contents: &Contents<'_>,
    path: Option<&str>,
) -> Image {
    with_map(code, places, config, module_name, |dwarf, map| {
        dwalin_debuginfo::image_with_contents(dwarf, map, contents, path)
    })
}

/// Compares the module's debug info with that image; returns the warnings of its making as well.
pub fn check(
    code: &PlacedCode,
    places: Places,
    config: &Config,
    module_name: &str,
    variable: Option<&str>,
) -> (Check, Vec<Warning>) {
    with_map(code, places, config, module_name, |dwarf, map| {
        let image = dwalin_debuginfo::image(dwarf, map, None);
        let (bytes, warnings) = (&image.bytes, image.warnings);
        let check = dwalin_debuginfo::check::check(dwarf, map, bytes, &warnings, variable);
        (check, warnings)
    })
}

fn with_map<T: Send>(
    code: &PlacedCode,
    places: Places,
    config: &Config,
    module_name: &str,
    make: impl FnOnce(&WasmDwarf<'_>, &CodeMap<'_>) -> T + Send,
) -> T {
    let artifact = code.artifact();
    let info = artifact.info();
    let trampolines = code.trampolines();
    let trampolines = trampolines.iter().map(|(name, code)| Symbol {
        name,
        code: code.clone(),
    });
    let threads = Threads::new(config.settings().parallel);
    let table = threads.run(|| lasting_elements(info, artifact.wasm()));
    let map = CodeMap {
        module_name,
        wasm: info.code_section.contents(artifact.wasm()),
        text: code.text(),
        functions: info
            .bodies
            .keys()
            .map(|func| function(code, func))
            .collect(),
        trampolines: trampolines.collect(),
        forwards: places.forwards,
        eh_frame: code.eh_frame(),
        table: table
            .iter()
            .map(|(index, func)| (*index, artifact.function_name(*func)))
            .collect(),
        memories: places.memories,
        globals: places.globals,
        heap: places.heap,
        context: places.context,
        flavor: config.flavor(),
        at_own_addresses: config.has_own_addresses(),
        pointer_code: places.pointer_code,
    };
    let dwarf = info.dwarf(artifact.wasm());
    threads.run(|| make(&dwarf, &map))
}

fn function(code: &PlacedCode, func: DefinedFuncIndex) -> FunctionCode<'_> {
    let artifact = code.artifact();
    let info = artifact.info();
    let range = code.function_code(func);
    let text = code.text().start.0;
    let (from, to) = ((range.start.0 - text) as u32, (range.end.0 - text) as u32);
    let rows = artifact
        .address_map()
        .rows(from, to)
        .map(|(offset, pc)| (CodeOffset(offset - from), pc))
        .collect();
    let index = info.func_index(func);
    let ty = info.func_type(index);
    let (slots, returns) = artifact.slots().get(func.index()).unwrap_or_default();
    FunctionCode {
        index: index.index() as u32,
        name: artifact.function_name(index),
        wasm: info.pcs(func),
        parameters: ty.params().iter().map(|it| value_type(*it)).collect(),
        has_results: !ty.results().is_empty(),
        pops_arguments: artifact.is_tail_type(info.functions[index]),
        code: range,
        rows,
        slots,
        returns,
    }
}

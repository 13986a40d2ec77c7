//! A core dump → frames with variables, and memory. The file is mapped, and memory stays in it.

use super::checksum;
use super::identity::{self, Notes};
use crate::code::mapping::Mapping;
use crate::inspect::file::ModuleFile;
use crate::report::backtrace::{FrameInfo, WasmBacktrace};
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{DWARF_MEMORY, KeptValue};
use dwalin_debuginfo::values::{Machine, WasmValue};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use wasmparser::{
    ConstExpr, CoreDumpInstance, CoreDumpStackFrame, CoreDumpValue, DataKind, KnownCustom,
    Operator, Parser, Payload,
};

/// Why a core dump cannot be used.
#[derive(Debug)]
pub enum CoreDumpError {
    /// The file cannot be read.
    Io(std::io::Error),
    /// It is not a core dump, or a damaged one.
    Malformed(String),
}

impl fmt::Display for CoreDumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoreDumpError::Io(error) => write!(f, "cannot read the core dump: {error}"),
            CoreDumpError::Malformed(what) => {
                write!(f, "not a wasm core dump, or a damaged one: {what}")
            }
        }
    }
}

impl std::error::Error for CoreDumpError {}

/// A core dump.
pub struct CoreDump {
    bytes: Mapping,
    process: String,
    modules: Vec<String>,
    instances: Vec<CoreDumpInstance>,
    threads: Vec<(String, Vec<CoreDumpStackFrame>)>,
    globals: Vec<Option<WasmValue>>,
    notes: Notes,
    /// Size in bytes of each memory.
    memories: Vec<u64>,
    /// Memory, address, and where the bytes are: sorted.
    data: Vec<(u32, u64, Range<usize>)>,
}

impl CoreDump {
    /// Opens a core dump.
    ///
    /// # Errors
    /// See [`CoreDumpError`].
    pub fn open(path: impl AsRef<Path>) -> Result<CoreDump, CoreDumpError> {
        let file = std::fs::File::open(path).map_err(CoreDumpError::Io)?;
        let metadata = file.metadata().map_err(CoreDumpError::Io)?;
        if metadata.is_dir() {
            let is_a_directory = std::io::ErrorKind::IsADirectory;
            return Err(CoreDumpError::Io(is_a_directory.into()));
        }
        let len = metadata.len() as usize;
        let bytes =
            Mapping::of_file(&file, 0..len).map_err(|error| CoreDumpError::Io(error.into()))?;
        if !bytes.starts_with(b"\0asm") {
            return Err(CoreDumpError::Malformed(
                "it does not begin as one".to_owned(),
            ));
        }
        let mut dump = CoreDump {
            bytes,
            process: String::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            threads: Vec::new(),
            globals: Vec::new(),
            notes: Notes::default(),
            memories: Vec::new(),
            data: Vec::new(),
        };
        let damaged = || {
            let what = "its checksum is of other contents";
            CoreDumpError::Malformed(what.to_owned())
        };
        let is_whole = checksum::is_whole(&dump.bytes);
        if is_whole == Some(false) {
            return Err(damaged());
        }
        dump.parse()
            .map_err(|error| CoreDumpError::Malformed(error.message().to_owned()))?;
        // Ours have one.
        if is_whole.is_none() && dump.notes != Notes::default() {
            return Err(damaged());
        }
        if dump.threads.is_empty() {
            return Err(CoreDumpError::Malformed("it has no threads".to_owned()));
        }
        dump.data
            .sort_by_key(|(memory, address, _)| (*memory, *address));
        Ok(dump)
    }

    fn parse(&mut self) -> wasmparser::Result<()> {
        for payload in Parser::new(0).parse_all(&self.bytes) {
            match payload? {
                Payload::CustomSection(section) if section.name() == identity::SECTION => {
                    self.notes = Notes::parse(section.data());
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::CoreDump(core) => self.process = core.name.to_owned(),
                    KnownCustom::CoreDumpModules(modules) => {
                        self.modules = modules.modules.iter().map(|it| (*it).to_owned()).collect();
                    }
                    KnownCustom::CoreDumpInstances(instances) => {
                        self.instances = instances.instances;
                    }
                    KnownCustom::CoreDumpStack(stack) => {
                        self.threads.push((stack.name.to_owned(), stack.frames));
                    }
                    _ => {}
                },
                Payload::MemorySection(section) => {
                    for memory in section {
                        let memory = memory?;
                        let log2 = memory.page_size_log2.unwrap_or(16);
                        let page_size = 1u64.checked_shl(log2).unwrap_or(0);
                        self.memories.push(memory.initial.saturating_mul(page_size));
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        self.globals.push(constant(&global?.init_expr));
                    }
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data?;
                        let DataKind::Active {
                            memory_index,
                            offset_expr,
                        } = &data.kind
                        else {
                            continue;
                        };
                        let address = match constant(offset_expr) {
                            Some(WasmValue::I32(address)) => u64::from(address),
                            Some(WasmValue::I64(address)) => address,
                            _ => continue,
                        };
                        let end = data.range.end as usize;
                        let range = end - data.data.len()..end;
                        self.data.push((*memory_index, address, range));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The name of the dumped process.
    pub fn process(&self) -> &str {
        &self.process
    }

    /// The names of the modules.
    pub fn modules(&self) -> &[String] {
        &self.modules
    }

    /// The names of the modules whose functions are in frames, each once.
    pub fn modules_in_frames(&self) -> Vec<&str> {
        let frames = self.threads.iter().flat_map(|(_, frames)| frames);
        let instances = frames.filter_map(|it| self.instances.get(it.instanceidx as usize));
        let modules: BTreeSet<_> = instances.map(|it| it.module_index).collect();
        let names = modules.into_iter().map(|it| self.modules.get(it as usize));
        names.flatten().map(String::as_str).collect()
    }

    /// The names of the threads.
    pub fn threads(&self) -> impl Iterator<Item = &str> {
        self.threads.iter().map(|(name, _)| name.as_str())
    }

    /// The size of a memory in bytes.
    pub fn memory_size(&self, memory: u32) -> Option<u64> {
        let heap = self.notes.references.heap;
        // The heap is no memory of anyone's.
        if heap.is_some_and(|(heap, _)| heap == memory) {
            return None;
        }
        self.memories.get(memory as usize).copied()
    }

    /// Returns true if the dump had no room for the byte of a memory at an address.
    pub fn is_left_out(&self, memory: u32, address: u64) -> bool {
        let end = self.notes.memory_ends.get(&memory);
        let is_in = self.memory_size(memory).is_some_and(|size| address < size);
        is_in && end.is_some_and(|end| address >= *end)
    }

    /// Bytes of a memory; `None` where they are not all in it, or the dump has no room for them. Those that it has no contents for are
    /// zero.
    pub fn read(&self, memory: u32, address: u64, len: usize) -> Option<Vec<u8>> {
        let end = address.checked_add(len as u64)?;
        if end > self.memory_size(memory)? || self.is_left_out(memory, end.saturating_sub(1)) {
            return None;
        }
        Some(self.contents(memory, address, len))
    }

    /// Bytes of the heap; `None` where they are not all in it.
    fn heap(&self, offset: u32, len: usize) -> Option<Vec<u8>> {
        let (memory, used) = self.notes.references.heap?;
        let end = u64::from(offset).checked_add(len as u64)?;
        let written = self.notes.memory_ends.get(&memory);
        let is_there = written.is_none_or(|written| end <= *written);
        (end <= used && is_there).then(|| self.contents(memory, offset.into(), len))
    }

    fn contents(&self, memory: u32, address: u64, len: usize) -> Vec<u8> {
        let end = address + len as u64;
        let mut bytes = vec![0; len];
        for (_, start, range) in self.data.iter().filter(|(index, ..)| *index == memory) {
            let (from, to) = ((*start).max(address), (start + range.len() as u64).min(end));
            if from < to {
                let source = range.start + (from - start) as usize;
                bytes[(from - address) as usize..(to - address) as usize]
                    .copy_from_slice(&self.bytes[source..source + (to - from) as usize]);
            }
        }
        bytes
    }

    /// Returns true if a file has the module of a name as it was when this was written, whatever debug info it has. Of core dumps of other
    /// runtimes nothing says that: there it must have the functions that the frames are of, with their calls.
    pub fn is_of(&self, name: &str, file: &ModuleFile) -> bool {
        let indices = || (0..).zip(&self.modules).filter(|(_, it)| *it == name);
        if !self.notes.modules.is_empty() {
            let identity = file.identity();
            return indices().any(|(i, _)| self.notes.modules.get(i) == Some(&identity));
        }
        let is_frame = |frame: &CoreDumpStackFrame| {
            let instance = self.instances.get(frame.instanceidx as usize);
            instance.is_some_and(|it| indices().any(|(i, _)| i == it.module_index as usize))
        };
        let frames = self.threads.iter().flat_map(|(_, frames)| {
            let numbered = frames.iter().enumerate();
            numbered.map(|(number, frame)| (frame, number == 0))
        });
        identity::is_plausible(frames.filter(|(frame, _)| is_frame(frame)), file)
    }

    /// The frames of a thread. `module` finds the file of a module by its name; one that is of another build, as
    /// [`CoreDump::is_of`] says, would give frames that never were.
    pub fn backtrace<'m>(
        &self,
        thread: usize,
        module: &dyn Fn(&str) -> Option<&'m ModuleFile>,
    ) -> Option<WasmBacktrace> {
        let (_, frames) = self.threads.get(thread)?;
        let len = frames.len();
        let frames = frames
            .iter()
            .enumerate()
            .map(|(number, frame)| self.frame(thread, number, frame, module))
            .collect();
        let mut gaps = self.notes.left_out.iter();
        let gap = gaps.find(|(of, before, count)| *of == thread && *count > 0 && *before <= len);
        Some(WasmBacktrace::new(
            frames,
            gap.map(|(_, before, count)| (*before, *count)),
            false,
        ))
    }

    fn frame<'m>(
        &self,
        thread: usize,
        number: usize,
        frame: &CoreDumpStackFrame,
        module: &dyn Fn(&str) -> Option<&'m ModuleFile>,
    ) -> FrameInfo {
        let innermost = number == 0;
        let instance = self.instances.get(frame.instanceidx as usize);
        let name = instance.and_then(|it| self.modules.get(it.module_index as usize));
        let name = name.cloned().unwrap_or_default();
        let file = module(&name);
        let mut info = FrameInfo::guest(name, frame.funcidx);
        info.locals = (0..)
            .zip(&frame.locals)
            .filter_map(|(i, value)| Some((i, local(value)?)))
            .collect();
        let is_missing = |local: u32| {
            matches!(
                frame.locals.get(local as usize),
                Some(CoreDumpValue::Missing)
            )
        };
        let vectors = self.notes.vectors(thread, number);
        let vectors = vectors.filter(|(local, _)| is_missing(*local));
        info.locals
            .extend(vectors.map(|(local, bits)| (local, WasmValue::V128(bits))));
        let references = self.notes.references.of_frame(thread, number);
        let references = references.filter(|(local, _)| is_missing(*local));
        info.locals
            .extend(references.map(|(local, word)| (local, WasmValue::Ref(word))));
        info.locals.sort_by_key(|(local, _)| *local);
        let Some(file) = file else { return info };
        info.func_name = file.function_name(frame.funcidx);
        let Some(body) = file.body(frame.funcidx) else {
            return info;
        };
        let offset = body.start + frame.codeoffset as usize;
        let Some(location) = file.at_file_offset(offset) else {
            return info;
        };
        info.module_offset = Some(offset);
        info.symbols = location.frames;
        let machine = DumpedFrame {
            dump: self,
            instance,
            locals: &info.locals,
            innermost,
        };
        let lines: Vec<_> = info.symbols.iter().map(|symbol| symbol.line).collect();
        // Without locals the frame was being entered.
        if !info.locals.is_empty() {
            let pc = location.code_offset;
            let symbolizer = file.symbolizer();
            info.variables = symbolizer.variables(WasmPc(pc), &lines, &machine);
        }
        info
    }
}

fn constant(expr: &ConstExpr<'_>) -> Option<WasmValue> {
    match expr.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(WasmValue::I32(value as u32)),
        Operator::I64Const { value } => Some(WasmValue::I64(value as u64)),
        Operator::F32Const { value } => Some(WasmValue::F32(value.bits())),
        Operator::F64Const { value } => Some(WasmValue::F64(value.bits())),
        Operator::V128Const { value } => Some(WasmValue::V128(u128::from_le_bytes(*value.bytes()))),
        _ => None,
    }
}

fn local(value: &CoreDumpValue) -> Option<WasmValue> {
    match value {
        CoreDumpValue::I32(value) => Some(WasmValue::I32(*value as u32)),
        CoreDumpValue::I64(value) => Some(WasmValue::I64(*value as u64)),
        CoreDumpValue::F32(value) => Some(WasmValue::F32(value.bits())),
        CoreDumpValue::F64(value) => Some(WasmValue::F64(value.bits())),
        CoreDumpValue::Missing => None,
    }
}

/// A frame of a core dump.
struct DumpedFrame<'a> {
    dump: &'a CoreDump,
    instance: Option<&'a CoreDumpInstance>,
    locals: &'a [(u32, WasmValue)],
    innermost: bool,
}

impl Machine for DumpedFrame<'_> {
    fn local(&self, index: u32) -> Option<WasmValue> {
        let found = self.locals.iter().find(|(local, _)| *local == index);
        found.map(|(_, value)| *value)
    }

    fn global(&self, index: u32) -> Option<WasmValue> {
        let global = *self.instance?.globals.get(index as usize)?;
        let value = *self.dump.globals.get(global as usize)?;
        let reference = || self.dump.notes.references.globals.get(&global);
        let value = value.or_else(|| Some(WasmValue::Ref(*reference()?)));
        value.filter(|_| self.innermost)
    }

    /// The format has room for locals alone.
    fn kept(&self, _: KeptValue, _: Option<WasmPc>) -> Option<WasmValue> {
        None
    }

    fn memory(&self, address: u64, len: usize) -> Option<Cow<'_, [u8]>> {
        let memory = *self.instance?.memories.get(DWARF_MEMORY)?;
        self.dump.read(memory, address, len).map(Cow::Owned)
    }

    fn is_left_out(&self, address: u64) -> bool {
        let memories = self.instance.map(|instance| &instance.memories);
        let memory = memories.and_then(|memories| memories.get(DWARF_MEMORY));
        memory.is_some_and(|memory| self.dump.is_left_out(*memory, address))
    }

    fn innermost(&self) -> bool {
        self.innermost
    }

    fn function(&self, _: u32) -> Option<String> {
        None
    }

    fn heap(&self, offset: u32, len: usize) -> Option<Cow<'_, [u8]>> {
        self.dump.heap(offset, len).map(Cow::Owned)
    }

    fn object_type(&self, id: u32) -> Option<u32> {
        let module = self.instance?.module_index;
        let types = &self.dump.notes.references.types;
        types.get(&(module, id)).copied()
    }

    fn function_reference(&self, word: u64, is_number: bool) -> Option<String> {
        let functions = &self.dump.notes.references.functions;
        functions.get(&(is_number, word)).cloned()
    }

    fn exception(&self, handle: u64) -> Option<String> {
        self.dump.notes.references.exceptions.get(&handle).cloned()
    }
}

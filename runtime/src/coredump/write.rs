//! A store and a trap → a core dump. Memories are written from where they are, without their empty pages.

use super::checksum::Summing;
use super::identity::{self, Notes};
use super::references::{Place, References, is_reference};
use crate::index::*;
use crate::module::identity::identity;
use crate::module::types::{self, AddressType, GlobalType, Mutability, ValType};
use crate::report::backtrace::FrameInfo;
use crate::report::trap::Trap;
use crate::vm::context::AsContext;
use crate::vm::instance::InstanceData;
use crate::vm::memory::{LinearMemory, PAGE};
use crate::vm::store::StoreCore;
use dwalin_debuginfo::values::WasmValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use wasm_encoder::{
    ConstExpr, CoreDumpInstancesSection, CoreDumpModulesSection, CoreDumpSection,
    CoreDumpStackSection, CoreDumpValue, CustomSection, Encode, GlobalSection, MemorySection,
    MemoryType, Section,
};

/// Bytes that are looked at together: pages of them that are all zero are left out.
const CHUNK: usize = PAGE as usize;
/// Bytes of memories that are written, and up to which address each of them.
const MOST: usize = 1 << 31;

/// Writes a core dump of a store after a trap, before anything else runs in it. `process` names the program.
///
/// # Errors
/// The writer's.
pub fn write(
    store: impl AsContext,
    trap: &Trap,
    process: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let core = store.core();
    let mut out = Summing::new(out);
    let to = &mut out;
    to.write_all(b"\0asm\x01\0\0\0")?;
    section(to, &CoreDumpSection::new(process))?;
    let mut dump = Dump::new(core);
    let mut references = References::of(core, trap, dump.memories.len());
    for (index, word) in &dump.references {
        references.add_global(core, *index, *word);
    }
    dump.add_heap(&references);
    section(to, &dump.modules.as_custom())?;
    section(to, &dump.instances.as_custom())?;
    let (stack, left_out, vectors) = stack(core, trap);
    section(to, &stack.as_custom())?;
    let heap = references
        .heap
        .map(|(memory, _)| (memory, core.objects.contents()));
    let contents = contents(core, &dump.order, heap);
    let modules = core.instances.iter();
    let notes = Notes {
        modules: modules
            .map(|instance| identity(instance.module.artifact().wasm()))
            .collect(),
        left_out: left_out
            .map(|(before, count)| (0, before, count))
            .into_iter()
            .collect(),
        vectors,
        memory_ends: contents.ends,
        references,
    };
    let notes = CustomSection {
        name: identity::SECTION.into(),
        data: notes.text().into_bytes().into(),
    };
    section(to, &notes)?;
    section(to, &dump.memories)?;
    section(to, &dump.globals)?;
    write_data(&contents.segments, to)?;
    out.finish()
}

fn section(out: &mut impl Write, section: &impl Section) -> io::Result<()> {
    let mut bytes = Vec::new();
    section.append_to(&mut bytes);
    out.write_all(&bytes)
}

/// The positions that instances refer to.
struct Dump {
    modules: CoreDumpModulesSection,
    instances: CoreDumpInstancesSection,
    memories: MemorySection,
    globals: GlobalSection,
    /// The memories in their order.
    order: Vec<crate::Memory>,
    /// The globals that are references, and their words.
    references: Vec<(u32, u64)>,
}

impl Dump {
    fn new(core: &StoreCore) -> Dump {
        let mut dump = Dump {
            modules: CoreDumpModulesSection::new(),
            instances: CoreDumpInstancesSection::new(),
            memories: MemorySection::new(),
            globals: GlobalSection::new(),
            order: Vec::new(),
            references: Vec::new(),
        };
        let mut globals = HashMap::new();
        for (index, instance) in core.instances.iter().enumerate() {
            dump.modules.module(instance.module.name());
            let memories: Vec<_> = instance
                .memories
                .iter()
                .map(|it| dump.memory(core, *it))
                .collect();
            let globals: Vec<_> = instance
                .globals
                .iter()
                .map(|global| {
                    *globals.entry(global.cell).or_insert_with(|| {
                        // SAFETY: a global lives as long as its store, and no guest runs.
                        dump.global(core, global.ty, unsafe { *global.cell.as_ptr() })
                    })
                })
                .collect();
            dump.instances.instance(index as u32, memories, globals);
        }
        dump
    }

    fn memory(&mut self, core: &StoreCore, memory: crate::Memory) -> u32 {
        if let Some(known) = self.order.iter().position(|it| *it == memory) {
            return known as u32;
        }
        let ty = core.memory(memory).ty();
        let has_own_pages = ty.page_size_log2 != types::MemoryType::PAGE_SIZE_LOG2;
        self.memories.memory(MemoryType {
            minimum: ty.limits.min,
            maximum: None,
            memory64: ty.address_type == AddressType::I64,
            shared: false,
            page_size_log2: has_own_pages.then_some(ty.page_size_log2.into()),
        });
        self.order.push(memory);
        self.order.len() as u32 - 1
    }

    /// The heap, as a memory of no instance.
    fn add_heap(&mut self, references: &References) {
        if let Some((_, used)) = references.heap {
            self.memories.memory(MemoryType {
                minimum: used.div_ceil(PAGE),
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
    }

    fn global(&mut self, core: &StoreCore, ty: GlobalType, bits: u128) -> u32 {
        use crate::module::reference::HeapType as Heap;
        use wasm_encoder::{GlobalType as Encoded, RefType, ValType as Val};
        let is_ref = is_reference(ty.content);
        let (val_type, value) = match ty.content {
            ValType::I32 => (Val::I32, ConstExpr::i32_const(bits as i32)),
            ValType::I64 => (Val::I64, ConstExpr::i64_const(bits as i64)),
            ValType::F32 => (
                Val::F32,
                ConstExpr::f32_const(f32::from_bits(bits as u32).into()),
            ),
            ValType::F64 => (
                Val::F64,
                ConstExpr::f64_const(f64::from_bits(bits as u64).into()),
            ),
            ValType::V128 => (Val::V128, ConstExpr::v128_const(bits as i128)),
            // A reference means nothing in another process: the notes say it.
            ValType::Ref(_) => {
                let encoded = match core.engine().top(ty.content) {
                    Some(Heap::Extern) => RefType::EXTERNREF,
                    Some(Heap::Exn) => RefType::EXNREF,
                    Some(Heap::Any) => RefType::ANYREF,
                    _ => RefType::FUNCREF,
                };
                (Val::Ref(encoded), ConstExpr::ref_null(encoded.heap_type))
            }
        };
        let ty = Encoded {
            val_type,
            mutable: ty.mutability == Mutability::Var,
            shared: false,
        };
        self.globals.global(ty, &value);
        let index = self.globals.len() - 1;
        if is_ref {
            self.references.push((index, bits as u64));
        }
        index
    }
}

/// Vectors in locals, by thread, frame and local.
type Vectors = BTreeMap<Place, u128>;

/// The frames of guests; how many of them are before a gap, and how many frames are left out there; and the vectors in their locals.
fn stack(core: &StoreCore, trap: &Trap) -> (CoreDumpStackSection, Option<(usize, usize)>, Vectors) {
    let (mut vectors, mut number) = (Vectors::new(), 0);
    let mut stack = CoreDumpStackSection::new("main");
    let frames = trap.backtrace().frames();
    let instance = |frame: &FrameInfo| core.instances.get(frame.instance).filter(|_| !frame.host);
    for frame in frames {
        let Some(instance) = instance(frame) else {
            continue;
        };
        let info = instance.module.info();
        let body = info.defined(FuncIndex::from_u32(frame.func_index));
        let start = body.map_or(0, |body| info.bodies[body].start);
        let offset = frame
            .module_offset
            .map_or(0, |offset| offset.saturating_sub(start));
        stack.frame(
            frame.instance as u32,
            frame.func_index,
            offset as u32,
            locals(instance, frame),
            [],
        );
        for (local, value) in &frame.locals {
            if let WasmValue::V128(bits) = value {
                vectors.insert((0, number, *local), *bits);
            }
        }
        number += 1;
    }
    let gap = trap.backtrace().left_out().map(|(behind, count)| {
        let written = frames[..behind].iter().filter_map(instance);
        (written.count(), count)
    });
    (stack, gap, vectors)
}

/// All locals, those without a home missing.
fn locals(instance: &InstanceData, frame: &FrameInfo) -> Vec<CoreDumpValue> {
    let count = local_count(instance, frame.func_index).unwrap_or(0);
    let value = |index| {
        let found = frame.locals.iter().find(|(local, _)| *local == index);
        match found.map(|(_, value)| *value) {
            Some(WasmValue::I32(bits)) => CoreDumpValue::I32(bits as i32),
            Some(WasmValue::I64(bits)) => CoreDumpValue::I64(bits as i64),
            Some(WasmValue::F32(bits)) => CoreDumpValue::F32(f32::from_bits(bits).into()),
            Some(WasmValue::F64(bits)) => CoreDumpValue::F64(f64::from_bits(bits).into()),
            // The format has no such values: the notes say them.
            Some(WasmValue::V128(_) | WasmValue::Ref(_)) | None => CoreDumpValue::Missing,
        }
    };
    (0..count).map(value).collect()
}

/// Returns the number of a function's locals, its parameters included.
fn local_count(instance: &InstanceData, func: u32) -> Option<u32> {
    let info = instance.module.info();
    let func = FuncIndex::from_u32(func);
    let range = info.bodies[info.defined(func)?].clone();
    let bytes = &instance.module.artifact().wasm()[range];
    let body = wasmparser::FunctionBody::new(wasmparser::BinaryReader::new(bytes, 0));
    let mut count = info.func_type(func).params().len() as u32;
    for group in body.get_locals_reader().ok()? {
        count = count.checked_add(group.ok()?.0)?;
    }
    Some(count)
}

/// A piece of a memory that is not empty.
struct Segment<'a> {
    memory: u32,
    address_type: AddressType,
    address: usize,
    bytes: Cow<'a, [u8]>,
}

impl Segment<'_> {
    /// Returns the bytes before the contents: the mode, the memory, the address, and the length.
    fn header(&self) -> Vec<u8> {
        let mut header = vec![2];
        self.memory.encode(&mut header);
        let offset = match self.address_type {
            AddressType::I32 => ConstExpr::i32_const(self.address as i32),
            AddressType::I64 => ConstExpr::i64_const(self.address as i64),
        };
        offset.encode(&mut header);
        self.bytes.len().encode(&mut header);
        header
    }
}

/// The contents of memories, as far as they are written.
struct Contents<'a> {
    segments: Vec<Segment<'a>>,
    /// The addresses from which on the bytes of memories are left out.
    ends: BTreeMap<u32, u64>,
}

/// The pieces of memories that are not empty. A section's length has 32 bits: the rest of more than that is left out.
fn contents<'a>(
    core: &'a StoreCore,
    memories: &[crate::Memory],
    heap: Option<(u32, &'a [u8])>,
) -> Contents<'a> {
    let (mut segments, mut ends) = (Vec::new(), BTreeMap::new());
    let mut room = MOST;
    for (index, memory) in (0..).zip(memories) {
        let memory = core.memory(*memory);
        let len = memory.len() as usize;
        let mut end = len.min(MOST);
        for at in chunks(memory, end) {
            // SAFETY: the store is borrowed, and no guest of it runs.
            let chunk = unsafe { memory.get(at, CHUNK.min(len.min(MOST) - at)) };
            let Some(chunk) = chunk else { break };
            if chunk.iter().all(|byte| *byte == 0) {
                continue;
            }
            if chunk.len() > room {
                end = at;
                break;
            }
            room -= chunk.len();
            segments.push(Segment {
                memory: index,
                address_type: memory.ty().address_type,
                address: at,
                bytes: chunk,
            });
        }
        if end < len {
            ends.insert(index, end as u64);
        }
    }
    if let Some((memory, bytes)) = heap {
        let pieces = bytes.chunks(CHUNK).enumerate();
        for (number, piece) in pieces.filter(|(_, piece)| piece.iter().any(|it| *it != 0)) {
            if piece.len() > room {
                ends.insert(memory, (number * CHUNK) as u64);
                break;
            }
            room -= piece.len();
            segments.push(Segment {
                memory,
                address_type: AddressType::I32,
                address: number * CHUNK,
                bytes: piece.into(),
            });
        }
    }
    Contents { segments, ends }
}

/// The addresses of the chunks of a memory that can have other bytes than zero, up to an address.
fn chunks(memory: &LinearMemory, end: usize) -> impl Iterator<Item = usize> {
    let mut next = 0;
    memory
        .ranges_with_data()
        .into_iter()
        .flat_map(move |range| {
            let first = (range.start / CHUNK).max(next);
            next = range.end.min(end).div_ceil(CHUNK).max(first);
            (first..next).map(|chunk| chunk * CHUNK)
        })
}

fn write_data(segments: &[Segment<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut count = Vec::new();
    segments.len().encode(&mut count);
    let len: usize = segments
        .iter()
        .map(|it| it.header().len() + it.bytes.len())
        .sum();
    let mut start = vec![11];
    (count.len() + len).encode(&mut start);
    out.write_all(&start)?;
    out.write_all(&count)?;
    for segment in segments {
        out.write_all(&segment.header())?;
        out.write_all(&segment.bytes)?;
    }
    Ok(())
}

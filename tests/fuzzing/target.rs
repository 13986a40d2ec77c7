//! All that is done with debug info, for code that nobody compiled: a machine instruction of four bytes for each few bytes of wasm.

use super::mutate::Sections;
use dwalin_debuginfo::address::{CodeOffset, FrameOffset, HostAddress, WasmPc};
use dwalin_debuginfo::code::{
    CodeMap, DebugSlot, DebugSlots, Flavor, FunctionCode, GlobalAddress, GlobalPlace, KeptValue,
    MemoryPlace, PointerCode, SlotValue, ValueType,
};
use dwalin_debuginfo::container::Container;
use dwalin_debuginfo::merge::{self, Companions, PathMap};
use dwalin_debuginfo::values::{Machine, WasmValue};
use dwalin_debuginfo::{Symbolizer, WasmDwarf, check, image, questions};
use std::borrow::Cow;
use std::ops::Range;

/// A module to fuzz: the debug info in it, and what its code is taken for.
#[derive(Clone)]
pub struct Module {
    pub sections: Sections,
    pub package: Option<Vec<u8>>,
    code: Vec<u8>,
    bodies: Vec<Range<u32>>,
}

/// Bytes of wasm code for each machine instruction.
const WASM_STEP: u32 = 3;
const CODE_STEP: u32 = 4;
const TEXT: u64 = 0x7000_0000_0000;
const MEMORY: u64 = 0x100_0000_0000;

fn leb(bytes: &mut &[u8]) -> u32 {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

impl Module {
    pub fn of(wasm: &[u8], package: Option<Vec<u8>>) -> Module {
        let container = Container::parse(wasm).unwrap();
        let code = container.code.unwrap();
        let mut rest = code;
        let mut bodies = Vec::new();
        for _ in 0..leb(&mut rest) {
            let length = leb(&mut rest);
            let start = (code.len() - rest.len()) as u32;
            bodies.push(start..start + length);
            rest = &rest[length as usize..];
        }
        let debug = container.sections.iter();
        let sections = debug
            .filter(|(name, _)| name.starts_with(".debug_"))
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
        Module {
            sections: sections.collect(),
            package,
            code: code.to_vec(),
            bodies,
        }
    }

    /// Bytes of debug info and code.
    pub fn size(&self) -> usize {
        let sections: usize = self.sections.iter().map(|(_, bytes)| bytes.len()).sum();
        let code = self.bodies.last().map_or(0, |body| body.end as usize);
        sections + code + self.package.as_ref().map_or(0, Vec::len)
    }

    /// Does all of it.
    pub fn exercise(&self) {
        let own = self.sections.iter();
        let own = WasmDwarf::new(own.map(|(name, bytes)| (&name[..], &bytes[..])));
        let paths = PathMap::default();
        let package = self.package.as_deref();
        let companions = Companions {
            package: package.map(|bytes| ("package", bytes)),
            directory: None,
            read: &|_| Err(std::io::ErrorKind::NotFound.into()),
            paths: &paths,
        };
        let merged = merge::merge(&own, &companions);
        let dwarf = match &merged {
            Some(merged) => {
                let sections = merged.sections.iter();
                WasmDwarf::new(sections.map(|(name, bytes)| (*name, &bytes[..])))
            }
            None => own,
        };
        questions(&dwarf);
        for flavor in [Flavor::Gdb, Flavor::Lldb] {
            let code = self.code(flavor);
            let image = image(&dwarf, &code, Some("/proc/1/fd/3"));
            let warnings = &image.warnings;
            // Damage in one place is not to cost all the rest.
            let lost = warnings
                .iter()
                .find(|it| it.what.contains("cannot be written"));
            assert_eq!(lost, None);
            check::check(&dwarf, &code, &image.bytes, warnings, Some("argc"));
        }
        self.read(&dwarf);
    }

    /// Reads it as backtraces, reports and core dumps do.
    fn read(&self, dwarf: &WasmDwarf<'_>) {
        let bodies = self.bodies.iter();
        let bodies = bodies.map(|body| WasmPc(body.start)..WasmPc(body.end));
        let symbolizer = Symbolizer::new(dwarf, &self.code, bodies.collect());
        symbolizer.is_whole();
        for body in &self.bodies {
            for pc in [body.start, body.start + 9, body.end - 1] {
                let frames = symbolizer.frames(WasmPc(pc));
                let lines: Vec<_> = frames.iter().map(|frame| frame.line).collect();
                symbolizer.variables(WasmPc(pc), &lines, &Stopped);
            }
        }
    }

    fn code(&self, flavor: Flavor) -> CodeMap<'_> {
        let at = |pc: u32| HostAddress(TEXT + u64::from(pc) * 2);
        let functions = self.bodies.iter().enumerate().map(|(index, body)| {
            let steps = body.clone().step_by(WASM_STEP as usize).enumerate();
            let rows = steps.map(|(i, pc)| (CodeOffset(i as u32 * CODE_STEP), Some(WasmPc(pc))));
            let mut rows: Vec<_> = rows.collect();
            rows[0].1 = None;
            let length = rows.len() as u32 * CODE_STEP;
            FunctionCode {
                index: index as u32,
                name: "function",
                wasm: WasmPc(body.start)..WasmPc(body.end),
                parameters: Vec::new(),
                has_results: index % 2 == 0,
                pops_arguments: index % 3 == 0,
                code: at(body.start)..at(body.start).offset(length),
                rows,
                slots: slots(body.clone()),
                returns: vec![CodeOffset(CODE_STEP), CodeOffset(3 * CODE_STEP)],
            }
        });
        let last = self.bodies.last().map_or(0, |body| body.end);
        let pointers = HostAddress(TEXT - 4096);
        CodeMap {
            module_name: "fuzzed",
            wasm: &self.code,
            text: HostAddress(TEXT)..at(last + 64),
            functions: functions.collect(),
            trampolines: Vec::new(),
            eh_frame: (HostAddress(TEXT - 8192), &[]),
            memories: vec![MemoryPlace {
                base: HostAddress(MEMORY),
                address_type: ValueType::I32,
            }],
            table: vec![(1, "function"), (2, "other")],
            globals: vec![
                GlobalPlace {
                    address: GlobalAddress::Fixed(HostAddress(64)),
                    ty: ValueType::I32,
                };
                3
            ],
            forwards: Vec::new(),
            heap: None,
            context: None,
            flavor,
            at_own_addresses: false,
            pointer_code: (flavor == Flavor::Lldb).then(|| PointerCode {
                code: pointers..pointers.offset(64),
                get: pointers,
                set: pointers.offset(32),
            }),
        }
    }
}

fn slots(body: Range<u32>) -> DebugSlots {
    let types = [
        ValueType::I32,
        ValueType::I64,
        ValueType::F64,
        ValueType::Ref,
    ];
    let slot = |i: u32| {
        let offset = FrameOffset(-16 - 8 * i as i32);
        (offset, types[i as usize % types.len()])
    };
    let homes = (0..40).map(|local| DebugSlot::home(local, slot(local).0, slot(local).1));
    let kept = (0..12).map(|i| DebugSlot {
        value: SlotValue::Kept(match i % 3 {
            0 => KeptValue::Operand(i / 3),
            1 => KeptValue::Global(i / 3),
            _ => KeptValue::Entry(i / 3),
        }),
        range: WasmPc(body.start)..WasmPc(body.end),
        offset: slot(40 + i).0,
        ty: slot(40 + i).1,
    });
    DebugSlots {
        slots: homes.chain(kept).collect(),
        gaps: Vec::new(),
    }
}

/// A frame in which all is known: values that lead somewhere.
struct Stopped;

impl Machine for Stopped {
    fn kept(&self, _: KeptValue, from: Option<WasmPc>) -> Option<WasmValue> {
        from.map(|pc| WasmValue::I32(pc.0))
    }

    fn local(&self, index: u32) -> Option<WasmValue> {
        Some(match index % 3 {
            0 => WasmValue::I32(1024 + index),
            1 => WasmValue::I64(u64::MAX - u64::from(index)),
            _ => WasmValue::F64(f64::NAN.to_bits()),
        })
    }

    fn global(&self, index: u32) -> Option<WasmValue> {
        Some(WasmValue::I32(65536 - index))
    }

    fn memory(&self, address: u64, len: usize) -> Option<Cow<'_, [u8]>> {
        let end = (address as usize).checked_add(len)?;
        let byte = |at: usize| (at as u8).wrapping_mul(37);
        (end <= 1 << 17).then(|| (address as usize..end).map(byte).collect())
    }

    fn innermost(&self) -> bool {
        true
    }

    fn function(&self, element: u32) -> Option<String> {
        Some(format!("function {element}"))
    }
}

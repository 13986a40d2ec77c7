//! Frames of guest code → names and places in the source, printed as people read them.

use super::activation::{Fault, innermost};
use super::kind::TrapKind;
use super::walk::{FramePc, Frames};
use crate::compiled::Module;
use crate::index::FuncIndex;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::{SourceFrame, demangle};
use std::fmt;

/// One frame of guest code.
#[derive(Clone, Debug)]
pub struct FrameInfo {
    /// The module's name.
    pub module: String,
    /// The function's index.
    pub func_index: u32,
    /// Its name, demangled: from the name section, else its number.
    pub func_name: String,
    /// Bytes from the start of the module's file to the instruction; `None` for code that no instruction stands for.
    pub module_offset: Option<usize>,
    /// The instruction's places in the source, the innermost inlined function first; empty where nothing says.
    pub symbols: Vec<SourceFrame>,
}

/// The guest frames of a thread, innermost first.
#[derive(Clone, Default, Debug)]
pub struct WasmBacktrace {
    frames: Vec<FrameInfo>,
    /// Position of the first frame behind those left out, and how many were.
    left_out: Option<(usize, usize)>,
}

impl WasmBacktrace {
    /// The guests that wait for the host function that runs; empty outside one.
    pub(crate) fn capture(store: &StoreCore) -> WasmBacktrace {
        let mut frames = Frames::default();
        // SAFETY: an activation is alive while it is linked, and the innermost guest waits for us.
        unsafe {
            if let Some(activation) = innermost().as_ref() {
                frames.walk_from_exit(activation.exit(), activation);
            }
        }
        WasmBacktrace::symbolize(store, &frames)
    }

    fn symbolize(store: &StoreCore, frames: &Frames) -> WasmBacktrace {
        let (inner, left_out, outer) = frames.parts();
        let mut backtrace = WasmBacktrace::default();
        backtrace
            .frames
            .extend(inner.iter().filter_map(|pc| frame(store, *pc)));
        if left_out > 0 {
            backtrace.left_out = Some((backtrace.frames.len(), left_out));
        }
        backtrace
            .frames
            .extend(outer.iter().filter_map(|pc| frame(store, *pc)));
        backtrace
    }

    /// The frames, innermost first; of very many, the innermost and the outermost.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }
}

/// The guest function that a frame is in; `None` for trampolines and code of other stores.
fn frame(store: &StoreCore, pc: FramePc) -> Option<FrameInfo> {
    let address = pc.lookup_address();
    let (module, func, wasm_pc) = store.instances.iter().find_map(|instance| {
        let (func, pc) = instance.code.wasm_pc(address)?;
        Some((
            &instance.module,
            instance.module.info().func_index(func),
            pc,
        ))
    })?;
    Some(describe(module, func, wasm_pc))
}

fn describe(module: &Module, func: FuncIndex, pc: Option<WasmPc>) -> FrameInfo {
    FrameInfo {
        module: module.name().to_owned(),
        func_index: func.index() as u32,
        func_name: demangle(module.artifact().function_name(func)).into_owned(),
        module_offset: pc.map(|pc| pc.0 as usize + module.info().code_section.start),
        symbols: pc.map_or_else(Vec::new, |pc| module.source_frames(pc)),
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = 0;
        for (position, frame) in self.frames.iter().enumerate() {
            if let Some((behind, count)) = self.left_out
                && position == behind
            {
                writeln!(f, "      ... {count} frames ...")?;
                number += count;
            }
            if frame.symbols.is_empty() {
                write!(f, "{number:>4}: {}", frame.func_name)?;
                match frame.module_offset {
                    Some(offset) => writeln!(f, " ({} at offset {offset:#x})", frame.module)?,
                    None => writeln!(f, " ({})", frame.module)?,
                }
                number += 1;
            }
            for symbol in &frame.symbols {
                write!(
                    f,
                    "{number:>4}: {}",
                    symbol.function.as_deref().unwrap_or(&frame.func_name)
                )?;
                if let Some(file) = &symbol.file {
                    write!(f, " at {file}")?;
                    for place in [symbol.line, symbol.column].into_iter().map_while(|it| it) {
                        write!(f, ":{place}")?;
                    }
                }
                writeln!(f)?;
                number += 1;
            }
        }
        Ok(())
    }
}

/// Why guest code trapped, and where.
#[derive(Clone, Debug)]
pub struct Trap {
    kind: TrapKind,
    backtrace: WasmBacktrace,
}

impl Trap {
    pub(crate) fn new(store: &StoreCore, fault: Fault, frames: &Frames) -> Trap {
        Trap {
            kind: fault.kind,
            backtrace: WasmBacktrace::symbolize(store, frames),
        }
    }

    /// A trap that no instruction stands for: of instantiation.
    pub(crate) fn without_frames(kind: TrapKind) -> Trap {
        Trap {
            kind,
            backtrace: WasmBacktrace::default(),
        }
    }

    /// Why.
    pub fn kind(&self) -> TrapKind {
        self.kind
    }

    /// The frames.
    pub fn backtrace(&self) -> &WasmBacktrace {
        &self.backtrace
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm trap: {}", self.kind)?;
        if !self.backtrace.frames.is_empty() {
            write!(f, "\nwasm backtrace, innermost first:\n{}", self.backtrace)?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {}

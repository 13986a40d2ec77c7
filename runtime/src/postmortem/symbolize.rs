//! Frames of guest code → names, places in the source, and variables.

use super::frame::{StoppedFrame, read_slots};
use super::instruction::called_import;
use crate::abi::trap::TrapKind;
use crate::compiled::Module;
use crate::index::{DefinedFuncIndex, FuncIndex};
use crate::report::backtrace::{FrameInfo, WasmBacktrace};
use crate::unwind::activation::innermost;
use crate::unwind::frames::{FramePc, Frames, WalkedFrame};
use crate::vm::context::AsContext;
use crate::vm::instance::InstanceData;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::DebugSlot;
use dwalin_debuginfo::demangle;
use dwalin_debuginfo::values::WasmValue;

impl WasmBacktrace {
    /// The guests of a store that wait for the host function that runs; empty outside one.
    pub fn capture(store: impl AsContext) -> WasmBacktrace {
        let store = store.core();
        WasmBacktrace::symbolize(store, &waiting(), Stopped::Gone)
    }

    /// The same with variables and locals, of guests whose engine has debug info.
    pub fn capture_with_values(store: impl AsContext) -> WasmBacktrace {
        let store = store.core();
        WasmBacktrace::symbolize(store, &waiting(), Stopped::calling(store))
    }

    /// The host function that runs, and the guests that wait for it with their values.
    pub(crate) fn of_host_function(store: &StoreCore) -> WasmBacktrace {
        let mut backtrace = WasmBacktrace::symbolize(store, &waiting(), Stopped::calling(store));
        if let Some(caller) = backtrace.frames().first() {
            let host = FrameInfo::host(called_import(store, caller));
            backtrace.add_innermost(host);
        }
        backtrace
    }

    /// As much as the engine's configuration wants.
    pub(super) fn symbolize(store: &StoreCore, frames: &Frames, stopped: Stopped) -> WasmBacktrace {
        let wanted = store.engine().config().backtraces();
        if !wanted.enabled {
            return WasmBacktrace::default();
        }
        let (inner, left_out, outer) = frames.parts(wanted.max_frames);
        let mut symbolizing = Symbolizing {
            store,
            stopped,
            details: wanted.details,
            last: None,
            frames: Vec::new(),
        };
        symbolizing.all(&inner);
        let behind = symbolizing.frames.len();
        symbolizing.all(&outer);
        let left_out = (left_out > 0).then_some((behind, left_out));
        WasmBacktrace::new(symbolizing.frames, left_out, wanted.sources)
    }
}

/// The frames of the guests that wait for the host function that runs.
fn waiting() -> Frames {
    let mut frames = Frames::default();
    // SAFETY: an activation is alive while it is linked, and the innermost guest waits for us.
    unsafe {
        if let Some(activation) = innermost().as_ref() {
            let (fp, pc) = activation.exit();
            frames.walk_from_exit(fp, pc, activation);
        }
    }
    frames
}

/// The origin of the frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stopped {
    /// Not any longer, or not to be read.
    Gone,
    /// Still, in calls.
    Calling,
    /// Still, and the innermost is at a trap.
    Trapped(TrapKind),
}

impl Stopped {
    fn calling(store: &StoreCore) -> Stopped {
        match store.reads_frames {
            true => Stopped::Calling,
            false => Stopped::Gone,
        }
    }
}

/// Turns walked frames into what is shown.
struct Symbolizing<'s> {
    store: &'s StoreCore,
    stopped: Stopped,
    details: bool,
    last: Option<Described<'s>>,
    frames: Vec<FrameInfo>,
}

/// Guest code at an address.
struct Described<'s> {
    address: usize,
    instance: &'s InstanceData,
    defined: DefinedFuncIndex,
    pc: Option<WasmPc>,
    /// A frame there, without values.
    frame: FrameInfo,
}

impl<'s> Symbolizing<'s> {
    fn all(&mut self, walked: &[WalkedFrame]) {
        let mut host = false;
        for frame in walked {
            if frame.pc == FramePc::Host {
                host = true;
                continue;
            }
            let Some(info) = self.frame(*frame) else {
                continue;
            };
            if std::mem::take(&mut host) {
                let name = called_import(self.store, &info);
                self.frames.push(FrameInfo::host(name));
            }
            self.frames.push(info);
        }
    }

    /// The guest function that a frame is in; `None` for trampolines and code of other stores.
    fn frame(&mut self, walked: WalkedFrame) -> Option<FrameInfo> {
        let address = walked.pc.lookup_address();
        // What recurses is at one address again and again.
        if self
            .last
            .as_ref()
            .is_none_or(|last| last.address != address)
        {
            self.last = Some(self.described(address)?);
        }
        let Described {
            instance,
            defined,
            pc,
            ref frame,
            ..
        } = *self.last.as_ref()?;
        let mut frame = frame.clone();
        // In its prologue a function has no frame yet, or nothing in it.
        let innermost = self.frames.is_empty() && matches!(walked.pc, FramePc::Exact(_));
        let entering = innermost && self.stopped == Stopped::Trapped(TrapKind::StackOverflow);
        if self.details && self.stopped != Stopped::Gone && !entering {
            let slots = instance.module.artifact().slots().get(defined.index());
            let (slots, _) = slots.unwrap_or_default();
            // SAFETY: the frames are there, and this one is past its prologue.
            let values = unsafe { read_slots(walked, pc, slots) };
            let local = |(slot, value): &(DebugSlot, WasmValue)| Some((slot.local()?, *value));
            frame.locals = values.iter().filter_map(local).collect();
            if let Some(pc) = pc.filter(|_| !frame.symbols.is_empty()) {
                let kept = values
                    .into_iter()
                    .filter(|(slot, _)| slot.local().is_none());
                let kept: Vec<_> = kept.collect();
                self.variables(instance, &mut frame, pc, &kept, innermost);
                frame.kept = kept;
                frame.stopped_at = Some(pc);
                frame.is_innermost = innermost;
            }
        }
        if let Some(passed_on) = &instance.passed_on {
            // SAFETY: the store is borrowed, and no guest of it runs.
            let bytes = |memory| unsafe { &*self.store.memory(memory).bytes() };
            frame.passes_on = passed_on.text(&frame, &instance.memories, &bytes);
        }
        Some(frame)
    }

    /// The guest code at an address, and the frames that it stands for.
    fn described(&self, address: usize) -> Option<Described<'s>> {
        let mut instances = self.store.instances.iter().enumerate();
        let (index, instance, defined, pc) = instances.find_map(|(index, instance)| {
            let (func, pc) = instance.code.wasm_pc(address)?;
            Some((index, &**instance, func, pc))
        })?;
        let func = instance.module.info().func_index(defined);
        Some(Described {
            address,
            instance,
            defined,
            pc,
            frame: describe(&instance.module, func, pc, index, self.details),
        })
    }

    fn variables(
        &self,
        instance: &'s InstanceData,
        frame: &mut FrameInfo,
        pc: WasmPc,
        kept: &[(DebugSlot, WasmValue)],
        innermost: bool,
    ) {
        let machine = StoppedFrame {
            store: self.store,
            instance,
            locals: &frame.locals,
            kept,
            innermost,
        };
        let lines: Vec<_> = frame.symbols.iter().map(|symbol| symbol.line).collect();
        frame.variables = instance.module.symbolizer().variables(pc, &lines, &machine);
    }
}

/// The frame of a function, at an address of the code section or at none.
pub(super) fn describe(
    module: &Module,
    func: FuncIndex,
    pc: Option<WasmPc>,
    instance: usize,
    details: bool,
) -> FrameInfo {
    let places = pc.filter(|_| details);
    let name = demangle(module.artifact().function_name(func)).into_owned();
    FrameInfo {
        module_offset: pc.map(|pc| module.info().code_section.file_offset(pc)),
        symbols: places.map_or_else(Vec::new, |pc| module.source_frames(pc)),
        instance,
        ..FrameInfo::named(module.name().to_owned(), func.index() as u32, name)
    }
}

//! Places in memory that expressions name, in a guest that was left: its memory and globals are as they were, and its frames kept their
//! values.

use super::frame::StoppedFrame;
use crate::report::backtrace::{FrameInfo, WasmBacktrace};
use crate::vm::instance::InstanceData;
use crate::vm::store::{Store, StoreCore};
use dwalin_debuginfo::values::{Expression, Found, FrameAt, Machine, NotFound};

impl<T: 'static> Store<T> {
    /// Finds what an expression names in the instance that was made last: a variable of a frame, the innermost that has one of the name, or
    /// of none. The frame's number is that of the backtrace.
    ///
    /// # Errors
    /// An expression that names no place in memory.
    pub fn find(
        &self,
        backtrace: &WasmBacktrace,
        expression: &Expression,
    ) -> Result<Found, NotFound> {
        let core = &self.0.core;
        let Some(instance) = core.instances.last() else {
            return Err(NotFound::NoPlace);
        };
        let none = without_frame(core, instance);
        let frames = backtrace.frames().iter().enumerate();
        let stopped: Vec<_> = frames
            .filter_map(|(number, frame)| Some((number, stopped(core, frame)?)))
            .collect();
        let frames: Vec<_> = stopped
            .iter()
            .filter_map(|(number, machine)| {
                let pc = backtrace.frames()[*number].stopped_at?;
                Some(FrameAt { pc, machine })
            })
            .collect();
        let symbolizer = instance.module.symbolizer();
        let mut found = symbolizer.find(expression, &frames, &none)?;
        found.frame = found.frame.map(|(at, level)| (stopped[at].0, level));
        Ok(found)
    }

    /// The bytes of a place that was found, as they are now.
    pub fn bytes_of(&self, found: &Found) -> Option<Vec<u8>> {
        let core = &self.0.core;
        let machine = without_frame(core, core.instances.last()?);
        let bytes = machine.memory(found.address, usize::try_from(found.len).ok()?);
        bytes.map(|bytes| bytes.into_owned())
    }

    /// The text of a value that was found, of these bytes; what it points to is as it is now.
    pub fn text_of(&self, found: &Found, bytes: &[u8]) -> String {
        let core = &self.0.core;
        let Some(instance) = core.instances.last() else {
            return String::new();
        };
        let machine = without_frame(core, instance);
        instance.module.symbolizer().text(found, bytes, &machine)
    }
}

/// The globals and memories of an instance, without a frame.
fn without_frame<'a>(store: &'a StoreCore, instance: &'a InstanceData) -> StoppedFrame<'a> {
    StoppedFrame {
        store,
        instance,
        locals: &[],
        kept: &[],
        innermost: true,
    }
}

/// A frame whose values were read.
fn stopped<'a>(store: &'a StoreCore, frame: &'a FrameInfo) -> Option<StoppedFrame<'a>> {
    frame.stopped_at?;
    Some(StoppedFrame {
        store,
        instance: store.instances.get(frame.instance)?,
        locals: &frame.locals,
        kept: &frame.kept,
        innermost: frame.is_innermost,
    })
}

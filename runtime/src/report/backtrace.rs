//! The frames of a thread as data: functions, their places in the source, variables.

use dwalin_debuginfo::SourceFrame;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::DebugSlot;
use dwalin_debuginfo::values::{Variable, WasmValue};

/// The name of a function of the host where nothing says another.
const UNNAMED: &str = "a host function";

/// One frame: a function of a guest, or of the host between two guests.
#[derive(Clone, Debug)]
pub struct FrameInfo {
    /// The module's name; empty for the host.
    pub module: String,
    /// True if it is a function of the host, which entered a guest again.
    pub host: bool,
    /// The function's index.
    pub func_index: u32,
    /// Its name, demangled: from the name section, else its number. The import's two names for the host.
    pub func_name: String,
    /// The call of another component that it passes on, with the names and values of WIT, where it is an adapter's.
    pub passes_on: Option<String>,
    /// Bytes from the start of the module's file to the instruction; `None` for code that no instruction stands for.
    pub module_offset: Option<usize>,
    /// The instruction's source positions, the innermost inlined function first; empty where none is known.
    pub symbols: Vec<SourceFrame>,
    /// For each of `symbols` the variables in scope. Empty without debug info, and where the frame cannot be read any longer.
    pub variables: Vec<Vec<Variable>>,
    /// The wasm locals that are known, by index.
    pub locals: Vec<(u32, WasmValue)>,
    /// The index of its instance among the store's; `usize::MAX` without one.
    pub(crate) instance: usize,
    /// The values that it keeps besides its locals, where they were read.
    pub(crate) kept: Vec<(DebugSlot, WasmValue)>,
    /// The instruction's address in the code section, where values were read.
    pub(crate) stopped_at: Option<WasmPc>,
    /// True if it is the innermost, and stopped at an instruction of its own.
    pub(crate) is_innermost: bool,
}

impl FrameInfo {
    /// A frame of a guest, of which no more is known.
    pub(crate) fn guest(module: String, func_index: u32) -> FrameInfo {
        FrameInfo::named(module, func_index, format!("wasm-function[{func_index}]"))
    }

    /// A frame of a guest's function.
    pub(crate) fn named(module: String, func_index: u32, func_name: String) -> FrameInfo {
        FrameInfo {
            module,
            host: false,
            func_index,
            func_name,
            passes_on: None,
            module_offset: None,
            symbols: Vec::new(),
            variables: Vec::new(),
            locals: Vec::new(),
            instance: usize::MAX,
            kept: Vec::new(),
            stopped_at: None,
            is_innermost: false,
        }
    }

    /// A frame of a function of the host.
    pub(crate) fn host(name: Option<String>) -> FrameInfo {
        let name = name.unwrap_or_else(|| UNNAMED.to_owned());
        FrameInfo {
            host: true,
            ..FrameInfo::named(String::new(), 0, name)
        }
    }

    /// The innermost function, as its language calls it.
    pub fn name(&self) -> String {
        let symbol = self.symbols.first().and_then(|it| it.function.clone());
        symbol.unwrap_or_else(|| self.func_name.clone())
    }
}

/// The frames of a thread, innermost first.
#[derive(Clone, Default, Debug)]
pub struct WasmBacktrace {
    frames: Vec<FrameInfo>,
    /// Position of the first frame after those left out, and how many were.
    left_out: Option<(usize, usize)>,
    /// True if reports read sources.
    sources: bool,
}

impl WasmBacktrace {
    /// The frames, innermost first, and how many are left out behind how many of them. `sources` is true if reports read sources.
    pub(crate) fn new(
        frames: Vec<FrameInfo>,
        left_out: Option<(usize, usize)>,
        sources: bool,
    ) -> WasmBacktrace {
        WasmBacktrace {
            frames,
            left_out,
            sources,
        }
    }

    /// The frames, innermost first; of very many, the innermost and the outermost.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    pub(super) fn frames_mut(&mut self) -> &mut [FrameInfo] {
        &mut self.frames
    }

    /// The number of frames that are left out, and of [`WasmBacktrace::frames`] before them.
    pub fn left_out(&self) -> Option<(usize, usize)> {
        self.left_out
    }

    /// Returns true if reports read sources.
    pub(super) fn reads_sources(&self) -> bool {
        self.sources
    }

    /// Names the function of the host that is innermost, unless it has a name.
    pub(super) fn name_host(&mut self, name: &str) {
        if let Some(frame) = self.frames.first_mut()
            && frame.host
            && frame.func_name == UNNAMED
        {
            name.clone_into(&mut frame.func_name);
        }
    }

    /// Adds a frame that is further in than all others.
    pub(crate) fn add_innermost(&mut self, frame: FrameInfo) {
        self.frames.insert(0, frame);
        self.left_out = self.left_out.map(|(behind, count)| (behind + 1, count));
    }
}

//! What every function's compilation reads: the module, the settings, and what debuggers will ask.

use super::convention::Conventions;
use super::target::Targets;
use crate::abi::layout::VmLayout;
use crate::abi::settings::Settings;
use crate::abi::word::Word;
use crate::index::*;
use crate::module::ModuleInfo;
use cranelift_codegen::ir::{ExternalName, UserExternalName, UserExternalNameRef};
use cranelift_codegen::isa::TargetIsa;
use cranelift_entity::EntityRef;
use dwalin_debuginfo::address::WasmPc;
use dwalin_debuginfo::code::{KeptValue, NamedLocal, OperandQuestion, Questions, Statement};
use std::ops::Range;

use crate::abi::builtin::Builtin;

/// The module being compiled and how.
pub struct Env<'a> {
    /// The module.
    pub module: &'a ModuleInfo,
    /// The settings.
    pub settings: &'a Settings,
    /// The code generator.
    pub isa: &'a dyn TargetIsa,
    /// The one for functions whose code debuggers would take wrongly.
    pub without_avx: Option<&'a dyn TargetIsa>,
    /// The optimizer of code with debug info, which the others do not do.
    pub optimizer: Option<&'a dyn TargetIsa>,
    /// The layout of an instance's VmContext.
    pub layout: VmLayout,
    /// The calling conventions of its functions.
    pub conventions: Conventions,
    /// `None`: anything can be asked.
    questions: Option<&'a Questions>,
}

/// Which locals of a function get a home.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted<'a> {
    /// Nobody can ask.
    None,
    /// A debugger can ask for each by its number.
    All,
    /// The module's DWARF names these.
    Some {
        /// All of them: of frame bases and variables.
        locals: &'a [(WasmPc, u32)],
        /// Of variables, and where.
        variables: &'a [NamedLocal],
        /// Of frame bases.
        frame_bases: &'a [(WasmPc, u32)],
    },
}

impl Wanted<'_> {
    /// Returns true if a local gets a home.
    pub fn contains(self, local: u32) -> bool {
        match self {
            Wanted::None => false,
            Wanted::All => true,
            Wanted::Some { locals, .. } => locals.iter().any(|(_, it)| *it == local),
        }
    }
}

impl<'a> Env<'a> {
    /// For compiling `module`, whose bytes are `wasm`.
    pub fn new(
        module: &'a ModuleInfo,
        wasm: &[u8],
        settings: &'a Settings,
        targets: &'a Targets,
        questions: Option<&'a Questions>,
    ) -> Env<'a> {
        Env {
            module,
            settings,
            isa: &*targets.main,
            without_avx: targets.without_avx.as_deref(),
            optimizer: targets.optimizer.as_deref(),
            layout: VmLayout::new(module),
            conventions: Conventions::new(module, wasm),
            questions,
        }
    }

    /// The beginning of a function's body, as DWARF counts.
    pub fn body_start(&self, func: DefinedFuncIndex) -> WasmPc {
        self.pc(self.module.bodies[func].start)
    }

    /// A position in the file as DWARF counts: from the code section's contents.
    pub fn pc(&self, file_offset: usize) -> WasmPc {
        self.module.pc(file_offset)
    }

    /// Returns true if code is made for one instance, whose context it then finds by its own address. With debug info it is, unless the
    /// module's instances on several threads share the code and one image.
    pub fn is_one_instances(&self) -> bool {
        self.settings.debug_info && !self.module.shares_memory()
    }

    /// The locals of a function that need homes.
    pub fn wanted(&self, func: DefinedFuncIndex) -> Wanted<'a> {
        if !self.settings.debug_info {
            return Wanted::None;
        }
        let Some(questions) = self.questions.filter(|_| !self.settings.all_locals) else {
            return Wanted::All;
        };
        Wanted::Some {
            locals: self.within(func, &questions.locals, |(function, _)| *function),
            variables: self.within(func, &questions.variables, |it| it.function),
            frame_bases: self.within(func, &questions.frame_bases, |(function, _)| *function),
        }
    }

    /// A function's body as DWARF counts.
    pub fn body(&self, func: DefinedFuncIndex) -> Range<WasmPc> {
        let body = &self.module.bodies[func];
        self.pc(body.start)..self.pc(body.end)
    }

    /// Returns the part of a table, sorted by address, that is of a function's body. The body's size, before it, is of the function too:
    /// some producers' functions begin there.
    fn within<T>(
        &self,
        func: DefinedFuncIndex,
        all: &'a [T],
        pc: impl Fn(&T) -> WasmPc,
    ) -> &'a [T] {
        let before = func.index().checked_sub(1).map(DefinedFuncIndex::new);
        let start = before.map_or(WasmPc(0), |before| self.body(before).end);
        let end = self.body(func).end;
        let from = all.partition_point(|it| pc(it) < start);
        &all[from..from + all[from..].partition_point(|it| pc(it) < end)]
    }

    /// The operands in a function's body that locations name.
    pub fn operands(&self, func: DefinedFuncIndex) -> &'a [OperandQuestion] {
        let all = self.questions.map_or(&[][..], |it| &it.operands);
        self.within(func, all, |it| it.from)
    }

    /// Returns the values that a function has to keep besides locals and operands.
    pub fn kept(&self, func: DefinedFuncIndex) -> &'a [(WasmPc, KeptValue)] {
        let all = self.questions.map_or(&[][..], |it| &it.kept);
        self.within(func, all, |(pc, _)| *pc)
    }

    /// Returns true if debug info describes a function's call sites.
    pub fn has_call_sites(&self, func: DefinedFuncIndex) -> bool {
        let all = self.questions.map_or(&[][..], |it| &it.call_sites);
        !self.within(func, all, |pc| *pc).is_empty()
    }

    /// Returns true if native code of the source would return a structure from a function in registers.
    pub fn returns_small_structure(&self, func: DefinedFuncIndex) -> bool {
        let start = self.body_start(func);
        self.questions
            .is_some_and(|questions| questions.small_structures.binary_search(&start).is_ok())
    }

    /// Returns true if the statements of a function are instructions of wasm's.
    pub fn stops_at_instructions(&self, func: DefinedFuncIndex) -> bool {
        let start = self.body_start(func);
        let ranges = self
            .questions
            .map_or(&[][..], |questions| &questions.instructions);
        let at = ranges.partition_point(|range| range.end <= start);
        ranges.get(at).is_some_and(|range| range.start <= start)
    }

    /// The addresses in a function's body that must have code of their own.
    pub fn statements(&self, func: DefinedFuncIndex) -> &'a [Statement] {
        let Some(questions) = self.questions else {
            return &[];
        };
        self.within(func, &questions.statements, |it| it.pc)
    }
}

/// The target of a relative reference in code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallTarget {
    /// A function of the module.
    Function(DefinedFuncIndex),
    /// The trampoline of a runtime function.
    Builtin(Builtin),
    /// A word after all code: of code that is placed for one instance.
    Word(Word),
}

impl CallTarget {
    /// The name in CLIF.
    pub fn name(self) -> UserExternalName {
        match self {
            CallTarget::Function(func) => UserExternalName::new(0, func.index() as u32),
            CallTarget::Builtin(builtin) => UserExternalName::new(1, builtin as u32),
            CallTarget::Word(word) => UserExternalName::new(2, word as u32),
        }
    }

    /// Returns the target that a name in CLIF stands for; `None` for names that are not ours, such as the code generator's own library
    /// calls.
    pub fn from_name(
        name: &ExternalName,
        resolve: impl Fn(UserExternalNameRef) -> UserExternalName,
    ) -> Option<CallTarget> {
        let ExternalName::User(reference) = name else {
            return None;
        };
        match resolve(*reference) {
            UserExternalName {
                namespace: 0,
                index,
            } => Some(CallTarget::Function(DefinedFuncIndex::from_u32(index))),
            UserExternalName {
                namespace: 1,
                index,
            } => Builtin::ALL
                .get(index as usize)
                .copied()
                .map(CallTarget::Builtin),
            UserExternalName {
                namespace: 2,
                index,
            } => Word::ALL.get(index as usize).copied().map(CallTarget::Word),
            _ => None,
        }
    }
}

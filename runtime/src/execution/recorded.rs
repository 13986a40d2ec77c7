//! Calls of imports and growth in a run that is recorded, or answered from a recording (`record/`).

use super::diverted;
use super::streams::write_out;
use super::watched;
use crate::abi::layout::VmContextHead;
use crate::abi::trap::TrapKind;
use crate::compiled::Module;
use crate::error::{Error, Result};
use crate::module::types::{ExternType, ValType};
use crate::record::{
    Answer, Call, Divergence, Effect, End, Ended, Entry, Failure, Growth, Log, Outcome, Session,
    Stopped, Write,
};
use crate::vm::handle::{Extern, Memory};
use crate::vm::instance::InstanceData;
use crate::vm::store::{HostFunc, Store, StoreCore};
use dwalin_debuginfo::code::DWARF_MEMORY;
use std::fmt::Write as _;

/// The number that stands for the contents of what is imported, in front of all calls.
const CONTENTS: u32 = u32::MAX;

impl<T: 'static> Store<T> {
    /// Records what imports return and write from now on: the store gets one instance. A server traces the process if `is_traced`.
    pub fn record(&mut self, log: Log, is_traced: bool) {
        self.0
            .core
            .begin_session(Session::new(log, true, is_traced));
    }

    /// Answers calls of imports from a recording, whatever functions are given for them. A server traces the process if `is_traced`.
    pub fn replay(&mut self, log: Log, is_traced: bool) {
        self.0
            .core
            .begin_session(Session::new(log, false, is_traced));
    }

    /// Answers calls of imports from a recording, and says nothing. Where the program exits, and where the recording ends, the call fails
    /// instead, so that the guests that made it can be looked at; [`Store::stopped`] tells of it.
    pub fn replay_to_look(&mut self, log: Log) {
        let mut session = Session::new(log, false, false);
        session.look();
        self.0.core.begin_session(session);
    }

    /// The reason for which a call of an import failed that is none of the program's, in [`Store::replay_to_look`].
    pub fn stopped(&self) -> Option<Stopped> {
        self.0.core.session.as_ref()?.stopped()
    }

    /// The program has ended: records the end, or compares it with the recording's. Returns the recorded exit code.
    ///
    /// # Errors
    /// A recording with another end, or one that cannot be written.
    pub fn end_recording(&mut self, end: &End) -> Result<Option<u8>> {
        match &mut self.0.core.session {
            Some(session) => session.end(end).map_err(Error::host),
            None => Ok(None),
        }
    }
}

impl Module {
    /// The part of the module that a recording does not hold, if there is one.
    pub fn unrecordable(&self) -> Option<String> {
        let info = self.info();
        if info.memories.values().any(|ty| ty.shared) {
            let what = "a memory that threads share, as their order differs from run to run";
            return Some(what.to_owned());
        }
        let is_reference = |ty: &ValType| matches!(ty, ValType::Ref(_));
        self.imports().find_map(|(module, name, ty)| {
            let what = match ty {
                ExternType::Func(ty)
                    if ty.params().iter().chain(ty.results()).any(is_reference) =>
                {
                    "which takes or returns references"
                }
                ExternType::Global(ty) if is_reference(&ty.content) => "a reference",
                _ => return None,
            };
            Some(format!("the import `{module}` `{name}`, {what}"))
        })
    }
}

impl StoreCore {
    fn begin_session(&mut self, session: Session) {
        let ticks = (&raw const self.vm.ticks) as u64;
        session.control().ticks.set(ticks);
        self.session = Some(Box::new(session));
    }

    /// Appends to the recording; the first failure is a warning, and the recording ends there.
    fn append(&mut self, entry: &Entry) {
        let Some(session) = &mut self.session else {
            return;
        };
        if let Err(error) = session.append(entry) {
            self.engine()
                .config()
                .warn(&format!("the recording ends here: {error}"));
        }
    }
}

/// Refuses what a recording does not hold.
///
/// # Errors
/// By name.
pub(super) fn check(core: &StoreCore, instance: &InstanceData, imports: &[Extern]) -> Result<()> {
    if !core.instances.is_empty() {
        return Err(Error::Unrecordable("a second instance".to_owned()));
    }
    if let Some(what) = instance.module.unrecordable() {
        return Err(Error::Unrecordable(what));
    }
    for ((module, name, _), given) in instance.module.imports().zip(imports) {
        if let Extern::Table(table) = given {
            let table = core.table(*table);
            if (0..table.vm.len).any(|at| table.get(at).is_some_and(|it| it != 0)) {
                let what = format!("the import `{module}` `{name}`, a table that is not empty");
                return Err(Error::Unrecordable(what));
            }
        }
    }
    Ok(())
}

/// Numbers the imported functions of the instance that was made last, takes or gives the contents of what else is imported, and stops for a
/// server.
///
/// # Errors
/// A recording of other imports.
pub(super) fn begin(core: &mut StoreCore) -> Result<()> {
    let Some(mut session) = core.session.take() else {
        return Ok(());
    };
    let Some(instance) = core.instances.last() else {
        return Ok(());
    };
    let imports = instance.module.imports();
    let functions = imports.filter(|(.., ty)| matches!(ty, ExternType::Func(_)));
    let names = functions
        .map(|(module, name, _)| format!("{module}.{name}"))
        .collect();
    for (number, func) in instance.imported_functions.iter().enumerate() {
        let mut hosts = core.host_funcs.iter_mut();
        let host = hosts.find(|host| std::ptr::eq(&raw const host.reference, func.reference));
        if let Some(host) = host {
            host.import = Some(number as u32);
        }
    }
    let begun = contents(core, &mut session);
    if let Some(memory) = core.instances.last().and_then(|it| it.memories.first()) {
        let memory = core.memory(*memory);
        session.control().memory_base.set(memory.base() as u64);
        session.control().memory_length.set(memory.mapped());
    }
    let text = core.instances.last().map(|it| it.code.functions_code());
    let text = text.map_or([0; 2], |text| [text.start.0, text.end.0]);
    session.ready(names, text);
    core.session = Some(session);
    watched::begin(core);
    begun
}

/// Records the contents of imported memories and globals, or sets them.
fn contents(core: &mut StoreCore, session: &mut Session) -> Result<()> {
    let Some(instance) = core.instances.last() else {
        return Ok(());
    };
    let info = instance.module.info();
    let (memories, globals) = (info.imported_memories, info.imported_globals);
    if memories == 0 && globals == 0 {
        return Ok(());
    }
    if !session.is_live() {
        return match session.next() {
            Ok(Some(Entry::Call(call))) if call.function == CONTENTS => {
                apply(core, session, call.effects, u64::MAX)
            }
            Ok(_) => Err(Error::host(Failure::Recorded(
                "a damaged recording: the contents of imports are not there".to_owned(),
            ))),
            Err(failure) => Err(Error::host(failure)),
        };
    }
    let memories = instance.memories[..memories].iter().enumerate();
    let memories = memories.map(|(index, memory)| Write::Memory {
        memory: index as u32,
        at: 0,
        len: used(core, *memory),
    });
    let globals = (0..globals).map(|index| Write::Global {
        global: index as u32,
    });
    let writes = memories.chain(globals).collect();
    let call = Call {
        function: CONTENTS,
        args: Vec::new(),
        outcome: Outcome::Returned(Vec::new()),
        effects: effects(core, writes),
    };
    if let Err(error) = session.append(&Entry::Call(call)) {
        return Err(Error::host(Failure::Log(error)));
    }
    Ok(())
}

/// The bytes of a memory up to the last that is not zero.
fn used(core: &StoreCore, memory: Memory) -> u64 {
    // SAFETY: the store is borrowed, and no guest runs; a shared memory has been refused.
    let bytes = unsafe { &*core.memory(memory).bytes() };
    let last = bytes.iter().rposition(|byte| *byte != 0);
    last.map_or(0, |last| last as u64 + 1)
}

/// Calls an import, or answers in its place.
///
/// # Safety
/// As for [`HostFunc::call`]: the store is that of the running guest, which nobody else uses.
pub(super) unsafe fn call(
    func: &HostFunc,
    store: *mut StoreCore,
    caller: *mut VmContextHead,
    slots: &mut [u128],
) -> Result<()> {
    let Some(function) = func.import else {
        return Err(Error::host(Failure::Unrecordable(
            "a function of the host's that is no import",
        )));
    };
    // SAFETY: the caller's promise.
    if unsafe { session(store) }.is_diverted() {
        // SAFETY: the caller's promise.
        return diverted::call(unsafe { &mut *store }, func, function, slots);
    }
    let args = encode(func.ty.params(), slots);
    // SAFETY: the caller's promise; the reference is gone before the function is called.
    let answer = unsafe {
        let session = session(store);
        session.enter(function).map_err(Error::host)?;
        session.answer().map_err(Error::host)
    };
    let result = match answer {
        // SAFETY: the caller's promise.
        Ok(Answer::Make) => unsafe { record(func, function, args, store, caller, slots) },
        Ok(answer) => {
            // SAFETY: the caller's promise.
            let core = unsafe { &mut *store };
            replay(core, func, function, args, slots, answer)
        }
        Err(error) => Err(error),
    };
    // SAFETY: the caller's promise.
    unsafe { session(store) }.leave();
    result
}

/// # Safety
/// The store must be there for nobody else, and have a session.
unsafe fn session<'a>(store: *mut StoreCore) -> &'a mut Session {
    // SAFETY: the caller's promise.
    let session = unsafe { (*store).session.as_mut() };
    session.expect("asked for in a run with a recording")
}

/// Makes a call, and records it.
///
/// # Safety
/// As for [`call`].
unsafe fn record(
    func: &HostFunc,
    function: u32,
    args: Vec<u8>,
    store: *mut StoreCore,
    caller: *mut VmContextHead,
    slots: &mut [u128],
) -> Result<()> {
    let result = (func.call)(store, caller, slots);
    // SAFETY: the caller's promise; the host function is done.
    let core = unsafe { &mut *store };
    let Some(session) = &mut core.session else {
        return result;
    };
    let writes = session.take_writes().map_err(Error::host)?;
    let outcome = match &result {
        Ok(()) => Outcome::Returned(encode(func.ty.results(), slots)),
        Err(Error::Exit(code)) => Outcome::Exited(*code),
        Err(error) => Outcome::Failed(error.to_string()),
    };
    let entry = Entry::Call(Call {
        function,
        args,
        outcome,
        effects: effects(core, writes),
    });
    core.append(&entry);
    write_again(core, &entry);
    if let (Entry::Call(call), Some(session)) = (&entry, &mut core.session) {
        session.count(&call.outcome);
        let next = session.control().calls.get();
        session.control().silent_below.set(next);
    }
    result
}

/// Writes once more what a traced program's call has written: a debug register sees that, and not what the system writes.
fn write_again(core: &mut StoreCore, entry: &Entry) {
    let is_traced = core.session.as_ref().is_some_and(|it| it.is_traced());
    let (Entry::Call(call), true) = (entry, is_traced) else {
        return;
    };
    for effect in &call.effects {
        if let (Effect::Memory { memory, at, bytes }, Some(instance)) =
            (effect, core.instances.last())
        {
            let memory = instance.memories[*memory as usize];
            core.memory(memory).write(*at as usize, bytes);
        }
    }
}

/// The effects of a call, as they are now.
fn effects(core: &StoreCore, writes: Vec<Write>) -> Vec<Effect> {
    let Some(instance) = core.instances.last() else {
        return Vec::new();
    };
    let bytes = |memory: u32| {
        // SAFETY: the store is borrowed, and the guest waits; a shared memory has been refused.
        unsafe { &*core.memory(instance.memories[memory as usize]).bytes() }
    };
    let mut effects = Vec::new();
    for write in writes {
        match write {
            Write::Memory { len: 0, .. } => {}
            Write::Memory { memory, at, len } => {
                let range = at as usize..(at + len) as usize;
                effects.extend(bytes(memory).get(range).map(|bytes| Effect::Memory {
                    memory,
                    at,
                    bytes: bytes.to_vec(),
                }));
            }
            Write::Whole { memory, before } => {
                effects.extend(changes(memory, &before, bytes(memory)));
            }
            Write::Global { global } => {
                let cell = instance.globals[global as usize].cell;
                // SAFETY: a global lives as long as the store, which is borrowed.
                let value = unsafe { *cell.as_ptr() };
                effects.push(Effect::Global { global, value });
            }
            #[cfg(feature = "wasi")]
            Write::Output { stream, bytes } => effects.push(Effect::Output { stream, bytes }),
        }
    }
    effects
}

/// Bytes that are compared at once.
const BLOCK: usize = 64;

/// The blocks of a memory that are no longer what they were.
fn changes(memory: u32, before: &[u8], now: &[u8]) -> Vec<Effect> {
    let mut changes: Vec<Effect> = Vec::new();
    let blocks = before.chunks(BLOCK).zip(now.chunks(BLOCK)).enumerate();
    for (index, (_, block)) in blocks.filter(|(_, (before, now))| before[..] != now[..before.len()])
    {
        let start = (index * BLOCK) as u64;
        match changes.last_mut() {
            Some(Effect::Memory { at, bytes, .. }) if *at + bytes.len() as u64 == start => {
                bytes.extend(block);
            }
            _ => changes.push(Effect::Memory {
                memory,
                at: start,
                bytes: block.to_vec(),
            }),
        }
    }
    changes
}

/// Does what was recorded of a call.
fn replay(
    core: &mut StoreCore,
    func: &HostFunc,
    function: u32,
    args: Vec<u8>,
    slots: &mut [u128],
    answer: Answer,
) -> Result<()> {
    let Some(mut session) = core.session.take() else {
        return Ok(());
    };
    let result = replay_in(core, &mut session, func, function, args, slots, answer);
    core.session = Some(session);
    result
}

fn replay_in(
    core: &mut StoreCore,
    session: &mut Session,
    func: &HostFunc,
    function: u32,
    args: Vec<u8>,
    slots: &mut [u128],
    answer: Answer,
) -> Result<()> {
    let number = session.control().calls.get();
    let called = |function: u32, args: &[u8]| {
        let name = session.name(function);
        format!("{name}({})", shown(func.ty.params(), args))
    };
    let recorded = match answer {
        Answer::Call(call) if (call.function, &call.args) == (function, &args) => {
            return replay_call(core, session, func, slots, call);
        }
        Answer::Call(call) if call.function == function => {
            format!(
                "it called it with ({})",
                shown(func.ty.params(), &call.args)
            )
        }
        Answer::Other(Entry::End(End {
            ended: Ended::Trapped(TrapKind::StackOverflow),
            ..
        })) => return Err(Error::host(Failure::StackOverflow)),
        Answer::Call(call) => session.described(&Entry::Call(call)),
        Answer::Other(entry) => session.described(&entry),
        Answer::Make => unreachable!("a call that is made is not replayed"),
    };
    let divergence = Divergence {
        call: number,
        now: format!("calls {}", called(function, &args)),
        recorded,
    };
    Err(Error::host(session.diverged(divergence)))
}

/// Gives a call its recorded results.
fn replay_call(
    core: &mut StoreCore,
    session: &mut Session,
    func: &HostFunc,
    slots: &mut [u128],
    call: Call,
) -> Result<()> {
    let number = session.control().calls.get();
    apply(core, session, call.effects, number)?;
    session.count(&call.outcome);
    match call.outcome {
        Outcome::Exited(code) => match session.is_looked_at() {
            true => Err(Error::host(session.stop(Stopped::Exited(code)))),
            false => Err(Error::Exit(code)),
        },
        Outcome::Failed(message) => Err(Error::host(Failure::Recorded(message))),
        Outcome::Returned(results) => {
            let width = func.ty.results().iter().map(|ty| width(*ty)).sum::<usize>();
            if results.len() != width {
                return Err(damaged());
            }
            decode(func.ty.results(), &results, slots);
            Ok(())
        }
    }
}

fn damaged() -> Error {
    Error::host(Failure::Recorded(
        "a damaged recording: a call has results of another type, or wrote where nothing is"
            .to_owned(),
    ))
}

/// Does what a call did. Output is that of the call of this number.
fn apply(
    core: &mut StoreCore,
    session: &mut Session,
    effects: Vec<Effect>,
    number: u64,
) -> Result<()> {
    let is_heard = number >= session.control().silent_below.get();
    for effect in effects {
        let instance = core.instances.last().ok_or_else(damaged)?;
        match effect {
            Effect::Memory { memory, at, bytes } => {
                let instance_memory = memory;
                let memory = *instance.memories.get(memory as usize).ok_or_else(damaged)?;
                if instance_memory == DWARF_MEMORY as u32
                    && number != u64::MAX
                    && watched::is_stopped_before_write(core, at, bytes.len() as u64)
                {
                    return Err(Error::host(session.stop(Stopped::Written)));
                }
                let at = usize::try_from(at).map_err(|_| damaged())?;
                core.memory(memory).write(at, &bytes).ok_or_else(damaged)?;
            }
            Effect::Global { global, value } => {
                let global = instance.globals.get(global as usize).ok_or_else(damaged)?;
                if matches!(global.ty.content, ValType::Ref(_)) {
                    return Err(damaged());
                }
                // SAFETY: a global lives as long as the store, which is borrowed mutably, and any bits are a number.
                unsafe { *global.cell.as_ptr() = value };
            }
            Effect::Output { stream, bytes } => {
                if stream == 2 {
                    core.stderr.push(&bytes);
                }
                if is_heard {
                    write_out(stream, &bytes);
                }
            }
        }
    }
    if number != u64::MAX {
        let next = session.control().silent_below.get().max(number + 1);
        session.control().silent_below.set(next);
    }
    Ok(())
}

/// Grows a memory or table, or has it grown as it was recorded.
pub(super) fn grow(
    core: &mut StoreCore,
    growth: Growth,
    delta: u64,
    grow: impl FnOnce(&mut StoreCore) -> u64,
) -> u64 {
    let Some(mut session) = core.session.take() else {
        return grow(core);
    };
    let (result, appended) = session.grow(growth, delta, || grow(core));
    core.session = Some(session);
    if let Err(error) = appended {
        let config = core.engine().config();
        config.warn(&format!("the recording ends here: {error}"));
    }
    result
}

/// Bytes of a value.
fn width(ty: ValType) -> usize {
    match ty {
        ValType::I32 | ValType::F32 => 4,
        ValType::I64 | ValType::F64 => 8,
        ValType::V128 => 16,
        // Refused before.
        ValType::Ref(_) => 0,
    }
}

/// Values of these types, one after the other.
fn encode(types: &[ValType], slots: &[u128]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * types.len());
    for (ty, slot) in types.iter().zip(slots) {
        bytes.extend(&slot.to_le_bytes()[..width(*ty)]);
    }
    bytes
}

fn decode(types: &[ValType], mut bytes: &[u8], slots: &mut [u128]) {
    for (ty, slot) in types.iter().zip(slots) {
        let (value, rest) = bytes.split_at(width(*ty));
        let mut whole = [0; size_of::<u128>()];
        whole[..value.len()].copy_from_slice(value);
        *slot = u128::from_le_bytes(whole);
        bytes = rest;
    }
}

/// Arguments as messages show them: integers with their sign, others as their bits.
fn shown(types: &[ValType], mut bytes: &[u8]) -> String {
    let mut text = String::new();
    for ty in types {
        let Some((value, rest)) = bytes.split_at_checked(width(*ty)) else {
            text.push('…');
            break;
        };
        let mut whole = [0; size_of::<u128>()];
        whole[..value.len()].copy_from_slice(value);
        let value = u128::from_le_bytes(whole);
        let separator = if text.is_empty() { "" } else { ", " };
        let done = match ty {
            ValType::I32 => write!(text, "{separator}{}", value as u32 as i32),
            ValType::I64 => write!(text, "{separator}{}", value as u64 as i64),
            _ => write!(text, "{separator}{value:#x}"),
        };
        debug_assert!(done.is_ok(), "a String takes all text");
        bytes = rest;
    }
    text
}

//! A store: everything that instances are made of, alive until the store is dropped, and the embedder's own data.

use super::exception::Exceptions;
use super::gc::Objects;
use super::handle::{Global, Memory, Stored, Table};
use super::host_objects::HostObjects;
use super::instance::{InstanceData, Ways};
use super::limits::Limiter;
use super::memory::LinearMemory;
use super::shared::SharedMemory;
use super::stderr_tail::StderrTail;
use super::table::TableElements;
use crate::abi::layout::{FIRST_TICK, VmContextHead, VmFuncRef, VmHostContext, VmStoreContext};
use crate::compiled::Module;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::index::*;
use crate::module::reference::HeapType;
use crate::module::types::{FuncType, GlobalType, MemoryType, TableType, ValType};
use crate::record::{Session, Watch, Write};
use crate::unwind::snapshot::ProgramId;
use std::any::Any;
use std::collections::HashMap;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A store without the embedder's data.
pub struct StoreCore {
    id: u64,
    engine: Engine,
    /// True if locals of its guests have homes, and backtraces are to show them.
    pub(crate) reads_frames: bool,
    pub(crate) vm: Box<VmStoreContext>,
    // Instances first: their code refers to what follows.
    pub(crate) instances: Vec<Box<InstanceData>>,
    memories: Vec<Arc<LinearMemory>>,
    tables: Vec<TableElements>,
    globals: Vec<Box<u128>>,
    pub(crate) host_funcs: Vec<Box<HostFunc>>,
    pub(crate) host_objects: HostObjects,
    /// The number of calls into guests that have not returned.
    pub(crate) entered: usize,
    /// Trampolines by which guests call host functions, from the modules instantiated so far.
    wasm_to_array: HashMap<SharedTypeId, *const u8>,
    /// Why a host function wants guest code to be left.
    pub(crate) raised: Option<Raised>,
    /// The last output of guests on their standard error.
    pub(crate) stderr: StderrTail,
    /// Tags and exceptions.
    pub(crate) exceptions: Exceptions,
    /// Structures and arrays.
    pub(crate) objects: Objects,
    /// The recording that is written, or that calls are answered from.
    pub(crate) session: Option<Box<Session>>,
    /// The place whose writes are counted.
    pub(crate) watch: Option<Box<Watch>>,
    /// The judge of what it may hold.
    pub(crate) limiter: Limiter,
    /// The judge's error, for the guest that wanted more.
    pub(crate) refused: Option<Error>,
    /// While a component is instantiated: the instances that debuggers are told of when what their functions call is there.
    pub(crate) held_back: Option<Vec<(usize, Ways)>>,
    /// The program whose thread it is of, if that has several.
    pub(crate) program: Option<ProgramId>,
}

/// Why a host function wants guest code to be left.
pub(crate) enum Raised {
    /// It failed.
    Error(Error),
    /// It panicked.
    Panic(Box<dyn Any + Send>),
}

impl StoreCore {
    fn new(engine: &Engine) -> StoreCore {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let exceptions = Exceptions::default();
        let vm = VmStoreContext {
            exceptions: exceptions.shown.address(),
            stack_limit: u64::MAX,
            caller: ptr::null_mut(),
            last_exit_fp: 0,
            last_exit_pc: 0,
            heap: ptr::null_mut(),
            epoch: engine.epoch(),
            epoch_deadline: u64::MAX,
            fuel: 0,
            ticks: FIRST_TICK,
            stop_at: u64::MAX,
            watched: 0,
            watched_len: 0,
        };
        let wanted = engine.config().backtraces();
        StoreCore {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            engine: engine.clone(),
            reads_frames: engine.config().settings().debug_info && wanted.enabled && wanted.details,
            vm: Box::new(vm),
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            host_funcs: Vec::new(),
            host_objects: HostObjects::default(),
            entered: 0,
            wasm_to_array: HashMap::new(),
            raised: None,
            stderr: StderrTail::default(),
            exceptions,
            objects: Objects::new(engine),
            session: None,
            watch: None,
            limiter: Limiter::Nobody,
            refused: None,
            held_back: None,
            program: None,
        }
    }

    /// Different for each store of a process.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Handles are used with the store that they came from.
    #[track_caller]
    pub(crate) fn check_owner(&self, store: u64) {
        assert_eq!(
            store, self.id,
            "an object was used with a store that it does not belong to"
        );
    }

    pub(crate) fn new_memory(&mut self, ty: MemoryType, at: Option<usize>) -> Result<Memory> {
        let count = self.memories.iter().filter(|it| !it.is_shared()).count();
        self.check_new_memory(&ty, count)?;
        let memory = LinearMemory::of_engine(&self.engine, ty, at)?;
        Ok(self.add_memory(Arc::new(memory)))
    }

    fn add_memory(&mut self, memory: Arc<LinearMemory>) -> Memory {
        self.memories.push(memory);
        Memory(Stored {
            store: self.id,
            index: self.memories.len() - 1,
        })
    }

    /// The store's handle to a shared memory.
    pub(crate) fn shared_memory(&mut self, memory: &SharedMemory) -> Memory {
        let known = self
            .memories
            .iter()
            .position(|it| Arc::ptr_eq(it, &memory.0));
        match known {
            Some(index) => Memory(Stored {
                store: self.id,
                index,
            }),
            None => self.add_memory(memory.0.clone()),
        }
    }

    /// The memory behind a handle, for other stores.
    pub(crate) fn share(&self, memory: Memory) -> SharedMemory {
        self.check_owner(memory.0.store);
        SharedMemory(self.memories[memory.0.index].clone())
    }

    pub(crate) fn memory(&self, memory: Memory) -> &LinearMemory {
        self.check_owner(memory.0.store);
        &self.memories[memory.0.index]
    }

    pub(crate) fn new_table(&mut self, ty: TableType) -> Result<Table> {
        self.check_new_table(&ty, self.tables.len())?;
        let is_lazy = self.engine.top(ty.element) == Some(HeapType::Func);
        let table = TableElements::new(ty, is_lazy).map_err(|error| Error::Resources {
            what: format!("a table of {} elements", ty.limits.min),
            error,
        })?;
        self.tables.push(table);
        Ok(Table(Stored {
            store: self.id,
            index: self.tables.len() - 1,
        }))
    }

    pub(crate) fn table(&self, table: Table) -> &TableElements {
        self.check_owner(table.0.store);
        &self.tables[table.0.index]
    }

    pub(crate) fn table_mut(&mut self, table: Table) -> &mut TableElements {
        self.check_owner(table.0.store);
        &mut self.tables[table.0.index]
    }

    pub(crate) fn new_global(&mut self, ty: GlobalType, slot: u128) -> Global {
        self.globals.push(Box::new(slot));
        let cell = NonNull::from(&mut **self.globals.last_mut().expect("just pushed"));
        Global {
            store: self.id,
            cell,
            ty,
        }
    }

    /// Takes a module's trampolines, and gives them to the host functions that waited for one of their type.
    pub(crate) fn add_trampolines(
        &mut self,
        module: &Module,
        trampoline: impl Fn(TypeIndex) -> *const u8,
    ) {
        for index in module.info().function_types.iter().copied() {
            self.wasm_to_array
                .entry(module.type_ids()[index.as_u32() as usize])
                .or_insert_with(|| trampoline(index));
        }
        for func in &mut self.host_funcs {
            let reference = &mut func.reference;
            if reference.code.is_null() {
                reference.code = self
                    .wasm_to_array
                    .get(&reference.type_id)
                    .copied()
                    .unwrap_or(ptr::null());
            }
        }
    }

    /// The trampoline for host functions of a type; null before a module with the type is instantiated.
    pub(crate) fn trampoline(&self, ty: SharedTypeId) -> *const u8 {
        self.wasm_to_array.get(&ty).copied().unwrap_or(ptr::null())
    }

    /// The type of a function.
    pub(crate) fn type_of(&self, reference: *mut VmFuncRef) -> FuncType {
        // SAFETY: references live as long as the store.
        let id = unsafe { (*reference).type_id };
        let ty = self.engine.shared_type(id);
        let ty = ty.as_ref().and_then(|ty| ty.function());
        ty.expect("a function's type is its engine's").clone()
    }

    /// A table's element, given its first value if nobody has asked for it before; `None` beyond its end.
    pub(crate) fn table_element(&mut self, table: Table, index: u64) -> Option<u64> {
        self.table(table).raw(index)?;
        let reference = self.table(table).get(index);
        Some(reference.unwrap_or_else(|| {
            let first = self.first_element(table, index);
            self.table_mut(table).set(index, first);
            first
        }))
    }

    /// All tables.
    pub(super) fn all_tables(&self) -> impl Iterator<Item = &TableElements> {
        self.tables.iter()
    }

    /// The words of the globals that the host made.
    pub(super) fn own_globals(&self) -> impl Iterator<Item = u64> + '_ {
        self.globals.iter().map(|cell| **cell as u64)
    }

    /// The words in globals and tables that may be handles of exceptions.
    pub(crate) fn exception_roots(&self) -> impl Iterator<Item = u64> + '_ {
        let instances = self.instances.iter();
        let globals = instances.flat_map(|instance| &instance.globals);
        let globals = globals.filter(|global| is_exception(global.ty.content));
        // SAFETY: a global lives as long as the store.
        let globals = globals.map(|global| unsafe { *global.cell.as_ptr() as u64 });
        let hosts = self.globals.iter().map(|cell| **cell as u64);
        let tables = self.tables.iter();
        let tables = tables.filter(|table| is_exception(table.ty().element));
        let elements =
            tables.flat_map(|table| (0..table.vm.len).filter_map(|index| table.get(index)));
        globals
            .chain(hosts)
            .chain(elements)
            .chain(self.objects.exceptions())
    }

    /// The size of the store's memory, where it has one only.
    pub(crate) fn only_memory_len(&self) -> Option<u64> {
        match &self.memories[..] {
            [memory] => Some(memory.len()),
            _ => None,
        }
    }

    /// The memory that a host address is in, or after: it, and the guest's address.
    pub(crate) fn memory_at(&self, address: usize) -> Option<(&LinearMemory, u64)> {
        self.memories.iter().find_map(|memory| {
            let offset = (address as u64).checked_sub(memory.base() as u64)?;
            (offset < memory.mapped()).then_some((&**memory, offset))
        })
    }

    /// The place of a memory in the instance that is recorded.
    fn memory_place(&self, memory: Memory) -> Option<u32> {
        let memories = &self.instances.last()?.memories;
        let place = memories.iter().position(|it| *it == memory)?;
        Some(place as u32)
    }

    /// Notes for the recording that the host wrote bytes of a memory.
    pub(crate) fn note_write(&mut self, memory: Memory, at: u64, len: u64) {
        let place = self.memory_place(memory);
        if let (Some(session), Some(memory)) = (&mut self.session, place) {
            session.note(|| Write::Memory { memory, at, len });
        }
    }

    /// Notes for the recording that the host may write any bytes of a memory.
    pub(crate) fn note_access(&mut self, memory: Memory) {
        if let (Some(mut session), Some(place)) = (self.session.take(), self.memory_place(memory)) {
            session.note(|| {
                // SAFETY: the store is borrowed, and no guest runs; a shared memory is not recorded.
                let bytes = unsafe { &*self.memory(memory).bytes() };
                Write::Whole {
                    memory: place,
                    before: bytes.to_vec(),
                }
            });
            self.session = Some(session);
        }
    }

    /// Notes for the recording that the host set a global.
    pub(crate) fn note_global(&mut self, global: Global) {
        let globals = self.instances.last().map(|it| &it.globals);
        let place = globals.and_then(|it| it.iter().position(|it| it.cell == global.cell));
        if let (Some(session), Some(place)) = (&mut self.session, place) {
            session.note(|| Write::Global {
                global: place as u32,
            });
        }
    }

    /// Notes for the recording that the host did what it does not hold.
    pub(crate) fn note_unrecordable(&mut self, what: &'static str) {
        if let Some(session) = &mut self.session {
            session.note_unrecordable(what);
        }
    }

    /// Returns the initial element of a table by the segments of the instance that defined it.
    fn first_element(&mut self, table: Table, index: u64) -> u64 {
        let found = self
            .instances
            .iter_mut()
            .find_map(|instance| instance.lazy_element(table, index));
        found.map_or(0, |reference: *mut VmFuncRef| reference as u64)
    }
}

/// Returns true if values of a type are exceptions.
fn is_exception(ty: ValType) -> bool {
    matches!(ty, ValType::Ref(ty) if ty.heap_type().top() == Some(HeapType::Exn))
}

/// The body of a host function, with the store's data type erased: arguments become results in the slots.
pub(crate) type HostCall =
    Box<dyn Fn(*mut StoreCore, *mut VmContextHead, &mut [u128]) -> Result<()> + Send + Sync>;

/// A host function of a store.
pub struct HostFunc {
    pub(crate) context: VmHostContext,
    pub(crate) reference: VmFuncRef,
    pub(crate) ty: FuncType,
    pub(crate) call: HostCall,
    /// Its place among the imported functions, in a run with a recording.
    pub(crate) import: Option<u32>,
}

impl HostFunc {
    /// The number of slots for arguments and results.
    pub(crate) fn slot_count(&self) -> usize {
        self.ty.params().len().max(self.ty.results().len()).max(1)
    }
}

/// A store and the embedder's data. `core` comes first, so that a pointer to it is one to the whole.
#[repr(C)]
pub(crate) struct StoreInner<T> {
    pub(crate) core: StoreCore,
    pub(crate) data: T,
}

/// Everything that instances are made of, and data of the embedder's that host functions can reach. Nothing in it is freed
/// before it is dropped.
pub struct Store<T: 'static>(pub(crate) Box<StoreInner<T>>);

// SAFETY: what a store points to belongs to it, and code in it runs only while it is borrowed mutably.
unsafe impl<T: Send> Send for Store<T> {}

impl<T: 'static> Store<T> {
    /// Frees structures, arrays and objects of the host that nobody refers to. What the host was given as a value stays, as it is not known
    /// whether it still has it.
    pub fn gc(&mut self) {
        let core = &mut self.0.core;
        // Not within a call: whoever has the store itself is in none.
        if core.entered == 0 {
            core.collect(std::iter::empty());
        }
    }

    /// An empty store.
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        Store(Box::new(StoreInner {
            core: StoreCore::new(engine),
            data,
        }))
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.0.core.engine()
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.0.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.data
    }

    /// The ticks of its guests: how often functions were entered and left, and loops began again, in code that counts them
    /// ([`Config::ticks`](crate::Config::ticks)).
    pub fn ticks(&self) -> u64 {
        self.0.core.vm.ticks - FIRST_TICK
    }

    /// Returns true if the last line that guests wrote on their standard error has not been ended: what is printed after it wants one.
    pub fn has_open_line(&self) -> bool {
        self.0.core.stderr.is_open()
    }

    /// The embedder's data; all else is dropped.
    pub fn into_data(self) -> T {
        self.0.data
    }
}

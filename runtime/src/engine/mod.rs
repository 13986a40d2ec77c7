//! What all modules and stores of a process can share: the configuration and the identity of types.

mod rows;
mod types;

#[cfg(feature = "compile")]
use crate::compile::target;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::index::{SharedTypeId, TypeIndex};
use crate::module::ModuleInfo;
use crate::module::composite::SubType;
use crate::module::reference::HeapType;
use crate::module::types::{FuncType, ValType};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use types::Types;

/// A configuration, and the types seen so far. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    config: Config,
    types: Mutex<Types>,
    /// The number of the epoch, which code reads.
    epoch: AtomicU64,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new(&Config::new())
    }
}

impl Engine {
    /// An engine with a configuration.
    pub fn new(config: &Config) -> Engine {
        Engine(Arc::new(Inner {
            config: config.clone(),
            types: Mutex::default(),
            epoch: AtomicU64::new(0),
        }))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Returns the machine that code is made for: its triple, and the features of its processor that code may use.
    ///
    /// # Errors
    /// A machine that code cannot be made for.
    #[cfg(feature = "compile")]
    pub fn target(&self) -> Result<(String, Vec<&'static str>)> {
        let isa = target::isa(&self.config().settings())?;
        Ok((isa.triple().to_string(), target::feature_names(&isa)))
    }

    /// Begins the next epoch: from any thread, and a signal handler. Guests of stores whose last one is over trap at the next call or loop
    /// ([`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline)).
    pub fn increment_epoch(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of the epoch, at an address that is the same as long as the engine lives.
    pub(crate) fn epoch(&self) -> &AtomicU64 {
        &self.0.epoch
    }

    fn types(&self) -> MutexGuard<'_, Types> {
        let types = self.0.types.lock();
        types.unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The id of a function type of the host's: equal for equal types.
    pub(crate) fn type_id(&self, ty: &FuncType) -> SharedTypeId {
        // Entries of some module's type section mean nothing here.
        let known = |heap| match heap {
            HeapType::Defined(_) => HeapType::None,
            heap => heap,
        };
        let group = [SubType::of_function(ty.map(&known))];
        let ids = self.types().group(&group);
        ids.expect("host functions are of fewer types than there is room for")[0]
    }

    /// The ids of the types of a module: equal for types that are the same in other modules.
    ///
    /// # Errors
    /// [`Error::Resources`] where there is no room for more types.
    pub(crate) fn type_ids(&self, module: &ModuleInfo) -> Result<Box<[SharedTypeId]>> {
        let (mut types, mut ids) = (self.types(), Vec::with_capacity(module.types.len()));
        let all = module.types.values().as_slice();
        for range in &module.rec_groups {
            let map = |heap| match heap {
                HeapType::Defined(index) => match index.as_u32().checked_sub(range.start) {
                    Some(own) => HeapType::Defined(TypeIndex::from_u32(own)),
                    None => HeapType::Shared(ids[index.as_u32() as usize]),
                },
                heap => heap,
            };
            let group = &all[range.start as usize..range.end as usize];
            let group: Vec<_> = group.iter().map(|ty| ty.map(&map)).collect();
            let group = types.group(&group).ok_or_else(|| Error::Resources {
                what: "a module's types".to_owned(),
                error: io::ErrorKind::OutOfMemory.into(),
            })?;
            ids.extend_from_slice(&group);
        }
        Ok(ids.into())
    }

    /// A type by its id.
    pub(crate) fn shared_type(&self, id: SharedTypeId) -> Option<Arc<SubType>> {
        self.types().get(id).cloned()
    }

    /// Returns true if values of one heap type are values of another. Both are the engine's.
    pub(crate) fn is_subtype(&self, ty: HeapType, of: HeapType) -> bool {
        self.types().is_subtype(ty, of)
    }

    /// Returns true if values of one type are values of another. Both are the engine's.
    pub(crate) fn matches(&self, ty: ValType, of: ValType) -> bool {
        match (ty, of) {
            (ValType::Ref(ty), ValType::Ref(of)) => {
                (of.is_nullable() || !ty.is_nullable())
                    && self.is_subtype(ty.heap_type(), of.heap_type())
            }
            (ty, of) => ty == of,
        }
    }

    /// The abstract type above all types that references of a type can have; `None` for other values.
    pub(crate) fn top(&self, ty: ValType) -> Option<HeapType> {
        let ValType::Ref(ty) = ty else { return None };
        match ty.heap_type() {
            HeapType::Shared(id) => self.types().get(id)?.kind().top(),
            heap => heap.top(),
        }
    }

    /// The address of the rows of supertypes that compiled code reads (`abi/supertypes.rs`).
    pub(crate) fn supertypes(&self) -> *const u32 {
        self.types().rows()
    }

    /// Returns true if two handles are of one engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }
}

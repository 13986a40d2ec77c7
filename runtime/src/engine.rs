//! What all modules and stores of a process can share: the configuration and the identity of function types.

use crate::config::Config;
use crate::index::SharedTypeId;
use crate::module::types::FuncType;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A configuration, and the function types seen so far. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    config: Config,
    types: Mutex<HashMap<FuncType, SharedTypeId>>,
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
        }))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The id of a function type: equal for equal types.
    pub(crate) fn type_id(&self, ty: &FuncType) -> SharedTypeId {
        let mut types = self
            .0
            .types
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let next = SharedTypeId::from_u32(types.len() as u32);
        *types.entry(ty.clone()).or_insert(next)
    }

    /// Returns true if two handles are of one engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }
}

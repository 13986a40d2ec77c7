//! Definitions of the host's, as an instance takes them.

use super::resource::ResourceType;
use super::val::Val;
use crate::error::Result;
use crate::vm::store::StoreCore;
use std::sync::Arc;

/// A host function, with the store's data type erased: arguments, and results to fill in.
pub(super) type HostFunc =
    Arc<dyn Fn(*mut StoreCore, &[Val], &mut [Val]) -> Result<()> + Send + Sync>;

/// The end of a resource that nobody has any more.
pub(super) type Destructor = Arc<dyn Fn(*mut StoreCore, u32) -> Result<()> + Send + Sync>;

/// A definition of the host's.
#[derive(Clone)]
pub(super) enum Definition {
    Func(HostFunc),
    Resource(ResourceType, Destructor),
}

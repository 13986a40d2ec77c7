//! Resources as the host holds them.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// The state of an instance, which this file only tells from others.
type Instance = dyn Any + Send + Sync;

/// A type of resources.
#[derive(Clone)]
pub struct ResourceType(Definition);

#[derive(Clone)]
enum Definition {
    /// The host's, by a number of its own.
    Host(u64),
    /// An instance's: which, and the number that it has there.
    Guest(Weak<Instance>, u32),
}

impl ResourceType {
    /// A new type of resources of the host, unlike all others.
    pub fn host() -> ResourceType {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ResourceType(Definition::Host(NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(super) fn guest(state: Weak<Instance>, index: u32) -> ResourceType {
        ResourceType(Definition::Guest(state, index))
    }

    /// The instance that defines it, and its number there.
    pub(super) fn definition(&self) -> Option<(Arc<Instance>, u32)> {
        match &self.0 {
            Definition::Host(_) => None,
            Definition::Guest(state, index) => Some((state.upgrade()?, *index)),
        }
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &ResourceType) -> bool {
        match (&self.0, &other.0) {
            (Definition::Host(a), Definition::Host(b)) => a == b,
            (Definition::Guest(a, i), Definition::Guest(b, j)) => a.ptr_eq(b) && i == j,
            _ => false,
        }
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Definition::Host(number) => write!(f, "ResourceType(host {number})"),
            Definition::Guest(_, number) => write!(f, "ResourceType(guest {number})"),
        }
    }
}

/// A resource. Clones are the same: of those that are owned, one can be given away.
#[derive(Clone, Debug)]
pub struct Resource {
    ty: ResourceType,
    rep: u32,
    /// True while it has not been given away; `None` of one that is borrowed.
    owned: Option<Arc<AtomicBool>>,
}

impl PartialEq for Resource {
    fn eq(&self, other: &Resource) -> bool {
        self.ty == other.ty && self.rep == other.rep && self.is_owned() == other.is_owned()
    }
}

impl Resource {
    /// A resource of the host that is given to a guest.
    pub fn own(ty: &ResourceType, rep: u32) -> Resource {
        let owned = Some(Arc::new(AtomicBool::new(true)));
        let ty = ty.clone();
        Resource { ty, rep, owned }
    }

    /// A resource that is lent for a call.
    pub fn borrow(ty: &ResourceType, rep: u32) -> Resource {
        let (ty, owned) = (ty.clone(), None);
        Resource { ty, rep, owned }
    }

    /// Its type.
    pub fn ty(&self) -> &ResourceType {
        &self.ty
    }

    /// The number that its definer knows it by: of the host's resources a number of the host's, of a guest's one of the guest's.
    pub fn rep(&self) -> u32 {
        self.rep
    }

    /// Returns true if it is owned, and false if it is borrowed.
    pub fn is_owned(&self) -> bool {
        self.owned.is_some()
    }

    /// Gives it away; false if that was done before, or it is borrowed.
    pub(super) fn give(&self) -> bool {
        self.owned
            .as_ref()
            .is_some_and(|it| it.swap(false, Ordering::Relaxed))
    }

    /// Returns true if it can be lent.
    pub(super) fn is_alive(&self) -> bool {
        self.owned
            .as_ref()
            .is_none_or(|it| it.load(Ordering::Relaxed))
    }
}

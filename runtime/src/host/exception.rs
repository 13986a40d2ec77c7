//! Tags and exceptions as the host makes and uses them.

use crate::error::{Error, Result};
use crate::module::types::FuncType;
use crate::report::trap::Trap;
use crate::vm::context::{AsContext, AsContextMut};
use crate::vm::exception::{Exception, ThrownException};
use crate::vm::handle::{ExnRef, Tag};
use crate::vm::store::StoreCore;
use crate::vm::value::Val;
use std::sync::Arc;

impl Tag {
    /// A new tag, different from all others. The type has no results.
    ///
    /// # Errors
    /// A type with results.
    pub fn new(mut store: impl AsContextMut, ty: FuncType) -> Result<Tag> {
        if !ty.results().is_empty() {
            return Err(Error::Type(format!(
                "a tag cannot be of type {ty}: it has results"
            )));
        }
        let core = store.core_mut();
        let ty = core.engine().type_id(&ty);
        Ok(core.new_tag(ty, "a tag of the host".to_owned()))
    }

    /// Its type.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        store.core().tag_type(*self).clone()
    }

    /// The error with which a host function throws a new exception. It lives no longer than somebody holds it.
    ///
    /// # Errors
    /// Always: with the exception, or because of values of other types than the tag's, or of another store.
    pub fn throw<R>(&self, mut store: impl AsContextMut, values: &[Val]) -> Result<R> {
        let core = store.core_mut();
        let handle = core.new_exception(*self, values)?;
        let thrown = core.thrown(handle).expect("just made");
        Err(Error::Trap(Box::new(Trap::of_exception(thrown))))
    }
}

impl ExnRef {
    /// A new exception.
    ///
    /// # Errors
    /// Values of other types than the tag's, or of another store.
    pub fn new(mut store: impl AsContextMut, tag: &Tag, values: &[Val]) -> Result<ExnRef> {
        let core = store.core_mut();
        let handle = core.new_exception(*tag, values)?;
        Ok(ExnRef::from_handle(handle, core).expect("just made"))
    }

    /// Its tag.
    pub fn tag(&self, store: impl AsContext) -> Tag {
        self.exception(store.core()).tag
    }

    /// The values that it carries.
    pub fn fields(&self, store: impl AsContext) -> Vec<Val> {
        let core = store.core();
        core.values_of(&self.exception(core))
    }

    /// The error with which a host function throws it.
    ///
    /// # Errors
    /// Always: that is what it is for.
    pub fn throw<R>(&self, store: impl AsContext) -> Result<R> {
        let core = store.core();
        core.check_owner(self.store);
        let thrown = core
            .thrown(self.handle)
            .expect("it lives as long as its store");
        Err(Error::Trap(Box::new(Trap::of_exception(thrown))))
    }

    fn exception(&self, core: &StoreCore) -> Arc<Exception> {
        core.check_owner(self.store);
        let exception = core.exceptions.live.get(&self.handle);
        exception.expect("it lives as long as its store").clone()
    }
}

impl ThrownException {
    /// The exception, to be thrown again or looked at.
    pub fn exception(&self, store: impl AsContext) -> ExnRef {
        let core = store.core();
        core.check_owner(self.exception.store);
        ExnRef::from_handle(self.exception.handle, core).expect("kept by this")
    }
}

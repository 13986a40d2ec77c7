//! Resources of `wasi:http` in a program's table.

use crate::component::resource::{Resource, ResourceType};
use crate::component::val::Val;
use crate::component::wasi::call::Call;
use crate::error::{Error, Result};
use crate::host::wasi::handles::Entry;
use crate::host::wasi::http::Http;

impl Call<'_> {
    /// A new resource.
    pub(super) fn new_http(&mut self, ty: &ResourceType, http: Http) -> Result<Val> {
        let index = self.ctx.handles.add(Entry::Http(Box::new(http)));
        let index = index.ok_or_else(|| Error::host("the program has too many resources"))?;
        Ok(Val::Resource(Resource::own(ty, index)))
    }

    /// A resource that is there.
    pub(super) fn http(&mut self, index: u32) -> Result<&mut Http> {
        match self.ctx.handles.get_mut(index) {
            Some(Entry::Http(http)) => Ok(http),
            _ => Err(gone()),
        }
    }

    /// Takes a resource that the program gives away.
    pub(super) fn take_http(&mut self, index: u32) -> Result<Http> {
        match self.ctx.handles.remove(index) {
            Some(Entry::Http(http)) => Ok(*http),
            _ => Err(gone()),
        }
    }
}

/// The error of a resource that is another than its type says.
pub(super) fn gone() -> Error {
    Error::host("no such resource of wasi:http")
}

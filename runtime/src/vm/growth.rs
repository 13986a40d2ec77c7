//! Questions to a store's judge, before something is made or grows.

use super::handle::{Memory, Table};
use super::limits::{Limiter, Question, ResourceLimiter, StoreLimits};
use super::store::{Store, StoreCore, StoreInner};
use crate::error::{Error, Result};
use crate::module::types::{MemoryType, TableType};
use std::ffi::c_void;
use std::io;
use std::ptr;

fn limit(text: String) -> Error {
    Error::Limit(text)
}

fn no_room(what: &str) -> Error {
    Error::Resources {
        what: format!("a larger {what}"),
        error: io::ErrorKind::OutOfMemory.into(),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl StoreCore {
    /// The answer of the store's judge; `None` where there is nobody.
    fn ask<R>(&mut self, question: impl FnOnce(&mut dyn ResourceLimiter) -> R) -> Option<R> {
        let mut limiter = std::mem::take(&mut self.limiter);
        let mut question = Some(question);
        let mut answer = None;
        let core = ptr::from_mut(self).cast();
        let mut ask = |judge: &mut dyn ResourceLimiter| {
            answer = question.take().map(|question| question(judge));
        };
        match &mut limiter {
            Limiter::Nobody => {}
            Limiter::Own(limits) => ask(limits),
            Limiter::OfData(of_data) => of_data(core, &mut ask),
        }
        self.limiter = limiter;
        answer
    }

    /// Asks for one more instance.
    pub(crate) fn check_new_instance(&mut self) -> Result<()> {
        let count = self.instances.len();
        match self.ask(|judge| judge.instances()) {
            Some(most) if count >= most => Err(limit(format!("more than {most} instances"))),
            _ => Ok(()),
        }
    }

    /// Asks for a new memory.
    pub(crate) fn check_new_memory(&mut self, ty: &MemoryType, count: usize) -> Result<()> {
        let bytes = |pages: u64| size(pages.saturating_mul(ty.page_size()));
        let (desired, maximum) = (bytes(ty.limits.min), ty.limits.max.map(bytes));
        let answer = self.ask(|judge| match count >= judge.memories() {
            true => Err(limit(format!("more than {} memories", judge.memories()))),
            false => judge.memory_growing(0, desired, maximum),
        });
        match answer.unwrap_or(Ok(true))? {
            true => Ok(()),
            false => Err(limit(format!("a memory of {desired} bytes"))),
        }
    }

    /// Asks for a new table.
    pub(crate) fn check_new_table(&mut self, ty: &TableType, count: usize) -> Result<()> {
        let (desired, maximum) = (size(ty.limits.min), ty.limits.max.map(size));
        let answer = self.ask(|judge| match count >= judge.tables() {
            true => Err(limit(format!("more than {} tables", judge.tables()))),
            false => judge.table_growing(0, desired, maximum),
        });
        match answer.unwrap_or(Ok(true))? {
            true => Ok(()),
            false => Err(limit(format!("a table of {desired} elements"))),
        }
    }

    /// Grows a memory by pages, if it may: its size before.
    ///
    /// # Errors
    /// The judge's.
    pub(crate) fn grow_memory(&mut self, memory: Memory, pages: u64) -> Result<Option<u64>> {
        let memory = self.share(memory).0;
        let mut asked = Ok(true);
        let grown = memory.grow_if(pages, |current, desired, maximum| {
            let (current, desired, maximum) = (size(current), size(desired), maximum.map(size));
            let answer = self.ask(|judge| judge.memory_growing(current, desired, maximum));
            asked = answer.unwrap_or(Ok(true));
            matches!(asked, Ok(true))
        });
        if asked? && grown.is_none() {
            self.ask(|judge| judge.memory_grow_failed(no_room("memory")))
                .unwrap_or(Ok(()))?;
        }
        Ok(grown)
    }

    /// Grows a table by elements of a value, if it may: its size before.
    ///
    /// # Errors
    /// The judge's.
    pub(crate) fn grow_table(
        &mut self,
        table: Table,
        delta: u64,
        reference: u64,
    ) -> Result<Option<u64>> {
        let ty = self.table(table).ty();
        let (current, maximum) = (ty.limits.min, ty.limits.max.map(size));
        let desired = size(current.saturating_add(delta));
        let current = size(current);
        let may = self.ask(|judge| judge.table_growing(current, desired, maximum));
        if !may.unwrap_or(Ok(true))? {
            return Ok(None);
        }
        let grown = self.table_mut(table).grow(delta, reference);
        if grown.is_none() {
            self.ask(|judge| judge.table_grow_failed(no_room("table")))
                .unwrap_or(Ok(()))?;
        }
        Ok(grown)
    }
}

impl<T: 'static> Store<T> {
    /// Sets the judge of what the store may hold, a part of its data.
    pub fn limiter(
        &mut self,
        mut limiter: impl FnMut(&mut T) -> &mut (dyn ResourceLimiter) + Send + 'static,
    ) {
        let of_data = move |core: *mut c_void, question: Question<'_>| {
            // SAFETY: the core is the first field of the whole, which is borrowed by whoever asks; its data is no part of the core.
            let data = unsafe { &mut (*core.cast::<StoreInner<T>>()).data };
            question(limiter(data));
        };
        self.0.core.limiter = Limiter::OfData(Box::new(of_data));
    }

    /// Sets limits of the store, instead of a judge. The threads of a program have those of the thread that starts them, each for itself.
    pub fn set_limits(&mut self, limits: StoreLimits) {
        self.0.core.limiter = Limiter::Own(limits);
    }
}

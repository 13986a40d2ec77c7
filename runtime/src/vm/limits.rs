//! How much a store may hold, as its embedder says: asked before a memory, table or instance is made, and before they grow.

use crate::error::{Error, Result};
use std::ffi::c_void;
use std::fmt;

/// A judge of what a store may hold.
pub trait ResourceLimiter {
    /// Returns true if a memory may grow, or be made (then it has 0 bytes now): bytes now and then, and the most that its type allows. An
    /// error ends the guest that wants it, otherwise it is told that the memory did not grow.
    ///
    /// # Errors
    /// Its own.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// Hears that a memory did not grow although it might; an error ends the guest.
    ///
    /// # Errors
    /// Its own.
    fn memory_grow_failed(&mut self, _error: Error) -> Result<()> {
        Ok(())
    }

    /// As [`ResourceLimiter::memory_growing`], of the elements of a table.
    ///
    /// # Errors
    /// Its own.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// As [`ResourceLimiter::memory_grow_failed`], of a table.
    ///
    /// # Errors
    /// Its own.
    fn table_grow_failed(&mut self, _error: Error) -> Result<()> {
        Ok(())
    }

    /// The most instances.
    fn instances(&self) -> usize {
        usize::MAX
    }

    /// The most tables.
    fn tables(&self) -> usize {
        usize::MAX
    }

    /// The most memories, without those that threads share.
    fn memories(&self) -> usize {
        usize::MAX
    }
}

/// Limits that stay the same: a judge for most embedders. Without being told there are none.
#[derive(Clone, Debug, Default)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    instances: Option<usize>,
    tables: Option<usize>,
    memories: Option<usize>,
    trap_on_grow_failure: bool,
}

/// Puts [`StoreLimits`] together.
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// Without limits.
    pub fn new() -> StoreLimitsBuilder {
        StoreLimitsBuilder::default()
    }

    /// The most bytes of each memory.
    pub fn memory_size(mut self, bytes: usize) -> StoreLimitsBuilder {
        self.0.memory_size = Some(bytes);
        self
    }

    /// The most elements of each table.
    pub fn table_elements(mut self, elements: usize) -> StoreLimitsBuilder {
        self.0.table_elements = Some(elements);
        self
    }

    /// The most instances.
    pub fn instances(mut self, count: usize) -> StoreLimitsBuilder {
        self.0.instances = Some(count);
        self
    }

    /// The most tables.
    pub fn tables(mut self, count: usize) -> StoreLimitsBuilder {
        self.0.tables = Some(count);
        self
    }

    /// The most memories.
    pub fn memories(mut self, count: usize) -> StoreLimitsBuilder {
        self.0.memories = Some(count);
        self
    }

    /// Configures whether a guest whose memory or table does not grow is ended there, instead of being told.
    pub fn trap_on_grow_failure(mut self, trap: bool) -> StoreLimitsBuilder {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}

impl StoreLimits {
    /// Returns true if so many are within a limit; an error where a guest is to end otherwise.
    fn judge(&self, desired: usize, limit: Option<usize>, what: &str) -> Result<bool> {
        match limit.is_none_or(|limit| desired <= limit) {
            false if self.trap_on_grow_failure => Err(Error::Limit(format!(
                "a guest wants {desired} {what}, and may have {}",
                limit.unwrap_or(desired)
            ))),
            is_within => Ok(is_within),
        }
    }

    fn failed(&self, error: Error) -> Result<()> {
        match self.trap_on_grow_failure {
            true => Err(error),
            false => Ok(()),
        }
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        // What is made is refused with an error anyway.
        match (current, self.memory_size) {
            (0, Some(limit)) => Ok(desired <= limit),
            (_, limit) => self.judge(desired, limit, "bytes of a memory"),
        }
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed(error)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        match (current, self.table_elements) {
            (0, Some(limit)) if !self.trap_on_grow_failure => Ok(desired <= limit),
            (_, limit) => self.judge(desired, limit, "elements of a table"),
        }
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed(error)
    }

    fn instances(&self) -> usize {
        self.instances.unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        self.tables.unwrap_or(usize::MAX)
    }

    fn memories(&self) -> usize {
        self.memories.unwrap_or(usize::MAX)
    }
}

/// A question to a judge.
pub type Question<'q> = &'q mut dyn FnMut(&mut dyn ResourceLimiter);

/// A store's judge.
#[derive(Default)]
pub enum Limiter {
    /// Nobody.
    #[default]
    Nobody,
    /// Limits of the store's own.
    Own(StoreLimits),
    /// A part of the embedder's data, of the store whose core is given.
    OfData(Box<dyn FnMut(*mut c_void, Question<'_>) + Send>),
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limiter")
    }
}

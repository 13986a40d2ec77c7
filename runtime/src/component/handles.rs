//! Handles of resources, and the calls that lend them (CanonicalABI.md, "Resource State" and "Call Context").

use super::error::Violation;
use crate::error::Result;

/// The most handles of a table (`Table.MAX_LENGTH`).
const MOST: usize = (1 << 28) - 1;

/// A handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// Owned, and how often it is lent.
    Own { resource: u32, rep: u32, lent: u32 },
    /// Borrowed for a call, by its depth.
    Borrow {
        resource: u32,
        rep: u32,
        call: usize,
    },
}

/// The handles of a component instance: 0 is none.
#[derive(Default)]
pub(super) struct Handles {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
}

impl Handles {
    /// Adds a handle.
    pub fn add(&mut self, entry: Entry) -> Result<u32> {
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = Some(entry);
            return Ok(index + 1);
        }
        if self.entries.len() >= MOST {
            return Err(Violation::error("too many handles"));
        }
        self.entries.push(Some(entry));
        Ok(self.entries.len() as u32)
    }

    /// A handle of a resource.
    pub fn get(&mut self, handle: u32, resource: u32) -> Result<&mut Entry> {
        let index = (handle as usize).wrapping_sub(1);
        let entry = self.entries.get_mut(index).and_then(Option::as_mut);
        let entry =
            entry.ok_or_else(|| Violation::error(format!("unknown handle index {handle}")))?;
        let (Entry::Own {
            resource: found, ..
        }
        | Entry::Borrow {
            resource: found, ..
        }) = entry;
        if *found != resource {
            return Err(Violation::error(format!(
                "handle index {handle} used with the wrong type"
            )));
        }
        Ok(entry)
    }

    /// The handles that were lent for the call of a depth.
    fn lent_for(&self, depth: usize) -> impl Iterator<Item = u32> {
        let all = self.entries.iter().zip(1..);
        all.filter_map(move |(entry, handle)| match entry {
            Some(Entry::Borrow { call, .. }) if *call == depth => Some(handle),
            _ => None,
        })
    }

    /// Removes a handle of a resource that is not lent.
    pub fn remove(&mut self, handle: u32, resource: u32) -> Result<Entry> {
        let entry = *self.get(handle, resource)?;
        if matches!(entry, Entry::Own { lent: 1.., .. }) {
            return Err(Violation::error(
                "cannot remove owned resource while borrowed",
            ));
        }
        self.entries[handle as usize - 1] = None;
        self.free.push(handle - 1);
        Ok(entry)
    }
}

/// The calls that wait for one another, the innermost last.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

/// A call across the border.
#[derive(Default)]
struct Call {
    /// Handles that are lent for it: the component instance, the handle, and its resource.
    lent: Vec<(u32, u32, u32)>,
    /// Handles that it was lent and has not dropped.
    borrowed: usize,
}

impl Calls {
    pub fn begin(&mut self) {
        self.0.push(Call::default());
    }

    /// The depth of the innermost call.
    fn innermost(&self) -> usize {
        self.0.len() - 1
    }

    /// A handle is lent by a component instance for the innermost call.
    pub fn lend(&mut self, instance: u32, handle: u32, resource: u32) {
        let at = self.innermost();
        self.0[at].lent.push((instance, handle, resource));
    }

    /// The innermost call is lent a handle; its depth.
    pub fn borrow(&mut self) -> usize {
        let at = self.innermost();
        self.0[at].borrowed += 1;
        at
    }

    /// A handle that a call was lent is dropped.
    pub fn dropped(&mut self, call: usize) {
        if let Some(call) = self.0.get_mut(call) {
            call.borrowed = call.borrowed.saturating_sub(1);
        }
    }

    /// Takes the innermost call back, which lent nothing.
    pub fn forget(&mut self) {
        self.0.pop();
    }

    /// Ends the innermost call: what it lent is whole again.
    pub fn end(&mut self, handles: &mut [Handles]) -> Result<()> {
        let call = self.0.pop().unwrap_or_default();
        if call.borrowed > 0 {
            let depth = self.0.len();
            let left = handles.iter().flat_map(|handles| handles.lent_for(depth));
            let left: Vec<_> = left.map(|handle| handle.to_string()).collect();
            return Err(Violation::error(format!(
                "borrow handles still remain at the end of the call: {}",
                left.join(", ")
            )));
        }
        for (instance, handle, resource) in call.lent {
            if let Entry::Own { lent, .. } = handles[instance as usize].get(handle, resource)? {
                *lent = lent.saturating_sub(1);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Calls, Entry, Handles};

    #[test]
    fn handles_are_of_their_type_and_not_taken_while_lent() {
        let mut handles = Handles::default();
        let own = Entry::Own {
            resource: 3,
            rep: 7,
            lent: 0,
        };
        assert_eq!(handles.add(own).unwrap(), 1);
        assert!(handles.get(0, 3).is_err());
        assert!(handles.get(2, 3).is_err());
        assert!(handles.get(1, 4).is_err());
        let mut calls = Calls::default();
        calls.begin();
        let Entry::Own { lent, .. } = handles.get(1, 3).unwrap() else {
            panic!("it is owned")
        };
        *lent += 1;
        calls.lend(0, 1, 3);
        assert!(handles.remove(1, 3).is_err());
        let mut tables = [handles];
        calls.end(&mut tables).unwrap();
        assert_eq!(tables[0].remove(1, 3).unwrap(), own);
        assert!(tables[0].remove(1, 3).is_err());
        assert_eq!(tables[0].add(own).unwrap(), 1);
    }

    #[test]
    fn a_call_ends_when_it_has_dropped_what_it_was_lent() {
        let mut calls = Calls::default();
        calls.begin();
        let call = calls.borrow();
        calls.begin();
        calls.end(&mut []).unwrap();
        calls.dropped(call);
        calls.end(&mut []).unwrap();
        calls.begin();
        calls.borrow();
        assert!(calls.end(&mut []).is_err());
    }
}

//! The types of all modules of an engine, by their identity: types are the same if their recursion groups are, as wholes (WebAssembly
//! 3.0, section 3.1.8, "rolling and unrolling").

use super::rows::Rows;
use crate::index::SharedTypeId;
use crate::module::composite::SubType;
use crate::module::reference::HeapType;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Default)]
pub struct Types {
    /// Groups, in which [`HeapType::Defined`] is a place in the group itself and all others are the engine's.
    groups: HashMap<Box<[SubType]>, Arc<[SharedTypeId]>>,
    types: HashMap<SharedTypeId, Known>,
    rows: Rows,
}

struct Known {
    /// All in it is the engine's.
    ty: Arc<SubType>,
    /// The types above it, the topmost first.
    above: Box<[SharedTypeId]>,
}

impl Types {
    /// The ids of a group's types, in order; `None` where there is no room for more types.
    pub fn group(&mut self, group: &[SubType]) -> Option<Arc<[SharedTypeId]>> {
        if let Some(known) = self.groups.get(group) {
            return Some(known.clone());
        }
        let (mut ids, mut all) = (Vec::<SharedTypeId>::new(), Vec::new());
        for ty in group {
            let shared: Option<(SharedTypeId, Box<[SharedTypeId]>)>;
            let supertype = match ty.supertype {
                // Validated: a supertype comes before.
                Some(HeapType::Defined(own)) => all.get(own.as_u32() as usize),
                Some(HeapType::Shared(id)) => {
                    let known = self.types.get(&id);
                    shared = known.map(|known| (id, known.above.clone()));
                    shared.as_ref()
                }
                _ => None,
            };
            let above = supertype.map_or(&[][..], |(_, above): &(_, Box<[_]>)| above);
            let next = supertype.map(|(id, _)| *id);
            let above: Box<[_]> = above.iter().copied().chain(next).collect();
            let id = self.rows.add(&above)?;
            ids.push(id);
            all.push((id, above));
        }
        let resolve = |heap| match heap {
            HeapType::Defined(own) => HeapType::Shared(ids[own.as_u32() as usize]),
            heap => heap,
        };
        for (ty, (id, above)) in group.iter().zip(all) {
            let ty = Arc::new(ty.map(&resolve));
            self.types.insert(id, Known { ty, above });
        }
        let ids: Arc<[_]> = ids.into();
        self.groups.insert(group.into(), ids.clone());
        Some(ids)
    }

    pub fn get(&self, id: SharedTypeId) -> Option<&Arc<SubType>> {
        self.types.get(&id).map(|known| &known.ty)
    }

    pub fn rows(&self) -> *const u32 {
        self.rows.as_ptr()
    }

    /// Section 3.3.3, "heap types".
    pub fn is_subtype(&self, ty: HeapType, of: HeapType) -> bool {
        match (ty, of) {
            (HeapType::Shared(id), HeapType::Shared(other)) => {
                let known = self.types.get(&id);
                id == other || known.is_some_and(|known| known.above.contains(&other))
            }
            (HeapType::Shared(id), of) => {
                let known = self.get(id);
                known.is_some_and(|known| known.kind().is_below(of))
            }
            (bottom, HeapType::Shared(id)) => {
                let kind = self.get(id).map(|known| known.kind());
                matches!(
                    (bottom, kind),
                    (HeapType::NoFunc, Some(HeapType::Func))
                        | (HeapType::None, Some(HeapType::Struct | HeapType::Array))
                )
            }
            (ty, of) => ty.is_below(of),
        }
    }
}

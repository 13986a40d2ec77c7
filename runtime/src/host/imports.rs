//! What is given for imports → whether it is what the module wants (WebAssembly 3.0, section 3.3.10, "external types").

use crate::compiled::Module;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::index::SharedTypeId;
use crate::module::reference::HeapType;
use crate::module::types::{ExternType, Limits, Mutability};
use crate::vm::context::AsContext;
use crate::vm::handle::Extern;
use crate::vm::store::StoreCore;
use cranelift_entity::EntityRef;

/// Compares what is given with a module's imports, in order.
///
/// # Errors
/// A number or a type that is wrong, or a module of another engine than the store's, whose types have other ids.
pub(crate) fn check_imports(
    store: &impl AsContext,
    module: &Module,
    imports: &[Extern],
) -> Result<()> {
    let core = store.core();
    if !Engine::same(core.engine(), module.engine()) {
        return Err(Error::Type(
            "the module and the store are of different engines".to_owned(),
        ));
    }
    let wanted = &module.info().imports;
    if wanted.len() != imports.len() {
        return Err(Error::Type(format!(
            "the module has {} imports, and {} were given",
            wanted.len(),
            imports.len()
        )));
    }
    let info = module.info();
    let mut functions = info.functions.values();
    let mut tags = info.tags.values();
    for ((name, (_, _, wanted)), given) in wanted.iter().zip(module.imports()).zip(imports) {
        if given.store().is_some_and(|store| store != core.id()) {
            return Err(Error::Link {
                module: name.module.clone(),
                name: name.name.clone(),
                reason: "what is defined belongs to another store".to_owned(),
            });
        }
        let found = given.ty(store);
        let next = match wanted {
            ExternType::Func(_) => functions.next(),
            ExternType::Tag(_) => tags.next(),
            _ => None,
        };
        let id = next.map(|ty| module.type_ids()[ty.index()]);
        if !matches(core, given, &found, wanted, id) {
            let reason = difference(&wanted.to_string(), &found.to_string());
            return Err(Error::Link {
                module: name.module.clone(),
                name: name.name.clone(),
                reason,
            });
        }
    }
    Ok(())
}

/// The words for a type that is not the one which is wanted.
fn difference(wanted: &str, found: &str) -> String {
    match wanted == found {
        false => format!("it wants {wanted}, and was given {found}"),
        // Types are the same if their recursion groups are, with all that is said of each type there.
        true => format!(
            "it wants {wanted}, and was given a type that has the same text and is another: of another recursion group, or with other \
             supertypes"
        ),
    }
}

/// Returns true if what is given has the type of an import; `id` is that of a function's or a tag's type.
fn matches(
    core: &StoreCore,
    given: &Extern,
    found: &ExternType,
    wanted: &ExternType,
    id: Option<SharedTypeId>,
) -> bool {
    let engine = core.engine();
    let limits = |found: &Limits, wanted: &Limits| {
        found.min >= wanted.min
            && wanted
                .max
                .is_none_or(|max| found.max.is_some_and(|found| found <= max))
    };
    let equal = |a, b| engine.matches(a, b) && engine.matches(b, a);
    match (found, wanted) {
        (ExternType::Memory(found), ExternType::Memory(wanted)) => {
            found.address_type == wanted.address_type
                && found.shared == wanted.shared
                && found.page_size_log2 == wanted.page_size_log2
                && limits(&found.limits, &wanted.limits)
        }
        (ExternType::Table(found), ExternType::Table(wanted)) => {
            equal(found.element, wanted.element)
                && found.address_type == wanted.address_type
                && limits(&found.limits, &wanted.limits)
        }
        (ExternType::Global(found), ExternType::Global(wanted)) => {
            found.mutability == wanted.mutability
                && match found.mutability {
                    Mutability::Const => engine.matches(found.content, wanted.content),
                    Mutability::Var => equal(found.content, wanted.content),
                }
        }
        (ExternType::Func(_), ExternType::Func(_)) => {
            let Extern::Func(func) = given else {
                return false;
            };
            // SAFETY: the function's type was asked for: it is of this store, which references live as long as.
            let found = HeapType::Shared(unsafe { (*func.reference).type_id });
            id.is_some_and(|id| engine.is_subtype(found, HeapType::Shared(id)))
        }
        (ExternType::Tag(_), ExternType::Tag(_)) => {
            matches!(given, Extern::Tag(tag) if id == Some(core.tag_type_id(*tag)))
        }
        _ => false,
    }
}

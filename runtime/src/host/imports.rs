//! What is given for imports → whether it is what the module wants (WebAssembly 2.0, section 4.5.2, "matching").

use crate::compiled::Module;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::module::types::{ExternType, Limits};
use crate::vm::context::AsContext;
use crate::vm::handle::Extern;

/// Compares what is given with a module's imports, in order.
///
/// # Errors
/// A number or a type that is wrong, or a module of another engine than the store's, whose types have other ids.
pub(crate) fn check_imports(
    store: &impl AsContext,
    module: &Module,
    imports: &[Extern],
) -> Result<()> {
    if !Engine::same(store.core().engine(), module.engine()) {
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
    for (import, given) in wanted.iter().zip(imports) {
        let found = given.ty(store);
        if !matches(&found, &import.ty) {
            let reason = format!("it wants {}, and was given {found}", import.ty);
            return Err(Error::Link {
                module: import.module.clone(),
                name: import.name.clone(),
                reason,
            });
        }
    }
    Ok(())
}

fn matches(found: &ExternType, wanted: &ExternType) -> bool {
    let limits = |found: &Limits, wanted: &Limits| {
        found.min >= wanted.min
            && wanted
                .max
                .is_none_or(|max| found.max.is_some_and(|found| found <= max))
    };
    match (found, wanted) {
        (ExternType::Memory(found), ExternType::Memory(wanted)) => {
            found.address_type == wanted.address_type
                && found.shared == wanted.shared
                && found.page_size_log2 == wanted.page_size_log2
                && limits(&found.limits, &wanted.limits)
        }
        (ExternType::Table(found), ExternType::Table(wanted)) => {
            found.element == wanted.element
                && found.address_type == wanted.address_type
                && limits(&found.limits, &wanted.limits)
        }
        (found, wanted) => found == wanted,
    }
}
